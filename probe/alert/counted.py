"""A series' short runs of failures, counted one measurement at a time. O(1) a series.

Counts what `timeline.noise.count` counts in the same measurements; what the counts teach is for `timeline.noise` to
say. The long past fades, so that a line that has become better or worse is learnt anew within weeks.
"""

import msgspec

from probe.timeline.noise import Quiet

FADES = 20_000.0
"""After so many measurements all counts are halved: about five months at 10 minutes."""


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
