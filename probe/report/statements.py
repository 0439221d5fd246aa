"""What the records of one endpoint say of its target's rule, over time: which roll-up, and whether it was required.

Few words serve any number of measurements, so only the changes are kept. A record that does not say (an older version
of probe) changes nothing. Knows words, and not what they ask for: that is `model.target.rollup_spelt`.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from probe.model.episode import Interval
from probe.timeline.points import Codes, Floats

MOST_CHANGES = 200
"""So many changes are told, the newest: two lists in turn on one endpoint would make one of every measurement."""


class Said(NamedTuple):
    """What one record says: the roll-up as it is spelt there (empty: it does not say), and whether it is required."""

    rollup: str = ""
    required: bool = False


class Statements(NamedTuple):
    """`words[codes[i]]` is said from `times[i]` on (epoch seconds); the measurement before that was at `before[i]`. The
    first is what the first measurement says, and may be nothing."""

    times: Floats
    before: Floats
    codes: Codes
    words: Sequence[Said]

    def at(self, time: float) -> Said:
        """What is said at that time, or first."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        return self.words[int(self.codes[max(place, 0)])] if self.times.size else Said()

    def changes(self) -> Iterator[Interval]:
        """Between which measurements something else began to be said."""
        newest = slice(max(1, self.times.size - MOST_CHANGES), None)
        for before, time in zip(self.before[newest].tolist(), self.times[newest].tolist(), strict=True):
            yield Interval(before, time)

    def __bool__(self) -> bool:
        return any(self.words[code].rollup for code in set(self.codes.tolist()))


def statements(times: Floats, codes: Codes, words: Sequence[Said]) -> Statements:
    """What is said by measurements at these times, ascending; `codes` are places in `words`."""
    if not times.size:
        return Statements(times, times, codes, words)
    if (codes == codes[0]).all():  # as nearly always: nothing changes
        return Statements(times[:1], times[:1], codes[:1], words)
    telling = np.array([bool(one.rollup) for one in words], dtype=np.bool_)[codes]
    last = np.maximum.accumulate(np.where(telling, np.arange(codes.size), 0))
    told = codes[last]
    new = np.flatnonzero(np.diff(told)) + 1
    first = np.concatenate(([0], new))
    return Statements(times[first], times[np.maximum(first - 1, 0)], told[first], words)


NOTHING_SAID = Statements(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int16), ())
