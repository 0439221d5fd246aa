"""From a series to its episodes: learns the noise, runs the ledger, dates the changes, words the result.

Knows how the parts of this room stand together; each part's law is in its own file (`noise`, `ledger`, `posterior`,
`flapping`, `phases`, `cadence`). Knows nothing of where rows come from or how reports show them. The result is a pure
function of the points, the vantage's noise and the options.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.episode import Counts, Episode, EpisodeState, Interval
from probe.timeline.cadence import schedule_of
from probe.timeline.certainty import Sure, rank, together
from probe.timeline.flapping import chains, comes_and_goes, profile, still_flapping
from probe.timeline.ledger import Limits, Readings, Span, heights, limits_for, scan
from probe.timeline.noise import DEFAULT, Bools, Noise, learn, refine, refine_quietest
from probe.timeline.phases import phases_of
from probe.timeline.points import Evidence, Point, Points
from probe.timeline.posterior import Floats
from probe.timeline.series import Series

_COUNTED = (Evidence.BAD, Evidence.GOOD, Evidence.VOID)


class Telling(NamedTuple):
    """The measurements of a series that say something: their places in `Series.points`, times, and BAD or not."""

    places: NDArray[np.intp]
    times: Floats
    bad: Bools


def episodes(
    series: Series,
    *,
    tz: str = "UTC",
    clock_skew: float = 0.0,
    vantage_noise: Noise = DEFAULT,
    schedule: float | None = None,
) -> tuple[Episode, ...]:
    """The blocked stretches of a series, in order of time; a standing suspicion comes last.

    `tz`: IANA zone of the weekday x hour profile of a flapping episode. `clock_skew`: how far, in seconds, the
    vantage's clock may have been off; it widens the CERTAIN intervals on both sides. `vantage_noise`: what `noise_of`
    learnt from all series of the vantage. `schedule`: seconds between measurements; by default the median gap.
    """
    telling = telling_of(series.points)
    if schedule is None:
        schedule = schedule_of(times_of(series.points))
    found = detect(telling.times, telling.bad, schedule, vantage_noise)
    spans = [widened(span, clock_skew, schedule) for span in found]
    return tuple(_episode(series, telling, chain, tz) for chain in chains(spans, schedule))


def noise_of(vantage: Sequence[Series]) -> Noise:
    """The ordinary flakiness of one vantage, from all its series: the prior for `episodes`."""
    return learn(telling_of(series.points).bad for series in vantage)


def detect(
    times: Floats, bad: Bools, schedule: float, vantage_noise: Noise = DEFAULT, limits: Limits | None = None
) -> list[Span]:
    """Arrays in, spans out. Looks twice: with the noise of the quietest part, then with that of all open time."""
    if not bad.any():
        return []
    limits = limits or limits_for(schedule)
    noise = noise_outside_blocks(times, bad, schedule, vantage_noise, limits)
    return scan(Readings(times, bad, noise, limits, schedule))


def noise_outside_blocks(times: Floats, bad: Bools, schedule: float, vantage_noise: Noise, limits: Limits) -> Noise:
    """The noise of a series, learnt outside the blocks that a first look confirms."""
    open_time = np.ones(bad.size, dtype=np.bool_)
    look = Readings(times, bad, refine_quietest(bad, vantage_noise), limits, schedule)
    for span in scan(look) if heights(look).top > limits.confirmed else ():
        if span.confirmed is not None:
            open_time[span.first : span.after] = False
    return refine(bad, vantage_noise, open_time)


def telling_of(points: Sequence[Point]) -> Telling:
    """The GOOD and BAD points as arrays; VOID says nothing and is left out."""
    columns = Points.of(points)
    evidence = columns.evidence()
    places = np.flatnonzero(evidence != Evidence.VOID)
    return Telling(places, columns.times()[places], evidence[places] == Evidence.BAD)


def times_of(points: Sequence[Point]) -> Floats:
    """When they were measured, epoch seconds."""
    return Points.of(points).times()


def widened(span: Span, skew: float, schedule: float) -> Span:
    """CERTAIN widened by the clock skew and to a schedule at least; OBSERVED only where an extra run made it tiny."""
    return span._replace(
        onset=_at_least(span.onset, schedule if _narrow(span.onset, schedule) else 0.0),
        certain_onset=_at_least(_skewed(span.certain_onset, skew), schedule),
        end=span.end and _at_least(span.end, schedule if _narrow(span.end, schedule) else 0.0),
        certain_end=span.certain_end and _at_least(_skewed(span.certain_end, skew), schedule),
    )


def _narrow(interval: Interval, schedule: float) -> bool:
    """Whether the two measurements stand closer than any jitter brings them: one was outside the schedule."""
    return interval.earliest is not None and interval.latest - interval.earliest < schedule / 2


def _skewed(interval: Interval, skew: float) -> Interval:
    return Interval(None if interval.earliest is None else interval.earliest - skew, interval.latest + skew)


def _at_least(interval: Interval, width: float) -> Interval:
    """The interval, begun earlier if it is narrower than `width` seconds."""
    if interval.earliest is None:
        return interval
    return Interval(min(interval.earliest, interval.latest - width), interval.latest)


def _episode(series: Series, telling: Telling, chain: list[Span], tz: str) -> Episode:
    """Word one span, or a chain of spans that flaps, as an episode."""
    first, last = chain[0], chain[-1]
    over = last.after is not None and not (len(chain) > 1 and still_flapping(chain, float(telling.times[-1])))
    stop = last.after if over and last.after is not None else telling.places.size
    bad = telling.bad[first.first : stop].tolist()
    flapping = len(chain) > 1 or comes_and_goes(bad)
    inside = Points.of(series.points)[slice(telling.places[first.first], _place(telling, stop))]
    failed = _Failed.of(inside)
    return Episode(
        series=series.key,
        state=EpisodeState.SUSPECTED if first.confirmed is None else EpisodeState.CONFIRMED,
        onset=first.onset,
        certain_onset=first.certain_onset,
        suspected_at=float(telling.times[first.suspected]),
        confirmed_at=None if first.confirmed is None else float(telling.times[first.confirmed]),
        end=last.end if over else None,
        certain_end=last.certain_end if over else None,
        flapping=flapping,
        profile=profile(telling.times[first.first : stop], bad, tz) if flapping else (),
        phases=phases_of(failed.times, failed.codes, failed.names),
        mechanisms=tuple(failed.names[code] for code in _in_order(failed.codes) if failed.names[code]),
        certainty=failed.sure.certainty,
        counts=_counted(inside, failed.sure),
        witnesses=_witnesses(series, telling, first, last.after if over else None),
    )


def _place(telling: Telling, index: int) -> int | None:
    """Where in the points a telling measurement is; None behind the last."""
    return int(telling.places[index]) if index < len(telling.places) else None


class _Failed(NamedTuple):
    """The BAD points of an episode: their times, their mechanisms as places in `names`, how sure they are together."""

    times: Floats
    codes: NDArray[np.intp]
    names: tuple[str, ...]
    sure: Sure

    @classmethod
    def of(cls, points: Points) -> "_Failed":
        columns = points.columns()
        failed = np.flatnonzero(points.evidence() == Evidence.BAD)
        kinds = columns.kinds[failed]
        names = tuple(sorted({kind.mechanism for kind in points.kinds}))
        codes = np.array([names.index(kind.mechanism) for kind in points.kinds], dtype=np.intp)[kinds]
        ranks = np.array([rank(kind.certainty) for kind in points.kinds], dtype=np.int8)[kinds]
        return cls(columns.times[failed], codes, names, together(ranks))


def _in_order(codes: NDArray[np.intp]) -> list[int]:
    """Each code once, in order of its first place."""
    found, first = np.unique(codes, return_index=True)
    return list(found[np.argsort(first)].tolist())


def _counted(points: Points, sure: Sure) -> Counts:
    evidence = points.evidence()
    bad, good, void = (int(np.count_nonzero(evidence == kind)) for kind in _COUNTED)
    return Counts(bad=bad, good=good, void=void, sure=sure.carried)


def _witnesses(series: Series, telling: Telling, first: Span, after: int | None) -> tuple[str, ...]:
    """Ids of the last good before, the first bad, the one that confirmed and the first good after, where they are."""
    before = None if first.onset.earliest is None else first.first - 1
    named = (before, first.first, first.confirmed, after)
    return tuple(series.points[telling.places[i]].id for i in named if i is not None)
