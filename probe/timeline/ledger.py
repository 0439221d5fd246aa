"""The evidence ledger as one array kernel: failures and times in, blocked spans out. Pure, linear, no Python per row.

Each BAD adds `log(p1/a)`, or `log(p1/q)` after a BAD; each GOOD subtracts `log((1-a)/(1-p1))`; the sum never falls
below zero. It is kept for a partial and for a complete block, and the higher counts. Above `Limits.suspected` a block
is suspected, above `Limits.confirmed` confirmed. While blocked the ledger runs backwards: what speaks for the end is
how much likelier each measurement is under the noise than under the rates the block itself has shown. VOID measurements
are left out before; dating a change is the work of `posterior`.

In array form: `X = cumsum(increments)`, `S = X - min(0, minimum.accumulate(X))`, first `S > H`, jump, repeat. The
increments are rounded to multiples of 2^-20, so every sum is exact and array, plain and live form agree to the bit.
"""

from typing import NamedTuple

import numpy as np

from probe.model.episode import Interval
from probe.timeline.noise import Bools, Noise
from probe.timeline.posterior import Change, Floats, Window, block_likelihood, date_end, date_onset, noise_likelihood

BLOCK_RATES = np.array([0.6, 0.985])
"""p1: how often a block is expected to fail. The ledger is kept for each and the higher one counts: 0.6 finds partial
blocks soonest, 0.985 complete ones, above all where failures come in bursts and one more says little."""

STRONGEST = 5.5
"""No single measurement counts for more nats than this towards an end: it takes three at least, as for an onset."""

QUANTUM = 2.0**-20

DATING = 256
"""How many measurements before the alarm are weighed when a change is dated; a bound, so that live state is O(1)."""

FIRST_CHUNK = 256


class Limits(NamedTuple):
    """How much evidence, in nats, it takes. An end asks for less than an onset: only blocked time can err there, and
    calling a block over too early is the smaller error.

    A block is `suspected`, a suspicion that passed was strong enough to be `kept`, a block is `confirmed`, is `over`.
    """

    suspected: float = 6.0
    kept: float = 10.0
    confirmed: float = 14.0
    over: float = 12.0


CONFIRMED = ((12 * 60.0, 18.5), (2 * 3600.0, 17.0))
"""Schedules of at most so many seconds (10 min and 1 h, with jitter) ask for so much: they roll the dice more often."""


def limits_for(schedule: float) -> Limits:
    """The limits for a schedule in seconds: confirmed at 14; at 17 if hourly, at 18.5 if 10 min or denser."""
    return next((Limits(confirmed=high) for longest, high in CONFIRMED if schedule <= longest), Limits())


class Span(NamedTuple):
    """A blocked stretch, by index into the telling (GOOD or BAD) measurements, and its intervals in time.

    `first`: its first BAD. `suspected`, `confirmed`: where the ledger passed its limits (`confirmed` None: it did not).
    `after`: the first GOOD after it, `ended`: where that was certain enough; None while it lasts.
    """

    first: int
    suspected: int
    confirmed: int | None
    after: int | None
    ended: int | None
    onset: Interval
    certain_onset: Interval
    end: Interval | None
    certain_end: Interval | None


class Passage(NamedTuple):
    """Where the ledger went, before any dating: it passed `suspected`, stood highest or confirmed at `alarm`.

    `ended`: where the block was seen to be over (the ledger run backwards), or a suspicion had passed (at zero again).
    """

    suspected: int
    alarm: int
    ended: int | None
    confirmed: bool


class Readings(NamedTuple):
    """One series of telling measurements and what it is judged with. `times` ascend, epoch seconds."""

    times: Floats
    bad: Bools
    noise: Noise
    limits: Limits
    schedule: float


class Heights(NamedTuple):
    """How high a ledger stands in nats: at most, and after the last measurement."""

    top: float
    last: float


