"""What a watch shows: lines in a pipe, and on a terminal two lines that fit it and are gone at the end."""

import io
import re
import sys
import time

import pytest

from probe.cli.ticker import Ticker
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.schedule.due import Why
from probe.schedule.loop import Cycle
from probe.schedule.once import NotMade
from probe.schedule.pace import Change
from tests.schedule.watching import finished
from tests.store.records import T0, measurement

BLOCKED = measurement(
    T0, verdict=Verdict.BLOCKED, certainty=Certainty.CONFIRMED, layer=Layer.DNS, mechanism=Mechanism.DNS_INJECTION
)
RUN = "20210208T090000Z-lab-0000"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def a_run(ticker: Ticker, *, missed: int = 0) -> None:
    """A run of two endpoints, one of which has changed, and one that was left out."""
    left_out = (NotMade("small.example/api", "measured 3 s ago"),)
    ticker.cycle(Cycle(1, T0, Why.DUE, missed, ("clubhouse/api",), left_out, 2))
    ticker.measurement(measurement(T0))
    ticker.measurement(BLOCKED)
    ticker.change(Change("clubhouse/api", "ok", BLOCKED))
    ticker.run_finished(finished(RUN, T0, T0 + 1.5, 2))


def test_in_a_pipe_each_run_and_change_is_a_line_of_four_cells(capsys: pytest.CaptureFixture[str]) -> None:
    ticker = Ticker(3, 600.0, json=False)
    ticker.open()
    a_run(ticker, missed=2)
    ticker.close()
    told = capsys.readouterr()
    assert [line.split("\t") for line in told.out.splitlines()] == [
        ["2021-02-08T09:00:00Z", "change", "clubhouse/api", "ok → blocked at DNS: dns injection (confirmed)"],
        ["2021-02-08T09:00:01Z", "run", RUN, "2 of 2: 1 ok · 1 blocked · 1 left out · 0 B in 1.5 s"],
    ]
    assert told.err.endswith("Z  missed before it: 2 runs, not made up for\n")


def test_a_folder_that_stays_locked_is_told_once_until_a_run_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    ticker = Ticker(3, 600.0, json=False)
    locked = "results/.lock: locked by run x; trying again"
    for missed in (7, 8, 9):
        ticker.cycle(Cycle(missed, T0, Why.DUE, missed, ("clubhouse/api",), (), 2))
        ticker.note(locked)
    a_run(ticker, missed=10)
    ticker.note(locked)
    said = [line.split("Z  ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert said == [locked, "missed before it: 10 runs, not made up for", locked]


def test_what_strangers_wrote_does_not_act(capsys: pytest.CaptureFixture[str]) -> None:
    ticker = Ticker(1, 600.0, json=False)
    ticker.change(Change("a\x1b[2J\tb\n/c", "ok", BLOCKED))
    ticker.note("locked by \x1b[31m")
    told = capsys.readouterr()
    assert told.out.count("\n") == 1
    assert told.out.count("\t") == 3
    assert "\x1b" not in told.out + told.err


def test_on_a_terminal_two_lines_fit_and_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    ticker = Ticker(3, 600.0, json=False)
    ticker.open()
    a_run(ticker)
    ticker.wait(time.time() + 300.0, time.time())
    shown = ticker.now().plain.splitlines()
    ticker.close()
    ticker.close()  # twice is fine
    assert re.fullmatch(r"watching 3 endpoints every 10 min · next \d\d:\d\d:\d\dZ, in (5 min|4 min 59 s)", shown[0])
    assert shown[1].startswith("last change  09:00Z clubhouse/api  ok → blocked at DNS: dns injection")
    assert max(map(len, shown)) <= 76  # and ^C has room beside them
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert "09:00:01Z  run     2 of 2: 1 ok · 1 blocked · 1 left out" in plain
    assert RUN not in plain  # a terminal has no room for it


def test_while_a_run_goes_on_it_says_how_far_it_is() -> None:
    ticker = Ticker(3, 600.0, json=False)
    ticker.cycle(Cycle(1, T0, Why.DUE, 0, ("clubhouse/api",), (), 3))
    ticker.measurement(measurement(T0))
    assert ticker.now().plain == "watching 3 endpoints every 10 min · 1 of 3 measured: 1 ok"
