"""Which episodes began together: overlap and its bounds, order of networks, evidence of several places that adds."""

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from probe.model.episode import Counts, Episode, EpisodeState, Interval, SeriesKey
from probe.model.event import Event, EventKind
from probe.timeline.events import added, events, standing
from probe.timeline.noise import DEFAULT
from probe.timeline.onset import episodes
from probe.timeline.series import Evidence, Point, Series

HOUR, DAY = 3600.0, 86400.0


def episode(
    target: str,
    earliest: float | None,
    latest: float,
    *,
    vantage: str = "bj",
    asn: int = 4134,
    country: str = "CN",
    endpoint: str = "web",
    state: EpisodeState = EpisodeState.CONFIRMED,
    mechanism: str = "sni_reset",
) -> Episode:
    """An episode whose onset lies in `(earliest, latest]` hours, OBSERVED and CERTAIN alike."""
    onset = Interval(None if earliest is None else earliest * HOUR, latest * HOUR)
    return Episode(
        series=SeriesKey(vantage, country, asn, target, endpoint),
        state=state,
        onset=onset,
        certain_onset=onset,
        mechanisms=(mechanism,),
        counts=Counts(bad=20, good=0, void=0),
    )


def test_two_targets_whose_intervals_overlap_are_a_wave_with_a_shared_interval() -> None:
    (event,) = events([episode("a", 0, 2), episode("b", 1, 3)])
    assert event.kind == EventKind.WAVE
    assert event.shared == Interval(1 * HOUR, 2 * HOUR)
    assert event.first == Interval(0.0, 2 * HOUR)
    assert event.last == Interval(1 * HOUR, 3 * HOUR)
    assert event.apart == (0.0, 3 * HOUR)


def test_intervals_that_only_touch_do_not_overlap() -> None:
    """`(0, 1]` and `(1, 2]` have no moment in common."""
    assert events([episode("a", 0, 1), episode("b", 1, 2)]) == ()


def test_two_targets_hours_apart_may_be_chance_and_three_within_a_day_are_a_wave() -> None:
    two = [episode("a", 0, 1), episode("b", 10, 11)]
    assert events(two) == ()
    (event,) = events([*two, episode("c", 20, 21)])
    assert event.targets == ("a", "b", "c")
    assert event.shared is None
    assert event.apart == (19 * HOUR, 21 * HOUR)


def test_three_targets_over_more_than_a_day_are_no_wave() -> None:
    assert events([episode("a", 0, 1), episode("b", 20, 21), episode("c", 25, 26)]) == ()


def test_one_target_at_one_place_is_no_event_however_many_endpoints() -> None:
    assert events([episode("a", 0, 1, endpoint="api"), episode("a", 0, 1, endpoint="web")]) == ()


def test_suspicions_and_unknown_beginnings_are_in_no_event() -> None:
    assert events([episode("a", 0, 1), episode("b", 0, 1, state=EpisodeState.SUSPECTED)]) == ()
    assert events([episode("a", None, 1), episode("b", None, 1)]) == ()


def test_countries_are_not_joined() -> None:
    assert events([episode("a", 0, 1), episode("b", 0, 1, country="JO")]) == ()


def test_rollout_orders_networks_only_where_the_intervals_prove_it() -> None:
    (event,) = events(
        [
            episode("a", 30, 33, vantage="v3", asn=3),
            episode("a", 0, 1, vantage="v1", asn=1, mechanism="dns_nxdomain"),
            episode("a", 31, 34, vantage="v2", asn=2),
            episode("a", 40, 41, vantage="v4", asn=4),
        ]
    )
    assert event.kind == EventKind.ROLLOUT
    assert [(one.rank, one.asn) for one in event.networks] == [(1, 1), (2, 3), (2, 2), (3, 4)]
    assert event.networks[0].mechanisms == ("dns_nxdomain",)


def test_rollout_within_a_wave_is_told_with_the_wave() -> None:
    (event,) = events([episode(t, 0, 1, vantage=v, asn=n) for t in "ab" for v, n in (("v1", 1), ("v2", 2))])
    assert event.kind == EventKind.WAVE
    assert event.targets == ("a", "b")
    assert [one.targets for one in event.networks] == [("a", "b"), ("a", "b")]


