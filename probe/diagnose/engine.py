"""From facts to a diagnosis: apply the tables, then compose the verdict.

Findings are independent; the verdict is one. It is composed in this order: was the endpoint reached as itself? If not,
could this vantage tell at all? Does a finding put the cause on the path? Does the server turn us away, is it down for
the control too? What remains is an anomaly: failed, and the evidence does not settle why.
"""

from collections.abc import Callable
from typing import NamedTuple

from probe.diagnose import fingerprints
from probe.diagnose.bogon import is_bogon
from probe.diagnose.compare import control_depth, control_pages, control_state, healthy, held, same_page
from probe.diagnose.facts import Case, Depth, Facts, Flow, Hop, Lookup, answered, gather
from probe.diagnose.fingerprints import Kind
from probe.diagnose.rules import TABLES
from probe.diagnose.rules.tcp import usable
from probe.model.diagnosis import (
    Certainty,
    Considered,
    ControlState,
    Diagnosis,
    Finding,
    Fitness,
    Layer,
    Verdict,
)
from probe.model.failure import FailureKind

RULESET_VERSION = "2026.11.1"

UNFIT = frozenset(
    {
        Fitness.OFFLINE,
        Fitness.INTERNATIONAL_OUTAGE,
        Fitness.CAPTIVE_PORTAL,
        Fitness.VANTAGE_MISMATCH,
        Fitness.CLOCK_WRONG,
        Fitness.INTERCEPTED,
    }
)
"""A vantage in one of these states cannot tell a block from its own trouble. Broken IPv6 costs only IPv6."""
_TURNED_AWAY = frozenset({401, 403, 429, 451})
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


class Outcome(NamedTuple):
    """A verdict without a mechanism: a row of `OUTCOMES` that holds."""

    rule: str
    verdict: Verdict
    note: str
    evidence: tuple[int, ...] = ()
    layer: Layer | None = None


def _compose(facts: Facts, findings: tuple[Finding, ...]) -> Diagnosis:
    reached = genuine(facts)
    unfit = _unfit(facts, reached)
    if unfit is not None:
        return _plain(facts, unfit, findings)
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
        considered=considered(facts),
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
        considered=() if outcome.verdict is Verdict.OK else considered(facts),
    )


def genuine(facts: Facts) -> bool:
    """Whether some try met the endpoint itself: the chain's end was reached, and it is not shown to be something else.

    Over TLS the certificate says so. Over cleartext the expected answer says so, or the control's likeness, or, where
    neither is there, nothing speaks against it.
    """
    hop = facts.last
    if hop.scheme == "dns":
        return _only_dns(facts)
    ends = [f for f in (*hop.reached, *_fallback(hop)) if f.http is None or not f.http.location or held(f)]
    return any(_is_itself(facts, hop, f) for f in ends)


def _fallback(hop: Hop) -> tuple[Flow, ...]:
    """Flows to other resolvers' addresses count where the vantage's own are dead for every name."""
    return hop.true_reached if hop.own_is_dead and not hop.ours else ()


def _only_dns(facts: Facts) -> bool:
    hop = facts.last
    return hop.scheme == "dns" and bool(hop.own_addresses or (hop.own_is_dead and hop.trusted_addresses))


def _proven(flow: Flow) -> bool:
    return flow.authenticated or _expected(flow)


def _is_itself(facts: Facts, hop: Hop, flow: Flow) -> bool:
    if flow.authenticated or flow.http is None:
        return flow.authenticated or not hop.suspected_false(flow.address)
    if flow.http.expectations:
        return all(e.held for e in flow.http.expectations)
    pages = control_pages(facts)
    if pages:
        return any(same_page(flow.http, page) for page in pages)
    doubtful = control_state(facts) is ControlState.FAILED or hop.suspected_false(flow.address)
    return not doubtful and not any(_denies(k) for k in hop.trusted)


def _denies(lookup: Lookup) -> bool:
    return answered(lookup.dns) and not lookup.dns.addresses and lookup.dns.qtype == "A"


def _unfit(facts: Facts, reached: bool) -> Outcome | None:
    """Why this vantage cannot tell; None if it can.

    An endpoint that proved itself was reached, however unfit the vantage; unless it is not where it is said to be.
    """
    fitness = facts.case.fitness
    proven = fitness is not Fitness.VANTAGE_MISMATCH and any(_proven(f) for f in facts.last.reached)
    if fitness in UNFIT and not (reached and proven):
        return Outcome(f"vantage.{fitness}", Verdict.INSUFFICIENT, f"the vantage is unfit: {fitness}")
    if reached:
        return None
    flows = facts.last.final
    lacking = facts.case.evidence.ipv6 in ("none", "broken") or all(
        f.failure in (FailureKind.NETWORK_UNREACHABLE, FailureKind.HOST_UNREACHABLE) for f in flows
    )
    if flows and all(":" in f.address for f in flows) and lacking:
        return Outcome("vantage.no_ipv6", Verdict.INSUFFICIENT, "the endpoint is on IPv6 only, the vantage has none")
    if not facts.last.own and facts.last.asked and not facts.last.own_is_dead:
        note = "the vantage's resolvers answer for no name at all, and no other plain resolver does"
        return Outcome("vantage.no_dns", Verdict.INSUFFICIENT, note)
    if flows and all(f.failure is FailureKind.INTERRUPTED for f in flows):
        return Outcome("vantage.interrupted", Verdict.INSUFFICIENT, "the measurement was cut short")
    return None


