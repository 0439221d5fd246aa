"""Brings alerts up to what lies on disk: after a restart, what was measured and not yet taken in.

The first time, the latest weeks are read in silence: the ledgers learn what is ordinary here and what stands already,
and nothing of it is told. Later, what a killed watch had measured and could not tell is told.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from probe.alert.alert import Message
from probe.alert.alerts import Alerts, row_of
from probe.alert.memory import Memory
from probe.model.clock import compact
from probe.store.layout import SUFFIXES, Source
from probe.store.reader import Tally, rows
from probe.timeline.cadence import UNKNOWN_AFTER

FIRST_LOOK = 35 * 86400.0
"""Seconds of results that are read the first time."""
LATEST_RUNS = 16
"""Runs that `latest` gives at most; three are on the grid, others are looks at what changed."""
PIECE = 1 << 20


class Unread(NamedTuple):
    """A run file, and how many of its measurements are known already."""

    path: Path
    run: str
    known: int


def unread(results: Path, vantage: str, memory: Memory, now: float) -> list[Unread]:
    """The files of this vantage that may hold something new, in order of their runs: runs that were taken in and may
    have grown, and those that began between the last measurement and `now` (epoch seconds).

    An older run that was made beside the watch would come too late for the ledger; one of the future is of a clock
    that was wrong, and was taken in when it was made.
    """
    place = memory.places.get(vantage)
    since = compact(now - FIRST_LOOK if place is None or place.last is None else place.last)
    files = ((path.name.partition(".jsonl")[0], path) for path in _files(results / vantage))
    until, known = compact(now + 1), memory.runs
    return [Unread(path, run, known.get(run, 0)) for run, path in sorted(files) if run in known or since <= run < until]


def _files(folder: Path) -> Iterator[Path]:
    """The run files of a vantage, in their folders by date (notes and our own files lie beside those)."""
    yield from (path for path in folder.glob("*/*.jsonl*") if path.name.endswith(SUFFIXES) and path.is_file())


def latest(results: Path, vantage: str, every: float, now: float) -> list[Source]:
    """The files of the latest runs, in order: of the last three intervals (after that a report calls a state unknown),
    and no more than LATEST_RUNS."""
    since, until = compact(now - UNKNOWN_AFTER * every), compact(now + 1)
    found = sorted((path.name, path) for path in _files(results / vantage) if since <= path.name < until)
    return [Source(str(path), path) for _, path in found[-LATEST_RUNS:]]


def catch_up(
    alerts: Alerts, vantage: str, files: list[Unread], read: Callable[[int], None] = lambda _count: None
) -> tuple[list[Message], Tally]:
    """Take in what the files hold beyond the known. Returns the messages, and what reading met. `read` hears after each
    file how many have been read."""
    told: list[Message] = []
    tally = Tally()
    for count, one in enumerate(files, 1):
        sources = [Source(str(one.path), one.path)] if _grown(one) else []
        for number, row in enumerate(rows(sources, tally)):
            if number >= one.known and row.vantage == vantage:
                told += alerts.take(row_of(row), row.run_id, late=True)
        read(count)
    told += alerts.run_finished(vantage)
    return told, tally


def _grown(one: Unread) -> bool:
    """Whether the file may hold more records than are known. Counting lines is quick, and most starts find no more."""
    if not one.known or one.path.suffix != ".jsonl":
        return True
    count, last = 0, b""
    try:
        with one.path.open("rb") as file:
            while part := file.read(PIECE):
                count, last = count + part.count(b"\n"), part
    except OSError:
        return True  # reading it says what is wrong
    return count + (not last.endswith(b"\n")) > one.known
