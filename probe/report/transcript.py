"""One measurement as a person can check it: what was tried, step by step, and what each conclusion rests on. Pure.

Puts the parts together: `transcript_steps` and `transcript_dns` group the observations and say them, the plain head is
`transcript_summary`, the text for a terminal `transcript_text`. All but the facts is in one language: strings from the
wire stand here as they were recorded, and whoever shows them cleans them.
"""

from collections.abc import Iterator

import msgspec

from probe.model.diagnosis import Certainty, Diagnosis, Finding, Layer, Verdict
from probe.model.failure import FailureKind
from probe.model.measurement import ControlRecord, EgressCheck, EgressOutcome, EgressWay, Measurement
from probe.model.observation import DNSLookup
from probe.report.language.dates import Dates
from probe.report.transcript_steps import OURS, Step, steps_of
from probe.report.transcript_summary import headline, summary
from probe.report.transcript_words import Words, source, words_of


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


class Transcript(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole measurement for people, in the language `lang`. `summary` is its head; `meanings` are the failures met,
    each with its cause."""

    lang: str = "en"

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
    lang: str = "en",
    where: str = "",
    sha256: str = "",
    recorded: Measurement | None = None,
) -> Transcript:
    """The transcript of one line, its times in `zone`, its sentences in a language of `languages()`.

    `where` is the line's place, `FILE:LINE`, and `sha256` the hash of the line as it lies on disk. `recorded` is what
    that line holds where the measurement was judged anew since.
    """
    words = words_of(lang)
    steps = steps_of(measurement.observations, words)
    findings = tuple(_cited(finding, measurement.diagnosis, steps, words) for finding in _findings(measurement))
    told = summary(measurement, steps, findings, Dates(words.catalogue, zone), recorded)
    return Transcript(
        lang=lang,
        headline=headline(measurement, words),
        summary=tuple(Fact(*one) for one in told),
        verdict=measurement.verdict,
        steps=steps,
        findings=findings,
        considered=tuple(
            Weighed(
                explanation=words.recorded(one.explanation),
                ruled_out=one.ruled_out,
                because=words.recorded(one.because),
            )
            for one in measurement.diagnosis.considered
        ),
        fitness=tuple(_fitness(measurement, words)),
        meanings=tuple(_meanings(measurement, words)),
        origin=tuple(_origin(measurement, where, sha256, words)),
    )


def found(finding: Cited, words: Words) -> str:
    """`dns.bogon: blocked (confirmed), at dns, hop 1; this one decided`."""
    hop = words.say("finding.hop", hop=finding.hop) if finding.hop else ""
    decided = words.say("finding.decided") if finding.decided else ""
    said = words.sure(finding.verdict, finding.certainty)
    return words.say("finding.line", rule=finding.rule, verdict=said, layer=finding.layer, hop=hop, decided=decided)


def backed(finding: Cited, words: Words) -> Iterator[str]:
    """What a finding means, which steps it rests on, why it holds, and where that is from."""
    if finding.note:
        yield finding.note
    if finding.steps:
        yield words.say("finding.rests", steps=words.numbered(finding.steps))
    if finding.comment:
        yield words.say("finding.holds", comment=finding.comment)
    if finding.source:
        yield words.say("finding.source", source=finding.source)


def weighed(one: Weighed, words: Words) -> str:
    """`wrong clock: ruled out (clock +0.2 s)`."""
    key = "weighed.out" if one.ruled_out else "weighed.stands"
    return words.say(key, explanation=one.explanation, because=one.because)


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


def _cited(finding: Finding, diagnosis: Diagnosis, steps: tuple[Step, ...], words: Words) -> Cited:
    return Cited(
        rule=finding.rule,
        verdict=finding.verdict,
        layer=finding.layer,
        hop=finding.hop,
        mechanism=finding.mechanism or "",
        certainty=finding.certainty,
        decided=finding.rule == diagnosis.rule and finding.hop == diagnosis.hop,
        note=words.recorded(finding.note),
        steps=tuple(step.number for step in steps if set(step.observations) & set(finding.evidence)),
        comment=words.comment(finding.rule),
        source=source(finding.rule),
    )


def _fitness(m: Measurement, words: Words) -> Iterator[Fact]:
    seen = m.fitness_evidence
    state = words.say("vantage.state", fitness=m.fitness, said=words.fitness(m.fitness))
    yield Fact(words.say("vantage.vantage"), state)
    counts = zip(("domestic", "domestic_of", "foreign", "foreign_of"), (*seen.domestic, *seen.foreign), strict=True)
    reached = words.say("vantage.reached", **dict(counts))
    yield Fact(words.say("vantage.references"), reached)
    if seen.clock_offset is not None:
        yield Fact(words.say("vantage.clock"), words.say("vantage.offset", offset=f"{seen.clock_offset:+.1f}"))
    if seen.ipv6:
        yield Fact("IPv6", words.name("ipv6", seen.ipv6))
    if seen.quic:
        yield Fact("QUIC", words.name("quic_known", seen.quic))
    if seen.egress is not None:
        yield Fact(words.say("vantage.egress"), _egress(seen.egress, m.asn, words))
    if seen.dead_resolvers:
        yield Fact(words.say("vantage.dead"), words.listed(seen.dead_resolvers))
    for health in seen.controls:
        said = words.say("vantage.health", reached=health.reached, tried=health.tried)
        yield Fact(words.say("vantage.control", label=health.label), said)
    for one in m.control_records:
        yield Fact(words.say("vantage.other"), _other(one, words))
    if seen.note:
        yield Fact(words.say("vantage.note"), words.recorded(seen.note))


def _egress(seen: EgressCheck, declared: int, words: Words) -> str:
    """`AS4134 and no other, as declared, by the table ip2asn.tsv`: by which networks the run left, and who says so."""
    undeclared = seen.outcome is EgressOutcome.UNKNOWN and seen.found
    found = words.listed(f"AS{number}" for number in seen.found)
    key = "vantage.egress_undeclared" if undeclared else f"egress.{seen.outcome}"
    said = words.say(key, found=found, declared=declared)
    names = {EgressWay.ASN_TABLE: ("table", seen.table), EgressWay.EGRESS_URL: ("page", seen.page)}
    by = (words.catalogue.say(f"egress.by_{kind}", name=name) for kind, name in map(names.__getitem__, seen.ways))
    return words.clauses([said, *by])


def _other(one: ControlRecord, words: Words) -> str:
    """What another vantage met at about that time."""
    where = f"{one.vantage} ({one.country} AS{one.asn})"
    apart = words.say(
        "vantage.apart", where=where, seconds=f"{one.age:.0f}", verdict=words.name("verdict", one.verdict)
    )
    parts = [apart] + ([f"HTTP {one.status}"] if one.status else [])
    parts += [words.say("vantage.title", title=repr(one.title))] if one.title else []
    return f"{words.clauses(parts)} ({one.id})"


def _meanings(m: Measurement, words: Words) -> Iterator[Fact]:
    """Each failure met in the observations, once, with its cause."""
    kinds: dict[FailureKind, None] = {}
    for one in m.observations:
        if one.failure is not None:
            kinds[one.failure.kind] = None
        kinds.update(dict.fromkeys(getattr(one, "problems", ())))
        kinds.update((reply.failure, None) for reply in getattr(one, "replies", ()) if reply.failure is not None)
    yield from (Fact(kind, words.cause(kind)) for kind in kinds)


def _origin(m: Measurement, where: str, sha256: str, words: Words) -> Iterator[Fact]:
    names = words.catalogue.under("transcript.from")
    yield Fact(names["id"], m.id)
    yield Fact(names["run"], m.run_id)
    yield Fact(names["time"], m.time)
    if where:
        yield Fact(names["line"], where)
    if sha256:
        yield Fact(names["line_sha256"], sha256)
    if m.target_list:
        yield Fact(names["list_sha256"], m.target_list)
    control = words.name("control_state", m.control)
    yield Fact(names["tries"], words.say("tried", count=m.tries, seconds=f"{m.runtime:.1f}", control=control))
    software = m.software
    yield Fact(names["software"], f"{software.name} {software.version}, Python {software.python}, {software.openssl}")
    yield Fact(names["rules"], m.diagnosis.ruleset_version)
