"""Reads records back: flat rows for analysis, whole measurements for evidence. Knows lines and schema versions, and
judges nothing.

Rows are the flat columns at the head of each line; what follows them is skipped, which costs msgspec less than finding
out where to stop. `strict` builds every line as a whole measurement, so that damage behind the columns is found too.

This is the careful way, a line at a time, and the word on what a line is; `scan` is the fast one, with the same answer.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, NamedTuple, TypeVar

import msgspec

from probe.model.codec import decode_line
from probe.model.measurement import SCHEMA_VERSION, Measurement
from probe.store.layout import Source
from probe.store.lines import LINE_LIMIT, UNREADABLE, Line, UnreadableError, lines, opened

PROBLEMS_KEPT = 20

_YEARS = (1970, 9000)
"""Outside these a time cannot be shown in every zone."""

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on a line that is no record: bad JSON or shape, bad UTF-8, nesting without end."""

T = TypeVar("T")


class MalformedError(Exception):
    """A record that cannot be read, under `strict`; the message says file, line and why."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The flat columns of one record, by their names on disk (docs/record.md). Words are kept as text, so that a word
    of a newer version is a value, not an error."""

    schema: int
    id: str
    run_id: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    vantage: str
    country: str
    asn: int
    target: str
    endpoint: str
    role: str
    verdict: str
    certainty: str | None
    layer: str | None
    mechanism: str | None
    failure: str | None
    control: str
    fitness: str
    required: bool = False
    rollup: str = ""
    runtime: float


class Selection(NamedTuple):
    """Which rows are wanted: `since` inclusive and `until` exclusive in epoch seconds; `only` are target ids or
    `target/endpoint`, empty for all."""

    since: float | None = None
    until: float | None = None
    only: frozenset[str] = frozenset()

    def takes(self, row: Row) -> bool:
        """Whether the row is wanted."""
        if self.only and row.target not in self.only and f"{row.target}/{row.endpoint}" not in self.only:
            return False
        if self.since is None and self.until is None:
            return True
        at = row.time.timestamp()
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass
class Tally:
    """What reading met. `problems` are the first PROBLEMS_KEPT messages `file:line: what`; the counts are complete."""

    files: int = 0
    lines: int = 0
    records: int = 0
    malformed: int = 0
    torn: int = 0
    duplicates: int = 0
    newer: int = 0
    unreadable: int = 0
    problems: list[str] = field(default_factory=list)
    strict: bool = False

    def report(self, message: str, *, fatal: bool) -> None:
        """Keep a message; under `strict` a fatal one raises MalformedError instead."""
        if fatal and self.strict:
            raise MalformedError(message)
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(message)


def rows(sources: Iterable[Source], tally: Tally, selection: Selection | None = None) -> Iterator[Row]:
    """The wanted rows of all sources, in order of source and line, each measurement id once.

    A line that is no record is counted, named in `tally` and skipped; under `tally.strict` it raises MalformedError.
    A torn last line (power cut, or a run that is writing now) is reported, never fatal.
    """
    wanted = (selection or Selection()).takes
    once = _Once(tally)
    for source in sources:
        for row in _rows(source, tally):
            if once.new(row) and wanted(row):
                yield row


def _rows(source: Source, tally: Tally) -> Iterator[Row]:
    """The rows of one source. Parquet has them as they are; under `strict` the lines that it keeps are read."""
    from probe.store import parquet, table

    if parquet.is_parquet(source) and not (tally.strict and parquet.keeps_lines(source)):
        yield from table.flat_rows(source, tally)
        return
    for line in _numbered(source, tally):
        row = row_of(line, source, tally)
        if row is not None:
            yield row


def measurements(sources: Iterable[Source], tally: Tally) -> Iterator[Measurement]:
    """Whole measurements, as `rows` reads them."""
    once = _Once(tally)
    for source in sources:
        for line in _numbered(source, tally):
            found = _read(line, source, tally, decode_line)
            if found is not None and once.new(found):
                yield found


class _Once:
    """Lets each measurement through once. Ids of a run share their tails, so a repeat costs one reference a row."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._tails: dict[str, str] = {}
        self._seen: dict[str, set[str]] = {}

    def new(self, record: Row | Measurement) -> bool:
        """Count the record, or the duplicate."""
        tail = record.id.removeprefix(record.run_id)
        tail = self._tails.setdefault(tail, tail)
        seen = self._seen.setdefault(record.run_id, set())
        if tail in seen:
            self._tally.duplicates += 1
            return False
        seen.add(tail)
        self._tally.records += 1
        return True


def _numbered(source: Source, tally: Tally) -> Iterator[Line]:
    """The lines of one source. A source that breaks off is reported, and reading goes on with the next."""
    tally.files += 1
    number = 0
    try:
        with opened(source) as stream:
            for line in lines(stream):
                number = line.number
                tally.lines += 1
                yield line
    except (UnreadableError, *UNREADABLE) as error:
        breaks_off(source, error, number, tally)


def breaks_off(source: Source, error: Exception, number: int, tally: Tally) -> None:
    """Report a source that cannot be read to its end; `number` is its last line that could, 0 if there is none."""
    tally.unreadable += 1
    if isinstance(error, UnreadableError):
        tally.report(str(error), fatal=True)
        return
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    tally.report(f"{source.name}:{number + 1}: the file breaks off here: {what}", fatal=True)


def row_of(line: Line, source: Source, tally: Tally) -> Row | None:
    """The row on a line, or None after saying in `tally` what the line is instead."""
    return _read(line, source, tally, _strict_row if tally.strict else _row)


def _read(line: Line, source: Source, tally: Tally, decode: Callable[[bytes], T]) -> T | None:
    """The record on a line, or None after saying in `tally` what the line is instead."""
    where = f"{source.name}:{line.number}"
    if line.overlong:
        _malformed(tally, f"{where}: longer than {LINE_LIMIT} bytes")
        return None
    try:
        return decode(line.data)
    except (*UNDECODABLE, _RefusedError) as error:
        if not line.whole:
            tally.torn += 1
            tally.report(f"{where}: the last line is torn (power cut, or a run is still writing)", fatal=False)
        elif (version := _version(line.data)) > SCHEMA_VERSION:
            tally.newer += 1
            tally.report(f"{where}: schema {version} is newer than this probe reads ({SCHEMA_VERSION})", fatal=True)
        else:
            _malformed(tally, f"{where}: not a record: {error}")
        return None


def _malformed(tally: Tally, message: str) -> None:
    tally.malformed += 1
    tally.report(message, fatal=True)


class _RefusedError(Exception):
    """A record that parses and still cannot be taken: of another schema, or at an impossible time."""


class _Version(msgspec.Struct):
    schema: int = 0


_version_decoder = msgspec.json.Decoder(_Version)
_row_decoder = msgspec.json.Decoder(Row)


def _version(data: bytes) -> int:
    """The schema a line says it has, 0 if it says none."""
    try:
        return _version_decoder.decode(data).schema
    except UNDECODABLE:
        return 0


def _row(data: bytes) -> Row:
    """The flat columns of one line. The rest must be JSON, but is skipped, not built."""
    return _checked(_row_decoder.decode(data))


def _strict_row(data: bytes) -> Row:
    """The flat columns of a line that is a whole, valid measurement."""
    decode_line(data)
    return _row(data)


def _checked(row: Row) -> Row:
    if row.schema != SCHEMA_VERSION:
        raise _RefusedError(f"schema {row.schema}")
    if not _YEARS[0] <= row.time.year <= _YEARS[1]:
        raise _RefusedError(f"the year {row.time.year} cannot be")
    return row
