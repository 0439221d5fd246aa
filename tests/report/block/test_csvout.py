"""CSV as a spreadsheet reads it: flat rows, both zones, nothing that runs."""

import csv
import io
from pathlib import Path

import pytest

from probe.cli.console import clean
from probe.report.block.csvout import COLUMNS, overview, render
from probe.report.escape import FORMULA
from probe.report.paper import Page
from tests.report.block.hostile import hostile_page
from tests.report.block.making import page, series, wave
from tests.report.story import story
from tests.report.viewing import view

PAGE = Page(80, clean)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_an_episode_and_one_for_an_endpoint_without_any(tmp_path: Path) -> None:
    api, web = _rows(render(page(tmp_path, story()), PAGE))
    assert (api["row"], api["endpoint"], web["row"], web["endpoint"]) == ("episode", "api", "endpoint", "web")
    assert tuple(api) == COLUMNS
    assert (api["state"], api["certainty"], api["mechanisms"]) == ("confirmed", "confirmed", "dns_injection")
    assert (api["failed"], api["reached"], api["void"]) == ("55", "0", "6")
    assert (web["state"], web["failed"], web["reached"], web["void"]) == ("open", "0", "67", "6")


def test_times_are_in_utc_and_in_the_zone_of_the_page(tmp_path: Path) -> None:
    api, _ = _rows(render(page(tmp_path, story()), PAGE))
    assert api["onset_earliest_utc"] == "2021-02-08T10:50:00.000Z"
    assert api["onset_latest_utc"] == "2021-02-08T11:00:00.000Z"
    assert api["onset_latest_local"] == "2021-02-08T19:00:00.000+08:00"
    assert api["zone"] == "Asia/Shanghai"
    assert (api["end_earliest_utc"], api["end_latest_local"]) == ("", "")


def test_recovery_has_its_own_columns(tmp_path: Path) -> None:
    (one,) = _rows(render(page(tmp_path, story(), "m.cmx.im"), PAGE))
    assert (one["end_earliest_utc"], one["end_latest_utc"]) == ("2021-02-08T12:50:00.000Z", "2021-02-08T13:00:00.000Z")


def test_overview_has_every_series_of_the_report() -> None:
    seen = view(wave())
    rows = _rows(overview(seen, PAGE))
    assert len(rows) == len(seen.series)
    assert sum(int(row["failed"]) for row in rows if row["row"] == "episode") == sum(one.bad for one in seen.series)


@pytest.mark.parametrize("form", ["page", "overview"])
def test_no_cell_begins_a_formula_and_no_cell_breaks_its_row(tmp_path: Path, form: str) -> None:
    text = render(hostile_page(tmp_path), PAGE)
    if form == "overview":
        evil = '=cmd|" /C calc"!A0'
        text = overview(view(series((5, {}), target=evil, endpoint=f"\t{evil}", country=evil)), PAGE)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA)]
    assert len(text.splitlines()) == len(rows)
