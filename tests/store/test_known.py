"""Codes are found whatever the hashes look like."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from probe.store.known import Known


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, unique=True), st.data())
def test_codes_are_found_by_hashes_however_alike_these_begin(hashes: list[int], data: st.DataObject) -> None:
    alike = sorted({one % 2**50 for one in hashes} | set(hashes))
    known = Known(np.array(alike, dtype=np.uint64), np.arange(len(alike), dtype=np.int32)[::-1])
    asked = data.draw(st.lists(st.sampled_from(alike)))
    expected = [len(alike) - 1 - alike.index(one) for one in asked]
    assert known.codes_of(np.array(asked, dtype=np.uint64)).tolist() == expected
