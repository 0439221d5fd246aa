"""The ledger for watching: one measurement at a time, bounded memory per series, a state that survives a restart.

`State` is plain data (`msgspec` encodes it, floats exactly); feeding it the telling measurements of a series in order
of time gives the spans that `ledger.scan` finds in the same rows with the same noise. A late row changes the past: it
is refused, and the caller replays the series from the store.
"""

from enum import StrEnum

import msgspec
import numpy as np

from probe.timeline.ledger import DATING, Limits, Span, end_increments, onset_steps
from probe.timeline.noise import Noise
from probe.timeline.posterior import Floats, Window, date_end, date_onset


class News(StrEnum):
    """What one measurement changed."""

    NOTHING = ""
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    OVER = "over"
    PASSED = "passed"
    LATE = "late"


class Ring(msgspec.Struct):
    """The latest DATING measurements at most. `low` is the index of the first; `edge` the time of the one before it."""

    low: int = 0
    times: list[float] = []
    bad: list[bool] = []
    edge: float | None = None
    edge_bad: bool = False

    def push(self, time: float, bad: bool) -> None:
        """Take one more, let the oldest go."""
        self.times.append(time)
        self.bad.append(bad)
        if len(self.times) > DATING:
            self.drop(1)

    def drop(self, count: int) -> None:
        """Forget the oldest `count`."""
        if count:
            self.edge, self.edge_bad = self.times[count - 1], self.bad[count - 1]
            self.times, self.bad, self.low = self.times[count:], self.bad[count:], self.low + count

    def counts(self, stop: int | None = None) -> tuple[int, int]:
        """BAD and GOOD among the first `stop`."""
        part = self.bad[:stop]
        return sum(part), len(part) - sum(part)

    def copy(self) -> "Ring":
        """A copy that later pushes leave alone."""
        return Ring(self.low, list(self.times), list(self.bad), self.edge, self.edge_bad)


class State(msgspec.Struct):
    """All that is kept of one series: at most three rings of DATING measurements, whatever its length.

    `scores`: the ledgers; `floor`: where the present stretch begins, `since` the time just before. During an excursion
    `top` holds the measurements up to its peak, `later` those after; `failed` and `passed` count after the peak.
    """

    noise: Noise
    limits: Limits
    schedule: float
    seen: int = 0
    blocked: bool = False
    scores: list[float] = []
    last: float | None = None
    last_bad: bool = False
    floor: int = 0
    since: float | None = None
    ring: Ring = msgspec.field(default_factory=Ring)
    height: float = 0.0
    suspected: int = 0
    top: Ring | None = None
    later: Ring = msgspec.field(default_factory=Ring)
    failed: int = 0
    passed: int = 0
    first: int = 0
    over: float = 0.0


def begin(noise: Noise, limits: Limits, schedule: float) -> State:
    """The state of a series not yet measured."""
    return State(noise, limits, schedule, scores=[0.0] * onset_steps(noise).shape[0])


def feed(state: State, time: float, bad: bool) -> tuple[News, Span | None]:
    """Take one GOOD or BAD measurement. The span comes with OVER and PASSED, final; for others ask `present`."""
    if state.last is not None and time < state.last:
        return News.LATE, None
    news = _while_blocked(state, time, bad) if state.blocked else _while_open(state, time, bad)
    state.last, state.last_bad, state.seen = time, bad, state.seen + 1
    return news


def at_rest(state: State) -> bool:
    """Whether nothing stands against the endpoint: not blocked, and the ledger at zero."""
    return not state.blocked and max(state.scores) == 0.0


def retune(state: State, noise: Noise, limits: Limits, schedule: float) -> bool:
    """Judge what comes by another noise and schedule, if the series is at rest: a sum is never made of two measures.

    Between two retunes that took effect the spans are those of `ledger.scan`.
    """
    if at_rest(state):
        state.noise, state.limits, state.schedule = noise, limits, schedule
        return True
    return False


def set_back(state: State, time: float) -> None:
    """The clock was set back to `time`: measurements that seem to come after it came before, so none is later than it.

    For callers that trust the order of arrival more than the clock; `feed` alone refuses what is late.
    """
    for ring in (state.ring, state.later, *([state.top] if state.top is not None else [])):
        ring.times = [min(each, time) for each in ring.times]
        ring.edge = None if ring.edge is None else min(ring.edge, time)
    state.since = None if state.since is None else min(state.since, time)
    state.last = None if state.last is None else min(state.last, time)


def present(state: State) -> Span | None:
    """The span that lasts, or the suspicion that stands, as of the last measurement."""
    if state.top is None or not (state.blocked or max(state.scores) > state.limits.suspected):
        return None
    if state.blocked:
        return _span(state, None, (state.failed, state.passed), confirmed=True)
    return _standing(state)


def _while_open(state: State, time: float, bad: bool) -> tuple[News, Span | None]:
    kind = (1 if state.last_bad and state.seen else 0) if bad else 2
    steps = onset_steps(state.noise)[:, kind].tolist()
    state.scores = [max(0.0, score + step) for score, step in zip(state.scores, steps, strict=True)]
    score = max(state.scores)
    state.ring.push(time, bad)
    _after_peak(state, time, bad)
    news = News.NOTHING
    if score > state.height:
        if score > state.limits.suspected >= state.height:
            state.suspected, news = state.seen, News.SUSPECTED
        state.height = score
        if score > state.limits.suspected:
            _peak(state)
    if score > state.limits.confirmed:
        _block(state)
        return News.CONFIRMED, None
    if score == 0.0:
        return _passed(state)
    return news, None


