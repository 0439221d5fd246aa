"""What one run saw of one endpoint: one line of JSONL. Writing lines is `store`'s work; docs/record.md describes them.

The flat columns that analysis needs stand first and in fixed order (a reader can stop at them); nested facts follow.
Any change of meaning raises `SCHEMA_VERSION`, and every older version stays readable.
"""

import msgspec

from probe.model.diagnosis import Certainty, ControlState, Diagnosis, Fitness, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Observation
from probe.model.target import Role, TargetKind

SCHEMA_VERSION = 1


class Software(msgspec.Struct, frozen=True, kw_only=True):
    """What measured: our version and the libraries that touch the wire."""

    name: str
    version: str
    python: str
    openssl: str


class FitnessEvidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the run's references said: `domestic` and `foreign` are `[reached, measured]`, `clock_offset` seconds."""

    domestic: tuple[int, int] = (0, 0)
    foreign: tuple[int, int] = (0, 0)
    clock_offset: float | None = None
    ipv6: str = ""
    note: str = ""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `id` is `<run_id>/<target>/<endpoint>`: the same measurement never has two.

    `time` is RFC 3339 UTC with milliseconds; `runtime` seconds; `failure` the kind that ended the main flow, if any;
    `target_list` the SHA-256 of the target list; `input` the URL measured; `tries` how often the main flow was tried.
    """

    schema: int = SCHEMA_VERSION
    id: str
    run_id: str
    time: str
    vantage: str
    country: str
    asn: int
    target: str
    endpoint: str
    role: Role
    verdict: Verdict
    certainty: Certainty | None
    layer: Layer | None
    mechanism: Mechanism | None
    failure: FailureKind | None
    control: ControlState
    fitness: Fitness
    runtime: float
    kind: TargetKind
    input: str
    tries: int
    network: str
    target_list: str
    diagnosis: Diagnosis
    fitness_evidence: FitnessEvidence = FitnessEvidence()
    observations: tuple[Observation, ...]
    software: Software
