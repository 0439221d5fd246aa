"""A stripe shows what was measured, where it was measured, and nothing between."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.report import stripes
from probe.timeline.series import Evidence, Point

GOOD, BAD, VOID = Evidence


def _points(said: Iterable[tuple[float, Evidence]], verdict: str = "ok") -> list[Point]:
    return [Point(at, evidence, "", "", verdict, str(at)) for at, evidence in said]


def _stripe(said: Iterable[tuple[float, Evidence]], width: int = 72) -> str:
    points = _points(said)
    return stripes.stripe(points, stripes.axis([points], width))


def test_each_cell_is_told_by_its_own_measurements() -> None:
    said = [(0, GOOD), (100, GOOD), (200, BAD), (300, GOOD), (400, BAD), (500, BAD), (600, VOID), (700, VOID)]
    points = _points(said)
    assert stripes.stripe(points, stripes.Axis(0, 200, 4)) == "·▒█?"


def test_no_line_through_a_gap() -> None:
    said = [(n * 60.0, BAD) for n in [*range(20), *range(60, 80)]]
    drawn = _stripe(said)
    assert drawn.strip("█").count(" ") == len(drawn.strip("█")) > 10


@pytest.mark.parametrize(("verdict", "evidence", "sign"), [
    ("ok", GOOD, stripes.REACHED),
    ("interfered", GOOD, stripes.TAMPERED),
    ("restricted", GOOD, stripes.REACHED),
    ("blocked", BAD, stripes.FAILED),
    ("anomaly", BAD, stripes.FAILED),
    ("blocked", VOID, stripes.VOID),
    ("down", VOID, stripes.DOWN),
    ("insufficient", VOID, stripes.VOID),
    ("a word of tomorrow", VOID, stripes.VOID),
])  # fmt: skip
def test_sign_of_one_measurement(verdict: str, evidence: Evidence, sign: str) -> None:
    points = _points([(5.0, evidence)], verdict)
    assert stripes.stripe(points, stripes.axis([points], 72)) == sign


@given(st.floats(1, 1e6), st.integers(2, 300), st.lists(st.floats(-0.12, 0.12), min_size=300, max_size=300))
def test_ordinary_jitter_never_looks_like_a_gap(schedule: float, count: int, jitter: list[float]) -> None:
    drawn = _stripe([((n + jitter[n]) * schedule, GOOD) for n in range(count)])
    assert set(drawn) == {stripes.REACHED}


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=50), st.integers(1, 100))
def test_stripe_never_exceeds_its_width_and_every_measurement_is_drawn(at: list[float], width: int) -> None:
    points = _points([(one, BAD) for one in sorted(at)])
    on = stripes.axis([points], width)
    drawn = stripes.stripe(points, on)
    assert 1 <= len(drawn) <= width
    assert drawn[0] == drawn[-1] == stripes.FAILED
    assert drawn.count(stripes.FAILED) <= len(at)


def test_series_share_one_axis() -> None:
    early, late = _points([(n * 60.0, GOOD) for n in range(60)]), _points([(n * 60.0, BAD) for n in range(30, 60)])
    on = stripes.axis([early, late], 40)
    assert len(stripes.stripe(early, on)) == len(stripes.stripe(late, on)) == on.cells
    assert stripes.stripe(late, on).startswith(" " * (on.cells // 2 - 1))


def test_nothing_to_draw() -> None:
    assert stripes.axis([], 72).cells == 0
    assert stripes.stripe([], stripes.axis([[]], 72)) == ""


def test_every_sign_is_one_column_and_in_the_legend_once() -> None:
    signs = [sign for sign, _ in stripes.LEGEND]
    assert len(set(signs)) == len(signs)
    assert all(len(sign) == 1 for sign in signs)
