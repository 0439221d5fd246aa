"""Notes of people meet with the runs: each once and whole, and none that is not what its name says."""

from pathlib import Path

import pytest

from probe.model.note import Note
from probe.store import notes
from probe.store.fleet import Moved, pull, push
from probe.store.fleet_folder import Folder
from probe.store.layout import NOTE, find
from tests.store.sealed import sealed_runs


def noted(results: Path, *ids: str, vantage: str = "sha-ct", text: str = "SMS not received") -> None:
    for one in ids:
        note = Note(id=one, time="2021-02-08T11:20:00.000Z", written="2021-02-09T00:00:00.000Z", vantage=vantage,
                    target="clubhouse", endpoint="", by="a user", text=text)  # fmt: skip
        notes.append(notes.notes_path(results, vantage), note)


def told(*folders: Path) -> list[tuple[str, str]]:
    """What a reader of these results sees: the vantage and id of each note."""
    read = notes.read(find([str(folder) for folder in folders]).notes)
    assert read.problems == ()
    return sorted((one.vantage, one.id) for one in read.notes)


def pushed(results: Path, hub: Path, *, with_notes: bool = True) -> Moved:
    moved = Moved()
    hub.mkdir(exist_ok=True)
    push(results, Folder(hub), moved, notes=with_notes)
    return moved


def pulled(hub: Path, results: Path) -> Moved:
    moved = Moved()
    pull(Folder(hub), results, moved)
    return moved


def test_notes_of_two_vantages_meet_and_the_place_itself_can_be_read(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 1)
    noted(tmp_path / "a", "n1", "n2")
    noted(tmp_path / "b", "n3", vantage="bj-cu")
    hub, everywhere = tmp_path / "hub", [("bj-cu", "n3"), ("sha-ct", "n1"), ("sha-ct", "n2")]
    assert (pushed(tmp_path / "a", hub).notes, pushed(tmp_path / "b", hub).notes) == (2, 1)
    assert pulled(hub, tmp_path / "all").notes == 3
    assert told(hub) == told(tmp_path / "all") == told(tmp_path / "all", tmp_path / "a", tmp_path / "b") == everywhere


def test_the_same_again_moves_nothing_not_even_what_came_back(tmp_path: Path) -> None:
    noted(tmp_path / "a", "n1")
    hub = tmp_path / "hub"
    pushed(tmp_path / "a", hub)
    assert pulled(hub, tmp_path / "a") == pushed(tmp_path / "a", hub) == Moved()
    pulled(hub, tmp_path / "all")
    assert pulled(hub, tmp_path / "all") == pushed(tmp_path / "all", hub) == Moved()
    noted(tmp_path / "a", "n2")
    assert (pushed(tmp_path / "a", hub).notes, pulled(hub, tmp_path / "all").notes) == (1, 1)


def test_notes_stay_at_home_when_that_is_asked_for(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 1)
    noted(tmp_path / "a", "n1")
    moved = pushed(tmp_path / "a", tmp_path / "hub", with_notes=False)
    assert (moved.runs, moved.notes, told(tmp_path / "hub")) == (1, 0, [])


def test_a_torn_line_and_a_line_that_is_no_note_stay_and_the_others_go(tmp_path: Path) -> None:
    noted(tmp_path / "a", "n1")
    path = notes.notes_path(tmp_path / "a", "sha-ct")
    path.write_bytes(b"[]\n" + path.read_bytes() + b'{"schema":"note/1","id":"torn')
    assert pushed(tmp_path / "a", tmp_path / "hub").notes == 1
    assert told(tmp_path / "hub") == [("sha-ct", "n1")]


@pytest.mark.parametrize(("one", "vantage"), [("../n", "sha-ct"), ("n", "../../etc"), ("n/x", "a"), ("", "a")])
def test_a_note_whose_name_would_lead_elsewhere_is_not_sent(tmp_path: Path, one: str, vantage: str) -> None:
    note = Note(id=one, time="2021-02-08T11:20:00.000Z", written="2021-02-08T11:20:00.000Z", vantage=vantage,
                target="clubhouse", endpoint="", by="a user", text="x")  # fmt: skip
    notes.append(notes.notes_path(tmp_path / "a", "sha-ct"), note)
    assert pushed(tmp_path / "a", tmp_path / "hub") == Moved()
    assert list((tmp_path / "hub").iterdir()) == []


@pytest.mark.parametrize("how", ["changed", "renamed", "another vantage", "two", "empty"])
def test_a_note_that_is_not_what_its_name_says_is_refused_and_the_rest_is_taken(tmp_path: Path, how: str) -> None:
    hub = tmp_path / "hub"
    noted(tmp_path / "a", "n1", "n2")
    pushed(tmp_path / "a", hub)
    [bad] = (hub / "sha-ct" / "notes").glob(f"n1.*{NOTE}")
    line = bad.read_bytes()
    if how == "changed":
        bad.write_bytes(line.replace(b"SMS", b"TXT"))
    elif how == "renamed":
        bad = bad.rename(bad.with_name(bad.name.replace("n1.", "n9.")))
    elif how == "another vantage":
        (hub / "bj-cu" / "notes").mkdir(parents=True)
        bad = bad.rename(hub / "bj-cu" / "notes" / bad.name)
    else:
        bad.write_bytes(line * 2 if how == "two" else b"")
    moved = pulled(hub, tmp_path / "all")
    assert (moved.notes, [fault.where for fault in moved.faults]) == (1, [bad.relative_to(hub).as_posix()])
    assert told(tmp_path / "all") == [("sha-ct", "n2")]


def test_a_note_that_was_changed_at_home_after_it_was_sent_does_not_change_there(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    noted(tmp_path / "a", "n1")
    pushed(tmp_path / "a", hub)
    path = notes.notes_path(tmp_path / "a", "sha-ct")
    path.write_bytes(path.read_bytes().replace(b"SMS", b"TXT"))
    assert pushed(tmp_path / "a", hub) == pulled(hub, tmp_path / "a") == Moved()
    [there] = notes.read(find([str(hub)]).notes).notes
    assert there.text == "SMS not received"
