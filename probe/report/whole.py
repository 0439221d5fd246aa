"""A target as a whole from one vantage point, over time: reached, partly blocked or blocked, by the rule of each time.

The rule is what the target list of the time said (`statements`); it changes where the list changed, and each stretch
of time is told by its own. A stretch ends where a block or an outage of an endpoint begins or ends, where the rule
changes, where an endpoint is measured first or last, and where the newest measurements begin to say something else;
such moments that measurements cannot tell apart are one. Pure. Knows endpoints as `Member`, states by
`diagnose.rollup`, and no words for people.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.diagnose.rollup import Part, State, holds, rolled
from probe.model.diagnosis import Verdict
from probe.model.episode import Episode, EpisodeState, Interval
from probe.model.target import RollupRule, rollup_spelt
from probe.report.ladder import Rung, is_block, lowest, rung_of
from probe.report.statements import Statements
from probe.timeline.points import Evidence, Floats, Points

OUTAGE = 3
"""So many measurements in a row that find an endpoint down are an outage; fewer are noise."""
MOST_OUTAGES = 200
"""So many outages of one endpoint are told, the newest."""
EQUALLY = (RollupRule(),)
"""What serves where no rule is recorded: all endpoints count alike."""


class Member(NamedTuple):
    """An endpoint that decides. `now` is how it stands at its last measurement; `patience` for how many seconds after a
    measurement that still speaks for it."""

    id: str
    role: str
    now: Verdict
    patience: float
    episodes: Sequence[Episode]
    points: Points
    said: Statements


class Rule(NamedTuple):
    """By what a state was told: the roll-up as records spell it, and which endpoints were required. An empty roll-up:
    not recorded, and every endpoint counted alike."""

    rollup: str = ""
    required: tuple[str, ...] = ()


class Whole(NamedTuple):
    """How a target stood from `since` on, an interval like an onset, until the next. `earliest` None: from the first
    measurement shown on.

    `blocked` are the endpoints that make it so, `failing` all that were not reached at first. `enough`: by the rule it
    counts as reached all the same, blocked endpoints or not; None where no rule is recorded. `rung` is the lowest of
    the episodes of those that make it so; `none`, where one of them has none.
    """

    since: Interval
    state: State
    blocked: tuple[str, ...]
    failing: tuple[str, ...]
    enough: bool | None
    rule: Rule
    rung: Rung = Rung.NONE


def wholes(members: Sequence[Member]) -> tuple[Whole, ...]:
    """How the target of these endpoints stood, in order of time; nothing where no record says a rule."""
    if not any(one.said for one in members):
        return ()
    alive = _Alive(members)
    moments = _moments(members, alive)
    stretches = [*pairwise(moments), (moments[-1], None)]
    told = [_whole(members, alive, one, upcoming) for one, upcoming in stretches]
    return tuple(_once(told))


class _Moment(NamedTuple):
    """Changes that cannot be told apart: the first lies in `(earliest, first]`, all are over at `latest`."""

    earliest: float | None
    first: float
    latest: float


class _Alive:
    """When each endpoint was part of its target: from its first measurement on, and to its last if it was given up.

    `times` are those of its measurements, `says` what each says (`_says`); both are brought once.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.times = [one.points.times() for one in members]
        self.says = [_says(one) for one in members]
        self.first = min(float(times[0]) for times in self.times)
        self.last = max(float(times[-1]) for times in self.times)
        self._stop = [
            float("inf") if self.last - times[-1] <= one.patience else float(times[-1])
            for one, times in zip(members, self.times, strict=True)
        ]

    def at(self, place: int, begin: float, end: float) -> bool:
        """Whether it was measured between these, or shortly enough before to stand for it."""
        return float(self.times[place][0]) < end and self._stop[place] >= begin

    def moments(self, members: Sequence[Member]) -> Iterator[Interval]:
        """When endpoints came, those blocked from then on included, and when they went."""
        for place, one in enumerate(members):
            first, last = float(self.times[place][0]), float(self.times[place][-1])
            before = self._beside(place, first, before=True) if first - self.first > one.patience else None
            if before is not None:
                yield Interval(before, first)
            for episode in one.episodes[:1]:
                if episode.onset.earliest is None:
                    yield Interval(before, episode.onset.latest)
            if self._stop[place] == last:
                yield Interval(last, self._beside(place, last, before=False))

    def _beside(self, place: int, at: float, *, before: bool) -> float:
        """The nearest measurement of the other endpoints."""
        others = [times for other, times in enumerate(self.times) if other != place]
        if before:
            return max(float(times[np.searchsorted(times, at) - 1]) for times in others if times[0] < at)
        return min(float(times[np.searchsorted(times, at, side="right")]) for times in others if times[-1] > at)


def _moments(members: Sequence[Member], alive: _Alive) -> list[_Moment]:
    """Where stretches begin, in order of time; the first measurement is the first."""
    changes = [*alive.moments(members)]
    for one, times, says in zip(members, alive.times, alive.says, strict=True):
        changes += (episode.onset for episode in one.episodes if episode.onset.earliest is not None)
        changes += (episode.end for episode in one.episodes if episode.end is not None)
        changes += one.said.changes()
        changes += _outages(times, says)
        if not (one.episodes and one.episodes[-1].end is None):  # which tells by itself
            changes += _newest(times, says)
    made = [_Moment(None, alive.first, alive.first)]
    for change in sorted(changes, key=lambda change: (change.latest, change.earliest or 0.0)):
        last = made[-1]
        if change.earliest is None or change.earliest < last.first or change.latest <= last.latest:
            made[-1] = last._replace(latest=max(last.latest, change.latest))
        else:
            made.append(_Moment(change.earliest, change.latest, change.latest))
    return made