def test_two_places_of_one_network_are_witnesses_if_they_overlap() -> None:
    (event,) = events([episode("a", 0, 2, vantage="v1"), episode("a", 1, 3, vantage="v2")])
    assert event.kind == EventKind.WITNESSED
    assert event.networks[0].vantages == ("v1", "v2")
    assert events([episode("a", 0, 1, vantage="v1"), episode("a", 2, 3, vantage="v2")]) == ()


def test_block_that_comes_again_begins_another_event() -> None:
    twice = [episode(name, at, at + 1) for name in "abc" for at in (0, 5)]
    first, second = events(twice)
    assert (first.first.latest, second.first.latest) == (1 * HOUR, 6 * HOUR)


SPANS = st.tuples(st.sampled_from("abcde"), st.integers(0, 60), st.integers(1, 12), st.sampled_from([1, 2]))


@given(st.lists(SPANS, max_size=12, unique_by=lambda span: (span[0], span[3], span[1])), st.randoms())
def test_order_of_the_episodes_does_not_matter_and_no_interval_is_tightened(
    spans: list[tuple[str, int, int, int]], dice: random.Random
) -> None:
    found = [episode(name, at, at + wide, vantage=f"v{asn}", asn=asn) for name, at, wide, asn in spans]
    mixed = list(found)
    dice.shuffle(mixed)
    told = events(found)
    assert events(mixed) == told
    for event in told:
        _holds(event, found)


def _holds(event: Event, found: list[Episode]) -> None:
    """Every choice of true moments within the members' intervals fits what the event says."""
    for place in event.beginnings:
        assert any(_inside(place.onset, one) for one in found if one.series.target == place.target)
    for before, after in itertools.pairwise(event.networks):
        if after.rank > before.rank:
            assert after.onset.earliest is not None
            assert after.onset.earliest >= before.onset.latest
    if event.shared is not None:
        assert all(_meets(event.shared, place.onset) for place in event.beginnings)
    assert 0 <= event.apart[0] <= event.apart[1]


def _inside(wide: Interval, one: Episode) -> bool:
    return wide.latest == one.onset.latest or wide.earliest == one.onset.earliest


def _meets(shared: Interval, onset: Interval) -> bool:
    assert shared.earliest is not None
    assert onset.earliest is not None
    return onset.earliest <= shared.earliest < shared.latest <= onset.latest


def pictured(vantage: str, picture: str, asn: int = 4134) -> Series:
    """A series a sign an hour: `.` GOOD, `#` BAD."""
    kinds = {".": (Evidence.GOOD, "ok"), "#": (Evidence.BAD, "blocked")}
    points = tuple(
        Point(n * HOUR, kinds[sign][0], "sni_reset" if sign == "#" else "", "", kinds[sign][1], f"{vantage}-{n}")
        for n, sign in enumerate(picture)
    )
    return Series(SeriesKey(vantage, "CN", asn, "a", "web"), points)


def joined(*series: Series) -> tuple[Episode, ...]:
    found = {one.key: episodes(one) for one in series}
    return added({one.key: one for one in series}, found, lambda one: standing(one, DEFAULT))


SUSPECT = "." * 60 + "#####"
"""Enough for a suspicion and not for a confirmation; the tests below check that it is so."""


def test_evidence_of_two_vantage_points_adds() -> None:
    one, other = pictured("v1", SUSPECT), pictured("v2", SUSPECT, asn=4837)
    assert [episode.state for episode in episodes(one)] == [EpisodeState.SUSPECTED]
    carried = joined(one, other)
    assert {one.series.vantage for one in carried} == {"v1", "v2"}
    (event,) = events([], carried)
    assert event.kind == EventKind.ROLLOUT
    assert {place.state for place in event.beginnings} == {EpisodeState.SUSPECTED}


def test_one_suspicion_beside_a_vantage_that_gets_through_adds_nothing() -> None:
    assert joined(pictured("v1", SUSPECT), pictured("v2", "." * 63)) == ()


def test_suspicions_that_do_not_overlap_add_nothing() -> None:
    assert joined(pictured("v1", "." * 20 + "###"), pictured("v2", SUSPECT)) == ()


def test_suspicions_of_two_endpoints_of_one_vantage_add_nothing() -> None:
    """One vantage is one witness: what ails it ails both."""
    one = pictured("v1", SUSPECT)
    other = Series(SeriesKey("v1", "CN", 4134, "a", "api"), one.points)
    assert joined(one, other) == ()
