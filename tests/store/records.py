"""Measurements for tests: a plain fine one, and whatever is changed in it."""

from typing import Any

import msgspec

from probe.model.clock import parse_rfc3339, rfc3339
from probe.model.diagnosis import ControlState, Diagnosis, Fitness, Verdict
from probe.model.measurement import Measurement, Software
from probe.model.target import Role, TargetKind
from probe.store.layout import run_id

T0 = parse_rfc3339("2021-02-08T09:00:00Z")

FINE = Measurement(
    id="",
    run_id="",
    time="",
    vantage="sha-ct",
    country="CN",
    asn=4134,
    target="clubhouse",
    endpoint="api",
    role=Role.API,
    verdict=Verdict.OK,
    certainty=None,
    layer=None,
    mechanism=None,
    failure=None,
    control=ControlState.REACHED,
    fitness=Fitness.FIT,
    runtime=0.412,
    kind=TargetKind.APP,
    input="https://www.clubhouseapi.com/",
    tries=1,
    network="China Telecom",
    target_list="0" * 64,
    diagnosis=Diagnosis(verdict=Verdict.OK, ruleset_version="1"),
    observations=(),
    software=Software(name="probe", version="0.1.0", python="3.11.7", openssl="OpenSSL 3.0.15 3 Sep 2024"),
)


def measurement(at: float = T0, **changes: Any) -> Measurement:
    """A measurement at `at` (epoch seconds), in a run of its own second, with `changes`; `verdict` changes both."""
    verdict = changes.get("verdict", Verdict.OK)
    vantage = changes.get("vantage", FINE.vantage)
    run = changes.pop("run_id", run_id(at, vantage, "91f3"))
    target, endpoint = changes.get("target", FINE.target), changes.get("endpoint", FINE.endpoint)
    changes.setdefault("id", f"{run}/{target}/{endpoint}")
    changes.setdefault("diagnosis", Diagnosis(verdict=verdict, ruleset_version="1"))
    return msgspec.structs.replace(FINE, run_id=run, time=rfc3339(at), **changes)
