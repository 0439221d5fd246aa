"""What the vantage met, held against what the control met. Pure comparison: no rule is decided here.

A control is judged by how far it came, since a proxy hides causes; a control that reached none of the run's references,
or whose proxy failed, says nothing at all. What another vantage's line is worth is `told`'s to say.
"""

from collections.abc import Iterable

from probe.diagnose.facts import Depth, Facts, Flow, Hop
from probe.diagnose.told import REACHED, others, told, useful
from probe.model.diagnosis import ControlState, Fitness
from probe.model.failure import FailureKind
from probe.model.measurement import ControlRecord
from probe.model.observation import HTTPRoundTrip, Purpose

LIKE_LENGTH = 0.7
"""Two bodies of one page differ by less than this ratio (the bound of OONI's Web Connectivity)."""
TURNED_AWAY = frozenset({401, 403, 429, 451})
"""What a server says to a client that it does not let in."""


def healthy(facts: Facts, flow: Flow) -> bool:
    """Whether this control's word counts: its proxy worked, and it reached a reference if it tried any."""
    unwell = {h.label for h in facts.case.evidence.controls if h.tried and not h.reached}
    return flow.via not in unwell and flow.failure is not FailureKind.PROXY_FAILED


def control_state(facts: Facts) -> ControlState:
    """What the controls say of the endpoint as a whole."""
    ends = facts.control_ends()
    well = [flow for flow in ends if healthy(facts, flow)]
    records = useful(facts)
    if any(held(flow) for flow in well) or any(r.verdict in REACHED for r in records):
        return ControlState.REACHED
    if well or records:
        return ControlState.FAILED
    return ControlState.UNUSABLE if ends or told(facts) else ControlState.NONE


def held(flow: Flow) -> bool:
    """Whether a flow did its errand and met the answer that was expected."""
    return flow.depth is Depth.DONE and (flow.http is None or all(e.held for e in flow.http.expectations))


def control_depth(facts: Facts, hop: Hop) -> Depth | None:
    """How far the best healthy control came at this hop's host; None if none was there."""
    depths = [flow.depth for flow in facts.control_at(hop) if healthy(facts, flow)]
    if hop.number == 0 and alive(facts):
        depths += [Depth.DONE if r.verdict in REACHED else Depth.NOTHING for r in useful(facts)]
    return max(depths, default=None)


def alive(facts: Facts) -> bool:
    """Whether this vantage is known to have had a line: by its references, or by any answer in this measurement.

    Without either another vantage's word cannot be held against our failures: we may simply have been offline.
    """
    connected = (f for hop in facts.hops for f in hop.flows if f.tcp.failure is None)
    proxied = (f for flows in facts.control for f in flows if f.failure is not FailureKind.PROXY_FAILED)
    over_quic = (o for hop in facts.hops for _, o in hop.quic if o.datagrams_received)
    return facts.case.fitness is not Fitness.UNKNOWN or any(connected) or any(proxied) or any(over_quic)


def beyond(facts: Facts, hop: Hop, depth: Depth) -> bool:
    """Whether a control, or a true address tried from here, came further than `depth` at this hop."""
    reached = control_depth(facts, hop)
    return reached is not None and reached > depth


def depth_there(hop: Hop, address: str) -> Depth | None:
    """How far the control came at this very address, as the endpoint; None if it was not tried."""
    tried = [f for f in hop.by(Purpose.CONTROL_ADDRESS) if f.address == address]
    return max((f.depth for f in tried if f.failure is not FailureKind.PROXY_FAILED), default=None)


def address_works_there(hop: Hop, address: str) -> bool | None:
    """Whether the control reached this very address as the endpoint; None if it was not tried."""
    depth = depth_there(hop, address)
    return None if depth is None else depth is Depth.DONE


def no_better_there(hop: Hop, flows: Iterable[Flow]) -> bool:
    """Whether the control came no further at these very addresses than we did: then it is not our path that ends there.

    The addresses that a control is given itself may be others of the endpoint's, and well.
    """
    depths = [(depth_there(hop, f.address), f.depth) for f in flows]
    return all(there is not None and there <= ours for there, ours in depths)


def false_address(facts: Facts, hop: Hop, address: str) -> bool:
    """Whether the answer that gave `address` is shown to be false.

    Unlike answers alone prove nothing (a CDN answers everybody differently): besides, the address must fail to be the
    endpoint, while the endpoint is there at another address or for the control. Where no independent resolver spoke,
    the control stands in for one if it met another server at this very address and the endpoint elsewhere.
    """
    if address in hop.proven or address_works_there(hop, address):
        return False
    if hop.suspected_false(address):
        return bool(hop.true_reached) or beyond(facts, hop, _best(hop, address))
    return not hop.trusted and _another_there(hop, address) and control_depth(facts, hop) is Depth.DONE


def _another_there(hop: Hop, address: str) -> bool:
    """Whether the control met a server at this address whose certificate is not the endpoint's."""
    tried = [f for f in hop.by(Purpose.CONTROL_ADDRESS) if f.address == address]
    return any(f.failure is FailureKind.SSL_INVALID_HOSTNAME for f in tried)


def _best(hop: Hop, address: str) -> Depth:
    return max((f.depth for f in hop.ours if f.address == address), default=Depth.NOTHING)


def same_page(ours: HTTPRoundTrip, theirs: HTTPRoundTrip | ControlRecord) -> bool:
    """Whether two answers are one page: the same bytes; or the same status, and the same title or about its length."""
    if ours.body_sha256 == theirs.body_sha256 and ours.status == theirs.status:
        return True
    if ours.status != theirs.status:
        return False
    if ours.title or theirs.title:
        return ours.title == theirs.title
    longest = max(ours.body_bytes, theirs.body_bytes)
    return longest == 0 or min(ours.body_bytes, theirs.body_bytes) / longest >= LIKE_LENGTH


def turns_away(page: HTTPRoundTrip | ControlRecord) -> bool:
    """Whether a page turns its reader away, as controls in data centres often are: it shows nothing of the site."""
    return page.status in TURNED_AWAY or page.status >= 500


def control_pages(facts: Facts, *, earlier: bool = False) -> list[HTTPRoundTrip | ControlRecord]:
    """The final pages of healthy controls; with `earlier` also those that other vantages saw before we failed."""
    pages: list[HTTPRoundTrip | ControlRecord] = [
        f.http for f in facts.control_ends() if f.http is not None and f.http.status and healthy(facts, f)
    ]
    return pages + [r for r in (others(facts) if earlier else told(facts)) if r.status]
