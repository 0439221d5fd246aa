"""`probe diff` as its users run it: what the sides may be called, exit codes for scripts, each mistake with its fix."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app
from probe.store.layout import run_id, run_path
from tests.cli.command import environment, probe
from tests.report.comparing import MET
from tests.report.story import BLOCKED_API, OFFLINE
from tests.report.viewing import write
from tests.store.records import T0, measurement

HOUR = 3600.0
FORGED = {"a": BLOCKED_API}


def put(results: Path, vantage: str, hour: int, told: dict[str, dict[str, Any]], **more: Any) -> None:
    """One run of two targets."""
    at = T0 + hour * HOUR
    path = run_path(results, vantage, run_id(at, vantage, "91f3"))
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"observations": MET, "vantage": vantage, **more}
    write(path, [measurement(at, target=name, **{**whole, **told.get(name, {})}) for name in ("a", "b")])


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """sha-ct at 09:00, 10:00, 11:00, blocked in the last; fra at 11:00."""
    monkeypatch.chdir(tmp_path)
    for hour in range(3):
        put(tmp_path / "results", "sha-ct", hour, FORGED if hour == 2 else {})
    put(tmp_path / "results", "fra", 2, {}, country="DE", asn=3320)
    return tmp_path / "results"


def diff(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


BLOCKED = " + blocked  a/api  forged DNS answer (confirmed)  (was open)"


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--vantage", "sha-ct"],
        ["latest~1", "--vantage", "sha-ct"],
        ["latest~2", "latest", "--vantage", "sha-ct"],
        ["20210208T09", "20210208T110000Z-sha-ct-91f3"],
        ["results/sha-ct/2021-02-08/20210208T100000Z-sha-ct-91f3.jsonl", "results/*/*/*T11*", "--vantage", "sha-ct"],
        ["--only", "a", "--vantage", "sha-ct"],
    ],
)
def test_the_many_names_of_two_sides(arguments: list[str]) -> None:
    done = diff(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert BLOCKED in done.stdout.splitlines()


@pytest.mark.usefixtures("results")
def test_without_a_word_it_is_the_last_two_runs_and_who_has_only_one_is_named() -> None:
    done = diff()
    assert BLOCKED in done.stdout.splitlines()
    assert done.stderr == "note: latest~1: fra has 1 run only, and is left out\n"
    assert "   only on one side: fra" in done.stdout.splitlines()


@pytest.mark.usefixtures("results")
def test_a_lone_failure_among_many_runs_is_no_change_unless_raw() -> None:
    many = ["2021-02-08T10:30Z", "2021-02-08", "--vantage", "sha-ct"]
    assert BLOCKED not in diff(*many).stdout
    assert "too few to count; --raw counts them" in diff(*many).stdout
    assert BLOCKED in diff(*many, "--raw").stdout


@pytest.mark.usefixtures("results")
def test_two_vantage_points() -> None:
    for names in (["20210208T110000Z-sha-ct", "vantage:fra"], ["20210208T110000Z-sha-ct", "results/fra"]):
        done = diff(*names)
        assert " a/api  blocked at sha-ct: forged DNS answer (confirmed)  open at fra" in done.stdout.splitlines()


@pytest.mark.usefixtures("results")
def test_exit_codes_are_those_of_diff() -> None:
    assert diff("latest~2", "latest~1", "--vantage", "sha-ct", "--exit-code").exit_code == 0
    assert diff("--vantage", "sha-ct", "--exit-code").exit_code == 1
    assert diff("--vantage", "sha-ct", "--json", "--exit-code").exit_code == 1
    assert diff("gone.jsonl", "--exit-code").exit_code == 2
    assert diff("--vantage", "sha-ct").exit_code == 0


def test_what_cannot_be_compared_is_trouble_and_never_the_same(results: Path) -> None:
    put(results, "sha-ct", 3, {"a": OFFLINE, "b": OFFLINE})
    done = diff("--vantage", "sha-ct", "--exit-code")
    assert done.exit_code == 2
    assert "Nothing could be compared: this is no all-clear" in done.stdout


@pytest.mark.usefixtures("results")
def test_a_bug_is_trouble_and_never_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("probe.report.diff_gather.gather", broken)
    done = diff("--vantage", "sha-ct", "--exit-code")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "RuntimeError: a bug" in done.stderr
    assert diff("--vantage", "sha-ct").exit_code == 1


@pytest.mark.usefixtures("results")
def test_data_is_the_same_from_shuffled_and_doubled_files(tmp_path: Path) -> None:
    lines = b"".join(path.read_bytes() for path in sorted((tmp_path / "results" / "sha-ct").rglob("*.jsonl")))
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_bytes(b"".join(reversed(lines.splitlines(keepends=True) * 2)))
    whole, shuffled = (json.loads(diff("latest~2", b, "--vantage", "sha-ct", "--json").stdout) for b in (
        "results/sha-ct", mixed))  # fmt: skip
    assert whole["b"].pop("name") == "results/sha-ct"
    assert shuffled["b"].pop("name") == str(mixed)
    assert shuffled == whole


@pytest.mark.usefixtures("results")
def test_sides_the_wrong_way_round_are_noted() -> None:
    done = diff("latest", "latest~1", "--vantage", "sha-ct")
    assert " - recovered  a/api" in done.stdout
    assert done.stderr.startswith("note: A (latest) was measured later than B (latest~1)")


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "nosuch: no such run, file or folder; write a run, a file, folder or glob, a date, latest"),
        (["latest~9", "latest~9"], "latest~9: needs 10 runs of a vantage point; fra has 1 run, sha-ct has 3 runs"),
        (["2020-01-01", "latest"], "2020-01-01: no measurement at that time or before: nothing to compare"),
        (["results", "--vantage", "ber"], "latest: no vantage point 'ber' below results; there is fra, sha-ct"),
        (["--results", "gone"], "gone: no such file or folder; --results DIR says where results lie"),
        (["--tz", "Mars"], "--tz 'Mars' is no time zone"),
        (["--vantage", "sha-ct", "--only", "c"], "--only c: no record of it on either side; did you mean"),
        (["results", "other.jsonl"], "no vantage point is on both sides: results is of fra, sha-ct; other.jsonl is of"),
        (["bad.jsonl", "results", "--strict"], "bad.jsonl:1: not a record"),
        (["\x1b[31m", "latest"], "\\u001b[31m: no file matches this pattern"),
    ],
)
def test_a_mistake_is_named_with_its_fix(arguments: list[str], said: str) -> None:
    write(Path("other.jsonl"), [measurement(T0, vantage="ber")])
    Path("bad.jsonl").write_text("{}\n", encoding="utf-8")
    for more in ([], ["--exit-code"]):
        done = diff(*arguments, *more)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
        assert "\x1b" not in done.stderr
        assert done.stderr.count("\n") <= 2


@pytest.mark.usefixtures("results")
def test_lines_that_are_no_records_are_noted(tmp_path: Path) -> None:
    path = next((tmp_path / "results" / "fra").rglob("*.jsonl"))
    path.write_bytes(path.read_bytes() + b"{\x1b[2J\n")
    done = diff("vantage:fra", "vantage:fra")
    assert done.exit_code == 0
    assert "note: 1 line is no record and was skipped" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.usefixtures("results")
def test_in_a_pipe_from_another_folder_without_our_signs(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    plain = environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0", TERM="xterm-256color")
    done = probe("diff", "--results", tmp_path / "results", "--vantage", "sha-ct", cwd=folder, env=plain)
    assert (done.code, done.err) == (0, "")
    assert BLOCKED in done.out.splitlines()
    assert "\x1b" not in done.out
    assert done.out.isascii()


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize("sides", [["latest", "latest"], ["2031-01-01", "2032-01-01"]])
def test_one_and_the_same_on_both_sides_is_said(sides: list[str]) -> None:
    done = diff(*sides)
    assert done.exit_code == 0
    assert "note: A and B hold the same measurements: nothing could have changed\n" in done.stderr


@pytest.mark.usefixtures("results")
def test_two_runs_that_say_the_same_are_not_one(results: Path) -> None:
    put(results, "sha-ct", 3, FORGED)
    assert "the same measurements" not in diff("--vantage", "sha-ct").stderr
