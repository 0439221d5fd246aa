"""A vantage's ordinary flakiness as two numbers, learnt from quiet time. Knows nothing of blocks or clocks.

`start` (a) is how often a failure starts after a success, `follow` (q) how often a failure follows a failure. They are
learnt per vantage as a prior and refined per series (DESIGN section 8.2). A run of three or more failures never
teaches: it may be the block itself. Both estimators therefore are those of runs cut at two, so nothing is biased by
leaving the long ones out:

    P(run = 1) : P(run = 2) = 1 : q     hence q = twos / ones
    P(run <= 2) = 1 - q^2               hence a = (ones + twos) / (1 - q^2) / chances
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

CHUNK, SMALL_CHUNK = 96, 24
PIECES, FEWEST_PIECES = 8, 4
"""A series is cut into pieces of about CHUNK measurements when its quietest part is looked for; a short one into PIECES
of SMALL_CHUNK or more, and one that does not give FEWEST_PIECES not at all."""

START_RANGE = (0.003, 0.3)
FOLLOW_RANGE = (0.01, 0.55)
"""Bounds on the two numbers. The lower ones keep a confirmation from ever resting on fewer than three failures, the
upper ones keep a failure from ever counting for the open state: the lowest block rate considered is 0.6."""

ORDINARY = 0.35
"""A series whose short runs alone make up a larger share teaches nothing: that is no flakiness but a partial block."""

BURSTS, LONE = 0.25, 0.1
"""What is assumed of `follow`: while nothing is known, that failures come in bursts; in the end, that they do not."""

QUIET_SPELL = 10_000.0
"""Measurements of a vantage, all series together, after which half of the belief in bursts is gone. Failures of which
the runs can be counted settle it sooner; this is for a vantage with hardly any: bursts that come once in 10,000
measurements are then rare enough not to be taken for a block."""

START_WEIGHT = 100.0
MOST_RUNS = 50.0
"""How many chances, and at most how many runs, the prior is worth beside the series' own."""


class Noise(msgspec.Struct, frozen=True):
    """Probability that a failure starts after a success, and that a failure follows a failure, while not blocked.

    `runs`: how many runs of failures `follow` is worth as a prior: what stands behind it, within bounds.
    """

    start: float = 0.02
    follow: float = BURSTS
    runs: float = 10.0

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


def learn(series: Iterable[Bools]) -> Noise:
    """The noise of one vantage from its endpoints: the median endpoint's `start`, and `follow` pooled.

    Each element has, in order of time, one bool for every GOOD (False) and BAD (True); VOID is left out. The median
    keeps a minority of partly blocked endpoints from teaching. Without any measurement `DEFAULT` comes back.
    """
    return pooled([count(bad) for bad in series if bad.size])


def pooled(counted: Sequence[Quiet]) -> Noise:
    """`learn`, from what was counted in each series. Nothing counted: `DEFAULT`."""
    prior = assumed(sum(quiet.chances for quiet in counted))
    if not counted:
        return prior
    single = [estimate(quiet, prior).start for quiet in counted]
    middle = float(np.median(single))
    calm = [quiet for quiet, start in zip(counted, single, strict=True) if _calm(quiet, start, middle)]
    ones, twos = sum(quiet.ones for quiet in calm), sum(quiet.twos for quiet in calm)
    worth = min(prior.runs + ones, MOST_RUNS)
    return msgspec.structs.replace(bounded(middle, _follow(ones, twos, prior)), runs=worth)


def assumed(chances: float) -> Noise:
    """What is thought of a vantage, before its failures are counted, from how long it was measured."""
    return Noise(follow=LONE + (BURSTS - LONE) * QUIET_SPELL / (QUIET_SPELL + chances))


def _calm(quiet: Quiet, start: float, middle: float) -> bool:
    """Whether a series is hardly noisier than the median one, or not by more than chance.

    Chance is two standard deviations: the root of a Poisson count has one of a half. In a short history most series
    have had no failure at all, and without chance the few that had one would never teach how failures follow.
    """
    return start <= 1.5 * middle or (quiet.ones + quiet.twos) ** 0.5 <= (middle * quiet.chances) ** 0.5 + 1.0


