"""`probe report --target` and `--event`: one page, in each format, to a file or stdout; every mistake with its fix."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app
from tests.cli.command import probe
from tests.report.block.making import stored, wave

pytestmark = pytest.mark.usefixtures("elsewhere")


def _report(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def _mistake(*arguments: object) -> str:
    done = _report(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_page_in_words(told: Path) -> None:
    done = _report(told, "--target", "clubhouse", "--tz", "Asia/Shanghai")
    assert (done.exit_code, done.stderr) == (0, "")
    sentence = "Clubhouse's API became unreachable on AS4134 between 10:50 and 11:00 UTC (18:50–19:00 Beijing)"
    assert " ".join(done.stdout.split()).startswith(sentence)


def test_a_page_in_chinese(told: Path) -> None:
    done = _report(told, "--target", "clubhouse", "--tz", "Asia/Shanghai", "--lang", "zh", "--format", "md")
    assert done.stdout.startswith("# Clubhouse 的API在2021年2月8日 18:50–19:00 北京时间")


def test_the_page_of_an_event_by_the_id_that_the_overview_gives(tmp_path: Path) -> None:
    stored(tmp_path / "r", wave())
    overview = json.loads(_report("r", "--json").stdout)
    (event,) = overview["events"]
    assert f"--event {event['id']}" in _report("r").stdout
    done = _report("r", "--event", event["id"])
    assert done.stdout.startswith("Clubhouse's API, douchi.space and m.cmx.im became unreachable")


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.md", "# Clubhouse"), ("a.json", "{\n"), ("a.csv", "row,id,"), ("a.txt", "Clubhouse"), ("a.html", "<!"),
     ("a.svg", "<svg")],
)  # fmt: skip
def test_the_name_of_a_file_says_its_format(told: Path, tmp_path: Path, name: str, begins: str) -> None:
    done = _report(told, "--target", "clubhouse", "--output", name)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"written to {name}\n"
    assert (tmp_path / name).read_text(encoding="utf-8").lower().startswith(begins.lower())
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_format_goes_before_the_name_of_the_file(told: Path, tmp_path: Path) -> None:
    _report(told, "--target", "clubhouse", "--format", "json", "-o", "page.txt")
    assert json.loads((tmp_path / "page.txt").read_text())["block_report"] == 1


def test_a_file_is_replaced_whole_and_readable_as_any_other(told: Path, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x" * 1_000_000)
    (tmp_path / "plain").touch()
    _report(told, "--target", "clubhouse", "-o", "a.md")
    assert "x" * 100 not in (tmp_path / "a.md").read_text()
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.md", "plain")}
    assert len(modes) == 1


def test_what_was_there_stays_when_nothing_can_be_reported(told: Path, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("old")
    assert "did you mean clubhouse?" in _mistake(told, "--target", "clubhous", "-o", "a.md")
    assert (tmp_path / "a.md").read_text() == "old"


def test_a_page_on_stdout_by_name(told: Path) -> None:
    assert _report(told, "--target", "clubhouse", "-o", "-").stdout.startswith("Clubhouse")


def test_overview_as_csv_and_by_network_and_status(told: Path) -> None:
    assert _report(told, "--format", "csv").stdout.count("\n") == 7
    assert "AS4134" in _report(told, "--by", "network").stdout
    said = _report(told, "--status", "ended").stdout
    assert "m.cmx.im/web" in said
    assert "clubhouse" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "html"], "--format html is for one page: name it with --target ID or --event ID\n"),
        (["--format", "pdf"], "--format 'pdf' is not here; there are text, json, csv\n"),
        (["--target", "clubhouse", "--format", "pdf"], "there are text, json, md, html, csv, svg\n"),
        (["--target", "clubhouse", "--event", "x"], "ask for one of them\n"),
        (["--target", "clubhouse", "--target", "m.cmx.im"], "--target names one page; --only takes several\n"),
        (["--target", "clubhouse", "--only", "clubhouse"], "--only: for the overview"),
        (["--target", "clubhouse", "--by", "app", "--status", "open"], "--by and --status: for the overview"),
        (["--json", "--format", "csv"], "--json and --format csv: choose one\n"),
        (["--lang", "zh"], "--lang is for a page: name it with --target ID or --event ID\n"),
        (["--target", "clubhouse", "--lang", "fr"], "--lang 'fr' is not here; there are en, zh\n"),
        (["--event", "x"], "--event x: no record of it here; no blocks began together here\n"),
        (["--by", "city"], "--by 'city' is not here; there are app, instance, endpoint and network\n"),
        (["--by", "app", "--json"], "--by app is for text"),
        (
            ["--status", "bad"],
            "there are blocked, unreachable, suspected, failing, interfered, restricted, down, unknown, open, ended",
        ),
        (["--status", "suspected"], "nothing here is suspected\n"),
        (["--target", "clubhouse", "-o", "no/where.md"], "--output no/where.md: there is no folder"),
        (["--target", "clubhouse", "-o", "."], "--output . is a folder; name a file in it\n"),
        (["--target", "x\x1b[31m"], "--target x\\u001b[31m: no record of it here"),
    ],
)
def test_each_mistake_says_the_fix(told: Path, arguments: list[str], said: str) -> None:
    assert said in _mistake(told, *arguments)


def test_a_page_from_a_pipe_is_a_mistake() -> None:
    assert _mistake("-", "--target", "clubhouse").startswith("a page is made from files")


def test_display_name_comes_from_the_target_list_beside(told: Path, tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text("not: [a list\n")
    assert _report(told, "--target", "clubhouse").stdout.startswith("Clubhouse's API")  # a bad list is no mistake here


def test_a_pipe_gets_no_colour_and_no_note(told: Path, tmp_path: Path) -> None:
    done = probe("report", str(told), "--target", "clubhouse", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out


def test_only_leaves_out_the_claims_on_other_endpoints(told: Path, tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text(
        "version: 1\nclaims:\n"
        + "".join(
            f"  - {{id: c-{name}, by: Someone, says: open, target: clubhouse, endpoint: {name}, country: CN,"
            " when: 2021-02-08, zone: Asia/Shanghai, evidence: seen}\n"
            for name in ("api", "web")
        )
    )
    said = _report(told, "--only", "clubhouse/api").stdout
    assert "clubhouse/api   sha-ct CN AS4134" in said
    assert "clubhouse/web" not in said


def test_a_page_judged_anew_says_so_of_its_evidence(told: Path) -> None:
    done = _report(told, "--target", "clubhouse", "--rejudge", "--format", "json")
    assert done.exit_code == 0
    assert "judged anew by rules" in done.stderr
