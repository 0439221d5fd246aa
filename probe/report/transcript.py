"""One measurement as a person can check it: what was tried, step by step, and what each conclusion rests on. Pure.

Knows the order and the grouping of observations; the words for one observation are `transcript_steps`, the text for a
terminal is `transcript_text`. Strings from the wire stand here as they were recorded: whoever shows them cleans them.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from probe.diagnose.rules import TABLES
from probe.model.diagnosis import Certainty, Diagnosis, Finding, Fitness, Verdict
from probe.model.failure import FAILURES, FailureKind
from probe.model.measurement import Measurement
from probe.report import times, words
from probe.report.gather import VantageKey
from probe.report.transcript_steps import Step, steps_of
from probe.report.transcript_words import VERDICTS

RESPONSIBLE = "This does not say who is responsible."


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
    """A whole measurement for people. `meanings` are the failures met, each with what causes it."""

    headline: str
    steps: tuple[Step, ...]
    findings: tuple[Cited, ...]
    considered: tuple[Weighed, ...]
    fitness: tuple[Fact, ...]
    meanings: tuple[Fact, ...]
    origin: tuple[Fact, ...]


def transcript(measurement: Measurement, zone: str = "UTC", *, sha256: str = "", recorded: str = "") -> Transcript:
    """The transcript of one line, its times in `zone`.

    `sha256` is the hash of the line as it lies on disk. `recorded` is the verdict on that line where the measurement
    was judged anew since.
    """
    steps = steps_of(measurement.observations)
    return Transcript(
        headline=_headline(measurement, zone),
        steps=steps,
        findings=tuple(_cited(finding, measurement.diagnosis, steps) for finding in measurement.diagnosis.findings),
        considered=tuple(
            Weighed(explanation=one.explanation, ruled_out=one.ruled_out, because=one.because)
            for one in measurement.diagnosis.considered
        ),
        fitness=tuple(_fitness(measurement)),
        meanings=tuple(_meanings(measurement)),
        origin=tuple(_origin(measurement, sha256, recorded)),
    )


def verdict_words(verdict: str, certainty: str | None) -> str:
    """`blocked (confirmed)`, `down`."""
    return f"{verdict} ({certainty})" if certainty else verdict


def _headline(m: Measurement, zone: str) -> str:
    where = words.place(VantageKey(m.vantage, m.country, m.asn))
    told = f"{m.target}/{m.endpoint} ({m.input}), measured from {where} on {_when(m.time, zone)}: {VERDICTS[m.verdict]}"
    if m.mechanism is not None:
        told += f": {words.MECHANISMS.get(m.mechanism, m.mechanism)}"
    if m.layer is not None:
        told += f" (seen at {m.layer.upper() if m.layer != 'speed' else 'speed'})"
    if m.certainty is not None:
        told += f"; this is {m.certainty}"
    return f"{told}. {_by(m.diagnosis)}{RESPONSIBLE}"


def _by(diagnosis: Diagnosis) -> str:
    """The evidence of the deciding finding in one sentence."""
    deciding = next((f for f in diagnosis.findings if f.rule == diagnosis.rule and f.hop == diagnosis.hop), None)
    if deciding is None:
        return f"By rule {diagnosis.rule}. " if diagnosis.rule else ""
    return f"By rule {deciding.rule}: {deciding.note}. " if deciding.note else f"By rule {deciding.rule}. "


def _when(time: str, zone: str) -> str:
    """The time to the second in that zone; as it was written where it is no time."""
    try:
        at = datetime.fromisoformat(time)
        return times.moment(times.Times(ZoneInfo(zone), years=True), at.timestamp(), seconds=True)
    except (ValueError, OverflowError):
        return time


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
        comment=rule.comment if rule is not None else "",
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


def _origin(m: Measurement, sha256: str, recorded: str) -> Iterator[Fact]:
    yield Fact("id", m.id)
    yield Fact("run", m.run_id)
    yield Fact("tries", f"{m.tries} in {m.runtime:.1f} s; control: {m.control}")
    yield Fact("software", f"{m.software.name} {m.software.version}, Python {m.software.python}, {m.software.openssl}")
    yield Fact("rules", m.diagnosis.ruleset_version)
    if recorded:
        yield Fact("on the line", f"{recorded}; judged anew here")
    yield Fact("list sha256", m.target_list)
    if sha256:
        yield Fact("line sha256", sha256)
