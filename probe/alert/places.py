"""A vantage point as a watch keeps it: whether it is fit, and whether it measures at all. Plain data, pure.

One bad run is no news: the vantage is called unfit after two in a row, and fit again after two. Runs whose fitness is
not known (no reference measured) change nothing.
"""

from typing import NamedTuple

import msgspec

from probe.alert.alert import Kind
from probe.alert.overdue import LastRun, overdue
from probe.model.diagnosis import Fitness

IN_A_ROW = 2


class Turn(NamedTuple):
    """What changed at a place: since when it is so, the fitness that was (`unfit`, `fit`), and the time lost."""

    kind: Kind
    since: float
    fitness: str
    lost_from: float
    late: float = 0.0


class Place(msgspec.Struct):
    """One vantage point. `run`, `worst`, `began`: the run under way. `unlike`: runs in a row that contradict `unfit`.

    `unfit`: the fitness that was told, empty while fit; `since`: when it began, `unlike_since` when the runs that
    contradict it did. `last`: when it last measured. `late_seen`: when a tick first found it overdue, `late_told`
    whether that was told.
    """

    country: str
    asn: int
    run: str = ""
    worst: str = ""
    began: float = 0.0
    unfit: str = ""
    since: float = 0.0
    unlike: int = 0
    unlike_since: float = 0.0
    last: float | None = None
    late_seen: float | None = None
    late_told: bool = False
    late_from: float = 0.0


def measure(place: Place, time: float, fitness: str) -> None:
    """One measurement of the run under way."""
    if not place.worst:
        place.worst, place.began = fitness, time
    elif fitness != place.worst:
        place.worst = min(place.worst, fitness, key=lambda word: (word == Fitness.FIT, word))
    place.last = time


def finish(place: Place) -> list[Turn]:
    """The run under way is over: what changed with it."""
    if not place.worst:
        return []
    worst, place.run, place.worst = place.worst, "", ""
    return [turn for turn in (_resumed(place), _fitness(place, worst)) if turn is not None]


def _resumed(place: Place) -> Turn | None:
    told, place.late_told, place.late_seen = place.late_told, False, None
    return Turn(Kind.RESUMED, place.began, "", place.late_from) if told else None


def _fitness(place: Place, worst: str) -> Turn | None:
    if worst == Fitness.UNKNOWN:
        return None
    if (worst == Fitness.FIT) == (place.unfit == ""):
        place.unlike = 0
        return None
    place.unlike_since = place.began if place.unlike == 0 else min(place.unlike_since, place.began)
    place.unlike += 1
    if place.unlike < IN_A_ROW:
        return None
    place.unlike = 0
    was, lost_from = place.unfit, place.since
    place.unfit, place.since = ("" if worst == Fitness.FIT else worst), place.unlike_since
    if worst == Fitness.FIT:
        return Turn(Kind.FIT, place.since, was, lost_from)
    return Turn(Kind.UNFIT, place.since, worst, place.since)


def tick(name: str, place: Place, every: float, now: float) -> Turn | None:
    """Whether the place is overdue at `now`, and was already one interval ago.

    The second look keeps a machine that slept from alarming at the moment it wakes, when it is about to measure.
    """
    if place.last is None or place.late_told:
        return None
    late = overdue([LastRun(name, place.last, every)], now)
    if not late:
        place.late_seen = None
        return None
    if place.late_seen is None or now < place.late_seen:
        place.late_seen = now
    if now - place.late_seen < every:
        return None
    place.late_told, place.late_from = True, place.last
    return Turn(Kind.OVERDUE, place.last, "", place.last, late[0].late)