def _after_peak(state: State, time: float, bad: bool) -> None:
    """Count what comes after the alarm or the peak of a suspicion."""
    if state.top is not None:
        state.later.push(time, bad)
        state.failed, state.passed = state.failed + bad, state.passed + (not bad)


def _peak(state: State) -> None:
    """The highest point so far: what was measured up to here is where the onset lies."""
    state.top = state.ring.copy()
    state.later = Ring(state.seen + 1, [], [], state.ring.times[-1], state.ring.bad[-1])
    state.failed = state.passed = 0


def _passed(state: State) -> tuple[News, Span | None]:
    """The ledger is at zero again; a suspicion that was strong is told."""
    strong = state.height > state.limits.kept
    span = _span(state, state.seen, (0, 0), confirmed=False) if strong else None
    state.height, state.top = 0.0, None
    if span is None:
        return News.NOTHING, None
    _reopen(state, span)
    return News.PASSED, span


def _block(state: State) -> None:
    state.blocked, state.over = True, 0.0
    assert state.top is not None  # noqa: S101  # an alarm is above `suspected`, so it has just been a peak
    state.first = _first(state, state.top)
    state.ring = Ring()


def _while_blocked(state: State, time: float, bad: bool) -> tuple[News, Span | None]:
    assert state.top is not None  # noqa: S101  # set when the block was confirmed
    inside = _inside(state, state.top)
    step = end_increments(np.array([bad]), state.last_bad, state.noise, *inside)
    _after_peak(state, time, bad)
    state.over = max(0.0, state.over + float(step[0]))
    if state.over <= state.limits.over:
        return News.NOTHING, None
    span = _span(state, state.seen, (0, 0), confirmed=True)
    state.blocked, state.height, state.scores = False, 0.0, [0.0] * len(state.scores)
    _reopen(state, span)
    state.top = None
    return News.OVER, span


def _reopen(state: State, span: Span) -> None:
    """Start the next stretch after a span: what was measured since its end is where the next onset may lie."""
    assert span.after is not None  # noqa: S101  # only spans that are over come here
    state.ring = state.later.copy()
    state.ring.drop(span.after + 1 - state.ring.low)
    state.floor, state.since = span.after + 1, state.ring.edge


def _standing(state: State) -> Span:
    """A suspicion at the last measurement, over if what came after its peak says so."""
    assert state.top is not None  # noqa: S101  # `present` has asked
    first = _first(state, state.top)
    bad = np.array(state.later.bad, dtype=np.bool_)
    low = state.top.low
    failed, passed = state.top.counts()
    skipped, skipped_good = state.top.counts(first - low)
    steps = end_increments(bad, True, state.noise, failed - skipped, passed - skipped_good)
    score = 0.0
    for step in steps.tolist():
        score = max(0.0, score + step)
    over = score > state.limits.suspected
    return _span(state, state.seen - 1 if over else None, (0, 0), confirmed=False)


def _first(state: State, top: Ring) -> int:
    """Index of the first BAD as it looked at the alarm or peak."""
    return top.low + date_onset(_window(top, state.floor, state.since), (0, 0), state.noise, state.schedule).at


def _inside(state: State, top: Ring) -> tuple[int, int]:
    """BAD and GOOD from the first BAD up to now."""
    failed, passed = top.counts()
    skipped, skipped_good = top.counts(state.first - top.low)
    return failed - skipped + state.failed, passed - skipped_good + state.passed


def _span(state: State, ended: int | None, tail: tuple[int, int], *, confirmed: bool) -> Span:
    """Date the excursion in `state.top`, and its end if it has `ended`."""
    top, later = state.top, state.later
    assert top is not None  # noqa: S101  # callers have seen it
    end, after = None, None
    if ended is not None:
        first = state.first if confirmed else _first(state, top)
        inside = top.counts()
        skipped = top.counts(first - top.low)
        gone = _gone(state)
        head = inside[0] - skipped[0] + gone[0], inside[1] - skipped[1] + gone[1]
        free = later.copy()
        free.times, free.bad = later.times[: ended + 1 - later.low], later.bad[: ended + 1 - later.low]
        alarm = top.low + len(top.times) - 1
        end = date_end(_window(free, alarm + 1, top.times[-1]), head, state.noise, state.schedule)
        after = later.low + end.at
        within = later.counts(after - later.low)
        tail = gone[0] + within[0], gone[1] + within[1]
    onset = date_onset(_window(top, state.floor, state.since), tail, state.noise, state.schedule)
    return Span(
        first=top.low + onset.at,
        suspected=state.suspected,
        confirmed=top.low + len(top.times) - 1 if confirmed else None,
        after=after,
        ended=ended,
        onset=onset.observed,
        certain_onset=onset.certain,
        end=end and end.observed,
        certain_end=end and end.certain,
    )


def _gone(state: State) -> tuple[int, int]:
    """BAD and GOOD after the peak that the ring has let go."""
    failed, passed = state.later.counts()
    return state.failed - failed, state.passed - passed


def _window(ring: Ring, floor: int, since: float | None) -> Window:
    times: Floats = np.array(ring.times, dtype=np.float64)
    bad = np.array(ring.bad, dtype=np.bool_)
    return Window(times, bad, ring.edge, ring.edge_bad, ring.low == floor, since)
