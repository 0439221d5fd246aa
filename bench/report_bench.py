"""What reading and reporting cost beside DuckDB alone, Polars and `wc -l` over the same bytes; README.md says how
to read it. Each contender is a process of its own: CPU is that of all its threads and children, memory the peak of all
together.
"""

# ruff: noqa: S608 - SQL and chance of our own

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from report_world import sized, write_lines, write_parquet

HERE = str(Path(__file__).resolve())
SAMPLED = 0.1
"""Seconds between two looks at the memory."""


class Cost(NamedTuple):
    """What one run took. `memory`: peak of the resident memory of all its processes together, bytes."""

    wall: float
    cpu: float
    memory: int
    said: str


def measured(command: list[str]) -> Cost:
    """Run it to its end; its output is dropped but for the last line."""
    begun = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=tempfile.gettempdir())
    peak = [0]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLED):
            peak[0] = max(peak[0], _resident(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert process.stdout is not None
    last = b""
    for line in process.stdout:
        last = line
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watcher.join()
    if process.returncode:
        return Cost(float("nan"), float("nan"), 0, f"failed ({process.returncode})")
    wall = time.perf_counter() - begun
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(peak[0], usage.ru_maxrss * 1024), last.decode().strip())


def _resident(pid: int) -> int:
    """Resident memory of a process and all below it."""
    total = 0
    try:
        total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(_resident(int(child)) for child in (task / "children").read_text().split())
    except (OSError, ValueError):  # it has just ended
        pass
    return total


COLUMNS = [
    "schema",
    "id",
    "run_id",
    "time",
    "vantage",
    "country",
    "asn",
    "target",
    "endpoint",
    "role",
    "verdict",
    "certainty",
    "layer",
    "mechanism",
    "failure",
    "control",
    "fitness",
    "runtime",
]
FOUR = ["time", "target", "endpoint", "verdict"]
_NUMBERS = {"schema": "INTEGER", "asn": "BIGINT", "runtime": "DOUBLE", "time": "TIMESTAMP"}


def duckdb_alone(folder: str, kind: str, columns: list[str]) -> None:
    """Read the columns, touching every value, and nothing else."""
    import duckdb

    connection = duckdb.connect()
    if kind == "lines":
        types = ", ".join(f"'{name}': '{_NUMBERS.get(name, 'VARCHAR')}'" for name in columns)
        table = f"read_json('{folder}/**/*.jsonl', format = 'newline_delimited', columns = {{{types}}})"
    else:
        table = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = false)"
    touched = ", ".join(f"max({name}::VARCHAR)" if name == "time" else f"max({name})" for name in columns)
    row = connection.execute(f"SELECT count(*), {touched} FROM {table}").fetchone()
    print(row[0] if row else 0)


def polars_alone(folder: str, kind: str, columns: list[str]) -> None:
    """The same with Polars."""
    import polars as pl

    types = {"schema": pl.Int32, "asn": pl.Int64, "runtime": pl.Float64}
    if kind == "lines":
        frame = pl.scan_ndjson(f"{folder}/**/*.jsonl", schema={name: types.get(name, pl.String) for name in COLUMNS})
    else:
        frame = pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=False)
    found = frame.select(pl.len().alias("rows"), *(pl.col(name).max() for name in columns)).collect(engine="streaming")
    print(found["rows"][0])


def probe_reading(folder: str) -> None:
    """What `probe report` does to get at the rows: all columns, in codes."""
    from probe.store.columns import Tables
    from probe.store.layout import find
    from probe.store.query import read
    from probe.store.reader import Tally

    print(sum(block.times.size for block in read(find([folder]).sources, Tables(), Tally())))


def careful_reading(folder: str) -> None:
    """The careful reader, a line at a time, in one process."""
    from probe.store.layout import find
    from probe.store.reader import Tally, rows

    print(sum(1 for _ in rows(find([folder]).sources, Tally())))


CONTENDERS: dict[str, Callable[[str, str], None]] = {
    "DuckDB alone, the same 18 columns": lambda folder, kind: duckdb_alone(folder, kind, COLUMNS),
    "DuckDB alone, 4 columns": lambda folder, kind: duckdb_alone(folder, kind, FOUR),
    "Polars, the same 18 columns": lambda folder, kind: polars_alone(folder, kind, COLUMNS),
    "probe, reading": lambda folder, _kind: probe_reading(folder),
    "probe, the careful reader": lambda folder, _kind: careful_reading(folder),
}
REFERENCE = "DuckDB alone, the same 18 columns"


