"""When each vantage point last measured, told by its results: whatever starts the runs, this is what came of it.

Reads names of files (a run's id holds the time it began) and the newest file of each vantage point; decides nothing.
"""

import re
import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from probe.schedule.lock import LOCK, Holder, holder_of
from probe.schedule.state import load, state_path
from probe.store.layout import SUFFIXES, Source
from probe.store.reader import Tally, rows

_RUN = re.compile(r"(\d{8}T\d{6}Z)-.+-[0-9a-f]{4}", re.ASCII)
_RECENT = 50
"""Runs whose distances tell how often runs are made."""


class Standing(NamedTuple):
    """A vantage point: its last run, when that began and ended (epoch seconds), how many lines it has, the fitness it
    found, every how many seconds runs are made (0: not known) and who says so (`--every`, `watch`, `runs`)."""

    vantage: str
    run_id: str
    began: float
    ended: float
    lines: int
    fitness: str
    every: float
    by: str


def standings(out: Path, every: float | None = None) -> Iterator[Standing]:
    """Every vantage point below the results folder, by name. `every`: what the schedule should be, if that is given.

    Raises OSError if the folder cannot be read.
    """
    for folder in sorted(path for path in out.iterdir() if path.is_dir()):
        runs = sorted(_runs(folder))
        if runs:
            yield _standing(out, folder.name, runs, every)


def holder(out: Path) -> Holder | None:
    """Who holds the results folder's lock, or held it last."""
    return holder_of(out / LOCK)


def _standing(out: Path, vantage: str, runs: list[tuple[float, str, Path]], every: float | None) -> Standing:
    began, run, path = runs[-1]
    seen = list(rows([Source(str(path), path)], Tally()))
    ended = max((row.time.timestamp() + row.runtime for row in seen), default=began)
    fitness = seen[-1].fitness if seen else ""
    return Standing(vantage, run, began, ended, len(seen), fitness, *_interval(out, vantage, runs, every))


def _interval(out: Path, vantage: str, runs: list[tuple[float, str, Path]], every: float | None) -> tuple[float, str]:
    if every is not None:
        return every, "--every"
    state = load(state_path(out, vantage))
    if state is not None and state.every > 0:
        return state.every, "watch"
    times = [began for began, _, _ in runs[-_RECENT:]]
    gaps = [after - before for before, after in pairwise(times) if after > before]
    return (statistics.median(gaps), "runs") if gaps else (0.0, "")


def _runs(folder: Path) -> Iterator[tuple[float, str, Path]]:
    """The runs below a vantage's folder: when each began, its id, its file."""
    for path in folder.glob("*/*"):
        stem = next((path.name.removesuffix(end) for end in SUFFIXES if path.name.endswith(end)), "")
        match = _RUN.fullmatch(stem)
        if match is None:
            continue
        try:
            began = datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        except ValueError:  # digits that are no date
            continue
        yield began, stem, path
