"""One run at a time: a second is refused and told who holds the folder; a holder that was killed blocks nobody."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probe.schedule.lock import LockedError, held, holder_of, results_lock
from probe.store.journal import JournalError
from tests.cli.command import environment
from tests.store.records import T0

CHILD = """
import pathlib, sys, time
from probe.schedule.lock import results_lock
with results_lock(pathlib.Path(sys.argv[1]), "run 20210208T110000Z-sha-ct-91f3", 1612782000.0):
    print("held", flush=True)
    time.sleep(60)
"""


def child(out: Path) -> "subprocess.Popen[str]":
    running = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(out)], env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "held\n"
    return running


def test_a_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with results_lock(tmp_path, "run a", T0), pytest.raises(LockedError) as told, results_lock(tmp_path, "run b", T0):
        pytest.fail("two held it")
    assert told.value.holder is not None
    assert (told.value.holder.pid, told.value.holder.what) == (os.getpid(), "run a")
    assert f"locked by run a (process {os.getpid()} on " in str(told.value)
    assert "since 2021-02-08T09:00:00.000Z" in str(told.value)


def test_it_is_given_back_whatever_happened_inside(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), results_lock(tmp_path, "a", T0):
        raise ZeroDivisionError
    with results_lock(tmp_path, "b", T0):
        assert str(holder_of(tmp_path / ".lock")).startswith("b (process")


def test_a_process_that_is_killed_gives_it_back(tmp_path: Path) -> None:
    with child(tmp_path) as running:
        with pytest.raises(LockedError) as told, results_lock(tmp_path, "mine", T0):
            pytest.fail("two held it")
        assert told.value.holder is not None
        assert told.value.holder.pid == running.pid
        running.send_signal(signal.SIGKILL)
        running.wait(10)
        assert running.stdout is not None
        with results_lock(tmp_path, "mine", T0):
            pass


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b'{"pid":"x"}', b"x" * 100_000, b"[" * 90_000])
def test_what_the_file_says_never_decides(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".lock").write_bytes(content)
    with held(tmp_path / ".lock", "mine", T0):
        (tmp_path / ".lock").write_bytes(content)
        with pytest.raises(LockedError, match="locked by another process"), held(tmp_path / ".lock", "other", T0):
            pytest.fail("two held it")


def test_a_folder_that_cannot_be_is_told_as_results_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(JournalError, match=r"\.lock: cannot be opened: (Not a directory|File exists)"),
        results_lock(tmp_path / "file", "mine", T0),
    ):
        pytest.fail("held")


def test_two_folders_are_two_locks(tmp_path: Path) -> None:
    with results_lock(tmp_path / "a", "a", T0), results_lock(tmp_path / "b", "b", T0):
        assert (tmp_path / "a" / ".lock").exists()


def test_children_do_not_inherit_it(tmp_path: Path) -> None:
    with results_lock(tmp_path, "mine", T0):
        sleeper = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with results_lock(tmp_path, "mine", T0):
            pass
    finally:
        sleeper.kill()
        sleeper.wait()
