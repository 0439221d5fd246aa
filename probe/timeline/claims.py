"""What sources say beside what we measured: before, inside or after our interval, by how much. Pure.

Respects both precisions: a claim is a stretch of time, our onset is the CERTAIN interval, and where the two touch they
agree as far as either can tell. A claim never changes an episode. Only what was measured around the claimed time can
speak against a claim; otherwise nothing is said (`agrees` None).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from probe.model.claim import Claim, Comparison, Relation, Says, When
from probe.model.diagnosis import Verdict
from probe.model.episode import Episode, EpisodeState, Interval, SeriesKey
from probe.timeline.cadence import UNKNOWN_AFTER, schedule_of
from probe.timeline.onset import telling_of, times_of
from probe.timeline.series import Point, Series

UNMEASURED = "not measured at that time"
BEFORE_US = "blocked since before our first measurement"
"""Why a claim cannot be told from what we have."""


class Measured(NamedTuple):
    """What one vantage point has of one endpoint: its measurements and its episodes, in order of time."""

    series: Series
    episodes: Sequence[Episode]


class _Found(NamedTuple):
    """A comparison in the making, without its claim."""

    ours: "_Ours | None"
    agrees: bool | None
    because: str


class _Ours(NamedTuple):
    """An interval of ours, CERTAIN and OBSERVED, and where the claimed time lies to the CERTAIN one."""

    relation: Relation
    by: float
    certain: Interval
    observed: Interval


def compare(claims: Iterable[Claim], measured: Mapping[SeriesKey, Measured]) -> tuple[Comparison, ...]:
    """Each claim beside each vantage point it speaks of, in the order of the claims, then of the series.

    A claim about a target as a whole is compared with that endpoint of each vantage point whose interval is closest.
    Claims about what was not measured at all are left out.
    """
    return tuple(one for claim in claims for one in _beside(claim, measured))


def concerns(claim: Claim, key: SeriesKey) -> bool:
    """Whether a claim speaks of this series: its target and endpoint, in its country and networks."""
    here = key.country == claim.country and (not claim.networks or key.asn in claim.networks)
    return here and key.target == claim.target and claim.endpoint in ("", key.endpoint)


def gap(when: When, interval: Interval) -> tuple[Relation, float]:
    """Where a claimed time lies to an interval of ours, and the seconds between their nearer edges.

    Example: claimed 10:00, ours (10:50, 11:00]: `before` by 50 min. A claimed minute that touches ours is `inside`.
    """
    if interval.earliest is not None and when.last < interval.earliest:
        return Relation.BEFORE, interval.earliest - when.last
    if when.first > interval.latest:
        return Relation.AFTER, when.first - interval.latest
    return Relation.INSIDE, 0.0


def _beside(claim: Claim, measured: Mapping[SeriesKey, Measured]) -> Iterator[Comparison]:
    places: dict[tuple[str, str, int], list[tuple[SeriesKey, _Found]]] = {}
    for key in sorted(key for key in measured if concerns(claim, key)):
        found = _as_far_as_measured(claim.when, measured[key], _JUDGES[claim.says](claim.when, measured[key]))
        places.setdefault((key.vantage, key.country, key.asn), []).append((key, found))
    for candidates in places.values():
        key, found = min(candidates, key=lambda pair: _closeness(pair[1]))
        yield _comparison(claim, key, found)


def _comparison(claim: Claim, key: SeriesKey, found: _Found) -> Comparison:
    ours = found.ours
    relation, by = gap(claim.when, ours.observed) if ours else (Relation.NONE, 0.0)
    return Comparison(
        claim=claim,
        series=key,
        relation=ours.relation if ours else Relation.NONE,
        by=ours.by if ours else 0.0,
        interval=ours.certain if ours else None,
        observed_relation=relation,
        observed_by=by,
        observed=ours.observed if ours else None,
        agrees=found.agrees,
        because=found.because,
    )


def _as_far_as_measured(when: When, measured: Measured, found: _Found) -> _Found:
    """The same, but of a time before our first or after our last measurement nothing speaks for or against it.

    That a series was blocked from its first measurement on is said: it is all we know of the time before.
    """
    points = measured.series.points
    if when.last >= points[0].time and when.first <= points[-1].time:
        return found
    if found.ours is not None and found.ours.certain.earliest is None and found.ours.relation == Relation.INSIDE:
        return found
    return found._replace(agrees=None, because=UNMEASURED)


def _closeness(found: _Found) -> tuple[bool, bool, float]:
    """An interval before none, something learnt before nothing, near before far."""
    return found.ours is None, found.agrees is None, found.ours.by if found.ours else 0.0


def _began(when: When, measured: Measured) -> _Found:
    ours = _nearest(when, _onsets(_confirmed(measured)))
    if ours is None:
        return _without(when, measured, blocked=True)
    inside = ours.relation == Relation.INSIDE
    if ours.certain.earliest is None:
        return _Found(ours, None if inside else False, BEFORE_US)
    return _Found(ours, inside, f"{ours.relation} our interval")


def _ended(when: When, measured: Measured) -> _Found:
    confirmed = _confirmed(measured)
    ours = _nearest(when, [(one.certain_end or one.end, one.end) for one in confirmed if one.end is not None])
    if ours is not None:
        return _Found(ours, ours.relation == Relation.INSIDE, f"{ours.relation} our interval")
    if not confirmed:
        return _Found(None, None, "no block in our measurements")
    telling = telling_of(measured.series.points)
    later = bool((telling.bad & (telling.times > when.last)).any())
    return _Found(None, False if later else None, "no end in our measurements")


def _was_blocked(when: When, measured: Measured) -> _Found:
    """Blocked by then: our onset may lie long before, but the block must not be over."""
    ours = _nearest(when, _onsets(_standing_by(when, measured)))
    if ours is not None:
        return _Found(ours, *_standing(when, ours.certain, measured))
    ours = _nearest(when, _onsets(_confirmed(measured)))
    if ours is None:
        return _without(when, measured, blocked=True)
    said = "our block began later" if ours.relation == Relation.BEFORE else "our block was over by then"
    return _Found(ours, False if _reached_after(when, measured) else None, said)


def _standing(when: When, onset: Interval, measured: Measured) -> tuple[bool | None, str]:
    """What an episode that may have stood at the claimed time says of it."""
    if onset.earliest is None and when.last < onset.latest:
        return None, BEFORE_US
    if measured.series.points[-1].time < when.first:
        return None, "still blocked at our last measurement before that time"
    return True, "blocked at that time in our measurements"


def _was_open(when: When, measured: Measured) -> _Found:
    ours = _nearest(when, _onsets(_confirmed(measured)))
    if ours is None:
        return _without(when, measured, blocked=False)
    if any(_surely_blocked(one, when, measured) for one in _confirmed(measured)):
        return _Found(ours, False, "blocked at that time in our measurements")
    return _Found(ours, True if _reached_during(when, measured) else None, f"{ours.relation} our interval")


def _was_restricted(when: When, measured: Measured) -> _Found:
    said = {point.verdict for point in _between(measured, when.first, when.last)}
    telling = said - {Verdict.INSUFFICIENT, Verdict.DOWN}
    if not telling:
        return _Found(None, None, UNMEASURED)
    turned_away = Verdict.RESTRICTED in said
    because = "the server itself turned us away" if turned_away else "the server did not turn us away"
    return _Found(None, turned_away, because)


_JUDGES: dict[Says, Callable[[When, Measured], _Found]] = {
    Says.BEGAN: _began,
    Says.ENDED: _ended,
    Says.BLOCKED: _was_blocked,
    Says.OPEN: _was_open,
    Says.RESTRICTED: _was_restricted,
}
"""How each kind of statement is compared. One line a kind."""


def _confirmed(measured: Measured) -> list[Episode]:
    return [one for one in measured.episodes if one.state == EpisodeState.CONFIRMED]


def _standing_by(when: When, measured: Measured) -> list[Episode]:
    """The episodes that may have stood at some moment of the claimed time."""
    begun = [one for one in _confirmed(measured) if gap(when, one.certain_onset or one.onset)[0] != Relation.BEFORE]
    return [one for one in begun if (end := one.certain_end or one.end) is None or end.latest >= when.first]


def _surely_blocked(episode: Episode, when: When, measured: Measured) -> bool:
    """Whether the whole claimed time lies between the first failure of an episode and its last."""
    onset = episode.certain_onset or episode.onset
    end = episode.certain_end or episode.end
    last = measured.series.points[-1].time if end is None or end.earliest is None else end.earliest
    return onset.latest <= when.first and when.last <= last


def _onsets(episodes: Iterable[Episode]) -> list[tuple[Interval, Interval]]:
    """The onsets, CERTAIN (OBSERVED where there is none) and OBSERVED."""
    return [(one.certain_onset or one.onset, one.onset) for one in episodes]


def _nearest(when: When, intervals: Iterable[tuple[Interval | None, Interval]]) -> _Ours | None:
    """The interval closest to the claimed time; of equals the first."""
    placed = [_Ours(*gap(when, certain), certain, observed) for certain, observed in intervals if certain is not None]
    return min(placed, key=lambda one: one.by, default=None)


def _without(when: When, measured: Measured, *, blocked: bool) -> _Found:
    """No block of ours: whether we measured at the claimed time and reached it."""
    reached = _reached_after(when, measured) if blocked else _reached_during(when, measured)
    if not reached:
        return _Found(None, None, UNMEASURED)
    return _Found(None, not blocked, "reached at that time, and no block of ours")


def _reached_after(when: When, measured: Measured) -> bool:
    """Whether the next measurement that says anything, if it comes soon, found it open."""
    soon = when.last + UNKNOWN_AFTER * schedule_of(times_of(measured.series.points))
    telling = telling_of(measured.series.points)
    next_one = int(np.searchsorted(telling.times, when.last))
    return next_one < telling.times.size and bool(telling.times[next_one] <= soon and not telling.bad[next_one])


def _reached_during(when: When, measured: Measured) -> bool:
    """Whether it was reached in the claimed time; if nothing was learnt in it, shortly before and shortly after."""
    telling = telling_of(measured.series.points)
    first, after = np.searchsorted(telling.times, when.first), np.searchsorted(telling.times, when.last, "right")
    if first < after:
        return not bool(telling.bad[first:after].all())
    return bool(first and not telling.bad[first - 1]) and _reached_after(when, measured)


def _between(measured: Measured, first: float, last: float) -> Sequence[Point]:
    """What was measured from `first` to `last`, both included."""
    times = times_of(measured.series.points)
    return measured.series.points[int(np.searchsorted(times, first)) : int(np.searchsorted(times, last, "right"))]
