"""What stands beside the episodes in a report, as text and as data: events, claims, notes, and what is left out."""

import json
from pathlib import Path
from typing import Any

from probe.model.claim import Claim, Says
from probe.model.note import Note
from probe.report import jsonout
from probe.report.dating import dater
from probe.report.joined import Outside
from probe.report.paper import Page
from probe.report.terminal import render
from probe.report.view import View, Window, build
from probe.targets.claims import stretch
from tests.report.viewing import gathered
from tests.timeline.recorded import drawn, told

PICTURES = {"clubhouse/api": "." * 48 + "d" * 24, "m.cmx.im/web": "." * 48 + "#" * 24, "x.org/web": "." * 72}


def claim(says: Says, when: str, target: str = "clubhouse", endpoint: str = "api", by: str = "GreatFire") -> Claim:
    at = stretch(when, "UTC")
    assert at is not None
    return Claim(id="c", by=by, says=says, target=target, endpoint=endpoint, country="CN", networks=(), when=at,
                 link="", evidence="", mechanism="")  # fmt: skip


def note(target: str = "clubhouse", text: str = "SMS not received", by: str = "a user") -> Note:
    return Note(id="n", time="2021-02-10T00:20:00.000Z", written="2021-02-11T00:00:00.000Z", vantage="sha-ct",
                target=target, endpoint="", by=by, text=text)  # fmt: skip


def view(folder: Path, *claims: Claim, notes: tuple[Note, ...] = ()) -> View:
    return told(folder, drawn(PICTURES), Outside(claims, notes))


def text(shown: View) -> str:
    return render(shown, Page(100, lambda cell: cell.replace("\x1b", "?").replace("\n", "?")))


def data(shown: View) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(jsonout.render(shown, Page(100, str)))
    return document


def test_what_began_together_is_told_with_the_interval_they_share(tmp_path: Path) -> None:
    shown = view(tmp_path)
    assert "Began together\n  2 targets   CN AS4134 sha-ct   onsets overlap 9 Feb" in text(shown)
    assert "they are clubhouse, m.cmx.im" in text(shown)
    (event,) = data(shown)["events"]
    assert (event["kind"], event["country"], event["targets"]) == ("wave", "CN", ["clubhouse", "m.cmx.im"])
    assert event["shared"]["latest"]["utc"] >= "2021-02-10T00:00:00.000Z"
    assert event["apart"]["least"] == 0


def test_claims_stand_beside_the_onset_and_do_not_move_it(tmp_path: Path) -> None:
    bare = view(tmp_path / "a")
    shown = view(tmp_path / "b", claim(Says.BEGAN, "2021-02-09T23:30"), claim(Says.BEGAN, "2021-02-09T12:00", by="X"))
    said = text(shown)
    assert "GreatFire: the block began 9 Feb 2021 23:30–23:31 UTC" in said
    assert "agrees: inside our observed onset 9 Feb 23:00 – 10 Feb 00:00 UTC" in said
    assert "does not agree: 10 h 59 min before our observed onset 9 Feb 23:00 – 10 Feb 00:00 UTC" in said
    assert [one["agrees"] for one in data(shown)["claims"]] == [True, False]
    assert shown.series == bare.series
    assert shown.joined.events == bare.joined.events


def test_claims_about_times_not_measured_are_in_the_data_and_not_in_the_text(tmp_path: Path) -> None:
    shown = view(tmp_path, claim(Says.BEGAN, "2018"), claim(Says.BEGAN, "2021", target="elsewhere"))
    assert "Claims" not in text(shown)
    assert [(one["agrees"], one["because"]) for one in data(shown)["claims"]] == [(None, "not measured at that time")]


def test_notes_are_told_as_written_and_harmless(tmp_path: Path) -> None:
    shown = view(tmp_path, notes=(note(text="evil\x1b[2J\nline"), note("elsewhere")))
    assert "Notes of people\n  clubhouse   sha-ct   10 Feb 2021 00:20 UTC   a user: evil?[2J?line" in text(shown)
    assert [one["target"] for one in data(shown)["notes"]] == ["clubhouse"]
    assert data(shown)["notes"][0]["schema"] == "note/1"


def test_a_window_after_an_event_shows_it_while_it_stands() -> None:
    over = {name: picture + "." * 72 for name, picture in PICTURES.items()}
    for pictures, shown in ((PICTURES, 1), (over, 0)):
        found = gathered(drawn(pictures))
        last = max(run.last for run in found.runs)
        made = build(found, dater(found.series, "UTC"), window=Window(since=last - 3600))
        assert len(made.joined.events) == shown
