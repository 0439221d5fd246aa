"""An archive of Parquet is verified where it lies: the seals of its runs go with them."""

from pathlib import Path

from probe.store.carried import carry
from probe.store.compact import make, plan
from probe.store.layout import find
from probe.store.verify import verify
from tests.store.records import T0
from tests.store.sealed import file_of, sealed_runs, write_run


def archived(results: Path, out: Path) -> list[int]:
    """Pack what is finished; how many seals went along with each file."""
    planned = plan(find([str(results)]).sources, out, partition=False, now=T0)
    for wanted in planned.files:
        make(wanted)
    return [carry(wanted.sources, wanted.folder) for wanted in planned.files]


def test_an_archive_is_valid_without_its_source(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "results", 3)
    assert archived(tmp_path / "results", tmp_path / "archive") == [3]
    told = verify([str(tmp_path / "archive")])
    assert (told.faults, told.unsealed) == ([], [])
    assert sorted(path.name for path in (tmp_path / "archive").rglob("*.seal")) == sorted(k.path.name for k in kept)


def test_a_line_changed_before_packing_is_found_in_the_archive(tmp_path: Path) -> None:
    path = file_of(sealed_runs(tmp_path / "results", 2)[1])
    path.write_bytes(path.read_bytes().replace(b"/web", b"/wab", 1))
    archived(tmp_path / "results", tmp_path / "archive")
    faults = verify([str(tmp_path / "archive")]).faults
    assert f"{path.name}:2: not the line that was sealed" in str(faults[0])
    assert str(faults[1]).endswith("missing; seal 2 says it had 3 records")  # no valid copy of it is anywhere


def test_seals_of_other_runs_stay_and_none_is_copied_twice(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "results", 2)
    files = find([str(tmp_path / "results")]).sources
    assert [carry(files[:1], tmp_path / "a"), carry(files[:1], tmp_path / "a"), carry(files, tmp_path / "a")] == [
        1,
        0,
        1,
    ]


def test_a_run_without_a_seal_brings_none(tmp_path: Path) -> None:
    write_run(tmp_path / "results", 0)
    assert carry(find([str(tmp_path / "results")]).sources, tmp_path / "a") == 0
