"""Rows as columns of codes: what a hundred million rows can be read into. Knows the words of a row, and reads nothing.

A word that many rows share (a series, a judgement, a run) stands once in `Tables`; a row is 28 bytes in a `Block`.
Tables of two readers differ in their codes and are never mixed: `Tables.merged` says how one reads in the other.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.store.reader import Row

Codes = NDArray[np.int32]
Micros = NDArray[np.int64]


class Name(NamedTuple):
    """Which series a row belongs to, and the role its endpoint had."""

    vantage: str
    country: str
    asn: int
    target: str
    endpoint: str
    role: str

    @property
    def tail(self) -> str:
        """What follows the run in the id of its measurements."""
        return f"/{self.target}/{self.endpoint}"


class Judged(NamedTuple):
    """What a row says, in the words of the record; absent ones are empty. `required` and `rollup` are what it says of
    its target; the rows of many series share them."""

    verdict: str
    certainty: str
    layer: str
    mechanism: str
    failure: str
    control: str
    fitness: str
    required: bool = False
    rollup: str = ""


class Block(NamedTuple):
    """Some rows in columns of one length: codes of `Tables`, and times in microseconds since 1970.

    `ids` is the code of the run where the measurement's id is made of run, target and endpoint, as ids are; of any
    other id it is `-1 - code`, with its code among the `others`.
    """

    names: Codes
    judged: Codes
    runs: Codes
    ids: Codes
    times: Micros


class Tables:
    """The words that blocks point to. `names`, `judged`, `runs` and `others` (code of the run, id) hold each
    once, in order of their codes."""

    def __init__(self) -> None:
        self.names: dict[Name, int] = {}
        self.judged: dict[Judged, int] = {}
        self.runs: dict[str, int] = {}
        self.others: dict[tuple[int, str], int] = {}

    def name(self, name: Name) -> int:
        """The code of a series."""
        return self.names.setdefault(name, len(self.names))

    def judgement(self, judged: Judged) -> int:
        """The code of a judgement."""
        return self.judged.setdefault(judged, len(self.judged))

    def run(self, run_id: str) -> int:
        """The code of a run."""
        return self.runs.setdefault(run_id, len(self.runs))

    def id(self, row_id: str, run: int, regular: bool) -> int:
        """What stands in `Block.ids` for a measurement's id."""
        return run if regular else -1 - self.others.setdefault((run, row_id), len(self.others))

    def block(self, rows: Iterable[Row]) -> Block:
        """Rows in columns."""
        coded = [self._row(row) for row in rows]
        columns = np.array(coded, dtype=np.int64).reshape(len(coded), 5).T
        names, judged, runs, ids = (column.astype(np.int32) for column in columns[:4])
        return Block(names, judged, runs, ids, columns[4].copy())

    def _row(self, row: Row) -> tuple[int, int, int, int, int]:
        name = Name(row.vantage, row.country, row.asn, row.target, row.endpoint, row.role)
        run = self.run(row.run_id)
        return (
            self.name(name),
            self.judgement(judged_of(row)),
            run,
            self.id(row.id, run, row.id == row.run_id + name.tail),
            round(row.time.timestamp() * 1e6),
        )

    def merged(self, other: "Tables") -> "Recode":
        """Take the words of other tables in as well; what comes back turns their blocks into ours."""
        runs = _codes(map(self.run, other.runs))
        others = ((int(runs[run]), text) for run, text in other.others)
        return Recode(
            _codes(map(self.name, other.names)),
            _codes(map(self.judgement, other.judged)),
            runs,
            _codes(self.others.setdefault(one, len(self.others)) for one in others),
        )


class Recode(NamedTuple):
    """For each code of other tables, ours."""

    names: Codes
    judged: Codes
    runs: Codes
    others: Codes

    def block(self, block: Block) -> Block:
        """A block of the other tables as one of ours."""
        ids = self.runs[np.maximum(block.ids, 0)] if self.runs.size else block.ids.copy()
        odd = np.flatnonzero(block.ids < 0)
        ids[odd] = -1 - self.others[-1 - block.ids[odd]]
        return Block(self.names[block.names], self.judged[block.judged], self.runs[block.runs], ids, block.times)


def judged_of(row: Row) -> Judged:
    """What a row says."""
    certainty, layer, mechanism, failure = (
        word or "" for word in (row.certainty, row.layer, row.mechanism, row.failure)
    )
    verdict, control, fitness = row.verdict, row.control, row.fitness
    return Judged(verdict, certainty, layer, mechanism, failure, control, fitness, row.required, row.rollup)


def joined(blocks: Sequence[Block]) -> Block:
    """Several blocks of the same tables as one."""
    return Block(*map(np.concatenate, zip(*blocks, strict=True))) if len(blocks) != 1 else blocks[0]


def _codes(codes: Iterable[int]) -> Codes:
    return np.fromiter(codes, dtype=np.int32)
