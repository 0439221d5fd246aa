"""`probe explain` and `probe report --rejudge`: the three ways to name a measurement, and each mistake with its fix."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app
from probe.model.codec import encode_line
from probe.model.diagnosis import Verdict
from probe.model.measurement import Measurement
from probe.store.layout import run_path
from tests.report.viewing import write
from tests.worlds_told import told

OLD, NEW = "20210208T100000Z-lab-0001", "20210208T110000Z-lab-0002"


def of_run(line: Measurement, run: str, endpoint: str = "main") -> Measurement:
    """The same line, as another run's and of another endpoint."""
    return msgspec.structs.replace(
        line, run_id=run, endpoint=endpoint, id=f"{run}/{line.target}/{endpoint}", time="2021-02-08T11:00:00.000Z"
    )


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs: in the older all was well, in the newer one endpoint of two is blocked."""
    monkeypatch.chdir(tmp_path)
    fine, reset = told("ok").line, told("sni reset").line
    for run, lines in (
        (OLD, [of_run(fine, OLD), of_run(fine, OLD, "old")]),
        (NEW, [of_run(fine, NEW), of_run(reset, NEW, "web")]),
    ):
        path = run_path(tmp_path / "results", "lab", run)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, lines)
    return tmp_path / "results"


def report(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", "--json", *map(str, arguments)])


def explain(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def test_a_line_of_a_file_with_its_hash(results: Path) -> None:
    path = run_path(results, "lab", NEW)
    done = explain(f"{path}:2", "--tz", "Asia/Shanghai")
    assert (done.exit_code, done.stderr) == (0, "")
    shown = " ".join(done.stdout.split())
    assert shown.startswith("site/web: blocked (likely) asked for https://a.example/")
    assert "measured 8 Feb 2021 19:00:00 (11:00:00 UTC), from lab CN AS4134" in shown
    assert hashlib.sha256(path.read_bytes().splitlines(keepends=True)[1]).hexdigest() in done.stdout
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith(("  id   ", "  line   "))] == [
        f"{NEW}/site/web",
        f"{path}:2",
    ]


def test_in_a_pipe_a_sentence_is_one_line(results: Path) -> None:
    """What is searched for (`grep`) or copied is there in one piece, however long."""
    told = json.loads(explain(f"{run_path(results, 'lab', NEW)}:2", "--json").stdout)
    lines = explain(f"{run_path(results, 'lab', NEW)}:2").stdout.splitlines()
    said = [value for _, value in told["summary"]]
    assert max(map(len, said)) > 160
    assert [value for value in said if not any(line.endswith(value) for line in lines)] == []


def test_an_id_is_found_whatever_its_file_is_called(results: Path) -> None:
    wanted = f"{NEW}/site/web"
    before = explain(wanted, "--json")
    path = run_path(results, "lab", NEW)
    path.rename(path.with_name("moved.jsonl"))
    after = explain(wanted, "--json")
    assert (before.exit_code, after.exit_code) == (0, 0)
    first, second = json.loads(before.stdout), json.loads(after.stdout)
    assert first["origin"].pop(3) == ["line", f"{path.relative_to(results.parent)}:2"]
    assert second["origin"].pop(3) == ["line", f"{path.with_name('moved.jsonl').relative_to(results.parent)}:2"]
    assert first == second
    assert ["id", wanted] in first["origin"]


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize("arguments", [("latest", "site"), ("site",)])
def test_the_latest_of_a_target_is_its_worst_endpoint_and_the_others_are_named(arguments: tuple[str, ...]) -> None:
    done = explain(*arguments)
    assert done.exit_code == 0
    assert f"{NEW}/site/web" in done.stdout
    assert done.stderr == "note: site/web is the worst of 2 in this run; the others: main ok\n"


@pytest.mark.parametrize(("wanted", "run"), [("site/main", NEW), ("site/old", OLD)])
def test_the_latest_of_an_endpoint_is_of_the_newest_run_that_has_it(results: Path, wanted: str, run: str) -> None:
    done = explain("latest", wanted, "--results", results)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{run}/{wanted}" in done.stdout


def test_a_file_not_named_after_its_run_counts_among_the_runs(results: Path) -> None:
    write(results / "copied.jsonl", [of_run(told("outage").line, "20210209T000000Z-lab-0003")])
    done = explain("latest", "site/main")
    assert "20210209T000000Z-lab-0003/site/main" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["latest"], "latest of what? write latest TARGET or latest TARGET/ENDPOINT"),
        (["latest", "sute"], "no record of it below results; did you mean site?"),
        (["latest", "site", "--results", "nowhere"], "nowhere: no such file or folder; --results DIR says where"),
        (["sute"], "sute: no record of it below results; did you mean site?; write FILE:LINE, a measurement id"),
        (["a/b/c/d"], "'a/b/c/d' names no measurement; write FILE:LINE, a measurement id RUN/TARGET/ENDPOINT, or"),
        ([""], "'' names no measurement; write FILE:LINE"),
        (["gone.jsonl:1"], "gone.jsonl: no such file; write FILE:LINE"),
        ([f"{OLD}/site/none"], "no such measurement below results; --results DIR looks elsewhere"),
        (["some.jsonl:1", "site"], "'site' is one word too many; write FILE:LINE"),
        (["bad.jsonl"], "bad.jsonl: say which line of it, as in bad.jsonl:1"),
        (["bad.jsonl:1"], "bad.jsonl:1: not a record: "),
        (["bad.jsonl:2"], "bad.jsonl: line 2 is blank"),
        (["bad.jsonl:9"], "bad.jsonl: line 9 does not exist; the file has lines 1 to 3"),
        (["bad.jsonl:0"], "bad.jsonl: line 0 does not exist"),
        (["latest", "site", "--tz", "Mars"], "--tz 'Mars' is no time zone"),
        (["latest", "site", "--lang", "fr"], "--lang 'fr' is not here; there are en, zh"),
    ],
)
@pytest.mark.usefixtures("results")
def test_a_mistake_is_one_line_that_names_the_fix(arguments: list[str], said: str) -> None:
    Path("bad.jsonl").write_text("{}\n\n{}\n", encoding="utf-8")
    done = explain(*arguments)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


@pytest.mark.usefixtures("results")
def test_a_measurement_in_chinese_names_facts_as_they_are() -> None:
    done = explain("latest", "site/web", "--lang", "zh", "--tz", "Asia/Shanghai")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("site/web：被封锁（很可能）\n  测量对象      https://a.example/\n")
    shown = "".join(done.stdout.split())
    assert "2021年2月8日19:00:00北京时间（11:00:00UTC），测自labCNAS4134" in shown
    assert "tls.reset.other_sni_passes：被封锁（很可能）" in shown
    assert "connection_reset(ECONNRESET)" in shown
    assert json.loads(explain("latest", "site/web", "--lang", "zh", "--json").stdout)["lang"] == "zh"
    assert "lang" not in json.loads(explain("latest", "site/web", "--json").stdout)


def test_data_holds_what_was_recorded_and_no_character_that_acts_on_a_terminal(tmp_path: Path) -> None:
    hostile = "\x9b2J\x7f\u202egnp\U000e0041 访问"
    path = write(tmp_path / "a.jsonl", [msgspec.structs.replace(told("ok").line, network=hostile)])
    shown = explain(f"{path}:1", "--json").stdout
    assert not set("\x9b\x7f\u202e\U000e0041") & set(shown)
    assert "访问" in shown
    measured = dict(json.loads(shown)["summary"])["measured"]
    assert measured.endswith(hostile)


def tampered(line: Measurement) -> Measurement:
    """A line whose verdict is wrong, as old rules may have had it."""
    wrong = msgspec.structs.replace(line.diagnosis, verdict=Verdict.DOWN, ruleset_version="0", certainty=None)
    return msgspec.structs.replace(line, verdict=Verdict.DOWN, certainty=None, mechanism=None, diagnosis=wrong)


def test_judged_anew_it_says_both_verdicts(tmp_path: Path) -> None:
    path = write(tmp_path / "old.jsonl", [tampered(told("sni reset").line)])
    assert explain(f"{path}:1").stdout.startswith("site/main: down\n")
    done = explain(f"{path}:1", "--rejudge")
    assert done.stdout.startswith("site/main: blocked (likely)\n")
    assert "the line itself says down" in " ".join(done.stdout.split())
    assert ", by rules 0; today's rules " in " ".join(done.stdout.split())
    assert hashlib.sha256(path.read_bytes()).hexdigest() in done.stdout


def _runs(line: Measurement, count: int) -> list[Measurement]:
    """The same line in several runs an hour apart."""
    return [
        msgspec.structs.replace(
            of_run(line, f"20210208T{hour:02}0000Z-lab-0001"), time=f"2021-02-08T{hour:02}:00:00.000Z"
        )
        for hour in range(count)
    ]


def test_a_report_judged_anew_says_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fresh = _runs(told("sni reset").line, 6)
    old = write(tmp_path / "old.jsonl", [*map(tampered, fresh[:4]), *fresh[4:]])
    now = write(tmp_path / "now.jsonl", fresh)
    done, plain = report(old, "--rejudge"), report(now)
    assert (done.exit_code, plain.stderr) == (0, "")
    assert "note: 6 measurements judged anew by rules " in done.stderr
    assert done.stderr.endswith(": 4 verdicts changed\n")
    assert json.loads(done.stdout)["series"] == json.loads(plain.stdout)["series"]
    assert json.loads(report(old).stdout)["series"] != json.loads(plain.stdout)["series"]


def test_a_report_judged_anew_keeps_to_until_and_skips_what_is_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = _runs(told("ok").line, 6)
    lines[0] = msgspec.structs.replace(lines[0], time="yesterday")
    path = write(tmp_path / "six.jsonl", lines)
    path.write_bytes(path.read_bytes() + b"nonsense\n" + encode_line(lines[1]))
    done = report(path, "--rejudge", "--until", "2021-02-08T04:00")
    assert done.exit_code == 0
    assert "note: 3 measurements judged anew" in done.stderr
    assert json.loads(done.stdout)["reading"] == {"files": 1, "records": 5, "skipped": 2, "duplicates": 1}
