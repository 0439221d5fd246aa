"""Rows of any number and order, grouped by series: in memory as long as they are few, in a file that nobody sees when
they are not. Knows rows as 16 bytes, and not what they mean.

Up to HELD rows wait in memory; then they are sorted by series and go to the disk. What `take` brings back is therefore
in as many pieces as there were sorts, and the caller orders them. The file has no name: it is gone when we are, however
we end.
"""

import tempfile
import weakref
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

HELD = 8_000_000
"""Rows in memory at most: 20 bytes each, and half as much again while they are sorted."""
_AT_ONCE = 500_000
"""Rows that go to the disk together. The memory for so many is used again; for all of them the system would hand out
new pages each time, which takes longer than the sorting."""

RECORD = np.dtype([("time", "<i8"), ("id", "<i4"), ("said", "<i4")])
"""One row: microseconds since 1970, and two codes."""

Records = NDArray[np.void]
Codes = NDArray[np.int32]


class Disk:
    """Records in a file without a name. Raises OSError when the disk is full."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self.size = 0

    def put(self, records: Records) -> int:
        """Append; at which record they begin is returned."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="probe-", buffering=0)  # noqa: SIM115 - lives as long as we do
            weakref.finalize(self, self._file.close)
        begin = self.size
        self._file.seek(begin * RECORD.itemsize)
        data = records.view(np.uint8).data
        while data:
            data = data[self._file.write(data) :]
        self.size += records.size
        return begin

    def get(self, begin: int, count: int) -> Records:
        """So many records from there on."""
        found = np.empty(count, dtype=RECORD)
        if self._file is None or not count:
            return found
        self._file.seek(begin * RECORD.itemsize)
        view, done = found.view(np.uint8).data, 0
        while done < len(view):
            done += self._file.readinto(view[done:])  # type: ignore[attr-defined]
        return found


class _Sorted(NamedTuple):
    """Records sorted by group: group `g` is `[edges[g], edges[g + 1])`, from `begin` on in the file if there."""

    edges: NDArray[np.int64]
    records: Records | None
    begin: int

    def take(self, group: int, disk: Disk) -> Records:
        if group + 1 >= self.edges.size:
            return np.empty(0, dtype=RECORD)
        first, last = int(self.edges[group]), int(self.edges[group + 1])
        return disk.get(self.begin + first, last - first) if self.records is None else self.records[first:last]


class Grouping:
    """Records by group, a code from 0."""

    def __init__(self, held: int = HELD) -> None:
        self._groups, self._records = np.empty(held, dtype=np.int32), np.empty(held, dtype=RECORD)
        self._count = 0
        self._disk = Disk()
        self._parts: list[_Sorted] = []
        self.spilt = False

    def add(self, groups: Codes, records: Records) -> None:
        """More records, with the group of each."""
        while groups.size:
            begin = self._count
            self._count = end = min(begin + groups.size, self._groups.size)
            self._groups[begin:end], self._records[begin:end] = groups[: end - begin], records[: end - begin]
            groups, records = groups[end - begin :], records[end - begin :]
            if end == self._groups.size:
                self._sort(to_disk=True)

    def finish(self) -> None:
        """All are there."""
        if self._count:
            self._sort(to_disk=self.spilt)
        self._groups, self._records = self._groups[:0].copy(), self._records[:0].copy()

    def take(self, group: int) -> Records:
        """All records of a group, in no order."""
        found = [one for part in self._parts if (one := part.take(group, self._disk)).size]
        return found[0] if len(found) == 1 else np.concatenate(found or [np.empty(0, dtype=RECORD)])

    def _sort(self, *, to_disk: bool) -> None:
        groups, records = self._groups[: self._count], self._records[: self._count]
        self._count = 0
        small = groups.astype(np.uint16) if groups.max() < 1 << 16 else groups  # sorted by radix, many times faster
        order = np.argsort(small, kind="stable")
        edges = np.concatenate(([0], np.cumsum(np.bincount(groups))))
        self.spilt |= to_disk
        if not to_disk:
            self._parts.append(_Sorted(edges, records[order], 0))
            return
        self._parts.append(_Sorted(edges, None, self._disk.size))
        for at in range(0, order.size, _AT_ONCE):
            self._disk.put(records[order[at : at + _AT_ONCE]])
