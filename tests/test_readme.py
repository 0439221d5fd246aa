"""The README's two commands are the ones that CI runs and that the tool has."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest -q"
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/probe demo"


def test_ci_runs_exactly_the_readmes_test_command() -> None:
    assert TESTS in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert TESTS in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readme_has_the_demo_command() -> None:
    assert DEMO in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
