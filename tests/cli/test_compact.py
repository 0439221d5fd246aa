"""`probe compact` as it is called: what it says, what it refuses, and that a report is the same from either form."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app
from tests.report.story import story
from tests.report.viewing import write

RUN = "20210208T090000Z-sha-ct-91f3"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "sha-ct" / "2021-02-08"
    folder.mkdir(parents=True)
    path = write(folder / f"{RUN}.jsonl", story())
    os.utime(path, (0, 0))
    return tmp_path / "results"


def _probe(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.mark.parametrize("options", [[], ["--partition"]])
def test_report_of_parquet_is_that_of_the_lines(told: Path, options: list[str]) -> None:
    done = _probe("compact", told, "--out", "parquet", *options)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("1 run in 1 file below parquet: ")
    for more in ([], ["--json"], ["--rejudge"], ["--strict"], ["--until", "2021-02-08T12:00"]):
        lines, parquet = _probe("report", told, *more), _probe("report", "parquet", *more)
        assert lines.exit_code == 0
        assert (parquet.stdout, parquet.stderr) == (lines.stdout, lines.stderr)


def test_explain_finds_its_record_in_parquet(told: Path) -> None:
    _probe("compact", "--out", "parquet")
    lines = _probe("explain", "latest", "clubhouse", "--results", told)
    parquet = _probe("explain", "latest", "clubhouse", "--results", "parquet")
    assert lines.exit_code == parquet.exit_code == 0
    assert _before_the_place(parquet.stdout) == _before_the_place(lines.stdout) != []


def _before_the_place(text: str) -> list[str]:
    """What is told of the record, before where it lies."""
    told = text.splitlines()
    return told[: next(at for at, line in enumerate(told) if line.startswith("  line "))]


@pytest.mark.usefixtures("told")
def test_again_says_that_nothing_is_new() -> None:
    _probe("compact", "--out", "parquet")
    assert _probe("compact", "--out", "parquet").stdout == "nothing new below parquet: 1 run was there already\n"


def test_run_that_may_go_on_is_left_out_and_named(told: Path) -> None:
    os.utime(told / "sha-ct" / "2021-02-08" / f"{RUN}.jsonl")
    done = _probe("compact", "--out", "parquet")
    assert done.exit_code == 0
    assert "left out" in done.stderr
    assert "perhaps the run goes on" in done.stderr
    assert done.stdout == "nothing new below parquet\n"


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "--out"),
    (["--out", "results/parquet"], "overlap"),
    (["--out", "."], "overlap"),
    (["--out", "file"], "is a file"),
    (["nowhere", "--out", "parquet"], "no such file or folder"),
])  # fmt: skip
def test_mistakes_are_named_and_nothing_is_written(told: Path, arguments: list[str], said: str) -> None:
    Path("file").write_text("x")
    done = _probe("compact", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert list(told.parent.rglob("*.parquet")) == []
