"""`probe targets`: what it prints where, and how it ends."""

import json
from pathlib import Path

import jsonschema
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from probe.cli import console, targets
from probe.cli.console import PIPE_WIDTH

LIST = """\
version: 1
apps:
  - id: app
    name: "An app"
    country: CN
    rollup: {api: {k_of_n: 2}, web: any}
    endpoints:
      - {id: api, role: api, url: "https://api.example.org/"}
      - {id: api_2, role: api, url: "https://api2.example.org/"}
      - {id: web, role: web, url: "https://www.example.org/"}
instances:
  - {id: mas.to, risk: high}
"""
BAD = LIST.replace("risk: high", "rsik: high").replace("https://www", "htps://www")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(LIST, encoding="utf-8")
    return path


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(targets.app, [*map(str, arguments)])


def test_check_counts_what_is_in_a_good_list(file: Path) -> None:
    check = '{id: check, url: "https://ref.example.org/", expect: {status: 204}}'
    reference = f"references:\n  - {{id: ref, name: A reference, country: US, endpoints: [{check}]}}\n"
    file.write_text(LIST + reference, encoding="utf-8")
    done = invoke("check", file)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "ok: 1 app, 1 instance, 1 reference, 7 endpoints\n", "")


def test_check_says_what_a_list_without_references_cannot_tell(file: Path) -> None:
    assert invoke("check", file).stderr.startswith("note: the list has no references")


def test_check_without_a_file_takes_the_one_of_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("targets.yaml").write_text(LIST, encoding="utf-8")
    assert invoke("check").exit_code == 0


@pytest.mark.parametrize("command", ["check", "list"])
def test_mistakes_go_to_stderr_all_at_once_and_exit_2(file: Path, command: str) -> None:
    file.write_text(BAD, encoding="utf-8")
    done = invoke(command, file)
    assert (done.exit_code, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f'{file}:10: endpoint "web" of app "app": url "htps://www.example.org/"')
    assert lines[1:] == [f'{file}:12: instance "mas.to": unknown key "rsik"; did you mean "risk"?', "2 mistakes."]


def test_what_follows_from_the_mistakes_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(LIST.replace("risk: high", "rsik: high"), encoding="utf-8")
    with pytest.raises(typer.Exit) as ended:
        targets.load_or_fail(file, "nothing was probed")
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err.endswith("1 mistake; nothing was probed.\n")


def test_a_file_name_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    done = invoke("check", tmp_path / "\x1b[2Jno.yaml")
    assert done.exit_code == 2
    assert "\x1b" not in done.stderr


def test_a_file_of_nothing_but_mistakes_is_cut(file: Path) -> None:
    file.write_text("version: 1\napps: [" + "x," * 700 + "]\n", encoding="utf-8")
    lines = invoke("check", file).stderr.splitlines()
    assert lines[targets.MAX_SHOWN :] == ["… and 200 more", "700 mistakes."]


def test_list_in_a_pipe_is_one_line_each_with_tabs(file: Path) -> None:
    done = invoke("list", file)
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        ["app", "app", "3", "api 2 of 2, web any", "low", "CN", "-", "An app"],
        ["mas.to", "instance", "3", "api any", "high", "-", "fediverse", "mas.to"],
    ]


def test_list_on_a_terminal_has_a_head_and_stays_within_its_width(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(force_terminal=True, width=80, record=True, no_color=True)
    monkeypatch.setattr(console, "stdout", lambda: terminal)
    assert invoke("list", file).exit_code == 0
    lines = terminal.export_text().splitlines()
    assert lines[0].split() == ["target", "kind", "endpoints", "reached", "when", "risk", "country"]
    assert lines[1].split() == ["app", "app", "3", "api", "2", "of", "2,", "web", "any", "low", "CN"]
    assert max(map(len, lines)) <= 80 < PIPE_WIDTH


def test_list_as_json_has_the_shorthand_written_out(file: Path) -> None:
    told = json.loads(invoke("list", file, "--json").stdout)
    assert [target["id"] for target in told["targets"]] == ["app", "mas.to"]
    assert told["targets"][1]["endpoints"][0]["expect"] == {"json_equals": {"domain": "mas.to"}}
    assert len(told["sha256"]) == 64


def test_schema_prints_a_json_schema() -> None:
    schema = json.loads(invoke("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["version"]


def test_list_on_a_narrow_terminal_keeps_names_whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(force_terminal=True, width=40, record=True, no_color=True)
    monkeypatch.setattr(console, "stdout", lambda: terminal)
    assert invoke("list", file).exit_code == 0
    lines = [line.split() for line in terminal.export_text().splitlines()]
    assert lines == [["target", "kind", "endpoints"], ["app", "app", "3"], ["mas.to", "instance", "3"]]
