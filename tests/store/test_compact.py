"""Runs become Parquet whole or not at all, and nothing of them is lost."""

import os
from pathlib import Path

import pytest

from probe.model.codec import encode_line
from probe.store import compact
from probe.store.compact import CompactError, make, plan
from probe.store.layout import Source, find, run_path
from probe.store.lines import LINE_LIMIT, opened
from probe.store.lookup import by_id
from probe.store.seal import Ended
from probe.store.sealing import seal
from tests.store.records import T0, measurement

NOW = 4_000_000_000.0
"""Long after every file here was written."""


def run(results: Path, at: float = T0, vantage: str = "sha-ct", count: int = 3, end: bytes = b"") -> Path:
    told = [measurement(at, vantage=vantage, endpoint=f"e{n}") for n in range(count)]
    path = run_path(results, vantage, told[0].run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(encode_line, told)) + end)
    return path


def sources(results: Path) -> tuple[Source, ...]:
    return find([str(results)]).sources


def compacted(results: Path, out: Path, *, partition: bool = False) -> list[Path]:
    return [one.path for one in plan(sources(results), out, partition=partition, now=NOW).files if make(one)]


def given_back(parquet: Path) -> bytes:
    with opened(Source("p", parquet)) as stream:
        return stream.read()


def test_a_vantage_and_a_day_make_a_file_and_every_byte_comes_back(tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "out"
    first, second = run(results), run(results, T0 + 3600, end=b"rubbish \xff\n\n")
    run(results, T0 + 86_400)
    run(results, vantage="ber")
    made = compacted(results, out)
    assert [str(path.parent.relative_to(out)) for path in made] == [
        "ber/2021-02-08",
        "sha-ct/2021-02-08",
        "sha-ct/2021-02-09",
    ]
    assert given_back(made[1]) == first.read_bytes() + second.read_bytes()


def test_partition_names_the_folders_as_other_tools_expect(tmp_path: Path) -> None:
    run(tmp_path / "results")
    (made,) = compacted(tmp_path / "results", tmp_path / "out", partition=True)
    assert str(made.parent.relative_to(tmp_path / "out")) == "vantage=sha-ct/date=2021-02-08"


def test_twice_makes_nothing_and_a_new_run_only_itself(tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "out"
    run(results)
    compacted(results, out)
    again = plan(sources(results), out, partition=False, now=NOW)
    assert (again.files, again.present) == ((), 1)
    run(results, T0 + 60)
    (more,) = plan(sources(results), out, partition=False, now=NOW).files
    assert [source.name for source in more.sources] == [
        str(run_path(results, "sha-ct", "20210208T090100Z-sha-ct-91f3"))
    ]


def test_run_that_went_on_is_taken_again_whole(tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "out"
    path = run(results)
    compacted(results, out)
    with path.open("ab") as file:
        file.write(encode_line(measurement(endpoint="later")))
    (made,) = compacted(results, out)
    assert given_back(made) == path.read_bytes()


def test_only_finished_runs_are_taken(tmp_path: Path) -> None:
    results = tmp_path / "results"
    quiet, sealed, resumed = (run(results, T0 + n) for n in range(3))
    seal(sealed, Ended.FINISHED, now=T0)
    seal(resumed, Ended.FINISHED, now=T0)
    with resumed.open("ab") as file:
        file.write(encode_line(measurement(endpoint="later")))
    fresh = run(results, vantage="ber")
    now = fresh.stat().st_mtime
    os.utime(quiet, (now - compact.QUIET, now - compact.QUIET))
    found = plan(sources(results), tmp_path / "out", partition=False, now=now)
    assert [source.path for one in found.files for source in one.sources] == [quiet, sealed]
    assert [line.split(":")[0] for line in found.left_out] == [str(fresh), str(resumed)]
    assert all("perhaps the run goes on" in line for line in found.left_out)


@pytest.mark.parametrize(("name", "data", "why"), [
    ("notes-of-mine.jsonl", b"{}\n", "not named after a run"),
    ("20210208T090000Z-sha-ct-91f3.jsonl", b"", "empty"),
    ("20210208T090000Z-sha-ct-91f3.jsonl", b"x" * (LINE_LIMIT + 5), "has a line longer than"),
    ("20210208T090000Z-sha-ct-91f3.jsonl.gz", b"\x1f\x8b\x08\x00rubbish", "cannot be read to its end"),
    ("20210208T090000Z-..-91f3.jsonl", b"{}\n", "not named after a run"),
])  # fmt: skip
def test_what_cannot_be_kept_whole_is_left_as_it_is(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    found = plan([Source(name, path)], tmp_path / "out", partition=False, now=NOW)
    assert found.files == ()
    assert found.left_out[0].startswith(f"{name}: ")
    assert why in found.left_out[0]


def test_large_days_are_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = run(tmp_path / "results").stat().st_size
    for n in range(1, 5):
        run(tmp_path / "results", T0 + n)
    monkeypatch.setattr(compact, "FILE_BYTES", 2 * size)
    assert len(compacted(tmp_path / "results", tmp_path / "out")) == 3


def test_run_that_changes_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    path = run(tmp_path / "results")
    (wanted,) = plan(sources(tmp_path / "results"), tmp_path / "out", partition=False, now=NOW).files
    path.write_bytes(path.read_bytes().replace(b'"ok"', b'"down"', 1))
    with pytest.raises(CompactError, match="changed while it was read"):
        make(wanted)
    assert [one for one in (tmp_path / "out").rglob("*") if one.is_file()] == []


def test_disk_that_does_not_take_it_is_told(tmp_path: Path) -> None:
    run(tmp_path / "results")
    (tmp_path / "out").write_bytes(b"a file, and no folder")
    (wanted,) = plan(sources(tmp_path / "results"), tmp_path / "out", partition=False, now=NOW).files
    with pytest.raises(CompactError, match=r"out/sha-ct.*Not a directory"):
        make(wanted)


def test_broken_parquet_among_the_old_ones_is_named(tmp_path: Path) -> None:
    run(tmp_path / "results")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.parquet").write_bytes(b"rubbish")
    with pytest.raises(CompactError, match=r"(?s)not readable as Parquet.*choose another --out"):
        plan(sources(tmp_path / "results"), tmp_path / "out", partition=False, now=NOW)


def test_one_record_is_found_by_its_id(tmp_path: Path) -> None:
    run(tmp_path / "results")
    (made,) = compacted(tmp_path / "results", tmp_path / "out")
    kept = by_id([Source("p", made)], "20210208T090000Z-sha-ct-91f3/clubhouse/e1")
    assert kept is not None
    assert (kept.number, kept.measurement.endpoint) == (2, "e1")
