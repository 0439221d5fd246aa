"""Resolvers from text, and budgets that fit within the limit on open files."""

import pytest

from probe.measure.settings import SPARE_DESCRIPTORS, Settings, budget, default_resolvers, resolver_from
from probe.model.observation import Resolver, ResolverKind


@pytest.mark.parametrize(
    ("text", "kind", "address"),
    [
        ("1.1.1.1", ResolverKind.UDP, "1.1.1.1:53"),
        ("1.1.1.1:5353", ResolverKind.UDP, "1.1.1.1:5353"),
        ("udp://1.1.1.1", ResolverKind.UDP, "1.1.1.1:53"),
        ("tcp://1.1.1.1", ResolverKind.TCP, "1.1.1.1:53"),
        ("tcp://[2606:4700::1111]:53", ResolverKind.TCP, "[2606:4700::1111]:53"),
        ("2606:4700::1111", ResolverKind.UDP, "[2606:4700::1111]:53"),
        ("https://dns.google/dns-query", ResolverKind.DOH, "https://dns.google/dns-query"),
    ],
)
def test_each_way_to_name_a_resolver(text: str, kind: ResolverKind, address: str) -> None:
    assert resolver_from(text) == Resolver(kind=kind, address=address)


@pytest.mark.parametrize(
    "text",
    ["", "dns.google", "1.1.1", "1.1.1.1:0", "1.1.1.1:99999", "[::1", "tcp://", "http://dns.google/", "https://"],
)
def test_what_names_no_resolver_is_told_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write "):
        resolver_from(text)


def test_the_vantages_own_resolvers_are_getaddrinfo_and_the_first_nameserver() -> None:
    system = Resolver(kind=ResolverKind.SYSTEM, own=True)
    assert default_resolvers(()) == (system,)
    own = Resolver(kind=ResolverKind.UDP, address="10.0.0.1:53", own=True)
    assert default_resolvers(("10.0.0.1", "10.0.0.2")) == (system, own)
    assert default_resolvers(("fd00::53",))[1].address == "[fd00::53]:53"


@pytest.mark.parametrize("limit", [0, 32, 64, 80, 128, 256, 1024, 65536])
@pytest.mark.parametrize("resolvers", [1, 4, 12])
def test_a_budget_keeps_within_the_limit_on_open_files_and_never_stands_still(limit: int, resolvers: int) -> None:
    found = budget(512, resolvers, limit)
    assert min(found.sockets, found.talking, found.resolving) >= 1
    assert found.talking <= min(512, found.sockets)  # who holds a talking slot has a socket
    least = max(16, limit - SPARE_DESCRIPTORS)
    questions = 2 * resolvers  # both families of each
    assert found.sockets + min(found.resolving, least // 5 // questions) * questions <= least


def test_concurrency_bounds_those_that_talk_and_not_those_that_merely_wait_for_a_connect() -> None:
    few = budget(3, 2, 4096)
    assert few.talking == 3
    assert few.sockets > 3000


def test_a_lookup_never_takes_longer_than_a_stage() -> None:
    assert Settings(timeout=2.0).dns_timeout() == 2.0
    assert Settings(timeout=30.0).dns_timeout() == 5.0
