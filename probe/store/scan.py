"""Reads many lines fast, with the answer of the careful reader: rows in columns, and the same words on what is odd.

Lines spelt as our journal spells them are read in arrays, thousands at once: `heads` finds their flat columns, `spans`
reads each distinct word once, and msgspec sees that the rest of every line is JSON and repeats no flat column. Any
line of which that does not hold, whatever it is, goes to `reader`, which reads it or says what is wrong with it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from probe.store.columns import Block, Judged, Name, Tables
from probe.store.heads import PADDING, Bools, Bytes, Heads, Places, heads, those
from probe.store.layout import Source
from probe.store.lines import LINE_LIMIT, opened
from probe.store.pieces import Opener, Piece, pieces
from probe.store.reader import UNDECODABLE, Row, Tally, row_of
from probe.store.spans import LONGEST, UNKNOWN, Spans, packed, same
from probe.store.times import micros

_T = TypeVar("_T")
_BITS = 32
"""Of a code of two: how many are the lower one's."""
_Never = Literal["\0 no flat column stands twice in a line of ours"]


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    """The flat columns that many rows share, exactly."""

    vantage: str
    country: str
    asn: int
    target: str
    endpoint: str
    role: str
    verdict: str
    certainty: str | None
    layer: str | None
    mechanism: str | None
    failure: str | None
    control: str
    fitness: str
    required: bool = False
    rollup: str = ""


class _Rest(msgspec.Struct, gc=False):
    """What follows the flat columns: any JSON in which none of them comes again but `runtime`, which it begins with."""

    runtime: float
    schema: _Never | msgspec.UnsetType = msgspec.UNSET
    id: _Never | msgspec.UnsetType = msgspec.UNSET
    run_id: _Never | msgspec.UnsetType = msgspec.UNSET
    time: _Never | msgspec.UnsetType = msgspec.UNSET
    vantage: _Never | msgspec.UnsetType = msgspec.UNSET
    country: _Never | msgspec.UnsetType = msgspec.UNSET
    asn: _Never | msgspec.UnsetType = msgspec.UNSET
    target: _Never | msgspec.UnsetType = msgspec.UNSET
    endpoint: _Never | msgspec.UnsetType = msgspec.UNSET
    role: _Never | msgspec.UnsetType = msgspec.UNSET
    verdict: _Never | msgspec.UnsetType = msgspec.UNSET
    certainty: _Never | msgspec.UnsetType = msgspec.UNSET
    layer: _Never | msgspec.UnsetType = msgspec.UNSET
    mechanism: _Never | msgspec.UnsetType = msgspec.UNSET
    failure: _Never | msgspec.UnsetType = msgspec.UNSET
    control: _Never | msgspec.UnsetType = msgspec.UNSET
    fitness: _Never | msgspec.UnsetType = msgspec.UNSET
    required: _Never | msgspec.UnsetType = msgspec.UNSET
    rollup: _Never | msgspec.UnsetType = msgspec.UNSET


_rest = msgspec.json.Decoder(_Rest)
_said = msgspec.json.Decoder(_Said)


