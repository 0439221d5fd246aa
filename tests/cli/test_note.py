"""`probe note` as its users run it: kept, listed, shown in reports, and every mistake named at once."""

import json
from pathlib import Path

from tests.cli.command import probe
from tests.timeline.recorded import drawn, write

SAID = ("clubhouse/api", "SMS  not\nreceived", "--vantage", "sha-ct", "--by", "a user")


def test_note_is_kept_listed_and_shown_beside_the_results(tmp_path: Path) -> None:
    write(tmp_path / "results", drawn({"clubhouse/api": "." * 24}))
    done = probe("note", "add", *SAID, "--time", "2021-02-08T19:20+08:00", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "results" / "sha-ct" / "notes.jsonl").is_file()
    listed = probe("note", "list", cwd=tmp_path)
    assert listed.out == "2021-02-08T11:20:00.000Z\tsha-ct\tclubhouse/api\ta user\tSMS not received\n"
    assert json.loads(probe("note", "list", "--json", cwd=tmp_path).out)["schema"] == "note/1"
    report = probe("report", "--strict", cwd=tmp_path)
    assert (report.code, report.err) == (0, "")
    assert "Notes of people\n  clubhouse/api   sha-ct   8 Feb 2021 11:20 UTC   a user: SMS not received" in report.out


def test_mistakes_come_in_one_go_and_nothing_is_noted(tmp_path: Path) -> None:
    done = probe("note", "add", "clubhouse/", " ", "--vantage", "../x", "--by", " ", "--time", "2021-02-08T19:20",
                 cwd=tmp_path)  # fmt: skip
    assert done.code == 2
    assert len(done.err.splitlines()) == 5
    assert "has no zone" in done.err
    assert list(tmp_path.iterdir()) == []


def test_note_about_the_future_is_refused(tmp_path: Path) -> None:
    done = probe("note", "add", *SAID, "--time", "2999-01-01T00:00:00Z", cwd=tmp_path)
    assert done.code == 2
    assert "lies in the future" in done.err


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file", encoding="utf-8")
    done = probe("note", "add", *SAID, cwd=tmp_path)
    assert done.code == 2
    assert "nothing was noted" in done.err


def test_a_name_that_may_be_a_slip_is_noted_and_said(tmp_path: Path) -> None:
    write(tmp_path / "results", drawn({"clubhouse/api": "." * 3}))
    slip = probe("note", "add", "clubhose", *SAID[1:], cwd=tmp_path)
    assert (slip.code, slip.err) == (
        0, "note: clubhose is not in the newest run of sha-ct; did you mean clubhouse?\n"
    )  # fmt: skip
    nobody = probe("note", "add", *SAID[:3], "sha-cu", *SAID[4:], cwd=tmp_path)
    assert nobody.code == 0
    assert nobody.err.startswith("note: sha-cu has no results in results/sha-cu")
    assert len(probe("note", "list", cwd=tmp_path).out.splitlines()) == 2


def test_notes_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = probe("note", "list", "resutls", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (2, "", "resutls: no such file or folder\n")
