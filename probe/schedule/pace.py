"""How often each endpoint may be asked, and which are asked sooner. Pure: measurements in, times out.

Three rules. Small servers run by volunteers (instances) are asked at most once per interval, whatever else happens. A
server that asks for patience (429, or Retry-After) gets it, within a bound, for a forged answer may ask too. An
endpoint whose state has just changed is asked again sooner, a few times and never in a hurry, so that the interval in
which the change lies narrows and is confirmed sooner: some censors keep punishing an address for minutes after they saw
a forbidden name (residual blocking, 60 to 180 s), and we want to measure the censor, not our own footprint.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec

from probe.measure.plan import Plan, Task
from probe.model.clock import parse_rfc3339
from probe.model.measurement import Measurement
from probe.model.observation import HTTPRoundTrip
from probe.model.target import TargetKind
from probe.timeline.series import Evidence, evidence_of

LOOKS = 3
"""Measurements that come sooner after a change."""
LEAST_GAP = 180.0
"""Seconds between two measurements of an endpoint that is asked sooner, at least: residual blocking is over by then."""
GAP_SHARE = 0.2
CHANGES_A_DAY = 8
"""Changes a day that bring an endpoint forward: one that flaps does not get the probe to hammer it."""
LEAST_INTERVAL = 60.0
"""Seconds that an interval counts for instances, however short it is."""
LEAST_PATIENCE = 3600.0
PATIENCE_CYCLES = 3
"""A server's wish to be left alone is honoured for at most an hour, or three intervals if those are longer."""
DAY = 86400.0


class Pace(NamedTuple):
    """The rules for one schedule, seconds throughout."""

    every: float
    jitter: float

    @property
    def least(self) -> float:
        """Between two measurements of an instance: the interval (a minute, if it is shorter), less what the start of a
        run may vary."""
        return max(self.every, LEAST_INTERVAL) - self.jitter

    @property
    def gap(self) -> float | None:
        """Between measurements of an endpoint that has just changed; None where the schedule is as dense already."""
        gap = max(LEAST_GAP, self.every * GAP_SHARE)
        return gap if gap <= self.every / 2 else None

    @property
    def patience(self) -> float:
        """The longest that a server's wish is honoured."""
        return max(LEAST_PATIENCE, PATIENCE_CYCLES * self.every)


