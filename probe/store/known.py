"""Codes of words, found by hashes of the words, many at once. Knows numbers; what hashes to what is `table`'s."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.store.columns import Codes

_LEADING = 16
_SHIFT = np.uint64(64 - _LEADING)
"""By so many leading bits is a hash looked up."""


class Known(NamedTuple):
    """Hashes, ascending and each there once, and the codes of what they are of."""

    hashes: NDArray[np.uint64]
    codes: Codes

    def codes_of(self, hashes: NDArray[np.uint64]) -> Codes:
        """The codes of some of them, all of which must be there.

        Hashes are spread evenly, so each stands at the first that shares its leading bits, or few places after.
        """
        begins = np.searchsorted(self.hashes, np.arange(1 << _LEADING, dtype=np.uint64) << _SHIFT)
        at = begins[(hashes >> _SHIFT).astype(np.intp)]
        behind = np.flatnonzero(self.hashes[at] != hashes)
        while behind.size:
            at[behind] += 1
            behind = behind[self.hashes[at[behind]] != hashes[behind]]
        return self.codes[at]
