"""The measurements of a series as columns: what a hundred million points can be kept in. Knows no rule and no file.

Times, codes into a small table of what measurements can say, and codes into a table of ids: 16 bytes a measurement,
which may lie in memory or wherever `load` brings them from. A `Point` is made when one is asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple, Self, overload

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]
Evidences = NDArray[np.int8]


class Evidence(IntEnum):
    """What one measurement says of its endpoint. The numbers are those of the array kernel (int8)."""

    GOOD = 0
    BAD = 1
    VOID = 2


class Point(NamedTuple):
    """One measurement in a series: epoch seconds, what it says, and what reports want to show of it."""

    time: float
    evidence: Evidence
    mechanism: str
    certainty: str
    verdict: str
    id: str


class Kind(NamedTuple):
    """What a measurement says, without when and by which id: few of these serve any number of points."""

    evidence: Evidence
    mechanism: str
    certainty: str
    verdict: str


class Columns(NamedTuple):
    """Points as arrays of one length: epoch seconds ascending, places in a table of `Kind`, codes of ids."""

    times: Floats
    kinds: Codes
    ids: Codes


class Points(Sequence[Point]):
    """Columns that read like a tuple of `Point`. A slice is a view of the same columns, and costs nothing.

    `load` brings the columns each time they are asked for, so whoever needs several of them asks once. `kinds` is the
    table that their codes point into, `name` gives the id of a code.
    """

    __slots__ = ("_load", "_name", "_part", "_size", "kinds")

    def __init__(
        self, load: Callable[[], Columns], size: int, kinds: Sequence[Kind], name: Callable[[int], str]
    ) -> None:
        self._load, self._size, self.kinds, self._name = load, size, kinds, name
        self._part = range(size)

    @classmethod
    def of(cls, points: Sequence[Point]) -> "Points":
        """The columns of points, which must be in order of time."""
        if isinstance(points, Points):
            return points
        table: dict[Kind, int] = {}
        codes = [table.setdefault(Kind(*point[1:5]), len(table)) for point in points]
        times = np.array([point.time for point in points], dtype=np.float64)
        columns = Columns(times, np.array(codes, dtype=np.int32), np.arange(len(points), dtype=np.int32))
        ids = [point.id for point in points]
        return cls(lambda: columns, len(points), tuple(table), ids.__getitem__)

    def columns(self) -> Columns:
        """The arrays. Never to be written to."""
        whole = self._load()
        if len(self._part) == self._size:
            return whole
        part = slice(self._part.start, self._part.stop)
        return Columns(whole.times[part], whole.kinds[part], whole.ids[part])

    def times(self) -> Floats:
        """Epoch seconds, ascending."""
        return self.columns().times

    def evidence(self) -> Evidences:
        """What each says, as the numbers of `Evidence`."""
        return np.array([kind.evidence for kind in self.kinds], dtype=np.int8)[self.columns().kinds]

    def table(self, column: str) -> NDArray[np.object_]:
        """A column of the table that `Columns.kinds` points into, by its name in `Kind`."""
        made = np.empty(len(self.kinds), dtype=np.object_)
        made[:] = [getattr(one, column) for one in self.kinds]
        return made

    def ids(self, places: NDArray[np.intp]) -> Iterator[str]:
        """The ids of those at these places."""
        return map(self._name, self.columns().ids[places].tolist())

    def __len__(self) -> int:
        return len(self._part)

    @overload
    def __getitem__(self, index: int) -> Point: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Point | Self:
        part = self._part[index]
        if isinstance(part, int):
            whole = self._load()
            return self._point(float(whole.times[part]), int(whole.kinds[part]), int(whole.ids[part]))
        if part.step != 1:
            raise ValueError("points are cut in order, without steps")
        made = type(self)(self._load, self._size, self.kinds, self._name)
        made._part = part
        return made

    def __iter__(self) -> Iterator[Point]:
        columns = self.columns()
        return map(self._point, columns.times.tolist(), columns.kinds.tolist(), columns.ids.tolist())

    def __reversed__(self) -> Iterator[Point]:
        columns = self.columns()
        return map(self._point, *(column[::-1].tolist() for column in columns))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"<{len(self)} points>"

    def _point(self, time: float, kind: int, code: int) -> Point:
        return Point(time, *self.kinds[kind], self._name(code))
