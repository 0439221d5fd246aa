"""What a report says, as data: built once from series and their episodes, and then only drawn. Pure.

Knows which state a series is in now, where it was down or the vantage unfit, and what is left out; knows no words, no
time zone and no width. All times are epoch seconds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from probe.model.diagnosis import Fitness, Verdict
from probe.model.episode import Episode, Interval, SeriesKey
from probe.model.target import Role
from probe.report import counted
from probe.report.gather import Gathered, Run, VantageKey
from probe.report.joined import Joined, Outside, join, since
from probe.report.state import COUNTS_AS, State, state_of
from probe.report.statements import NOTHING_SAID, Statements
from probe.report.whole import Member, Whole, wholes
from probe.timeline.cadence import HOUR, UNKNOWN_AFTER, unknown
from probe.timeline.points import Evidence, Point, Points
from probe.timeline.series import Series

MINUTE = 60.0

Find = Callable[[Series], Sequence[Episode]]
"""Gives the episodes of a series."""


class Stretch(NamedTuple):
    """Some measurements (or runs) in a row: what they said, the first, the last, how many."""

    what: str
    first: float
    last: float
    size: int


class SeriesView(NamedTuple):
    """One series in the window. `episodes` touch the window; `verdicts`, `points` and the rest lie inside it.

    `failing` is how many of its last telling measurements failed; `downs` are stretches of `down`. `as_of` is the
    last measurement that said anything, `schedule` the usual gap in seconds, both of the whole series.
    """

    key: SeriesKey
    role: str
    state: State
    verdicts: dict[str, int]
    good: int
    bad: int
    void: int
    first: float
    last: float
    last_verdict: str
    as_of: float | None
    schedule: float
    failing: int
    episodes: tuple[Episode, ...]
    downs: tuple[Stretch, ...]
    points: Sequence[Point]

    @property
    def current(self) -> Episode | None:
        """The episode that stands at the last measurement."""
        return self.episodes[-1] if self.episodes and self.episodes[-1].end is None else None


class TargetView(NamedTuple):
    """One target from one vantage point: its deciding endpoints by state. `wholes` is how it stood as a whole by the
    rules of its lists, in order of time, the last of them now; empty where no record says a rule."""

    vantage: VantageKey
    target: str
    endpoints: dict[State, tuple[str, ...]]
    wholes: tuple[Whole, ...] = ()

    @property
    def blocked(self) -> str:
        """`all`, `some` or `none` of its deciding endpoints are blocked now."""
        hit = len(self.endpoints.get(State.BLOCKED, ()))
        if not hit:
            return "none"
        return "all" if hit == sum(map(len, self.endpoints.values())) else "some"


class Silence(NamedTuple):
    """When a vantage point did not measure; not `whole`: but for a run here and there."""

    when: Interval
    whole: bool


class VantageView(NamedTuple):
    """One vantage point: what it measured, when it was `unfit` to, and when it did not measure (`silent`).

    A silence is three usual gaps between runs or longer: from the last run before it to the first after it.
    """

    key: VantageKey
    runs: int
    measurements: int
    first: float
    last: float
    unfit: tuple[Stretch, ...]
    silent: tuple[Interval, ...]

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Its silences as people read them: two with no more than a minute's runs between them are one, for times are
        told in whole minutes, and two that seem to overlap tell nobody anything."""
        told: list[Silence] = []
        for gap in self.silent:
            before = told[-1].when if told else None
            if before is not None and gap.earliest is not None and gap.earliest - before.latest <= MINUTE:
                told[-1] = Silence(Interval(before.earliest, gap.latest), whole=False)
            else:
                told.append(Silence(gap, whole=True))
        return tuple(told)


class Reading(NamedTuple):
    """What reading the records met; `skipped` lines are in no series."""

    files: int = 0
    records: int = 0
    skipped: int = 0
    duplicates: int = 0


class Window(NamedTuple):
    """What is shown: from `since` on (inclusive), of the target ids or `target/endpoint` in `only` (empty: all).

    Episodes are found in everything that was gathered, so the window never moves an onset.
    """

    since: float | None = None
    only: frozenset[str] = frozenset()

    def holds(self, at: float) -> bool:
        """Whether a time lies in the window."""
        return self.since is None or at >= self.since

    def names(self, key: SeriesKey) -> bool:
        """Whether a series is asked for."""
        return not self.only or key.target in self.only or f"{key.target}/{key.endpoint}" in self.only

    def concerns(self, target: str) -> bool:
        """Whether a target, or one of its endpoints, is asked for."""
        return not self.only or any(name == target or name.startswith(f"{target}/") for name in self.only)


class View(NamedTuple):
    """A whole report. `first` and `last` bound all measurements shown; `zone` is the IANA zone asked for; `joined` is
    what stands beside the episodes: events, claims, notes."""

    zone: str
    first: float
    last: float
    series: tuple[SeriesView, ...]
    targets: tuple[TargetView, ...]
    vantages: tuple[VantageView, ...]
    reading: Reading
    joined: Joined = Joined()


