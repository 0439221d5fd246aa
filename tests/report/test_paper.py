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
    assert not [line for line in lines if columns(line) > width and not re.fullmatch(r" *[ab-]+", line)]
    assert re.sub(" ", "", "".join(lines)) == text.replace(" ", "")


@pytest.mark.parametrize("depth", [10, 20, 500])
def test_a_beginning_wider_than_the_page_ends(depth: int) -> None:
    assert len(list(fill(" " * depth, " " * depth, "x" * 100, 10))) < 200


def test_cells_flow_side_by_side_and_none_is_cut() -> None:
    assert flow(("a", "b", "c" * 20), 12, "") == ["a   b", "      " + "c" * 20]


def test_a_cell_that_fits_no_line_is_broken_at_spaces() -> None:
    assert flow(("clubhouse/api", "likely blocked, failed 6 of 6 since", "now"), 30, "  ") == [
        "  clubhouse/api",
        "      likely blocked, failed 6",
        "      of 6 since   now",
    ]


PATH = "results/lab/2026-11-21/20261121T161058Z-lab-b0ad.jsonl:19"


@pytest.mark.parametrize(
    "word", [PATH, "https://www.clubhouseapi.com/api/check_for_update?is_testflight=0", "0" * 64, f"{PATH}。"]
)
def test_what_people_copy_is_longer_than_its_line_rather_than_broken(word: str) -> None:
    assert list(fill("  at ", "     ", f"it is {word} here", 40)) == ["  at it is", f"     {word}", "     here"]
    assert list(fill("  at ", "     ", word, 40)) == [f"  at {word}"]


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2800", "\u3164"])
def test_a_strangers_word_with_blanks_that_are_no_space_stays_in_its_depth(blank: str) -> None:
    """Or the terminal would go on with it where lines of ours begin, and it could look like one."""
    lines = list(fill("  title ", "        ", f"{'x' * 32}{blank}clubhouse/api:{blank}ok", 40))
    assert max(map(columns, lines)) <= 40
    assert all(line.startswith("  ") for line in lines)


def test_no_word_is_longer_than_its_line_without_end() -> None:
    assert max(map(columns, fill("", "", "x" * 100_000, 40))) == 40


def test_a_command_in_backticks_is_one_word_where_that_is_asked_for() -> None:
    text = "set it: `timedatectl set-ntp true`, then wait"
    assert list(fill("", "", text, 24, commands=True)) == ["set it:", "`timedatectl set-ntp true`,", "then wait"]
    assert list(fill("", "", text, 24)) == ["set it: `timedatectl", "set-ntp true`, then wait"]


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