def _marked_challenge(facts: Facts) -> Outcome | None:
    for flow in facts.last.final:
        if flow.http is None or not flow.http.status:
            continue
        challenge = [m for m in fingerprints.marks(flow.http, facts.case.marks) if m.kind is Kind.CHALLENGE]
        if challenge and not _control_like(facts, flow):
            return Outcome(
                "http.challenge", Verdict.RESTRICTED, f"a challenge page ({challenge[0].name})", flow.indexes
            )
    return None


def _turned_away(facts: Facts) -> Outcome | None:
    """Inside proven TLS the server answers this client 401, 403, 429 or 451, and does not answer the control so."""
    for flow in facts.last.final:
        http = flow.http
        if http is None or not http.authenticated or http.status not in _TURNED_AWAY:
            continue
        if _expected(flow) or _control_like(facts, flow):
            continue
        note = f"{http.status} inside proven TLS: the server's own choice"
        return Outcome("http.turned_away", Verdict.RESTRICTED, note, flow.indexes)
    return None


def _expected(flow: Flow) -> bool:
    return flow.http is not None and bool(flow.http.expectations) and all(e.held for e in flow.http.expectations)


def _control_like(facts: Facts, flow: Flow) -> bool:
    return flow.http is not None and any(page.status == flow.http.status for page in control_pages(facts))


_LOGIN = frozenset({"login", "signin", "sign_in", "sign-in", "log-in", "auth", "sso"})


def _login_wall(facts: Facts) -> Outcome | None:
    """The chain ends, inside proven TLS, at a page for signing in that was not asked for, and not for the control."""
    for flow in facts.last.final:
        http = flow.http
        if http is None or not http.authenticated or not facts.last.number or _expected(flow):
            continue
        path = http.url.partition("://")[2].partition("/")[2].partition("?")[0].lower()
        asked = facts.case.url.partition("://")[2].partition("/")[2].lower()
        if _LOGIN & set(path.split("/")) and not _LOGIN & set(asked.partition("?")[0].split("/")):
            return Outcome("http.login_wall", Verdict.RESTRICTED, "the server asks to sign in", flow.indexes)
    return None


def _server_error(facts: Facts) -> Outcome | None:
    for flow in facts.last.final:
        http = flow.http
        if http is None or http.status < 500 or _expected(flow):
            continue
        if _control_like(facts, flow) or (http.authenticated and not control_pages(facts)):
            return Outcome("http.server_error", Verdict.DOWN, f"the server answers {http.status}", flow.indexes)
    return None


def _leads_nowhere(facts: Facts) -> Outcome | None:
    """A redirect inside proven TLS that cannot be followed, or never ends: nobody on the path wrote that."""
    for flow in facts.last.final:
        http = flow.http
        if http is None or flow.failure not in _NOWHERE:
            continue
        alike = any(f.failure is flow.failure for f in facts.control_ends() if healthy(facts, f))
        if alike or (http.authenticated and control_state(facts) is not ControlState.REACHED):
            return Outcome("http.leads_nowhere", Verdict.DOWN, f"the server's redirect leads nowhere: {flow.failure}",
                           flow.indexes)  # fmt: skip
        if http.authenticated:
            return Outcome("http.other_redirect", Verdict.RESTRICTED, "the server redirects us otherwise, nowhere",
                           flow.indexes)  # fmt: skip
    return None


_NOWHERE = frozenset({FailureKind.HTTP_INVALID_LOCATION, FailureKind.HTTP_REDIRECT_LOOP})


def _site_says_bogon(facts: Facts) -> Outcome | None:
    """Independent resolvers give the same bogon: the site's own zone says so."""
    hop = facts.last
    if hop.only_bogons and hop.trusted_addresses and all(is_bogon(a) for a in hop.trusted_addresses):
        seen = tuple(k.at for k in (*hop.own, *hop.trusted))
        return Outcome("dns.site_says_bogon", Verdict.DOWN, "the site's own DNS says so", seen, Layer.DNS)
    return None


def _wrong_answer(facts: Facts) -> Outcome | None:
    """The server proved itself, and its answer is not the one that was expected."""
    for flow in facts.last.reached:
        http = flow.http
        if http is None or not http.authenticated or all(e.held for e in http.expectations):
            continue
        missing = next(e.clause for e in http.expectations if not e.held)
        state = control_state(facts)
        if state is ControlState.REACHED:
            return Outcome("http.other_answer", Verdict.RESTRICTED, f"the server answers us otherwise: not {missing}",
                           flow.indexes)  # fmt: skip
        return Outcome("http.wrong_answer", Verdict.DOWN, f"the server is there and not itself: not {missing}",
                       flow.indexes)  # fmt: skip
    return None


