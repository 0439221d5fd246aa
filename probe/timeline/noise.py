"""A vantage's ordinary flakiness as two numbers, learnt from quiet time. Knows nothing of blocks or clocks.

`start` (a) is how often a failure starts after a success, `follow` (q) how often a failure follows a failure. They are
learnt per vantage as a prior and refined per series (DESIGN section 8.2). A run of three or more failures never
teaches: it may be the block itself. Both estimators therefore are those of runs cut at two, so nothing is biased by
leaving the long ones out:

    P(run = 1) : P(run = 2) = 1 : q     hence q = twos / ones
    P(run <= 2) = 1 - q^2               hence a = (ones + twos) / (1 - q^2) / chances
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

CHUNK = 96
"""Measurements in one piece of a series when the quietest part of it is looked for."""

MIN_CHUNKS = 4
START_RANGE = (0.003, 0.3)
FOLLOW_RANGE = (0.01, 0.55)
"""Bounds on the two numbers. The lower ones keep a confirmation from ever resting on fewer than three failures, the
upper ones keep a failure from ever counting for the open state: the lowest block rate considered is 0.6."""

ORDINARY = 0.35
"""A series whose short runs alone make up a larger share teaches nothing: that is no flakiness but a partial block."""

START_WEIGHT = 100.0
FOLLOW_WEIGHT, LEARNT_WEIGHT = 10.0, 50.0
"""How many chances, and how many runs, the prior is worth beside the series' own; more runs once it was learnt."""


class Noise(msgspec.Struct, frozen=True):
    """Probability that a failure starts after a success, and that a failure follows a failure, while not blocked.

    `learnt`: from a vantage, so that it is worth more as a prior than an assumption.
    """

    start: float = 0.02
    follow: float = 0.1
    learnt: bool = False

    @property
    def share(self) -> float:
        """The share of failures in the long run (the chain's stationary state)."""
        return self.start / (1.0 - self.follow + self.start)


DEFAULT = Noise()
"""What is assumed of a vantage of which nothing is known."""


class Quiet(NamedTuple):
    """What was counted: measurements after a success, and runs of exactly one and exactly two failures."""

    chances: float
    ones: float
    twos: float


def learn(series: Iterable[Bools], prior: Noise = DEFAULT) -> Noise:
    """The noise of one vantage from its endpoints: the median endpoint's `start`, and `follow` pooled.

    Each element has, in order of time, one bool for every GOOD (False) and BAD (True); VOID is left out. The median
    keeps a minority of partly blocked endpoints from teaching. Without any measurement the prior comes back.
    """
    counted = [count(bad) for bad in series if bad.size]
    if not counted:
        return prior
    single = [_estimate(quiet, prior).start for quiet in counted]
    middle = float(np.median(single))
    calm = [quiet for quiet, start in zip(counted, single, strict=True) if start <= 1.5 * middle]
    follow = _follow(sum(quiet.ones for quiet in calm), sum(quiet.twos for quiet in calm), prior)
    return msgspec.structs.replace(bounded(middle, follow), learnt=True)


def refine(bad: Bools, prior: Noise, open_time: Bools | None = None) -> Noise:
    """The noise of one series, from the measurements where `open_time` holds (all if None) and its vantage's prior."""
    return _estimate(count(bad, open_time), prior)


def refine_quietest(bad: Bools, prior: Noise) -> Noise:
    """A first guess that a block in up to three quarters of the series does not spoil: from its quietest quarter.

    The quarter is picked by its count of failures, so these are too few by about 1.27 standard deviations of a Poisson
    count (the mean of a normal's lowest quarter); that is put back.
    """
    pieces = bad.size // CHUNK
    if pieces < MIN_CHUNKS:
        return refine(bad, prior)
    counted = sorted((count(piece) for piece in np.array_split(bad, pieces)), key=_start_rate)
    quarter = counted[: (pieces + 3) // 4]
    chances = sum(quiet.chances for quiet in quarter)
    ones, twos = sum(quiet.ones for quiet in quarter), sum(quiet.twos for quiet in quarter)
    mean = (ones + twos) / len(quarter)
    back = (0.636 + (0.404 + mean) ** 0.5) ** 2 / mean if mean else 1.0
    return _estimate(Quiet(chances, ones * back, twos * back), prior)


def count(bad: Bools, open_time: Bools | None = None) -> Quiet:
    """Count chances and short runs. A run at either edge may be the part of a longer one and does not teach."""
    edges = np.diff(bad.astype(np.int8))
    begins = np.flatnonzero(edges == 1) + 1
    ends = np.flatnonzero(edges == -1) + 1
    if bad.size and bad[0]:
        ends = ends[1:]
    lengths = ends - begins[: ends.size]
    begins = begins[: ends.size]
    after_success = ~bad[:-1]
    long_runs = int((lengths > 2).sum()) + int(bool(bad.size > 1 and bad[-1]))
    if open_time is not None:
        after_success = after_success & open_time[1:]
        known = open_time[begins]
        begins, lengths = begins[known], lengths[known]
        long_runs = int((lengths > 2).sum())
    chances = int(after_success.sum()) - long_runs
    return Quiet(max(chances, 0), int((lengths == 1).sum()), int((lengths == 2).sum()))


def bounded(start: float, follow: float) -> Noise:
    """Within START_RANGE and FOLLOW_RANGE, and a failure never less likely after a failure than after a success."""
    low, high = START_RANGE
    start = min(max(start, low), high)
    low, high = FOLLOW_RANGE
    return Noise(start, min(max(follow, low, start), high))


def _estimate(quiet: Quiet, prior: Noise) -> Noise:
    """The prior refined by what was counted, unless that is no ordinary flakiness."""
    failures = quiet.ones + 2 * quiet.twos
    if failures > ORDINARY * (quiet.chances + failures):
        return bounded(prior.start, prior.follow)
    follow = _follow(quiet.ones, quiet.twos, prior)
    starts = (quiet.ones + quiet.twos) / (1.0 - min(follow, FOLLOW_RANGE[1]) ** 2)
    return bounded((starts + START_WEIGHT * prior.start) / (quiet.chances + START_WEIGHT), follow)


def _follow(ones: float, twos: float, prior: Noise) -> float:
    """`follow` from runs and a prior. Runs are few, and a value too low makes a burst a block: where the prior was not
    learnt from a whole vantage, the estimate errs upwards by two standard deviations of what the runs alone tell."""
    if prior.learnt:
        return (twos + LEARNT_WEIGHT * prior.follow) / (ones + LEARNT_WEIGHT)
    mean = (twos + FOLLOW_WEIGHT * prior.follow) / (ones + FOLLOW_WEIGHT)
    return float(mean + 2 * np.sqrt(mean * (1 + mean) * ones) / (ones + FOLLOW_WEIGHT))


def _start_rate(quiet: Quiet) -> float:
    return (quiet.ones + quiet.twos) / max(quiet.chances, 1.0)