def refine(bad: Bools, prior: Noise, open_time: Bools | None = None) -> Noise:
    """The noise of one series, from the measurements where `open_time` holds (all if None) and its vantage's prior."""
    return estimate(count(bad, open_time), prior)


def refine_quietest(bad: Bools, prior: Noise) -> Noise:
    """A first guess that a block in up to three quarters of the series does not spoil: from its quietest quarter.

    The quarter is picked by its count of failures, so these are too few by about 1.27 standard deviations of a Poisson
    count (the mean of a normal's lowest quarter); that is put back.
    """
    pieces = max(bad.size // CHUNK, min(PIECES, bad.size // SMALL_CHUNK))
    if pieces < FEWEST_PIECES:
        return refine(bad, prior)
    size = bad.size // pieces
    begins, lengths = _runs(bad)
    by_length = [np.bincount(begins[chosen] // size, minlength=pieces)[:pieces] for chosen in _by_length(lengths)]
    after_success = np.concatenate(([False], ~bad[:-1]))[: pieces * size].reshape(pieces, size)
    chances = np.maximum(after_success.sum(axis=1) - by_length[2], 0)
    failures = by_length[0] + by_length[1]
    quarter = np.argsort(failures / np.maximum(chances, 1), kind="stable")[: (pieces + 3) // 4]
    mean = float(failures[quarter].mean())
    back = (0.636 + (0.404 + mean) ** 0.5) ** 2 / mean if mean else 1.0
    ones, twos = (back * float(counted[quarter].sum()) for counted in by_length[:2])
    return estimate(Quiet(float(chances[quarter].sum()), ones, twos), prior)


def count(bad: Bools, open_time: Bools | None = None) -> Quiet:
    """Count chances and short runs. A run at either edge may be the part of a longer one and does not teach."""
    begins, lengths = _runs(bad)
    after_success = ~bad[:-1]
    if open_time is not None:
        after_success = after_success & open_time[1:]
        known = open_time[begins]
        begins, lengths = begins[known], lengths[known]
    ones, twos, longer = (int(chosen.sum()) for chosen in _by_length(lengths))
    return Quiet(max(int(after_success.sum()) - longer, 0), ones, twos)


def _runs(bad: Bools) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the runs of failures begin and how long they are; those cut off by an edge of the series left out."""
    edges = np.flatnonzero(bad[1:] != bad[:-1]) + 1
    if bad.size and bad[0]:
        edges = edges[1:]
    begins, ends = edges[::2], edges[1::2]
    begins = begins[: ends.size]
    return begins, ends - begins


def _by_length(lengths: NDArray[np.intp]) -> tuple[Bools, Bools, Bools]:
    """Which runs are of one failure, of two, longer."""
    return lengths == 1, lengths == 2, lengths > 2


def bounded(start: float, follow: float) -> Noise:
    """Within START_RANGE and FOLLOW_RANGE, and a failure never less likely after a failure than after a success."""
    low, high = START_RANGE
    start = min(max(start, low), high)
    low, high = FOLLOW_RANGE
    return Noise(start, min(max(follow, low, start), high))


def estimate(quiet: Quiet, prior: Noise) -> Noise:
    """The prior refined by what was counted, unless that is no ordinary flakiness."""
    failures = quiet.ones + 2 * quiet.twos
    if failures > ORDINARY * (quiet.chances + failures):
        return bounded(prior.start, prior.follow)
    follow = _follow(quiet.ones, quiet.twos, prior)
    starts = (quiet.ones + quiet.twos) / (1.0 - min(follow, FOLLOW_RANGE[1]) ** 2)
    return bounded((starts + START_WEIGHT * prior.start) / (quiet.chances + START_WEIGHT), follow)


def _follow(ones: float, twos: float, prior: Noise) -> float:
    """`follow` from runs and a prior. Runs are few, and a value too low makes a burst a block: so the estimate errs
    upwards, by one standard deviation of what the runs tell, by two where the prior rests on little as well; and a
    series whose own runs say more than its calm vantage is believed."""
    caution = 1.0 if prior.runs >= MOST_RUNS else 2.0
    mean = (twos + prior.runs * prior.follow) / (ones + prior.runs)
    own = (twos + DEFAULT.runs * prior.follow) / (ones + DEFAULT.runs)
    return max(own, float(mean + caution * np.sqrt(mean * (1 + mean) * ones) / (ones + prior.runs)))
