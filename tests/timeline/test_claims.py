"""Claims beside our intervals: before, inside, after, by how much; what was not measured settles nothing."""

from collections.abc import Sequence

import pytest

from probe.model.claim import Claim, Comparison, Relation, Says, When
from probe.model.episode import Interval
from probe.timeline.claims import UNMEASURED, Measured, compare, concerns, gap
from probe.timeline.onset import episodes
from probe.timeline.series import Series
from tests.timeline.rows import HOUR, START, series

BLOCKED = "." * 48 + "#" * 48
ENDED = "." * 48 + "#" * 48 + "." * 48


def when(first: float, last: float | None = None) -> When:
    """A time in hours since the start of the series; a moment if only one is given."""
    end = first if last is None else last
    return When(text="", zone="UTC", first=START + first * HOUR, last=START + end * HOUR)


def claim(says: Says, at: When, endpoint: str = "api", country: str = "CN", networks: tuple[int, ...] = ()) -> Claim:
    return Claim(id="c", by="somebody", says=says, target="clubhouse", endpoint=endpoint, country=country,
                 networks=networks, when=at, link="", evidence="", mechanism="")  # fmt: skip


def beside(picture: str, says: Says, at: When, endpoint: str = "api") -> Comparison:
    """The only comparison of a claim with a drawn series."""
    (found,) = told([series(picture)], claim(says, at, endpoint))
    return found


def told(many: Sequence[Series], *claims: Claim) -> tuple[Comparison, ...]:
    return compare(claims, {one.key: Measured(one, episodes(one)) for one in many})


@pytest.mark.parametrize(("at", "relation", "by"), [
    ((1, 2), Relation.BEFORE, 8), ((9, 10), Relation.INSIDE, 0), ((10.5, 10.5), Relation.INSIDE, 0),
    ((11, 12), Relation.INSIDE, 0), ((8, 13), Relation.INSIDE, 0), ((12, 13), Relation.AFTER, 1),
])  # fmt: skip
def test_gap_to_an_interval_from_ten_to_eleven(at: tuple[float, float], relation: Relation, by: float) -> None:
    ours = Interval(START + 10 * HOUR, START + 11 * HOUR)
    assert gap(when(*at), ours) == (relation, by * HOUR)


def test_nothing_is_before_an_interval_that_reaches_back_without_end() -> None:
    assert gap(when(-9999), Interval(None, START)) == (Relation.INSIDE, 0.0)


def test_onset_claimed_inside_ours_agrees() -> None:
    found = beside(BLOCKED, Says.BEGAN, when(47.5))
    assert (found.relation, found.agrees) == (Relation.INSIDE, True)
    assert (found.observed_relation, found.observed_by) == (Relation.INSIDE, 0.0)
    assert found.observed == Interval(START + 47 * HOUR, START + 48 * HOUR)


@pytest.mark.parametrize(("at", "relation"), [(20, Relation.BEFORE), (80, Relation.AFTER)])
def test_onset_claimed_elsewhere_does_not_agree_and_the_distance_is_told(at: float, relation: Relation) -> None:
    found = beside(BLOCKED, Says.BEGAN, when(at))
    assert (found.relation, found.agrees) == (relation, False)
    edge = 47 if relation == Relation.BEFORE else 48
    assert found.observed_by == abs(at - edge) * HOUR
    assert 0 < found.by <= found.observed_by  # CERTAIN is wider, thus nearer


def test_vague_claim_that_touches_ours_agrees() -> None:
    assert beside(BLOCKED, Says.BEGAN, when(24, 48)).agrees is True
    assert beside(BLOCKED, Says.BEGAN, when(0, 24)).agrees is False


def test_onset_claimed_where_we_got_through_does_not_agree() -> None:
    found = beside("." * 96, Says.BEGAN, when(47.5))
    assert (found.relation, found.agrees, found.interval) == (Relation.NONE, False, None)


@pytest.mark.parametrize("at", [-100, 500])
@pytest.mark.parametrize("says", list(Says))
def test_times_we_did_not_measure_cannot_be_told(says: Says, at: float) -> None:
    found = beside(ENDED, says, when(at))
    assert (found.agrees, found.because) == (None, UNMEASURED)


@pytest.mark.parametrize("says", [Says.BEGAN, Says.BLOCKED])
def test_gap_at_the_claimed_time_cannot_be_told(says: Says) -> None:
    assert beside("." * 40 + "x" * 20 + "." * 40, says, when(50)).agrees is None


def test_block_since_before_the_first_measurement_neither_confirms_nor_contradicts_an_earlier_claim() -> None:
    for says in (Says.BEGAN, Says.BLOCKED):
        found = beside("#" * 48, says, when(-1000))
        assert (found.relation, found.agrees) == (Relation.INSIDE, None)
        assert "before our first measurement" in found.because
    assert beside("#" * 48, Says.BEGAN, when(30)).agrees is False


@pytest.mark.parametrize(("at", "agrees"), [(70, True), (20, False), (120, False)])
def test_blocked_by_then_agrees_while_it_stood(at: float, agrees: bool) -> None:
    assert beside(ENDED, Says.BLOCKED, when(at)).agrees is agrees


@pytest.mark.parametrize(("at", "agrees"), [(70, False), (20, True), (120, True)])
def test_open_then_agrees_where_we_reached_it(at: float, agrees: bool) -> None:
    assert beside(ENDED, Says.OPEN, when(at)).agrees is agrees
    assert beside("." * 144, Says.OPEN, when(at)).agrees is True


def test_end_is_compared_with_our_end() -> None:
    assert beside(ENDED, Says.ENDED, when(95.5)).agrees is True
    late = beside(ENDED, Says.ENDED, when(120))
    assert (late.relation, late.agrees) == (Relation.AFTER, False)
    assert beside(BLOCKED, Says.ENDED, when(70)).agrees is False


def test_claim_about_the_target_is_compared_with_the_closest_endpoint_of_each_vantage() -> None:
    api, web = series(BLOCKED), series("." * 96)
    web = web._replace(key=type(web.key)("bj", "CN", 4134, "clubhouse", "web"))
    other = api._replace(key=type(api.key)("sh", "CN", 4812, "clubhouse", "api"))
    found = told([web, api, other], claim(Says.BEGAN, when(47.5), endpoint=""))
    assert [(one.series.vantage, one.series.endpoint) for one in found] == [("bj", "api"), ("sh", "api")]


def test_claims_speak_of_their_country_networks_and_endpoint_only() -> None:
    key = series(".").key
    assert concerns(claim(Says.BEGAN, when(0)), key)
    assert concerns(claim(Says.BEGAN, when(0), networks=(1, 4134)), key)
    assert not concerns(claim(Says.BEGAN, when(0), networks=(1,)), key)
    assert not concerns(claim(Says.BEGAN, when(0), country="JO"), key)
    assert not concerns(claim(Says.BEGAN, when(0), endpoint="web"), key)
    assert told([series("." * 9)], claim(Says.BEGAN, when(0), country="JO")) == ()


def test_claims_move_no_episode() -> None:
    one = series(BLOCKED)
    before = episodes(one)
    compare([claim(Says.BEGAN, when(20))], {one.key: Measured(one, before)})
    assert episodes(one) == before
