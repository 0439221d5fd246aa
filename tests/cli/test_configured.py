"""Settings as users have them: a flag over the environment over ./probe.toml over the user's own file, and slips."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from probe.cli import configured
from probe.cli.app import app
from tests.cli.command import Done, environment, probe, write_list


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The user's own file, in a home of its own."""
    path = tmp_path / "config" / "probe" / "probe.toml"
    path.parent.mkdir(parents=True)
    return path


def dry(folder: Path, *arguments: str, **variables: str) -> list[str]:
    """The controls that a run would use."""
    env = environment(XDG_CONFIG_HOME=str(folder / "config"), **variables)
    done = probe("run", "--dry-run", "--json", *arguments, cwd=folder, env=env)
    assert done.code == 0, done.err
    controls: list[str] = json.loads(done.out)["controls"]
    return controls


def test_each_place_counts_before_the_next_one(tmp_path: Path, user: Path) -> None:
    write_list(tmp_path)
    assert dry(tmp_path) == []
    user.write_text('control-proxy = "socks5://127.0.0.1:1"\n', encoding="utf-8")
    assert dry(tmp_path) == ["socks5://127.0.0.1:1"]
    (tmp_path / "probe.toml").write_text('[run]\ncontrol-proxy = ["socks5://127.0.0.1:2"]\n', encoding="utf-8")
    assert dry(tmp_path) == ["socks5://127.0.0.1:2"]
    assert dry(tmp_path, PROBE_CONTROL_PROXY="socks5://127.0.0.1:3 socks5://127.0.0.1:4") == [
        "socks5://127.0.0.1:3",
        "socks5://127.0.0.1:4",
    ]
    assert dry(tmp_path, "--control-proxy", "socks5://127.0.0.1:5", PROBE_CONTROL_PROXY="socks5://127.0.0.1:3") == [
        "socks5://127.0.0.1:5"
    ]


def settings(folder: Path, text: str, *arguments: str) -> Done:
    (folder / "probe.toml").write_text(text, encoding="utf-8")
    return probe(*arguments, cwd=folder, env=environment(XDG_CONFIG_HOME=str(folder / "nowhere")))


def test_arguments_and_enumerations_can_be_set_too(tmp_path: Path) -> None:
    write_list(tmp_path).rename(tmp_path / "mine.yaml")
    done = settings(tmp_path, 'targets = "mine.yaml"\naccept-risk = "high"\n', "run", "--dry-run", "--json")
    assert "risky/web" in {endpoint["endpoint"] for endpoint in json.loads(done.out)["endpoints"]}


def test_every_mistake_is_told_with_its_line_and_nothing_is_done(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = settings(tmp_path, 'vantge = "x"\ntimeout = 0.01\n[run]\nfollowup = "no"\n', "run")
    assert done.code == 2
    unknown, small, *rest = done.err.splitlines()
    assert unknown == 'probe.toml:1: unknown key "vantge"; did you mean "vantage"?'
    assert small.startswith("probe.toml:2: timeout: ")  # the words are the command line's own
    assert rest == [
        "probe.toml:4: followup: 'no' is neither true nor false (without quotes)",
        "3 mistakes; nothing was done.",
    ]
    assert not (tmp_path / "results").exists()


def test_a_mistake_in_another_commands_table_stops_only_that_command(tmp_path: Path) -> None:
    write_list(tmp_path)
    text = "[report]\ntzz = 'UTC'\n"
    assert settings(tmp_path, text, "run", "--dry-run").code == 0
    assert settings(tmp_path, text, "report").err.startswith('probe.toml:2: unknown key "tzz" in [report]')


def test_help_is_there_whatever_the_settings_say_and_other_commands_do_not_read_them(tmp_path: Path) -> None:
    write_list(tmp_path)
    assert settings(tmp_path, "a = [", "run", "--help").code == 0
    assert settings(tmp_path, "a = [", "targets", "list").code == 0
    assert settings(tmp_path, "a = [", "run").code == 2


@pytest.mark.parametrize("name", ["dry-run", "resume", "other-list"])
def test_options_of_one_occasion_cannot_be_set(tmp_path: Path, name: str) -> None:
    write_list(tmp_path)
    done = settings(tmp_path, f"[run]\n{name} = true\n", "run")
    assert done.code == 2
    assert done.err.startswith(f'probe.toml:2: unknown key "{name}" in [run]; `probe doctor` lists the options')


def test_a_setting_is_called_as_its_flag_is(tmp_path: Path) -> None:
    done = settings(tmp_path, '[report]\nformat = "xml"\n', "report")
    assert (done.code, done.err) == (2, "--format 'xml' is not here; there are text, json, csv\n")


def test_names_of_settings_are_those_of_flags_and_arguments() -> None:
    program = typer.main.get_command(app)
    context: Any = typer.Context(program)
    for command, options in configured.known(context).items():
        flags = {
            (parameter.opts[0].removeprefix("--") if parameter.param_type_name == "option" else parameter.name)
            for parameter in context.command.commands[command].params
        }
        assert {option.name for option in options} <= flags, command
