"""An endpoint through its hops, addresses and retries, against a small internet on loopback."""

from itertools import pairwise

import pytest

from probe.lab.rule import Match, Reset, Rule, Stage
from probe.lab.world import Answer, Lie, Response, Route, redirect
from probe.measure.endpoint import addresses_of
from probe.model.failure import FailureKind
from probe.model.measurement import Measurement
from probe.model.observation import (
    DNSLookup,
    HTTPRoundTrip,
    Observation,
    Purpose,
    Resolver,
    ResolverKind,
    TCPConnect,
    TLSHandshake,
)
from probe.model.target import Expect
from tests.world import OTHER_RESOLVER, OWN_RESOLVER, http_host, https_host, measured, tiny_world

NAMES = ("a.example", "b.example", "c.example", "d.example")


def kinds(line: Measurement, hop: int) -> list[str]:
    """The kinds of observations of a hop, without repetition, in order."""
    order = [type(o).__name__ for o in line.observations if o.hop == hop]
    return list(dict.fromkeys(order))


def pages(line: Measurement) -> list[HTTPRoundTrip]:
    return [o for o in line.observations if isinstance(o, HTTPRoundTrip) and not o.via]


def chain(*locations: str) -> list[Route]:
    """Routes /0, /1, ... that each redirect to the next location."""
    return [Route(path=f"/{n}", response=redirect(to)) for n, to in enumerate(locations)]


def test_every_hop_of_a_chain_is_measured_as_fully_as_the_first() -> None:
    hosts = [
        https_host(name, f"104.16.1.{n}", routes=[Route(response=redirect(f"https://{to}/"))])
        for n, (name, to) in enumerate(pairwise(NAMES), start=1)
    ]
    last = https_host(NAMES[-1], "104.16.1.9")
    line = measured(tiny_world(*hosts, last), "https://a.example/", Expect(contains="hello")).line
    assert [page.url for page in pages(line)] == [f"https://{name}/" for name in NAMES]
    for hop in range(4):
        assert kinds(line, hop) == ["DNSLookup", "TCPConnect", "TLSHandshake", "HTTPRoundTrip"]
        asked = {o.name for o in line.observations if isinstance(o, DNSLookup) and o.hop == hop}
        assert asked == {NAMES[hop]}
    assert [bool(page.expectations) for page in pages(line)] == [False, False, False, True]
    assert (line.verdict, line.tries, line.failure) == ("ok", 1, None)


def test_a_chain_from_http_to_https_by_a_relative_location() -> None:
    first = http_host("a.example", "104.16.1.1", routes=[
        Route(path="/", response=redirect("/next")), Route(path="/next", response=redirect("https://b.example/x")),
    ])  # fmt: skip
    line = measured(tiny_world(first, https_host("b.example", "104.16.1.2")), "http://a.example/").line
    assert [page.url for page in pages(line)] == ["http://a.example/", "http://a.example/next", "https://b.example/x"]
    assert [page.authenticated for page in pages(line)] == [False, False, True]


@pytest.mark.parametrize("locations", [("/0",), ("/1", "/0"), ("https://a.example:443/0",)])
def test_a_loop_is_the_fault_of_the_redirect_that_closes_it(locations: tuple[str, ...]) -> None:
    world = tiny_world(https_host("a.example", "104.16.1.1", routes=chain(*locations)))
    line = measured(world, "https://a.example/0", retry_pauses=()).line
    assert line.failure is FailureKind.HTTP_REDIRECT_LOOP
    assert [page.failure is None for page in pages(line)] == [True] * (len(locations) - 1) + [False]
    assert all(o.failure is None for o in line.observations if isinstance(o, TCPConnect | TLSHandshake))


@pytest.mark.parametrize("location", ["/0", "http://", "/1"])
def test_a_redirect_to_nowhere_is_a_failure_at_every_address_of_the_name(location: str) -> None:
    world = tiny_world(https_host("a.example", *FOUR, *SIX, routes=[Route(response=redirect(location))]))
    line = measured(world, "https://a.example/0", retry_pauses=(), max_hops=1).line
    ends = [page for page in pages(line) if page.hop == max(one.hop for one in pages(line))]
    assert len(ends) == 5
    assert {page.failure.kind if page.failure else None for page in ends} == {line.failure}
    assert line.failure in (FailureKind.HTTP_REDIRECT_LOOP, FailureKind.HTTP_INVALID_LOCATION)
    assert line.verdict == "down"  # the server's own doing: it came inside TLS that proved itself