def commands(folder: Path, kind: str, careful: bool) -> Iterator[tuple[str, list[str]]]:
    """What is compared, and how each is called."""
    suffix = "*.jsonl" if kind == "lines" else "*.parquet"
    yield "wc -l", ["find", str(folder), "-name", suffix, "-exec", "wc", "-l", "{}", "+"]
    for name in CONTENDERS:
        if name.startswith("Polars") and not _has_polars():
            print(f"  {name}: not installed, left out", file=sys.stderr)
        elif "careful" not in name or (careful and kind == "lines"):
            yield name, [sys.executable, HERE, "--contender", name, str(folder), kind]
    yield "`probe report`, end to end", [sys.executable, "-m", "probe", "report", str(folder)]


def _has_polars() -> bool:
    import importlib.util

    return importlib.util.find_spec("polars") is not None


def compare(folder: Path, kind: str, rows: int, rounds: int, careful: bool) -> None:
    """Every contender in turn, `rounds` times over; the table is of the medians, ratios within a round."""
    costs: dict[str, list[Cost]] = {}
    for number in range(rounds):
        for name, command in commands(folder, kind, careful):
            cost = measured(command)
            costs.setdefault(name, []).append(cost)
            print(
                f"  round {number + 1}: {name}: {cost.wall:.1f} s, {cost.cpu:.1f} s CPU {cost.said[:60]}",
                file=sys.stderr,
            )
    print(f"\n| {kind}, {rows:,} rows | s | rows/s | CPU us/row | CPU / DuckDB | peak MB |\n|---|---|---|---|---|---|")
    for name, found in costs.items():
        middle = sorted(found, key=lambda cost: cost.cpu)[len(found) // 2]
        ratios = sorted(one.cpu / other.cpu for one, other in zip(found, costs[REFERENCE], strict=True))
        ratio = f"{ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f} - {ratios[-1]:.2f})"
        cells = (f"{middle.wall:.1f}", f"{rows / middle.wall:,.0f}", f"{middle.cpu / rows * 1e6:.2f}", ratio)
        print(f"| {name} | {' | '.join(cells)} | {middle.memory / 1e6:.0f} |")


def _make(kind: str, folder: str, rows: str, vantages: str, seed: str, together: str) -> int:
    """The data; in a process of its own, so that the memory it took is not counted for the others."""
    world = sized(int(rows), int(vantages), int(seed))
    if kind == "lines":
        return write_lines(world, Path(folder), together=bool(int(together)))
    return write_parquet(world, Path(folder))


@contextmanager
def _place(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="report-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, default=1_000_000, metavar="ROWS", help="0: none")
    options.add_argument("--parquet", type=int, default=10_000_000, metavar="ROWS", help="0: none")
    options.add_argument("--vantages", type=int, default=20)
    options.add_argument("--seed", type=int, default=None, help="a fresh one, if not given")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--careful", action="store_true", help="the careful reader as well: slow")
    options.add_argument("--folder", type=Path, default=None, help="keep the data here, and use it if it is there")
    options.add_argument("--contender", nargs=3, help=argparse.SUPPRESS)
    options.add_argument("--together", action="store_true", help="a file of lines per vantage point, not per run")
    options.add_argument("--make", nargs=6, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.contender:
        CONTENDERS[asked.contender[0]](*asked.contender[1:])
        return
    if asked.make:
        print(_make(*asked.make))
        return
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    print(json.dumps({"seed": seed, "processors": os.cpu_count(), "load": os.getloadavg()}))
    with _place(asked.folder) as place:
        for kind, rows in (("lines", asked.lines), ("parquet", asked.parquet)):
            if not rows:
                continue
            world, folder = sized(rows, asked.vantages, seed), place / kind
            if not folder.exists():
                made = [kind, str(folder), *map(str, (rows, asked.vantages, seed, int(asked.together)))]
                cost = measured([sys.executable, HERE, "--make", *made])
                print(
                    f"{kind}: {world.rows:,} rows, {int(cost.said) / 1e6:,.0f} MB, made in {cost.wall:.0f} s",
                    flush=True,
                )
            compare(folder, kind, world.rows, asked.rounds, asked.careful)
            print("load now:", os.getloadavg(), flush=True)


if __name__ == "__main__":
    main()
