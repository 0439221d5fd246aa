"""Markdown as a renderer reads it: our headings and tables, and nothing of a stranger's that acts."""

import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from probe.cli.console import clean
from probe.report.block.markdown import render
from probe.report.paper import Page
from tests.report.block.hostile import hostile_page
from tests.report.block.making import page, wave
from tests.report.story import story

PAGE = Page(80, clean)


def _tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def _headings(tokens: list[Token], level: str) -> list[str]:
    return [text.content for mark, text in pairwise(tokens) if mark.type == "heading_open" and mark.tag == level]


def test_the_headline_is_the_title_and_the_sections_follow(tmp_path: Path) -> None:
    block = page(tmp_path, story())
    tokens = _tokens(render(block, PAGE))
    assert _headings(tokens, "h1") == [block.headline.text]
    assert _headings(tokens, "h2") == [
        "In short", "Every measurement, by endpoint and place", "Endpoints and networks", "Onsets",
        "What else could it be", "Evidence, step by step", "What is not known", "Limits and method",
        "Files and how to check them",
    ]  # fmt: skip


def test_every_row_of_a_table_has_as_many_cells_as_its_head(tmp_path: Path) -> None:
    for block in (page(tmp_path / "a", wave()), hostile_page(tmp_path / "b")):
        width = 0
        for line in render(block, PAGE).splitlines():
            if line.startswith("| "):
                cells = line.replace("\\|", "").count("|")
                assert width in (0, cells), line
                width = cells
            elif not line.startswith("|"):
                width = 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_stranger_makes_a_link_an_image_a_heading_or_html(tmp_path: Path, lang: str) -> None:
    block = hostile_page(tmp_path, lang)
    text = render(block, PAGE)
    tokens = _tokens(text)
    assert not {"html_block", "html_inline", "link_open", "image", "em_open", "s_open", "blockquote_open",
                "ordered_list_open", "code_block"} & {token.type for token in tokens}  # fmt: skip
    names = ("facts", "alternatives", "claims", "notes", "exhibits", "limits")
    titles = (block.stripes.title, block.grid.title, block.wholes.title, block.onsets.title, block.integrity.title)
    assert sorted(_headings(tokens, "h2")) == sorted([*titles, *(block.labels[name] for name in names)])
    assert len(_headings(tokens, "h1")) == 1
    prose = "".join(token.content for token in tokens if token.type in ("text", "text_special"))
    assert "http\\://evil" in text
    assert "<script>" in prose  # shown as text


def test_nothing_stands_that_acts_on_a_terminal_or_reorders_a_line(tmp_path: Path) -> None:
    text = render(hostile_page(tmp_path), PAGE)
    assert {c for c in text if unicodedata.category(c)[0] == "C"} == {"\n"}
    assert "\u2028" not in text


def test_a_code_block_is_not_ended_by_what_it_holds(tmp_path: Path) -> None:
    tokens = _tokens(render(hostile_page(tmp_path), PAGE))
    fences = [token.content for token in tokens if token.type == "fence"]
    assert len(fences) == 4  # figure, two transcripts, commands
    assert any("``````" in content for content in fences)


def test_chart_in_signs_has_no_line_through_a_gap(tmp_path: Path) -> None:
    text = render(page(tmp_path, wave()), PAGE)
    row = next(line for line in text.splitlines() if line.startswith("api sha-cu"))
    signs = row.partition("▏")[2]
    assert "     " in signs.strip()
