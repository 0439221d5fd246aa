"""The rows of one series put in order and told apart, in arrays. Knows records of codes (`grouping`) and the tables
they point into; what a series is for is `gather`'s.

Codes are given as rows come. So that nothing depends on that order, they are turned into ranks here: of ids as they
sort, of what rows say as it sorts.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from probe.model.diagnosis import Fitness
from probe.report.grouping import Codes, Disk, Records
from probe.report.statements import Said
from probe.store.columns import Judged, Name, Tables
from probe.timeline.points import Columns, Kind
from probe.timeline.series import evidence_of

CACHED = 4
"""Series whose columns stay at hand."""


class Ids:
    """Ids of measurements by rank. `runs` are the run ids by code; `run_of` gives that code for a rank, `whole` says of
    which ranks the id is kept as it is, because it is not made of run, target and endpoint."""

    def __init__(self, tables: Tables) -> None:
        self.runs = list(tables.runs)
        heads = [*self.runs, *(text for _, text in tables.others)]
        keys = [*(f"{run}/" for run in self.runs), *heads[len(self.runs) :]]
        order = np.array(sorted(range(len(heads)), key=keys.__getitem__), dtype=np.int64)
        self._ranks = np.empty(order.size, dtype=np.int32)
        self._ranks[order] = np.arange(order.size, dtype=np.int32)
        run_of = np.array([*range(len(self.runs)), *(run for run, _ in tables.others)], dtype=np.int32)
        self.run_of = run_of[order]
        self.whole = order >= len(self.runs)
        self._heads = [heads[at] for at in order.tolist()]

    def ranks(self, codes: Codes) -> Codes:
        """The ranks of codes as they stand in `Block.ids`."""
        return self._ranks[np.where(codes >= 0, codes, len(self.runs) - 1 - codes)]

    def namer(self, tail: str) -> Callable[[int], str]:
        """What gives the id of a rank, in the series whose ids end in `tail`."""
        heads, whole = self._heads, self.whole
        return lambda rank: heads[rank] if whole[rank] else heads[rank] + tail


class Kinds:
    """What rows say, by rank: the `table`, the rank of each code, and the `fitness` of each rank as a place in
    `fitnesses`, the worst first; likewise what each says of its target's rule, as a place in `rules`."""

    def __init__(self, tables: Tables) -> None:
        judged = list(tables.judged)
        order = sorted(range(len(judged)), key=lambda at: (_kind(judged[at]), judged[at]))
        self.table = tuple(_kind(judged[at]) for at in order)
        self.ranks = np.empty(len(order), dtype=np.int32)
        self.ranks[order] = np.arange(len(order), dtype=np.int32)
        self.fitnesses = sorted({one.fitness for one in judged}, key=_worst_first)
        self.fitness = np.array([self.fitnesses.index(judged[at].fitness) for at in order], dtype=np.int16)
        rules = {Said(judged[at].rollup, judged[at].required): None for at in order}
        self.rules = tuple(sorted(rules))
        places = {said: place for place, said in enumerate(self.rules)}
        self.rule = np.array([places[Said(judged[at].rollup, judged[at].required)] for at in order], dtype=np.int32)


def _worst_first(word: str) -> tuple[bool, str]:
    """One word other than `fit` makes a run unfit."""
    return word == Fitness.FIT, word


def _kind(judged: Judged) -> Kind:
    evidence = evidence_of(judged.verdict, judged.certainty, judged.control, judged.fitness)
    return Kind(evidence, judged.mechanism, judged.certainty, judged.verdict)


