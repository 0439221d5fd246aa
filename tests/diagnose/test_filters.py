"""Resolvers that filter by their purpose, told by their addresses as records have them."""

import ipaddress

import pytest

from probe.diagnose import filters


@pytest.mark.parametrize("resolver", ["1.1.1.3:53", "94.140.14.14:53", "[2620:fe::fe]:53"])
def test_a_filter_is_known_by_its_address(resolver: str) -> None:
    assert filters.chosen_filter(resolver)


@pytest.mark.parametrize("resolver", ["1.1.1.1:53", "8.8.8.8:53", "202.96.209.133:53", "", "https://dns.google/x"])
def test_others_are_not(resolver: str) -> None:
    assert not filters.chosen_filter(resolver)


def test_the_table_holds_addresses_as_records_spell_them() -> None:
    assert all(str(ipaddress.ip_address(each)) == each for each in filters._FILTERS)
    assert all(filters._FILTERS.values())
