"""When the next run is due. Pure: times in, a time out; no clock, no memory.

Time is cut into slots of `every` seconds, counted from the epoch, so that a schedule has no drift: a run that took
long, or a night that was slept through, moves nothing. Within its slot a run begins a little late, by an amount that is
chance for everybody else and fixed for us: the vantage points of the world do not knock at one moment.

Catching up: cycles that were missed are not made up for. If the present slot has not been measured yet, one run happens
now, and then it is back to the grid.
"""

import hashlib
import math
from enum import StrEnum
from typing import NamedTuple

JITTER_SHARE = 0.1
MOST_JITTER = 60.0
"""A run begins at most this many seconds, and at most this share of the interval, after its slot does."""
NEARLY = 0.1
"""An overdue run waits for the next slot if that begins within this share of the interval."""
_LATE = 30.0


class Why(StrEnum):
    """Why a run happens."""

    DUE = "due"
    OVERDUE = "overdue"
    LOOK = "look"


class Grid(NamedTuple):
    """A schedule: seconds from slot to slot, the most that a run begins after its slot, and whose it is."""

    every: float
    jitter: float
    key: str

    def slot(self, at: float) -> int:
        """The slot that `at` (epoch seconds) lies in."""
        return math.floor(at / self.every)

    def begin(self, slot: int) -> float:
        """When the run of a slot is due, epoch seconds: always within the slot."""
        digest = hashlib.blake2b(f"{self.key} {slot}".encode(), digest_size=8).digest()
        return slot * self.every + self.jitter * int.from_bytes(digest, "big") / 2**64


class Due(NamedTuple):
    """The next run: when (epoch seconds; in the past: now), of which slot, and how many slots before it had none."""

    at: float
    slot: int
    why: Why
    missed: int


def grid(every: float, key: str) -> Grid:
    """The schedule of `key` (a vantage name), its jitter bounded."""
    return Grid(every, min(every * JITTER_SHARE, MOST_JITTER), key)


def decide(grid: Grid, now: float, last: float | None) -> Due:
    """The next run at `now`, `last` being any moment in the slot of the last one (None: there was none).

    The first run is now; near the end of a slot it counts for the next. A last run far in the future means that the
    clock went back: what it says is forgotten, and a run is due now. One slot ahead is a clock that was set back by a
    little, or that first run: that slot is done.
    """
    here = grid.slot(now)
    done = None if last is None else grid.slot(last)
    soon = (here + 1) * grid.every - now < NEARLY * grid.every
    if done is None or done > here + 1:
        return Due(now, here + 1 if soon else here, Why.DUE, 0)
    if done >= here:
        return Due(grid.begin(done + 1), done + 1, Why.DUE, 0)
    missed = here - done - 1
    start = grid.begin(here)
    if now > start and soon:
        return Due(grid.begin(here + 1), here + 1, Why.DUE, missed + 1)
    late = now - start > min(_LATE, grid.every / 2) or missed > 0
    return Due(max(start, now) if late else start, here, Why.OVERDUE if late else Why.DUE, missed)


class Reading(NamedTuple):
    """Both clocks at one moment: wall (epoch seconds) and monotonic."""

    wall: float
    monotonic: float


def jumped(before: Reading, after: Reading) -> float:
    """By how many seconds the wall clock moved more than time did; 0.0 for what a clock that is being slewed does.

    Forward: it was set, or the machine slept, for its monotonic clock stands still then. Backward: it was set back.
    """
    passed = after.monotonic - before.monotonic
    moved = after.wall - before.wall - passed
    return moved if abs(moved) > 2.0 + passed * 0.001 else 0.0