def scan(readings: Readings) -> list[Span]:
    """All spans of one series: the confirmed ones, suspicions that passed but were strong, one standing at the end."""
    top, last = heights(readings)
    if top <= min(readings.limits.kept, readings.limits.confirmed) and last <= readings.limits.suspected:
        return []
    rising = onset_increments(readings.bad, readings.noise)
    spans: list[Span] = []
    start = floor = 0
    nothing = np.zeros(rising.shape[0])
    while start < rising.shape[1]:
        alarm = _crossing(rising, start, readings.limits.confirmed)
        ledger = highest(run(rising[:, start : None if alarm is None else alarm + 1], nothing))
        for passage in _passages(ledger, start, readings.limits, alarm):
            spans.append(span := _span(readings, floor, passage))
            if span.ended is None or span.after is None:
                return spans
            start, floor = span.ended + 1, span.after + 1
        if alarm is None:
            break
    return spans


def heights(readings: Readings) -> Heights:
    """How high the ledger stands at most, and at the end, were it never begun anew.

    It is run over the BAD ones and over what passes between them, for it stands highest at the end of either: most
    series are quiet and fail rarely, so this spares most of the work.
    """
    edges = np.concatenate(([-1], np.flatnonzero(readings.bad), [readings.bad.size]))
    passes = edges[1:] - edges[:-1] - 1
    follows = passes[:-1] == 0
    follows[:1] = False
    begun, followed, good = onset_steps(readings.noise).T[:, :, None]
    rising = np.empty((good.size, passes.size + follows.size))
    rising[:, 0::2], rising[:, 1::2] = good * passes, np.where(follows, followed, begun)
    ledger = highest(run(rising, np.zeros(good.size)))
    return Heights(float(ledger.max()), float(ledger[-1]))


def _passages(ledger: Floats, start: int, limits: Limits, alarm: int | None) -> list[Passage]:
    """What one open stretch holds, in order of time: suspicions that passed, then the alarm or a standing suspicion."""
    zeros = np.concatenate(([-1], np.flatnonzero(ledger == 0.0), [ledger.size]))
    strong = np.flatnonzero(ledger > limits.kept)
    found = []
    for at in np.unique(np.searchsorted(zeros, strong)).tolist():
        if zeros[at] < ledger.size:
            found.append(_passage(ledger, start, int(zeros[at - 1]) + 1, int(zeros[at]), limits))
    if alarm is not None:
        last = _passage(ledger, start, int(zeros[-2]) + 1, ledger.size, limits)
        found.append(last._replace(alarm=alarm, ended=None, confirmed=True))
    elif ledger.size and ledger[-1] > limits.suspected:
        found.append(_passage(ledger, start, int(zeros[-2]) + 1, ledger.size, limits)._replace(ended=None))
    return found


def _passage(ledger: Floats, start: int, low: int, high: int, limits: Limits) -> Passage:
    """The excursion `[low, high)` of the ledger, which fell back to zero at `high`."""
    part = ledger[low:high]
    suspected = int(np.argmax(part > limits.suspected))
    return Passage(start + low + suspected, start + low + int(part.argmax()), start + high, confirmed=False)


def onset_increments(bad: Bools, noise: Noise) -> Floats:
    """What each measurement adds to the ledger while not blocked: one row for each of BLOCK_RATES."""
    before = np.concatenate(([False], bad[:-1]))
    kinds = np.where(bad, np.where(before, 1, 0), 2)
    return onset_steps(noise)[:, kinds]


def onset_steps(noise: Noise) -> Floats:
    """What a BAD after a GOOD, a BAD after a BAD, and a GOOD add: one row for each of BLOCK_RATES."""
    rates = BLOCK_RATES
    return quantised(np.log([rates / noise.start, rates / noise.follow, (1 - rates) / (1 - noise.start)]).T)


def quantised(values: Floats) -> Floats:
    """Rounded to a multiple of 2^-20: sums of such numbers are exact in float64."""
    rounded: Floats = np.round(values / QUANTUM) * QUANTUM
    return rounded


def _crossing(increments: Floats, start: int, limit: float) -> int | None:
    """First index from `start` where the ledger, zero before `start`, stands above `limit`. In growing chunks."""
    carry, chunk = np.zeros(increments.shape[0]), FIRST_CHUNK
    while start < increments.shape[1]:
        ledger = run(increments[:, start : start + chunk], carry)
        above = np.flatnonzero(highest(ledger) > limit)
        if above.size:
            return start + int(above[0])
        carry, start, chunk = ledger[:, -1], start + chunk, chunk * 2
    return None


def run(increments: Floats, carry: Floats) -> Floats:
    """The ledgers after each measurement, a row each: sums that never fall below zero, begun at `carry`."""
    sums = np.cumsum(increments, axis=1) + carry[:, None]
    lows: Floats = np.minimum(np.minimum.accumulate(sums, axis=1), 0.0)
    return sums - lows


