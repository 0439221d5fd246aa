"""When a measurement deserves a second look: a control, experiments. Pure, and cheap: it runs after every try.

A healthy endpoint costs no extra connection: reached inside proven TLS, with the expected answer, by answers that agree
with independent resolvers. IPv6 that the vantage lacks, or that is broken for every target, is no reason either.
"""

from collections.abc import Iterable
from itertools import pairwise

from probe.diagnose.compare import held
from probe.diagnose.facts import Facts, Flow, Hop
from probe.diagnose.lookups import conflicting
from probe.diagnose.speed import speed
from probe.model.failure import FailureKind

SLOW = 16 * 1024
"""Bytes per second under which a transfer is slow enough to ask why."""


def wants_control(facts: Facts) -> bool:
    """Whether the endpoint should be asked for elsewhere too."""
    last, evidence = facts.last, facts.case.evidence
    if last.scheme == "dns":
        return not last.own_addresses or dns_suspicious(last)
    if last.scheme == "quic":
        return not last.quic_reached or dns_suspicious(last)
    ends = last.reached or (last.true_reached if last.own_is_dead else ())
    if not any(_settles(flow) for flow in ends):
        return True
    failed = [f for hop in facts.hops for f in hop.final if f.failure is not None]
    lacking = evidence.ipv6 in ("none", "broken")
    telling = [
        f for f in failed if not (":" in f.address and (lacking or _no_route(f))) and not _no_way(f, failed, ends)
    ]
    return bool(telling) or any(dns_suspicious(hop) for hop in facts.hops) or any(is_slow(f) for f in last.final)


def _no_route(flow: Flow) -> bool:
    return flow.failure is FailureKind.NETWORK_UNREACHABLE


def _no_way(flow: Flow, failed: Iterable[Flow], reached: Iterable[Flow]) -> bool:
    """Whether the vantage seems to have no route for the flow's whole family, and has one for the other."""
    six = ":" in flow.address
    lost = all(_no_route(f) for f in failed if (":" in f.address) is six)
    return lost and all((":" in f.address) is not six for f in reached)


def _settles(flow: Flow) -> bool:
    """Whether the answer needs no comparison: proven by TLS or by its exact content, and as expected."""
    if flow.http is None:
        return True
    if not held(flow) or (flow.http.status >= 400 and not flow.http.expectations):
        return False
    return flow.authenticated or bool(flow.http.expectations)


def dns_suspicious(hop: Hop) -> bool:
    """Whether the answers deserve a look: several to one question, none, or nothing in common with others."""
    if hop.own_is_dead or not hop.asked:
        return False
    return hop.disjoint or not hop.own_addresses or any(conflicting(k.dns) for k in hop.asked)


def misnamed(hop: Hop) -> bool:
    """Whether an address showed a certificate for another name: perhaps every resolver here is made to lie alike."""
    return any(f.failure is FailureKind.SSL_INVALID_HOSTNAME for f in hop.final)


def partly_failed(hop: Hop) -> bool:
    """Whether some addresses failed while others were reached."""
    failed = [f for f in hop.final if f.failure is not None and not _no_route(f)]
    return bool(hop.reached and failed)


def page_unproven(hop: Hop) -> bool:
    """Whether a cleartext page came that nothing proves to be the site's."""
    return any(f.http is not None and f.http.status and not f.http.tls and not _settles(f) for f in hop.final)


def is_slow(flow: Flow) -> bool:
    """Whether a body came, or was coming, suspiciously slowly."""
    found = speed(flow)
    return found is not None and found < SLOW


def led_astray(facts: Facts) -> Hop | None:
    """The first cleartext hop that leads to a host where no control was led; None if there is none."""
    known = {flow.address for flows in facts.control for flow in flows}
    for here, onward in pairwise(facts.hops):
        if known and here.scheme == "http" and here.host in known and onward.host not in known:
            return here
    return None
