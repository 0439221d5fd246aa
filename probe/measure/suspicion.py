"""When a measurement deserves a second look: a control, experiments. Pure, and cheap: it runs after every try.

A healthy endpoint costs no extra connection: reached inside proven TLS, with the expected answer, by answers that agree
with independent resolvers.
"""

from probe.diagnose.compare import held
from probe.diagnose.facts import Facts, Flow, Hop

_SLOW = 16 * 1024
"""Bytes per second under which a transfer is slow enough to ask why."""
_ENOUGH = 2.0
"""Seconds a transfer must have lasted before its speed means anything."""


def wants_control(facts: Facts) -> bool:
    """Whether the endpoint should be asked for elsewhere too."""
    last = facts.last
    proven = [f for f in last.reached if _settles(f)]
    return not proven or dns_disagrees(last) or any(flow.failure for hop in facts.hops for flow in hop.final)


def _settles(flow: Flow) -> bool:
    """Whether the answer needs no comparison: proven by TLS or by its exact content, and as expected."""
    if flow.http is None:
        return True
    if not held(flow) or (flow.http.status >= 400 and not flow.http.expectations):
        return False
    return flow.authenticated or bool(flow.http.expectations)


def dns_disagrees(hop: Hop) -> bool:
    """Whether own and independent resolvers have nothing in common, or one question had several answers."""
    return hop.disjoint or any(len(k.dns.replies) > 1 and not k.dns.replies[0].truncated for k in hop.asked)


def is_slow(flow: Flow) -> bool:
    """Whether a body came, or was coming, suspiciously slowly."""
    http = flow.http
    if http is None or http.first_byte is None or not http.status:
        return False
    seconds = http.t - http.first_byte
    return seconds >= _ENOUGH and http.body_wire_bytes / seconds < _SLOW