def test_a_chain_longer_than_the_bound_ends_as_a_loop() -> None:
    world = tiny_world(https_host("a.example", "104.16.1.1", routes=chain(*(f"/{n}" for n in range(1, 20)))))
    line = measured(world, "https://a.example/0", retry_pauses=(), max_hops=3).line
    assert [page.hop for page in pages(line)] == [0, 1, 2, 3]
    assert line.failure is FailureKind.HTTP_REDIRECT_LOOP


@pytest.mark.parametrize(
    "location", ["http://", "https://[::1", "ftp://b.example/", "javascript:alert(1)", "https://a b/"]
)
def test_a_bad_location_is_blamed_on_its_redirect_and_kept(location: str) -> None:
    world = tiny_world(https_host("a.example", "104.16.1.1", routes=[Route(response=redirect(location))]))
    line = measured(world, "https://a.example/", retry_pauses=()).line
    [page] = pages(line)
    assert page.failure is not None
    assert (page.failure.kind, page.failure.detail, page.location) == (
        FailureKind.HTTP_INVALID_LOCATION, location, location
    )  # fmt: skip
    assert {o.hop for o in line.observations} == {0}


def test_a_failure_is_tried_twice_more_and_every_try_is_kept() -> None:
    reset = Rule(id="sni", match=Match(stage=Stage.TLS), effect=Reset())
    line = measured(tiny_world(https_host("a.example", "104.16.1.1")), "https://a.example/", rules=[reset]).line
    tries = [(o.attempt, o.purpose) for o in line.observations if isinstance(o, TCPConnect) and o.hop == 0]
    ours = [one for one in tries if one[1] in (Purpose.MAIN, Purpose.RETRY)]
    assert ours == [(0, Purpose.MAIN), (1, Purpose.RETRY), (2, Purpose.RETRY)]
    resolved = {o.attempt for o in line.observations if isinstance(o, DNSLookup) and o.purpose in dict(ours).values()}
    assert resolved == {0, 1, 2}
    starts = [
        o.t0 for o in line.observations if isinstance(o, TCPConnect) and o.purpose in (Purpose.MAIN, Purpose.RETRY)
    ]
    assert starts[1] - starts[0] >= 0.02
    assert starts[2] - starts[1] >= 0.02
    assert (line.tries, line.failure) == (3, FailureKind.RESET)


def test_one_lone_failure_is_made_good_by_the_next_try() -> None:
    once = Rule(id="once", match=Match(stage=Stage.TLS, nth=(0,)), effect=Reset())
    ran = measured(tiny_world(https_host("a.example", "104.16.1.1")), "https://a.example/", rules=[once])
    assert (ran.line.tries, ran.line.failure, ran.line.verdict) == (2, None, "ok")
    failures = [o.failure.kind for o in ran.line.observations if isinstance(o, TLSHandshake) and o.failure]
    assert failures == [FailureKind.RESET]
    assert len(ran.connects()) == 2


FOUR = ("104.16.1.1", "104.16.1.2", "104.16.1.3")
SIX = ("2606:4700::1", "2606:4700::2")


def test_every_address_of_both_families_is_measured_to_the_last_stage() -> None:
    ran = measured(tiny_world(https_host("a.example", *FOUR, *SIX)), "https://a.example/")
    assert sorted(page.address for page in pages(ran.line)) == sorted((*FOUR, *SIX))
    assert len({page.transaction_id for page in pages(ran.line)}) == 5
    assert ran.line.tries == 1


def test_no_more_addresses_than_the_bound_of_each_family() -> None:
    world = tiny_world(https_host("a.example", *FOUR, *SIX))
    ran = measured(world, "https://a.example/", max_addresses=1)
    assert sorted(":" in address for address, _ in ran.connects()) == [False, True]


def test_one_dead_address_does_not_make_the_others_wait_or_fail() -> None:
    dead = Rule(id="one", match=Match(stage=Stage.TLS, addresses=(FOUR[1],)), effect=Reset())
    line = measured(tiny_world(https_host("a.example", *FOUR)), "https://a.example/", rules=[dead]).line
    ends = {o.address: o.failure is None for o in line.observations if isinstance(o, TLSHandshake) and o.attempt == 0}
    assert ends == {FOUR[0]: True, FOUR[1]: False, FOUR[2]: True}
    assert line.failure is None


def denied(name: str) -> tuple[Lie, ...]:
    return (Lie(names=(name,), answer=Answer(rcode="NXDOMAIN")),)


