"""Many sources as a few large buffers of whole lines, and back from a place in one to file and line number. Knows no
record. Small files share a buffer: a run is a few hundred lines, and arrays want thousands.

The lines and their numbers are those of `lines.lines`, blank ones included here; a source that breaks off is told as
`reader` tells it, after its lines.
"""

import io
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from probe.store.heads import PADDING
from probe.store.layout import Source
from probe.store.lines import BUFFER, LINE_LIMIT, UNREADABLE, Line, UnreadableError, opened
from probe.store.reader import Tally, breaks_off

SIZE = 4 * 1024 * 1024
"""Bytes from which a buffer is full."""
_NEWLINE = 10

Places = NDArray[np.int64]
Opener = Callable[[Source], AbstractContextManager[BinaryIO]]


class Segment(NamedTuple):
    """Some lines of one source in a buffer: the place and the number of the first. Not `whole`: the last line had no
    newline, because the source ended (one was put there)."""

    source: Source
    start: int
    number: int
    whole: bool


class Piece(NamedTuple):
    """A buffer of whole lines, `size` bytes and at least PADDING more, good until the next one is asked for.

    Line `i` is `[starts[i], ends[i])`, and its newline follows.
    """

    data: bytearray
    size: int
    starts: Places
    ends: Places
    segments: Sequence[Segment]

    def lines(self, chosen: Iterable[int]) -> Iterator[tuple[Line, Source]]:
        """These lines, as `lines.lines` gives them: bounded, and without the blank ones."""
        firsts = np.searchsorted(self.starts, [one.start for one in self.segments]).tolist()
        for i in chosen:
            at = bisect_right(firsts, i) - 1
            segment = self.segments[at]
            last = i + 1 == (firsts[at + 1] if at + 1 < len(firsts) else self.starts.size)
            whole = segment.whole or not last
            start, end = int(self.starts[i]), int(self.ends[i])
            overlong = end - start >= LINE_LIMIT
            data = bytes(self.data[start : start + LINE_LIMIT if overlong else end + whole])
            if data and not data.isspace():
                yield Line(segment.number + i - firsts[at], data, whole, overlong), segment.source


def pieces(sources: Iterable[Source], tally: Tally, opener: Opener = opened) -> Iterator[Piece]:
    """The lines of all sources. Those that cannot be read, or break off, are reported in `tally`."""
    buffer = _Buffer()
    for source in sources:
        tally.files += 1
        buffer.begin(source)
        try:
            with opener(source) as stream:
                yield from _filled(buffer, stream)
        except (UnreadableError, *UNREADABLE) as error:
            buffer.drop_open_line()
            number = buffer.lines_so_far()
            yield from buffer.taken()  # so that what is wrong with its lines is told first
            breaks_off(source, error, number, tally)
        else:
            buffer.end()
    yield from buffer.taken()


def _filled(buffer: "_Buffer", stream: BinaryIO) -> Iterator[Piece]:
    """Read a source to its end, giving the buffer away as often as it is full."""
    buffered = cast(io.BufferedReader, stream)
    step = SIZE if isinstance(getattr(stream, "raw", None), io.FileIO) else BUFFER  # damage in packed data costs a step
    while buffer.read(buffered, step):
        if buffer.size >= SIZE:
            yield from buffer.taken()


class _Buffer:
    """The one buffer, used again and again. The open line is what follows the last newline."""

    def __init__(self) -> None:
        self._data = bytearray(LINE_LIMIT + 2 * SIZE + PADDING)
        self._view = memoryview(self._data)
        self._segments: list[Segment] = []
        self._skipping = False
        self.size = 0

    def begin(self, source: Source) -> None:
        """What is read from here on is of this source."""
        self._segments.append(Segment(source, self.size, 1, True))
        self._skipping = False

    def read(self, stream: io.BufferedReader, step: int) -> int:
        """At most `step` more bytes of the source; 0 at its end. The rest of an overlong line is read and left out."""
        count = stream.readinto1(self._view[self.size : self.size + step])
        if self._skipping and count:
            newline = self._data.find(b"\n", self.size, self.size + count)
            if newline < 0:
                return count
            self._skipping = False
            self._move(newline, self.size + count)
        else:
            self.size += count
        return count

    def end(self) -> None:
        """The source has ended."""
        if self.size > self._segments[-1].start and (self._skipping or self._data[self.size - 1] != _NEWLINE):
            self._data[self.size] = _NEWLINE
            self.size += 1
            self._segments[-1] = self._segments[-1]._replace(whole=False)

    def drop_open_line(self) -> None:
        """The source has broken off: its last line was not read to its end."""
        self.size = max(self._after_lines(), self._segments[-1].start)

    def lines_so_far(self) -> int:
        """The number of the source's last line that is not blank, 0 if there is none."""
        segment = self._segments[-1]
        text = self._data[segment.start : self.size].rstrip()
        return segment.number + text.count(b"\n") if text else segment.number - 1

    def taken(self) -> Iterator[Piece]:
        """The whole lines, if there are any; the open line stays, and the lines after it are counted on."""
        stop = self._after_lines()
        if stop:
            ends = _newlines(self._data, stop)
            starts = np.concatenate(([0], ends[:-1] + 1))
            last = self._segments[-1]
            here = int(ends.size - np.searchsorted(starts, last.start))
            yield Piece(self._data, stop, starts, ends, [one for one in self._segments if one.start < stop])
            self._segments = [last._replace(start=0, number=last.number + here)]
            size, self.size = self.size, 0
            self._move(stop, size)
        if self.size >= LINE_LIMIT:  # too long already: the rest of it is left out
            self.size, self._skipping = LINE_LIMIT, True

    def _after_lines(self) -> int:
        return self._data.rfind(b"\n", 0, self.size) + 1

    def _move(self, begin: int, end: int) -> None:
        """Put what lies there behind what is kept."""
        count = end - begin
        self._view[self.size : self.size + count] = self._view[begin:end]
        self.size += count


def _newlines(data: bytearray, stop: int) -> Places:
    """Where the newlines are. One search each: in lines of a kilobyte that beats comparing every byte."""
    ends, at = [], -1
    find = data.find
    while (at := find(b"\n", at + 1, stop)) >= 0:
        ends.append(at)
    return np.array(ends, dtype=np.int64)
