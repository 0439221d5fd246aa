"""Was the endpoint itself reached? Over TLS the certificate says so; over cleartext the answer must prove it."""

from probe.diagnose.bogon import is_bogon
from probe.diagnose.compare import control_pages, control_state, held, same_page, turns_away
from probe.diagnose.elsewhere import drawn_by_name
from probe.diagnose.facts import Facts, Flow, Hop
from probe.diagnose.fingerprints import announces
from probe.diagnose.lookups import Lookup, answered, conflicting
from probe.model.diagnosis import ControlState
from probe.model.observation import Purpose


def genuine(facts: Facts) -> bool:
    """Whether some try met the endpoint itself: the chain's end was reached, and it is not shown to be something else.

    Over TLS the certificate says so. Over cleartext the expected answer says so, or the control's likeness, or, where
    neither is there, nothing speaks against it.
    """
    hop = facts.last
    if hop.scheme == "dns":
        return _only_dns(facts)
    if hop.scheme == "quic":
        return bool(hop.quic_reached)
    return any(_is_itself(facts, hop, f) for f in (*hop.reached, *_fallback(hop)) if _ends_here(f))


def _ends_here(flow: Flow) -> bool:
    """Whether the chain ends with this answer. Where a redirect leads that came only in a second try nobody saw."""
    if flow.http is None or not flow.http.location:
        return True
    return expected(flow) if flow.purpose is Purpose.SECOND_TRY else held(flow)


def _fallback(hop: Hop) -> tuple[Flow, ...]:
    """Flows to other resolvers' addresses count where the vantage's own are dead for every name."""
    return hop.true_reached if hop.own_is_dead and not hop.ours else ()


def _only_dns(facts: Facts) -> bool:
    """An endpoint that is a name alone: some answer may be true. Nothing can be asked at the address, so what is false
    by itself (a bogon that others do not give) or shown to be forged does not count."""
    hop = facts.last
    if hop.own_is_dead:
        return bool(hop.trusted_addresses)
    if hop.own_addresses & hop.trusted_addresses:
        return True
    credible = any(not is_bogon(a) for a in hop.own_addresses)
    return credible and not hop.own_invents and not any(conflicting(k.dns) for k in hop.asked) and not _forged(hop)


def _forged(hop: Hop) -> bool:
    """Whether an address that runs no resolver answered for this very name."""
    canaries = (k.dns for k in hop.lookups if k.dns.purpose is Purpose.CANARY and k.dns.name == hop.host)
    return any(reply.failure is None for dns in canaries for reply in dns.replies)


def proven(flow: Flow) -> bool:
    return flow.authenticated or expected(flow)


def _is_itself(facts: Facts, hop: Hop, flow: Flow) -> bool:
    if flow.authenticated or flow.http is None:
        return flow.authenticated or not hop.suspected_false(flow.address)
    if flow.http.expectations:
        return all(e.held for e in flow.http.expectations)
    pages = control_pages(facts)
    announced = announces(flow.http, facts.case.marks)
    if announced and drawn_by_name(hop, flow.http):
        return False
    if any(same_page(flow.http, page) for page in control_pages(facts, earlier=True)):
        return True
    if announced or not all(turns_away(page) for page in pages):
        return False
    doubtful = control_state(facts) is ControlState.FAILED or hop.suspected_false(flow.address)
    return not doubtful and not any(_denies(k) for k in hop.trusted)


def _denies(lookup: Lookup) -> bool:
    return answered(lookup.dns) and not lookup.dns.addresses and lookup.dns.qtype == "A"


def expected(flow: Flow) -> bool:
    """Whether the endpoint expects something, and this answer is it."""
    return flow.http is not None and bool(flow.http.expectations) and all(e.held for e in flow.http.expectations)
