"""Runs whose files were made into Parquet and taken away are sent all the same, as the files they were."""

import resource
from pathlib import Path

import pytest

from probe.store.compact import make, plan
from probe.store.fleet import Moved, PlaceError, pull, push
from probe.store.fleet_folder import Folder
from probe.store.layout import find
from probe.store.verify import verify
from tests.store.places import everything
from tests.store.records import T0
from tests.store.sealed import file_of, sealed_runs


def packed_away(results: Path, count: int) -> dict[str, bytes]:
    """Some runs, made into Parquet, their files gone; what was there before."""
    kept = sealed_runs(results, count)
    before = everything(results)
    [one] = plan(find([str(results)]).sources, results, partition=False, now=T0).files
    make(one)
    for each in kept:
        file_of(each).unlink()
    return before


def pushed(results: Path, hub: Path) -> Moved:
    moved = Moved()
    hub.mkdir(exist_ok=True)
    push(results, Folder(hub), moved)
    return moved


def test_what_is_only_in_parquet_is_sent_as_the_files_it_was(tmp_path: Path) -> None:
    before = packed_away(tmp_path / "a", 3)
    moved = pushed(tmp_path / "a", tmp_path / "hub")
    assert (moved.runs, moved.records, moved.faults) == (3, 9, [])
    assert everything(tmp_path / "hub") == before
    assert pushed(tmp_path / "a", tmp_path / "hub") == Moved(before=3)
    pull(Folder(tmp_path / "hub"), tmp_path / "all", Moved())
    assert everything(tmp_path / "all") == before
    assert verify([str(tmp_path / "all")]).faults == []


def test_what_came_and_was_packed_here_is_not_fetched_again(tmp_path: Path) -> None:
    packed_away(tmp_path / "a", 2)
    pushed(tmp_path / "a", tmp_path / "hub")
    moved = Moved()
    pull(Folder(tmp_path / "hub"), tmp_path / "a", moved)
    assert moved == Moved(before=2)


def test_a_run_that_is_in_no_parquet_either_is_missing_and_the_others_go(tmp_path: Path) -> None:
    packed_away(tmp_path / "a", 2)
    [lost] = sealed_runs(tmp_path / "b", 4)[3:]
    target = tmp_path / "a" / lost.path.relative_to(tmp_path / "b")
    target.write_bytes(lost.path.read_bytes())
    (tmp_path / "a" / "not-ours.parquet").write_bytes(b"PAR1 and nothing")
    moved = pushed(tmp_path / "a", tmp_path / "hub")
    assert moved.runs == 2
    assert [fault.what for fault in moved.faults] == ["missing; its seal is here and was not sent"]


def test_lines_that_were_changed_in_parquet_are_not_sent(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "a", 2)
    path = file_of(kept[0])
    path.write_bytes(path.read_bytes().replace(b"/web", b"/wab", 1))
    [one] = plan(find([str(tmp_path / "a")]).sources, tmp_path / "a", partition=False, now=T0).files
    make(one)
    for each in kept:
        file_of(each).unlink()
    moved = pushed(tmp_path / "a", tmp_path / "hub")
    assert (moved.runs, len(moved.faults)) == (1, 1)
    assert "not the line that was sealed" in moved.faults[0].what


def test_a_disk_with_no_room_to_unpack_is_told_with_the_way_out(tmp_path: Path) -> None:
    packed_away(tmp_path / "a", 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(PlaceError, match=r"the largest size allowed; TMPDIR names another folder to unpack"):
            pushed(tmp_path / "a", tmp_path / "hub")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert everything(tmp_path / "hub") == {}
