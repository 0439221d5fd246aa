"""The command line put together: help, version, unknown words, and readers who leave."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from probe import __version__
from probe.cli.app import app
from probe.cli.commands import TABLE
from tests.cli.command import environment, probe, write_list

COMMANDS = tuple(TABLE)


def test_help_names_every_command_and_where_to_begin() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.output
    assert "Start with `probe demo`" in done.output


def test_a_line_of_help_is_never_cut() -> None:
    told = CliRunner().invoke(app, ["--help"]).output
    assert [name for name, entry in TABLE.items() if f"  {entry.help}\n" not in told] == []


def test_a_misspelt_command_is_guessed() -> None:
    assert "Did you mean 'watch'?" in CliRunner().invoke(app, ["wacth"]).output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    for flag in ("-h", "--help"):
        done = CliRunner().invoke(app, [command, flag])
        assert done.exit_code == 0
        assert "Usage:" in done.output


FLAGS = ("--vantage", "--country", "--asn", "--out", "--only", "--concurrency", "--timeout", "--resolver", "--doh",
         "--ca-file", "--control-proxy", "--control-vantage", "--json", "--dry-run")  # fmt: skip


def test_the_flags_of_run_are_a_contract() -> None:
    told = CliRunner().invoke(app, ["run", "--help"]).output
    assert [flag for flag in FLAGS if f"{flag} " not in told and f"{flag}\n" not in told] == []


def test_no_arguments_show_the_help_and_are_a_mistake() -> None:
    done = CliRunner().invoke(app, [])
    assert (done.exit_code, "Commands:" in done.output) == (2, True)


@pytest.mark.parametrize("arguments", [["nosuch"], ["run", "--nope"], ["run", "--timeout", "soon"],
                                       ["run", "--timeout", "0"],
                                       ["run", "--concurrency", "0"], ["run", "--accept-risk", "some"]])  # fmt: skip
def test_what_is_no_command_or_flag_is_a_usage_mistake(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "Error:" in done.output


def test_version(tmp_path: Path) -> None:
    assert probe("--version", cwd=tmp_path) == (0, f"probe {__version__}\n", "")


@pytest.mark.parametrize("arguments", [("targets", "list", "--json"), ("run", "--dry-run")])
def test_a_reader_who_leaves_ends_the_command_quietly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    long_list = "version: 1\ninstances:\n" + "".join(f"  - {{id: i{n}.example}}\n" for n in range(3000))
    write_list(tmp_path, long_list)
    with subprocess.Popen(
        [sys.executable, "-m", "probe", *arguments], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.read(1)
        running.stdout.close()
        told = running.stderr.read()
    assert (running.returncode, told) == (0, b"")
