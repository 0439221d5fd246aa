"""The parts of an episode by mechanism. Knows the BAD points of one episode; does not judge whether it is one."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from probe.model.episode import Phase

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
    if not failures:
        return ()
    starts: list[tuple[int, str]] = []
    at = 0
    for mechanism, group in groupby(failures, key=lambda failure: failure.mechanism):
        length = len(list(group))
        if length >= SETTLED and (not starts or starts[-1][1] != mechanism):
            starts.append((at, mechanism))
        at += length
    if not starts:
        counted = Counter(failure.mechanism for failure in failures)
        starts = [(0, max(counted, key=lambda mechanism: (counted[mechanism], mechanism)))]
    edges = [0, *(at for at, _ in starts[1:]), len(failures)]
    return tuple(
        _phase(mechanism, failures[begin:stop])
        for (_, mechanism), (begin, stop) in zip(starts, pairwise(edges), strict=True)
    )


def _phase(mechanism: str, failures: Sequence[Failure]) -> Phase:
    times = [failure.time for failure in failures if failure.mechanism == mechanism]
    return Phase(mechanism=mechanism, first=times[0], last=times[-1], count=len(times))
