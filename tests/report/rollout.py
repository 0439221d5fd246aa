"""A rollout over four networks with gaps, for figures and pages: a month of hours from four vantage points.

Every hour from 1 March 2022 on for 30 days: `lantern.example/web` is cut off on one network after another, a day
apart; one vantage point rests for four days, another begins late.
"""

from collections.abc import Iterator
from typing import Any

from probe.model.clock import parse_rfc3339
from probe.model.diagnosis import Certainty, ControlState, Fitness, Layer, Mechanism, Verdict
from probe.model.measurement import Measurement
from probe.model.target import Role, TargetKind
from tests.store.records import measurement

START = parse_rfc3339("2022-03-01T00:00:00Z")
HOUR = 3600.0
DAYS = 30
NETWORKS = ((4134, "sha-ct"), (4837, "pek-cu"), (9808, "can-cm"), (4538, "cernet"))
"""ASN and vantage point, in the order in which they are cut off."""
RESET: dict[str, Any] = {
    "verdict": Verdict.BLOCKED,
    "certainty": Certainty.CONFIRMED,
    "layer": Layer.TLS,
    "mechanism": Mechanism.SNI_RESET,
}
OFFLINE: dict[str, Any] = {
    "verdict": Verdict.INSUFFICIENT,
    "control": ControlState.UNUSABLE,
    "fitness": Fitness.OFFLINE,
}


def cut_off(place: int) -> float:
    """The hour of the first failed measurement of a network, counted from 0."""
    return 24.0 * (10 + place)


def rollout() -> Iterator[Measurement]:
    """All measurements, vantage point by vantage point."""
    for place, (asn, vantage) in enumerate(NETWORKS):
        for hour in range(24 * DAYS):
            if _resting(vantage, hour):
                continue
            for target, endpoint, role in (
                ("lantern.example", "web", Role.WEB),
                ("moon.example", "web", Role.WEB),
                ("gstatic", "204", Role.REFERENCE),
            ):
                told = RESET if target == "lantern.example" and hour >= cut_off(place) else {}
                if vantage == "sha-ct" and 400 <= hour < 430:
                    told = OFFLINE
                kind = TargetKind.REFERENCE if role == Role.REFERENCE else TargetKind.APP
                yield measurement(
                    START + hour * HOUR, target=target, endpoint=endpoint, role=role, kind=kind, vantage=vantage,
                    asn=asn, **told,
                )  # fmt: skip


def _resting(vantage: str, hour: int) -> bool:
    return (vantage == "pek-cu" and 96 <= hour < 192) or (vantage == "cernet" and hour < 120)
