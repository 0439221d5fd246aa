"""Records survive what kills a run: SIGKILL, a full disk, a folder that is gone, a line torn by a power cut."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from probe.model.codec import decode_line, encode_line
from probe.store.journal import Journal, JournalError
from tests.store.records import T0, measurement

CHILD = """
import sys, resource, pathlib
from probe.store.journal import Journal, JournalError
from tests.store.records import measurement, T0
path, limit = pathlib.Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
journal = Journal(path)
n = 0
try:
    while True:
        journal.append(measurement(T0 + n))
        n += 1
        if not limit:
            sys.stdout.write(f"{n}\\n"); sys.stdout.flush()
except JournalError as error:
    print(n, error.written, error, sep="|")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    journal.append(measurement(T0 + 10**6))
    journal.close()
"""


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_record_is_in_the_file_as_one_line_when_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "sha-ct/2021-02-08/run.jsonl"
    with Journal(path) as journal:
        for n in range(3):
            journal.append(measurement(T0 + n))
            assert path.read_bytes() == b"".join(encode_line(measurement(T0 + m)) for m in range(n + 1))
    assert journal.durable == journal.written == 3


class Syncs:
    """Stands in for fsync: counts, and can be made to block or to fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: OSError | None = None
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Event()

    def __call__(self, _fd: int) -> None:
        self.calls += 1
        self.entered.set()
        assert self.free.wait(10)
        if self.error:
            raise self.error


def _eventually(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "did not happen within 10 s"
        time.sleep(0.005)


def test_full_group_is_synced_without_waiting_for_its_time(tmp_path: Path) -> None:
    syncs = Syncs()
    journal = Journal(tmp_path / "a.jsonl", group_records=5, group_seconds=3600, sync=syncs)
    for n in range(4):
        journal.append(measurement(T0 + n))
    assert syncs.calls == 0
    journal.append(measurement(T0 + 4))
    _eventually(lambda: journal.durable == 5)
    assert syncs.calls == 1
    journal.close()


def test_lone_record_is_synced_when_its_time_is_up(tmp_path: Path) -> None:
    syncs = Syncs()
    with Journal(tmp_path / "a.jsonl", group_seconds=0.01, sync=syncs) as journal:
        journal.append(measurement())
        _eventually(lambda: journal.durable == 1)


def test_append_does_not_wait_for_a_slow_disk(tmp_path: Path) -> None:
    syncs = Syncs()
    syncs.free.clear()
    journal = Journal(tmp_path / "a.jsonl", group_records=1, sync=syncs)
    journal.append(measurement(T0))
    assert syncs.entered.wait(10)
    for n in range(1, 50):
        journal.append(measurement(T0 + n))  # would hang here, were it to wait
    assert journal.written == 50
    assert journal.durable == 0
    syncs.free.set()
    journal.close()
    assert journal.durable == 50


def test_flush_makes_everything_appended_durable(tmp_path: Path) -> None:
    with Journal(tmp_path / "a.jsonl", group_seconds=3600) as journal:
        journal.append(measurement())
        journal.flush()
        assert journal.durable == 1


def test_nothing_written_means_no_sync_but_a_file(tmp_path: Path) -> None:
    with Journal(tmp_path / "a.jsonl") as journal:
        pass
    assert (journal.written, (tmp_path / "a.jsonl").read_bytes()) == (0, b"")


@pytest.mark.parametrize("after", [1, 7, 150])
def test_sigkill_loses_no_record_whose_append_returned(tmp_path: Path, after: int) -> None:
    path = tmp_path / "run.jsonl"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), "0"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child, child.stdout:
        for _ in range(after):
            assert child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        said = after + child.stdout.read().count(b"\n")
    found = [decode_line(line) for line in _lines(path) if line.endswith(b"\n")]
    assert len(found) in (said, said + 1)  # killed between append and telling us
    assert [m.id for m in found] == [measurement(T0 + n).id for n in range(len(found))]
    with Journal(path) as again:  # the one in flight may be torn: Linux ends a write early, at a page, on SIGKILL
        again.append(measurement(T0 - 1))
    assert decode_line(_lines(path)[-1]).id == measurement(T0 - 1).id


