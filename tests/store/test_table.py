"""Parquet gives the rows that were put into it, and names what it cannot give."""

from pathlib import Path
from unittest import mock

import pytest

from probe.model.codec import encode_line
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.store import parquet, table
from probe.store.columns import Tables
from probe.store.compact import Made, Wanted, _digest, make
from probe.store.layout import Source
from probe.store.reader import Row, Tally, measurements, rows
from probe.store.table import table as read_table
from tests.store.coded import Plain, decoded, plain
from tests.store.records import T0, measurement

BLOCKED = {
    "verdict": Verdict.BLOCKED,
    "certainty": Certainty.LIKELY,
    "layer": Layer.TLS,
    "mechanism": Mechanism.SNI_RESET,
}
TOLD = [
    measurement(T0 + n * 0.137, target=f"app{n % 5}", endpoint=f"e{n % 7}", run_id=f"run{n % 11}", id=f"own-{n}")
    if n % 17 == 0
    else measurement(
        T0 + n * 0.137,
        target=f"app{n % 5}",
        endpoint=f"e{n % 7}-{n}",
        required=n % 4 == 0,
        rollup=("", "all", "api:all web:2")[n % 3],
        **(BLOCKED if n % 3 == 0 else {}),
    )
    for n in range(100)
]


def compacted(folder: Path, *data: bytes, name: str = "20210208T090000Z-sha-ct-91f3") -> Source:
    """A Parquet file made of one run with these lines."""
    folder.mkdir(exist_ok=True)
    run = folder / f"{name}.jsonl"
    run.write_bytes(b"".join(data))
    source = Source(run.name, run)
    wanted = Wanted(folder / "made", (source,), (Made(run.name, *_digest(source)),))
    make(wanted)
    run.unlink()
    return Source(wanted.path.name, wanted.path)


def sql(path: Path, select: str) -> Source:
    """A Parquet file of some other maker."""
    connection = parquet.connected()
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"COPY ({select}) TO {parquet.quoted(str(path))} (FORMAT parquet)")
    connection.close()
    return Source(path.name, path)


def read(*sources: Source) -> tuple[list[Plain], Tally]:
    tables, tally = Tables(), Tally()
    return decoded(read_table(sources, tables, tally), tables), tally


def one_by_one(*sources: Source, strict: bool = False) -> tuple[list[Row], Tally]:
    tally = Tally(strict=strict)
    return list(rows(sources, tally)), tally


FLAT = (
    "1 AS schema, 'r1/t/e' AS id, 'r1' AS run_id, TIMESTAMP '2021-02-08 11:00:00.25' AS time, 'CN' AS country, "
    "4134 AS asn, 't' AS target, 'e' AS endpoint, 'api' AS role, 'ok' AS verdict, 'none' AS control, 'fit' AS fitness, "
    "0.4 AS runtime"
)


@pytest.mark.parametrize("window", [7, table.WINDOW])
def test_what_was_put_in_comes_out(tmp_path: Path, window: int) -> None:
    source = compacted(tmp_path, *map(encode_line, TOLD))
    with mock.patch.object(table, "WINDOW", window):
        found, tally = read(source)
    expected = [plain(row) for row in one_by_one(_lines(tmp_path / "b.jsonl"))[0]]
    assert found == sorted(expected)
    assert (tally.files, tally.lines, tally.records, tally.problems) == (1, 100, 100, [])


def _lines(path: Path) -> Source:
    path.write_bytes(b"".join(map(encode_line, TOLD)))
    return Source(path.name, path)


def test_rows_one_by_one_and_whole_records_are_those_of_the_lines(tmp_path: Path) -> None:
    source = compacted(tmp_path, *map(encode_line, TOLD))
    lines = _lines(tmp_path / "b.jsonl")
    assert one_by_one(source)[0] == one_by_one(lines)[0] == one_by_one(source, strict=True)[0]
    assert list(measurements([source], Tally())) == TOLD


def test_several_files_at_once_and_one_of_them_broken(tmp_path: Path) -> None:
    good = [
        compacted(tmp_path / f"{n}", encode_line(TOLD[n]), name=f"2021020{n}T090000Z-sha-ct-91f3") for n in (1, 2, 3)
    ]
    broken = Source("broken.parquet", tmp_path / "broken.parquet")
    assert broken.path is not None
    broken.path.write_bytes(b"PAR1 and then something else PAR1")
    alone, tally = read(*good)
    assert (len(alone), tally.files, tally.problems) == (3, 3, [])
    found, tally = read(*good, broken)
    assert found == alone
    assert (tally.files, tally.unreadable) == (4, 1)
    assert tally.problems[0].startswith("broken.parquet: not readable as Parquet")


def test_lines_that_are_no_record_are_named_as_in_the_file_they_came_from(tmp_path: Path) -> None:
    good = encode_line(TOLD[0])
    newer = encode_line(TOLD[1]).replace(b'"schema":1', b'"schema":7')
    source = compacted(tmp_path, good, b"rubbish\n", b"\n", newer, good[:-40])
    found, tally = read(source)
    assert len(found) == 1
    assert (tally.lines, tally.malformed, tally.newer, tally.torn) == (4, 1, 1, 1)
    assert [message.split(": ")[0].rpartition(":")[2] for message in tally.problems] == ["2", "4", "5"]
    assert [row.id for row in one_by_one(source)[0]] == [TOLD[0].id]


