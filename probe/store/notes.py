"""Notes of people, beside results and never among them: `results/<vantage>/notes.jsonl`, one JSON object a line.

Appends whole lines, durable when `append` returns, and reads them back. A line that is no note is named and skipped.
`layout` keeps these files away from readers of measurements. Notes that came from elsewhere (`fleet_notes`) lie beside
them, one a file.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from probe.model.clock import parse_rfc3339
from probe.model.note import NOTE_SCHEMA, Note
from probe.store.layout import NOTES, Source
from probe.store.lines import UNREADABLE, UnreadableError, lines, opened

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Note)


class Notes(NamedTuple):
    """What was read: notes in order of time (then id), and what was wrong, `file:line: what` each."""

    notes: tuple[Note, ...]
    problems: tuple[str, ...]


def notes_path(results: Path, vantage: str) -> Path:
    """The file of one vantage point's notes below the folder `results`."""
    return results / vantage / NOTES


def append(path: Path, note: Note) -> None:
    """Add one line, on the disk when this returns; folders are made. Raises OSError if it cannot be.

    A torn last line (power cut) is ended first, so that it swallows nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        torn = size > 0 and file.read(1) != b"\n"
        file.write((b"\n" if torn else b"") + _encoder.encode(note) + b"\n")  # "a" writes at the end wherever we read
        file.flush()
        os.fsync(file.fileno())


def read(sources: Iterable[Source]) -> Notes:
    """The notes of these files, each id once."""
    found: dict[str, Note] = {}
    problems: list[str] = []
    for source in sources:
        for _, note in each(source, problems):
            found.setdefault(note.id, note)
    return Notes(tuple(sorted(found.values(), key=lambda note: (parse_rfc3339(note.time), note.id))), tuple(problems))


def each(source: Source, problems: list[str]) -> Iterator[tuple[bytes, Note]]:
    """The notes of a file, each with its line as it lies there; `problems` grow by what is wrong."""
    try:
        with opened(source) as stream:
            for line in lines(stream):
                note = _note(line.data, f"{source.name}:{line.number}", problems)
                if note is not None:
                    yield line.data, note
    except UnreadableError as error:
        problems.append(str(error))
    except UNREADABLE as error:
        problems.append(f"{source.name}: the file breaks off: {error}")


def _note(data: bytes, where: str, problems: list[str]) -> Note | None:
    try:
        note = _decoder.decode(data)
        parse_rfc3339(note.time)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors, as is a time that is none
        problems.append(f"{where}: not a note: {error}")
        return None
    if note.schema != NOTE_SCHEMA:
        problems.append(f"{where}: {note.schema!r} is not {NOTE_SCHEMA!r}, the notes this probe reads")
        return None
    return note
