"""Runs whose `.jsonl` is gone because `compact` made Parquet of them, unpacked for a while so that they can be sent.

A place holds `.jsonl` only: each side packs for itself. Whether the lines are what was sealed, `fleet` asks as always.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from probe.store.durable import reason
from probe.store.fleet import PlaceError
from probe.store.layout import PARQUET, Source
from probe.store.lines import UNREADABLE, UnreadableError


def unpacked(results: Path, wanted: Mapping[str, str]) -> Iterator[tuple[Path, list[str]]]:
    """For each Parquet file that holds some of the `wanted` runs (id: the path its file is to have, below a folder): a
    folder with their files, and their ids. The folder is gone when the next one is asked for. Raises PlaceError."""
    from probe.store.packed import names_in, runs_in

    left = dict(wanted)
    for path in sorted(results.rglob(f"*{PARQUET}")) if left else ():
        source = Source(str(path), path)
        try:
            if not left.keys() & set(names_in(source)):
                continue
            with tempfile.TemporaryDirectory(prefix="probe-unpacked-") as folder:
                found = []
                for run, lines in runs_in(source):
                    if run in left:
                        _write(Path(folder) / left.pop(run), lines)
                        found.append(run)
                yield Path(folder), found
        except (UnreadableError, *UNREADABLE):  # nothing that we made: what it might hold stays wanted
            continue


def _write(path: Path, lines: list[bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(lines)
    except OSError as error:
        raise PlaceError(f"{path}: {reason(error)}; TMPDIR names another folder to unpack Parquet in") from error
