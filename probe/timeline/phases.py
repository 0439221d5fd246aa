"""The parts of an episode by mechanism. Knows the BAD points of one episode; does not judge whether it is one."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.model.episode import Phase
from probe.timeline.points import Floats

SETTLED = 3
"""A mechanism must be seen this often in a row to start a phase: one odd failure is no change of method."""


class Failure(NamedTuple):
    """One BAD measurement: epoch seconds and the mechanism named."""

    time: float
    mechanism: str


def phases(failures: Sequence[Failure]) -> tuple[Phase, ...]:
    """Split the failures of an episode, in order of time, where the mechanism changes and stays changed.

    A phase runs from the first to the last failure with its mechanism and counts those; others in between, which did
    not settle, belong to no phase. If none settles, the commonest mechanism has the only phase.
    """
    names = sorted({failure.mechanism for failure in failures})
    codes = np.array([names.index(failure.mechanism) for failure in failures], dtype=np.intp)
    return phases_of(np.array([failure.time for failure in failures], dtype=np.float64), codes, names)


def phases_of(times: Floats, codes: NDArray[np.intp], names: Sequence[str]) -> tuple[Phase, ...]:
    """The same for failures in columns: their times, and the places of their mechanisms in `names`, each there once."""
    if not times.size:
        return ()
    begins = np.concatenate(([0], np.flatnonzero(codes[1:] != codes[:-1]) + 1))
    settled = begins[np.diff(begins, append=times.size) >= SETTLED]
    settled = settled[np.concatenate(([True], codes[settled][1:] != codes[settled][:-1]))] if settled.size else settled
    kinds = codes[settled].tolist() or [_commonest(codes, names)]
    edges = [0, *settled[1:].tolist(), times.size]
    return tuple(
        _phase(names[kind], times[begin:stop][codes[begin:stop] == kind])
        for kind, (begin, stop) in zip(kinds, pairwise(edges), strict=True)
    )


def _commonest(codes: NDArray[np.intp], names: Sequence[str]) -> int:
    counted = np.bincount(codes, minlength=len(names)).tolist()
    return max(range(len(names)), key=lambda kind: (counted[kind], names[kind]))


def _phase(mechanism: str, times: Floats) -> Phase:
    return Phase(mechanism=mechanism, first=float(times[0]), last=float(times[-1]), count=times.size)
