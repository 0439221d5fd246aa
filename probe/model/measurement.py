"""What one run saw of one endpoint: one line of JSONL. Writing lines is `store`'s work; docs/record.md describes them.

The flat columns that analysis needs stand first and in fixed order (a reader can stop at them); nested facts follow.
Any change of meaning raises `SCHEMA_VERSION`, and every older version stays readable.
"""

from enum import StrEnum

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


class ControlRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What another vantage saw of the same endpoint at about the same time (`--control-vantage`): `id` is its line.

    `age` is the distance in seconds between the two measurements, `lag` how much later than ours it began (negative:
    earlier; absent: a line of a version that does not say), each by its own vantage's clock; `clock` is how far that
    clock is known to be ahead, `input` the URL that was measured. `failing`: for so many seconds before ours our own
    earlier lines had failed there, each of them. The rest is its final response and its addresses.
    """

    id: str
    vantage: str
    country: str
    asn: int
    age: float
    verdict: Verdict
    status: int = 0
    title: str = ""
    body_bytes: int = 0
    body_sha256: str = ""
    addresses: tuple[str, ...] = ()
    lag: float | None = None
    clock: float | None = None
    input: str = ""
    failing: float | None = None


class ControlHealth(msgspec.Struct, frozen=True, array_like=True):
    """How a control did with the run's references: `[label, reached, tried]`. One that reaches none proves nothing."""

    label: str
    reached: int
    tried: int


class EgressOutcome(StrEnum):
    """What came of asking by which network the vantage leaves. `agreed`: every network found is the declared one;
    `mixed`: the declared one and others; `disagreed`: only others; `unknown`: asked, and nothing could be compared."""

    NOT_ASKED = "not_asked"
    AGREED = "agreed"
    MIXED = "mixed"
    DISAGREED = "disagreed"
    UNKNOWN = "unknown"


class EgressWay(StrEnum):
    """How it was asked: the user's table of networks (`--asn-table`), a page that the user named (`--egress-url`)."""

    ASN_TABLE = "asn_table"
    EGRESS_URL = "egress_url"


class EgressCheck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By which network the vantage was seen to leave: `found` are their numbers, ascending; `ways` what told them or,
    where none was found, what was asked; `table` and `page` the table's file name and the page's host, of those ways.
    Our own address is never here."""

    outcome: EgressOutcome
    ways: tuple[EgressWay, ...] = ()
    table: str = ""
    page: str = ""
    found: tuple[int, ...] = ()


class FitnessEvidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the run's references said: `domestic` and `foreign` are `[reached, measured]`, `clock_offset` seconds.

    `ipv6` is `ok`, `none` or `broken`; `dead_resolvers` answered no question of the run, so their silence or denial
    says nothing of one name; `controls` are the controls' own health. `quic` is `ok` if some place answered over QUIC
    so far in the run, `silent` if none did, whatever the name: perhaps the vantage has no QUIC. `egress` None: a line
    of a version that does not say whether anybody was asked.
    """

    domestic: tuple[int, int] = (0, 0)
    foreign: tuple[int, int] = (0, 0)
    clock_offset: float | None = None
    ipv6: str = ""
    dead_resolvers: tuple[str, ...] = ()
    controls: tuple[ControlHealth, ...] = ()
    quic: str = ""
    note: str = ""
    egress: EgressCheck | None = None


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `id` is `<run_id>/<target>/<endpoint>`: the same measurement never has two.

    `time` is RFC 3339 UTC with milliseconds; `runtime` seconds; `failure` the kind that ended the main flow, if any;
    `target_list` the SHA-256 of the target list; `input` the URL measured; `tries` how often the main flow was tried.
    `required` and `rollup` (`model.target.spelt_rollup`) say what the list made of the endpoint and its target then;
    `rollup` empty: a line of a version that does not say.
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
    required: bool = False
    rollup: str = ""
    runtime: float
    kind: TargetKind
    input: str
    tries: int
    network: str
    target_list: str
    diagnosis: Diagnosis
    fitness_evidence: FitnessEvidence = FitnessEvidence()
    control_records: tuple[ControlRecord, ...] = ()
    observations: tuple[Observation, ...]
    software: Software
