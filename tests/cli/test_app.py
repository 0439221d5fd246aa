"""The command line put together: help, version, unknown words, and readers who leave."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from probe import __version__
from probe.cli.app import app
from probe.cli.commands import TABLE
from tests.cli.command import PATIENCE, UNREACHABLE, environment, probe, write_list

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
    long_list += UNREACHABLE[UNREACHABLE.index("references:") :]
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


def _commands(prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and sub-command, as its words."""
    told = CliRunner().invoke(app, [*prefix, "--help"]).output
    if "\nCommands:" not in told:
        return [prefix]
    below = re.findall(r"^  (\w+) +\S", told.split("\nCommands:")[1], re.MULTILINE)
    return [prefix, *(found for name in below for found in _commands((*prefix, name)))]


def test_no_help_shows_python_types_or_cuts_a_line_off() -> None:
    told = {words: CliRunner().invoke(app, [*words, "--help"]).output for words in _commands()}
    assert len(told) > len(COMMANDS) + 10  # those below `targets`, `claims`, `note`, `schedule` and `lab` too
    assert [words for words, text in told.items() if "<str>" in text or "<list" in text or "<path>" in text] == []
    cut = {words: [line for line in text.splitlines() if line.endswith("...")] for words, text in told.items()}
    assert {words: lines for words, lines in cut.items() if [x for x in lines if not x.startswith("Usage:")]} == {}


def _options(command: str) -> list[str]:
    return re.findall(r"^  (?:-\w, )?(--[\w-]+)", CliRunner().invoke(app, [command, "--help"]).output, re.MULTILINE)


def test_run_and_watch_have_the_same_options_in_the_same_order() -> None:
    of_run, of_watch = _options("run"), _options("watch")
    own = {"--resume", "--other-list", "--every", "--runs", "--alert-to", "--on-alert", "--dry-alerts", "--prometheus"}
    shared = [option for option in of_run if option not in own]
    assert [option for option in of_watch if option in shared] == shared
    assert len(shared) >= len(FLAGS)
    assert of_watch[0] == "--every"


@pytest.mark.parametrize("module", ["typer", "probe.cli.app"])
def test_ctrl_c_while_the_program_is_still_loading_ends_it_without_a_word(tmp_path: Path, module: str) -> None:
    begin = f"""
import sys
from probe.__main__ import main

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
main()
"""
    done = subprocess.run([sys.executable, "-c", begin], cwd=tmp_path, env=environment(), capture_output=True,
                          text=True, timeout=PATIENCE, check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [("targets", "check"), ("targets", "schema"), ("doctor", "--offline")])
def test_what_cannot_be_written_to_stdout_is_told_in_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write_list(tmp_path)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "probe", *arguments], cwd=tmp_path, env=environment(), stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "standard output: No space left on device; it is not whole\n")


@pytest.mark.parametrize(
    ("arguments", "code"), [(("doctor", "--offline"), 0), (("run", "--timeout", "0.5"), 4), (("targets", "check"), 0)]
)
def test_a_reader_who_is_not_there_hides_no_exit_code(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    write_list(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "probe", *arguments], cwd=tmp_path, env=environment(), stdout=nobody,
            stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr, "Exception" in done.stderr) == (code, False, False)