def test_file_size_limit_keeps_whole_lines_and_writing_goes_on_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    size = len(encode_line(measurement()))
    limit = 3 * size + size // 2
    ran = subprocess.run([sys.executable, "-c", CHILD, str(path), str(limit)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    appended, written, message = ran.stdout.strip().split("|")
    assert (appended, written) == ("3", "3")
    assert message.startswith(
        f"{path}: the file has reached the largest size allowed; kept of this run: 3 records, 3 of them "
    )
    assert [decode_line(line).time for line in _lines(path)] == [measurement(T0 + n).time for n in (0, 1, 2, 10**6)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_named() -> None:
    journal = Journal(Path("/dev/full"))
    with pytest.raises(JournalError, match="/dev/full: the disk is full; kept of this run: 0 records"):
        journal.append(measurement())
    journal.close()


def test_line_that_cannot_be_taken_back_is_ended_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    real_write, calls = os.write, iter([10, errno.ENOSPC])

    def short_then_full(fd: int, data: bytes) -> int:
        step = next(calls, None)
        if step == errno.ENOSPC:
            raise OSError(errno.ENOSPC, "full")
        return real_write(fd, data[:step])

    def refuse(_fd: int, _length: int) -> None:
        raise OSError(errno.EPERM, "append-only file")

    with Journal(path) as journal:
        monkeypatch.setattr(os, "write", short_then_full)
        monkeypatch.setattr(os, "ftruncate", refuse)
        with pytest.raises(JournalError, match="the disk is full"):
            journal.append(measurement(T0))
        journal.append(measurement(T0 + 1))
    first, second = _lines(path)
    assert first == encode_line(measurement(T0))[:10] + b"\n"
    assert decode_line(second).id == measurement(T0 + 1).id


def test_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"a\.jsonl: cannot be opened: (Not a directory|File exists)$"):
        Journal(tmp_path / "file" / "sha-ct" / "a.jsonl")


def test_too_many_open_files_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_table(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", full_table)
    with pytest.raises(JournalError, match="ulimit -n"):
        Journal(tmp_path / "a.jsonl")


def test_deleted_file_is_noticed_though_every_write_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path, group_seconds=3600)
    journal.append(measurement())
    path.unlink()
    with pytest.raises(JournalError, match="deleted while the run was writing to it; kept of this run: 0 records"):
        journal.flush()
    with pytest.raises(JournalError, match="deleted"):
        journal.append(measurement())
    with pytest.raises(JournalError, match="deleted"):
        journal.close()


def test_failed_sync_is_told_by_the_next_append_and_counts_nothing_as_durable(tmp_path: Path) -> None:
    syncs = Syncs()
    syncs.error = OSError(errno.EIO, "Input/output error")
    journal = Journal(tmp_path / "a.jsonl", group_records=1, sync=syncs)
    journal.append(measurement(T0))
    assert syncs.entered.wait(10)

    def told() -> bool:
        try:
            journal.append(measurement(T0 + 1))
        except JournalError as error:
            return "did not take what was written: Input/output error" in str(error)
        return False

    _eventually(told)
    assert journal.durable == 0
    with pytest.raises(JournalError):
        journal.close()


def test_torn_line_of_a_power_cut_is_ended_and_never_merged(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    whole, torn = encode_line(measurement(T0)), encode_line(measurement(T0 + 1))[:-40]
    path.write_bytes(whole + torn)
    with Journal(path) as journal:
        assert journal.torn_bytes == len(torn)
        journal.append(measurement(T0 + 2))
    assert _lines(path) == [whole, torn + b"\n", encode_line(measurement(T0 + 2))]


@pytest.mark.parametrize("length", [1, 65535, 65536, 65537, 200_000])
def test_torn_line_of_any_length_is_measured(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n" + b"x" * length)
    with Journal(path) as journal:
        assert journal.torn_bytes == length


def test_file_that_is_one_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 70_000)
    with Journal(path) as journal:
        assert journal.torn_bytes == 70_000
    assert path.read_bytes().endswith(b"x\n")


def test_closed_journal_refuses_and_closes_twice(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.jsonl")
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="the journal is closed"):
        journal.append(measurement())


def test_record_longer_than_readers_accept_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    with Journal(tmp_path / "a.jsonl") as journal:
        with pytest.raises(JournalError, match="longer than readers accept"):
            journal.append(measurement(input="x" * (8 * 1024 * 1024)))
        journal.append(measurement())
    assert len(_lines(tmp_path / "a.jsonl")) == 1
