"""Which vantage points have not measured when they should have. Pure: last runs and a schedule in, lateness out.

A watch that is itself dead cannot tell; docs/alerts.md says how to be told from outside.
"""

from collections.abc import Iterable
from typing import NamedTuple

from probe.timeline.cadence import UNKNOWN_AFTER


class LastRun(NamedTuple):
    """When a vantage point last measured (epoch seconds), and every how many seconds it should."""

    vantage: str
    at: float
    every: float


class Late(NamedTuple):
    """A vantage point that is overdue: when it last measured, when it should have, by how many seconds it is late."""

    vantage: str
    last: float
    due: float
    late: float


def overdue(runs: Iterable[LastRun], now: float, after: float = UNKNOWN_AFTER) -> tuple[Late, ...]:
    """Those that have not measured for more than `after` of their intervals, the latest first.

    Three intervals is where reports begin to call a time unknown. A last run that lies after `now` (a clock that was
    set back) is not late. Example: every 600 s, last at 0: late from 1801 on, and then by 1201 s.
    """
    late = (
        Late(one.vantage, one.at, one.at + one.every, now - one.at - one.every)
        for one in runs
        if _missed(one, now, after)
    )
    return tuple(sorted(late, key=lambda one: (-one.late, one.vantage)))


def _missed(one: LastRun, now: float, after: float) -> bool:
    return now - one.at > after * one.every
