"""A series' short runs of failures, counted one measurement at a time, and the noise that they teach. O(1) a series.

Counts what `timeline.noise.count` counts in the same measurements. The long past fades, so that a line that has become
better or worse is learnt anew within weeks. A report learns from a whole history, a watch from what it has seen so far:
so it errs upwards while it has seen little.
"""

from collections.abc import Sequence

import msgspec

from probe.timeline.noise import DEFAULT, Noise, Quiet, estimate, pooled

FADES = 20_000.0
"""After so many measurements all counts are halved: about five months at 10 minutes."""

NEW = Noise(start=0.02, follow=0.25, runs=10.0)
"""What is assumed of a place of which nothing is known: that its failures may come in bursts."""
KNOWN = 2000.0
"""Measurements of a place, all series together, after which bursts would have shown themselves."""


class Counted(msgspec.Struct):
    """What was counted. `run`: failures since the last success; None while no success has been seen."""

    chances: float = 0.0
    ones: float = 0.0
    twos: float = 0.0
    run: int | None = None

    def take(self, bad: bool) -> None:
        """Count one GOOD or BAD measurement."""
        if self.run is None:
            self.run = None if bad else 0
        elif bad:
            self.chances += self.run == 0
            self.run += 1
        else:
            self._close(self.run)
            self.run = 0
        if self.chances > FADES:
            self.chances, self.ones, self.twos = self.chances / 2, self.ones / 2, self.twos / 2

    def break_off(self) -> None:
        """A block was confirmed: the run under way teaches nothing, and counting begins anew after the block."""
        if self.run:
            self.chances -= 1
        self.run = None

    def quiet(self) -> Quiet:
        """The counts, as the estimators take them."""
        return Quiet(max(self.chances, 0.0), self.ones, self.twos)

    def _close(self, run: int) -> None:
        if run == 0:
            self.chances += 1
        elif run == 1:
            self.ones += 1
        elif run == 2:
            self.twos += 1
        else:
            self.chances -= 1


def learnt(counted: Sequence[Quiet]) -> Noise:
    """The ordinary noise of a place from its series, the prior for each of them.

    `pooled` leaves out series with more failures than most; where bursts are rare, these are the very ones that had
    one. So all of them together are asked as well how often a failure follows a failure, and the higher counts.
    """
    total = Quiet(*(sum(column) for column in zip(*counted, strict=True))) if counted else Quiet(0.0, 0.0, 0.0)
    before = NEW if total.chances < KNOWN else DEFAULT
    middle = pooled(counted, before)
    return msgspec.structs.replace(middle, follow=max(middle.follow, estimate(total, before).follow))
