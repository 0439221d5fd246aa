"""The demo's story: everything works, then the API's name is forged away, one instance is reset, another is down."""

import socket
import ssl

import msgspec
import pytest

from probe.lab.demo import (
    API,
    CANARY_ADDRESS,
    DOWN_INSTANCE,
    HOSTS,
    IMPOSTOR_ADDRESS,
    ISP_RESOLVER,
    OPEN_INSTANCES,
    REFERENCES,
    RESET_INSTANCE,
    demo_script,
    demo_targets,
    demo_world,
)
from probe.lab.loopback import LoopbackLab
from probe.lab.nameserver import Zone
from probe.lab.world import View
from probe.model.target import TargetKind, TargetList
from tests.lab.client import PATIENCE, ask, exchange, get, get_tls, hello, values

CHECK = "/api/check_for_update?is_testflight=0"


def test_before_the_switch_everything_answers_as_the_targets_expect() -> None:
    with LoopbackLab(demo_world(), demo_script(10.0)[0].rules) as lab:
        body = get_tls(lab, API, CHECK, HOSTS[API][0]).partition(b"\r\n\r\n")[2]
        assert msgspec.json.decode(body) == {"success": True}
        for name in (RESET_INSTANCE, DOWN_INSTANCE, *OPEN_INSTANCES):
            body = get_tls(lab, name, "/api/v2/instance", HOSTS[name][0]).partition(b"\r\n\r\n")[2]
            assert msgspec.json.decode(body)["domain"] == name
        for name, (_, address, path, response) in REFERENCES.items():
            head, _, body = get(lab, name, path, address).data.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d " % response.status)
            assert body == response.body
        with socket.create_connection(lab.client_table["52.76.10.20", 8000, "tcp"], timeout=PATIENCE):
            pass
        told = ask(lab, API, resolver=ISP_RESOLVER)
        assert [values(each) for each in told] == [list(HOSTS[API])]


def test_after_the_switch_the_api_is_forged_one_instance_reset_another_down_and_the_rest_fine() -> None:
    with LoopbackLab(demo_world()) as lab:
        before, after = demo_script(10.0)
        assert (before.start, after.start) == (0.0, 10.0)
        lab.apply(after.rules, after.down)
        told = ask(lab, API, resolver=ISP_RESOLVER)
        assert [values(each) for each in told] == [[IMPOSTOR_ADDRESS], list(HOSTS[API])]
        assert [values(each) for each in ask(lab, API, resolver=CANARY_ADDRESS)] == [[IMPOSTOR_ADDRESS]]
        with pytest.raises(ssl.SSLCertVerificationError, match=f"not valid for '{API}'"):
            get_tls(lab, API, CHECK, IMPOSTOR_ADDRESS)
        assert get_tls(lab, API, CHECK, HOSTS[API][0]).startswith(b"HTTP/1.1 200 ")
        assert exchange(lab, hello(RESET_INSTANCE), address=HOSTS[RESET_INSTANCE][0]).how == "reset"
        assert exchange(lab, hello(OPEN_INSTANCES[0]), address=HOSTS[RESET_INSTANCE][0]).data[:1] == b"\x16"
        assert exchange(lab, hello(DOWN_INSTANCE), address=HOSTS[DOWN_INSTANCE][0]).how == "refused"
        for name in ("www.joinclubhouse.com", *OPEN_INSTANCES):
            assert get_tls(lab, name, "/", HOSTS[name][0]).startswith(b"HTTP/1.1 200 ")


def test_every_host_of_the_targets_is_in_the_world() -> None:
    targets, zone = demo_targets(), Zone(demo_world().zone)
    hosts = {endpoint.url.split("/")[2].partition(":")[0] for each in targets.targets for endpoint in each.endpoints}
    assert {host for host in hosts if not zone.addresses(host, View.CLIENT)} == set()


def test_target_list_is_valid_has_references_at_home_and_abroad_and_a_stable_hash() -> None:
    targets = demo_targets()
    assert msgspec.json.decode(msgspec.json.encode(targets), type=TargetList) == targets
    references = [each for each in targets.targets if each.kind is TargetKind.REFERENCE]
    domestic = [each for each in references if each.country == demo_world().client.country]
    assert len(domestic) >= 2
    assert len(references) - len(domestic) >= 2
    assert targets.sha256 == demo_targets().sha256
    assert len({each.id for each in targets.targets}) == len(targets.targets)
