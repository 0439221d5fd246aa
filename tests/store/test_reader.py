"""Reading records back: good ones from any packing, bad ones named and skipped."""

import gzip
import importlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from probe.model.codec import encode_line
from probe.model.diagnosis import Verdict
from probe.model.measurement import SCHEMA_VERSION
from probe.store import lines as lines_module
from probe.store import reader
from probe.store.layout import Source, find
from probe.store.reader import MalformedError, Row, Selection, Tally
from tests.store.records import T0, measurement

SAMPLES = Path(__file__).parent / "samples"
WHOLE = encode_line(measurement())


def _write(path: Path, *lines: bytes) -> Source:
    path.write_bytes(b"".join(lines))
    return Source(path.name, path)


def _rows(*sources: Source, strict: bool = False, selection: Selection | None = None) -> tuple[list[Row], Tally]:
    tally = Tally(strict=strict)
    return list(reader.rows(sources, tally, selection)), tally


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_sample_of_every_schema_version_stays_readable(version: int) -> None:
    sources = find([str(SAMPLES / f"v{version}.jsonl")]).sources
    rows, tally = _rows(*sources, strict=True)
    assert {row.verdict for row in rows} == set(Verdict)
    assert (tally.records, tally.problems) == (len(rows), [])
    whole = list(reader.measurements(sources, Tally(strict=True)))
    assert [m.id for m in whole] == [row.id for row in rows]


def test_sample_loses_nothing_when_it_is_written_again() -> None:
    """Fields may be added within a version; none of those in the sample may go."""
    path = SAMPLES / f"v{SCHEMA_VERSION}.jsonl"
    (source,) = find([str(path)]).sources
    for old, new in zip(path.read_bytes().splitlines(), reader.measurements([source], Tally(strict=True)), strict=True):
        again = msgspec.json.decode(encode_line(new))
        kept = {key: again[key] for key in msgspec.json.decode(old)}
        assert kept == msgspec.json.decode(old)


def test_row_has_the_flat_columns_of_the_record() -> None:
    m = measurement(T0 + 0.25, verdict=Verdict.OK)
    (row,), _ = _rows_of(encode_line(m))
    for name in Row.__struct_fields__:
        got = getattr(row, name)
        assert (got.timestamp() if name == "time" else got) == (T0 + 0.25 if name == "time" else getattr(m, name))


def _rows_of(data: bytes, strict: bool = False) -> tuple[list[Row], Tally]:
    """Rows of bytes on standard input."""
    stdin = io.TextIOWrapper(io.BytesIO(data))
    old, sys.stdin = sys.stdin, stdin
    try:
        return _rows(Source("<stdin>", None), strict=strict)
    finally:
        sys.stdin = old


def _zst(data: bytes) -> bytes:
    library = lines_module._zstd_library()
    if library is None:
        pytest.skip("no zstd library")
    packed = library.compress(data)
    assert isinstance(packed, bytes)
    return packed


@pytest.mark.parametrize("pack", [bytes, gzip.compress, _zst], ids=["plain", "gz", "zst"])
@pytest.mark.parametrize("stdin", [False, True], ids=["file", "stdin"])
def test_every_packing_from_file_and_stdin(tmp_path: Path, pack: Callable[[bytes], bytes], stdin: bool) -> None:
    data = pack(b"".join(encode_line(measurement(T0 + n)) for n in range(500)))
    rows, tally = _rows_of(data) if stdin else _rows(_write(tmp_path / "any.name", data))
    assert [row.time.timestamp() for row in rows] == [T0 + n for n in range(500)]
    assert tally.problems == []


def test_several_gzip_members_in_one_file(tmp_path: Path) -> None:
    packed = [gzip.compress(encode_line(measurement(T0 + n))) for n in range(3)]
    rows, _ = _rows(_write(tmp_path / "a.gz", *packed))
    assert len(rows) == 3


def test_zst_without_a_library_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    source = _write(tmp_path / "a.zst", b"\x28\xb5\x2f\xfd....")
    _, tally = _rows(source)
    assert tally.problems == ["a.zst: reading .zst needs one more package: pip install backports.zstd"]
    with pytest.raises(MalformedError, match="pip install"):
        _rows(source, strict=True)


