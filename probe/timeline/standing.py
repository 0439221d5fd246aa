"""What can be said of one endpoint at the end of some measurements of it: a year of them, or a single one. Pure.

Many measurements are judged by the ledger (`onset`), never by the last line. Where an endpoint was not reached once in
them, the ledger has nothing to hold a failure against, and a single measurement may be all that there is: then it must
carry the verdict by itself, as the table `ALONE` says. What proves nothing is `UNKNOWN`, never open and never blocked.
The result depends on the set of measurements only, never on their order.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from probe.model.diagnosis import Certainty, ControlState, Fitness, Verdict
from probe.timeline.cadence import UNKNOWN_AFTER, schedule_of
from probe.timeline.flapping import chains, still_flapping
from probe.timeline.history import UNFIT, History, Line, Said, Sort
from probe.timeline.ledger import Span
from probe.timeline.noise import DEFAULT, Noise
from probe.timeline.onset import detect
from probe.timeline.phases import SETTLED, Failure, phases


class Standing(StrEnum):
    """How an endpoint stands. `suspected` and `failed` are failures that are too few, or too weak, to be a block."""

    OPEN = "open"
    INTERFERED = "interfered"
    RESTRICTED = "restricted"
    DOWN = "down"
    BLOCKED = "blocked"
    SUSPECTED = "suspected"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Effort(NamedTuple):
    """What stands behind one failure beside its flat columns: how often it was tried, and whether the main flow ended
    without a failure, so that an answer was had."""

    tries: int
    answered: bool


class State(NamedTuple):
    """How an endpoint stands and what that rests on: `said` by the measurement `id` at `as_of` (epoch seconds).

    `measurements` are all there are; `uncounted` is how many failures came after it, or stand alone, and count for
    nothing.
    """

    standing: Standing
    said: Said
    as_of: float
    id: str
    measurements: int = 1
    uncounted: int = 0


RECENT = 3
"""So many of the last answers are asked whether the server turns us away, is down, or is tampered with: the majority
holds, the latest if there is none."""

_SURE = (Certainty.LIKELY, Certainty.CONFIRMED)


class Alone(NamedTuple):
    """When a verdict of one measurement counts without others beside it."""

    counts: Callable[[Said, Effort], bool]
    because: str


def _backed(said: Said, effort: Effort) -> bool:
    if said.certainty == Certainty.CONFIRMED:
        return True
    reached = said.control == ControlState.REACHED and said.fitness == Fitness.FIT
    return said.certainty == Certainty.LIKELY and reached and effort.tries > 1


ALONE: dict[str, Alone] = {
    Verdict.OK: Alone(lambda _s, _e: True, "the endpoint was reached"),
    Verdict.RESTRICTED: Alone(lambda _s, _e: True, "the server itself answered"),
    Verdict.INTERFERED: Alone(lambda said, _: said.certainty in _SURE, "likely or confirmed; else it was just reached"),
    Verdict.DOWN: Alone(lambda _, effort: effort.tries > 1 or effort.answered, "tried again, or the server said it"),
    Verdict.BLOCKED: Alone(_backed, "confirmed; or likely, tried again, control reached it, vantage fit"),
    Verdict.ANOMALY: Alone(lambda _s, _e: False, "nothing settles why it failed"),
    Verdict.INSUFFICIENT: Alone(lambda _s, _e: False, "nothing was learnt"),
}
"""One line a verdict. A word of another version of the record never counts alone."""


def carries(said: Said, effort: Effort | None) -> bool:
    """Whether one measurement counts by itself. Effort None: not known, taken as one try without an answer."""
    rule = ALONE.get(said.verdict)
    return rule is not None and rule.counts(said, effort or Effort(1, False))


def last_line(history: History) -> State:
    """The last measurement as it stands (`--raw`): its verdict, proven or not; unfit and insufficient are unknown."""
    line = history.line
    last = line.said(-1)
    unfit = last.fitness in UNFIT and line.sorts[-1] != Sort.REACHED
    found = Standing.UNKNOWN if unfit else _BY_VERDICT.get(last.verdict, Standing.UNKNOWN)
    return State(found, last, float(line.times[-1]), max(history.ends.values())[1], len(history))


_BY_VERDICT: Mapping[str, Standing] = {
    Verdict.OK: Standing.OPEN,
    Verdict.INTERFERED: Standing.INTERFERED,
    Verdict.RESTRICTED: Standing.RESTRICTED,
    Verdict.DOWN: Standing.DOWN,
    Verdict.BLOCKED: Standing.BLOCKED,
    Verdict.ANOMALY: Standing.FAILED,
}


def standing(history: History, efforts: Mapping[str, Effort], noise: Noise = DEFAULT) -> State:
    """How the endpoint stands at the end. `efforts` by measurement id: of the last that failed and the last down."""
    line = history.line
    spoken = line.of(Sort.REACHED, Sort.FAILED, Sort.DOWN)
    patience = UNKNOWN_AFTER * history.schedule
    if not spoken or line.times[-1] - spoken.times[-1] > patience:
        return _state(history, Standing.UNKNOWN, Sort.NOTHING, line.said(-1))
    telling = spoken.of(Sort.REACHED, Sort.FAILED)
    if telling.bad.any() and spoken.times[-1] - telling.times[-1] <= patience:
        found = _cut_off(history, telling, efforts, noise)
        if found is not None:
            return found
    return _answered(history, spoken, efforts)


def _cut_off(history: History, telling: Line, efforts: Mapping[str, Effort], noise: Noise) -> State | None:
    """Blocked or suspected, if it is. One that was never reached may be so by its last failure alone, and a suspicion
    counts when the last three measurements failed and the last of them carries the verdict by itself."""
    bad = telling.bad
    carried = bool(bad[-1]) and carries(telling.said(-1), efforts.get(history.ends[Sort.FAILED][1]))
    if carried and bad.all():
        return _state(history, Standing.BLOCKED, Sort.FAILED, _settled(telling))
    span = _lasting(telling, noise)
    if span is None:
        return None
    sure = span.confirmed is not None or (carried and bool(bad[-SETTLED:].all()))
    found = Standing.BLOCKED if sure else Standing.SUSPECTED
    return _state(history, found, Sort.FAILED, _settled(telling, span.first))


def _lasting(telling: Line, noise: Noise) -> Span | None:
    """The first span of what lasts at the last measurement, a pause of a flapping block included."""
    schedule = schedule_of(telling.times)
    grouped = chains(detect(telling.times, telling.bad, schedule, noise), schedule)
    if not grouped:
        return None
    chain = grouped[-1]
    flaps = len(chain) > 1 and still_flapping(chain, float(telling.times[-1]))
    return chain[0] if chain[-1].after is None or flaps else None


def _settled(telling: Line, first: int = 0) -> Said:
    """The last failure, from place `first` on, with the mechanism that settled: one odd failure is no new method."""
    failed = [i for i in np.flatnonzero(telling.bad).tolist() if i >= first]
    last = phases([Failure(float(telling.times[i]), telling.said(i).mechanism) for i in failed])[-1].mechanism
    return next(telling.said(i) for i in reversed(failed) if telling.said(i).mechanism == last)


def _answered(history: History, spoken: Line, efforts: Mapping[str, Effort]) -> State:
    """How it stands when nothing says that it is cut off: what most of the last few answers say."""
    places = np.flatnonzero(~spoken.bad)[-RECENT:].tolist()
    if not places:
        return _state(history, Standing.FAILED, Sort.FAILED, spoken.said(-1), uncounted=len(spoken.times))
    counted = Counter(spoken.said(i).verdict for i in places)
    most = max(counted.values())
    at = next(i for i in reversed(places) if counted[spoken.said(i).verdict] == most)
    said, sort = spoken.said(at), Sort(int(spoken.sorts[at]))
    found = _BY_VERDICT[said.verdict]
    if most == 1 and not carries(said, efforts.get(history.ends[sort][1])):
        if sort == Sort.DOWN:
            return _without_down(history, spoken)
        found = Standing.OPEN
    return _state(history, found, sort, said, uncounted=_failures(spoken, at))


def _without_down(history: History, spoken: Line) -> State:
    """A lone measurement of a server down that does not count: how it stood before, if anything is known of that."""
    reached = np.flatnonzero(spoken.sorts == Sort.REACHED)
    if not reached.size:
        return _state(history, Standing.FAILED, Sort.DOWN, spoken.said(-1), uncounted=len(spoken.times))
    at = int(reached[-1])
    said = spoken.said(at)
    return _state(history, _BY_VERDICT[said.verdict], Sort.REACHED, said, uncounted=_failures(spoken, at))


def _failures(spoken: Line, after: int) -> int:
    return int((spoken.sorts[after + 1 :] != Sort.REACHED).sum())


def _state(history: History, found: Standing, sort: Sort, said: Said, *, uncounted: int = 0) -> State:
    at, name = history.ends[sort]
    return State(found, said, at, name, len(history), uncounted)
