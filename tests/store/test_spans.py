"""Spans are told apart by their bytes, whatever their hashes."""

from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from probe.store import spans
from probe.store.heads import PADDING
from probe.store.spans import UNKNOWN, Spans, packed, same

TEXTS = st.lists(st.binary(max_size=40), min_size=1, max_size=30)


def _laid(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    return np.frombuffer(b"".join(texts) + bytes(PADDING), dtype=np.uint8), begins, begins + lengths


@given(TEXTS)
def test_each_span_gets_the_code_of_its_bytes(texts: list[bytes]) -> None:
    table: dict[bytes, int] = {}
    found = Spans(lambda text: table.setdefault(text, len(table)))
    buffer, begin, end = _laid(texts)
    for _ in range(2):
        assert found.codes(buffer, begin, end).tolist() == [table[text] for text in texts]


@given(TEXTS)
def test_spans_that_share_a_hash_are_unknown_and_never_confused(texts: list[bytes]) -> None:
    table: dict[bytes, int] = {}
    buffer, begin, end = _laid(texts)
    with mock.patch.object(spans, "_FACTORS", np.zeros_like(spans._FACTORS)):
        codes = Spans(lambda text: table.setdefault(text, len(table))).codes(buffer, begin, end).tolist()
    assert all(code in (table.get(text), UNKNOWN) for code, text in zip(codes, texts, strict=True))


def test_span_that_says_nothing_is_unknown() -> None:
    buffer, begin, end = _laid([b"good", b"bad"])
    assert Spans(lambda text: 7 if text == b"good" else None).codes(buffer, begin, end).tolist() == [7, UNKNOWN]


@given(TEXTS)
def test_packed_bytes_are_those_of_the_span_and_zero_after_it(texts: list[bytes]) -> None:
    buffer, begin, end = _laid(texts)
    rows = packed(buffer, begin, end - begin).view(np.uint8).reshape(len(texts), -1)
    assert [row.tobytes().ljust(48, b"\0")[:48] for row in rows] == [text.ljust(48, b"\0") for text in texts]


@given(st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=20))
def test_same_compares_as_many_bytes_as_asked(one: bytes, other: bytes) -> None:
    buffer, begin, _ = _laid([one, other])
    length = min(len(one), len(other))
    assert same(buffer, begin[:1], begin[1:], np.array([length])).tolist() == [one[:length] == other[:length]]