MALFORMED = {
    "not json": b"hello\n",
    "json but no object": b"[1,2]\n",
    "a missing column": b'{"schema":1,"id":"x"}\n',
    "a wrong type": WHOLE.replace(b'"asn":4134', b'"asn":"AS4134"'),
    "a time without a zone": WHOLE.replace(b'.000Z"', b'.000"'),
    "a time beyond every zone": WHOLE.replace(b'"time":"2021', b'"time":"9999'),
    "bytes that are no UTF-8": WHOLE.replace(b"sha-ct", b"sha\xffct"),
    "NUL bytes of a lost page": b"\0" * 512 + b"\n",
    "nesting without end": b'{"schema":1,"x":' + b"[" * 100_000 + b"\n",
    "two records on one line": WHOLE[:-1] + WHOLE,
    "a torn line that was ended": WHOLE[:-30] + b"\n",
    "a schema of no version": WHOLE.replace(b'"schema":1', b'"schema":0'),
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
def test_malformed_line_is_named_and_skipped_and_fatal_under_strict(tmp_path: Path, line: bytes) -> None:
    source = _write(tmp_path / "a.jsonl", WHOLE, b"\n", line, encode_line(measurement(T0 + 1)))
    rows, tally = _rows(source)
    assert [row.time.timestamp() for row in rows] == [T0, T0 + 1]
    assert (tally.malformed, tally.torn, tally.lines) == (1, 0, 3)
    assert tally.problems[0].startswith("a.jsonl:3: not a record: ")
    with pytest.raises(MalformedError, match=r"a\.jsonl:3: not a record"):
        _rows(source, strict=True)


def test_line_torn_after_the_flat_columns_is_no_row(tmp_path: Path) -> None:
    """A page boundary beyond the head must not pass for a record, ended or not."""
    sample = (SAMPLES / "v1.jsonl").read_bytes().splitlines(keepends=True)[1]
    for cut in range(sample.index(b',"kind":"') + 1, len(sample) - 1, 7):
        rows, tally = _rows(_write(tmp_path / "a.jsonl", sample[:cut] + b"\n"))
        assert (rows, tally.malformed) == ([], 1)


def test_torn_last_line_is_reported_and_never_fatal(tmp_path: Path) -> None:
    source = _write(tmp_path / "a.jsonl", WHOLE, encode_line(measurement(T0 + 1))[:-30])
    rows, tally = _rows(source, strict=True)
    assert len(rows) == 1
    assert (tally.torn, tally.malformed) == (1, 0)
    assert tally.problems == ["a.jsonl:2: the last line is torn (power cut, or a run is still writing)"]


def test_last_line_that_lacks_only_its_newline_is_a_record(tmp_path: Path) -> None:
    rows, tally = _rows(_write(tmp_path / "a.jsonl", WHOLE[:-1]))
    assert (len(rows), tally.torn) == (1, 0)


def test_overlong_line_costs_a_bounded_buffer_and_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "LINE_LIMIT", len(WHOLE))
    source = _write(tmp_path / "a.jsonl", b"x" * (5 * len(WHOLE)) + b"\n", WHOLE)
    rows, tally = _rows(source)
    assert len(rows) == 1
    assert tally.malformed == 1
    assert tally.problems[0].startswith("a.jsonl:1: longer than ")


def test_gzip_bomb_of_one_line_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "LINE_LIMIT", 1 << 16)
    _, tally = _rows(_write(tmp_path / "a.gz", gzip.compress(b"[" * (1 << 22))))
    assert (tally.malformed, tally.lines) == (1, 1)