class Scanner:
    """Reads sources, and remembers the words it met. `passed` counts all lines, blank ones included."""

    def __init__(self, tables: Tables, tally: Tally) -> None:
        self.passed = 0
        self._tables, self._tally = tables, tally
        self._said = Spans(self._say)
        self._runs = Spans(self._run)
        self._tails: list[bytes] = []

    def read(self, sources: Iterable[Source], opener: Opener = opened) -> Iterator[Block]:
        """The rows of all sources, in columns, with what reading met in the tally. Duplicates are rows like others.

        The rows are those of `reader.rows`, and so is the tally, but for duplicates: every row counts as a record here.
        Rows that are not spelt as ours come after those that are. Not for `Tally.strict`, which wants every line whole.
        """
        for piece in pieces(sources, self._tally, opener):
            yield from self._read(piece)

    def _read(self, piece: Piece) -> Iterator[Block]:
        """The rows of one piece: those that are spelt as ours, then the others."""
        self.passed += piece.starts.size
        found, block = self._fast(piece)
        self._tally.lines += found.size
        self._tally.records += found.size
        if found.size:
            yield block
        if found.size < piece.starts.size:
            odd = np.setdiff1d(np.arange(piece.starts.size), found, assume_unique=True)
            rows = list(self._careful(piece, odd.tolist()))
            if rows:
                yield self._tables.block(rows)

    def _fast(self, piece: Piece) -> tuple[Places, Block]:
        """The lines that are spelt as ours, and their rows."""
        buffer = np.frombuffer(piece.data, dtype=np.uint8, count=piece.size + PADDING)
        head = heads(buffer, piece.starts)
        stop = piece.ends[head.rows]
        head = those(head, (head.rest < stop) & (stop - piece.starts[head.rows] < LINE_LIMIT))
        said = self._said.codes(buffer, head.said, head.rest)
        names, judged = said >> _BITS, said & (1 << _BITS) - 1
        runs = self._runs.codes(buffer, head.run, head.run_end)
        times, valid = micros(buffer, head.time)
        good = valid & (said != UNKNOWN) & (runs != UNKNOWN)
        good &= self._regular(buffer, head, names)
        good[good] = _wellformed(piece.data, head.rest[good], piece.ends[head.rows[good]])
        name, judgement, run = (column[good].astype(np.int32) for column in (names, judged, runs))
        return head.rows[good], Block(name, judgement, run, run, times[good])

    def _regular(self, buffer: Bytes, head: Heads, names: NDArray[np.int64]) -> Bools:
        """Whether ids are made of run, target and endpoint; others are read carefully."""
        size = head.run_end - head.run
        for name in list(self._tables.names)[len(self._tails) :]:
            self._tails.append(name.tail.encode() if _plain(name.tail) and len(name.tail) <= LONGEST else b"")
        tails = np.array(self._tails or [b""])
        width = tails.dtype.itemsize
        length = np.char.str_len(tails)[names]
        result: Bools = (length > 0) & (head.id_end - head.id == size + length)
        result &= same(buffer, head.id, head.run, size)
        padded = np.zeros((tails.size, -(-width // 8) * 8), dtype=np.uint8)
        padded[:, :width] = tails.view(np.uint8).reshape(tails.size, width)
        found = packed(buffer, head.id + size, np.where(result, length, 0), padded.shape[1] // 8)
        result &= (found == padded.view(np.uint64)[names]).all(axis=1)
        return result

    def _careful(self, piece: Piece, odd: Sequence[int]) -> Iterator[Row]:
        """These lines by the careful reader, in order."""
        for line, source in piece.lines(odd):
            self._tally.lines += 1
            row = row_of(line, source, self._tally)
            if row is not None:
                self._tally.records += 1
                yield row

    def _say(self, span: bytes) -> int | None:
        """The code of the series, and below it that of the judgement."""
        found = _read(_said, b"{" + span + b"}")
        if found is None:
            return None
        vantage, country, asn, target, endpoint, role, *words, required, rollup = msgspec.structs.astuple(found)
        name = self._tables.name(Name(vantage, country, asn, target, endpoint, role))
        judged = self._tables.judgement(Judged._make((*(word or "" for word in words), required, rollup)))
        return name << _BITS | judged

    def _run(self, span: bytes) -> int | None:
        text = span.decode("latin-1")
        return self._tables.run(text) if _plain(text) else None


def _plain(text: str) -> bool:
    """Whether JSON spells it as it is."""
    return text.isascii() and text.isprintable() and not {'"', "\\"}.intersection(text)


def _read(decoder: "msgspec.json.Decoder[_T]", data: bytes | memoryview) -> _T | None:
    try:
        return decoder.decode(data)
    except UNDECODABLE:
        return None


def _wellformed(data: bytearray, begin: Places, end: Places) -> Bools:
    """Whether what follows the flat columns is what `_Rest` says. Turns the comma before it into a brace meanwhile."""
    view, marks = memoryview(data), np.frombuffer(data, dtype=np.uint8)
    marks[begin] = ord("{")
    spans = list(map(slice, begin.tolist(), end.tolist()))
    result = np.ones(begin.size, dtype=np.bool_)
    try:
        deque(map(_rest.decode, map(view.__getitem__, spans)), maxlen=0)
    except UNDECODABLE:
        result[:] = [_read(_rest, view[span]) is not None for span in spans]
    marks[begin] = ord(",")
    return result
