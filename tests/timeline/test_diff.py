"""What counts as a change between two standings, and what stands beside the verdicts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.timeline.diff import (
    COMPARABLE,
    CONCERNS,
    About,
    Facts,
    Key,
    Kind,
    Leaf,
    Pair,
    Setting,
    compare,
    kind_of,
    other_addresses,
    other_certificate,
    shifts,
)
from probe.timeline.history import Said
from probe.timeline.standing import Standing, State

API = Key("sha-ct", "clubhouse", "api")
S = Standing
GENUINE = Leaf("aa", "CN=R3", "2021-05-03T00:00:00Z", ())
IMPOSTOR = Leaf("bb", "CN=Other", "2022-01-01T00:00:00Z", ("ssl_invalid_hostname",))


def facts(standing: Standing, mechanism: str = "", *leaves: Leaf, addresses: str = "") -> Facts:
    said = Said("", "", mechanism, "reached", "fit")
    return Facts(State(standing, said, 0.0, "id"), "api", frozenset(leaves), frozenset(addresses.split()))


def kind(a: Facts, b: Facts, *, raw: bool = False) -> Kind | None:
    """What happened to one endpoint; None if nothing did."""
    found = compare({API: a}, {API: b}, raw=raw)
    return found.changes[0].kind if found.changes else None


@pytest.mark.parametrize(
    ("a", "b", "happened"),
    [
        (S.OPEN, S.BLOCKED, Kind.BLOCKED),
        (S.INTERFERED, S.BLOCKED, Kind.BLOCKED),
        (S.DOWN, S.BLOCKED, Kind.BLOCKED),
        (S.BLOCKED, S.OPEN, Kind.UNBLOCKED),
        (S.BLOCKED, S.RESTRICTED, Kind.UNBLOCKED),
        (S.BLOCKED, S.INTERFERED, Kind.UNBLOCKED),
        (S.BLOCKED, S.DOWN, Kind.DOWN),
        (S.OPEN, S.DOWN, Kind.DOWN),
        (S.DOWN, S.OPEN, Kind.UP),
        (S.OPEN, S.RESTRICTED, Kind.RESTRICTED),
        (S.RESTRICTED, S.OPEN, Kind.UNRESTRICTED),
        (S.OPEN, S.INTERFERED, Kind.INTERFERED),
        (S.INTERFERED, S.OPEN, Kind.UNINTERFERED),
        (S.OPEN, S.OPEN, None),
    ],
)
def test_what_happened(a: Standing, b: Standing, happened: Kind | None) -> None:
    assert kind(facts(a), facts(b)) == happened


@pytest.mark.parametrize(("a", "b"), list(itertools.permutations(sorted(COMPARABLE), 2)))
def test_two_comparable_standings_that_differ_are_always_a_change(a: Standing, b: Standing) -> None:
    assert kind_of(a, b) is not None


@pytest.mark.parametrize(("proven", "unproven"), list(itertools.product(S, sorted(set(S) - COMPARABLE))))
def test_what_proves_nothing_on_either_side_is_never_a_change(proven: Standing, unproven: Standing) -> None:
    for a, b in ((proven, unproven), (unproven, proven)):
        found = compare({API: facts(a)}, {API: facts(b)})
        assert (found.changes, found.unchanged) == ((), ())
        assert [pair.key for pair in found.incomparable] == [API]


def test_raw_compares_failures_but_not_what_nobody_measured() -> None:
    assert kind(facts(S.OPEN), facts(S.FAILED), raw=True) == Kind.FAILING
    assert kind(facts(S.FAILED), facts(S.OPEN), raw=True) == Kind.WORKING
    assert kind(facts(S.OPEN), facts(S.UNKNOWN), raw=True) is None
    assert compare({API: facts(S.BLOCKED)}, {API: facts(S.UNKNOWN)}, raw=True).incomparable


def test_another_method_is_a_change_if_both_are_settled() -> None:
    reset, silence = facts(S.BLOCKED, "sni_reset"), facts(S.BLOCKED, "sni_timeout")
    assert kind(reset, silence) == Kind.METHOD
    assert kind(facts(S.INTERFERED, "throttling"), facts(S.INTERFERED, "dns_injection")) == Kind.METHOD
    assert kind(reset, facts(S.BLOCKED)) is None
    assert kind(facts(S.BLOCKED), reset) is None
    assert kind(facts(S.DOWN, "sni_reset"), facts(S.DOWN, "sni_timeout")) is None


def test_endpoints_that_are_on_one_side_only() -> None:
    web = API._replace(endpoint="web")
    found = compare({API: facts(S.OPEN)}, {web: facts(S.BLOCKED)})
    assert [(one.kind, one.key) for one in found.changes] == [(Kind.NEW, web), (Kind.GONE, API)]
    assert found.changes[0].a is None
    assert found.changes[1].b is None


@pytest.mark.parametrize(
    ("a", "b", "other"),
    [
        ([GENUINE], [GENUINE], False),
        ([GENUINE], [GENUINE._replace(sha256="cc")], True),
        ([GENUINE], [IMPOSTOR], True),
        ([GENUINE, GENUINE._replace(sha256="cc")], [GENUINE], False),
        ([GENUINE], [GENUINE, IMPOSTOR], True),
        ([GENUINE], [GENUINE._replace(problems=("ssl_certificate_expired",))], True),
        ([GENUINE], [], False),
        ([], [IMPOSTOR], False),
    ],
)
def test_certificates(a: list[Leaf], b: list[Leaf], other: bool) -> None:
    assert other_certificate(Pair(API, facts(S.OPEN, "", *a), facts(S.OPEN, "", *b))) is other


def test_addresses_are_compared_beside_the_verdicts_and_change_none() -> None:
    a, b = facts(S.OPEN, addresses="1.1.1.1 1.0.0.1"), facts(S.OPEN, addresses="1.1.1.1")
    assert other_addresses(Pair(API, a, b))
    assert not other_addresses(Pair(API, a, a))
    assert not other_addresses(Pair(API, a, facts(S.OPEN)))
    found = compare({API: a}, {API: b})
    assert (found.changes, len(found.unchanged), len(found.addresses)) == ((), 1, 1)


def test_what_stood_around_is_told_apart() -> None:
    before = Setting(("CN",), ("AS4134",), ("Telecom",), ("1.1.1.1",), ("fit",), ("aa",), ("probe 1",), ("r1",))
    after = Setting(("CN",), ("AS9808",), ("Telecom",), ("8.8.8.8",), ("offline",), ("bb",), ("probe 2",), ())
    found = shifts({"sha-ct": before, "gone": before}, {"sha-ct": after, "new": after})
    assert [(one.field, one.about) for one in found] == [
        ("asn", About.NETWORK),
        ("resolvers", About.NETWORK),
        ("fitness", About.FITNESS),
        ("target_list", About.TARGETS),
        ("software", About.SOFTWARE),
    ]
    assert {one.vantage for one in found} == {"sha-ct"}


def test_every_field_of_a_setting_concerns_something() -> None:
    assert tuple(CONCERNS) == Setting._fields
    assert set(CONCERNS.values()) == set(About)


SIDES = st.dictionaries(
    st.builds(Key, st.just("v"), st.sampled_from("ab"), st.sampled_from("xyz")),
    st.builds(facts, st.sampled_from(S), st.sampled_from(["", "sni_reset", "sni_timeout"])),
)


@given(SIDES, SIDES, st.booleans())
def test_every_endpoint_is_told_once_and_a_side_is_the_same_as_itself(
    a: dict[Key, Facts], b: dict[Key, Facts], raw: bool
) -> None:
    found = compare(a, b, raw=raw)
    told = [one.key for part in (found.changes, found.incomparable, found.unchanged) for one in part]
    assert sorted(told) == sorted(a.keys() | b.keys())
    assert compare(a, a, raw=raw).changes == ()
    assert compare(dict(reversed(a.items())), dict(reversed(b.items())), raw=raw) == found
