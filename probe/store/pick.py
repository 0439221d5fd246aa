"""What people call the two sides of a comparison, resolved: a run, a file, a day, `latest~1`, a vantage point.

A name becomes a `Pick`: the sources to read and which of their rows count. Runs are known by the names of their files;
files of other names are read for the runs in them. Every name that resolves to nothing is one error that says what
there is. What the picked rows mean is for others to say.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from probe.store.layout import PARQUET, STDIN, Source, find
from probe.store.lines import UnreadableError
from probe.store.packed import names_in
from probe.store.reader import Row, Tally, rows

FORMS = "write a run, a file, folder or glob, a date, latest, latest~N or vantage:NAME"
_LATEST = re.compile(r"latest(?:~([0-9]{1,6}))?", re.ASCII)
_VANTAGE = "vantage:"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RUN = re.compile(r"((\d{8}T\d{6}Z)-(.+)-[0-9a-f]{4})(?:\.|$)", re.ASCII)
_RUN_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_LISTED = 4


class Meaning(StrEnum):
    """What a name turned out to be."""

    RUNS = "runs"
    FILES = "files"
    MOMENT = "moment"
    VANTAGE = "vantage"


class UnresolvedError(Exception):
    """A name that stands for nothing here; the message says what there is."""


class Run(NamedTuple):
    """One run below the results: when it began (epoch seconds), and the files that hold it."""

    began: float
    id: str
    vantage: str
    sources: tuple[Source, ...]


class Pick(NamedTuple):
    """One side. A row counts if it lies in `sources`, is of these `runs` (empty: of any), of this `vantage` (empty: of
    any) and was made before `until` (epoch seconds, exclusive). `notes` are what the user should know."""

    name: str
    meaning: Meaning
    sources: tuple[Source, ...]
    runs: frozenset[str] = frozenset()
    until: float | None = None
    vantage: str = ""
    notes: tuple[str, ...] = ()

    def takes(self, row: Row) -> bool:
        """Whether a row of the sources counts."""
        return (
            (not self.runs or row.run_id in self.runs)
            and (not self.vantage or row.vantage == self.vantage)
            and (self.until is None or row.time.timestamp() < self.until)
        )


class Shelf:
    """The results below one folder, looked at when first asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """All files of results. Raises UnresolvedError if there is none."""
        found = find([str(self.folder)])
        if found.problems:
            raise UnresolvedError(f"{'; '.join(found.problems)}; --results DIR says where results lie")
        return found.sources

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All runs, the oldest first. A file that is still empty holds none."""
        known: dict[str, Run] = {}
        for source in self.sources:
            for run in _runs_in(source):
                before = known.get(run.id, run._replace(sources=()))
                known[run.id] = before._replace(
                    began=min(before.began, run.began), sources=(*before.sources, *run.sources)
                )
        return tuple(sorted(known.values()))

    def of(self, vantage: str) -> tuple[Source, ...]:
        """The files that may hold measurements of a vantage point (empty: of any)."""
        named = ((source, _named(source)) for source in self.sources)
        return tuple(source for source, run in named if not vantage or run is None or run.vantage == vantage)

    def vantages(self) -> tuple[str, ...]:
        """The vantage points that have runs here."""
        return tuple(sorted({run.vantage for run in self.runs}))


def pick(name: str, shelf: Shelf, zone: tzinfo, vantage: str = "") -> Pick:
    """The side that `name` stands for; `vantage` leaves only that vantage point. Raises UnresolvedError.

    A word of ours (`latest`, `vantage:`) comes first, then a file or folder of that name, then a date (read in `zone`
    if it names none), then a run. A day is the state at its end, a moment the state then.
    """
    if not name:
        raise UnresolvedError(f"an empty name stands for nothing; {FORMS}")
    if latest := _LATEST.fullmatch(name):
        return _latest(name, int(latest[1] or 0), shelf, vantage)
    if name.startswith(_VANTAGE):
        return _of_vantage(name, shelf, vantage)
    if name == STDIN:
        raise UnresolvedError("-: standard input cannot be compared, for it is read twice; save it to a file first")
    found = find([name])
    if found.sources:
        return Pick(name, Meaning.FILES, found.sources, vantage=vantage)
    if _DAY.match(name):
        return Pick(name, Meaning.MOMENT, shelf.of(vantage), until=_until(name, zone), vantage=vantage)
    if _RUN_PREFIX.fullmatch(name) and not Path(name).is_dir() and not name.endswith((".jsonl", ".gz", ".zst")):
        return _run(name, shelf, vantage)
    said = found.problems[0] if found.problems else f"{name}: no measurements in it"
    raise UnresolvedError(f"{said}; {FORMS}")


def _latest(name: str, back: int, shelf: Shelf, vantage: str) -> Pick:
    """Of every vantage point the run that lies so many before its newest."""
    by_vantage: dict[str, list[Run]] = {}
    for run in shelf.runs:
        if vantage in ("", run.vantage):
            by_vantage.setdefault(run.vantage, []).append(run)
    if not by_vantage:
        raise UnresolvedError(f"{name}: {_no_vantage(vantage, shelf)}")
    chosen = [runs[-1 - back] for runs in by_vantage.values() if len(runs) > back]
    short = [f"{one} has {_count(len(runs), 'run')}" for one, runs in by_vantage.items() if len(runs) <= back]
    if not chosen:
        raise UnresolvedError(f"{name}: needs {back + 1} runs of a vantage point; {', '.join(sorted(short))}")
    notes = tuple(f"{name}: {one} only, and is left out" for one in sorted(short))
    return _of_runs(name, chosen, vantage)._replace(notes=notes)


def _of_vantage(name: str, shelf: Shelf, only: str) -> Pick:
    wanted = name.removeprefix(_VANTAGE)
    if only and only != wanted:
        raise UnresolvedError(f"{name}: --vantage {only} leaves nothing of it")
    if wanted not in shelf.vantages():
        raise UnresolvedError(f"{name}: {_no_vantage(wanted, shelf)}")
    return Pick(name, Meaning.VANTAGE, shelf.of(wanted), vantage=wanted)


def _run(name: str, shelf: Shelf, vantage: str) -> Pick:
    """The run of that id, or the only one whose id begins so."""
    try:
        begun = [run for run in shelf.runs if run.id.startswith(name)]
    except UnresolvedError as error:
        raise UnresolvedError(f"{name}: no such file or folder, and no runs to look among: {error}") from None
    exact = [run for run in begun if run.id == name] or begun
    if not exact:
        raise UnresolvedError(f"{name}: no such run, file or folder; {FORMS}; {_what_there_is(shelf)}")
    if len(exact) > 1:
        listed = ", ".join(run.id for run in exact[:_LISTED]) + (", ..." if len(exact) > _LISTED else "")
        raise UnresolvedError(f"{name}: {len(exact)} runs begin so; write more of it: {listed}")
    if vantage not in ("", exact[0].vantage):
        raise UnresolvedError(f"{name}: a run of {exact[0].vantage}; --vantage {vantage} leaves nothing of it")
    return _of_runs(name, exact, vantage)


def _of_runs(name: str, runs: Sequence[Run], vantage: str) -> Pick:
    sources = dict.fromkeys(source for run in runs for source in run.sources)
    return Pick(name, Meaning.RUNS, tuple(sources), frozenset(run.id for run in runs), vantage=vantage)


def _until(name: str, zone: tzinfo) -> float:
    """The first moment after the one named, in epoch seconds: of a day its end."""
    try:
        at = datetime.fromisoformat(name)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        if _DAY.fullmatch(name):
            return (at + timedelta(days=1)).timestamp()
        return math.nextafter(at.timestamp(), math.inf)
    except (ValueError, OverflowError):
        raise UnresolvedError(
            f"{name}: no such file, and no date; write 2021-02-08, 2021-02-08T19:00 or 2021-02-08T11:00Z"
        ) from None


def _named(source: Source) -> Run | None:
    """The run that a file is named after; None if it has another name, or is named after the first of many."""
    if source.path is None or source.path.name.endswith(PARQUET):
        return None
    return _run_of(source.path.name, source)


def _run_of(name: str, source: Source) -> Run | None:
    """The run of that id or file name; None if it is neither."""
    named = _RUN.match(name)
    if named is None:
        return None
    try:
        began = datetime.strptime(named[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Run(began.timestamp(), named[1], named[3], (source,))


def _runs_in(source: Source) -> list[Run]:
    """The runs of one file: by its name, or read if that says nothing."""
    named = _named(source)
    if named is not None:
        return [] if _is_empty(source) else [named]
    packed = _packed_in(source)
    if packed:
        return packed
    found: dict[str, Run] = {}
    for row in rows([source], Tally()):
        run = Run(row.time.timestamp(), row.run_id, row.vantage, (source,))
        found[row.run_id] = min(run, found.get(row.run_id, run))
    return list(found.values())


def _packed_in(source: Source) -> list[Run]:
    """The runs that a Parquet file of ours says it holds; none if it is no such file."""
    if source.path is None or not source.path.name.endswith(PARQUET):
        return []
    try:
        return [run for name in names_in(source) if (run := _run_of(name, source)) is not None]
    except UnreadableError:
        return []


def _is_empty(source: Source) -> bool:
    """Whether a run has written nothing yet, or its file is gone by now."""
    try:
        return source.path is None or not source.path.stat().st_size
    except OSError:
        return True


def _no_vantage(wanted: str, shelf: Shelf) -> str:
    if not shelf.runs:
        return f"no run below {shelf.folder}"
    return f"no vantage point {wanted!r} below {shelf.folder}; there is {', '.join(shelf.vantages())}"


def _what_there_is(shelf: Shelf) -> str:
    """The newest runs and how many there are."""
    if not shelf.runs:
        return f"no run below {shelf.folder}"
    newest = ", ".join(run.id for run in reversed(shelf.runs[-2:]))
    return f"{_count(len(shelf.runs), 'run')} below {shelf.folder}, the newest {newest}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
