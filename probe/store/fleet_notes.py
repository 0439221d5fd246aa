"""Notes of people on their way between results and a place: there each note is a small file of its own.

`<vantage>/notes/<id>.<first digits of its SHA-256>.note` holds the note's line as it was written, so one listing of
names tells which notes are there, and nothing is ever changed. Fetched notes lie the same way below the results;
readers take a note once, however often it lies there. What a note says is `notes`' business.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from probe.model.note import Note
from probe.store.durable import reason, sync_folder
from probe.store.layout import NOTE, NOTES, Source, vantage_error
from probe.store.notes import each
from probe.store.verify import Fault

if TYPE_CHECKING:
    from probe.store.fleet import Moved, Place

FOLDER = "notes"
_MOST = 64 * 1024
"""Bytes of one note; `probe note` writes none that comes near."""
_DIGITS = 16
_NAME = re.compile(rf"(?P<id>[A-Za-z0-9][A-Za-z0-9._-]{{0,150}})\.(?P<digits>[0-9a-f]{{{_DIGITS}}})\.note", re.ASCII)


class _Name(NamedTuple):
    """What the path of a note says."""

    vantage: str
    id: str
    digits: str


def push(results: Path, place: "Place", there: Iterable[str], moved: "Moved") -> None:
    """Send the notes that are not there. Raises PlaceError, as the place does."""
    known = {name.id for path in there if (name := _named(path)) is not None}
    new = {path: line for path, line in _here(results).items() if _id(path) not in known}
    with tempfile.TemporaryDirectory(prefix="probe-notes-") as folder:
        for path, line in new.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(line)
        place.put(Path(folder), list(new))
    moved.notes += len(new)


def pull(place: "Place", results: Path, staged: Path, there: Mapping[str, int], moved: "Moved") -> None:
    """Fetch the notes that are not here, by way of the folder `staged`; each is checked before it is put in place."""
    known = {_id(path) for path in _here(results)}
    wanted = [path for path, size in sorted(there.items()) if size <= _MOST and _id(path) not in {"", *known}]
    place.get(wanted, staged)
    for path in wanted:
        if (wrong := _wrong(staged / path, path)) is not None:
            moved.faults.append(Fault(path, wrong))
            continue
        _keep(staged / path, results / path)
        moved.notes += 1


def _here(results: Path) -> dict[str, bytes]:
    """The notes below a results folder: the line of each by its path at a place. The first of an id counts."""
    found: dict[str, tuple[str, bytes]] = {}
    files = [*sorted(results.glob(f"*/{NOTES}")), *sorted(results.glob(f"*/{FOLDER}/*{NOTE}"))]
    for line, note in _lines(files):
        path = f"{note.vantage}/{FOLDER}/{note.id}.{_digits(line)}{NOTE}"
        if _named(path) is not None:
            found.setdefault(note.id, (path, line))
    return dict(sorted(found.values()))


def _lines(files: Sequence[Path]) -> Iterator[tuple[bytes, Note]]:
    for path in files:
        for data, note in each(Source(str(path), path), []):
            yield data.rstrip(b"\r\n") + b"\n", note


def _named(path: str) -> _Name | None:
    """What a path says; None if it is no note's, or leads elsewhere: names come from strangers too."""
    parts = PurePosixPath(path).parts
    found = _NAME.fullmatch(parts[2]) if len(parts) == 3 and parts[1] == FOLDER else None
    if found is None or path != "/".join(parts) or vantage_error(parts[0]) is not None:
        return None
    return _Name(parts[0], found["id"], found["digits"])


def _id(path: str) -> str:
    """The id of the note at that path; empty if it is none."""
    name = _named(path)
    return "" if name is None else name.id


def _digits(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:_DIGITS]


def _wrong(file: Path, path: str) -> str | None:
    """What is wrong with a fetched note; None if it is the one that its name says."""
    name, data = _named(path), file.read_bytes()
    told = list(each(Source(str(file), file), []))
    if name is None or _digits(data) != name.digits:
        return f"not the note that its name says: its SHA-256 begins with {_digits(data)}"
    if len(told) != 1 or (told[0][1].id, told[0][1].vantage) != (name.id, name.vantage):
        return "not the note that its name says"
    return None


def _keep(staged: Path, path: Path) -> None:
    from probe.store.fleet import PlaceError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise PlaceError(f"{path}: {reason(error)}") from error
