"""The timeline of a series as one line of signs, one stretch of time each. Knows points and a time axis; pure.

Nothing is interpolated: a stretch without a measurement is blank, and no line is drawn through a gap. All stripes of a
report share one axis, so that what began together stands together.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from probe.model.diagnosis import Verdict
from probe.timeline.series import Evidence, Point

FAILED, REACHED, BOTH, TAMPERED, DOWN, VOID, BLANK = "█", "·", "▒", "~", "x", "?", " "

LEGEND: tuple[tuple[str, str], ...] = (
    (FAILED, "failed"),
    (REACHED, "reached"),
    (BOTH, "both"),
    (TAMPERED, "reached, tampered with"),
    (DOWN, "down for everyone"),
    (VOID, "nothing learnt"),
    (BLANK, "not measured"),
)
"""Each sign and its meaning, in the order of a legend."""

SPACING = 1.5
"""A cell is at least this many schedule intervals wide, so that ordinary jitter leaves no cell empty."""


class Axis(NamedTuple):
    """`cells` stretches of `step` seconds each, beginning at `start` (epoch seconds)."""

    start: float
    step: float
    cells: int


def axis(series: Iterable[Sequence[Point]], width: int) -> Axis:
    """The axis that all these series share, in at most `width` cells."""
    times = [[point.time for point in points] for points in series if points]
    if not times:
        return Axis(0.0, 1.0, 0)
    start, end = min(one[0] for one in times), max(one[-1] for one in times)
    finest = SPACING * median(map(_schedule, times))
    step = max((end - start) / max(width - 1, 1), finest) or 1.0
    return Axis(start, step, min(width, math.floor((end - start) / step) + 1))


def _schedule(times: list[float]) -> float:
    """The usual gap between measurements, 0 if there is only one."""
    return median(b - a for a, b in pairwise(times)) if len(times) > 1 else 0.0


def stripe(points: Sequence[Point], on: Axis) -> str:
    """One sign per cell of the axis, which must have been made for these points among others."""
    cells: list[list[Point]] = [[] for _ in range(on.cells)]
    for point in points:
        cells[min(int((point.time - on.start) / on.step), on.cells - 1)].append(point)
    return "".join(map(_sign, cells))


def _sign(points: Sequence[Point]) -> str:
    said = {point.evidence for point in points}
    if Evidence.BAD in said:
        return BOTH if Evidence.GOOD in said else FAILED
    if Evidence.GOOD in said:
        return TAMPERED if any(point.verdict == Verdict.INTERFERED for point in points) else REACHED
    if not points:
        return BLANK
    return DOWN if any(point.verdict == Verdict.DOWN for point in points) else VOID
