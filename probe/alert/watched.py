"""One series as a watch keeps it: its ledger, its noise, what was told of it. O(1), plain data, pure.

Says when something changed that people should hear of. The ledger decides (`timeline.live`), so that noise pages
nobody: a suspicion is told only where noise hardly ever brings one. The order in which measurements come is the law
here: where the clock was set back, the times before are brought down to it and the intervals widened. What the ledger
confirms is beyond chance, and no more; how far it is a block, the rung says (`report.ladder`).
"""

from typing import NamedTuple

import msgspec

from probe.alert.alert import Kind
from probe.alert.counted import Counted
from probe.model.diagnosis import Certainty
from probe.model.episode import EpisodeState, Interval
from probe.report.ladder import Rung, rung
from probe.timeline import live
from probe.timeline.certainty import Tally, rank
from probe.timeline.ledger import Limits, Span, limits_for
from probe.timeline.noise import Noise, estimate
from probe.timeline.onset import widened
from probe.timeline.series import Evidence, Point

HELD_BACK = 4.0
"""A suspicion is told when the ledger is within so many nats of a confirmation: at 5 % of noise and 10 minutes that is
once in some hundred series-months. Below, only one that rests on a confirmed artefact is told: noise forges nothing."""

CYCLES = 3
REST = 7 * 86400.0
"""A block that comes back within REST seconds of its end is a cycle; after the third, changes are not told until it has
been open, or blocked, for as long."""

DAY = 86400.0

MECHANISMS_KEPT = 4


class Change(NamedTuple):
    """What one measurement changed. `proof` is the id of the measurement to look at; `runs`: since the first BAD;
    `raised`: what was told on a lower rung is now a block, or a surer one."""

    kind: Kind
    onset: Interval
    certain_onset: Interval
    end: Interval | None
    certain_end: Interval | None
    mechanisms: tuple[str, ...]
    certainty: str
    proof: str
    runs: int
    repeating: bool
    rung: Rung = Rung.NONE
    raised: bool = False


class Watched(msgspec.Struct):
    """All that is kept of one series.

    `told`: the kind last told that still stands. `seen`: each mechanism's last time since the ledger left zero; `proof`
    and `certainty`: the latest of the surest failures since then; `sure`: how sure they are together; `rung`: the last
    one told of what the ledger has confirmed. `stepped`, `step`: when and how far the clock was
    last set back. `cycles`: how often the block came and went with no rest between; `since`, `ended`: when it was last
    confirmed and over; `hushed`: it stands and was not told.
    """

    state: live.State
    counted: Counted = msgspec.field(default_factory=Counted)
    told: Kind | None = None
    seen: dict[str, float] = {}
    proof: str = ""
    certainty: str = ""
    sure: Tally = msgspec.field(default_factory=Tally)
    rung: Rung = Rung.NONE
    last: float = 0.0
    stepped: float = 0.0
    step: float = 0.0
    cycles: int = 0
    since: float = 0.0
    ended: float | None = None
    hushed: bool = False


def begin(prior: Noise, schedule: float) -> Watched:
    """A series not yet measured, at a place of this noise, measured every `schedule` seconds."""
    return Watched(live.begin(prior, limits_for(schedule), schedule))


def adopt(one: Watched) -> None:
    """Make of what an older version kept what is kept now: it called all that the ledger confirmed blocked."""
    if one.told == Kind.CONFIRMED and one.rung is Rung.NONE:
        one.rung = rung(EpisodeState.CONFIRMED, one.certainty)


def retune(one: Watched, prior: Noise, limits: Limits, schedule: float) -> None:
    """Judge by what was learnt since, if nothing stands against the endpoint."""
    if live.at_rest(one.state):
        live.retune(one.state, estimate(one.counted.quiet(), prior), limits, schedule)


def take(one: Watched, point: Point) -> Change | None:
    """Take the next measurement of the series; the change that is to be told, if any."""
    _set_back(one, point.time)
    one.last = point.time
    if point.evidence == Evidence.VOID:
        return None
    bad = point.evidence == Evidence.BAD
    if not one.state.blocked:
        one.counted.take(bad)
    if bad:
        _remember(one, point)
    news, span = live.feed(one.state, point.time, bad)
    if news == live.News.CONFIRMED:
        one.counted.break_off()
    change = _change(one, point, news, span)
    if live.at_rest(one.state):
        one.seen, one.proof, one.certainty, one.sure, one.rung = {}, "", "", Tally(), Rung.NONE
    return change


def _set_back(one: Watched, time: float) -> None:
    """Bring times that lie after `time` down to it."""
    if time >= one.last:
        return
    one.stepped, one.step = time, min(one.last - time, DAY)
    one.since = min(one.since, time)
    one.ended = None if one.ended is None else min(one.ended, time)
    one.seen = {name: min(at, time) for name, at in one.seen.items()}
    live.set_back(one.state, time)


