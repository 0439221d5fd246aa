"""How sure the failures of one episode are together: one certainty, from those of its measurements. Pure.

The ledger says whether failures are more than noise; this says whether they show a block. A single artefact proves that
something happened once, and no more: it does not turn five hundred failures that nothing explains into a block. Nor are
a hundred forged answers undone by what comes later. So a certainty counts from the moment on at which enough of the
failures so far carry it, and is then not taken back.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from probe.model.diagnosis import Certainty

CERTAINTIES: tuple[str, ...] = ("", *Certainty)
"""In rising order; a word of a newer record counts as the lowest."""
FEWEST = 3
"""So many failures must carry a certainty; of fewer, all."""
SHARE = 10
"""One in so many of the failures so far must carry it."""


def rank(certainty: str) -> int:
    """Where a certainty stands in `CERTAINTIES`."""
    return CERTAINTIES.index(certainty) if certainty in CERTAINTIES else 0


class Sure(NamedTuple):
    """The certainty of an episode, and how many of its failures carry it or a higher one; if it is empty, all do."""

    certainty: str
    carried: int


def together(ranks: NDArray[np.integer]) -> Sure:
    """What failures of these ranks, in order of time, are worth together. Example: ranks 0, 0, 3 are worth nothing."""
    for place in range(len(CERTAINTIES) - 1, 0, -1):
        carried = np.cumsum(ranks >= place, dtype=np.int64)
        count = int(carried[-1]) if carried.size else 0
        if count and _holds(carried):
            return Sure(CERTAINTIES[place], count)
    return Sure("", int(ranks.size))


def _holds(carried: NDArray[np.int64]) -> bool:
    size = carried.size
    if size < FEWEST:
        return int(carried[-1]) == size
    seen = np.arange(1, size + 1)
    return bool(((carried >= FEWEST) & (carried * SHARE >= seen)).any())


class Tally(msgspec.Struct):
    """The same one failure at a time, in O(1). `carried[i]`: failures of that rank or a higher one; `reached`: the
    highest rank that has counted, from the third failure on."""

    failed: int = 0
    carried: list[int] = msgspec.field(default_factory=lambda: [0] * len(CERTAINTIES))
    reached: int = 0

    def take(self, certainty: str) -> None:
        """Count one failure."""
        self.failed += 1
        for place in range(rank(certainty) + 1):
            self.carried[place] += 1
        if self.failed >= FEWEST:
            self.reached = max(self.reached, max(filter(self._enough, range(len(self.carried))), default=0))

    def certainty(self) -> str:
        """What the failures so far are worth together."""
        if self.failed >= FEWEST:
            return CERTAINTIES[self.reached]
        return CERTAINTIES[max((place for place, count in enumerate(self.carried) if count == self.failed), default=0)]

    def _enough(self, place: int) -> bool:
        return self.carried[place] >= FEWEST and self.carried[place] * SHARE >= self.failed
