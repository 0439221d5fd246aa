"""The README's two commands are the ones that CI runs and that the tool has; its examples and its links hold."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from probe.cli.app import app
from probe.cli.commands import TABLE

ROOT = Path(__file__).parent.parent
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest -q"
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/probe demo"


def test_ci_runs_exactly_the_readmes_test_command() -> None:
    assert TESTS in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert TESTS in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readme_has_the_demo_command() -> None:
    assert DEMO in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def _examples() -> Iterator[tuple[str, ...]]:
    """The words of every `probe ...` in the README's shell blocks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            for part in " ".join(shlex.split(line, comments=True)).split(" && "):
                if part.startswith("probe "):
                    yield tuple(part.split()[1:])


EXAMPLES = sorted(set(_examples()))


def _help(*words: str) -> str:
    return CliRunner().invoke(app, [*words, "--help"]).output


def test_there_are_examples_of_what_the_readme_is_about() -> None:
    assert {"run", "report", "explain", "diff", "watch", "doctor"} <= {words[0] for words in EXAMPLES}


@pytest.mark.parametrize("words", EXAMPLES, ids=" ".join)
def test_every_command_and_option_in_an_example_is_there(words: tuple[str, ...]) -> None:
    assert words[0] in TABLE
    command = words[:2] if "\nCommands:" in _help(words[0]) else words[:1]
    own, _, of_run = " ".join(words).partition(" -- ")
    for told, used in ((_help(*command), own), (_help("run"), of_run)):
        known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", told))
        assert [flag for flag in re.findall(r"(?<!\S)--?[a-z][\w-]*", used) if flag not in known] == []


def test_every_file_that_is_linked_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
