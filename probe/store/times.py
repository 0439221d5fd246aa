"""RFC 3339 times as the journal writes them, many at once: bytes in, microseconds since 1970 out."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from probe.store.heads import Bools, Bytes, Places

_PICTURE = b"0000-00-00T00:00:00.000Z"
_DIGITS = np.frombuffer(_PICTURE, dtype=np.uint8) == ord("0")
_YEARS = (1970, 9000)
"""Those that `reader` takes."""
_PER_DAY = 86_400_000_000


def micros(buffer: Bytes, begin: Places) -> tuple[NDArray[np.int64], Bools]:
    """The times that begin at these places, and whether each is one, spelt like `2021-02-08T11:00:00.000Z`."""
    text = sliding_window_view(buffer, len(_PICTURE))[begin]
    valid: Bools = (text[:, ~_DIGITS] == np.frombuffer(_PICTURE, dtype=np.uint8)[~_DIGITS]).all(axis=1)
    digits = text[:, _DIGITS] - np.uint8(ord("0"))
    valid &= (digits < 10).all(axis=1)
    year, month, day, hour, minute, second, milli = _numbers(digits, (4, 2, 2, 2, 2, 2, 3))
    valid &= (year >= _YEARS[0]) & (year <= _YEARS[1]) & (month >= 1) & (month <= 12) & (day >= 1)
    valid &= (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(valid, (year - 1970) * 12 + month - 1, 0)
    first, after = ((months + more).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for more in (0, 1))
    valid &= day <= after - first
    clock = ((hour * 60 + minute) * 60 + second) * 1000 + milli
    return (first + day - 1) * _PER_DAY + clock * 1000, valid


def _numbers(digits: NDArray[np.uint8], lengths: tuple[int, ...]) -> list[NDArray[np.int64]]:
    """Columns of digits as numbers of so many digits each."""
    found, at = [], 0
    for length in lengths:
        powers = 10 ** np.arange(length - 1, -1, -1, dtype=np.int64)
        found.append(digits[:, at : at + length].astype(np.int64) @ powers)
        at += length
    return found
