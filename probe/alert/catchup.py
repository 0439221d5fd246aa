"""Brings alerts up to what lies on disk: after a restart, what was measured and not yet taken in.

The first time, the latest weeks are read in silence: the ledgers learn what is ordinary here and what stands already,
and nothing of it is told. Later, what a killed watch had measured and could not tell is told.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from probe.alert.alert import Message
from probe.alert.alerts import Alerts, row_of
from probe.alert.memory import Memory
from probe.model.clock import compact
from probe.store.layout import SUFFIXES, Source
from probe.store.reader import Tally, rows

FIRST_LOOK = 35 * 86400.0
"""Seconds of results that are read the first time."""


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


def catch_up(alerts: Alerts, vantage: str, files: list[Unread]) -> tuple[list[Message], Tally]:
    """Take in what the files hold beyond the known. Returns the messages, and what reading met."""
    told: list[Message] = []
    tally = Tally()
    for one in files:
        source = Source(str(one.path), one.path)
        for number, row in enumerate(rows([source], tally)):
            if number >= one.known and row.vantage == vantage:
                told += alerts.take(row_of(row), row.run_id, late=True)
    told += alerts.run_finished(vantage)
    return told, tally
