"""Appends measurements to a run's file so that nothing completed is lost. Knows one file and its faults.

The law of this file: every record is one whole line, handed to the kernel before `append` returns, so a killed process
loses nothing but the line it was writing; a power cut loses at most the last group. A group is 100 records or 200 ms,
whichever comes first, and is made durable by one fsync on a thread of its own, because an fsync costs milliseconds that
the event loop does not have. A line that could not be written whole is taken back, never left for the next one to be
glued to.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from probe.model.codec import encode_line
from probe.model.measurement import Measurement
from probe.store.durable import NO_SYNC_HERE, reason, sync_folder
from probe.store.lines import LINE_LIMIT

GROUP_RECORDS = 100
GROUP_SECONDS = 0.2


class JournalError(Exception):
    """Records cannot be kept. Of this journal's, `written` are whole in the file, the first `durable` on the disk; None
    if it was never opened."""

    def __init__(self, path: Path, reason: str, written: int | None = None, durable: int | None = None) -> None:
        self.path, self.reason, self.written, self.durable = path, reason, written, durable
        kept = f"kept of this run: {written} records, {durable} of them synced to the disk"
        super().__init__(f"{path}: {reason}" if written is None else f"{path}: {reason}; {kept}")


class Journal:
    """The open file of one run. Safe to append to from one thread while its own thread syncs.

    Opening creates missing folders. If the file is there already and ends in a torn line (power cut), the tail is kept
    and ended with a newline, so that readers report it and it swallows nothing; `torn_bytes` says how long it was.
    Raises JournalError from every method that cannot do what it says.
    """

    def __init__(
        self,
        path: Path,
        *,
        group_records: int = GROUP_RECORDS,
        group_seconds: float = GROUP_SECONDS,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self.path = path
        self.written = 0
        self.durable = 0
        self.torn_bytes = 0
        self._sync = sync
        self._group_records, self._group_seconds = group_records, group_seconds
        self._fault: str | None = None
        self._ragged = False
        self._closed = False
        self._changed = threading.Condition()
        self._syncing = threading.Lock()
        self._fd = self._open()
        self._thread = threading.Thread(target=self._sync_groups, name=f"journal {path.name}", daemon=True)
        self._thread.start()

    def append(self, measurement: Measurement) -> None:
        """Write one line. It is in the kernel's hands when this returns; the disk follows with its group."""
        line = encode_line(measurement)
        if len(line) > LINE_LIMIT:
            raise self._error(f"a record of {len(line)} bytes is longer than readers accept ({LINE_LIMIT})")
        try:
            with self._changed:
                self._check()
                self._write(line)
                self.written += 1
                if self._pending() in (1, self._group_records):
                    self._changed.notify_all()
        except OSError as error:
            self._sync_once()  # so that what we say is kept is kept
            raise self._error(reason(error)) from error

    def flush(self) -> None:
        """Make everything appended durable now. Blocks for one fsync: call it off the event loop."""
        self._sync_once()
        with self._changed:
            self._check()

    def close(self) -> None:
        """Flush, and give the file back. Safe to call twice. The file is closed even if this raises."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        try:
            self._sync_once()
        finally:
            os.close(self._fd)
        if self._fault:
            raise self._error(self._fault)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise JournalError(self.path, f"cannot be opened: {reason(error)}") from error
        try:
            self.torn_bytes = end_torn_line(fd)
            sync_folder(self.path.parent)
        except OSError as error:
            os.close(fd)
            raise JournalError(self.path, f"cannot be opened: {reason(error)}") from error
        return fd

    def _write(self, line: bytes) -> None:
        """All of `line`, or none of it: what a full disk took of it is cut off again.

        Should even that fail, the next line begins with a newline, and readers name the stump and skip it.
        """
        if self._ragged:
            line = b"\n" + line
        done = 0
        try:
            while done < len(line):
                done += os.write(self._fd, line[done:] if done else line)
        except OSError:
            if done:
                self._ragged = not _take_back(self._fd, done)
            raise
        self._ragged = False

    def _pending(self) -> int:
        return self.written - self.durable

    def _check(self) -> None:
        if self._fault:
            raise self._error(self._fault)
        if self._closed:
            raise self._error("the journal is closed")

    def _error(self, reason: str) -> JournalError:
        return JournalError(self.path, reason, self.written, self.durable)

    def _sync_groups(self) -> None:
        """The thread: wait for a record, then for the group to be full or old enough, then sync it."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending() or self._closed)
                self._changed.wait_for(
                    lambda: self._pending() >= self._group_records or self._closed, timeout=self._group_seconds
                )
                if self._closed or self._fault:
                    return
            self._sync_once()

    def _sync_once(self) -> None:
        """One fsync, outside the lock, so that records can be appended meanwhile."""
        with self._syncing:
            with self._changed:
                written = self.written
            fault = self._sync_fault()
            with self._changed:
                self._fault = self._fault or fault
                if not self._fault:
                    self.durable = written

    def _sync_fault(self) -> str | None:
        """Sync, and see that the file still has a name: an unlinked file takes every write and keeps none."""
        try:
            self._sync(self._fd)
        except OSError as error:
            if error.errno not in NO_SYNC_HERE:
                return f"the disk did not take what was written: {reason(error)}"
        if os.fstat(self._fd).st_nlink == 0:
            self.written = self.durable = 0
            return "the file was deleted while the run was writing to it"
        return None


def end_torn_line(fd: int) -> int:
    """End a last line that has no newline. Returns the bytes of that line, 0 if there was none."""
    size = os.fstat(fd).st_size
    torn = 0
    while torn < size:
        step = min(size - torn, 65536)
        os.lseek(fd, size - torn - step, os.SEEK_SET)
        after_newline = os.read(fd, step).rpartition(b"\n")
        torn += len(after_newline[2])
        if after_newline[1]:
            break
    if torn:
        os.write(fd, b"\n")
    return torn


def _take_back(fd: int, done: int) -> bool:
    """Cut the first `done` bytes of an unfinished line off the end. Shrinking needs no space: a full disk allows it."""
    try:
        os.ftruncate(fd, os.fstat(fd).st_size - done)
    except OSError:
        return False
    return True
