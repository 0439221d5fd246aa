"""However the work is cut, the answer is that of one reader going through all files in order."""

from pathlib import Path
from unittest import mock

import pytest

from probe.model.codec import encode_line
from probe.store import query
from probe.store.columns import Tables
from probe.store.layout import Source, find
from probe.store.query import read
from probe.store.reader import Tally
from tests.store.coded import Plain, decoded
from tests.store.records import T0, measurement
from tests.store.test_scan import careful
from tests.store.test_table import compacted

LINES = [encode_line(measurement(T0 + n, endpoint=f"e{n % 5}", run_id=f"run{n // 50}")) for n in range(400)]


def answer(sources: list[Source]) -> tuple[list[Plain], Tally, int]:
    tables, tally, heard = Tables(), Tally(), [0]

    def hear(count: int) -> None:
        heard[0] += count

    found = decoded(read(sources, tables, tally, hear), tables)
    return found, tally, heard[0]


@pytest.fixture
def results(tmp_path: Path) -> list[Source]:
    (tmp_path / "big.jsonl").write_bytes(
        b"".join([*LINES[:100], b"rubbish\n\n", *LINES[100:250], b"x" * 3000 + b"\n", *LINES[250:], LINES[0][:80]])
    )
    for n in range(5):
        (tmp_path / f"small{n}.jsonl").write_bytes(LINES[n] + b"{}\n")
    (tmp_path / "torn.jsonl").write_bytes(LINES[7] + LINES[8][:-9])
    (tmp_path / "vanished.jsonl").write_bytes(b"")
    sources = list(find([str(tmp_path)]).sources)
    (tmp_path / "vanished.jsonl").unlink()
    return sources


@pytest.mark.parametrize("part", [200, 1500, 40_000, query.PART])
def test_cuts_change_nothing(results: list[Source], part: int) -> None:
    with mock.patch.object(query, "PART", part), mock.patch.object(query, "_is_much", return_value=False):
        found, tally, heard = answer(results)
    assert (found, tally) == careful(*results)
    assert heard == query.total_size(results)


def test_other_processes_change_nothing(results: list[Source]) -> None:
    with mock.patch.object(query, "PART", 20_000), mock.patch.object(query, "ALONE", 0):
        found, tally, heard = answer(results)
    assert (found, tally) == careful(*results)
    assert heard == query.total_size(results)


def test_when_the_other_processes_die_the_rest_is_read_here(results: list[Source]) -> None:
    with (
        mock.patch.object(query, "PART", 20_000),
        mock.patch.object(query, "ALONE", 0),
        mock.patch.object(query, "_leave_interrupts_to_the_parent", _die),
    ):
        found, tally, _ = answer(results)
    assert (found, tally) == careful(*results)


def _die() -> None:
    import os

    os._exit(1)


def test_lines_and_parquet_together_are_read_in_order(tmp_path: Path, results: list[Source]) -> None:
    parquet = compacted(tmp_path / "p", *LINES[:30], b"rubbish\n")
    found, tally, heard = answer([*results, parquet, results[0]])
    alone, expected = careful(*results, results[0])
    assert len(found) == len(alone) + 30
    assert (tally.files, tally.malformed) == (expected.files + 1, expected.malformed + 1)
    assert heard == query.total_size([*results, parquet, results[0]])
