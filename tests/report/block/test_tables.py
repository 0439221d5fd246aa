"""The tables: no network averaged away, no onset where none is known, shares only where several can be compared."""

from pathlib import Path

from probe.cli.console import clean
from probe.model.target import Role
from probe.report.block.csvout import render as csv_of
from probe.report.block.tables import MOST_ONSETS
from probe.report.block.view import Cell
from probe.report.paper import Page
from tests.report.block.making import page, series, wave
from tests.report.story import BLOCKED_API, RESET, clock, story

PAGE = Page(80, clean)


def _cell(cell: Cell | None) -> Cell:
    assert cell is not None
    return cell


def test_a_cell_a_network_with_method_and_counts(tmp_path: Path) -> None:
    grid = page(tmp_path, wave()).grid
    assert [one.label for one in grid.networks] == ["AS4134", "AS4837", "AS9808"]
    rows = {row.label: [_cell(cell) for cell in row.cells] for row in grid.rows}
    first, second, third = rows["api"]
    assert (first.state_name, first.method, first.failed, first.reached) == (
        "blocked (confirmed)", "forged DNS answer", 62, 11,
    )  # fmt: skip
    assert second.text == "likely blocked; reset after this name in TLS; 47 of 62 failed"
    assert (third.state, third.failed, third.method) == ("open", 0, "")


def test_what_was_not_measured_on_a_network_is_none(tmp_path: Path) -> None:
    web = series((5, {}), endpoint="web", role=Role.WEB, vantage="gz-cm", asn=9808)
    grid = page(tmp_path, [*series((5, {})), *web]).grid
    assert [[cell is None for cell in row.cells] for row in grid.rows] == [[False, True], [True, False]]


def test_two_places_of_one_network_are_never_averaged(tmp_path: Path) -> None:
    both = [*series((20, {}), (20, BLOCKED_API)), *series((40, {}), vantage="sha-two")]
    (row,) = page(tmp_path, both).grid.rows
    (cell,) = row.cells
    assert _cell(cell).state_name == "blocked (confirmed) (from 1 of 2 vantage points)"


def test_vantage_points_without_a_network_keep_a_column_each(tmp_path: Path) -> None:
    both = [*series((5, {}), vantage="one", asn=0), *series((5, {}), vantage="two", asn=0)]
    assert [one.label for one in page(tmp_path, both).grid.networks] == ["one", "two"]


def test_onset_row_has_every_column_of_the_issue(tmp_path: Path) -> None:
    (one,) = page(tmp_path, story()).onsets.rows
    assert one.last_ok is not None
    assert (one.last_ok.at, one.first_blocked.at) == (clock("10:50"), clock("11:00"))
    assert one.certain is not None
    assert one.confirmed_after == (12, 110 * 60.0)  # 4.4 + 10 x 1.4 < 18.5 < 4.4 + 11 x 1.4 at a place hardly known
    assert one.confirmed_text == "12 failed measurements (1 hour 50 minutes)"
    assert one.recovered is None
    assert one.recovered_text.startswith("not yet, as of 8 February 2021 21:00 UTC")
    assert (one.failed, one.reached, one.void) == (55, 0, 6)
    assert one.id == "clubhouse/api/sha-ct-AS4134/20210208T110000Z"


def test_block_from_the_first_measurement_on_has_no_last_ok(tmp_path: Path) -> None:
    (one,) = page(tmp_path, series((30, BLOCKED_API))).onsets.rows
    assert one.last_ok is None
    assert one.certain is None
    assert one.observed.earliest is None
    assert one.observed.text.startswith("before 8 February 2021 09:00 UTC")


def test_recovery_is_an_interval(tmp_path: Path) -> None:
    (one,) = page(tmp_path, story(), "m.cmx.im").onsets.rows
    assert one.recovered is not None
    assert (one.recovered.earliest, one.recovered.latest) == (clock("12:50"), clock("13:00"))


def test_not_yet_confirmed_says_so(tmp_path: Path) -> None:
    (one,) = page(tmp_path, series((60, {}), (3, RESET))).onsets.rows
    assert one.confirmed_after is None
    assert one.confirmed_text == "not yet: too few failed measurements"


def test_more_episodes_than_can_be_read_are_counted_and_stay_in_the_data(tmp_path: Path) -> None:
    many = [one for n in range(MOST_ONSETS + 5) for one in series((12, {}), (12, RESET), endpoint=f"e{n:03}")]
    block = page(tmp_path, many)
    assert len(block.onsets.rows) == MOST_ONSETS
    assert block.onsets.note == "5 more are not shown."
    assert len(block.episodes) == MOST_ONSETS + 5
    assert csv_of(block, PAGE).count("\nepisode,") == MOST_ONSETS + 5


def test_shares_need_three_vantage_points(tmp_path: Path) -> None:
    assert page(tmp_path, story()).shares is None
    shares = page(tmp_path / "b", wave()).shares
    assert shares is not None
    assert [row.asn for row in shares.rows] == [4134, 4837, 9808]
    assert (
        shares.title == "Share that failed, by vantage point: api"
    )  # of the endpoint that was hit: others would dilute


def test_shares_add_up_to_the_grid_and_are_blank_where_nothing_was_learnt(tmp_path: Path) -> None:
    block = page(tmp_path, wave())
    assert block.shares is not None
    cells = {row.label: row.cells for row in block.grid.rows}["api"]
    for row, cell in zip(block.shares.rows, cells, strict=True):
        assert sum(one.failed for one in row.cells) == _cell(cell).failed
        assert sum(one.telling for one in row.cells) == _cell(cell).failed + _cell(cell).reached
    assert any(one.telling == 0 for one in block.shares.rows[1].cells)
    assert all(one.telling for one in block.shares.rows[0].cells)
