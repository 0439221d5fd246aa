"""Each format's escape, against what would break out of it."""

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from probe.model.shown import visible
from probe.report.escape import FORMULA, csv_cell, fenced, json_text, markdown

ANY = st.text(st.characters())  # surrogates, controls and all
ACTS = "*_`[]()<>#|~!&\\$@-+.:1/ www http"


@pytest.mark.parametrize(
    "text",
    ["# head", "- item", "+ item", "1. item", "1) item", "> said", "=====", "---", "| a | b |", "![x](y)", "[x](y)",
     "<b>x</b>", "<http://x>", "**x**", "__x__", "`x`", "~~x~~", "&lt;", "\\*", "***", "    code", "\tcode", "```",
     ":---"],
)  # fmt: skip
def test_markdown_shows_the_text_itself(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown(text).strip(" "))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    shown = "".join(child.content for child in tokens[1].children or ())
    assert {child.type for child in tokens[1].children or ()} <= {"text", "text_special"}
    assert shown == visible(text).strip(" ")


@given(st.text(st.sampled_from(ACTS), max_size=30))
def test_markdown_of_any_signs_is_plain_words(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"x {markdown(text)}")
    inner = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inner} <= {"text", "text_special"}
    assert "".join(child.content for child in inner) == f"x {text}".rstrip()


def test_addresses_are_no_links_where_bare_ones_become_links() -> None:
    assert markdown("see http://evil.example and HTTPS://x") == "see http\\://evil.example and HTTPS\\://x"
    assert "www." not in markdown("www.evil.example")
    assert "\\@" in markdown("a@evil.example")


@given(st.lists(st.text(st.sampled_from("`~ab ")), max_size=5))
def test_nothing_ends_a_code_block(lines: list[str]) -> None:
    text = "\n".join(lines)
    (block,) = (token for token in MarkdownIt("commonmark").parse(fenced(text)) if token.type == "fence")
    assert block.content.rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠", " =", '"=', "'="]
)
def test_formula_is_disarmed(start: str) -> None:
    cell = csv_cell(f"{start}1+1")
    assert cell.startswith("'")
    assert not cell.startswith(FORMULA)


@given(ANY)
def test_a_cell_stays_a_cell_and_begins_no_formula(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([csv_cell(text), "next"])
    ((cell, following),) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert following == "next"
    assert not cell.startswith(FORMULA)


@given(st.text())
def test_json_keeps_the_text_and_shows_no_control(text: str) -> None:
    made = json_text({"text": text})
    assert json.loads(made) == {"text": text}
    assert {c for c in made if unicodedata.category(c)[0] == "C"} <= {"\n"}
