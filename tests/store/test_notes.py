"""Notes: whole lines, read back in order, apart from measurements for every reader."""

from pathlib import Path

import pytest

from probe.model.codec import encode_line
from probe.model.note import Note
from probe.store import notes
from probe.store.layout import Source, find, run_path
from probe.store.reader import Tally, rows
from tests.store.records import measurement


def note(number: int, time: str = "2021-02-08T11:20:00.000Z", text: str = "SMS not received") -> Note:
    return Note(id=f"n{number}", time=time, written="2021-02-09T00:00:00.000Z", vantage="sha-ct", target="clubhouse",
                endpoint="", by="a user", text=text)  # fmt: skip


def read(path: Path) -> notes.Notes:
    return notes.read([Source(str(path), path)])


def test_what_is_appended_is_read_back_in_order_of_time(tmp_path: Path) -> None:
    path = notes.notes_path(tmp_path, "sha-ct")
    late, early = note(1, "2021-02-09T00:00:00.000Z"), note(2, text="line\nbreak \x1b[2J 验证码")
    notes.append(path, late)
    notes.append(path, early)
    assert path == tmp_path / "sha-ct" / "notes.jsonl"
    assert read(path) == notes.Notes((early, late), ())
    assert path.read_bytes().count(b"\n") == 2


def test_torn_last_line_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'{"schema": "note/1", "id": "to')
    notes.append(path, note(1))
    told = read(path)
    assert told.notes == (note(1),)
    (problem,) = told.problems
    assert problem.startswith(f"{path}:1: not a note")


@pytest.mark.parametrize("line", [b"[]\n", b"\xff\n", b"[" * 9000 + b"\n", b'{"schema": "note/1"}\n',
                                  encode_line(measurement())])  # fmt: skip
def test_a_line_that_is_no_note_is_named_and_skipped(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(line)
    notes.append(path, note(1))
    told = read(path)
    assert told.notes == (note(1),)
    assert [problem.split(": ")[0] for problem in told.problems] == [f"{path}:1"]


def test_note_of_a_newer_version_or_at_no_time_is_named_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    notes.append(path, Note(schema="note/2", **{f: getattr(note(1), f) for f in Note.__struct_fields__[1:]}))
    notes.append(path, note(2, time="yesterday"))
    told = read(path)
    assert told.notes == ()
    assert len(told.problems) == 2


def test_note_counts_once_and_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    notes.append(path, note(1))
    notes.append(path, note(1))
    assert read(path).notes == (note(1),)
    assert read(tmp_path / "none").problems


@pytest.mark.parametrize("asked", ["{}", "{}/sha-ct", "{}/**/*.jsonl", "{}/sha-ct/notes.jsonl"])
def test_no_reader_of_measurements_meets_a_note(tmp_path: Path, asked: str) -> None:
    line = measurement()
    path = run_path(tmp_path, "sha-ct", line.run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_line(line))
    notes.append(notes.notes_path(tmp_path, "sha-ct"), note(1))
    found = find([asked.format(tmp_path)])
    tally = Tally(strict=True)
    ids = [row.id for row in rows(found.sources, tally)]
    assert ids == ([] if asked.endswith("notes.jsonl") else [line.id])
    assert tally.malformed == 0
    assert [source.path for source in found.notes] == [tmp_path / "sha-ct" / "notes.jsonl"]
