"""All measurements of one endpoint from one place, kept small, and in order of time when they are asked for. Pure.

Knows what sort of evidence a measurement is; how the endpoint stands is `standing`'s to say. The order in which the
measurements come changes nothing.
"""

from array import array
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.diagnosis import Fitness, Verdict
from probe.timeline.cadence import schedule_of
from probe.timeline.noise import Bools, Noise, learn
from probe.timeline.posterior import Floats
from probe.timeline.series import Evidence, evidence_of


class Said(NamedTuple):
    """What one measurement says, in the words of the record; absent words are empty."""

    verdict: str
    certainty: str
    mechanism: str
    control: str
    fitness: str


class Sort(IntEnum):
    """What a measurement is for the end of a series: reached, failed (BAD), down for everyone, or nothing."""

    REACHED = 0
    FAILED = 1
    DOWN = 2
    NOTHING = 3


UNFIT = frozenset(Fitness) - {Fitness.FIT, Fitness.IPV6_BROKEN, Fitness.UNKNOWN}
"""A vantage that is known to be in one of these states can tell nothing by failing."""


def sort_of(said: Said) -> Sort:
    """What a measurement is. A failure seen from an unfit vantage is nothing, even with an artefact."""
    evidence = evidence_of(said.verdict, said.certainty, said.control, said.fitness)
    if evidence == Evidence.GOOD:
        return Sort.REACHED
    if said.fitness in UNFIT:
        return Sort.NOTHING
    if evidence == Evidence.BAD:
        return Sort.FAILED
    return Sort.DOWN if said.verdict == Verdict.DOWN else Sort.NOTHING


class Line(NamedTuple):
    """Some measurements in order of time, as arrays: `words[numbers[i]]` is what the one at `times[i]` says, and of
    which `sorts[i]` it is. What was said at one time stands in the order of its words."""

    times: Floats
    sorts: NDArray[np.intp]
    numbers: NDArray[np.intp]
    words: Sequence[Said]

    def said(self, at: int) -> Said:
        """What the measurement at that place says."""
        return self.words[int(self.numbers[at])]

    def of(self, *sorts: Sort) -> "Line":
        """Only the measurements of these sorts."""
        keep = np.isin(self.sorts, sorts)
        return Line(self.times[keep], self.sorts[keep], self.numbers[keep], self.words)

    @property
    def bad(self) -> Bools:
        """Which of them failed."""
        failed: Bools = self.sorts == Sort.FAILED
        return failed

    def __bool__(self) -> bool:
        return bool(self.times.size)


class History:
    """The measurements of one endpoint from one place, kept small: twelve bytes each, and a few words.

    They may come in any order, but each only once; when all have come, `line` has them in order.
    """

    def __init__(self) -> None:
        self._times = array("d")
        self._numbers = array("I")
        self._known: dict[tuple[str, str, str, str, str], int] = {}
        self._sorts: list[Sort] = []
        self.ends: dict[Sort, tuple[float, str]] = {}
        """Time and id of the last measurement of each sort."""

    def add(self, at: float, said: tuple[str, str, str, str, str], id: str) -> None:  # noqa: A002 - the record's word
        """Take one measurement, made at `at` (epoch seconds). `said` are the words of a `Said`."""
        number = self._known.get(said)
        if number is None:
            number = self._known[said] = len(self._known)
            self._sorts.append(sort_of(Said(*said)))
        self._times.append(at)
        self._numbers.append(number)
        sort = self._sorts[number]
        if sort not in self.ends or (at, id) > self.ends[sort]:
            self.ends[sort] = at, id

    def __len__(self) -> int:
        return len(self._times)

    @property
    def last(self) -> float:
        """When the last measurement was made."""
        return max(at for at, _ in self.ends.values())

    @cached_property
    def line(self) -> Line:
        """All measurements, in order. Nothing may be added after it was asked for."""
        words = sorted(Said(*said) for said in self._known)
        place = {said: i for i, said in enumerate(words)}
        numbers = np.array([place[said] for said in map(Said._make, self._known)], dtype=np.intp)[
            np.array(self._numbers, dtype=np.intp)
        ]
        times = np.array(self._times, dtype=np.float64)
        order = np.lexsort((numbers, times))
        numbers = numbers[order]
        return Line(times[order], np.array([sort_of(said) for said in words], dtype=np.intp)[numbers], numbers, words)

    @property
    def schedule(self) -> float:
        """The usual gap in seconds, 0 if there is only one measurement."""
        return schedule_of(self.line.times) if len(self) > 1 else 0.0


def noise_of(histories: Iterable[History]) -> Noise:
    """The ordinary flakiness of one place, from all its endpoints."""
    return learn(history.line.of(Sort.REACHED, Sort.FAILED).bad for history in histories)
