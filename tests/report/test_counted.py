"""Sums over columns are those over points."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from probe.report import counted
from probe.timeline.points import Evidence, Point, Points

POINTS = st.lists(
    st.builds(Point, st.floats(0, 1e9), st.sampled_from(Evidence), st.just(""), st.just(""),
              st.sampled_from(["ok", "down", "blocked"]), st.just("")), min_size=1
).map(sorted)  # fmt: skip


@given(POINTS)
def test_each_sum_is_that_of_the_points(points: list[Point]) -> None:
    columns = Points.of(points)
    said = [point.verdict for point in points]
    assert counted.verdicts(columns, columns.columns()) == {word: said.count(word) for word in sorted(set(said))}
    groups = [list(group) for word, group in groupby(points, key=lambda point: point.verdict) if word == "down"]
    assert list(counted.stretches(columns, columns.columns(), "down")) == [
        (g[0].time, g[-1].time, len(g)) for g in groups
    ]


def test_failures_since_it_was_last_reached() -> None:
    kinds = {"G": Evidence.GOOD, "B": Evidence.BAD, "V": Evidence.VOID}
    points = [Point(float(n), kinds[sign], "", "", "", "") for n, sign in enumerate("BGBVB")]
    assert counted.failing(Points.of(points).evidence()) == 2
    assert counted.failing(Points.of(points[2:]).evidence()) == 2
    assert counted.failing(Points.of(points[:2]).evidence()) == 0


def test_usual_gap_is_the_median_and_none_of_a_single_time() -> None:
    points = [Point(at, Evidence.GOOD, "", "", "", "") for at in (0.0, 1.0, 2.0, 50.0)]
    assert counted.usual_gap(Points.of(points).times()) == 1.0
    assert counted.usual_gap(Points.of(points[:1]).times()) == 0.0
