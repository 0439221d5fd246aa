"""Disks that fill, refuse or go away under a run: one clear error, every completed line kept, a watch that goes on."""

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import probe, served, write_list
from tests.faults.doomed import begin, end, files, kept, limited, lines_told, mounted, unmount, wait_for

MANY = 14


def many(port: int) -> str:
    """A list of one app with many endpoints, all of them this machine's."""
    hello = "expect: {contains: hello}"
    rows = "".join(
        f'      - {{id: e{n}, role: web, url: "http://127.0.0.1:{port}/{n}", {hello}}}\n' for n in range(MANY)
    )
    return served(port).replace("references:", f"{rows}references:", 1)


@pytest.fixture
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A results folder on a disk of its own that holds a few lines; for a watch, a few runs."""
    folder = tmp_path / "results"
    if not mounted(folder, "size=20k" if "watch" not in request.node.name else "size=400k"):
        pytest.skip("needs root, to mount a small disk")
    yield folder
    unmount(folder)


def one_error(err: str) -> str:
    """The only line that complains."""
    assert "Traceback" not in err
    [line] = [line for line in err.splitlines() if not line.startswith("left out")]
    return line


def test_a_disk_that_fills_ends_the_run_with_one_error_and_keeps_whole_lines(
    tmp_path: Path, hello: int, small: Path
) -> None:
    write_list(tmp_path, many(hello))
    done = probe("run", cwd=tmp_path)
    assert done.code == 1
    line = one_error(done.err)
    assert "the disk is full; kept of this run: " in line
    [path] = files(small)
    assert f"kept of this run: {len(kept(small))} records" in line
    assert path.read_bytes().endswith(b"\n")
    assert 0 < len(kept(small)) < MANY


def test_a_file_that_may_not_grow_is_told_alike(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, many(hello))
    code, _, err = end(begin(tmp_path, "run", preexec=limited(resource.RLIMIT_FSIZE, 12_000)))
    assert code == 1
    assert (
        f"the file has reached the largest size allowed; kept of this run: {len(kept(tmp_path))} records"
        in one_error(err)
    )


def test_a_watch_survives_a_full_disk_and_measures_on_when_there_is_room(
    tmp_path: Path, hello: int, small: Path
) -> None:
    write_list(tmp_path, served(hello))
    ballast = small / "ballast"
    watching = begin(tmp_path, "watch", "--every", "1s")
    lines_told(watching, 1)
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(b"x" * 10**6)
    before = len(kept(small))
    assert watching.stderr is not None
    told = watching.stderr.readline().decode()
    while "could not be kept" not in told:
        assert watching.poll() is None
        told = watching.stderr.readline().decode()
    assert "the watch goes on" in told
    ballast.unlink()
    wait_for(lambda: len(kept(small)) > before + 2)
    code, _, err = end(watching, signal.SIGTERM)
    assert (code, "Traceback" in err) == (130, False)


def test_a_read_only_disk_is_told_before_anything_is_measured(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    if not mounted(tmp_path / "results", "ro"):
        pytest.skip("needs root, to mount a disk that is read-only")
    try:
        for command in ("run", "watch"):
            done = probe(command, cwd=tmp_path)
            assert (done.code, done.out) == (2, "")
            assert "results is on a read-only file system; choose another folder" in done.err
    finally:
        unmount(tmp_path / "results")


def test_a_results_folder_that_vanishes_in_the_middle_is_told_and_not_quietly_lost(
    tmp_path: Path, hello: int, late: tuple[int, Callable[[], None]]
) -> None:
    port, answer = late
    write_list(tmp_path, served(hello, silent=port))
    running = begin(tmp_path, "run", "--json", "--timeout", "30")
    lines_told(running, 3)
    shutil.rmtree(tmp_path / "results")
    answer()
    code, _, err = end(running)
    assert code == 1
    assert "the file was deleted while the run was writing to it" in one_error(err)


def test_a_watch_whose_folder_vanishes_makes_it_anew(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    watching = begin(tmp_path, "watch", "--every", "1s")
    lines_told(watching, 1)
    shutil.rmtree(tmp_path / "results", ignore_errors=True)
    wait_for(lambda: len(files(tmp_path)) >= 2)
    code, _, err = end(watching, signal.SIGTERM)
    assert (code, "Traceback" in err) == (130, False)


@pytest.mark.parametrize("limit", [16, 24, 48])
def test_too_few_open_files_blame_no_endpoint_and_end_in_no_traceback(tmp_path: Path, hello: int, limit: int) -> None:
    write_list(tmp_path, many(hello))
    code, _, err = end(begin(tmp_path, "run", preexec=limited(resource.RLIMIT_NOFILE, limit)))
    assert "Traceback" not in err
    verdicts = {one.verdict for one in kept(tmp_path)}
    assert verdicts <= {"ok", "insufficient"}
    assert code in (0, 1, 4)
    if code == 1:
        assert "too many open files" in err.lower()
    else:
        assert len(kept(tmp_path)) == MANY + 3


def test_files_that_nobody_may_write_are_told(tmp_path: Path, hello: int) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    write_list(tmp_path, served(hello))
    (tmp_path / "results").mkdir(mode=0o555)
    done = probe("run", cwd=tmp_path)
    assert (done.code, "Permission denied" in one_error(done.err)) == (1, True)
