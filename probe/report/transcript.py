"""One measurement as a person can check it: what was tried, step by step, and what each conclusion rests on. Pure.

Puts the parts together: `transcript_steps` and `transcript_dns` group the observations and say them, the plain head is
`transcript_summary`, the text for a terminal `transcript_text`. Strings from the wire stand here as they were recorded:
whoever shows them cleans them.
"""

from collections.abc import Iterator

import msgspec

from probe.diagnose.rules import TABLES
from probe.model.diagnosis import Certainty, Diagnosis, Finding, Fitness, Layer, Verdict
from probe.model.failure import FAILURES, FailureKind
from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup
from probe.report import words
from probe.report.transcript_steps import OURS, Step, steps_of
from probe.report.transcript_summary import headline, summary
from probe.report.transcript_words import outcome


class Cited(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding and why it may be believed: `steps` are the numbers of the steps that it rests on.

    `comment` and `source` are the rule's own, empty for a verdict that no rule of the tables gave; `decided` marks the
    finding that gave the verdict.
    """

    rule: str
    verdict: Verdict
    layer: str
    hop: int = 0
    mechanism: str = ""
    certainty: Certainty | None = None
    decided: bool = False
    note: str = ""
    steps: tuple[int, ...] = ()
    comment: str = ""
    source: str = ""


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """An innocent explanation and what became of it."""

    explanation: str
    ruled_out: bool
    because: str


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """A name and what it is: `["run", "20210208T110000Z-sha-ct-91f3"]`."""

    name: str
    value: str


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """A whole measurement for people. `summary` is its head; `meanings` are the failures met, each with its cause."""

    headline: str
    summary: tuple[Fact, ...]
    verdict: Verdict
    steps: tuple[Step, ...]
    findings: tuple[Cited, ...]
    considered: tuple[Weighed, ...]
    fitness: tuple[Fact, ...]
    meanings: tuple[Fact, ...]
    origin: tuple[Fact, ...]


def transcript(
    measurement: Measurement,
    zone: str = "UTC",
    *,
    where: str = "",
    sha256: str = "",
    recorded: Measurement | None = None,
) -> Transcript:
    """The transcript of one line, its times in `zone`.

    `where` is the line's place, `FILE:LINE`, and `sha256` the hash of the line as it lies on disk. `recorded` is what
    that line holds where the measurement was judged anew since.
    """
    steps = steps_of(measurement.observations)
    findings = tuple(_cited(finding, measurement.diagnosis, steps) for finding in _findings(measurement))
    return Transcript(
        headline=headline(measurement),
        summary=tuple(Fact(*one) for one in summary(measurement, steps, findings, zone, recorded)),
        verdict=measurement.verdict,
        steps=steps,
        findings=findings,
        considered=tuple(
            Weighed(explanation=one.explanation, ruled_out=one.ruled_out, because=one.because)
            for one in measurement.diagnosis.considered
        ),
        fitness=tuple(_fitness(measurement)),
        meanings=tuple(_meanings(measurement)),
        origin=tuple(_origin(measurement, where, sha256)),
    )


def _findings(m: Measurement) -> tuple[Finding, ...]:
    """The findings; an `ok` with none still has the rule that gave it, resting on what reached the endpoint."""
    found = m.diagnosis.findings
    if found or not m.diagnosis.rule:
        return found
    ours = [one for one in m.observations if one.purpose in OURS]
    last = max(((one.attempt, one.hop) for one in ours), default=(0, 0))
    reached = {one.transaction_id for one in ours if (one.attempt, one.hop) == last}
    reached -= {one.transaction_id for one in ours if one.failure is not None}
    ends = [(at, one) for at, one in enumerate(m.observations) if one.transaction_id in reached]
    flows = [at for at, one in ends if not isinstance(one, DNSLookup)]
    seen = tuple(flows or [at for at, _ in ends])
    layer = m.layer or Layer.HTTP
    return (Finding(rule=m.diagnosis.rule, layer=layer, verdict=m.verdict, evidence=seen, hop=m.diagnosis.hop),)


def _cited(finding: Finding, diagnosis: Diagnosis, steps: tuple[Step, ...]) -> Cited:
    rule = next((rule for table in TABLES for rule in table if rule.id == finding.rule), None)
    return Cited(
        rule=finding.rule,
        verdict=finding.verdict,
        layer=finding.layer,
        hop=finding.hop,
        mechanism=finding.mechanism or "",
        certainty=finding.certainty,
        decided=finding.rule == diagnosis.rule and finding.hop == diagnosis.hop,
        note=finding.note,
        steps=tuple(step.number for step in steps if set(step.observations) & set(finding.evidence)),
        comment=rule.comment if rule is not None else outcome(finding.rule),
        source=rule.source if rule is not None else "",
    )


def _fitness(m: Measurement) -> Iterator[Fact]:
    seen = m.fitness_evidence
    word = "the vantage could measure" if m.fitness is Fitness.FIT else words.FITNESS.get(m.fitness, m.fitness)
    yield Fact("vantage", f"{m.fitness}: {word}")
    yield Fact(
        "references",
        f"{seen.domestic[0]} of {seen.domestic[1]} domestic, {seen.foreign[0]} of {seen.foreign[1]} foreign reached",
    )
    if seen.clock_offset is not None:
        yield Fact("clock", f"{seen.clock_offset:+.1f} s")
    if seen.ipv6:
        yield Fact("IPv6", seen.ipv6)
    if seen.quic:
        yield Fact("QUIC", words.QUIC.get(seen.quic, seen.quic))
    if seen.dead_resolvers:
        yield Fact("dead resolvers", ", ".join(seen.dead_resolvers))
    for health in seen.controls:
        yield Fact(f"control {health.label}", f"reached {health.reached} of {health.tried} references")
    for one in m.control_records:
        yield Fact(
            "control vantage",
            f"{one.vantage} ({one.country} AS{one.asn}), {one.age:.0f} s apart: {one.verdict}"
            + (f", HTTP {one.status}" if one.status else "")
            + (f", title {one.title!r}" if one.title else "")
            + f" ({one.id})",
        )
    if seen.note:
        yield Fact("note", seen.note)


def _meanings(m: Measurement) -> Iterator[Fact]:
    """Each failure met in the observations, once, with its cause."""
    kinds: dict[FailureKind, None] = {}
    for one in m.observations:
        if one.failure is not None:
            kinds[one.failure.kind] = None
        kinds.update(dict.fromkeys(getattr(one, "problems", ())))
        kinds.update((reply.failure, None) for reply in getattr(one, "replies", ()) if reply.failure is not None)
    yield from (Fact(kind, FAILURES[kind].cause) for kind in kinds)


def _origin(m: Measurement, where: str, sha256: str) -> Iterator[Fact]:
    yield Fact("id", m.id)
    yield Fact("run", m.run_id)
    yield Fact("time UTC", m.time)
    if where:
        yield Fact("line", where)
    if sha256:
        yield Fact("line sha256", sha256)
    if m.target_list:
        yield Fact("list sha256", m.target_list)
    yield Fact("tries", f"{m.tries} in {m.runtime:.1f} s; control: {m.control}")
    yield Fact("software", f"{m.software.name} {m.software.version}, Python {m.software.python}, {m.software.openssl}")
    yield Fact("rules", m.diagnosis.ruleset_version)
