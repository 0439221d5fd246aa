"""The same bytes in many places of a buffer, told once: spans in, codes out. Knows bytes, not what they say.

Spans are told apart by a hash of 64 bits and then compared byte by byte with the one that stands for them, so a
collision costs time and never an answer. What a span says is asked once for each that was never seen before.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from probe.store.heads import PADDING, Bools, Bytes, Places

LONGEST = PADDING
"""Bytes of a span at most: what `heads` finds is shorter."""
UNKNOWN = -1
_FACTORS = np.random.default_rng(4134).integers(1, 2**63, LONGEST // 8, dtype=np.uint64) | np.uint64(1)
_LOW = np.array([(1 << 8 * count) - 1 for count in range(8)], dtype="<u8")
"""The first so many bytes of a word."""
_KEPT = 1_000_000
"""Spans whose codes are remembered; a table that grows further is begun anew."""

Words = NDArray[np.uint64]


class Spans:
    """The codes of spans. `read` makes a code of the bytes of one, or None if they say nothing (code UNKNOWN)."""

    def __init__(self, read: Callable[[bytes], int | None]) -> None:
        self._read = read
        self._known: dict[bytes, int] = {}

    def codes(self, buffer: Bytes, begin: Places, end: Places) -> NDArray[np.int64]:
        """The code of each span `[begin, end)`."""
        if not begin.size:
            return np.zeros(0, dtype=np.int64)
        words = packed(buffer, begin, end - begin)
        sums = words @ _FACTORS[: words.shape[1]] + (end - begin).astype(np.uint64)
        _, first, place = np.unique(sums, return_index=True, return_inverse=True)
        codes = np.array([self._code(buffer[begin[at] : end[at]].tobytes()) for at in first.tolist()])
        same = (words == words[first[place]]).all(axis=1) & (end - begin == (end - begin)[first[place]])
        return np.where(same, codes[place], UNKNOWN)

    def _code(self, span: bytes) -> int:
        known = self._known.get(span)
        if known is None:
            found = self._read(span)
            known = UNKNOWN if found is None else found
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[span] = known
        return known


def packed(buffer: Bytes, begin: Places, length: Places, columns: int = 0) -> Words:
    """The bytes of spans as words of eight, a row each, zero after their end; `columns` words or as many as needed."""
    columns = columns or -(-int(length.max(initial=1)) // 8)
    window = sliding_window_view(buffer, columns * 8)[begin].view(np.uint64)
    whole, part = np.divmod(length, 8)
    full = int(whole.min(initial=columns))  # so many words of each lie inside: often nearly all
    window[:, full:] *= np.arange(full, columns) <= whole[:, None]
    cut = np.flatnonzero(whole < columns)
    window[cut, whole[cut]] &= _LOW[part[cut]]
    return window


def same(buffer: Bytes, one: Places, other: Places, length: Places) -> Bools:
    """Whether the bytes at `one` are those at `other`, `length` of them."""
    if not one.size:
        return np.zeros(0, dtype=np.bool_)
    equal: Bools = (packed(buffer, one, length) == packed(buffer, other, length)).all(axis=1)
    return equal
