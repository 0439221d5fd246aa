"""Rows of Parquet files in columns of codes, through DuckDB. Knows what a row must have; the files' columns are
`parquet`'s.

DuckDB gives 64-bit hashes instead of words (a hundred million Python strings would take minutes), and the words behind
them once a file; that no two share a hash is checked. Rows that are odd, and files in which hashes collide, are read
through their lines, if they keep them.
"""

# ruff: noqa: S608 - SQL is made of our own words; what is not ours passes `quoted`

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.measurement import SCHEMA_VERSION
from probe.store.columns import Block, Codes, Judged, Name, Tables
from probe.store.known import Known
from probe.store.layout import Source
from probe.store.lines import Line, UnreadableError
from probe.store.parquet import (
    LINE,
    NULLABLE,
    TYPES,
    Shape,
    connected,
    execute,
    given_by,
    paths,
    shape_of,
    table_of,
    told,
)
from probe.store.reader import Row, Tally, breaks_off, row_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WINDOW = 2_000_000
"""Rows asked for at once: 30 bytes each."""
_NAMED = ("vantage", "country", "asn", "target", "endpoint", "role")
_RUN = ("run_id",)
_SAID = ("verdict", "certainty", "layer", "mechanism", "failure", "control", "fitness", "required", "rollup")
_AFTER = 221_876_928_000_000_000
"""Microseconds since 1970 at which the year 9001 begins."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ODD_AT_ONCE = 1000
FILES = 500
"""Files whose ends are read together."""


def table(
    sources: Sequence[Source], tables: Tables, tally: Tally, heard: Callable[[int], object] = lambda _bytes: None
) -> Iterator[Block]:
    """The rows of Parquet files; what is wrong with them, or a row, is in `tally`. Duplicates are rows like others.

    `heard` is told how many of their bytes were read.
    """
    tally.files += len(sources)
    connection = connected()
    try:
        for begin in range(0, len(sources), FILES):
            for batch in _batches(connection, sources[begin : begin + FILES]):
                yield from _batch(connection, batch, tables, tally, heard)
    finally:
        connection.close()


def _batch(
    connection: "DuckDBPyConnection", batch: "_Batch", tables: Tables, tally: Tally, heard: Callable[[int], object]
) -> Iterator[Block]:
    """The rows of files asked for together; each on its own, should one of them break the others."""
    try:
        files = _Files(connection, batch.sources, tables, tally)
        if len(batch.sources) == 1:
            yield from files.blocks(heard)
            return
        blocks = list(files.blocks(heard))
    except _CollisionError:
        yield from _coded(files, tables, tally)
        return
    except (UnreadableError, OSError) as error:
        if len(batch.sources) == 1:
            breaks_off(batch.sources[0], error, 0, tally)
            return
        blocks = [
            block for one in batch.sources for block in _batch(connection, _Batch([one], 0), tables, tally, heard)
        ]
    yield from blocks


def _coded(files: "_Files", tables: Tables, tally: Tally) -> Iterator[Block]:
    """The rows without the help of hashes."""
    found = files.rows()
    while rows := list(islice(found, _ODD_AT_ONCE)):
        tally.records += len(rows)
        yield tables.block(rows)


class _CollisionError(Exception):
    """Two words of a file share a hash."""


class _Batch(NamedTuple):
    """Files that are built alike, and how many rows they have together."""

    sources: Sequence[Source]
    rows: int


def _batches(connection: "DuckDBPyConnection", sources: Sequence[Source]) -> Iterator[_Batch]:
    """Files that can be asked for together: built alike, and not more rows than one window. Large ones come alone.

    Where their ends cannot be read together, each comes alone, so that the broken one is named.
    """
    if len(sources) == 1:
        yield _Batch(sources, 0)
        return
    try:
        counts, built = _counts(connection, sources), _built(connection, sources)
    except UnreadableError:
        yield from (_Batch([source], 0) for source in sources)
        return
    waiting: dict[object, _Batch] = {}
    for source in sources:
        name = str(source.path)
        like = built.get(name), tuple(sorted(given_by(source).items()))
        batch = waiting.pop(like, _Batch([], 0))
        if batch.sources and batch.rows + counts[name] > WINDOW:
            yield batch
            batch = _Batch([], 0)
        waiting[like] = _Batch([*batch.sources, source], batch.rows + counts[name])
    yield from waiting.values()


def _counts(connection: "DuckDBPyConnection", sources: Sequence[Source]) -> dict[str, int]:
    """How many rows each file has."""
    table_of(sources)
    sql = f"SELECT file_name, num_rows FROM parquet_file_metadata({paths(sources)})"
    return {str(name): int(str(rows)) for name, rows in execute(connection, sql, "Parquet")}


def _built(connection: "DuckDBPyConnection", sources: Sequence[Source]) -> dict[str, tuple[object, ...]]:
    """What tells how each file is built: its columns and their types as they are stored."""
    sql = f"SELECT file_name, name, type, converted_type, logical_type FROM parquet_schema({paths(sources)})"
    found: dict[str, tuple[object, ...]] = {}
    for name, *column in execute(connection, sql, "Parquet"):
        found[str(name)] = (*found.get(str(name), ()), *column)
    return found


def flat_rows(source: Source, tally: Tally) -> Iterator[Row]:
    """The rows of one file one by one, with the values of all flat columns: slower by far."""
    tally.files += 1
    connection = connected()
    try:
        yield from _Files(connection, [source], Tables(), tally).rows()
    except (UnreadableError, OSError) as error:
        breaks_off(source, error, 0, tally)
    finally:
        connection.close()


class _Files:
    """Files that are asked for together."""

    def __init__(
        self, connection: "DuckDBPyConnection", sources: Sequence[Source], tables: Tables, tally: Tally
    ) -> None:
        self._connection, self._tables, self._tally = connection, tables, tally
        self._sources = {str(source.path): source for source in sources}
        self._name = sources[0].name
        self._shape = shape_of(connection, sources)

    def blocks(self, heard: Callable[[int], object]) -> Iterator[Block]:
        """All rows, a window at a time."""
        size = sum(Path(path).stat().st_size for path in self._sources)
        must = f"coalesce({_fine(self._shape)}, false)"
        (count,) = self._one(f"SELECT count(*) FROM {self._shape.table}")
        good = 0
        for begin in range(0, count, WINDOW):
            held = min(WINDOW, count - begin)
            part = f"file_row_number >= {begin} AND file_row_number < {begin + WINDOW}" if count > WINDOW else "true"
            block = self._window(part, must, held)
            good += block.times.size
            self._tally.records += block.times.size
            self._tally.lines += block.times.size
            yield block
            heard(size * held // count)
        if good < count:
            yield from self._odd(f"NOT {must}")

    def rows(self) -> Iterator[Row]:
        """All rows, in order."""
        asked = self._shape.columns
        fine = f"coalesce({_fine(self._shape)}, false)"
        columns = ", ".join(f"epoch_us({asked[name]})" if name == "time" else asked[name] for name in TYPES)
        table, line = self._shape.table, LINE if self._shape.lines else "NULL"
        sql = f"SELECT {fine}, filename, file_row_number, {line}::BLOB, {columns} FROM {table} ORDER BY file_row_number"
        with told(self._name):
            answer = self._connection.execute(sql)
            while batch := answer.fetchmany(_ODD_AT_ONCE):
                for good, name, number, data, *values in batch:
                    self._tally.lines += good
                    row = _row(values) if good else self._row(name, number + 1, data)
                    if row is not None:
                        yield row

    def _window(self, part: str, must: str, held: int) -> Block:
        """The rows of one part of the files for which `must` holds, of `held` in all."""
        where, asked = f"{part} AND {must}", self._shape.columns
        named, said, run = (_hash(asked[column] for column in columns) for columns in (_NAMED, _SAID, _RUN))
        found = self._arrays(
            f"SELECT {named} AS named, {said} AS said, {run} AS run, epoch_us({asked['time']}) AS time, "
            f"{_regular(self._shape)} AS regular FROM {self._shape.table} WHERE {where}"
        )
        fine = part if found["time"].size == held else where  # cheaper: it need not look at every id again
        names = self._words(_NAMED, fine, lambda words: self._tables.name(Name(*words))).codes_of(found["named"])
        says = self._words(_SAID, fine, lambda words: self._tables.judgement(_judged(*words))).codes_of(found["said"])
        runs = self._words(_RUN, fine, lambda words: self._tables.run(*words)).codes_of(found["run"])
        ids = runs
        if not found["regular"].all():
            ids = runs.copy()
            ids[~found["regular"]] = self._irregular(where, runs[~found["regular"]])
        return Block(names, says, runs, ids, found["time"])

    def _irregular(self, where: str, runs: Codes) -> Codes:
        """The codes of ids that are not made of run, target and endpoint."""
        text = (
            f"SELECT {self._shape.columns['id']} FROM {self._shape.table} WHERE {where} AND NOT {_regular(self._shape)}"
        )
        ids = (str(one) for (one,) in execute(self._connection, text, self._name))
        codes = (self._tables.id(one, run, regular=False) for one, run in zip(ids, runs.tolist(), strict=True))
        return np.fromiter(codes, dtype=np.int32, count=runs.size)

    def _words(self, columns: tuple[str, ...], where: str, code: Callable[[tuple[Any, ...]], int]) -> Known:
        """The words of some columns, each set of them once."""
        keys = [f'"{column}"' for column in columns]
        once = ", ".join(f"{self._shape.columns[column]} AS {key}" for column, key in zip(columns, keys, strict=True))
        sql = (
            f"SELECT {_hash(keys)}, {', '.join(keys)} "
            f"FROM (SELECT DISTINCT {once} FROM {self._shape.table} WHERE {where})"
        )
        found: list[tuple[Any, ...]] = sorted(execute(self._connection, sql, self._name), key=itemgetter(0))
        hashes = np.array([row[0] for row in found], dtype=np.uint64)
        if (hashes[1:] == hashes[:-1]).any():
            raise _CollisionError
        return Known(hashes, np.array([code(row[1:]) for row in found], dtype=np.int32))

    def _odd(self, where: str) -> Iterator[Block]:
        """The rows that are not as they must be: by their lines, or malformed."""
        line = LINE if self._shape.lines else "NULL"
        sql = f"SELECT filename, file_row_number, {line}::BLOB FROM {self._shape.table} WHERE {where} ORDER BY ALL"
        with told(self._name):
            answer = self._connection.execute(sql)
            while batch := answer.fetchmany(_ODD_AT_ONCE):
                rows = [row for name, number, data in batch if (row := self._row(name, number + 1, data))]
                self._tally.records += len(rows)
                if rows:
                    yield self._tables.block(rows)

    def _row(self, name: str, number: int, data: bytes | None) -> Row | None:
        source = self._sources[name]
        if data is None:
            self._tally.lines += 1
            self._tally.malformed += 1
            self._tally.report(f"{source.name}:{number}: not a record: a column is empty or cannot be", fatal=True)
            return None
        if not data or bytes(data).isspace():
            return None
        self._tally.lines += 1
        return row_of(Line(number, bytes(data), data.endswith(b"\n"), False), source, self._tally)

    def _one(self, sql: str) -> tuple[Any, ...]:
        return execute(self._connection, sql, self._name)[0]

    def _arrays(self, sql: str) -> Mapping[str, NDArray[Any]]:
        with told(self._name):
            found: Mapping[str, NDArray[Any]] = self._connection.execute(sql).fetchnumpy()
            return found


def _row(values: Sequence[Any]) -> Row:
    found = dict(zip(TYPES, values, strict=True))
    time = _EPOCH + timedelta(microseconds=found["time"])
    return Row(**{**found, "time": time, "required": bool(found["required"]), "rollup": found["rollup"] or ""})


def _fine(shape: Shape) -> str:
    """What must hold of a row, as SQL."""
    asked = shape.columns
    present = (f"{asked[column]} IS NOT NULL" for column in TYPES if column not in NULLABLE)
    time = f"epoch_us({asked['time']})"
    return " AND ".join((*present, f"{asked['schema']} = {SCHEMA_VERSION}", f"{time} >= 0 AND {time} < {_AFTER}"))


def _judged(*words: Any) -> Judged:
    *said, required, rollup = words
    return Judged._make((*(word or "" for word in said), bool(required), rollup or ""))


def _hash(words: Iterable[str]) -> str:
    return f"hash({', '.join(words)})"


def _regular(shape: Shape) -> str:
    asked = shape.columns
    return f"({asked['id']} = concat({asked['run_id']}, '/', {asked['target']}, '/', {asked['endpoint']}))"