def test_gzip_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    lines = [encode_line(measurement(T0 + n)) for n in range(2000)]
    packed = gzip.compress(b"".join(lines))
    source = _write(tmp_path / "a.jsonl.gz", packed[: len(packed) // 2])
    rows, tally = _rows(source)
    assert [row.time.timestamp() for row in rows] == [T0 + n for n in range(len(rows))]
    assert tally.unreadable == 1
    assert f"a.jsonl.gz:{len(rows) + 1}: the file breaks off here" in tally.problems[0]
    with pytest.raises(MalformedError, match="breaks off"):
        _rows(source, strict=True)


def test_damaged_gzip_and_zst_do_not_stop_the_next_file(tmp_path: Path) -> None:
    bad = [_write(tmp_path / "a.gz", gzip.compress(WHOLE * 9)[:12] + b"\xff" * 99)]
    bad.append(_write(tmp_path / "b.zst", _zst(WHOLE * 9)[:6] + b"\xff" * 99))
    rows, tally = _rows(*bad, _write(tmp_path / "c.jsonl", WHOLE))
    assert len(rows) == 1
    assert tally.unreadable == 2


def test_file_that_vanished_after_it_was_found_is_reported(tmp_path: Path) -> None:
    rows, tally = _rows(Source("a.jsonl", tmp_path / "a.jsonl"), _write(tmp_path / "b.jsonl", WHOLE))
    assert len(rows) == 1
    assert tally.problems == ["a.jsonl: No such file or directory"]


def test_same_measurement_in_two_files_counts_once(tmp_path: Path) -> None:
    plain = _write(tmp_path / "a.jsonl", WHOLE, encode_line(measurement(endpoint="web")))
    copy = _write(tmp_path / "b.jsonl.gz", gzip.compress(WHOLE))
    rows, tally = _rows(plain, copy)
    assert [row.endpoint for row in rows] == ["api", "web"]
    assert (tally.records, tally.duplicates) == (2, 1)


def test_newer_schema_is_told_apart_from_damage(tmp_path: Path) -> None:
    same_shape = WHOLE.replace(b'"schema":1', b'"schema":99')
    source = _write(tmp_path / "a.jsonl", same_shape, b'{"schema":99,"other":true}\n', WHOLE)
    rows, tally = _rows(source)
    assert len(rows) == 1
    assert (tally.newer, tally.malformed) == (2, 0)
    assert tally.problems[0] == "a.jsonl:1: schema 99 is newer than this probe reads (1)"
    with pytest.raises(MalformedError, match="newer"):
        _rows(source, strict=True)


def test_strict_finds_damage_behind_the_flat_columns(tmp_path: Path) -> None:
    source = _write(tmp_path / "a.jsonl", WHOLE.replace(b'"observations":[]', b'"observations":{}'))
    assert len(_rows(source)[0]) == 1
    with pytest.raises(MalformedError, match=r"a\.jsonl:1: not a record: .*observations"):
        _rows(source, strict=True)


def test_words_of_a_later_version_are_values_for_rows(tmp_path: Path) -> None:
    line = WHOLE.replace(b'"mechanism":null', b'"mechanism":"quic_forged"')
    (row,), _ = _rows(_write(tmp_path / "a.jsonl", line))
    assert row.mechanism == "quic_forged"


def test_columns_in_another_order_are_read_all_the_same(tmp_path: Path) -> None:
    import json

    record = dict(reversed(json.loads(WHOLE).items()))
    rows, _ = _rows(_write(tmp_path / "a.jsonl", json.dumps(record).encode() + b"\n"))
    assert rows == _rows_of(WHOLE)[0]


def test_selection_by_time_target_and_endpoint(tmp_path: Path) -> None:
    lines = [encode_line(measurement(T0 + n, endpoint=e)) for n in range(4) for e in ("api", "web")]
    lines.append(encode_line(measurement(T0, target="alive.bar", endpoint="web")))
    source = _write(tmp_path / "a.jsonl", *lines)

    def picked(selection: Selection) -> set[str]:
        rows, _ = _rows(source, selection=selection)
        return {f"{row.target}/{row.endpoint} {row.time.timestamp() - T0:.0f}" for row in rows}

    assert picked(Selection(since=T0 + 1, until=T0 + 2)) == {"clubhouse/api 1", "clubhouse/web 1"}
    assert picked(Selection(only=frozenset({"alive.bar"}))) == {"alive.bar/web 0"}
    assert picked(Selection(only=frozenset({"clubhouse/web"}), since=T0 + 3)) == {"clubhouse/web 3"}


def test_messages_kept_are_bounded_and_the_count_is_not(tmp_path: Path) -> None:
    _, tally = _rows(_write(tmp_path / "a.jsonl", b"x\n" * 1000))
    assert tally.malformed == 1000
    assert len(tally.problems) == reader.PROBLEMS_KEPT
