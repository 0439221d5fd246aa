"""Verdicts without a mechanism: what a server may mean, and what a failure may mean. Vantages are `vantage`'s.

Each row asks the facts one question; the tables at the end say in which order. What the path did is not asked here:
that is what the rules find.
"""

from collections.abc import Callable

from probe.diagnose import fingerprints
from probe.diagnose.bogon import is_bogon
from probe.diagnose.compare import (
    TURNED_AWAY,
    control_depth,
    control_pages,
    control_state,
    healthy,
    no_better_there,
)
from probe.diagnose.facts import Depth, Facts, Flow, Hop
from probe.diagnose.fingerprints import Kind
from probe.diagnose.genuine import expected
from probe.diagnose.lookups import Lookup, answered
from probe.diagnose.rule import Outcome
from probe.diagnose.rules.tcp import usable
from probe.diagnose.vantage import met
from probe.model.diagnosis import ControlState, Layer, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Purpose, ResolverKind


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
        if http is None or not http.authenticated or http.status not in TURNED_AWAY:
            continue
        if expected(flow) or _control_like(facts, flow):
            continue
        note = f"{http.status} inside proven TLS: the server's own choice"
        return Outcome("http.turned_away", Verdict.RESTRICTED, note, flow.indexes)
    return None


def _control_like(facts: Facts, flow: Flow) -> bool:
    return flow.http is not None and any(page.status == flow.http.status for page in control_pages(facts))


_LOGIN = frozenset({"login", "signin", "sign_in", "sign-in", "log-in", "auth", "sso"})


def _login_wall(facts: Facts) -> Outcome | None:
    """The chain ends, inside proven TLS, at a page for signing in that was not asked for, and not for the control."""
    for flow in facts.last.final:
        http = flow.http
        if http is None or not http.authenticated or not facts.last.number or expected(flow):
            continue
        path = http.url.partition("://")[2].partition("/")[2].partition("?")[0].lower()
        asked = facts.case.url.partition("://")[2].partition("/")[2].lower()
        if _LOGIN & set(path.split("/")) and not _LOGIN & set(asked.partition("?")[0].split("/")):
            return Outcome("http.login_wall", Verdict.RESTRICTED, "the server asks to sign in", flow.indexes)
    return None


def _server_error(facts: Facts) -> Outcome | None:
    for flow in facts.last.final:
        http = flow.http
        if http is None or http.status < 500 or expected(flow):
            continue
        if _control_like(facts, flow) or http.authenticated:
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
        if _limits_everyone(facts, flow):
            continue
        missing = next(e.clause for e in http.expectations if not e.held)
        state = control_state(facts)
        if state is ControlState.REACHED:
            return Outcome("http.other_answer", Verdict.RESTRICTED, f"the server answers us otherwise: not {missing}",
                           flow.indexes)  # fmt: skip
        return Outcome("http.wrong_answer", Verdict.DOWN, f"the server is there and not itself: not {missing}",
                       flow.indexes)  # fmt: skip
    return None


def _limits_everyone(facts: Facts, flow: Flow) -> bool:
    """Limited federation: 401 or 403 in JSON where JSON was asked for, to the control as well. The server is itself."""
    http = flow.http
    if http is None or http.status not in (401, 403) or not _control_like(facts, flow):
        return False
    clauses = [e.clause for e in http.expectations if not e.held]
    return bool(clauses) and all(clause.startswith("json ") for clause in clauses)


def _dead_here(facts: Facts) -> Outcome | None:
    """Every address that we are given is dead for the control as well, which is led to others of the endpoint's.

    Only of addresses that are known to be the endpoint's: by a resolver that no path can forge, or by its own name for
    them. Of any others nothing is known but that they are dead.
    """
    hop = facts.last
    doh = {a for k in hop.trusted if k.dns.resolver.kind is ResolverKind.DOH for a in k.dns.addresses}
    ours = {f.address for f in hop.final}
    known = hop.one_alias or (bool(doh) and ours <= doh)
    if not ours or not known or hop.reached or not no_better_there(hop, hop.final):
        return None
    told = tuple(i for f in hop.by(Purpose.CONTROL_ADDRESS) if f.address in ours for i in f.indexes)
    note = "every address that we are given fails for the control as well, which is led to others"
    return Outcome("control.address_fails_too", Verdict.DOWN, note, met(hop) + told)


