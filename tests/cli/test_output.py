"""Colours and columns: those of the terminal, those that are asked for, and none in a pipe."""

import io
import os
import sys

import pytest

from probe.cli.output import paint, width


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def _painted() -> bool:
    return paint()("red", "x") != "x"


def test_a_pipe_gets_no_colour_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not _painted()
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert _painted()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not _painted()


def test_a_pipe_or_a_file_has_the_same_columns_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "72")
    assert width(100) == 100


def test_a_pager_gets_the_columns_of_the_terminal_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        monkeypatch.setattr("probe.cli.output.stderr", lambda: type("Console", (), {"width": 77}))
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert width(100) == 100
        monkeypatch.setattr(sys, "stderr", Terminal())
        assert width(100) == 77
