"""What our Parquet files hold and how DuckDB is asked for it. Knows columns and SQL; what rows mean is known elsewhere.

A file has the flat columns of the record (docs/record.md), typed, and may have `line`: the whole line, byte for byte.
Columns that a hive-style path gives (`vantage=sha-ct/date=2021-02-08/`) need not be in the file.
"""

# ruff: noqa: S608 - SQL is made of our own words; what is not ours passes `quoted`

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from probe.store.layout import PARQUET, Source
from probe.store.lines import UnreadableError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINE = "line"
MEMORY = "768MB"
"""What DuckDB may take before it goes to the disk."""

TIME = "TIMESTAMP WITH TIME ZONE"
TYPES: dict[str, str] = {
    "schema": "INTEGER",
    "id": "VARCHAR",
    "run_id": "VARCHAR",
    "time": TIME,
    "vantage": "VARCHAR",
    "country": "VARCHAR",
    "asn": "BIGINT",
    "target": "VARCHAR",
    "endpoint": "VARCHAR",
    "role": "VARCHAR",
    "verdict": "VARCHAR",
    "certainty": "VARCHAR",
    "layer": "VARCHAR",
    "mechanism": "VARCHAR",
    "failure": "VARCHAR",
    "control": "VARCHAR",
    "fitness": "VARCHAR",
    "required": "BOOLEAN",
    "rollup": "VARCHAR",
    "runtime": "DOUBLE",
}
"""The flat columns and their types as we write them, in order."""
NULLABLE = frozenset({"certainty", "layer", "mechanism", "failure", "required", "rollup"})
_TAKEN = {
    "INTEGER": frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}),
    "DOUBLE": frozenset({"FLOAT", "DOUBLE", "DECIMAL", "INTEGER", "BIGINT"}),
    TIME: frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", TIME}),
}
"""The types that are taken for ours; a time without a zone is UTC."""
_TAKEN["BIGINT"] = _TAKEN["INTEGER"]
_GLOB = frozenset("*?[")


class Shape(NamedTuple):
    """How the columns of files are asked for: their `table`, an expression for each flat column, and whether they keep
    the lines."""

    table: str
    columns: dict[str, str]
    lines: bool


def connected() -> "DuckDBPyConnection":
    """A DuckDB of our own: bounded, working on all processors, in no file, asking nothing of the network."""
    import duckdb

    made = duckdb.connect(":memory:")
    for setting in (
        f"memory_limit = '{MEMORY}'",
        f"threads = {processors()}",
        f"temp_directory = {quoted(tempfile.gettempdir())}",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_progress_bar = false",
        "preserve_insertion_order = true",
        "TimeZone = 'UTC'",
    ):
        made.execute(f"SET {setting}")
    return made


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shape_of(connection: "DuckDBPyConnection", sources: Sequence[Source]) -> Shape:
    """How to ask for the columns of files that are built alike. Raises UnreadableError where they are no tables of
    measurements; it names the first."""
    first = sources[0]
    alone = table_of(sources[:1])
    known = {column: kind for column, kind, *_ in execute(connection, f"DESCRIBE SELECT * FROM {alone}", first.name)}
    given = given_by(first)
    columns = {column: _asked(column, known, given, first.name) for column in TYPES}
    return Shape(table_of(sources), columns, known.get(LINE) in ("BLOB", "VARCHAR"))


def table_of(sources: Sequence[Source]) -> str:
    """The files as SQL."""
    for source in sources:
        if source.path is None:
            raise UnreadableError(f"{source.name}: Parquet cannot be read from a pipe; save it to a file first")
        if _GLOB.intersection(str(source.path)):
            raise UnreadableError(f"{source.name}: rename it: Parquet files cannot have * ? or [ in their path")
    return f"read_parquet({paths(sources)}, file_row_number = true, filename = true, hive_partitioning = false)"


def paths(sources: Iterable[Source]) -> str:
    """The paths of files as a list of SQL."""
    return f"[{', '.join(quoted(str(source.path)) for source in sources)}]"


def execute(connection: "DuckDBPyConnection", sql: str, name: str) -> list[tuple[object, ...]]:
    """All rows of a small answer. Raises UnreadableError."""
    with told(name):
        return list(connection.execute(sql).fetchall())


class told:  # noqa: N801 - reads as a word where it stands
    """Turns what DuckDB says of a file into UnreadableError."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        import duckdb

        if isinstance(error, duckdb.Error):
            said = str(error).splitlines()[0]
            raise UnreadableError(f"{self._name}: not readable as Parquet: {said}") from error


def _asked(column: str, known: dict[object, object], given: dict[str, str], name: str) -> str:
    """The expression for a flat column."""
    wanted = TYPES[column]
    if column in known:
        kind = str(known[column]).split("(")[0]
        if kind not in _TAKEN.get(wanted, {wanted, "ENUM"}):
            raise UnreadableError(f"{name}: not a table of measurements: column {column} is {kind}, not {wanted}")
        if wanted == TIME:
            return f'"{column}"'
        return f'"{column}"::{wanted}'
    if column in given:
        return f"TRY_CAST({quoted(given[column])} AS {wanted})"
    if column in NULLABLE:
        return f"NULL::{wanted}"
    raise UnreadableError(f"{name}: not a table of measurements: it has no column {column}")


def given_by(source: Source) -> dict[str, str]:
    """The columns that the folders of a path give."""
    pairs = (part.partition("=") for part in (source.path.parent.parts if source.path else ()))
    return {key: unquote(value) for key, equals, value in pairs if equals and key in TYPES}


def quoted(text: str) -> str:
    """A string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def is_parquet(source: Source) -> bool:
    """Whether its name says so; `lines.opened` tells others by their first bytes."""
    return source.path is not None and source.path.name.endswith(PARQUET)


def keeps_lines(source: Source) -> bool:
    """Whether it holds whole records; not, if it cannot be read."""
    connection = connected()
    try:
        return source.path is not None and shape_of(connection, [source]).lines
    except UnreadableError:
        return False
    finally:
        connection.close()


def kept_lines(source: Source) -> Iterator[bytes]:
    """The lines that a file keeps, in order, newlines included; an empty one for a row that has none.

    Raises UnreadableError.
    """
    connection = connected()
    try:
        shape = shape_of(connection, [source])
        if not shape.lines:
            raise UnreadableError(
                f"{source.name}: holds the flat columns alone (no column {LINE!r}), and this needs whole records; "
                "name the .jsonl files it was made from"
            )
        with told(source.name):
            answer = connection.execute(f"SELECT {LINE}::BLOB FROM {shape.table} ORDER BY file_row_number")
            while batch := answer.fetchmany(1000):
                yield b"".join(_ended(bytes(line or b"")) for (line,) in batch)
    finally:
        connection.close()


def _ended(line: bytes) -> bytes:
    """The line with its newline; one that was torn has none."""
    return line if line.endswith(b"\n") else line + b"\n"
