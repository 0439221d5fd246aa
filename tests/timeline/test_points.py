"""Columns read like the tuple of points they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.timeline.points import Evidence, Point, Points

POINTS = st.lists(
    st.builds(Point, st.floats(0, 1e9), st.sampled_from(Evidence), st.sampled_from(["", "sni_reset"]),
              st.sampled_from(["", "likely"]), st.sampled_from(["ok", "down"]), st.text(max_size=3))
).map(sorted)  # fmt: skip


@given(POINTS, st.integers(-5, 30), st.integers(-5, 30))
def test_like_a_tuple(points: list[Point], first: int, last: int) -> None:
    columns = Points.of(points)
    assert len(columns) == len(points)
    assert list(columns) == points
    assert list(reversed(columns)) == points[::-1]
    assert list(columns[first:last]) == points[first:last]
    assert list(columns[first:][:last]) == points[first:][:last]
    assert columns == points == list(columns)
    assert columns == Points.of(points)
    assert [columns[i] for i in range(len(points))] == points
    assert columns.times().tolist() == [point.time for point in points]
    assert list(columns[first:last].ids(np.arange(len(points))[first:last][:0])) == []
    assert list(columns.ids(np.arange(len(points))[::2])) == [point.id for point in points[::2]]
    assert columns[first:last].evidence().tolist() == [point.evidence for point in points[first:last]]
    assert (columns.table("verdict")[columns.columns().kinds] == [point.verdict for point in points]).all()


def test_points_of_other_content_or_length_are_not_equal() -> None:
    one = Point(1.0, Evidence.GOOD, "", "", "ok", "a")
    assert Points.of([one]) != Points.of([one._replace(verdict="down")])
    assert Points.of([one]) != Points.of([one, one])


def test_out_of_range_and_steps() -> None:
    columns = Points.of([Point(1.0, Evidence.GOOD, "", "", "ok", "a")])
    with pytest.raises(IndexError):
        columns[1]
    with pytest.raises(ValueError, match="without steps"):
        columns[::2]


def test_columns_are_given_as_they_are_and_not_made_twice() -> None:
    columns = Points.of([Point(1.0, Evidence.GOOD, "", "", "ok", "a")])
    assert Points.of(columns) is columns