def _outages(times: Floats, says: NDArray[np.int8]) -> Iterator[Interval]:
    """When an endpoint went down for everyone, and came back."""
    down = np.concatenate(([False], says == _ORDER.index(Verdict.DOWN), [False]))
    edges = np.flatnonzero(down[1:] != down[:-1]).reshape(-1, 2)
    for first, after in edges[np.diff(edges).ravel() >= OUTAGE][-MOST_OUTAGES:].tolist():
        for at in (first, after):
            if 0 < at < times.size:
                yield Interval(float(times[at - 1]), float(times[at]))


def _newest(times: Floats, says: NDArray[np.int8]) -> Iterator[Interval]:
    """When an endpoint began to say what it says now, without a word otherwise since."""
    other = np.flatnonzero(says != says[-1])
    if other.size:
        yield Interval(float(times[other[-1]]), float(times[other[-1] + 1]))


def _says(one: Member) -> NDArray[np.int8]:
    """What each measurement says, as a place in `_ORDER`; -1: nothing."""
    told = (_told(kind.evidence, kind.verdict) for kind in one.points.kinds)
    places = [-1 if verdict is None else _ORDER.index(verdict) for verdict in told]
    return np.array(places, dtype=np.int8)[one.points.columns().kinds]


def _whole(members: Sequence[Member], alive: _Alive, begun: _Moment, upcoming: _Moment | None) -> Whole:
    begin, end = begun.latest, float("inf") if upcoming is None else upcoming.first
    here = [place for place in range(len(members)) if alive.at(place, begin, end)]
    rule = _rule([members[place] for place in here], begin)
    parts = [Part(members[place].id, members[place].role, members[place].id in rule.required) for place in here]
    verdicts: Mapping[str, Verdict] = {
        members[place].id: members[place].now if upcoming is None else _verdict(members, alive, place, begin, end)
        for place in here
    }
    rules = rollup_spelt(rule.rollup)
    found = rolled(rules or EQUALLY, parts, verdicts)
    enough = None if rules is None else holds(rules, parts, verdicts)
    rung = _rung([members[place] for place in here], found.blocked or found.failing, begin)
    return Whole(Interval(begun.earliest, begin), found.state, found.blocked, found.failing, enough, rule, rung)


def _rung(members: Sequence[Member], meant: Sequence[str], at: float) -> Rung:
    """The lowest rung of these endpoints' confirmed episodes at that time."""
    standing = [_standing(one, at) for one in members if one.id in meant]
    sure = [[rung_of(one) for one in episodes if one.state == EpisodeState.CONFIRMED] for episodes in standing]
    return lowest(lowest(rungs) for rungs in sure) if sure and all(sure) else Rung.NONE


def _standing(one: Member, at: float) -> list[Episode]:
    """Its episodes that stand then."""
    return [
        episode
        for episode in one.episodes
        if episode.onset.latest <= at and (episode.end is None or episode.end.latest > at)
    ]


def _rule(members: Sequence[Member], at: float) -> Rule:
    """What the newest list among these says; words of another version say nothing."""
    said = [(one.said.at(at), one.id) for one in members]
    since = [float(one.said.times[one.said.times <= at].max(initial=0.0)) for one in members]
    telling = [(time, one.rollup) for time, (one, _) in zip(since, said, strict=True) if rollup_spelt(one.rollup)]
    if not telling:
        return Rule()
    rollup = max(telling)[1]
    return Rule(rollup, tuple(sorted(name for one, name in said if one.required and one.rollup)))


def _verdict(members: Sequence[Member], alive: _Alive, place: int, begin: float, end: float) -> Verdict:
    """How an endpoint stood between two moments: by its episode or, outside one, by what most measurements said."""
    one, times = members[place], alive.times[place]
    if standing := _standing(one, begin):
        return Verdict.BLOCKED if any(map(is_block, standing)) else Verdict.ANOMALY
    first, stop = np.searchsorted(times, (begin, end)).tolist()
    if first == stop and begin - times[stop - 1] <= one.patience:
        first -= 1  # not measured in so short a time: as it was just before
    says = alive.says[place][first:stop]
    counts = np.bincount(says[says >= 0], minlength=len(_ORDER))
    return _ORDER[int(counts.argmax())] if counts.any() else Verdict.INSUFFICIENT


_ORDER = (Verdict.OK, Verdict.RESTRICTED, Verdict.DOWN, Verdict.ANOMALY)
"""What a measurement can say; where as many say the one as the other, the first counts."""


def _told(evidence: Evidence, verdict: str) -> Verdict | None:
    """What one measurement says of its endpoint; None: nothing."""
    if evidence == Evidence.BAD:
        return Verdict.ANOMALY
    if evidence == Evidence.GOOD:
        return Verdict.RESTRICTED if verdict == Verdict.RESTRICTED else Verdict.OK
    return Verdict.DOWN if verdict == Verdict.DOWN else None


def _once(told: Sequence[Whole]) -> Iterator[Whole]:
    """Stretches that say the same in a row are one. Of a block only what is blocked makes a difference."""
    last: Whole | None = None
    for one in told:
        same = last is not None and one._replace(since=last.since, failing=last.failing) == last
        if last is None or not same or (not one.blocked and one.failing != last.failing):
            yield one
            last = one
