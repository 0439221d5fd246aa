"""What people call the sides of a comparison, and what each mistake says."""

import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from probe.model.clock import parse_rfc3339
from probe.store.compact import QUIET, make, plan
from probe.store.layout import find, run_id, run_path
from probe.store.pick import Meaning, Pick, Shelf, UnresolvedError, pick
from probe.store.reader import Row, Tally, rows
from tests.report.viewing import write
from tests.store.records import T0, measurement

UTC = ZoneInfo("UTC")
HOUR = 3600.0


def put(results: Path, vantage: str, hour: int) -> str:
    """A run of one measurement, an hour later for each hour."""
    at = T0 + hour * HOUR
    name = run_id(at, vantage, "91f3")
    path = run_path(results, vantage, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, [measurement(at, vantage=vantage)])
    return name


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Three runs of sha-ct (09:00, 10:00, 11:00) and one of fra (10:00)."""
    monkeypatch.chdir(tmp_path)
    for hour in range(3):
        put(tmp_path / "results", "sha-ct", hour)
    put(tmp_path / "results", "fra", 1)
    return Shelf(Path("results"))


def taken(one: Pick) -> list[str]:
    """The ids of the measurements that count."""
    return sorted(row.id.removesuffix("/clubhouse/api") for row in _rows(one))


def _rows(one: Pick) -> list[Row]:
    return [row for row in rows(one.sources, Tally()) if one.takes(row)]


A, B, C = (f"20210208T{hour}0000Z-sha-ct-91f3" for hour in ("09", "10", "11"))
FRA = "20210208T100000Z-fra-91f3"


def test_latest_is_of_every_vantage_point(shelf: Shelf) -> None:
    assert taken(pick("latest", shelf, UTC)) == [FRA, C]
    assert taken(pick("latest~0", shelf, UTC, "sha-ct")) == [C]
    assert taken(pick("latest~2", shelf, UTC, "sha-ct")) == [A]


def test_a_vantage_point_with_too_few_runs_is_left_out_and_named(shelf: Shelf) -> None:
    found = pick("latest~1", shelf, UTC)
    assert (taken(found), found.notes) == ([B], ("latest~1: fra has 1 run only, and is left out",))


def test_a_run_by_its_id_or_by_how_its_id_begins(shelf: Shelf) -> None:
    assert taken(pick(B, shelf, UTC)) == [B]
    found = pick("20210208T11", shelf, UTC)
    assert (taken(found), found.meaning) == ([C], Meaning.RUNS)


@pytest.mark.usefixtures("shelf")
def test_files_folders_and_globs(shelf: Shelf) -> None:
    assert taken(pick(f"results/sha-ct/2021-02-08/{A}.jsonl", shelf, UTC)) == [A]
    assert taken(pick("results/sha-ct", shelf, UTC)) == [A, B, C]
    assert taken(pick("results/*/2021-02-08/*T10*", shelf, UTC)) == [FRA, B]
    assert taken(pick("results", shelf, UTC, "fra")) == [FRA]


@pytest.mark.parametrize(
    ("name", "zone", "held"),
    [
        ("2021-02-08", "UTC", [A, B, C]),
        ("2021-02-08T10:00Z", "UTC", [A, B]),
        ("2021-02-08T09:59:59Z", "UTC", [A]),
        ("2021-02-08T18:00", "Asia/Shanghai", [A, B]),
        ("2021-02-08T18:00+08:00", "UTC", [A, B]),
        ("2021-02-07", "America/Los_Angeles", []),  # ends at 08:00 UTC
        ("2030-01-01", "UTC", [A, B, C]),
    ],
)
def test_a_date_is_the_state_as_of_then(shelf: Shelf, name: str, zone: str, held: list[str]) -> None:
    found = pick(name, shelf, ZoneInfo(zone), "sha-ct")
    assert (taken(found), found.meaning) == (held, Meaning.MOMENT)


def test_a_vantage_point_is_all_of_its_runs(shelf: Shelf) -> None:
    assert taken(pick("vantage:sha-ct", shelf, UTC)) == [A, B, C]
    assert taken(pick("vantage:fra", shelf, UTC, "fra")) == [FRA]


def test_what_is_there_under_that_name_comes_before_dates_and_runs(shelf: Shelf, tmp_path: Path) -> None:
    write(tmp_path / "2021-02-08", [measurement(T0 - HOUR)])
    assert taken(pick("2021-02-08", shelf, UTC)) == ["20210208T080000Z-sha-ct-91f3"]


def test_files_not_named_after_a_run_are_read_for_the_runs_in_them(tmp_path: Path) -> None:
    write(tmp_path / "all.jsonl", [measurement(T0), measurement(T0 + HOUR), measurement(T0 + 5, run_id="mine")])
    shelf = Shelf(tmp_path)
    assert [run.id for run in shelf.runs] == [A, "mine", B]
    assert shelf.runs[1].began == parse_rfc3339("2021-02-08T09:00:05Z")
    assert taken(pick("min", shelf, UTC)) == ["mine"]


@pytest.mark.usefixtures("shelf")
def test_runs_in_parquet_are_those_it_was_made_of(tmp_path: Path) -> None:
    sources = find([str(tmp_path / "results")]).sources
    for wanted in plan(sources, tmp_path / "archive", partition=True, now=time.time() + 2 * QUIET).files:
        make(wanted)
    archive = Shelf(tmp_path / "archive")
    assert [run.id for run in archive.runs] == [A, FRA, B, C]
    assert taken(pick("latest~1", archive, UTC, "sha-ct")) == [B]
    assert taken(pick("vantage:fra", archive, UTC)) == [FRA]
    assert taken(pick("2021-02-08T10:30Z", archive, UTC)) == [A, FRA, B]


def test_a_copy_of_a_run_is_the_same_run(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "results" / "copy").mkdir()
    write(tmp_path / "results" / "copy" / f"{C}.jsonl", [measurement(T0 + 2 * HOUR)])
    found = pick("latest", shelf, UTC, "sha-ct")
    assert (taken(found), len(found.sources)) == ([C], 2)


def test_a_run_that_has_written_nothing_yet_is_not_the_latest(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "results" / "20210208T120000Z-sha-ct-0000.jsonl").touch()
    assert taken(pick("latest", shelf, UTC, "sha-ct")) == [C]


@pytest.mark.parametrize(
    ("name", "vantage", "said"),
    [
        ("", "", "an empty name stands for nothing; write a run, a file, folder or glob, a date"),
        ("-", "", "-: standard input cannot be compared, for it is read twice; save it to a file first"),
        ("latest~3", "", "latest~3: needs 4 runs of a vantage point; fra has 1 run, sha-ct has 3 runs"),
        ("latest", "ber", "latest: no vantage point 'ber' below results; there is fra, sha-ct"),
        ("vantage:ber", "", "vantage:ber: no vantage point 'ber' below results; there is fra, sha-ct"),
        ("vantage:fra", "sha-ct", "vantage:fra: --vantage sha-ct leaves nothing of it"),
        (A, "fra", f"{A}: a run of sha-ct; --vantage fra leaves nothing of it"),
        ("2021-02-30", "", "2021-02-30: no such file, and no date; write 2021-02-08, 2021-02-08T19:00 or"),
        ("9999-12-31", "", "9999-12-31: no such file, and no date"),
        ("20210208T1", "", f"20210208T1: 3 runs begin so; write more of it: {FRA}, {B}, {C}"),
        ("20220101", "", "20220101: no such run, file or folder; write a run, a file, folder or glob, a date, latest"),
        ("20220101", "", f"; 4 runs below results, the newest {C}, {B}"),
        ("gone.jsonl", "", "gone.jsonl: no such file or folder"),
        ("gone/*.jsonl", "", "gone/*.jsonl: no file matches this pattern"),
        ("latest~x", "", "latest~x: no such file or folder; write a run, a file, folder or glob, a date, latest"),
        ("latest~-1", "", "latest~-1: no such file or folder; write a run, a file, folder or glob, a date, latest"),
        ("empty", "", "empty: no results in this folder"),
    ],
)
def test_a_name_that_stands_for_nothing_says_what_there_is(
    shelf: Shelf, tmp_path: Path, name: str, vantage: str, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnresolvedError) as error:
        pick(name, shelf, UTC, vantage)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["latest", "vantage:fra", "2021-02-08", "20210208"])
def test_without_results_the_folder_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnresolvedError, match="gone: no such file or folder; --results DIR says where results lie"):
        pick(name, Shelf(tmp_path / "gone"), UTC)
