"""The whole page: one set of numbers everywhere, the same from the same rows, and what is missing is said."""

import random
import re
from pathlib import Path

import pytest

from probe.cli.console import clean
from probe.report.block.build import build
from probe.report.block.choose import scope_target
from probe.report.block.collect import collect
from probe.report.block.view import Block, Outcome
from probe.report.joined import Outside
from probe.report.paper import Page
from probe.report.registry import PAGES
from tests.report.block.making import claim, note, page, seen, series, stored, unread, wave
from tests.report.story import BLOCKED_API, OFFLINE, story

DATA = ("text", "json", "md", "csv")


def _whole(folder: Path) -> Block:
    return page(folder, wave(), outside=Outside((claim(),), (note(),)))


def test_text_tables_and_figures_hold_the_same_numbers(tmp_path: Path) -> None:
    for block in (page(tmp_path / "a", story()), _whole(tmp_path / "b")):
        numbers = block.numbers
        ticks = [tick for row in block.stripes.rows for tick in row.ticks]
        cells = [cell for row in block.grid.rows for cell in row.cells if cell]
        for name in ("failed", "reached"):
            expected = getattr(numbers, name)
            assert sum(getattr(tick, name) for tick in ticks) == expected
            assert sum(getattr(cell, name) for cell in cells) == expected
            assert sum(getattr(row, name) for row in block.series) == expected
        assert sum(cell.void for cell in cells) == numbers.void
        assert sum(tick.size for tick in ticks) == numbers.measurements
        assert sum(one.failed for one in block.onsets.rows) == numbers.failed
        assert {one.of for one in block.alternatives} == {numbers.failed}
        measured = next(fact.value for fact in block.facts if fact.key == "measurements")
        assert re.findall(r"\d+", measured) == [
            str(number)
            for number in (numbers.measurements, numbers.runs, numbers.failed, numbers.reached, numbers.void)
        ]


def test_onset_is_the_same_moment_in_headline_table_figure_and_alternative_text(tmp_path: Path) -> None:
    block = page(tmp_path, story(), zone="UTC")
    (onset,) = block.onsets.rows
    drawn = next(row for row in block.stripes.rows if row.label == "api").onsets
    assert [bracket.observed for bracket in drawn] == [onset.observed]
    assert [bracket.certain for bracket in drawn] == [onset.certain]
    assert "between 10:50 and 11:00 UTC on 8 February 2021" in block.headline.text
    assert onset.observed.text == "8 February 2021 10:50–11:00 UTC"
    assert onset.observed.text in block.stripes.alt
    assert onset.observed.text in block.headline.intervals
    assert onset.certain is not None
    assert onset.certain.text in block.headline.intervals


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("form", DATA)
def test_every_format_holds_the_numbers_of_the_view(tmp_path: Path, form: str, lang: str) -> None:
    block = page(tmp_path, wave(), lang=lang)
    made = PAGES[form](block, Page(100, clean))
    said = set(re.findall(r"\d+", made))
    for one in block.onsets.rows:
        assert {str(one.failed)} <= said
    if form != "csv":
        numbers = block.numbers
        assert {str(numbers.measurements), str(numbers.failed), str(numbers.reached)} <= said
        assert block.integrity.digest in re.sub(r"\s", "", made)


def test_the_same_rows_give_the_same_page_in_any_order(tmp_path: Path) -> None:
    measurements = list(story())
    random.Random(3).shuffle(measurements)  # noqa: S311 - any order will do
    first, second = page(tmp_path / "a", story()), page(tmp_path / "b", measurements)
    assert first._replace(integrity=second.integrity, exhibits=()) == second._replace(exhibits=())


def test_exhibits_are_the_lines_on_disk(tmp_path: Path) -> None:
    block = page(tmp_path, story())
    failed, good = block.exhibits
    assert (failed.kind, good.kind) == ("failed", "good")
    assert failed.where.endswith("20210208T110000Z-sha-ct-91f3.jsonl:1")
    assert failed.transcript.headline == "clubhouse/api: blocked (confirmed)"
    assert good.when.at < failed.when.at


def test_what_was_not_read_is_said_to_be_missing(tmp_path: Path) -> None:
    view = seen(stored(tmp_path, story()))
    block = unread(view, scope_target(view, "clubhouse"))
    said = " ".join(block.missing)
    assert "55 failed measurements were not found again" in said
    assert "The failed measurement to show was not found" in said
    assert "No good measurement before the failure" in said
    assert block.alternatives == ()
    assert block.integrity.files == ()
    assert "standard input" in block.integrity.text


def test_gaps_and_unfit_runs_are_said(tmp_path: Path) -> None:
    said = " ".join(page(tmp_path, wave(), zone="UTC").missing)
    assert "sha-cu did not measure 8 February 2021 14:00–16:00 UTC: what happened then is unknown." in said
    offline = " ".join(page(tmp_path / "b", series((20, {}), (6, OFFLINE)), zone="UTC").missing)
    assert "sha-ct: offline, 8 February 2021 12:20–13:10 UTC (6 runs). Nothing is concluded from them." in offline


def test_lines_that_were_skipped_are_said(tmp_path: Path) -> None:
    sources = stored(tmp_path, series((20, {}), (20, BLOCKED_API)))
    assert sources[0].path is not None
    sources[0].path.write_bytes(sources[0].path.read_bytes() + b"no record\n")
    view = seen(sources)
    chosen = scope_target(view, "clubhouse")
    block = build(view, collect(sources, view, [chosen]), chosen)
    assert "1 line of the results could not be read and is not counted." in block.missing


def test_a_zone_that_is_none_fails_at_once(tmp_path: Path) -> None:
    view = seen(stored(tmp_path, series((3, {}))))
    with pytest.raises(KeyError):
        build(view, collect((), view, []), scope_target(view, "clubhouse"), zone="Mars/Base")


def test_facts_name_what_and_where_and_with_which_list(tmp_path: Path) -> None:
    facts = {fact.key: fact.value for fact in page(tmp_path, wave()).facts}
    assert facts["country"] == "CN"
    assert facts["networks"] == "AS4134, AS4837 and AS9808"
    assert facts["schedule"] == "10 minutes"
    assert facts["target_list"] == "0" * 64
    assert facts["software"].startswith("probe 0.1.0 (Python")
    assert facts["status"] == "confirmed; 2 still fail, each endpoint and place counted"
    assert facts["method"] == "forged DNS answer, reset after this name in TLS"


def test_page_of_an_open_target_claims_nothing(tmp_path: Path) -> None:
    block = page(tmp_path, series((30, {})))
    assert block.onsets.rows == ()
    assert block.alternatives == ()
    assert [one.outcome for one in block.stripes.legend] == [Outcome.REACHED]
    for form in DATA:
        assert "became unreachable" not in PAGES[form](block, Page(80, clean))
