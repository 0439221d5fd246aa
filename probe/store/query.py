"""Reads results of any size and packing into columns: lines fast and on all processors, Parquet through DuckDB.

Knows how the work is cut and put together again; `scan` and `table` know how to read. The answer is that of `reader`,
whatever the cut: rows, counts and the words on what is odd, in order of source and line.
"""

import io
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from probe.store.columns import Block, Tables, joined
from probe.store.layout import Source
from probe.store.lines import BUFFER, opened, packed
from probe.store.parquet import is_parquet, processors
from probe.store.reader import PROBLEMS_KEPT, Tally
from probe.store.scan import Scanner

PART = 48 * 1024 * 1024
"""Bytes of one piece of work: small enough for a steady bar and a quick Ctrl-C."""
ALONE = 2 * PART
"""So little is read here: other processes take a third of a second to begin."""

Heard = Callable[[int], object]


class Part(NamedTuple):
    """One piece of work: some files, or the bytes `[begin, end)` of one, which are whole lines. `size` in bytes on
    disk; `more`: it goes on where the part before it ended."""

    sources: tuple[Source, ...]
    size: int
    begin: int = 0
    end: int | None = None
    more: bool = False


class Found(NamedTuple):
    """What a part held, with tables of its own. `passed` is how many lines there were, blank ones included."""

    tables: Tables
    block: Block | None
    tally: Tally
    passed: int


def total_size(sources: Iterable[Source]) -> int:
    """Bytes on disk, of what `read` will report as heard. Standard input and what has vanished count for nothing."""
    return sum(map(_size, sources))


def read(
    sources: Sequence[Source], tables: Tables, tally: Tally, heard: Heard = lambda _bytes: None
) -> Iterator[Block]:
    """The rows of all sources in columns, coded by `tables`; what reading met is in `tally`.

    Every row is there that `reader.rows` would give, and every duplicate as well. `heard` is told of bytes read.
    Memory is bounded, whatever the sources hold. Not for `tally.strict`.
    """
    from probe.store.table import table

    for parquet, group in groupby(sources, key=is_parquet):
        yield from (table if parquet else _lines)(list(group), tables, tally, heard)


def _lines(sources: Sequence[Source], tables: Tables, tally: Tally, heard: Heard) -> Iterator[Block]:
    """The rows of sources of lines."""
    base = 0
    for part, found in _read_parts(_parts(sources), _is_much(sources)):
        base = base if part.more else 0
        _count(tally, found.tally, part, base)
        base += found.passed
        heard(part.size)
        if found.block is not None:
            yield tables.merged(found.tables).block(found.block)


def _is_much(sources: Sequence[Source]) -> bool:
    """Whether other processes are worth their beginning. They have no standard input."""
    return total_size(sources) > ALONE and all(source.path is not None for source in sources)


def _read_parts(parts: Iterator[Part], many: bool) -> Iterator[tuple[Part, Found]]:
    """All parts, in order. Should the other processes die, what is left is read here."""
    if many and processors() > 1:
        waiting: deque[tuple[Part, Future[Found]]] = deque()
        pool = ProcessPoolExecutor(processors(), get_context("spawn"), _leave_interrupts_to_the_parent)
        try:
            for part in parts:
                waiting.append((part, pool.submit(read_part, part)))
                if len(waiting) > 2 * processors():
                    yield waiting[0][0], waiting[0][1].result()
                    waiting.popleft()
            while waiting:
                yield waiting[0][0], waiting[0][1].result()
                waiting.popleft()
        except BrokenProcessPool:
            parts = iter([*(part for part, _ in waiting), *parts])
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    for part in parts:
        yield part, read_part(part)


def read_part(part: Part) -> Found:
    """Read one part. Runs in a process of its own where there is much to read."""
    tables, tally = Tables(), Tally()
    scanner = Scanner(tables, tally)
    blocks = list(scanner.read(part.sources, opened if part.end is None else _cut(part.begin, part.end)))
    return Found(tables, joined(blocks) if blocks else None, tally, scanner.passed)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _parts(sources: Iterable[Source]) -> Iterator[Part]:
    """Small files together, large ones cut where lines end, unless they are packed."""
    together: list[Source] = []
    size = 0
    for source in sources:
        bytes_ = _size(source)
        if source.path is not None and bytes_ > PART and not packed(source):
            yield from [Part(tuple(together), size)] if together else []
            together, size = [], 0
            yield from _cuts(source, source.path, bytes_)
            continue
        together.append(source)
        size += bytes_
        if size >= PART:
            yield Part(tuple(together), size)
            together, size = [], 0
    if together:
        yield Part(tuple(together), size)


def _cuts(source: Source, path: Path, size: int) -> Iterator[Part]:
    """One large file in parts. A file that cannot be opened now is left whole, and told of when it is read."""
    try:
        with open(path, "rb") as file:
            begin = 0
            while begin < size:
                end = min(size, _next_line(file, begin + PART))
                last = end >= size
                yield Part((source,), end - begin, begin, _ENDLESS if last else end, more=begin > 0)
                begin = end
    except OSError:
        yield Part((source,), size)


_ENDLESS = 1 << 62


def _next_line(file: BinaryIO, at: int) -> int:
    """Where the first line begins at `at` or after; the end of the file, if none does."""
    file.seek(at - 1)
    while chunk := file.readline(BUFFER):
        if chunk.endswith(b"\n"):
            break
    return file.tell()


def _cut(begin: int, end: int) -> Callable[[Source], AbstractContextManager[BinaryIO]]:
    """What opens the bytes `[begin, end)` of a source, as `lines.opened` opens all of them."""

    @contextmanager
    def open_part(source: Source) -> Iterator[BinaryIO]:
        with opened(source) as stream:
            stream.seek(begin)
            yield cast(BinaryIO, io.BufferedReader(_Limited(stream, end - begin), BUFFER))

    return open_part


class _Limited(io.RawIOBase):
    """So many bytes of a stream, and no more."""

    def __init__(self, stream: BinaryIO, left: int) -> None:
        self._stream, self._left = stream, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        count = self._stream.readinto1(memoryview(buffer)[: self._left])  # type: ignore[attr-defined]
        self._left -= count
        return int(count)


def _count(tally: Tally, more: Tally, part: Part, base: int) -> None:
    """Add what a part met. The lines of its messages are counted from the beginning of the file: `base` came before."""
    for name in ("lines", "records", "malformed", "torn", "newer", "unreadable"):
        setattr(tally, name, getattr(tally, name) + getattr(more, name))
    tally.files += 0 if part.more else more.files
    for message in more.problems:
        if len(tally.problems) < PROBLEMS_KEPT:
            tally.problems.append(_renumbered(message, part.sources[0].name, base) if base else message)


def _renumbered(message: str, name: str, base: int) -> str:
    """`file:line: what` with `base` lines before."""
    number, colon, what = message.removeprefix(f"{name}:").partition(":")
    return f"{name}:{int(number) + base}:{what}" if colon and number.isdigit() else message


def _size(source: Source) -> int:
    try:
        return os.stat(source.path).st_size if source.path is not None else 0
    except OSError:
        return 0
