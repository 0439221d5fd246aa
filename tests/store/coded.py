"""Blocks as rows again, for tests that compare fast readers with the careful one."""

from collections.abc import Iterable
from typing import NamedTuple

from probe.store.columns import Block, Judged, Name, Tables, judged_of
from probe.store.reader import Row


class Plain(NamedTuple):
    """What a block keeps of a row."""

    name: Name
    judged: Judged
    run: str
    id: str
    time: int


def plain(row: Row) -> Plain:
    name = Name(row.vantage, row.country, row.asn, row.target, row.endpoint, row.role)
    return Plain(name, judged_of(row), row.run_id, row.id, round(row.time.timestamp() * 1e6))


def decoded(blocks: Iterable[Block], tables: Tables) -> list[Plain]:
    """The rows of blocks, sorted."""
    found = [row for block in list(blocks) for row in _rows(block, tables)]
    return sorted(found)


def _rows(block: Block, tables: Tables) -> Iterable[Plain]:
    names, judged, runs, others = (list(table) for table in (tables.names, tables.judged, tables.runs, tables.others))
    for name, said, run, row_id, time in zip(*(column.tolist() for column in block), strict=True):
        if row_id < 0:
            assert others[-1 - row_id][0] == run
            text = others[-1 - row_id][1]
        else:
            assert row_id == run
            text = runs[run] + names[name].tail
        yield Plain(names[name], judged[said], runs[run], text, time)
