"""A folder as a place where results meet: a stick, a mounted share. Copies whole files and asks not what they are."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from probe.store.durable import hidden, reason, sync_folder
from probe.store.fleet import PlaceError


class Folder:
    """The place at `path`, which must be there: a share that is not mounted is not a new, empty one."""

    batch = 1

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)

    def names(self) -> Mapping[str, int]:
        """The files that are there; hidden ones are not yet whole."""
        if not self.path.is_dir():
            raise PlaceError(f"{self.path}: no such folder; make it first (is the share mounted?)")
        try:
            return {path.relative_to(self.path).as_posix(): path.stat().st_size for path in _files(self.path)}
        except OSError as error:
            raise PlaceError(f"{error.filename or self.path}: {reason(error)}") from error

    def put(self, root: Path, names: Sequence[str], *, ordered: bool = False) -> None:  # noqa: ARG002 - they always are
        """Copy files to here."""
        for name in names:
            copy(root / name, self.path / name)

    def get(self, names: Sequence[str], root: Path) -> None:
        """Copy files from here."""
        for name in names:
            copy(self.path / name, root / name)


def copy(source: Path, place: Path) -> None:
    """A whole, durable copy, or none. Raises PlaceError."""
    part = hidden(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as reading, part.open("wb") as writing:
            shutil.copyfileobj(reading, writing, 1024 * 1024)
            writing.flush()
            os.fsync(writing.fileno())
        part.replace(place)
        sync_folder(place.parent)
    except OSError as error:
        raise PlaceError(f"{error.filename or place}: {reason(error)}") from error


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path