def test_hive_folders_give_the_columns_that_the_file_lacks(tmp_path: Path) -> None:
    source = sql(tmp_path / "vantage=sha%20ct" / "date=2021-02-08" / "x.parquet", f"SELECT {FLAT}")
    found, tally = read(source)
    assert (tally.problems, [row.name.vantage for row in found]) == ([], ["sha ct"])
    assert found[0].time == 1_612_782_000_250_000
    assert found[0].judged.certainty == ""
    assert [row.vantage for row in one_by_one(source)[0]] == ["sha ct"]


@pytest.mark.parametrize(("select", "problem"), [
    (f"SELECT {FLAT}", "it has no column vantage"),
    (f"SELECT {FLAT.replace('4134', 'true')}, 'v' AS vantage", "column asn is BOOLEAN, not BIGINT"),
    (f"SELECT {FLAT.replace('TIMESTAMP ', '')}, 'v' AS vantage", "column time is VARCHAR"),
])  # fmt: skip
def test_table_of_something_else_says_what_is_wrong(tmp_path: Path, select: str, problem: str) -> None:
    found, tally = read(sql(tmp_path / "x.parquet", select))
    assert (found, tally.unreadable) == ([], 1)
    assert problem in tally.problems[0]


def test_empty_or_impossible_columns_without_a_line_are_malformed(tmp_path: Path) -> None:
    fine, vantage = f"SELECT {FLAT}", ", 'v' AS vantage"
    source = sql(
        tmp_path / "x.parquet",
        f"{fine}{vantage} UNION ALL {fine}, NULL UNION ALL {fine.replace('1 AS schema', '2')}{vantage} "
        f"UNION ALL {fine.replace('2021-02', '1961-02')}{vantage}",
    )
    found, tally = read(source)
    assert (len(found), tally.lines, tally.malformed) == (1, 4, 3)


def test_flat_columns_alone_are_no_whole_records(tmp_path: Path) -> None:
    tally = Tally()
    assert list(measurements([sql(tmp_path / "x.parquet", f"SELECT {FLAT}, 'v' AS vantage")], tally)) == []
    assert "holds the flat columns alone" in tally.problems[0]


def test_files_of_before_rules_were_recorded_stand_beside_those_of_after(tmp_path: Path) -> None:
    flat = f"SELECT {FLAT}, 'v' AS vantage"
    old = sql(tmp_path / "old.parquet", flat)
    null = sql(tmp_path / "null.parquet", f"{flat}, NULL::BOOLEAN AS required, NULL::VARCHAR AS rollup")
    new = sql(tmp_path / "new.parquet", f"{flat}, true AS required, 'api:any' AS rollup")
    found, tally = read(old, new, null)
    assert [(one.judged.required, one.judged.rollup) for one in found] == [(False, ""), (False, ""), (True, "api:any")]
    assert {(row.required, row.rollup) for row in rows([old], Tally())} == {(False, "")}
    assert {(row.required, row.rollup) for row in rows([null], Tally())} == {(False, "")}
    assert {(row.required, row.rollup) for row in rows([new], Tally())} == {(True, "api:any")}
    assert tally.problems == []


def test_words_that_share_a_hash_stop_the_fast_way_and_are_never_confused(tmp_path: Path) -> None:
    source = compacted(tmp_path, *map(encode_line, TOLD))
    with mock.patch.object(table, "_hash", return_value="7::UBIGINT"):
        found, tally = read(source)
    assert found == sorted(map(plain, one_by_one(source)[0]))
    assert tally.unreadable == 0


@pytest.mark.parametrize("window", [2, 3, 100])
def test_odd_rows_in_some_windows_take_no_others_with_them(tmp_path: Path, window: int) -> None:
    data = [b"rubbish\n" if n in (3, 9) else encode_line(one) for n, one in enumerate(TOLD[:12])]
    source = compacted(tmp_path, *data)
    with mock.patch.object(table, "WINDOW", window):
        found, tally = read(source)
    assert found == sorted(map(plain, one_by_one(source)[0]))
    assert (len(found), tally.lines, tally.records, tally.malformed) == (10, 12, 10, 2)


def test_absent_words_are_empty_whether_the_table_says_null_or_nothing(tmp_path: Path) -> None:
    said = f"SELECT {FLAT}, 'v' AS vantage"
    found, tally = read(
        sql(tmp_path / "x.parquet", f"{said}, NULL::VARCHAR AS layer UNION ALL {said}, '' UNION ALL {said}, 'tls'")
    )
    assert (tally.records, tally.problems) == (3, [])
    assert sorted(row.judged.layer for row in found) == ["", "", "tls"]


def test_path_that_duckdb_would_take_for_a_pattern_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "a[1]"
    folder.mkdir()
    (folder / "x.parquet").write_bytes(b"PAR1")
    _, tally = read(Source("a[1]/x.parquet", folder / "x.parquet"))
    assert "rename it" in tally.problems[0]