def test_where_the_own_resolver_denies_the_name_others_addresses_are_walked_as_true_addresses() -> None:
    world = tiny_world(https_host("a.example", *FOUR[:1]), lies=denied("a.example"))
    line = measured(world, "https://a.example/", Expect(contains="hello")).line
    walked = [o for o in line.observations if isinstance(o, TCPConnect | TLSHandshake | HTTPRoundTrip)]
    assert {o.purpose for o in walked} == {Purpose.TRUE_ADDRESS}
    assert {o.attempt for o in walked} == {0, 1, 2}  # reached, but not by what a user would have been told
    assert line.tries == 3
    assert line.failure is FailureKind.DNS_NXDOMAIN
    own = [o for o in line.observations if isinstance(o, DNSLookup) and o.resolver.own]
    assert {o.failure.kind for o in own if o.failure} == {FailureKind.DNS_NXDOMAIN}


def test_the_own_resolvers_addresses_are_walked_and_not_the_others_even_if_forged() -> None:
    lie = Lie(names=("a.example",), answer=Answer(addresses=("104.16.1.99",)))
    ran = measured(tiny_world(https_host("a.example", FOUR[0]), https_host("b.example", "104.16.1.99"), lies=(lie,)),
                   "https://a.example/", retry_pauses=(), followup=False)  # fmt: skip
    assert set(ran.connects()) == {("104.16.1.99", 443)}


@pytest.mark.parametrize(
    ("name", "verdict", "failure"),
    [("a.example", "ok", None), ("gone.example", "down", FailureKind.DNS_NXDOMAIN)],
)
def test_a_dns_endpoint_is_asked_for_and_never_connected_to(
    name: str, verdict: str, failure: FailureKind | None
) -> None:
    ran = measured(tiny_world(https_host("a.example", FOUR[0])), f"dns://{name}", proxy=True, retry_pauses=())
    assert {call.operation for call in ran.calls} <= {"getaddrinfo", "udp"}
    assert all(isinstance(o, DNSLookup) for o in ran.line.observations)
    assert (ran.line.verdict, ran.line.failure) == (verdict, failure)


def test_a_dns_endpoint_that_is_denied_here_alone_is_not_walked_either() -> None:
    ran = measured(
        tiny_world(https_host("a.example", FOUR[0]), lies=denied("a.example")), "dns://a.example", proxy=True
    )
    assert {call.operation for call in ran.calls} <= {"getaddrinfo", "udp"}
    assert (ran.line.verdict, ran.line.mechanism) == ("blocked", "dns_nxdomain")


def test_a_healthy_endpoint_costs_its_own_questions_and_one_connection_an_address_and_nothing_else() -> None:
    world = tiny_world(https_host("a.example", FOUR[0], SIX[0]))
    ran = measured(world, "https://a.example/", Expect(status=(200,), contains="hello"), proxy=True)
    assert sorted(ran.connects()) == [(FOUR[0], 443), (SIX[0], 443)]
    questions = sorted(call.host for call in ran.calls if call.operation == "udp")
    assert questions == sorted([OWN_RESOLVER, OWN_RESOLVER, OTHER_RESOLVER, OTHER_RESOLVER])  # A and AAAA
    assert sum(call.operation == "getaddrinfo" for call in ran.calls) == 1
    assert {o.purpose for o in ran.line.observations} == {Purpose.MAIN}


def lookup(own: bool, *found: str) -> DNSLookup:
    resolver = Resolver(kind=ResolverKind.UDP, address="10.0.0.1:53", own=own)
    return DNSLookup(transaction_id=1, resolver=resolver, name="a.example", qtype="A", addresses=found)


def test_addresses_are_distinct_bounded_by_family_and_in_the_resolvers_order() -> None:
    lookups = (lookup(True, *FOUR), lookup(True, FOUR[2], "104.16.1.4", *SIX), lookup(False, "104.16.1.99"))
    assert addresses_of(lookups, own=True, most=2) == (*FOUR[:2], *SIX)
    assert addresses_of(lookups, own=True, most=9) == (*FOUR, "104.16.1.4", *SIX)
    assert addresses_of(lookups, own=False, most=9) == ("104.16.1.99",)
    assert addresses_of((), own=True, most=9) == ()


def test_observations_stand_in_the_order_in_which_they_ended() -> None:
    slow = Route(response=Response(body=b"hello", delay=0.1))
    world = tiny_world(https_host("a.example", *FOUR, routes=[slow]))
    line = measured(world, "https://a.example/").line
    walked: list[Observation] = [o for o in line.observations if not isinstance(o, DNSLookup)]
    assert [o.t for o in walked] == sorted(o.t for o in walked)
