"""Where one change point lies, and how surely: the exact posterior behind OBSERVED and CERTAIN intervals.

Knows arrays of times and failures around one change; which change to date is the work of `ledger`. The prior is flat
in time, so the gap between two measurements weighs as long as it lasts, and VOID and missing measurements widen the
answer by themselves. Before an onset failures follow the noise (a Markov chain of order one), after it they come at
one of a few rates, mixed; for an end it is the other way round.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.episode import Interval
from probe.timeline.noise import Bools, Noise

Floats = NDArray[np.float64]

RATES = np.array([0.6, 0.75, 0.9, 0.985, 0.998, 0.9999])
WEIGHTS = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.5])
"""How often a blocked endpoint fails, and how much each is believed beforehand: half of all blocks leak nothing.

The five rates of DESIGN section 8.4 alone cannot give two gaps at 99.9 %: they let a blocked endpoint be reached once
in 500 measurements, so the gap before the last GOOD always keeps more than 0.1 %."""

LOG_BAD, LOG_GOOD, LOG_WEIGHT = np.log(RATES), np.log1p(-RATES), np.log(WEIGHTS)

MASS = 0.999
"""How probable the CERTAIN interval must be."""

TINY_GAP = 1e-3
"""Seconds a gap weighs at least, so that two measurements of one instant do not exclude each other."""


class Change(NamedTuple):
    """A dated change: place (in the window given) of the first measurement after it, OBSERVED and CERTAIN interval."""

    at: int
    observed: Interval
    certain: Interval


class Window(NamedTuple):
    """The measurements around a change, in order of time, and what is known of those just outside.

    `edge`: time of the measurement before the first (None: there is none). `whole`: the window reaches back as far as
    the change can lie; otherwise it may lie anywhere since `since`.
    """

    times: Floats
    bad: Bools
    edge: float | None
    before_bad: bool
    whole: bool
    since: float | None


def block_likelihood(bad: Floats, good: Floats) -> Floats:
    """Log probability of counts of failures and successes in some order while blocked, the rates mixed."""
    terms = LOG_WEIGHT + np.multiply.outer(bad, LOG_BAD) + np.multiply.outer(good, LOG_GOOD)
    top: Floats = terms.max(axis=-1)
    rest: Floats = np.log(np.exp(terms - top[..., None]).sum(axis=-1))
    return top + rest


def noise_likelihood(bad: Bools, before_bad: bool, noise: Noise) -> Floats:
    """Log probability of each measurement given the one before, while not blocked."""
    table = np.log([1 - noise.start, noise.start, 1 - noise.follow, noise.follow])
    before = np.concatenate(([before_bad], bad[:-1]))
    return table[2 * before.astype(np.intp) + bad]


def date_onset(window: Window, tail: tuple[int, int], noise: Noise, schedule: float) -> Change:
    """Date an onset that lies in the window, whose last measurement is blocked.

    `tail` counts (BAD, GOOD) measured after the window and still in the episode; `schedule` is the usual gap in
    seconds, which also weighs for "before the first measurement". The index is at the likeliest step from GOOD to BAD.
    """
    bad = window.bad
    quiet = np.concatenate(([0.0], np.cumsum(noise_likelihood(bad, window.before_bad, noise))[:-1]))
    failed = tail[0] + np.cumsum(bad[::-1])[::-1]
    passed = tail[1] + np.cumsum(~bad[::-1])[::-1]
    score = quiet + block_likelihood(failed.astype(np.float64), passed.astype(np.float64))
    steps = bad & ~np.concatenate(([window.before_bad and window.edge is not None], bad[:-1]))
    return _dated(window, score, steps, schedule)


def date_end(window: Window, head: tuple[int, int], noise: Noise, schedule: float) -> Change:
    """Date an end that lies in the window, whose last measurement is free again.

    `head` counts (BAD, GOOD) of the episode before the window. The index is at the likeliest step from BAD to GOOD.
    """
    bad = window.bad
    failed = head[0] + np.concatenate(([0], np.cumsum(bad)[:-1]))
    passed = head[1] + np.concatenate(([0], np.cumsum(~bad)[:-1]))
    first = np.where(bad, np.log(noise.share), np.log1p(-noise.share))
    later = noise_likelihood(bad, window.before_bad, noise)
    quiet = first + np.concatenate((np.cumsum(later[:0:-1])[::-1], [0.0]))
    score = quiet + block_likelihood(failed.astype(np.float64), passed.astype(np.float64))
    steps = ~bad & np.concatenate(([window.before_bad], bad[:-1]))
    return _dated(window, score, steps, schedule)


def _dated(window: Window, score: Floats, steps: Bools, schedule: float) -> Change:
    """OBSERVED at the best of `steps`, CERTAIN around it. `score[i]`: log likelihood of a change before `i`."""
    index = int(np.where(steps, score, -np.inf).argmax())
    first = window.times[0] - schedule if window.edge is None else window.edge
    left = np.concatenate(([first], window.times[:-1]))
    score = score + np.log(np.maximum(window.times - left, TINY_GAP))
    mass = np.exp(score - score.max())
    low, high = shortest(mass / mass.sum(), left, window.times, schedule / 2)
    low, high = min(low, index), max(high, index)
    begins: list[float | None] = left.tolist()
    if window.edge is None:
        begins[0] = None
    certain = Interval(begins[low] if low or window.whole else window.since, float(window.times[high]))
    return Change(index, Interval(begins[index], float(window.times[index])), certain)


def shortest(mass: Floats, left: Floats, right: Floats, slack: float) -> tuple[int, int]:
    """First and last of the neighbouring gaps `(left, right]` that hold MASS in the least time, whole gaps only.

    Of those within `slack` seconds of the least (jitter makes no two alike) the one that holds most.
    """
    total = np.cumsum(mass)
    before = total - mass
    reach = np.searchsorted(total, before + MASS - 1e-12)
    lows = np.flatnonzero(reach < mass.size)
    if not lows.size:
        return 0, mass.size - 1
    highs = reach[lows]
    length = right[highs] - left[lows]
    held = np.where(length <= length.min() + slack, total[highs] - before[lows], 0.0)
    best = int(held.argmax())
    return int(lows[best]), int(highs[best])