def build(
    gathered: Gathered,
    find: Find,
    *,
    zone: str = "UTC",
    window: Window | None = None,
    reading: Reading | None = None,
    outside: Outside | None = None,
) -> View:
    """The view of what was gathered; `find` gives the episodes of a series. No series in the window: an empty view."""
    window = window or Window()
    found: dict[SeriesKey, Sequence[Episode]] = {}
    siblings: list[SeriesView] = []
    targets: list[TargetView] = []
    for _, group in groupby(
        _series(gathered, find, window, found), key=lambda one: (_vantage(one.key), one.key.target)
    ):
        members = list(group)  # a target at a time, while its columns are at hand
        siblings += members
        targets += _targets(members, gathered.said)
    joined = join(gathered.series, found, gathered.roles, outside or Outside(), window.names)
    series = tuple(one for one in siblings if window.names(one.key))
    runs = [run for run in gathered.runs if window.holds(run.first)]
    shown = {_vantage(one.key) for one in series}
    return View(
        zone=zone,
        first=min((one.first for one in series), default=0.0),
        last=max((one.last for one in series), default=0.0),
        series=series,
        targets=tuple(targets),
        vantages=tuple(one for one in _vantages(runs) if one.key in shown),
        reading=reading or Reading(),
        joined=since(joined, window.since, (one.key for one in series if one.current)),
    )


def _series(
    gathered: Gathered, find: Find, window: Window, found: dict[SeriesKey, Sequence[Episode]]
) -> Iterable[SeriesView]:
    """The series of every target asked for, siblings of an endpoint asked for included: they make the roll-up.

    All their episodes go into `found`, whatever the window.
    """
    for key, series in gathered.series.items():
        points = _shown(Points.of(series.points), window)
        if points and window.concerns(key.target):
            found[key] = find(series)
            episodes = tuple(one for one in found[key] if _touches(one, window))
            yield _series_view(series, gathered.roles[key], points, episodes)


def _shown(points: Points, window: Window) -> Points:
    """Those in the window: the last ones, for they are in order of time."""
    return points if window.since is None else points[int(np.searchsorted(points.times(), window.since)) :]


def _touches(episode: Episode, window: Window) -> bool:
    return episode.end is None or window.holds(episode.end.latest)


def _series_view(whole: Series, role: str, points: Points, episodes: tuple[Episode, ...]) -> SeriesView:
    columns, evidence = points.columns(), points.evidence()
    counts = np.bincount(evidence, minlength=len(Evidence)).tolist()
    everything = Points.of(whole.points)
    telling = np.flatnonzero(everything.evidence() != Evidence.VOID)
    times = everything.times()
    return SeriesView(
        key=whole.key,
        role=role,
        state=state_of(points, episodes),
        verdicts=counted.verdicts(points, columns),
        good=counts[Evidence.GOOD],
        bad=counts[Evidence.BAD],
        void=counts[Evidence.VOID],
        first=float(columns.times[0]),
        last=float(columns.times[-1]),
        last_verdict=points[-1].verdict,
        as_of=float(times[telling[-1]]) if telling.size else None,
        schedule=counted.usual_gap(times),
        failing=counted.failing(evidence),
        episodes=episodes,
        downs=tuple(Stretch(Verdict.DOWN, *one) for one in counted.stretches(points, columns, Verdict.DOWN)),
        points=points,
    )


def _stretches(said: Iterable[tuple[str, float, float]]) -> Iterable[Stretch]:
    """What was said the same way in a row, from `(what, first, last)` in order of time."""
    for what, group in groupby(said, key=lambda one: one[0]):
        members = list(group)
        yield Stretch(what, members[0][1], members[-1][2], len(members))


def _vantage(key: SeriesKey) -> VantageKey:
    return VantageKey(key.vantage, key.country, key.asn)


def _targets(members: Sequence[SeriesView], said: Mapping[SeriesKey, Statements]) -> Iterable[TargetView]:
    """Roll up the endpoints of a target from one place. References are no targets, and telemetry never decides."""
    deciding = [one for one in members if one.role not in (Role.TELEMETRY, Role.REFERENCE)]
    if deciding:
        first = deciding[0].key
        states = {state: tuple(one.key.endpoint for one in deciding if one.state == state) for state in State}
        found = wholes([_member(one, deciding, said) for one in deciding])
        yield TargetView(_vantage(first), first.target, {state: ids for state, ids in states.items() if ids}, found)


def _member(one: SeriesView, members: Sequence[SeriesView], said: Mapping[SeriesKey, Statements]) -> Member:
    """The endpoint as a part of its target. It is given up when the others were measured on and on without it."""
    patience = UNKNOWN_AFTER * (max(other.schedule for other in members) or HOUR)
    told, points = said.get(one.key, NOTHING_SAID), Points.of(one.points)
    return Member(one.key.endpoint, one.role, COUNTS_AS[one.state], patience, one.episodes, points, told)


def _vantages(runs: Sequence[Run]) -> Iterable[VantageView]:
    for key, group in groupby(runs, key=lambda run: run.vantage):
        members = list(group)
        fitness = _stretches((run.fitness, run.first, run.last) for run in members)
        begun = [run.first for run in members]
        yield VantageView(
            key=key,
            runs=len(members),
            measurements=sum(run.measurements for run in members),
            first=members[0].first,
            last=max(run.last for run in members),
            unfit=tuple(one for one in fitness if one.what != Fitness.FIT),
            silent=unknown(begun, counted.usual_gap(np.array(begun))),
        )
