"""What people see while old results are read: nothing if it is quick, a note in a pipe, a bar on a terminal."""

import io
import sys

import pytest

from probe.cli.alertprogress import AlertProgress


def read(seconds: list[float], *, first: bool = True) -> list[str]:
    """The notes, when each of the runs is read at that time after the start."""
    clock, notes = iter([0.0, *seconds]), list[str]()
    with AlertProgress(len(seconds), notes.append, first=first, clock=lambda: next(clock)) as progress:
        for count in range(1, len(seconds) + 1):
            progress.read(count)
    return notes


def test_what_takes_no_longer_than_a_second_is_not_worth_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert read([0.1, 0.5, 1.0]) == []
    assert capsys.readouterr() == ("", "")


def test_in_a_pipe_it_is_one_note() -> None:
    assert read([0.5, 1.1]) == ["reading 2 runs of the last weeks: alerts must know what is ordinary here"]
    assert read([2.0], first=False) == ["reading 1 run not yet taken in by alerts"]


def test_on_a_terminal_it_is_a_bar_and_no_note(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert read([1.1, 1.2, 1.3]) == []
    assert "reading 3 runs of the last weeks" in screen.getvalue()
