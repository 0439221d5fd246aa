"""Seals a run's file when its journal is closed, and carries the chain of its vantage on (`seal` says what one is)."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from probe import __version__
from probe.model.clock import rfc3339
from probe.store.durable import reason, write_whole
from probe.store.journal import end_torn_line
from probe.store.layout import SEAL
from probe.store.seal import LINE_DIGITS, Digest, Ended, Kept, Seal, SealError, SealName, named, raw_lines

MOST_FOUND = 1000
"""Files found without a seal that one call seals; the next one goes on."""
_DIGITS = 9
"""Of a seal's number (`seal`)."""

_encoder = msgspec.json.Encoder()


def seal(path: Path, ended: Ended, *, now: float, resumed: bool = False) -> Kept:
    """Seal the file of a run that lies where `layout.run_path` says; call it when its journal is closed.

    Reads the file back, ends a torn last line, and puts the seal beside it, whole and durable when this returns. Files
    of the vantage that were found without a seal (a run that was killed) are sealed first, as `unknown`. `now`: epoch
    seconds. Raises SealError.
    """
    folder = path.parent.parent
    try:
        with _alone(folder):
            chain = _Chain(folder)
            for found in chain.unsealed(besides=path)[:MOST_FOUND]:
                _seal_one(chain, found, Ended.UNKNOWN, now, resumed=False)
            return _seal_one(chain, path, ended, now, resumed=resumed)
    except OSError as error:
        raise SealError(path, f"not sealed: {reason(error)}; its records are kept") from error


def _seal_one(chain: "_Chain", path: Path, ended: Ended, now: float, *, resumed: bool) -> Kept:
    held = _read(path)
    run = path.name.removesuffix(".jsonl")
    made = Seal(
        run_id=run,
        vantage=path.parent.parent.name,
        number=chain.number + 1,
        previous=chain.head,
        replaces=chain.last_of(run),
        ended=ended,
        resumed=resumed,
        sealed=rfc3339(now),
        sealed_by=f"probe {__version__}",
        file=path.name,
        bytes=held.bytes,
        records=held.records,
        first=min(held.times, default=None),
        last=max(held.times, default=None),
        verdicts=dict(sorted(held.verdicts.items())),
        target_lists=tuple(held.target_lists),
        software=tuple(held.software),
        sha256=held.all.hexdigest(),
        records_sha256=held.sound.hexdigest(),
        lines=tuple(held.lines),
    )
    data = _encoder.encode(made) + b"\n"
    digest = hashlib.sha256(data).hexdigest()
    where = path.with_name(str(SealName(run, made.number, digest[:LINE_DIGITS])))
    write_whole(where, data)
    return chain.add(Kept(where, digest, made))


class _Chain:
    """The seals of one vantage by their names; only the last one of the chain and of a run are read.

    A year of runs every ten minutes is 100,000 names, looked through at the end of each run: hence strings, not paths.
    """

    def __init__(self, folder: Path) -> None:
        self._last: dict[str, tuple[int, str]] = {}
        self._files: list[tuple[str, str]] = []
        for day in sorted(entry.path for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != "."):
            for name in os.listdir(day):
                if name.endswith(SEAL):
                    self._note(day, name)
                elif name.endswith(".jsonl"):
                    self._files.append((name.removesuffix(".jsonl"), f"{day}/{name}"))
        ours = (one for one in sorted(self._last.values(), reverse=True) if named(Path(one[1]).name) is not None)
        self.number, head = next(ours, (0, ""))
        self.head = _sha256(Path(head)) if head else None

    def _note(self, day: str, name: str) -> None:
        run, number, *rest = name.rsplit(".", 3)
        sound = len(rest) == 2 and len(rest[0]) == LINE_DIGITS and len(number) <= _DIGITS
        if sound and number.isascii() and number.isdigit():
            self._last[run] = max(self._last.get(run, (0, "")), (int(number), f"{day}/{name}"))

    def unsealed(self, besides: Path) -> list[Path]:
        """Runs without any seal, oldest first."""
        found = (one for one in sorted(self._files) if one[0] not in self._last and one[0] != besides.stem)
        return [Path(path) for run, path in found if named(f"{run}.1.{'0' * LINE_DIGITS}{SEAL}") is not None]

    def last_of(self, run: str) -> str | None:
        """SHA-256 of the run's last seal."""
        return _sha256(Path(self._last[run][1])) if run in self._last else None

    def add(self, made: Kept) -> Kept:
        """The chain goes on with this one."""
        self.number, self.head = made.seal.number, made.sha256
        self._last[made.seal.run_id] = (made.seal.number, str(made.path))
        return made


def _read(path: Path) -> Digest:
    """The file as it lies on the disk, its torn last line ended as the journal would end it."""
    held = Digest()
    with path.open("rb") as file:
        if _torn(file):
            _end_torn_line(path)
        file.seek(0)
        for line in raw_lines(file):
            held.add(line)
    return held


def _torn(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 1, 0))
    return size > 0 and file.read(1) != b"\n"


def _end_torn_line(path: Path) -> None:
    fd = os.open(path, os.O_RDWR | os.O_APPEND)
    try:
        end_torn_line(fd)
        os.fsync(fd)
    finally:
        os.close(fd)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time in a vantage's folder: two seals must not take the same number."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
