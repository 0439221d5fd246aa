"""`probe watch` as a process: its lines, its end, what it reads anew, and what it refuses; on this machine only."""

import os
import signal
from pathlib import Path

import pytest

from probe.cli.amounts import bytes_of, seconds_of, spoken, weighed
from probe.model.codec import decode_line
from tests.cli.command import probe, served, write_list
from tests.faults.doomed import begin, end, files, kept, lines_told, wait_for


def test_it_makes_the_runs_that_were_asked_for_and_tells_each_in_a_line(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    done = probe("watch", "--every", "1s", "--runs", "3", "--vantage", "sha-ct", cwd=tmp_path)
    assert done.code == 0
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [(row[1], row[2]) for row in rows] == [("run", path.stem) for path in files(tmp_path)]
    assert len(rows) == 3
    assert all(row[3].startswith("3 of 3: 3 ok · ") for row in rows)
    assert "\x1b" not in done.out + done.err
    assert "Traceback" not in done.err
    assert len(kept(tmp_path)) == 9


def test_json_is_the_lines_of_the_files(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    done = probe("watch", "--every", "1s", "--runs", "2", "--json", cwd=tmp_path)
    assert [decode_line(line.encode()) for line in done.out.splitlines()] == kept(tmp_path)
    assert done.err.count("\trun\t") == 2


def test_a_list_that_is_edited_is_taken_and_one_with_mistakes_is_told_and_left(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    watching = begin(tmp_path, "watch", "--every", "1s")
    lines_told(watching, 1)
    write_list(tmp_path, "version: 1\napps:\n  - {id: a, nmae: A}\n")
    assert watching.stderr is not None
    told = watching.stderr.readline().decode()
    assert "targets.yaml:3: " in told
    assert told.endswith("the list of before stays in force\n")
    write_list(tmp_path, served(hello).replace("door", "gate"))
    wait_for(lambda: "gate" in {one.endpoint for one in kept(tmp_path)})
    code, _, err = end(watching, signal.SIGTERM)
    assert code == 130
    assert "targets.yaml has changed: 3 endpoints from now on" in err


def test_a_reader_who_leaves_does_not_end_the_watch(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    watching = begin(tmp_path, "watch", "--every", "1s", "--runs", "4")
    assert watching.stdout is not None
    assert watching.stderr is not None
    with watching:
        watching.stdout.close()
        err = watching.stderr.read()
    assert (watching.returncode, b"Traceback" in err) == (0, False)
    assert len(files(tmp_path)) == 4


def test_a_budget_is_told_and_is_no_failure(tmp_path: Path, hello: int, silence: int) -> None:
    write_list(tmp_path, served(hello, silent=silence))
    for command in (("watch", "--every", "1h", "--runs", "1"), ("run", "--out", "other")):
        done = probe(*command, "--max-time", "1.5s", "--timeout", "30", cwd=tmp_path)
        assert done.code == 0
        assert "not measured, the run had used its 1.5 seconds: app/quiet" in done.err
    assert {one.verdict for one in kept(tmp_path)} == {"ok"}
    assert len(kept(tmp_path)) == 6


WRONG: dict[tuple[str, ...], str] = {
    ("--every", "soon"): "--every 'soon' is no interval from 1s to 7d; write one such as 10m",
    ("--every", "0"): "--every '0' is no interval",
    ("--every", "8d"): "--every '8d' is no interval",
    ("--max-bytes", "much"): "--max-bytes 'much' is no amount of data; write one such as 20MB",
    ("--max-time", "-1"): "--max-time '-1' is no time; write one such as 90s or 5m",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_option_is_told_and_nothing_is_written(tmp_path: Path, hello: int, words: tuple[str, ...]) -> None:
    write_list(tmp_path, served(hello))
    done = probe("watch", *words, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert WRONG[words] in done.err
    assert done.err.endswith("1 mistake; nothing was probed.\n")
    assert os.listdir(tmp_path) == ["targets.yaml"]


@pytest.mark.parametrize("words", [("--resume", "x"), ("--resume", "20210208T090000Z-local-0000"), ("--other-list",)])
def test_a_run_that_cannot_be_resumed_is_told_and_nothing_is_written(
    tmp_path: Path, hello: int, words: tuple[str, ...]
) -> None:
    write_list(tmp_path, served(hello))
    done = probe("run", *words, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "nothing was probed" in done.err
    assert os.listdir(tmp_path) == ["targets.yaml"]


def test_a_run_of_which_nothing_is_missing_is_left_as_it_is(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    probe("run", cwd=tmp_path)
    [path] = files(tmp_path)
    before = path.read_bytes()
    done = probe("run", "--resume", path.stem, cwd=tmp_path)
    assert (done.code, "nothing is missing: 3 lines are in " in done.err) == (0, True)
    assert path.read_bytes() == before


def test_a_dry_run_touches_nothing(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    done = probe("watch", "--dry-run", cwd=tmp_path)
    assert (done.code, "app/door\t127.0.0.1:" in done.out) == (0, True)
    assert os.listdir(tmp_path) == ["targets.yaml"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("90s", 90.0), ("10m", 600.0), ("10 min", 600.0), ("1.5h", 5400.0), ("1d", 86400.0), ("0", None),
     ("", None), ("m", None), ("-1", None), ("1e9", None), ("1w", None), ("١", None), ("9" * 400, None)],
)  # fmt: skip
def test_times_as_people_write_them(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("500", 500),
        ("20MB", 20_000_000),
        ("1.5GiB", 1_610_612_736),
        ("3kB", 3000),
        ("0", None),
        ("MB", None),
        ("5mb", None),
    ],
)
def test_amounts_of_data_as_people_write_them(text: str, count: int | None) -> None:
    assert bytes_of(text) == count


def test_times_and_amounts_as_people_read_them() -> None:
    assert [spoken(s) for s in (0, 0.2, 45, 60, 580, 3600, 7500, 86400, 273600, 90060)] == [
        "0 s", "1 s", "45 s", "1 min", "9 min 40 s", "1 h", "2 h 5 min", "1 d", "3 d 4 h", "1 d 1 h"
    ]  # fmt: skip
    assert [weighed(n) for n in (0, 840, 12_400, 3_100_000, 2_000_000_000)] == [
        "0 B", "840 B", "12.4 kB", "3.1 MB", "2.0 GB"
    ]  # fmt: skip
