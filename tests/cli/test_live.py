"""What a run shows: counts, the table on a terminal, one line an endpoint in a pipe; strangers' words do not act."""

import io
import re
import sys
from typing import Any

import msgspec
import pytest

from probe.cli.live import STYLES, Bar, how, said, summary
from probe.diagnose.rollup import State, roll_up
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.measurement import Measurement
from probe.model.target import Endpoint, Role, Target, TargetKind
from tests.store.records import measurement

BLOCKED: dict[str, Any] = {
    "verdict": Verdict.BLOCKED,
    "certainty": Certainty.CONFIRMED,
    "layer": Layer.TLS,
    "mechanism": Mechanism.SNI_RESET,
    "failure": FailureKind.RESET,
}


def app(*names: str) -> Target:
    endpoints = tuple(Endpoint(id=name, role=Role.API, url=f"https://{name}.example/") for name in names)
    return Target(id="clubhouse", kind=TargetKind.APP, name="Clubhouse", endpoints=endpoints)


def shown(target: Target, seen: list[Measurement]) -> str:
    return how(roll_up(target, {m.endpoint: m.verdict for m in seen}), seen)


def test_every_verdict_and_state_has_a_style() -> None:
    assert {*Verdict, *State} <= set(STYLES)


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({}, "ok"),
        (BLOCKED, "blocked at TLS: sni reset (confirmed)"),
        ({"verdict": Verdict.ANOMALY, "layer": Layer.TCP, "failure": FailureKind.TIMEOUT},
         "anomaly at TCP, why is not settled: generic_timeout_error"),
        ({"verdict": Verdict.DOWN}, "down"),
    ],
)  # fmt: skip
def test_a_measurement_in_a_phrase(changes: dict[str, Any], phrase: str) -> None:
    assert said(measurement(**changes)) == phrase


def test_a_target_that_is_fine_is_counted_and_one_that_is_not_names_what_happened() -> None:
    fine = [measurement(endpoint=name) for name in ("api", "web")]
    assert shown(app("api", "web"), fine) == "2 of 2 endpoints ok"
    partly = [measurement(endpoint="api", **BLOCKED), measurement(endpoint="web")]
    assert shown(app("api", "web"), partly) == "api: blocked at TLS: sni reset (confirmed)"


def test_endpoints_to_which_the_same_happened_share_a_line() -> None:
    names = [f"dc{number}" for number in range(1, 13)]
    seen = [measurement(endpoint=name, **BLOCKED) for name in names]
    assert shown(app(*names), seen) == "dc1, dc2, dc3 and 9 more: blocked at TLS: sni reset (confirmed)"
    assert shown(app(*names[:4]), seen[:4]) == "dc1, dc2, dc3, dc4: blocked at TLS: sni reset (confirmed)"
    mixed = [*seen[:2], measurement(endpoint="dc3", verdict=Verdict.DOWN)]
    assert shown(app(*names[:3]), mixed).splitlines() == [
        "dc1, dc2: blocked at TLS: sni reset (confirmed)", "dc3: down"
    ]  # fmt: skip


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_one_line_an_endpoint_with_six_cells(capsys: pytest.CaptureFixture[str]) -> None:
    summary([app("api")], [measurement(**BLOCKED), measurement(endpoint="web")])
    assert capsys.readouterr().out.splitlines() == [
        "clubhouse/api\tblocked\tconfirmed\ttls\tsni_reset\tconnection_reset",
        "clubhouse/web\tok\t-\t-\t-\t-",
    ]


def test_a_terminal_gets_a_table_of_targets_within_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    names = [f"a-long-endpoint-name-{number}" for number in range(4)]
    evil = msgspec.structs.replace(app(*names), id="ev\x1b[2Jil")
    seen = [measurement(endpoint=name, target=evil.id, **BLOCKED) for name in names]
    summary([evil], seen)
    text = stream.getvalue()
    assert "\x1b[2J" not in text
    assert "ev\\u001b[2Jil" in text
    assert "blocked" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)  # NO_COLOR leaves bold
    assert max(len(line.rstrip()) for line in plain.splitlines()) <= 80


def test_the_bar_counts_in_the_order_of_the_vocabulary_and_draws_nothing_in_a_pipe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bar = Bar(3, "Probing")
    for changes in ({"verdict": Verdict.DOWN}, {}, BLOCKED, {}):
        bar.count(measurement(**changes))
        bar.advance()
    bar.close()
    assert bar.counts() == "2 ok · 1 blocked · 1 down"
    assert capsys.readouterr() == ("", "")


def test_the_bar_on_a_terminal_is_taken_away_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    bar = Bar(2, "Probing [2] endpoints")
    bar.count(measurement(**BLOCKED))
    bar.advance()
    bar.close()
    bar.close()  # twice is fine
    assert "Probing [2] endpoints" in stream.getvalue()
    assert "1 blocked" in stream.getvalue()
