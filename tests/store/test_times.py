"""Times read in arrays are those that Python reads, and what Python refuses is none."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.store.heads import PADDING
from probe.store.times import micros


def _read(texts: list[str]) -> list[int | None]:
    data = "".join(texts).encode() + bytes(PADDING)
    found, valid = micros(np.frombuffer(data, dtype=np.uint8), np.arange(len(texts)) * 24)
    return [at if good else None for at, good in zip(found.tolist(), valid.tolist(), strict=True)]


def _spelt(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


MOMENTS = st.integers(0, 221_845_392_000_000).map(
    lambda milli: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, 0, 0, milli)
)


@given(st.lists(MOMENTS, min_size=1))
def test_every_moment_in_milliseconds(moments: list[datetime]) -> None:
    expected = [(at - datetime(1970, 1, 1, tzinfo=UTC)) // datetime.resolution for at in moments]
    assert _read([_spelt(at) for at in moments]) == expected


@pytest.mark.parametrize("text", [
    "2021-02-29T00:00:00.000Z", "2021-13-01T00:00:00.000Z", "2021-00-01T00:00:00.000Z", "2021-04-31T00:00:00.000Z",
    "2021-01-00T00:00:00.000Z", "2021-01-01T24:00:00.000Z", "2021-01-01T00:60:00.000Z", "2021-01-01T00:00:60.000Z",
    "2021-01-01 00:00:00.000Z", "2021-01-01T00:00:00.000z", "2021-01-01T00:00:00,000Z", "1969-12-31T00:00:00.000Z",
    "9001-01-01T00:00:00.000Z", "202a-01-01T00:00:00.000Z",
])  # fmt: skip
def test_what_is_no_time_of_ours(text: str) -> None:
    assert _read(["2021-02-08T11:00:00.250Z", text]) == [1_612_782_000_250_000, None]