def _down_for_control(facts: Facts) -> Outcome | None:
    """No healthy control came further than we did."""
    hop = facts.last
    ours = max((f.depth for f in hop.ours), default=Depth.NOTHING)
    reached = control_depth(facts, hop)
    further = reached is not None and reached > ours and _differs(facts, hop)
    if control_state(facts) is ControlState.FAILED and not further:
        return Outcome("control.fails_too", Verdict.DOWN, "fails here and from the control")
    return None


def _differs(facts: Facts, hop: Hop) -> bool:
    """Whether a control's chain ended in another way than ours at this hop, further on."""
    ends = [f for f in facts.control_ends() if healthy(facts, f) and f.address == hop.host]
    return any(f.depth > max((o.depth for o in hop.ours), default=Depth.NOTHING) for f in ends)


def _nobody_knows_it(facts: Facts) -> Outcome | None:
    """Own and independent resolvers agree that the name has no address, and no control found it."""
    hop = facts.last
    words = [k for k in hop.trusted if answered(k.dns)]
    if hop.own_addresses or not words or any(k.dns.addresses for k in words):
        return None
    if (control_depth(facts, hop) or Depth.NOTHING) > Depth.NOTHING:
        return None
    return Outcome("dns.gone", Verdict.DOWN, "no resolver knows an address of this name", tuple(k.at for k in words))


def _expired_for_everyone(facts: Facts) -> Outcome | None:
    """A chain that is trusted and for the name, with wrong dates alone: only the site itself can show that."""
    dates = {FailureKind.SSL_EXPIRED, FailureKind.SSL_NOT_YET_VALID}
    flows = [f for f in usable(facts, facts.last) if f.tls is not None and f.tls.problems]
    if flows and all(f.tls is not None and set(f.tls.problems) <= dates for f in flows):
        return Outcome("tls.dates", Verdict.DOWN, "the site's own certificate has wrong dates", flows[0].indexes)
    return None


def _control_unusable(facts: Facts) -> Outcome | None:
    if control_state(facts) is ControlState.UNUSABLE:
        return Outcome("control.unusable", Verdict.INSUFFICIENT, "the control reaches nothing itself")
    return None


Row = Callable[[Facts], Outcome | None]
CONTENT: tuple[Row, ...] = (_marked_challenge, _turned_away, _login_wall, _server_error, _wrong_answer)
"""What a server that was reached may still mean, in order."""
OUTCOMES: tuple[Row, ...] = (
    _marked_challenge,
    _turned_away,
    _server_error,
    _wrong_answer,
    _leads_nowhere,
    _site_says_bogon,
    _expired_for_everyone,
    _down_for_control,
    _nobody_knows_it,
    _control_unusable,
)
"""What a failure may mean that no finding puts on the path, in order."""


def _failing_layer(facts: Facts) -> Layer | None:
    hop = facts.last
    if not hop.final:
        return Layer.DNS
    stage = hop.final[0].stage
    return {"tcp": Layer.TCP, "tls": Layer.TLS, "http": Layer.HTTP}[stage]


def considered(facts: Facts) -> tuple[Considered, ...]:
    """The innocent explanations, each with what rules it out or leaves it standing."""
    state, evidence, fitness = control_state(facts), facts.case.evidence, facts.case.fitness
    domestic, foreign = evidence.domestic, evidence.foreign
    references = f"references {domestic[0]}/{domestic[1]} domestic, {foreign[0]}/{foreign[1]} foreign"
    offset = evidence.clock_offset
    known = fitness is not Fitness.UNKNOWN
    counted = references if domestic[1] or foreign[1] else "no reference was measured"
    return (
        Considered(
            explanation="server fault or outage",
            ruled_out=state is ControlState.REACHED,
            because=f"control: {state}",
        ),
        Considered(
            explanation="vantage offline or captive portal",
            ruled_out=known and fitness not in (Fitness.OFFLINE, Fitness.CAPTIVE_PORTAL, Fitness.INTERNATIONAL_OUTAGE),
            because=counted,
        ),
        Considered(
            explanation="wrong clock",
            ruled_out=offset is not None and fitness is not Fitness.CLOCK_WRONG,
            because="no Date seen" if offset is None else f"clock {offset:+.1f} s",
        ),
        Considered(
            explanation="dead resolver",
            ruled_out=bool(facts.last.own) or not facts.last.asked,
            because="its answers to other names" if facts.last.own else "it answered no name in this run",
        ),
        Considered(
            explanation="a chance failure",
            ruled_out=facts.last.tries > 1,
            because=f"{facts.last.tries} spaced tries",
        ),
    )