def _remember(one: Watched, point: Point) -> None:
    if point.mechanism:
        one.seen[point.mechanism] = point.time
        if len(one.seen) > MECHANISMS_KEPT:
            del one.seen[min(one.seen, key=lambda name: one.seen[name])]
    if not one.proof or rank(point.certainty) >= rank(one.certainty):
        one.proof, one.certainty = point.id, point.certainty
    one.sure.take(point.certainty)


def rung_of(one: Watched) -> Rung:
    """How far what stands now is a block; never lower than what was told of it."""
    if not one.state.blocked:
        return rung(EpisodeState.SUSPECTED, one.sure.certainty())
    return max(one.rung, rung(EpisodeState.CONFIRMED, one.sure.certainty()), key=tuple(Rung).index)


def _change(one: Watched, point: Point, news: live.News, span: Span | None) -> Change | None:
    """What is told now, held against what was told before."""
    before = one.told
    if one.state.blocked:
        one.told = Kind.CONFIRMED
        return _confirmed(one) if before != Kind.CONFIRMED else _lasting(one) or _raised(one)
    if before == Kind.CONFIRMED:
        one.told, one.ended, one.hushed = None, point.time, False
        return _ended(one, span, point) if span is not None and news == live.News.OVER else None
    if before == Kind.SUSPECTED:
        if live.at_rest(one.state):
            one.told = None
            return _withdrawn(point)
        return None
    return _suspected(one)


def _resting(one: Watched) -> bool:
    """Whether the last block is so long ago that the next is a new story."""
    return one.ended is None or one.last - one.ended >= REST


def _confirmed(one: Watched) -> Change | None:
    one.cycles = 1 if _resting(one) else one.cycles + 1
    one.since, one.hushed = one.last, one.cycles > CYCLES
    one.rung = rung_of(one)
    standing = live.present(one.state)
    return None if standing is None or one.hushed else _worded(one, Kind.CONFIRMED, standing)


def _raised(one: Watched) -> Change | None:
    """What was told as unreachable turns out a block, or a block is surer than was told: once a rung, and never back.

    A certainty counts only when several failures carry it (`timeline.certainty`), so that no single one tells.
    """
    standing = live.present(one.state) if not one.hushed and rung_of(one) != one.rung else None
    if standing is None:
        return None
    one.rung = rung_of(one)
    return _worded(one, Kind.CONFIRMED, standing)._replace(raised=True)


def _lasting(one: Watched) -> Change | None:
    """A block that came and went too often to be told, and now stays."""
    standing = live.present(one.state) if one.hushed and one.last - one.since >= REST else None
    if standing is None:
        return None
    one.hushed, one.cycles, one.rung = False, 1, rung_of(one)
    return _worded(one, Kind.CONFIRMED, standing)


def _suspected(one: Watched) -> Change | None:
    score, limits = max(one.state.scores), one.state.limits
    artefact = one.certainty == Certainty.CONFIRMED
    if score <= (limits.suspected if artefact else _told_above(limits)):
        return None
    standing = live.present(one.state)
    if standing is None or standing.ended is not None or (one.cycles >= CYCLES and not _resting(one)):
        return None
    one.told = Kind.SUSPECTED
    return _worded(one, Kind.SUSPECTED, standing)


def _told_above(limits: Limits) -> float:
    return limits.confirmed - HELD_BACK


def _ended(one: Watched, span: Span, point: Point) -> Change | None:
    if one.cycles >= CYCLES:
        return None
    return _worded(one, Kind.ENDED, span)._replace(proof=point.id)


def _withdrawn(point: Point) -> Change:
    nowhere = Interval(point.time, point.time)
    return Change(Kind.WITHDRAWN, nowhere, nowhere, None, None, (), "", point.id, 0, repeating=False)


def _worded(one: Watched, kind: Kind, span: Span) -> Change:
    """The change with its intervals: never narrower than the schedule, and widened where the clock was set back."""
    span = widened(span, 0.0, one.state.schedule)
    since = -1.0 if span.onset.earliest is None else span.onset.earliest
    onset, certain = _doubtful(one, span.onset), _doubtful(one, span.certain_onset)
    return Change(
        kind=kind,
        onset=onset,
        certain_onset=certain,
        end=span.end and _doubtful(one, span.end),
        certain_end=span.certain_end and _doubtful(one, span.certain_end),
        mechanisms=tuple(name for name, at in one.seen.items() if at >= since),
        certainty=one.sure.certainty(),
        proof=one.proof,
        runs=(one.state.seen if span.after is None else span.after) - span.first,
        repeating=one.cycles >= CYCLES,
        rung=one.rung if kind == Kind.ENDED else rung_of(one),
    )


def _doubtful(one: Watched, interval: Interval) -> Interval:
    """Widened by the step of a clock that was set back inside the interval or after it began."""
    if not one.step or interval.latest < one.stepped - one.step:
        return interval
    if interval.earliest is not None and interval.earliest > one.stepped:
        return interval
    return Interval(None if interval.earliest is None else interval.earliest - one.step, interval.latest + one.step)
