"""The page on a terminal: 80 columns, colour that ends with its line, and no line of a stranger's own."""

import re
import unicodedata
from pathlib import Path

import pytest

from probe.cli.console import clean
from probe.report.block.text import render
from probe.report.paper import Page, columns
from tests.report.block.hostile import hostile_page
from tests.report.block.making import page, wave
from tests.report.story import story

PAGE = Page(80, clean)


def _coloured(style: str, text: str) -> str:
    return f"\x1b[{len(style)}m{text}\x1b[0m"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [72, 80, 120])
def test_no_line_is_wider_than_the_page(tmp_path: Path, lang: str, width: int) -> None:
    text = render(page(tmp_path, wave(), lang=lang), Page(width, clean))
    hashes = "0" * 64  # is copied, and therefore longer than a narrow line rather than broken
    assert max(columns(line) for line in text.splitlines() if not line.endswith(hashes)) <= width
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_sections_in_reading_order(tmp_path: Path) -> None:
    text = render(page(tmp_path, story()), PAGE)
    heads = ["How sure: confirmed.", "In short", "Every measurement", "Endpoints and networks", "Onsets",
             "What else could it be", "Evidence, step by step", "What is not known", "Limits and method",
             "Files and how to check them"]  # fmt: skip
    places = [text.index(f"\n{head}") for head in heads]
    assert places == sorted(places)
    assert "probe explain 20210208T110000Z-sha-ct-91f3/clubhouse/api" in text


def test_colours_change_nothing_but_colour_and_end_with_their_line(tmp_path: Path) -> None:
    block = page(tmp_path, wave())
    plain, painted = render(block, PAGE), render(block, PAGE._replace(paint=_coloured))
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain
    assert painted != plain
    for line in painted.splitlines():
        assert len(re.findall(r"\x1b\[[1-9]\d*m", line)) == line.count("\x1b[0m")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_strangers_text_begins_no_line_and_moves_nothing(tmp_path: Path, lang: str) -> None:
    text = render(hostile_page(tmp_path, lang), PAGE)
    assert {c for c in text if unicodedata.category(c)[0] == "C"} == {"\n"}
    assert "\u2028" not in text
    assert not any(line.startswith("# Blocked by") for line in text.splitlines())
