"""February 2021 in small: what a vantage in China and one elsewhere would have written, for the report to tell.

Every 10 minutes from 8 Feb 2021 09:00 to 21:00 UTC, from `sha-ct` (CN AS4134): the API of Clubhouse is blocked from
between 10:50 and 11:00 on; its website stays open; m.cmx.im is blocked from 10:00 to 13:00; douchi.space is down for
everyone for three hours; counter.social turns us away itself; the vantage is offline for an hour.
"""

from collections.abc import Iterator
from typing import Any

from probe.model.clock import parse_rfc3339
from probe.model.diagnosis import Certainty, ControlState, Fitness, Layer, Mechanism, Verdict
from probe.model.measurement import Measurement
from probe.model.target import Role, TargetKind
from tests.store.records import measurement

START = parse_rfc3339("2021-02-08T09:00:00Z")
STEP = 600.0
CYCLES = 73


def clock(text: str) -> float:
    """`10:50` on 8 February 2021, UTC."""
    return parse_rfc3339(f"2021-02-08T{text}:00Z")


BLOCKED_API: dict[str, Any] = {
    "verdict": Verdict.BLOCKED,
    "certainty": Certainty.CONFIRMED,
    "layer": Layer.DNS,
    "mechanism": Mechanism.DNS_INJECTION,
}
RESET: dict[str, Any] = {
    "verdict": Verdict.BLOCKED,
    "certainty": Certainty.LIKELY,
    "layer": Layer.TLS,
    "mechanism": Mechanism.SNI_RESET,
}
DOWN: dict[str, Any] = {"verdict": Verdict.DOWN, "control": ControlState.FAILED}
OFFLINE: dict[str, Any] = {
    "verdict": Verdict.INSUFFICIENT,
    "control": ControlState.UNUSABLE,
    "fitness": Fitness.OFFLINE,
}


def _changes(target: str, endpoint: str, at: float) -> dict[str, Any]:
    if clock("16:00") <= at < clock("17:00"):
        return OFFLINE
    if (target, endpoint) == ("clubhouse", "api") and at > clock("10:50"):
        return BLOCKED_API
    if target == "m.cmx.im" and clock("10:00") <= at < clock("13:00"):
        return RESET
    if target == "douchi.space" and clock("12:00") <= at < clock("15:00"):
        return DOWN
    if target == "counter.social":
        return {"verdict": Verdict.RESTRICTED}
    return {}


ENDPOINTS = (
    ("clubhouse", "api", Role.API),
    ("clubhouse", "web", Role.WEB),
    ("counter.social", "web", Role.WEB),
    ("douchi.space", "web", Role.WEB),
    ("m.cmx.im", "web", Role.WEB),
    ("gstatic", "204", Role.REFERENCE),
)


def story() -> Iterator[Measurement]:
    """All measurements, run by run."""
    for cycle in range(CYCLES):
        at = START + cycle * STEP
        for target, endpoint, role in ENDPOINTS:
            kind = TargetKind.REFERENCE if role == Role.REFERENCE else TargetKind.APP
            told = _changes(target, endpoint, at)
            yield measurement(at, target=target, endpoint=endpoint, role=role, kind=kind, **told)
