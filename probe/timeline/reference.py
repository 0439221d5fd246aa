"""The evidence ledger written plainly: one measurement at a time, lists and floats, no numpy. The law, to be read.

`ledger` is the same in arrays and `live` the same with bounded memory; tests hold all three equal on random series.
Slow (quadratic in the number of measurements near a change), and used for nothing but that.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from probe.model.episode import Interval
from probe.timeline.ledger import BLOCK_RATES, DATING, QUANTUM, STRONGEST, Limits, Span
from probe.timeline.noise import Noise
from probe.timeline.posterior import MASS, RATES, TINY_GAP, WEIGHTS


class Series(NamedTuple):
    """Telling measurements in order of time, and what they are judged with."""

    times: Sequence[float]
    bad: Sequence[bool]
    noise: Noise
    limits: Limits
    schedule: float


class Excursion(NamedTuple):
    """Where the ledger rose from zero: it passed `suspected`, stood highest at `peak`, and fell to zero at `over`."""

    suspected: int
    peak: int
    over: int | None
    confirmed: bool


def scan(series: Series) -> list[Span]:
    """All spans, as `ledger.scan` finds them."""
    spans: list[Span] = []
    start = floor = 0
    while start < len(series.bad):
        excursion = next_excursion(series, start)
        if excursion is None:
            break
        spans.append(span := judge(series, excursion, floor))
        standing = excursion.over is None and not excursion.confirmed
        if standing or span.ended is None or span.after is None:
            break
        start, floor = span.ended + 1, span.after + 1
    return spans


def next_excursion(series: Series, start: int) -> Excursion | None:
    """Run the ledger from zero at `start` to the next thing worth telling: an alarm, or a strong suspicion that passed.

    At the last measurement a suspicion that still stands is worth telling as well.
    """
    rates = [float(rate) for rate in BLOCK_RATES]
    ledgers = [0.0] * len(rates)
    suspected, peak, height = start, start, 0.0
    for i in range(start, len(series.bad)):
        before = i > 0 and series.bad[i - 1]
        ledgers = [max(0.0, s + onset_step(series, p, i, before)) for s, p in zip(ledgers, rates, strict=True)]
        score = max(ledgers)
        if score > height:
            if score > series.limits.suspected >= height:
                suspected = i
            peak, height = i, score
        if score > series.limits.confirmed:
            return Excursion(suspected, i, None, confirmed=True)
        if score == 0.0:
            if height > series.limits.kept:
                return Excursion(suspected, peak, i, confirmed=False)
            height = 0.0
    standing = max(ledgers) > series.limits.suspected
    return Excursion(suspected, peak, None, confirmed=False) if standing else None


def onset_step(series: Series, rate: float, i: int, before: bool) -> float:
    """What measurement `i` says for a block that fails at `rate`, against the noise."""
    if not series.bad[i]:
        return rounded(math.log((1 - rate) / (1 - series.noise.start)))
    return rounded(math.log(rate / (series.noise.follow if before else series.noise.start)))


def rounded(value: float) -> float:
    """To a multiple of the QUANTUM."""
    return round(value / QUANTUM) * QUANTUM


def judge(series: Series, excursion: Excursion, floor: int) -> Span:
    """Date an excursion's onset and look for its end."""
    alarm = excursion.peak
    low = max(floor, alarm + 1 - DATING)
    first, _, _ = date_onset(series, floor, low, alarm, alarm + 1)
    ended = excursion.over
    if excursion.confirmed:
        ended = find_end(series, first, alarm)
    elif ended is None and over_now(series, first, alarm):
        ended = len(series.bad) - 1
    after, end, certain_end = None, None, None
    stop = len(series.bad) if excursion.confirmed else alarm + 1
    if ended is not None:
        after, end, certain_end = date_end(series, first, alarm, ended)
        stop = after
    first, onset, certain = date_onset(series, floor, low, alarm, stop)
    confirmed = alarm if excursion.confirmed else None
    return Span(first, excursion.suspected, confirmed, after, ended, onset, certain, end, certain_end)


def find_end(series: Series, first: int, alarm: int) -> int | None:
    """Run the ledger backwards from the alarm until it is sure that the block is over."""
    score = 0.0
    for i in range(alarm + 1, len(series.bad)):
        score = max(0.0, score + end_step(series, first, i))
        if score > series.limits.over:
            return i
    return None


