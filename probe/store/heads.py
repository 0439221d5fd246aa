"""Finds the flat columns at the head of many lines at once, in arrays. Knows how our own journal spells a line, and
nothing else: every line that is not spelt exactly so is left to `reader`.

The columns stand first and in fixed order, and no word of ours has a comma in it, so the n-th comma of a line ends the
n-th column. That is a guess that need not hold: the keys of the first columns are compared byte by byte here, the spans
of the others must be exactly the columns they are taken for when they are read, and so must what follows them.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Bools = NDArray[np.bool_]

WIDTHS = (512, 1024)
"""How far into a line its flat columns may reach; what they do not hold in the first is tried in the second."""
PADDING = 2048
"""Bytes that must follow the last line in a buffer, so that every window lies inside."""

_COMMA = 44
_START, _RUN, _TIME, _NAME = b'{"schema":1,"id":"', b'","run_id":"', b'","time":"', b'","vantage":"'
_REQUIRED, _ROLLUP = b',"required":', b',"rollup":"'
_ID, _RUN_ID, _CLOCK, _FITNESS, _RULE = 1, 2, 3, 16, 18
"""Which comma of a line, from 0, ends these columns. `required` and `rollup` follow `fitness` in lines that have
them."""
_TIME_LENGTH = 24


class Heads(NamedTuple):
    """Where the columns of lines are: `[id, id_end)` and so on, as places in the buffer. `rows` says which lines these
    are. `said` is where the key `vantage` begins, and `rest` the comma before `runtime`: between them stands what many
    rows share."""

    rows: Places
    id: Places
    id_end: Places
    run: Places
    run_end: Places
    time: Places
    said: Places
    rest: Places


def heads(buffer: Bytes, starts: Places) -> Heads:
    """The heads of the lines that begin at `starts`, for those that are spelt as our journal spells them."""
    rows = np.arange(starts.size)
    found = []
    for width in WIDTHS:
        part = _heads(buffer, starts, rows, width)
        found.append(part)
        rows = np.setdiff1d(rows, part.rows, assume_unique=True)
        if not rows.size:
            break
    return found[0] if len(found) == 1 else Heads(*map(np.concatenate, zip(*found, strict=True)))


def _heads(buffer: Bytes, starts: Places, rows: Places, width: int) -> Heads:
    """The heads of these rows, as far as they end within `width`."""
    begin = starts[rows]
    flat = np.flatnonzero(sliding_window_view(buffer, width)[begin] == _COMMA)
    base = np.arange(begin.size) * width
    first = np.searchsorted(flat, base)
    count = np.diff(first, append=flat.size)
    good = count > _FITNESS

    def comma(number: int) -> Places:
        """That comma of each line; some place or other where there are not so many."""
        places: Places = flat[np.minimum(first + number, flat.size - 1)] - base + begin
        return np.clip(places, 1, buffer.size - PADDING)

    if not flat.size:
        return Heads(*[rows[:0]] * len(Heads._fields))
    id_end, run_end, time_end = comma(_ID) - 1, comma(_RUN_ID) - 1, comma(_CLOCK) - 1
    good &= spelt(buffer, begin, _START) & spelt(buffer, id_end, _RUN)
    good &= spelt(buffer, run_end, _TIME) & spelt(buffer, time_end, _NAME)
    good &= time_end - run_end == len(_TIME) + _TIME_LENGTH
    good &= (id_end - begin >= len(_START)) & (run_end - id_end >= len(_RUN))
    fitness = comma(_FITNESS)
    ruled = good & spelt(buffer, fitness, _REQUIRED) & spelt(buffer, comma(_FITNESS + 1), _ROLLUP)
    good &= ~ruled | (count > _RULE)
    found = Heads(
        rows=rows,
        id=begin + len(_START),
        id_end=id_end,
        run=id_end + len(_RUN),
        run_end=run_end,
        time=run_end + len(_TIME),
        said=time_end + 2,
        rest=np.where(ruled, comma(_RULE), fitness),
    )
    return those(found, good)


def those(found: Heads, chosen: Bools) -> Heads:
    """The heads of some of these lines."""
    return found if chosen.all() else Heads(*(column[chosen] for column in found))


def spelt(buffer: Bytes, places: Places, text: bytes) -> Bools:
    """Whether `text`, eight bytes or more, stands at each of these places. Compared in overlapping words of eight."""
    words = words_of(buffer)
    cuts = [*range(0, len(text) - 7, 8), *([len(text) - 8] if len(text) % 8 else [])]
    result = np.ones(places.size, dtype=np.bool_)
    for cut in cuts:
        result &= words[places + cut] == np.frombuffer(text[cut : cut + 8], dtype=np.uint64)[0]
    return result


def words_of(buffer: Bytes) -> NDArray[np.uint64]:
    """The buffer as words of eight bytes, one beginning at every byte."""
    return np.ndarray((buffer.size - 7,), dtype=np.uint64, buffer=buffer.data, strides=(1,))
