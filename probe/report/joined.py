"""What stands beside the episodes of a report: blocks that began together, claims of others, notes of people. Pure.

Chooses which of them belong to what the report shows; finding and comparing is `timeline`'s work, wording `together`'s
and `beside`'s. None of it changes an episode.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from probe.model.claim import Claim, Comparison
from probe.model.episode import Episode, SeriesKey
from probe.model.event import Event
from probe.model.note import Note
from probe.model.target import Role
from probe.report.dating import weigher
from probe.timeline.claims import Measured, compare
from probe.timeline.events import added, events
from probe.timeline.series import Series

_DECIDES_NOTHING = frozenset({Role.TELEMETRY, Role.REFERENCE})


class Outside(NamedTuple):
    """What others say: claims of sources, notes of people."""

    claims: tuple[Claim, ...] = ()
    notes: tuple[Note, ...] = ()


class Joined(NamedTuple):
    """What stands beside the episodes."""

    events: tuple[Event, ...] = ()
    compared: tuple[Comparison, ...] = ()
    notes: tuple[Note, ...] = ()


def join(
    series: Mapping[SeriesKey, Series],
    found: Mapping[SeriesKey, Sequence[Episode]],
    roles: Mapping[SeriesKey, str],
    outside: Outside,
    named: Callable[[SeriesKey], bool] = lambda _: True,
) -> Joined:
    """Everything beside these series, of which `found` holds the episodes. Only claims and notes on `named` series are
    taken: an endpoint that nobody asked for makes an event, and has no say beside that."""
    deciding = {key: episodes for key, episodes in found.items() if roles[key] not in _DECIDES_NOTHING}
    carried = added(series, deciding, weigher(series))
    asked = {key: episodes for key, episodes in found.items() if named(key)}
    endpoints = {(key.target, key.endpoint) for key in asked} | {(key.target, "") for key in asked}
    return Joined(
        events=events((one for episodes in deciding.values() for one in episodes), carried),
        compared=compare(outside.claims, {key: Measured(series[key], episodes) for key, episodes in asked.items()}),
        notes=tuple(note for note in outside.notes if (note.target, note.endpoint) in endpoints),
    )


def since(joined: Joined, first: float | None, standing: Iterable[SeriesKey]) -> Joined:
    """What of it concerns the time from `first` on: events that began then or still stand (`standing` series)."""
    if first is None:
        return joined
    now = frozenset(standing)
    kept = (one for one in joined.events if one.last.latest >= first or not now.isdisjoint(one.series))
    return joined._replace(events=tuple(kept))
