"""What is given where verdicts are made anew: `--fingerprints`, and `--control-vantage` of `probe report`."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from probe.cli.app import app
from probe.model.diagnosis import Fitness
from probe.model.failure import FailureKind
from probe.model.measurement import Measurement
from tests.diagnose.build import FIT, URL, Scene
from tests.report.viewing import write
from tests.worlds_told import told


def explain(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def report(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


FIELD = "name,scope,location_found,pattern_type,pattern,source\nisp.zz,isp,body,contains,NOTICE 77,seen\n"


def page_of_a_portal(line: Measurement) -> Measurement:
    """The line, of an http endpoint that answered with a page which only the user's own list knows."""
    flow = Scene().resolved("104.16.1.1").flow("104.16.1.1", scheme="http", page={"body_text": "NOTICE 77"})
    return msgspec.structs.replace(line, input="http://a.example/", observations=tuple(flow.observations))


def test_judged_anew_with_the_users_own_block_pages(tmp_path: Path) -> None:
    path = write(tmp_path / "old.jsonl", [page_of_a_portal(told("ok").line)])
    marks = tmp_path / "marks.csv"
    marks.write_text(FIELD, encoding="utf-8")
    assert "blocked" not in explain(f"{path}:1", "--rejudge").stdout
    done = explain(f"{path}:1", "--rejudge", "--fingerprints", marks)
    assert "the page carries the mark isp.zz (seen)" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        (FIELD, [], "--fingerprints is for judging anew: give --rejudge as well"),
        ("name\n", ["--rejudge"], "1: the columns"),
        (FIELD.replace("contains", "like"), ["--rejudge"], "2: pattern_type 'like' must be"),
        (None, ["--rejudge"], "No such file"),
    ],
)
def test_a_list_of_block_pages_that_is_not_one(
    tmp_path: Path, text: str | None, arguments: list[str], said: str
) -> None:
    path, marks = write(tmp_path / "old.jsonl", [told("ok").line]), tmp_path / "marks.csv"
    if text is not None:
        marks.write_text(text, encoding="utf-8")
    done = explain(f"{path}:1", *arguments, "--fingerprints", marks)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_a_report_judged_anew_with_them(tmp_path: Path) -> None:
    path = write(tmp_path / "old.jsonl", [page_of_a_portal(told("ok").line)])
    marks = tmp_path / "marks.csv"
    marks.write_text(FIELD, encoding="utf-8")
    plain = json.loads(report(path, "--rejudge", "--json").stdout)
    marked = json.loads(report(path, "--rejudge", "--fingerprints", marks, "--json").stdout)
    assert "blocked" not in plain["series"][0]["verdicts"]
    assert marked["series"][0]["verdicts"] == {"blocked": 1}


def test_a_report_that_judges_nothing_anew_takes_none(tmp_path: Path) -> None:
    path, marks = write(tmp_path / "old.jsonl", [told("ok").line]), tmp_path / "marks.csv"
    marks.write_text(FIELD, encoding="utf-8")
    done = report(path, "--fingerprints", marks)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "give --rejudge as well" in " ".join(done.stderr.split())


def silent(line: Measurement, **changes: object) -> Measurement:
    """The line, of an endpoint whose every SYN met silence, at eleven."""
    scene = Scene().tried(3, tcp=FailureKind.TIMEOUT, t=10.0)
    seen = {"observations": tuple(scene.observations), "input": URL, "fitness": Fitness.FIT, "fitness_evidence": FIT}
    return msgspec.structs.replace(line, time="2021-02-08T11:00:00.000Z", **{**seen, **changes})


@pytest.mark.parametrize(("clock", "verdict"), [("11:20:00", "blocked"), ("10:40:00", "anomaly")])
def test_what_another_vantage_saw_after_the_failure_tells_it_from_an_outage(
    tmp_path: Path, clock: str, verdict: str
) -> None:
    line = told("ok").line
    path = write(tmp_path / "old.jsonl", [silent(line)])
    there = msgspec.structs.replace(
        line, vantage="berlin", time=f"2021-02-08T{clock}.000Z", input=URL, fitness_evidence=FIT
    )
    (tmp_path / "there").mkdir()
    write(tmp_path / "there" / "20210208T104000Z-berlin-91f3.jsonl", [there])
    shown = json.loads(report(path, "--rejudge", "--control-vantage", tmp_path / "there", "--json").stdout)
    assert shown["series"][0]["verdicts"] == {verdict: 1}


def test_another_vantage_is_asked_only_where_something_is_judged_anew_and_must_be_there(tmp_path: Path) -> None:
    path = write(tmp_path / "old.jsonl", [told("ok").line])
    for arguments, said in (
        (["--control-vantage", tmp_path], "--control-vantage is for judging anew: give --rejudge as well"),
        (["--rejudge", "--control-vantage", tmp_path / "none"], "--control-vantage: "),
    ):
        done = report(path, *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in " ".join(done.stderr.split())
