"""Columns, breaks and colours, whatever is written on them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.report.paper import columns, fill, flow, padded, painted, plain


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert [columns(text) for text in ("abc", "封锁", "e\u0301", "")] == [3, 4, 1, 0]
    assert padded("封", 4) == "封  "
    assert padded("abcdef", 4) == "abcdef"


@given(st.text(st.sampled_from("ab 封锁-")), st.integers(8, 40), st.integers(0, 60))
def test_lines_fit_and_lose_nothing(text: str, width: int, depth: int) -> None:
    lines = list(fill("", " " * depth, text, width))
    assert max(map(columns, lines), default=0) <= width
    assert re.sub(" ", "", "".join(lines)) == text.replace(" ", "")


@pytest.mark.parametrize("depth", [10, 20, 500])
def test_a_beginning_wider_than_the_page_ends(depth: int) -> None:
    assert len(list(fill(" " * depth, " " * depth, "x" * 100, 10))) < 200


def test_cells_flow_side_by_side_and_none_is_cut() -> None:
    assert flow(("a", "b", "c" * 20), 12, "") == ["a   b", "      " + "c" * 20]


def test_colour_goes_by_runs_and_nothing_else_changes() -> None:
    seen: list[tuple[str, str]] = []

    def paint(style: str, text: str) -> str:
        seen.append((style, text))
        return text

    assert painted("··██ ·", {"·": "green", "█": "red"}, paint) == "··██ ·"
    assert seen == [("green", "··"), ("red", "██"), ("green", "·")]
    assert painted("··", {"·": "green"}, plain) == "··"


def test_a_script_without_spaces_breaks_between_its_characters_and_a_word_of_latin_does_not() -> None:
    assert list(fill("", "  ", "握手完成用时，TLSv1.3 即可", 13)) == ["握手完成用", "  时，TLSv1.3", "  即可"]


@pytest.mark.parametrize("mark", "，。、；：？！）》”…")
def test_no_line_begins_with_a_closing_mark(mark: str) -> None:
    for width in range(8, 14):
        lines = list(fill("", "", f"封锁起点终点{mark}恢复连通", width))
        assert not [line for line in lines if line.startswith(mark)], width
        assert "".join(lines) == f"封锁起点终点{mark}恢复连通"


@pytest.mark.parametrize("mark", "（《“")
def test_no_line_ends_with_an_opening_mark(mark: str) -> None:
    for width in range(8, 14):
        assert not [line for line in fill("", "", f"封锁起点终点{mark}恢复连通", width) if line.endswith(mark)], width
