"""What a page is about: a target, an endpoint of it, or an event; and which series of the view belong to it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.diagnosis import Certainty, Verdict
from probe.model.episode import Episode, EpisodeState
from probe.model.event import Event
from probe.model.target import Role
from probe.report.block.ids import event_ids, slug
from probe.report.block.view import Scope
from probe.report.ladder import is_block
from probe.report.view import SeriesView, View
from probe.timeline.points import Points
from probe.timeline.series import Evidence

Places = NDArray[np.intp]
DECIDES_NOTHING = frozenset({Role.TELEMETRY, Role.REFERENCE})


class UnknownScopeError(Exception):
    """Nothing of that name in the view; `known` are the names there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name)
        self.name, self.known = name, known


class Exhibited(NamedTuple):
    """The ids of the measurements to show: one that failed, the last one before that was fine; empty: there is none."""

    failed: str
    good: str


class Chosen(NamedTuple):
    """A page's subject: `series` are shown, references aside; `event` is set where the page is about one. `titles` are
    the names of its targets for people, by id."""

    scope: Scope
    series: tuple[SeriesView, ...]
    event: Event | None
    exhibited: Exhibited
    titles: Mapping[str, str]


def targets_of(view: View) -> tuple[str, ...]:
    """The ids of all targets that can have a page: references have none."""
    return tuple(dict.fromkeys(sorted(one.key.target for one in view.series if one.role != Role.REFERENCE)))


def events_of(view: View) -> tuple[str, ...]:
    """The ids of all events that can have a page."""
    return tuple(event_ids(view.joined.events))


def scope_target(view: View, name: str, names: Mapping[str, str] | None = None) -> Chosen:
    """The page of a target id or `target/endpoint`; `names` are display names by id. Raises UnknownScopeError."""
    asked = [one for one in view.series if one.role != Role.REFERENCE]
    series = tuple(one for one in asked if name in (one.key.target, f"{one.key.target}/{one.key.endpoint}"))
    if not series:
        endpoints = (f"{one.key.target}/{one.key.endpoint}" for one in asked)
        raise UnknownScopeError(name, sorted({*targets_of(view), *endpoints}))
    title = display(series[0].key.target, names or {})
    target = series[0].key.target
    scope = Scope("target", name, title, slug(name))
    return Chosen(scope, series, None, _exhibited(series), {target: title})


def scope_event(view: View, name: str, names: Mapping[str, str] | None = None) -> Chosen:
    """The page of an event: every endpoint of its targets in its country. Raises UnknownScopeError."""
    known = event_ids(view.joined.events)
    if name not in known:
        raise UnknownScopeError(name, list(known))
    event = known[name]
    targets = set(event.targets)
    series = tuple(one for one in view.series if one.key.target in targets and one.key.country == event.country)
    series = tuple(one for one in series if one.role != Role.REFERENCE)
    titles = {target: display(target, names or {}) for target in event.targets}
    title = titles[event.targets[0]] if len(titles) == 1 else name
    return Chosen(Scope("event", name, title, slug(name)), series, event, _exhibited(series), titles)


def display(target: str, names: Mapping[str, str]) -> str:
    """The name of a target for people: the one it was given, or its id, which reads as a name with a capital."""
    if target in names:
        return names[target]
    return target if "." in target or not target.islower() else target[:1].upper() + target[1:]


def deciding(series: Iterable[SeriesView]) -> list[SeriesView]:
    """The series that a headline speaks of: telemetry decides nothing, unless there is nothing else."""
    every = list(series)
    return [one for one in every if one.role not in DECIDES_NOTHING] or every


def principal(one: SeriesView) -> Episode | None:
    """The episode that a page tells of a series: the standing one, else the last block, else the last that was beyond
    chance, else the last."""
    if one.current is not None or not one.episodes:
        return one.current
    blocks = [episode for episode in one.episodes if is_block(episode)]
    beyond = [episode for episode in one.episodes if episode.state is EpisodeState.CONFIRMED]
    return (blocks or beyond or list(one.episodes))[-1]


def inside(one: SeriesView, episode: Episode, evidence: Evidence) -> Places:
    """The measurements of an episode that say so and lie in the window: their places among the points of the series."""
    points = Points.of(one.points)
    stop = float("inf") if episode.end is None else episode.end.latest
    first, last = np.searchsorted(points.times(), (episode.onset.latest, stop)).tolist()
    found: Places = np.flatnonzero(points.evidence()[first:last] == evidence) + first
    return found


def _exhibited(series: Sequence[SeriesView]) -> Exhibited:
    """The failed measurement that says most, and the last good one before it on the same endpoint."""
    hits = [(one, episode) for one in deciding(series) if (episode := principal(one)) is not None]
    if hits:
        one, episode = min(hits, key=lambda hit: _telling(*hit))
        points, failed = Points.of(one.points), inside(one, episode, Evidence.BAD)
        alike = failed[(points.table("certainty") == episode.certainty)[points.columns().kinds[failed]]]
        best = points[int(alike[0])] if alike.size else None
        return Exhibited(best.id if best else "", _last_good(one, best.time if best else episode.onset.latest))
    lost = [(one, point) for one in deciding(series) for point in one.points[-1:] if point.verdict != Verdict.OK]
    if lost:
        one, point = lost[0]
        return Exhibited(point.id, _last_good(one, point.time))
    last = max((one for one in deciding(series) if one.good), key=lambda one: one.last, default=None)
    return Exhibited("", _last_good(last, float("inf")) if last else "")


def _telling(one: SeriesView, episode: Episode) -> tuple[bool, int, float, object]:
    """Confirmed before suspected, surer before less sure, early before late."""
    sure = _SURE.index(episode.certainty) if episode.certainty in _SURE else len(_SURE)
    return episode.state is not EpisodeState.CONFIRMED, sure, episode.onset.latest, one.key


_SURE = (Certainty.CONFIRMED, Certainty.LIKELY, Certainty.POSSIBLE)


def _last_good(one: SeriesView, before: float) -> str:
    points = Points.of(one.points)
    good = np.flatnonzero(points.evidence()[: int(np.searchsorted(points.times(), before))] == Evidence.GOOD)
    return points[int(good[-1])].id if good.size else ""
