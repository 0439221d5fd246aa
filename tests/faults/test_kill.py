"""What is killed loses nothing that was complete: SIGKILL, SIGTERM, Ctrl-C, at any byte; and can be completed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.model.codec import encode_line
from probe.schedule.lock import holder_of
from probe.schedule.resume import find_run
from probe.store.journal import Journal
from probe.store.layout import run_path
from tests.cli.command import probe, served, write_list
from tests.faults.doomed import begin, end, files, kept, lines_told, wait_for
from tests.store.records import T0, measurement
from tests.world import VANTAGE

ALL = ["app/door", "app/quiet", "app/web", "ref/check"]


def names(folder: Path) -> list[str]:
    return sorted(f"{one.target}/{one.endpoint}" for one in kept(folder))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_killed_keeps_every_line_it_told_and_resume_measures_the_rest(
    tmp_path: Path, hello: int, late: tuple[int, Callable[[], None]], number: signal.Signals
) -> None:
    port, answer = late
    write_list(tmp_path, served(hello, silent=port))
    running = begin(tmp_path, "run", "--json", "--timeout", "30")
    told = lines_told(running, 3)
    code, _, err = end(running, number)
    answer()
    assert code == {signal.SIGKILL: -9}.get(number, 130)
    [path] = files(tmp_path)
    assert path.read_bytes() == b"".join(told)
    if number is not signal.SIGKILL:
        assert f"to measure the rest: probe run --resume {path.stem}, with the same options" in err
        assert "interrupted: 3 of 4 endpoints are on disk" in err
    done = probe("run", "--resume", path.stem, cwd=tmp_path)
    assert "3 lines are there" in done.err
    assert "1 are missing and are measured now" in done.err
    assert files(tmp_path) == [path]
    assert path.read_bytes().startswith(b"".join(told))
    assert names(tmp_path) == ALL
    assert {one.run_id for one in kept(tmp_path)} == {path.stem}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_watch_that_is_killed_in_a_run_starts_again_with_its_lines_and_its_slot(
    tmp_path: Path, hello: int, silence: int, number: signal.Signals
) -> None:
    write_list(tmp_path, served(hello, silent=silence))
    watching = begin(tmp_path, "watch", "--json", "--every", "1h", "--timeout", "30")
    told = lines_told(watching, 3)
    code, _, err = end(watching, number)
    assert code == {signal.SIGKILL: -9}.get(number, 130)
    assert "Traceback" not in err
    [path] = files(tmp_path)
    assert path.read_bytes() == b"".join(told)
    again = begin(tmp_path, "watch", "--every", "1h")  # nobody holds a lock, and this slot has had its run
    wait_for(lambda: getattr(holder_of(tmp_path / "results/local/.watch.lock"), "pid", None) == again.pid)
    with pytest.raises(TimeoutError):
        _within(2.0, again)
    assert end(again, signal.SIGTERM)[0] == 130
    assert files(tmp_path) == [path]


def _within(seconds: float, running: object) -> None:
    import subprocess

    assert isinstance(running, subprocess.Popen)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None


def test_a_second_run_is_refused_while_one_goes_on_and_not_after_it_was_killed(
    tmp_path: Path, hello: int, silence: int
) -> None:
    write_list(tmp_path, served(hello, silent=silence))
    running = begin(tmp_path, "run", "--json", "--timeout", "30")
    lines_told(running, 3)
    [path] = files(tmp_path)
    refused = probe("run", "--only", "app/web", cwd=tmp_path)
    assert (refused.code, refused.out) == (75, "")
    assert f"locked by run {path.stem} (process {running.pid} on " in refused.err
    assert probe("run", "--only", "app/web", "--out", "elsewhere", cwd=tmp_path).code == 0
    resumed = probe("run", "--resume", path.stem, cwd=tmp_path)
    assert resumed.code == 75
    end(running, signal.SIGKILL)
    assert probe("run", "--only", "app/web", cwd=tmp_path).code == 0


def test_a_second_watch_of_a_vantage_is_refused_and_a_run_by_hand_is_not(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    watching = begin(tmp_path, "watch", "--json", "--every", "1h")
    lines_told(watching, 3)
    wait_for(lambda: len(kept(tmp_path)) == 3)
    second = probe("watch", "--every", "1h", cwd=tmp_path)
    assert second.code == 75
    assert f"locked by probe watch --every 1 h (process {watching.pid} on " in second.err
    assert "one watch at a time for a vantage point" in second.err
    assert probe("run", cwd=tmp_path).code == 0
    code, _, err = end(watching, signal.SIGTERM)
    assert (code, "stopped while no run was going on; every line measured is in results" in err) == (130, True)


RUN = "20210208T090000Z-lab-91f3"


def a_run(out: Path, count: int = 4) -> tuple[Path, bytes]:
    """A finished run of `count` lines, and its bytes."""
    path = run_path(out, "lab", RUN)
    path.parent.mkdir(parents=True)
    data = b"".join(
        encode_line(measurement(T0 + n, run_id=RUN, vantage="lab", network="", endpoint=f"e{n}")) for n in range(count)
    )
    path.write_bytes(data)
    return path, data


def test_a_file_cut_at_any_byte_holds_every_line_before_the_cut_and_takes_the_rest(tmp_path: Path) -> None:
    path, data = a_run(tmp_path)
    length = len(data) // 4
    near = {end * length + step for end in range(5) for step in (-2, -1, 0, 1, 2)}
    for cut in sorted({*range(0, len(data), 29), *near} & set(range(len(data) + 1))):
        path.write_bytes(data[:cut])
        found = find_run(tmp_path, RUN, VANTAGE, "0" * 64)
        whole = data[:cut].count(b"\n")
        complete = whole + (cut % length == length - 1)  # only the newline is missing: the record can be read
        assert len(found.names) == complete
        with Journal(path, sync=lambda _fd: None) as journal:
            journal.append(measurement(T0 + 9, run_id=RUN, vantage="lab", network="", endpoint="e9"))
        assert find_run(tmp_path, RUN, VANTAGE, "0" * 64).names == found.names | {"clubhouse/e9"}


def test_a_torn_last_line_is_measured_again_on_resume(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    assert probe("run", cwd=tmp_path).code == 0
    [path] = files(tmp_path)
    for seal in path.parent.glob("*.seal"):
        seal.unlink()  # a power cut comes before the seal
    path.write_bytes(path.read_bytes()[:-100])
    done = probe("run", "--resume", path.stem, cwd=tmp_path)
    assert (done.code, "2 lines are there" in done.err) == (0, True)
    assert names(tmp_path) == ["app/door", "app/web", "ref/check"]
    assert probe("report", "results", cwd=tmp_path).code == 0


def test_a_run_stopped_before_its_first_line_leaves_no_file_no_lock_and_no_traceback(
    tmp_path: Path, silence: int
) -> None:
    write_list(tmp_path, served(silence))  # the reference never answers
    running = begin(tmp_path, "run", "--timeout", "30")
    wait_for(lambda: bool(files(tmp_path)))
    code, out, err = end(running, signal.SIGINT)
    assert (code, out, "Traceback" in err) == (130, b"", False)
    assert err == "interrupted before anything was measured\n"
    assert files(tmp_path) == []
    assert os.path.exists(tmp_path / "results/.lock")
