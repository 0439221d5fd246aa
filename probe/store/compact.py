"""Finished runs as Parquet: the flat columns typed, and every line byte for byte, so that nothing is lost.

Knows which runs are finished, which are there already, and how a file comes to be whole or not at all. The sources are
never touched. A file says in its metadata which runs it was made of, with their SHA-256, so making it again does
nothing, and a run that went on since is taken again, whole; by its ids each measurement still counts once.
"""

# ruff: noqa: S608 - SQL is made of our own words; what is not ours passes `quoted`

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from probe.store.durable import hidden, reason, sync_file, sync_folder
from probe.store.layout import PARQUET, SEAL, Source, vantage_error
from probe.store.lines import LINE_LIMIT, UNREADABLE, Line, UnreadableError, opened
from probe.store.parquet import LINE, TIME, TYPES, connected, execute, paths, quoted
from probe.store.reader import Row, Tally, row_of
from probe.store.seal import SealError, named, read_seal

QUIET = 3600.0
"""Seconds for which a run without a seal must not have been written to, before it counts as finished."""
FILE_BYTES = 512 * 1024 * 1024
"""Bytes of lines from which another file is begun."""
_CHUNK = 20_000
_CHUNK_BYTES = 64 * 1024 * 1024
RUNS = "probe_runs"
_RUN_FILE = re.compile(r"(?P<day>\d{8})T\d{6}Z-(?P<vantage>.+)-[0-9a-f]{4}", re.ASCII)


class CompactError(Exception):
    """A Parquet file cannot be made; the message names it and says why. Nothing half-made is left."""


class Made(msgspec.Struct, frozen=True):
    """One run that a file was made of: its name, how many bytes it had, and their SHA-256."""

    name: str
    bytes: int
    sha256: str


class Plan(NamedTuple):
    """What is to be made: `files`, each of the runs of one vantage and day; what is there already, and what is left
    out, with the reason."""

    files: tuple["Wanted", ...]
    present: int
    left_out: tuple[str, ...]


class Wanted(NamedTuple):
    """One file to be made."""

    folder: Path
    sources: tuple[Source, ...]
    runs: tuple[Made, ...]

    @property
    def path(self) -> Path:
        """Where: named after its first run and what is in it."""
        digest = hashlib.sha256("".join(run.sha256 for run in self.runs).encode()).hexdigest()[:8]
        return self.folder / f"{self.runs[0].name.partition('.')[0]}.{len(self.runs)}.{digest}{PARQUET}"


def plan(sources: Iterable[Source], out: Path, *, partition: bool, now: float) -> Plan:
    """What to make of these below `out`. `partition`: folders `vantage=.../date=...`, which other tools know.

    `now` is epoch seconds. Raises CompactError where `out` cannot be read.
    """
    present = _present(out)
    left_out: list[str] = []
    groups: dict[tuple[str, str], list[tuple[Source, Made]]] = {}
    there = 0
    for source in sources:
        found = _run(source, now)
        if isinstance(found, str):
            left_out.append(f"{source.name}: {found}")
        elif found[1] in present:
            there += 1
        else:
            groups.setdefault(found[0], []).append((source, found[1]))
    files = [
        one
        for (vantage, day), runs in sorted(groups.items())
        for one in _split(_folder(out, vantage, day, partition), runs)
    ]
    return Plan(tuple(files), there, tuple(left_out))


def _folder(out: Path, vantage: str, day: str, partition: bool) -> Path:
    return out / f"vantage={vantage}" / f"date={day}" if partition else out / vantage / day


def _split(folder: Path, runs: list[tuple[Source, Made]]) -> Iterator[Wanted]:
    """The runs of one folder in files of a bounded size."""
    runs.sort(key=lambda pair: (pair[1].name, pair[1].sha256))
    here: list[tuple[Source, Made]] = []
    for pair in runs:
        if here and sum(made.bytes for _, made in here) + pair[1].bytes > FILE_BYTES:
            yield Wanted(folder, tuple(one for one, _ in here), tuple(made for _, made in here))
            here = []
        here.append(pair)
    if here:
        yield Wanted(folder, tuple(one for one, _ in here), tuple(made for _, made in here))


def _run(source: Source, now: float) -> tuple[tuple[str, str], Made] | str:
    """The vantage and day of a run, and what is in its file; or why it is left out."""
    if source.path is None or source.path.name.endswith(PARQUET):
        return "not a file of lines"
    found = _RUN_FILE.fullmatch(source.path.name.partition(".jsonl")[0])
    if found is None or vantage_error(found["vantage"]) is not None:
        return "not named after a run, as `probe run` names its files; rename it, or keep it as it is"
    try:
        if why := _unfinished(source.path, now):
            return why
        size, digest = _digest(source)
    except UnreadableError as error:
        return str(error).removeprefix(f"{source.name}: ")
    except UNREADABLE as error:
        return f"cannot be read to its end: {reason(error) if isinstance(error, OSError) else error}"
    day = found["day"]
    return (found["vantage"], f"{day[:4]}-{day[4:6]}-{day[6:]}"), Made(source.path.name, size, digest)


def _unfinished(path: Path, now: float) -> str | None:
    """Why a run may still be being written: no seal covers its bytes, and it was written to lately."""
    status = path.stat()
    if not status.st_size:
        return "empty"
    run = path.name.partition(".jsonl")[0]
    for seal in path.parent.glob(f"{run}.*{SEAL}"):
        with contextlib.suppress(SealError):
            if named(seal.name) is not None and read_seal(seal).seal.bytes == status.st_size:
                return None
    if now - status.st_mtime >= QUIET:
        return None
    return "not sealed, and written to in the last hour: perhaps the run goes on"


