"""The timeline of a series as one line of signs, one stretch of time each. Knows points and a time axis; pure.

Nothing is interpolated: a stretch without a measurement is blank, and no line is drawn through a gap. All stripes of a
report share one axis, so that what began together stands together.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

from probe.model.diagnosis import Verdict
from probe.timeline.points import Evidence, Floats, Kind, Point, Points

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


_BAD, _GOOD, _TAMPERED, _DOWN, _ANY = 1, 2, 4, 8, 16
"""What was met in a cell, as bits."""


def axis(series: Iterable[Sequence[Point]], width: int) -> Axis:
    """The axis that all these series share, in at most `width` cells."""
    spans = [_span(Points.of(points).times()) for points in series if points]
    if not spans:
        return Axis(0.0, 1.0, 0)
    start, end = min(first for first, _, _ in spans), max(last for _, last, _ in spans)
    finest = SPACING * median(schedule for _, _, schedule in spans)
    step = max((end - start) / max(width - 1, 1), finest) or 1.0
    return Axis(start, step, min(width, math.floor((end - start) / step) + 1))


def _span(times: Floats) -> tuple[float, float, float]:
    """First and last time, and the usual gap between measurements, 0 if there is only one."""
    return float(times[0]), float(times[-1]), float(np.median(np.diff(times))) if times.size > 1 else 0.0


def stripe(points: Sequence[Point], on: Axis) -> str:
    """One sign per cell of the axis, which must have been made for these points among others."""
    said = Points.of(points)
    columns = said.columns()
    cells = np.minimum(((columns.times - on.start) / on.step).astype(np.int64), on.cells - 1)
    met = np.zeros(on.cells, dtype=np.uint8)
    np.bitwise_or.at(met, cells, np.array([_bits(kind) for kind in said.kinds], dtype=np.uint8)[columns.kinds])
    return "".join(map(_sign, met.tolist()))


def _bits(kind: Kind) -> int:
    bad, good = kind.evidence == Evidence.BAD, kind.evidence == Evidence.GOOD
    tampered, down = kind.verdict == Verdict.INTERFERED, kind.verdict == Verdict.DOWN
    return _ANY | bad * _BAD | good * _GOOD | tampered * _TAMPERED | down * _DOWN


def _sign(met: int) -> str:
    if met & _BAD:
        return BOTH if met & _GOOD else FAILED
    if met & _GOOD:
        return TAMPERED if met & _TAMPERED else REACHED
    if not met:
        return BLANK
    return DOWN if met & _DOWN else VOID
