"""Small files written so that a power cut leaves the old one or the new one, whole; and what the system's errors mean
to people. Knows nothing of what is in them.
"""

import contextlib
import errno
import os
from pathlib import Path

NO_SYNC_HERE = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What fsync says of a file that cannot be synced (a pipe, /dev/stdout): there is nothing to make durable."""

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file has reached the largest size allowed",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EMFILE: "this process has too many open files; lower --concurrency or raise `ulimit -n`",
    errno.ENFILE: "the system has too many open files",
}


def reason(error: OSError) -> str:
    """What the error means to people."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def hidden(path: Path) -> Path:
    """Where a file is while it is not yet whole: beside its place, under a name that no reader takes."""
    return path.with_name(f".{path.name}.part")


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole and durable, or leave what was there. Folders are made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = hidden(path)
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_file(fd: int) -> None:
    """fsync, where there is something to sync."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in NO_SYNC_HERE:
            raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (not possible on Windows, where folders cannot be opened)."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        sync_file(fd)
    finally:
        os.close(fd)
