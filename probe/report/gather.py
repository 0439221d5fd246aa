"""From rows on disk to series and runs. Knows both shapes of a row, the one of `store` and the one of `timeline`.

What is gathered depends on the set of rows only, never on their order.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from probe.model.diagnosis import Fitness
from probe.model.episode import SeriesKey
from probe.store import reader
from probe.timeline.series import Row, Series, series_from

REFERENCE_ROLE = "reference"


class VantageKey(NamedTuple):
    """A vantage point as its operator declared it."""

    name: str
    country: str
    asn: int


class Run(NamedTuple):
    """One run: its first and last measurement (epoch seconds), how many it made, and whether the vantage was fit."""

    vantage: VantageKey
    id: str
    first: float
    last: float
    measurements: int
    fitness: str


class Gathered(NamedTuple):
    """Series by key, the role of each, and all runs by vantage and time."""

    series: dict[SeriesKey, Series]
    roles: dict[SeriesKey, str]
    runs: tuple[Run, ...]


def gather(rows: Iterable[reader.Row]) -> Gathered:
    """Read all rows once, into series and runs."""
    runs: dict[tuple[VantageKey, str], Run] = {}
    roles: dict[SeriesKey, str] = {}

    def watched() -> Iterator[Row]:
        for row in rows:
            at = row.time.timestamp()
            _add_run(runs, row, at)
            roles[SeriesKey(row.vantage, row.country, row.asn, row.target, row.endpoint)] = row.role
            yield _timeline_row(row, at)

    series = series_from(watched())
    return Gathered(series, roles, tuple(sorted(runs.values(), key=lambda run: (run.vantage, run.first, run.id))))


def _add_run(runs: dict[tuple[VantageKey, str], Run], row: reader.Row, at: float) -> None:
    key = (VantageKey(row.vantage, row.country, row.asn), row.run_id)
    run = runs.get(key)
    if run is None:
        runs[key] = Run(*key, at, at, 1, row.fitness)
        return
    worse = min(run.fitness, row.fitness, key=lambda word: (word == Fitness.FIT, word))
    runs[key] = Run(*key, min(run.first, at), max(run.last, at), run.measurements + 1, worse)


def _timeline_row(row: reader.Row, at: float) -> Row:
    return Row(
        row.id,
        at,
        row.vantage,
        row.country,
        row.asn,
        row.target,
        row.endpoint,
        row.role,
        row.verdict,
        row.certainty or "",
        row.layer or "",
        row.mechanism or "",
        row.failure or "",
        row.control,
        row.fitness,
    )
