"""From the rows of one side of a comparison to facts: how every endpoint stands, and what stood around it.

Rows are read once and kept small, a history an endpoint; then only the measurements that the states rest on are read
whole. What is gathered depends on the set of rows only, never on their order. Comparing is `timeline.diff`'s work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from statistics import median
from typing import NamedTuple

import numpy as np

from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup, Purpose, QUICHandshake, TLSHandshake
from probe.store.layout import Source
from probe.store.pick import Pick
from probe.store.reader import Row, Tally, measurements, rows
from probe.timeline.cadence import UNKNOWN_AFTER
from probe.timeline.diff import Facts, Key, Leaf, Setting
from probe.timeline.history import History, noise_of
from probe.timeline.noise import Noise
from probe.timeline.standing import Effort, State, last_line, standing

_OURS = (Purpose.MAIN, Purpose.RETRY)


class Place(NamedTuple):
    """Where a vantage point says it is."""

    vantage: str
    country: str
    asn: int


class Extent(NamedTuple):
    """What one side holds of one vantage point: its last `place`, its runs, its measurements, the first and the last
    (epoch seconds)."""

    place: Place
    runs: tuple[str, ...]
    measurements: int
    first: float
    last: float


class Gathered(NamedTuple):
    """One side. `known` are all endpoints that it ever measured, `facts` those it measured to the end."""

    extents: Mapping[str, Extent]
    settings: Mapping[str, Setting]
    facts: Mapping[Key, Facts]
    known: frozenset[Key]


Where = tuple[str, str, int, str, str]
"""A place, and a target and endpoint seen from it: plain, for one is made for every row."""


class Whole(NamedTuple):
    """What is kept of a measurement that was read whole."""

    run: str
    effort: Effort
    leaves: frozenset[Leaf]
    addresses: frozenset[str]
    setting: Setting


class _Vantage:
    """What is counted of one vantage point while rows come."""

    def __init__(self) -> None:
        self.runs: dict[str, float] = {}
        self.newest: tuple[float, str, Place] = (float("-inf"), "", Place("", "", 0))
        self.first = float("inf")
        self.measurements = 0

    def add(self, row: Row, at: float) -> None:
        if at < self.runs.get(row.run_id, float("inf")):
            self.runs[row.run_id] = at
        if at >= self.newest[0]:
            self.newest = max(self.newest, (at, row.id, Place(row.vantage, row.country, row.asn)))
        if at < self.first:
            self.first = at
        self.measurements += 1

    def gap(self) -> float:
        """The usual time between runs in seconds, 0 if there is one only."""
        begun = np.sort(np.array(list(self.runs.values())))
        return float(median(np.diff(begun).tolist())) if len(begun) > 1 else 0.0


class Side:
    """One side while its rows come; then `finished`."""

    def __init__(self, pick: Pick) -> None:
        self.pick = pick
        self._histories: dict[Where, History] = {}
        self._roles: dict[Where, str] = {}
        self._vantages: dict[str, _Vantage] = {}

    def add(self, row: Row) -> None:
        """Take a row, if it is of this side."""
        if not self.pick.takes(row):
            return
        at = row.time.timestamp()
        counted = self._vantages.get(row.vantage)
        if counted is None:
            counted = self._vantages[row.vantage] = _Vantage()
        counted.add(row, at)
        where = row.vantage, row.country, row.asn, row.target, row.endpoint
        history = self._histories.get(where)
        if history is None:
            history = self._histories[where] = History()
        if row.role > self._roles.get(where, ""):
            self._roles[where] = row.role
        words = row.verdict, row.certainty or "", row.mechanism or "", row.control, row.fitness
        history.add(at, words, row.id)

    def wanted(self) -> frozenset[str]:
        """The ids of the measurements that the states may rest on, to be read whole."""
        return frozenset(name for where in self._present() for _, name in self._histories[where].ends.values())

    def finished(self, whole: Mapping[str, Whole], *, raw: bool = False) -> Gathered:
        """Everything that can be said of this side. `raw`: the last lines as they stand, without the ledger."""
        noises = {} if raw else self._noises()
        efforts = {name: one.effort for name, one in whole.items()}
        facts = {}
        for where in self._present():
            history = self._histories[where]
            state = last_line(history) if raw else standing(history, efforts, noises[_place(where)])
            facts[_key(where)] = _facts(state, self._roles[where], whole.get(state.id))
        return Gathered(
            extents={vantage: _extent(counted) for vantage, counted in sorted(self._vantages.items())},
            settings={vantage: _setting(whole, counted.newest[1]) for vantage, counted in self._vantages.items()},
            facts=facts,
            known=frozenset(map(_key, self._histories)),
        )

    def _present(self) -> list[Where]:
        """The endpoints measured to the end, each at the place where it was measured last.

        One that the vantage point has not measured for three usual gaps is no longer there.
        """
        newest: dict[Key, tuple[float, Where]] = {}
        for where, history in self._histories.items():
            last = history.last, where
            newest[_key(where)] = max(newest.get(_key(where), last), last)
        gaps = {vantage: counted.gap() for vantage, counted in self._vantages.items()}
        present = []
        for measured, where in newest.values():
            counted, history = self._vantages[where[0]], self._histories[where]
            patience = UNKNOWN_AFTER * max(history.schedule, gaps[where[0]])
            if len(counted.runs) == 1 or counted.newest[0] - measured <= patience:
                present.append(where)
        return present

    def _noises(self) -> dict[Place, Noise]:
        by_place: dict[Place, list[History]] = {}
        for where in sorted(self._histories):
            by_place.setdefault(_place(where), []).append(self._histories[where])
        return {place: noise_of(histories) for place, histories in by_place.items()}


def _place(where: Where) -> Place:
    return Place(*where[:3])


def _key(where: Where) -> Key:
    return Key(where[0], *where[3:])


def _facts(state: State, role: str, whole: Whole | None) -> Facts:
    return Facts(state, role) if whole is None else Facts(state, role, whole.leaves, whole.addresses)


Watch = Callable[[tuple[Source, ...]], Iterable[Source]]
"""Hands sources on as they are read, and may show how far that is."""


def gather(picks: Iterable[Pick], tally: Tally, *, raw: bool = False, watch: Watch = iter) -> list[Gathered]:
    """The sides in order. Sides of the same sources are read together. Under `tally.strict` as `reader.rows` raises."""
    sides = [Side(pick) for pick in picks]
    by_sources: dict[tuple[Source, ...], list[Side]] = {}
    for side in sides:
        by_sources.setdefault(side.pick.sources, []).append(side)
    wholes = {sources: _read(sources, together, tally, watch) for sources, together in by_sources.items()}
    return [side.finished(wholes[side.pick.sources], raw=raw) for side in sides]


def _read(sources: tuple[Source, ...], sides: Iterable[Side], tally: Tally, watch: Watch) -> dict[str, Whole]:
    """Hand every row to the sides, then read whole what they want."""
    for row in rows(watch(sources), tally):
        for side in sides:
            side.add(row)
    return dict(_whole(sources, frozenset().union(*(side.wanted() for side in sides))))


def _extent(counted: _Vantage) -> Extent:
    last, _, place = counted.newest
    return Extent(place, tuple(sorted(counted.runs)), counted.measurements, counted.first, last)


def _whole(sources: Iterable[Source], wanted: frozenset[str]) -> Iterator[tuple[str, Whole]]:
    """The wanted measurements by id. Files named after a run of theirs are read first; then as few as it takes."""
    runs = tuple({name.partition("/")[0] for name in wanted})
    left = set(wanted)
    ordered = sorted(sources, key=lambda one: not (one.path is not None and one.path.name.startswith(runs)))
    found = chain.from_iterable(measurements([source], Tally()) for source in ordered)
    while left and (one := next(found, None)) is not None:
        if one.id in left:
            left.remove(one.id)
            yield one.id, whole_of(one)


def whole_of(one: Measurement) -> Whole:
    """What a comparison keeps of one measurement: of its first host, as its last try met it."""
    ours = [o for o in one.observations if o.purpose in _OURS and o.hop == 0]
    last = max((o.attempt for o in ours), default=0)
    shaken = [o for o in ours if isinstance(o, TLSHandshake | QUICHandshake) and o.certificates and o.attempt == last]
    asked = [o for o in ours if isinstance(o, DNSLookup) and o.resolver.own]
    return Whole(
        run=one.run_id,
        effort=Effort(one.tries, one.failure is None),
        leaves=frozenset(
            Leaf(o.certificates[0].sha256, o.certificates[0].issuer, o.certificates[0].not_after, tuple(o.problems))
            for o in shaken
        ),
        addresses=frozenset(address for o in asked if o.attempt == last for address in o.addresses),
        setting=Setting(
            country=_words(one.country if one.country != "ZZ" else ""),
            asn=_words(f"AS{one.asn}" if one.asn else ""),
            network=_words(one.network),
            resolvers=_words(*(o.resolver.address for o in asked)),
            fitness=_words(one.fitness),
            target_list=_words(one.target_list),
            software=_words(f"{one.software.name} {one.software.version}"),
            ruleset=_words(one.diagnosis.ruleset_version),
        ),
    )


def _words(*words: str) -> tuple[str, ...]:
    return tuple(sorted({word for word in words if word}))


def _setting(whole: Mapping[str, Whole], newest: str) -> Setting:
    """What stood around the run of the newest measurement: all that its measurements say."""
    mark = whole.get(newest)
    if mark is None:
        return Setting()
    run = [one.setting for one in whole.values() if one.run == mark.run]
    return Setting(*(_words(*(word for one in run for word in one[i])) for i in range(len(Setting._fields))))