def _down_for_control(facts: Facts) -> Outcome | None:
    """No healthy control came further than we did."""
    hop = facts.last
    ours = max((f.depth for f in hop.ours), default=Depth.NOTHING)
    reached = control_depth(facts, hop)
    further = reached is not None and reached > ours and _differs(facts, hop)
    if control_state(facts) is ControlState.FAILED and not further:
        told = tuple(i for f in facts.control_ends() if healthy(facts, f) for i in f.indexes)
        return Outcome("control.fails_too", Verdict.DOWN, "fails here and from the control", met(hop) + told)
    return None


def _differs(facts: Facts, hop: Hop) -> bool:
    """Whether a control's chain ended in another way than ours at this hop, further on."""
    ends = [f for f in facts.control_ends() if healthy(facts, f) and f.address == hop.host]
    return any(f.depth > max((o.depth for o in hop.ours), default=Depth.NOTHING) for f in ends)


def _nobody_knows_it(facts: Facts) -> Outcome | None:
    """Own and independent resolvers agree that the name has no address, and no control found it.

    Or ours leads there what does not exist, as it does with a name that nobody ever had.
    """
    hop = facts.last
    words = [k for k in hop.trusted if answered(k.dns)]
    if (hop.own_addresses and not hop.own_invents) or not words or any(k.dns.addresses for k in words):
        return None
    if (control_depth(facts, hop) or Depth.NOTHING) > Depth.NOTHING:
        return None
    made_up = tuple(k.at for k in hop.lookups if k.dns.purpose is Purpose.RESOLVER_HEALTH)
    return Outcome("dns.gone", Verdict.DOWN, "no resolver knows an address of this name",
                   tuple(k.at for k in words) + made_up, Layer.DNS)  # fmt: skip


def _nobody_can_tell(facts: Facts) -> Outcome | None:
    """Every resolver fails on this name with SERVFAIL, over HTTPS as well: what they ask is out of order."""
    hop = facts.last
    words = tuple(k for k in (*hop.own, *hop.elsewhere) if k.dns.resolver.kind is not ResolverKind.SYSTEM)
    failed = {(k.dns.resolver.own, k.dns.resolver.kind is ResolverKind.DOH) for k in words if _said(k, _SERVFAIL)}
    both = any(own for own, _ in failed) and any(doh for _, doh in failed)
    if not both or hop.own_addresses or not all(_said(k, _SERVFAIL) or _said(k, FailureKind.TIMEOUT) for k in words):
        return None
    if (control_depth(facts, hop) or Depth.NOTHING) > Depth.NOTHING:
        return None
    note = "every resolver fails on this name, over HTTPS too: the name's own servers, or their signatures"
    return Outcome("dns.broken", Verdict.DOWN, note, tuple(k.at for k in words), Layer.DNS)


_SERVFAIL = FailureKind.DNS_SERVFAIL


def _said(lookup: Lookup, kind: FailureKind) -> bool:
    return lookup.dns.failure is not None and lookup.dns.failure.kind is kind


def _expired_for_everyone(facts: Facts) -> Outcome | None:
    """A chain that is trusted and for the name, with wrong dates alone: only the site itself can show that."""
    dates = {FailureKind.SSL_EXPIRED, FailureKind.SSL_NOT_YET_VALID}
    flows = [f for f in usable(facts, facts.last) if f.tls is not None and f.tls.problems]
    if flows and all(f.tls is not None and set(f.tls.problems) <= dates for f in flows):
        return Outcome("tls.dates", Verdict.DOWN, "the site's own certificate has wrong dates", flows[0].indexes)
    return None


def _control_unusable(facts: Facts) -> Outcome | None:
    if control_state(facts) is ControlState.UNUSABLE:
        told = tuple(i for f in facts.control_ends() for i in f.indexes)
        return Outcome("control.unusable", Verdict.INSUFFICIENT, "the control reaches nothing itself", told)
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
    _dead_here,
    _nobody_knows_it,
    _nobody_can_tell,
    _control_unusable,
)
"""What a failure may mean that no finding puts on the path, in order."""
