"""`probe report` as its users run it: data on stdout, mistakes on stderr with the fix, exit codes for scripts."""

import errno
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app
from probe.model.codec import encode_line
from probe.model.measurement import Measurement
from tests.cli.command import environment, probe
from tests.report.story import story
from tests.report.viewing import write
from tests.store.records import T0, measurement


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results that tell the story."""
    folder = tmp_path_factory.mktemp("results") / "sha-ct" / "2021-02-08"
    folder.mkdir(parents=True)
    runs: dict[str, list[Measurement]] = {}
    for one in story():
        runs.setdefault(one.run_id, []).append(one)
    for run, measurements in runs.items():
        write(folder / f"{run}.jsonl", measurements)
    return folder.parent.parent


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder of its own: nothing of ours (results, claims) is picked up by default."""
    monkeypatch.chdir(tmp_path)


def _report(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)], input=stdin)


def test_report_of_a_folder_in_a_zone(told: Path) -> None:
    done = _report(told, "--tz", "Asia/Shanghai")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Blocked now\n  clubhouse/api   sha-ct CN AS4134   since 8 Feb 18:50–19:00 (10:50–11:00 UTC)" in done.stdout
    assert "down for everyone 8 Feb 20:00–22:50 (12:00–14:50 UTC)" in done.stdout


def test_results_in_the_working_folder_are_the_default(told: Path, tmp_path: Path) -> None:
    (tmp_path / "results").symlink_to(told)
    done = probe("report", "--json", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["reading"] == {"files": 73, "records": 438, "skipped": 0, "duplicates": 0}


def test_files_globs_and_stdin_say_the_same_as_the_folder(told: Path) -> None:
    whole = json.loads(_report(told, "--json").stdout)
    piped = b"".join(map(encode_line, story()))
    for done in (_report(f"{told}/**/*.jsonl", "--json"), _report("-", "--json", stdin=piped)):
        other = json.loads(done.stdout)
        assert other["series"] == whole["series"]


def test_same_files_twice_change_nothing(told: Path, tmp_path: Path) -> None:
    copy = write(tmp_path / "copy.jsonl", story())
    whole, twice = (json.loads(_report(*names, "--json").stdout) for names in ([told], [told, copy]))
    assert twice["series"] == whole["series"]
    assert twice["reading"]["duplicates"] == 438


def test_since_until_and_only_choose_what_is_shown(told: Path) -> None:
    done = _report(told, "--only", "clubhouse/api", "--since", "2021-02-08T20:00:00Z")
    assert "since 8 Feb 10:50–11:00 UTC" in done.stdout
    assert "clubhouse/web" not in done.stdout
    before = _report(told, "--target", "clubhouse", "--until", "2021-02-08T18:50", "--tz", "Asia/Shanghai")
    assert before.exit_code == 0
    assert "Blocked now" not in before.stdout


def _mistake(*arguments: object) -> str:
    done = _report(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_missing_path_empty_folder_and_glob_without_match_are_told_in_one_go(tmp_path: Path) -> None:
    said = _mistake(tmp_path / "gone", tmp_path, f"{tmp_path}/*.jsonl")
    assert f"{tmp_path}/gone: no such file or folder\n" in said
    assert f"{tmp_path}: no results in this folder" in said
    assert f"{tmp_path}/*.jsonl: no file matches this pattern\n" in said
    assert "`probe run` writes results to ./results" in said


def test_no_results_folder_at_all(tmp_path: Path) -> None:
    done = probe("report", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[0] == "results: no such file or folder"


@pytest.mark.parametrize("zone", ["Mars/Base", "", "/etc/passwd", "../UTC", "Asia", "\x1b[31m"])
def test_unknown_zone_says_what_a_zone_looks_like(told: Path, zone: str) -> None:
    said = _mistake(told, "--tz", zone)
    assert "Asia/Shanghai" in said
    assert "\x1b" not in said


def test_bad_times_are_told_together_with_how_to_write_them(told: Path) -> None:
    said = _mistake(told, "--since", "yesterday", "--until", "2021-13-01").splitlines()
    assert [line.split(" is no time")[0] for line in said] == ["--since 'yesterday'", "--until '2021-13-01'"]
    assert all("2021-02-08T11:00:00Z" in line for line in said)


def test_since_after_until(told: Path) -> None:
    assert "is not before --until" in _mistake(told, "--since", "2021-02-09", "--until", "2021-02-08")


def test_unknown_target_is_a_mistake_and_never_an_all_clear(told: Path) -> None:
    said = _mistake(told, "--only", "clubhous", "--only", "m.cmx.im")
    assert said == "--only clubhous: no record of it here; did you mean clubhouse?\n"


def test_window_without_a_measurement_is_a_mistake(told: Path) -> None:
    assert "2021-02-08T21:00:00.000Z" in _mistake(told, "--since", "2025-01-01")
    assert "no records before --until" in _mistake(told, "--until", "2015-01-01")


def test_file_without_a_record_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("hello\n")
    said = _mistake(tmp_path / "a.jsonl")
    assert "a.jsonl:1: not a record" in said
    assert "nothing to report" in said


def test_malformed_lines_are_noted_on_stderr_and_fatal_under_strict(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [encode_line(measurement(T0 + n)) for n in range(3)]
    path.write_bytes(b"".join([lines[0], b"{\x1b[2J\n", *lines[1:], lines[0][:50]]))
    done = _report(path, "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["reading"] == {"files": 1, "records": 3, "skipped": 2, "duplicates": 0}
    assert f"{path}:2: not a record" in done.stderr
    assert f"{path}:5: the last line is torn" in done.stderr
    assert "\x1b" not in done.stderr
    strict = _mistake(path, "--strict")
    assert strict.startswith(f"{path}:2: not a record")


def test_output_without_our_signs_gets_plain_ones(told: Path) -> None:
    done = probe("report", told, cwd=told, env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"))
    assert done.code == 0
    assert "8 Feb 10:50-11:00 UTC" in done.out
    assert "####" in done.out


def test_piped_report_holds_no_control_characters(told: Path) -> None:
    done = probe("report", told, cwd=told)
    assert (done.code, done.err) == (0, "")
    assert not [c for c in done.out if ord(c) < 32 and c != "\n"]


def test_no_room_for_what_is_read_says_where_to_make_some(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("probe.report.gather.gather_blocks", full)
    assert _mistake(told) == "no room for what is read (No space left on device); set TMPDIR to a folder with room\n"


def test_seals_and_notes_are_no_results(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").touch()
    (tmp_path / "a.1.91f3.seal").touch()
    said = _mistake(tmp_path / "notes.jsonl", tmp_path / "a.1.91f3.seal")
    assert said == "what is named holds seals or notes alone, and no results; name the .jsonl files, or their folder\n"
