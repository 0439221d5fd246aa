"""From facts to a diagnosis: apply the tables, then compose the verdict.

Findings are independent; the verdict is one. It is composed in this order: was the endpoint reached as itself? If not,
could this vantage tell at all? Does a finding put the cause on the path? Does the server turn us away, is it down for
the control too? What remains is an anomaly: failed, and the evidence does not settle why.
"""

from probe.diagnose.considered import considered
from probe.diagnose.facts import Case, Facts, Hop, gather
from probe.diagnose.genuine import genuine
from probe.diagnose.outcomes import CONTENT, OUTCOMES
from probe.diagnose.rule import Outcome
from probe.diagnose.rules import TABLES
from probe.diagnose.vantage import unfit
from probe.model.diagnosis import Certainty, Diagnosis, Finding, Layer, Verdict

RULESET_VERSION = "2026.11.3"

_WEIGHT = {Certainty.CONFIRMED: 3, Certainty.LIKELY: 2, Certainty.POSSIBLE: 1, None: 0}
_LAYERS = list(Layer)


def diagnose(case: Case) -> Diagnosis:
    """The diagnosis of one measurement by today's rules."""
    return judge(gather(case))


def judge(facts: Facts) -> Diagnosis:
    """The diagnosis of facts that are gathered already: one gathering serves all that a run asks of it."""
    findings = tuple(finding for hop in facts.hops for finding in _findings(facts, hop))
    return _compose(facts, findings)


def _findings(facts: Facts, hop: Hop) -> list[Finding]:
    """At each hop, the first row that fires in each table."""
    found = []
    for table in TABLES:
        for rule in table:
            hit = rule.when(facts, hop)
            if hit is not None:
                found.append(
                    Finding(
                        rule=rule.id,
                        layer=rule.layer,
                        verdict=rule.verdict,
                        hop=hop.number,
                        mechanism=rule.mechanism,
                        certainty=hit.certainty or rule.certainty,
                        evidence=tuple(sorted(set(hit.evidence))),
                        note=hit.note,
                    )
                )
                break
    return found


def _compose(facts: Facts, findings: tuple[Finding, ...]) -> Diagnosis:
    reached = genuine(facts)
    why_not = unfit(facts, reached)
    if why_not is not None:
        return _plain(facts, why_not, findings)
    if reached and not findings:
        outcome = next((o for row in CONTENT if (o := row(facts)) is not None), None)
        return _plain(facts, outcome or Outcome("ok", Verdict.OK, "reached"), findings)
    if findings:
        return _judged(facts, findings, reached)
    outcome = next((o for row in OUTCOMES if (o := row(facts)) is not None), None)
    return _plain(facts, outcome or Outcome("anomaly", Verdict.ANOMALY, "failed, and nothing settles why"), findings)


def _judged(facts: Facts, findings: tuple[Finding, ...], reached: bool) -> Diagnosis:
    """The weightiest finding decides: of the earliest hop, of the lowest layer. Reached all the same: interfered."""
    deciding = min(findings, key=lambda f: (f.hop, _LAYERS.index(f.layer), -_WEIGHT[f.certainty]))
    verdict = Verdict.INTERFERED if reached else deciding.verdict
    return Diagnosis(
        verdict=verdict,
        ruleset_version=RULESET_VERSION,
        certainty=deciding.certainty,
        layer=deciding.layer,
        hop=deciding.hop,
        mechanism=deciding.mechanism,
        rule=deciding.rule,
        findings=findings,
        considered=considered(facts, findings),
    )


def _plain(facts: Facts, outcome: Outcome, findings: tuple[Finding, ...]) -> Diagnosis:
    """A verdict that no path finding decides. It is a finding itself, so that every verdict carries its rule."""
    layer = outcome.layer or _failing_layer(facts)
    own = Finding(
        rule=outcome.rule,
        layer=layer or Layer.HTTP,
        verdict=outcome.verdict,
        hop=facts.last.number,
        evidence=outcome.evidence,
        note=outcome.note,
    )
    return Diagnosis(
        verdict=outcome.verdict,
        ruleset_version=RULESET_VERSION,
        layer=None if outcome.verdict is Verdict.OK else layer,
        hop=facts.last.number if outcome.verdict is not Verdict.OK else 0,
        rule=outcome.rule,
        findings=(*findings, own) if outcome.verdict is not Verdict.OK or findings else (),
        considered=() if outcome.verdict is Verdict.OK else considered(facts, findings),
    )


def _failing_layer(facts: Facts) -> Layer | None:
    hop = facts.last
    if not hop.final:
        return Layer.QUIC if hop.quic else Layer.DNS
    stage = hop.final[0].stage
    return {"tcp": Layer.TCP, "tls": Layer.TLS, "http": Layer.HTTP}[stage]
