"""The internet as data: it can be looked up, and written down and read back."""

import msgspec
import pytest

from probe.lab.demo import demo_world
from probe.lab.world import World, addresses, redirect
from tests.lab.client import ADDRESS, CONTROL_ADDRESS, small_world


def test_hosts_are_found_by_name_and_by_address() -> None:
    world = small_world()
    assert world.host("origin").addresses[0] == ADDRESS
    assert world.host_at(CONTROL_ADDRESS) is world.host("control")
    assert world.host_at("203.0.113.1") is None
    with pytest.raises(KeyError):
        world.host("nobody")


def test_addresses_are_sorted_out_by_family() -> None:
    records = addresses("a.test", ("104.16.1.1", "2606:4700::1"))
    assert [(record.type, record.values) for record in records] == [("A", ("104.16.1.1",)), ("AAAA", ("2606:4700::1",))]
    assert [record.type for record in addresses("b.test", ("2606:4700::1",))] == ["AAAA"]


def test_a_world_is_plain_data() -> None:
    world = demo_world()
    assert msgspec.json.decode(msgspec.json.encode(world), type=World) == world


def test_a_redirect_keeps_its_location_even_when_broken() -> None:
    assert redirect("http://[broken", 301).headers == (("Location", "http://[broken"),)