class Known(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the schedule knows of one endpoint. Times are epoch seconds.

    `last`: when it was measured last; `state` and `since`: its last telling verdict and when that state began (GOOD or
    BAD as the timeline counts); `looks`: how many measurements are still to come sooner; `changes`: those of the last
    day that brought it forward; `wait`: not before; `refusals` in a row.
    """

    last: float
    state: str = ""
    good: bool | None = None
    since: float = 0.0
    looks: int = 0
    changes: tuple[float, ...] = ()
    wait: float = 0.0
    refusals: int = 0


class Change(NamedTuple):
    """An endpoint went from good to bad or back since its last telling measurement. References have no changes."""

    name: str
    was: str
    measurement: Measurement


def fold(known: Known | None, one: Measurement, pace: Pace) -> tuple[Known, Change | None]:
    """What is known after one more measurement, and the change it shows. One that is not newer changes nothing."""
    at = parse_rfc3339(one.time)
    if known is not None and at <= known.last:
        return known, None
    before = known or Known(last=at)
    wait, refusals = _patience(before, one, at, pace)
    kept = msgspec.structs.replace(before, last=at, wait=wait, refusals=refusals, looks=max(0, before.looks - 1))
    says = evidence_of(one.verdict, one.certainty or "", one.control, one.fitness)
    if says is Evidence.VOID or one.kind is TargetKind.REFERENCE:
        return kept, None
    good = says is Evidence.GOOD
    if before.good is good:
        return msgspec.structs.replace(kept, state=one.verdict), None
    kept = msgspec.structs.replace(kept, state=one.verdict, good=good, since=at)
    if before.good is None:
        return kept, None
    changes = tuple(t for t in before.changes if 0 <= at - t < DAY)
    if len(changes) < CHANGES_A_DAY:
        kept = msgspec.structs.replace(kept, looks=LOOKS, changes=(*changes, at))
    return kept, Change(f"{one.target}/{one.endpoint}", before.state, one)


def _patience(before: Known, one: Measurement, at: float, pace: Pace) -> tuple[float, int]:
    """Until when the server is left alone, and how often in a row it has asked for that."""
    asked = [(o.status, _header(o, "retry-after")) for o in one.observations if isinstance(o, HTTPRoundTrip)]
    told = [text for status, text in asked if status == 429 or (status == 503 and text)]
    if not told:
        return 0.0, 0
    seconds = [s for text in told if (s := retry_after(text, at)) is not None]
    wish = max(seconds) if seconds else pace.every * 2.0 ** min(before.refusals + 1, 16)
    return at + min(wish, pace.patience), before.refusals + 1


def _header(page: HTTPRoundTrip, name: str) -> str:
    return next((value for key, value in page.headers if key.lower() == name), "")


def retry_after(text: str, now: float) -> float | None:
    """Seconds from `now` that a Retry-After header asks for (RFC 9110 section 10.2.3: seconds, or an HTTP date)."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        when = parsedate_to_datetime(text)
        return max(0.0, (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError, IndexError):
        return None


Endpoints = Mapping[str, Known]


class Chosen(NamedTuple):
    """The plan of one run, and what it leaves out for now: `(name, reason)`."""

    plan: Plan
    left_out: tuple[tuple[str, str], ...]


def for_cycle(plan: Plan, known: Endpoints, now: float, pace: Pace) -> Chosen:
    """Everything that may be asked at `now`."""
    reasons = {task.name: _reason(task, known.get(task.name), now, pace) for task in plan.tasks}
    tasks = tuple(task for task in plan.tasks if not reasons[task.name])
    return Chosen(plan._replace(tasks=tasks), tuple((name, why) for name, why in reasons.items() if why))


def for_look(plan: Plan, known: Endpoints, now: float, pace: Pace) -> Plan:
    """Only what is to be asked sooner, and is due by `now`. References are measured in every run."""
    due = {name for name, at in looks(plan, known, pace) if at <= now}
    return plan._replace(tasks=tuple(task for task in plan.tasks if task.name in due))


def next_look(plan: Plan, known: Endpoints, pace: Pace) -> float | None:
    """When the next endpoint is to be asked sooner, epoch seconds."""
    return min((at for _, at in looks(plan, known, pace)), default=None)


def looks(plan: Plan, known: Endpoints, pace: Pace) -> Iterable[tuple[str, float]]:
    """The endpoints that are to be asked sooner, and when."""
    gap = pace.gap
    if gap is None:
        return
    for task in plan.tasks:
        one = known.get(task.name)
        if one is not None and one.looks and task.target.kind is not TargetKind.INSTANCE:
            yield task.name, max(one.last + gap, one.wait)


def _reason(task: Task, known: Known | None, now: float, pace: Pace) -> str:
    """Why a task is left out now; empty if it is not. A last measurement in the future is a clock that went back."""
    if known is None or known.last > now:
        return ""
    for why in (_asked_for_patience, _once_per_interval):
        if told := why(task, known, now, pace):
            return told
    return ""


def _asked_for_patience(_task: Task, known: Known, now: float, pace: Pace) -> str:
    left = known.wait - now
    return f"the server asked to be left alone for {left:.0f} s more" if 0 < left <= pace.patience else ""


def _once_per_interval(task: Task, known: Known, now: float, pace: Pace) -> str:
    if task.target.kind is TargetKind.INSTANCE and now - known.last < pace.least:
        return f"measured {now - known.last:.0f} s ago, and instances are asked once per interval"
    return ""