def over_now(series: Series, first: int, peak: int) -> bool:
    """Whether what came after the peak of a standing suspicion speaks as strongly for its end."""
    score = 0.0
    for i in range(peak + 1, len(series.bad)):
        score = max(0.0, score + end_step(series, first, i))
    return score > series.limits.suspected


def end_step(series: Series, first: int, i: int) -> float:
    """What measurement `i` says for the end, against the block as it was from `first` until then."""
    shown = block(series, first, i + 1) - block(series, first, i)
    return rounded(min(quiet(series, i) - shown, STRONGEST))


def quiet(series: Series, i: int) -> float:
    """Log probability of measurement `i` after the one before, while not blocked."""
    failing = series.noise.follow if i > 0 and series.bad[i - 1] else series.noise.start
    return math.log(failing if series.bad[i] else 1 - failing)


def block(series: Series, start: int, stop: int) -> float:
    """Log probability of the measurements `[start, stop)` while blocked, the rates mixed."""
    bad = sum(series.bad[start:stop])
    good = max(stop - start, 0) - bad
    logs = [
        math.log(w) + bad * math.log(p) + good * math.log1p(-p)
        for w, p in zip(WEIGHTS.tolist(), RATES.tolist(), strict=True)
    ]
    top = max(logs)
    return top + math.log(sum(math.exp(value - top) for value in logs))


def date_onset(series: Series, floor: int, low: int, alarm: int, stop: int) -> tuple[int, Interval, Interval]:
    """Index of the first BAD, OBSERVED and CERTAIN, for an onset between `low` and `alarm` and a block up to `stop`."""
    scores, steps = [], []
    for change in range(low, alarm + 1):
        before = sum(quiet(series, i) for i in range(low, change))
        tail = max(stop, alarm + 1)
        lasting = block(series, change, tail) if stop > alarm else block(series, change, alarm + 1)
        scores.append(before + lasting)
        if series.bad[change] and not (change > 0 and series.bad[change - 1]):
            steps.append(change)
    return dated(series, floor, low, scores, steps)


def date_end(series: Series, first: int, alarm: int, ended: int) -> tuple[int, Interval, Interval]:
    """Index of the first GOOD after the block, OBSERVED and CERTAIN, for an end between `alarm` and `ended`."""
    low = max(alarm + 1, ended + 1 - DATING)
    share = series.noise.share
    scores, steps = [], []
    for change in range(low, ended + 1):
        fresh = math.log(share if series.bad[change] else 1 - share)
        after = sum(quiet(series, i) for i in range(change + 1, ended + 1))
        scores.append(block(series, first, change) + fresh + after)
        if not series.bad[change] and series.bad[change - 1]:
            steps.append(change)
    return dated(series, alarm + 1, low, scores, steps)


def dated(
    series: Series, floor: int, low: int, scores: list[float], steps: list[int]
) -> tuple[int, Interval, Interval]:
    """OBSERVED at the likeliest step; CERTAIN: the shortest run of whole gaps that holds MASS of the posterior."""
    times, n = series.times, len(scores)
    best = max(steps, key=lambda step: scores[step - low])
    left = [times[i - 1] if i else times[0] - series.schedule for i in range(low, low + n)]
    right = list(times[low : low + n])
    top = max(s + math.log(max(b - a, TINY_GAP)) for s, a, b in zip(scores, left, right, strict=True))
    mass = [max(b - a, TINY_GAP) * math.exp(s - top) for s, a, b in zip(scores, left, right, strict=True)]
    whole = sum(mass)
    runs = []
    for i in range(n):
        held = 0.0
        for j in range(i, n):
            held += mass[j] / whole
            if held >= MASS - 1e-12:
                runs.append((right[j] - left[i], held, i, j))
                break
    least = min(run[0] for run in runs)
    _, _, i, j = max((run for run in runs if run[0] <= least + series.schedule / 2), key=lambda run: run[1])
    i, j = min(i, best - low), max(j, best - low)
    begins: list[float | None] = list(left)
    if low == 0:
        begins[0] = None
    since = times[floor - 1] if floor else None
    certain = Interval(begins[i] if i or low == floor else since, right[j])
    return best, Interval(begins[best - low], right[best - low]), certain