def _digest(source: Source) -> tuple[int, str]:
    """How many bytes of lines, and their SHA-256. A line that is too long to be kept whole is refused."""
    digest, size = hashlib.sha256(), 0
    with opened(source) as stream:
        while data := stream.readline(LINE_LIMIT):
            if len(data) == LINE_LIMIT and not data.endswith(b"\n"):
                raise UnreadableError(f"{source.name}: has a line longer than {LINE_LIMIT} bytes")
            digest.update(data)
            size += len(data)
    return size, digest.hexdigest()


def _present(out: Path) -> frozenset[Made]:
    """The runs that the Parquet files below `out` were made of."""
    there = [Source(str(path), path) for path in sorted(out.rglob(f"*{PARQUET}")) if not path.name.startswith(".")]
    if not there:
        return frozenset()
    connection = connected()
    try:
        sql = f"SELECT decode(value) FROM parquet_kv_metadata({paths(there)}) WHERE decode(key) = {quoted(RUNS)}"
        told = [str(value) for (value,) in execute(connection, sql, str(out))]
        return frozenset(made for text in told for made in msgspec.json.decode(text, type=list[Made]))
    except (UnreadableError, msgspec.DecodeError) as error:
        raise CompactError(f"{error}; move that file away, or choose another --out") from error
    finally:
        connection.close()


def make(wanted: Wanted, heard: Callable[[int], object] = lambda _bytes: None) -> int:
    """Make one file, whole and durable, and see that it gives every line back; its size is returned.

    Raises CompactError, and leaves nothing then. `heard` is told how many bytes of lines were read.
    """
    path, part = wanted.path, hidden(wanted.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(wanted, part, heard)
        _prove(wanted, part)
        with part.open("rb") as file:
            sync_file(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
        return path.stat().st_size
    except OSError as error:
        raise CompactError(f"{path}: {reason(error)}") from error
    except UnreadableError as error:
        raise CompactError(str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _write(wanted: Wanted, part: Path, heard: Callable[[int], object]) -> None:
    import duckdb

    connection = connected()
    try:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
        connection.execute(f"CREATE TABLE kept (place BIGINT, {columns}, {LINE} BLOB)")
        place = 0
        for source in wanted.sources:
            for chunk in _chunks(source):
                _insert(connection, place, chunk)
                place += len(chunk)
                heard(sum(len(line) for line, _ in chunk))
        runs = quoted(msgspec.json.encode(wanted.runs).decode())
        connection.execute(
            f"COPY (SELECT * EXCLUDE (place) FROM kept ORDER BY place) TO {quoted(str(part))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, KV_METADATA {{{RUNS}: {runs}}})"
        )
    except duckdb.Error as error:
        raise CompactError(f"{wanted.path}: {str(error).splitlines()[0]}") from error
    finally:
        connection.close()


def _chunks(source: Source) -> Iterator[list[tuple[bytes, Row | None]]]:
    """The lines of a run with what they say, some at a time."""
    chunk: list[tuple[bytes, Row | None]] = []
    size = 0
    with opened(source) as stream:
        for number, data in enumerate(iter(lambda: stream.readline(LINE_LIMIT), b""), 1):
            chunk.append((data, row_of(Line(number, data, data.endswith(b"\n"), False), source, Tally())))
            size += len(data)
            if len(chunk) >= _CHUNK or size >= _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    if chunk:
        yield chunk


def _insert(connection: Any, place: int, chunk: Sequence[tuple[bytes, Row | None]]) -> None:
    """Lines that are no record have a line, and nothing in the flat columns. Bytes pass as hexadecimal: what becomes of
    them otherwise differs between versions of DuckDB."""
    import numpy as np

    arrays: dict[str, Any] = {
        "place": np.arange(place, place + len(chunk)),
        LINE: _objects(line.hex() for line, _ in chunk),
    }
    known = [row for _, row in chunk if row is not None]
    arrays["known"] = np.array([row is not None for _, row in chunk])
    for name in TYPES:
        filled = iter(known)
        values = [getattr(next(filled), name) if row is not None else None for _, row in chunk]
        if name == "time":
            arrays[name] = np.array([0 if at is None else round(at.timestamp() * 1e6) for at in values])
        elif name in ("schema", "asn", "required", "runtime"):
            arrays[name] = np.array([0 if value is None else value for value in values])
        else:
            arrays[name] = _objects(values)
    connection.register("chunk", arrays)
    columns = (_column(name) for name in TYPES)
    connection.execute(f"INSERT INTO kept SELECT place, {', '.join(columns)}, unhex({LINE}) FROM chunk")
    connection.unregister("chunk")


def _column(name: str) -> str:
    value = f"make_timestamp({name})::{TIME}" if name == "time" else f'"{name}"'
    return f"CASE WHEN known THEN {value} END"


def _objects(values: Iterable[object]) -> Any:
    import numpy as np

    listed = list(values)
    made = np.empty(len(listed), dtype=np.object_)
    made[:] = listed
    return made


def _prove(wanted: Wanted, part: Path) -> None:
    """Read the lines back, and compare them with what they were. Raises CompactError."""
    digests = [(hashlib.sha256(), run) for run in wanted.runs]
    at = left = 0
    left = wanted.runs[0].bytes
    connection = connected()
    try:
        answer = connection.execute(f"SELECT {LINE} FROM read_parquet([{quoted(str(part))}])")
        while batch := answer.fetchmany(1000):
            for (line,) in batch:
                while not left and at + 1 < len(digests):
                    at, left = at + 1, wanted.runs[at + 1].bytes
                digests[at][0].update(line)
                left -= len(line)
    finally:
        connection.close()
    for digest, run in digests:
        if digest.hexdigest() != run.sha256:
            raise CompactError(f"{wanted.path}: {run.name} changed while it was read, or the disk fails; try again")
