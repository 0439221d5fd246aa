"""The runs in a Parquet file of `compact`, each with its lines as they were, so that seals hold of them too.

Knows how such a file says what it was made of; whether that is what was sealed, `verify` asks.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from probe.store.compact import RUNS, Made
from probe.store.layout import Source
from probe.store.lines import UnreadableError
from probe.store.parquet import LINE, connected, execute, paths, quoted, table_of, told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Packed(NamedTuple):
    """One run in such a file: its id, and its lines, newlines included."""

    run_id: str
    lines: list[bytes]


def runs_in(source: Source) -> Iterator[Packed]:
    """The runs of a file, in its order. Raises UnreadableError where it is not one of ours, or is damaged."""
    connection = connected()
    try:
        made = _manifest(connection, source)
        with told(source.name):
            sql = f"SELECT {LINE}::BLOB FROM {table_of([source])} ORDER BY file_row_number"  # noqa: S608 - quoted
            answer = connection.execute(sql)
            yield from _parted(made, _lines(answer))
    finally:
        connection.close()


def names_in(source: Source) -> tuple[str, ...]:
    """The ids of the runs that a file was made of. Raises UnreadableError where it does not say."""
    connection = connected()
    try:
        return tuple(run.name.partition(".jsonl")[0] for run in _manifest(connection, source))
    finally:
        connection.close()


def _manifest(connection: "DuckDBPyConnection", source: Source) -> list[Made]:
    sql = f"SELECT decode(value) FROM parquet_kv_metadata({paths([source])}) WHERE decode(key) = {quoted(RUNS)}"  # noqa: S608 - quoted
    made = [_made(source, str(value)) for (value,) in execute(connection, sql, source.name)]
    if not made:
        raise UnreadableError(f"{source.name}: does not say which runs it was made of")
    return made[0]


def _made(source: Source, text: str) -> list[Made]:
    try:
        return msgspec.json.decode(text, type=list[Made])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableError(f"{source.name}: does not say which runs it was made of: {error}") from error


def _lines(answer: "DuckDBPyConnection") -> Iterator[bytes]:
    while batch := answer.fetchmany(1000):
        for (line,) in batch:
            yield bytes(line or b"")


def _parted(made: list[Made], lines: Iterator[bytes]) -> Iterator[Packed]:
    """The lines of one run after another, by the bytes that each had; what is left over belongs to the last one."""
    for number, run in enumerate(made, start=1):
        own: list[bytes] = []
        left = run.bytes
        while left > 0 or number == len(made):
            line = next(lines, None)
            if line is None:
                break
            own.append(line if line.endswith(b"\n") else line + b"\n")  # as a seal ends a torn line
            left -= len(line)
        yield Packed(run.name.partition(".jsonl")[0], own)
