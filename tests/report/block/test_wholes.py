"""Targets as a whole on a page: sentences by the rule of each time, in every format, and nothing for old records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probe.cli.console import clean
from probe.model.measurement import Measurement
from probe.model.target import Role
from probe.report.block.view import Block
from probe.report.block.wholes import MOST_ROWS, rule_text
from probe.report.language.catalogue import catalogue, languages
from probe.report.paper import Page
from probe.report.registry import PAGES
from probe.report.whole import Rule
from tests.report.block.making import page, series
from tests.report.story import RESET

RULE = "api:all web:any"


def clubhouse(**changes: Any) -> Iterator[Measurement]:
    """Its API is blocked from the 21st of 40 cycles on, its website is open."""
    yield from series((20, {}), (20, RESET), **{"rollup": RULE, "required": True, **changes})
    yield from series((40, {}), endpoint="web", role=Role.WEB, **{"rollup": RULE, **changes})


def told(block: Block) -> list[str]:
    return [row.text for row in block.wholes.rows]


def test_each_stretch_is_a_sentence_and_the_rule_is_said_where_it_begins(tmp_path: Path) -> None:
    assert told(page(tmp_path, clubhouse(), zone="UTC")) == [
        "At the first measurement, 8 February 2021 09:00:00 UTC: reachable. "
        "The target list asks for API: all, website: any (required: api).",
        "Since 8 February 2021 12:10–12:20 UTC: partly blocked (api); what is left does not count as reached.",
    ]


def test_a_rule_that_changes_is_said_again(tmp_path: Path) -> None:
    old, new = series((10, {})), series((10, {}), at=1612780200.0, rollup="any")
    told_now = told(page(tmp_path, [*(one for one in old), *new], zone="UTC"))
    assert [line.rpartition(". ")[2] for line in told_now] == [
        "No rule of a target list is recorded: all endpoints count alike.", "The target list asks for any.",
    ]  # fmt: skip


def test_old_records_have_no_such_section(tmp_path: Path) -> None:
    block = page(tmp_path, clubhouse(rollup="", required=False))
    assert block.wholes.rows == ()
    for form in ("text", "md", "html"):
        assert block.wholes.title not in PAGES[form](block, Page(80, clean))


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("form", ["text", "md", "html"])
def test_every_format_says_them(tmp_path: Path, form: str, lang: str) -> None:
    block = page(tmp_path, clubhouse(), lang=lang)
    made = PAGES[form](block, Page(500, clean))
    assert block.wholes.title in made
    for text in told(block):
        assert text.replace("(", "\\(").replace(")", "\\)") in made or text in made


def test_data_has_states_rules_and_times(tmp_path: Path) -> None:
    rows = json.loads(PAGES["json"](page(tmp_path, clubhouse()), Page(80, clean)))["wholes"]["rows"]
    assert [(row["state"], row["blocked"], row["enough"], row["rollup"], row["required"]) for row in rows] == [
        ("ok", [], True, RULE, ["api"]), ("partly blocked", ["api"], False, RULE, ["api"]),
    ]  # fmt: skip
    assert rows[1]["since"]["earliest_utc"] == "2021-02-08T12:10:00.000Z"


def test_several_places_are_named(tmp_path: Path) -> None:
    both = [*clubhouse(), *clubhouse(vantage="sha-cu", asn=4837)]
    assert [text.partition(". ")[0] for text in told(page(tmp_path, both))] == [
        *["sha-ct CN AS4134"] * 2, *["sha-cu CN AS4837"] * 2,
    ]  # fmt: skip


def test_too_many_are_counted(tmp_path: Path) -> None:
    block = page(tmp_path, series(*((6, {"rollup": f"{k}"}) for k in range(1, MOST_ROWS + 4))))
    assert len(block.wholes.rows) == MOST_ROWS
    assert block.wholes.note == "3 more stretches of time are not shown."


@pytest.mark.parametrize(("rollup", "required", "said"), [
    ("all", (), "The target list asks for all."),
    ("3", (), "The target list asks for at least 3."),
    ("api:10 web:any", ("dc1",), "The target list asks for API: at least 10, website: any (required: dc1)."),
    ("", (), "No rule of a target list is recorded: all endpoints count alike."),
])  # fmt: skip
def test_rules_in_words(rollup: str, required: tuple[str, ...], said: str) -> None:
    assert rule_text(catalogue("en"), Rule(rollup, required)) == said
