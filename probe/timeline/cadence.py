"""How often a series is measured, and when nothing was learnt. Knows times only; judges nothing."""

import itertools
from collections.abc import Sequence

import numpy as np

from probe.model.episode import Interval
from probe.timeline.posterior import Floats

HOUR = 3600.0

UNKNOWN_AFTER = 3.0
"""A stretch without GOOD or BAD this many schedule intervals long is shown as unknown."""


def schedule_of(times: Floats) -> float:
    """The usual gap between measurements in seconds: the median. An hour if there are fewer than two."""
    return float(np.median(np.diff(times))) if times.size > 1 else HOUR


def unknown(telling: Sequence[float], schedule: float, until: float | None = None) -> tuple[Interval, ...]:
    """Stretches between GOOD or BAD measurements (epoch seconds, ascending) that are too long to speak for.

    `until`: the last measurement of any kind, or now; the stretch up to there counts as well. Nothing is interpolated.
    """
    times = list(telling) if until is None else [*telling, until]
    pairs = itertools.pairwise(times)
    return tuple(Interval(a, b) for a, b in pairs if b - a > UNKNOWN_AFTER * schedule)
