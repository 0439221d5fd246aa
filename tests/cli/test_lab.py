"""`probe lab list`: a table for eyes, tabs for scripts. What playing finds is for tests/lab."""

from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from probe.cli import lab
from probe.lab.scenarios.catalogue import catalogue, find


def test_in_a_pipe_every_scenario_is_a_line_of_five_columns() -> None:
    done = CliRunner().invoke(lab.app, ["list"])
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[1] for row in rows] == [each.name for each in catalogue()]
    assert {len(row) for row in rows} == {5}


@pytest.mark.parametrize("width", [40, 80, 120])
def test_on_a_terminal_it_is_a_table_within_its_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    terminal = Console(force_terminal=True, width=width, record=True, no_color=True)
    monkeypatch.setattr(lab, "stdout", lambda: terminal)
    assert CliRunner().invoke(lab.app, ["list", "E"]).exit_code == 0
    lines = terminal.export_text().splitlines()
    assert lines[0].split() == ["no.", "scenario", "verdict", "what", "it", "is"]
    assert max(map(len, lines)) <= width
    begun = [line.split()[1] for line in lines[1:] if line[:4].strip()]
    names = [each.name for each in find("E")]
    assert len(begun) == len(names)
    assert width < 80 or begun == names


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_not_taken_for_all_of_them(name: str) -> None:
    done = CliRunner().invoke(lab.app, ["list", name])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "an empty name is no scenario; `probe lab list` prints them all\n"


def test_a_scenario_that_is_not_there() -> None:
    done = CliRunner().invoke(lab.app, ["list", "nosuch"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "`probe lab list` prints them all" in done.stderr


@pytest.mark.parametrize("page", ["nosuch/scenarios.md", "."])
def test_a_page_that_cannot_be_written_is_told_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(lab.app, ["run", "http-ok", "--page", page])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"--page {page}: ")
