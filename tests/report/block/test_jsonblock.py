"""JSON: the view itself, whole, and no character in it that acts."""

import json
import unicodedata
from pathlib import Path

from probe.cli.console import clean
from probe.report.block.jsonblock import render
from probe.report.block.view import Block
from probe.report.paper import Page
from tests.report.block.hostile import EVIL, hostile_page
from tests.report.block.making import page
from tests.report.story import story

PAGE = Page(80, clean)


def test_every_field_of_the_view_is_there(tmp_path: Path) -> None:
    block = page(tmp_path, story())
    told = json.loads(render(block, PAGE))
    assert set(Block._fields) - {"episodes"} <= set(told)
    assert len(told["onsets"]["rows"]) == len(block.episodes)
    assert told["block_report"] == 1
    assert told["numbers"] == block.numbers._asdict()
    assert told["onsets"]["rows"][0]["observed"]["earliest_utc"] == "2021-02-08T10:50:00.000Z"
    assert told["onsets"]["rows"][0]["observed"]["latest"] == block.onsets.rows[0].observed.latest
    tick = dict(zip(told["tick_fields"], told["stripes"]["rows"][0]["ticks"][0], strict=True))
    assert (tick["outcome"], tick["size"]) == ("reached", 1)
    assert told["exhibits"][0]["transcript"]["verdict"] == "blocked"


def test_a_strangers_text_is_kept_and_cannot_act(tmp_path: Path) -> None:
    text = render(hostile_page(tmp_path), PAGE)
    assert {c for c in text if unicodedata.category(c)[0] == "C"} == {"\n"}
    assert json.loads(text)["scope"]["id"] == EVIL
