"""From rows on disk to series and runs. Knows both shapes of a row, the one of `store` and the one of `timeline`.

What is gathered depends on the set of rows only, never on their order. A hundred million of them are gathered without
an object for each: what waits and what results is in columns (`grouping`).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.episode import SeriesKey
from probe.report.grouping import HELD, RECORD, Codes, Grouping, Records
from probe.report.ordered import Ids, Keeper, Kinds, Once, Places
from probe.report.statements import Statements, statements
from probe.store import reader
from probe.store.columns import Block, Tables
from probe.timeline.points import Points
from probe.timeline.series import Series

REFERENCE_ROLE = "reference"
_AT_ONCE = 50_000


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
    """Series by key, the role of each (that of its newest measurement), and all runs by vantage and time.

    `duplicates` is how many rows were left out because their measurement was there already; `said` is what the rows of
    each series say of its target's rule.
    """

    series: dict[SeriesKey, Series]
    roles: dict[SeriesKey, str]
    runs: tuple[Run, ...]
    duplicates: int = 0
    said: Mapping[SeriesKey, Statements] = MappingProxyType({})


def gather(rows: Iterable[reader.Row]) -> Gathered:
    """Read all rows once, into series and runs."""
    tables, source = Tables(), iter(rows)

    def blocks() -> Iterator[Block]:
        while here := list(islice(source, _AT_ONCE)):
            yield tables.block(here)

    return gather_blocks(blocks(), tables)


def gather_blocks(blocks: Iterable[Block], tables: Tables, *, until: float | None = None, held: int = HELD) -> Gathered:
    """The same from columns. Only what was measured before `until` (epoch seconds) is gathered.

    Beyond `held` rows they go to the disk, which raises OSError when it is full.
    """
    grouping, places = Grouping(held), Places()
    for block in blocks:
        places.see(block.names, block.runs, tables)
        records = np.empty(block.times.size, dtype=RECORD)
        records["time"], records["id"], records["said"] = block.times, block.ids, block.judged
        grouping.add(block.names, records)
    grouping.finish()
    return _Gathering(grouping, tables, places, until).gathered()


class _Gathering:
    """Makes series and runs of what was grouped, one series after another in order of their keys."""

    def __init__(self, grouping: Grouping, tables: Tables, places: Places, until: float | None) -> None:
        self._grouping, self._until = grouping, until
        self._ids, self._kinds = Ids(tables), Kinds(tables)
        self._names = list(tables.names)
        self._keeper = Keeper(on_disk=grouping.spilt)
        self._once = Once(self._ids, tables, places.several)
        self._runs: list[Run] = []

    def gathered(self) -> Gathered:
        series: dict[SeriesKey, Series] = {}
        roles: dict[SeriesKey, str] = {}
        said: dict[SeriesKey, Statements] = {}
        groups: dict[SeriesKey, list[int]] = {}
        for code, name in enumerate(self._names):
            named = SeriesKey(name.vantage, name.country, name.asn, name.target, name.endpoint)
            groups.setdefault(named, []).append(code)
        place: VantageKey | None = None
        counts = _RunCounts(self._ids, self._kinds)
        for key in sorted(groups):
            here = VantageKey(key.vantage, key.country, key.asn)
            if here != place:
                self._close(place, counts)
                place, counts = here, _RunCounts(self._ids, self._kinds)
            records, role = self._records(key, groups[key])
            if records.size:
                counts.add(records)
                roles[key] = role
                said[key] = statements(records["time"] / 1e6, self._kinds.rule[records["said"]], self._kinds.rules)
                namer = self._ids.namer(f"/{key.target}/{key.endpoint}")
                load = self._keeper.keep(records)
                series[key] = Series(key, Points(load, records.size, self._kinds.table, namer))
        self._close(place, counts)
        runs = tuple(sorted(self._runs, key=lambda run: (run.vantage, run.first, run.id)))
        return Gathered(series, roles, runs, self._once.left_out, said)

    def _records(self, key: SeriesKey, codes: list[int]) -> tuple[Records, str]:
        """The rows of a series, in order and each once, and the role of the newest."""
        parts = [self._grouping.take(code) for code in codes]
        roles = [
            (int(part["time"].max()), self._names[code].role)
            for part, code in zip(parts, codes, strict=True)
            if part.size
        ]
        records = np.concatenate(parts)
        records["id"], records["said"] = self._ids.ranks(records["id"]), self._kinds.ranks[records["said"]]
        records = self._once.of(f"/{key.target}/{key.endpoint}", records)
        if self._until is not None:
            records = records[: int(np.searchsorted(records["time"] / 1e6, self._until))]
        return records, max(roles, default=(0, ""))[1]

    def _close(self, place: VantageKey | None, counts: "_RunCounts") -> None:
        if place is not None:
            self._runs += (Run(place, *run) for run in counts.runs())


class _RunCounts:
    """The runs of one vantage point, counted in arrays: first and last measurement, how many, the worst fitness."""

    def __init__(self, ids: Ids, kinds: Kinds) -> None:
        self._ids, self._kinds = ids, kinds
        size = len(ids.runs)
        self._first = np.full(size, np.iinfo(np.int64).max)
        self._last = np.zeros(size, dtype=np.int64)
        self._count = np.zeros(size, dtype=np.int32)
        self._worst = np.full(size, np.iinfo(np.int16).max, dtype=np.int16)

    def add(self, records: Records) -> None:
        """The rows of one series, each measurement once."""
        runs, times = self._ids.run_of[records["id"]], records["time"]
        worst = self._kinds.fitness[records["said"]]
        once = not self._ids.whole[records["id"]].any()  # an id that names its run is here once
        _merge(np.minimum, self._first, runs, times, once=once)
        _merge(np.maximum, self._last, runs, times, once=once)
        _merge(np.add, self._count, runs, np.int32(1), once=once)
        _merge(np.minimum, self._worst, runs, worst, once=once)

    def runs(self) -> Iterator[tuple[str, float, float, int, str]]:
        """What is known of each: id, first, last, measurements, fitness."""
        for at in np.flatnonzero(self._count).tolist():
            first, last = float(self._first[at]) / 1e6, float(self._last[at]) / 1e6
            yield self._ids.runs[at], first, last, int(self._count[at]), self._kinds.fitnesses[int(self._worst[at])]


def _merge(how: np.ufunc, into: NDArray[Any], at: Codes, values: Any, *, once: bool) -> None:
    """`how.at(into, at, values)`, ten times faster where no place comes more than `once`."""
    if once:
        into[at] = how(into[at], values)
    else:
        how.at(into, at, values)