class Places:
    """In which vantage points a run was seen: nearly always one. Fed as rows come."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int], int] = {}
        self._of_name = np.zeros(0, dtype=np.int32)
        self._first = np.full(0, -1, dtype=np.int32)
        self.several = np.zeros(0, dtype=np.bool_)

    def see(self, names: Codes, runs: Codes, tables: Tables) -> None:
        """Rows of these series and runs."""
        new = [name[:3] for name in list(tables.names)[self._of_name.size :]]
        codes = [self._known.setdefault(place, len(self._known)) for place in new]
        self._of_name = np.concatenate((self._of_name, np.array(codes, dtype=np.int32)))
        more = len(tables.runs) - self._first.size
        self._first = np.concatenate((self._first, np.full(more, -1, dtype=np.int32)))
        self.several = np.concatenate((self.several, np.zeros(more, dtype=np.bool_)))
        here = self._of_name[names]
        changed = np.ones(runs.size, dtype=np.bool_)  # the rows of a run mostly stand together
        changed[1:] = (here[1:] != here[:-1]) | (runs[1:] != runs[:-1])
        here, runs = here[changed], runs[changed]
        unseen = self._first[runs] < 0
        self._first[runs[unseen]] = here[unseen]
        self.several[runs[self._first[runs] != here]] = True


class Once:
    """Lets each measurement through once, in whatever series it is: it is known by its run and its id.

    Of one that is there twice the earliest counts, then what sorts first; of one in two series, that in the first
    series. `left_out` counts the others. Within a series arrays tell; across series a measurement can only be there
    twice where a run has several places, an id is not made as ids are, or names have a `/`: only then is it looked up.
    """

    def __init__(self, ids: Ids, tables: Tables, several: NDArray[np.bool_]) -> None:
        self.left_out = 0
        self._ids = ids
        self._watched = several.copy()
        for run, text in tables.others:
            if text.startswith(f"{ids.runs[run]}/"):
                self._watched[run] = True
        self._any_watched = bool(self._watched.any())
        self._ambiguous = _ambiguous(tables.names)
        self._seen_whole = np.zeros(ids.whole.size, dtype=np.bool_)
        self._seen: set[tuple[int, str]] = set()

    def of(self, tail: str, records: Records) -> Records:
        """These rows of one series in order of time, each measurement once."""
        size = records.size
        records = _first_of_each(_in_order(records))
        if self._any_watched or tail in self._ambiguous or self._ids.whole.any():
            records = self._new(tail, records)
        self.left_out += size - records.size
        return records

    def _new(self, tail: str, records: Records) -> Records:
        """Without those that another series had."""
        ids = records["id"]
        whole = self._ids.whole[ids]
        keep = ~(whole & self._seen_whole[ids])
        self._seen_whole[ids[whole]] = True
        watched = self._watched[self._ids.run_of[ids]] | (tail in self._ambiguous)
        name = self._ids.namer(tail)
        for at in np.flatnonzero(watched & keep).tolist():
            rank = int(ids[at])
            mark = int(self._ids.run_of[rank]), name(rank)
            keep[at] = mark not in self._seen
            self._seen.add(mark)
        return records if keep.all() else records[keep]


def _ambiguous(names: Mapping[Name, int]) -> frozenset[str]:
    """Tails that several pairs of target and endpoint share: `a/b` and `c`, `a` and `b/c`."""
    pairs: dict[str, tuple[str, str]] = {}
    return frozenset(
        name.tail for name in names if pairs.setdefault(name.tail, (name.target, name.endpoint)) != name[3:5]
    )


def _in_order(records: Records) -> Records:
    """Sorted by time, id, what they say."""
    times = records["time"]
    if (times[1:] > times[:-1]).all():
        return records
    return records[np.lexsort((records["said"], records["id"], times))]


def _first_of_each(records: Records) -> Records:
    """The first row of each id, in the order they have."""
    ids = records["id"]
    if (ids[1:] > ids[:-1]).all():
        return records
    _, first = np.unique(ids, return_index=True)
    return records if first.size == ids.size else records[np.sort(first)]


class Keeper:
    """Keeps the rows of series until they are asked for: in memory, or in a file that is gone when we are."""

    def __init__(self, *, on_disk: bool) -> None:
        self._disk = Disk() if on_disk else None
        self._recent: OrderedDict[int, Columns] = OrderedDict()
        self._next = 0

    def keep(self, records: Records) -> Callable[[], Columns]:
        """Keep these; what comes back brings their columns."""
        number, self._next = self._next, self._next + 1
        if self._disk is None:
            return lambda: self._made(number, lambda: records)
        disk, begin, size = self._disk, self._disk.put(records), records.size
        return lambda: self._made(number, lambda: disk.get(begin, size))

    def _made(self, number: int, records: Callable[[], Records]) -> Columns:
        found = self._recent.pop(number, None)
        if found is None:
            kept = records()
            found = Columns(kept["time"] / 1e6, kept["said"].copy(), kept["id"].copy())
        self._recent[number] = found
        while len(self._recent) > CACHED:
            self._recent.popitem(last=False)
        return found
