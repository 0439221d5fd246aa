"""Where the measurements that prove alerts lie: file and line, so that a message can point at its evidence.

Reads the one file that a measurement's run is named after; what is not there is simply not pointed at.
"""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import msgspec

from probe.store.layout import Source, run_path
from probe.store.lines import UNREADABLE, UnreadableError, lines, opened

HEAD = 512
"""The id stands among the first bytes of a line."""


def lines_of(results: Path, vantage: str, wanted: Iterable[str]) -> dict[str, tuple[str, int]]:
    """File (below `results`, with `/`) and line of each of these measurement ids that is found."""
    found: dict[str, tuple[str, int]] = {}
    for run, ids in groupby(sorted(set(wanted)), key=lambda one: one.partition("/")[0]):
        path = run_path(results, vantage, run)
        found |= {one: (path.relative_to(results).as_posix(), at) for one, at in _within(path, set(ids)).items()}
    return found


def _within(path: Path, ids: set[str]) -> dict[str, int]:
    marks = {b'"id":' + msgspec.json.encode(one): one for one in ids}
    found: dict[str, int] = {}
    try:
        with opened(Source(str(path), path)) as stream:
            for line in lines(stream):
                head = line.data[:HEAD]
                found |= {one: line.number for mark, one in marks.items() if mark in head}
    except (UnreadableError, *UNREADABLE):
        return found
    return found