def highest(ledgers: Floats) -> Floats:
    """The higher of the ledgers after each measurement (pairwise: numpy's `max` over a short axis is slow)."""
    top: Floats = ledgers[0]
    for other in ledgers[1:]:
        top = np.maximum(top, other)
    return top


def _span(readings: Readings, floor: int, passage: Passage) -> Span:
    """The passage dated; if it was confirmed, its end is looked for as well."""
    times, bad, noise, limits, schedule = readings
    window, low = _window(times, bad, floor, passage.alarm)
    first = low + date_onset(window, (0, 0), noise, schedule).at
    ended = passage.ended
    if passage.confirmed:
        ended = _find_end(bad, noise, first, passage.alarm, limits.over)
    elif ended is None:
        ended = _over_now(readings, first, passage.alarm)
    end: Change | None = None
    after = None
    stop = bad.size if passage.confirmed else passage.alarm + 1
    if ended is not None:
        free, at = _window(times, bad, passage.alarm + 1, ended)
        end = date_end(free, _counts(bad, first, at), noise, schedule)
        stop = after = at + end.at
    onset = date_onset(window, _counts(bad, passage.alarm + 1, stop), noise, schedule)
    return Span(
        first=low + onset.at,
        suspected=passage.suspected,
        confirmed=passage.alarm if passage.confirmed else None,
        after=after,
        ended=ended,
        onset=onset.observed,
        certain_onset=onset.certain,
        end=end and end.observed,
        certain_end=end and end.certain,
    )


def _find_end(bad: Bools, noise: Noise, first: int, alarm: int, limit: float) -> int | None:
    """Where the ledger run backwards from `alarm` passes `limit`: how sure we are that the block is over."""
    failed, passed = _counts(bad, first, alarm + 1)
    start, carry, chunk = alarm + 1, np.zeros(1), FIRST_CHUNK
    while start < bad.size:
        piece = bad[start : start + chunk]
        falling = end_increments(piece, bool(bad[start - 1]), noise, failed, passed)
        ledger = run(falling[None, :], carry)
        above = np.flatnonzero(ledger[0] > limit)
        if above.size:
            return start + int(above[0])
        more = int(piece.sum())
        failed, passed = failed + more, passed + piece.size - more
        carry, start, chunk = ledger[:, -1], start + chunk, chunk * 2
    return None


def _over_now(readings: Readings, first: int, peak: int) -> int | None:
    """The last index, if what came after the peak of a standing suspicion speaks as strongly for its end."""
    bad = readings.bad
    falling = end_increments(bad[peak + 1 :], True, readings.noise, *_counts(bad, first, peak + 1))
    if not falling.size or run(falling[None, :], np.zeros(1))[0, -1] <= readings.limits.suspected:
        return None
    return bad.size - 1


def end_increments(bad: Bools, before_bad: bool, noise: Noise, failed: int, passed: int) -> Floats:
    """What each measurement adds to the ledger while blocked: log P(it | noise) - log P(it | the block so far).

    `failed` and `passed` count the episode's measurements before these; `before_bad`: the last of them was BAD.
    """
    failures = failed + np.concatenate(([0], np.cumsum(bad))).astype(np.float64)
    passes = passed + np.concatenate(([0], np.cumsum(~bad))).astype(np.float64)
    block = np.diff(block_likelihood(failures, passes))
    return quantised(np.minimum(noise_likelihood(bad, before_bad, noise) - block, STRONGEST))


def _window(times: Floats, bad: Bools, floor: int, alarm: int) -> tuple[Window, int]:
    """The measurements in which a change confirmed at `alarm` is looked for, and the index of the first."""
    low = max(floor, alarm + 1 - DATING)
    edge = float(times[low - 1]) if low else None
    since = float(times[floor - 1]) if floor else None
    part = slice(low, alarm + 1)
    return Window(times[part], bad[part], edge, bool(low and bad[low - 1]), low == floor, since), low


def _counts(bad: Bools, start: int, stop: int) -> tuple[int, int]:
    """How many BAD and GOOD in `[start, stop)`."""
    failed = int(bad[start:stop].sum())
    return failed, max(stop - start, 0) - failed
