"""One run at a time in a results folder: a lock that the kernel gives back when its holder dies. Knows one file.

`flock` on `results/.lock`; the file stays (taking it away would let two hold "the" lock) and holds a JSON object that
says who has it, or had it last. Only the lock counts, never the text: a holder that was killed blocks nobody. On NFS
Linux turns flock into a byte-range lock, which other hosts see if the server's lock daemon runs; with `nolock`, and on
some network file systems, each host sees its own holders only. Two hosts do better with a folder each.
"""

import errno
import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from probe.model.clock import rfc3339
from probe.store.journal import JournalError

LOCK = ".lock"
"""In the results folder: held while something writes there."""
_MOST = 4096
"""Bytes of the text that are read: it may be anybody's."""

_BUSY = frozenset({errno.EWOULDBLOCK, errno.EACCES})


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lock: process, host, since when (RFC 3339), and what for (a run id, `watch`)."""

    pid: int
    host: str
    since: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} (process {self.pid} on {self.host}, since {self.since})"


class LockedError(Exception):
    """Somebody else holds the lock; `holder` says who, None if they have not said yet."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        self.path, self.holder = path, holder
        who = "another process" if holder is None else str(holder)
        super().__init__(f"{path}: locked by {who}")


@contextmanager
def results_lock(out: Path, what: str, now: float) -> Iterator[None]:
    """Hold the lock of the results folder `out`, which is made if it is not there. `now`: epoch seconds.

    Never waits: raises LockedError if somebody has it, JournalError if there cannot be one (a read-only disk, a file in
    the way).
    """
    with held(out / LOCK, what, now):
        yield


@contextmanager
def held(path: Path, what: str, now: float) -> Iterator[None]:
    """Hold the lock at `path`."""
    fd = _open(path)
    try:
        _lock(fd, path)
        _sign(fd, Holder(pid=os.getpid(), host=platform.node(), since=rfc3339(now), what=what))
        yield
    finally:
        os.close(fd)  # and with it the lock


def holder_of(path: Path) -> Holder | None:
    """Who says to have signed the file last; None if nobody, or nothing that can be read."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_MOST), type=Holder)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise JournalError(path, f"cannot be opened: {error.strerror or error}") from error


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            raise LockedError(path, holder_of(path)) from None
        raise JournalError(path, f"cannot be locked: {error.strerror or error}") from error


def _sign(fd: int, holder: Holder) -> None:
    """Say who holds it. On a full disk the lock holds without a signature."""
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, msgspec.json.encode(holder) + b"\n", 0)
    except OSError:
        return
