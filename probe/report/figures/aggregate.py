"""How much of time one mark of a figure stands for. Pure: counts, no markup.

A figure has room for a bounded number of marks. Where ticks are denser than that, neighbours are added up in stretches
of one length, and the figure says so. A stretch without a tick has no mark: nothing is carried over from its
neighbours.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from probe.report.block.view import Outcome, Stripe, Stripes, Tick

MINUTE, HOUR, DAY = 60, 3600, 86400
LENGTHS = (1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR,
           3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 56 * DAY, 112 * DAY,
           364 * DAY)  # fmt: skip
"""Round lengths of a mark in seconds."""
PITCH = 4.0
"""Marks stand at least so many px apart."""

WINS = (
    Outcome.FAILED,
    Outcome.MIXED,
    Outcome.TAMPERED,
    Outcome.RESTRICTED,
    Outcome.REACHED,
    Outcome.DOWN,
    Outcome.UNPROVEN,
    Outcome.UNFIT,
)
"""The order in which one outcome speaks for a mark that has several."""


class Mark(NamedTuple):
    """One mark: the middle of its time (epoch seconds), what it is drawn as, and the share that failed (0 to 1)."""

    at: float
    outcome: Outcome
    share: float


class Grain(NamedTuple):
    """The seconds that one mark stands for, counted from `origin`; `length` 0: each tick is a mark."""

    length: float = 0.0
    origin: float = 0.0


def grain(stripes: Stripes, px: float) -> Grain:
    """How finely these stripes can be drawn in `px`: as they are, or in whole multiples of their cells, or, where each
    tick is one run, in round stretches of UTC."""
    dense = (stripes.last - stripes.first) * PITCH / max(px, 1.0)
    spaced = stripes.cell or _usual_gap(stripes.rows)
    if spaced >= dense * 0.98:
        return Grain()
    if stripes.cell:
        return Grain(stripes.cell * math.ceil(dense / stripes.cell), stripes.first)
    longest = LENGTHS[-1]
    return Grain(next((one for one in LENGTHS if one >= dense), math.ceil(dense / longest) * longest))


def _usual_gap(rows: Iterable[Stripe]) -> float:
    """The usual gap between the ticks of the densest row; endless if no row has two."""
    gaps = [[b.first - a.first for a, b in pairwise(row.ticks)] for row in rows if len(row.ticks) > 1]
    return min(map(median, gaps), default=math.inf)


def marks(ticks: Sequence[Tick], fine: Grain) -> list[Mark]:
    """The marks of one row, in order of time."""
    if not fine.length:
        return [Mark((tick.first + tick.last) / 2, *_said([tick])) for tick in ticks]
    stretches = groupby(ticks, key=lambda tick: int(((tick.first + tick.last) / 2 - fine.origin) // fine.length))
    return [Mark(fine.origin + (number + 0.5) * fine.length, *_said(list(group))) for number, group in stretches]


def _said(ticks: Sequence[Tick]) -> tuple[Outcome, float]:
    """What ticks say together, and the share of telling measurements that failed."""
    failed, reached = sum(tick.failed for tick in ticks), sum(tick.reached for tick in ticks)
    share = failed / (failed + reached) if failed + reached else 0.0
    if failed and reached:
        return Outcome.MIXED, share
    said = {tick.outcome for tick in ticks}
    return next(outcome for outcome in WINS if outcome in said), share
