"""Finds one record among the results: by its place, by its id, or the newest of a target. Reads lines, judges nothing.

A line is kept as bytes beside its record, so that whoever shows it can say exactly which bytes it was read from.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from probe.model.codec import decode_line
from probe.model.measurement import Measurement
from probe.store.layout import Source
from probe.store.lines import UNREADABLE, UnreadableError, lines, opened

_RUN_FILE = re.compile(r"\d{8}T\d{6}Z-", re.ASCII)
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class NotFoundError(Exception):
    """No such record; the message says what was looked for and what is there instead."""


class Kept(NamedTuple):
    """A record, its line as it lies on disk (newline included), and where."""

    measurement: Measurement
    line: bytes
    source: Source
    number: int


def at_line(source: Source, number: int) -> Kept:
    """The record on that line, counted from 1. Raises NotFoundError."""
    count = 0
    try:
        with opened(source) as stream:
            for line in lines(stream):
                count = line.number
                if line.number == number:
                    return Kept(decode_line(line.data), line.data, source, number)
    except UnreadableError as error:
        raise NotFoundError(str(error)) from error
    except UNREADABLE as error:
        raise NotFoundError(f"{source.name}:{count + 1}: the file breaks off here: {error}") from error
    except _UNDECODABLE as error:
        raise NotFoundError(f"{source.name}:{number}: not a record: {error}") from error
    what = "is blank" if 1 <= number <= count else f"does not exist; the file has lines 1 to {count}"
    raise NotFoundError(f"{source.name}: line {number} {what}")


def by_id(sources: Iterable[Source], wanted: str) -> Kept | None:
    """The record of that id. The file that its run is named after is read first, then all others."""
    run = wanted.partition("/")[0]
    for source in sorted(sources, key=lambda one: not _stem(one).startswith(run)):
        for kept in _holding(source, wanted.encode()):
            if kept.measurement.id == wanted:
                return kept
    return None


def latest(sources: Iterable[Source], target: str, endpoint: str = "") -> tuple[Kept, ...]:
    """The records of a target (or of one endpoint of it) in the newest run that has any, by endpoint."""
    runs: dict[str, dict[str, Kept]] = {}
    named = sorted((one for one in sources), key=lambda one: (not _RUN_FILE.match(_stem(one)), _stem(one)))
    files = [one for one in named if _RUN_FILE.match(_stem(one))]
    for source in (*named[len(files) :], *reversed(files)):
        if runs and source in files and max(runs) >= _stem(source):
            break  # run ids begin with their time: what follows is older
        for kept in _holding(source, target.encode()):
            one = kept.measurement
            if one.target == target and endpoint in ("", one.endpoint):
                runs.setdefault(one.run_id, {}).setdefault(one.endpoint, kept)
    newest = runs[max(runs)] if runs else {}
    return tuple(newest[name] for name in sorted(newest))


def _stem(source: Source) -> str:
    return source.path.name.partition(".jsonl")[0] if source.path is not None else ""


def _holding(source: Source, text: bytes) -> Iterator[Kept]:
    """The records of a source whose lines hold `text`. What cannot be read holds nothing."""
    try:
        with opened(source) as stream:
            for line in lines(stream):
                if text not in line.data or line.overlong:
                    continue
                try:
                    yield Kept(decode_line(line.data), line.data, source, line.number)
                except _UNDECODABLE:
                    continue
    except (UnreadableError, *UNREADABLE):
        return
