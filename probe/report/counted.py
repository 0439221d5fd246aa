"""What the measurements of one series add up to, in arrays. Knows columns; what is said of the sums is `view`'s."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from probe.timeline.points import Columns, Evidence, Evidences, Floats, Points


def verdicts(points: Points, columns: Columns) -> dict[str, int]:
    """How many there are of each, by name."""
    found: Counter[str] = Counter()
    for kind, count in enumerate(np.bincount(columns.kinds).tolist()):
        if count:
            found[points.kinds[kind].verdict] += count
    return dict(sorted(found.items()))


def failing(evidence: Evidences) -> int:
    """How many of the last telling measurements failed."""
    good = np.flatnonzero(evidence == Evidence.GOOD)
    return int(np.count_nonzero(evidence[int(good[-1]) + 1 if good.size else 0 :] == Evidence.BAD))


def stretches(points: Points, columns: Columns, verdict: str) -> Iterator[tuple[float, float, int]]:
    """Where measurements in a row had that verdict: the times of the first and the last, how many."""
    held = (points.table("verdict") == verdict)[columns.kinds].astype(np.int8)
    edges = np.flatnonzero(np.diff(held, prepend=np.int8(0), append=np.int8(0)))
    for begin, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield float(columns.times[begin]), float(columns.times[stop - 1]), stop - begin


def usual_gap(times: Floats) -> float:
    """The median gap in seconds, 0 if there is only one time."""
    return float(np.median(np.diff(times))) if times.size > 1 else 0.0
