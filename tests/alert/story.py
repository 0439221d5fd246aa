"""Measurements by the picture, for tests of alerts, one sign a run: `.` reached, `#` blocked, `a` anomaly, `o` down,
`x` vantage offline, `!` blocked by a confirmed artefact."""

from collections.abc import Iterable, Mapping
from typing import Any

from probe.alert.alert import Message
from probe.alert.alerts import Alerts
from probe.alert.memory import Memory
from probe.model.diagnosis import Certainty, ControlState, Fitness, Layer, Mechanism, Verdict
from probe.model.measurement import Measurement
from probe.store.layout import run_id
from tests.store.records import T0, measurement

TEN = 600.0
SIGNS: dict[str, dict[str, Any]] = {
    ".": {},
    "#": {
        "verdict": Verdict.BLOCKED,
        "certainty": Certainty.LIKELY,
        "layer": Layer.TLS,
        "mechanism": Mechanism.SNI_RESET,
    },
    "!": {
        "verdict": Verdict.BLOCKED,
        "certainty": Certainty.CONFIRMED,
        "layer": Layer.DNS,
        "mechanism": Mechanism.DNS_INJECTION,
    },
    "a": {"verdict": Verdict.ANOMALY},
    "o": {"verdict": Verdict.DOWN, "control": ControlState.FAILED},
    "x": {"verdict": Verdict.INSUFFICIENT, "control": ControlState.UNUSABLE, "fitness": Fitness.OFFLINE},
}


def run_of(signs: Mapping[str, str], at: float, token: int = 0, **changes: Any) -> list[Measurement]:
    """One run at `at`: the sign of each `target/endpoint`; a space is not measured. `token`: for a second such run."""
    run = run_id(at, changes.get("vantage", "sha-ct"), f"{token % 65536:04x}")
    made = []
    for name, sign in signs.items():
        if sign != " ":
            target, _, endpoint = name.partition("/")
            made.append(measurement(at, run_id=run, target=target, endpoint=endpoint, **SIGNS[sign], **changes))
    return made


def runs_of(pictures: Mapping[str, str], every: float = TEN, start: float = T0) -> Iterable[list[Measurement]]:
    """One run a column."""
    for number, signs in enumerate(zip(*pictures.values(), strict=True)):
        yield run_of(dict(zip(pictures, signs, strict=True)), start + number * every)


def played(alerts: Alerts, runs: Iterable[list[Measurement]]) -> list[Message]:
    """The messages of these runs."""
    told: list[Message] = []
    for run in runs:
        for one in run:
            told += alerts.measured(one)
        told += alerts.run_finished(run[0].vantage)
    return told


def fresh(every: float = TEN, **options: Any) -> Alerts:
    """Alerts that remember nothing."""
    return Alerts(Memory(), every=every, **options)


def kinds(messages: Iterable[Message]) -> list[str]:
    return [str(one.kind) for one in messages]
