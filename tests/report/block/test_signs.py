"""Figures in signs: the ticks of the figure, in cells, blank where nothing was measured."""

from pathlib import Path

from probe.report.block.signs import BARS, LABEL, SIGNS, STYLES, bars, draw, legend, rows
from probe.report.block.view import Outcome, Share, ShareRow, Shares
from tests.report.block.making import page, series, wave
from tests.report.story import BLOCKED_API, RESET


def test_every_outcome_has_a_sign_of_its_own() -> None:
    assert set(SIGNS) == set(Outcome)
    assert len(set(SIGNS.values())) == len(SIGNS)
    assert set(STYLES) <= set(SIGNS.values())


def test_rows_share_one_axis_and_ordinary_jitter_leaves_no_blank(tmp_path: Path) -> None:
    jitter = [
        one for n in range(40) for one in series((1, {} if n < 20 else BLOCKED_API), at=1612774800.0 + n * 600 + n % 3)
    ]
    (line,) = rows(page(tmp_path, jitter).stripes, 80)
    assert " " not in line.signs
    assert set(line.signs) <= {"·", "█", "▒"}


def test_cells_in_which_some_failed_say_both(tmp_path: Path) -> None:
    many = series((200, {}), (1, RESET), (200, {}))
    figure = page(tmp_path, many).stripes
    lines = rows(figure, 80)
    assert "▒" in lines[0].signs
    assert any("some reached, some failed" in text for text in legend(figure, lines, 80))


def test_a_long_name_is_cut_visibly_and_nothing_else_is(tmp_path: Path) -> None:
    figure = page(tmp_path, series((5, {}), endpoint="e" * 100)).stripes
    (line,) = rows(figure, 80)
    assert line.label == "e" * (LABEL - 1) + "…"
    assert all(len(text) <= 80 for text in draw(figure, 80))


def test_bars_are_blank_where_nothing_was_learnt_and_low_where_none_failed() -> None:
    cells = (Share(0, 1, 0, 4), Share(1, 2, 0, 0), Share(2, 3, 2, 4), Share(3, 4, 4, 4))
    (line,) = bars(Shares("", "", 0, 4, (ShareRow("v", 1, cells),)))
    assert line == f"v ▏{BARS[1]}{BARS[0]}▅{BARS[-1]}▏ 6/12"


def test_wave_in_signs_shows_the_gap(tmp_path: Path) -> None:
    lines = {line.label.strip(): line.signs for line in rows(page(tmp_path, wave()).stripes, 96)}
    assert "    " in lines["api sha-cu CN AS4837"]
    assert " " not in lines["api gz-cm CN AS9808"]
