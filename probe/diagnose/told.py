"""What another vantage's line is worth (`--control-vantage`): of the same endpoint, of another place, and in time.

A line from before we failed says nothing of the time after: the server may have failed in between, for everybody. So
only what was measured after our first failure is held against it: by clocks that are known to agree, or by a margin.
Our first failure may lie some runs back: who reached it while we had begun to fail, and fail still, tells it as well.
"""

from collections.abc import Iterable

from probe.diagnose.facts import OURS, Facts, Flow, Hop
from probe.model.diagnosis import Verdict
from probe.model.measurement import ControlRecord
from probe.model.observation import DNSLookup

REACHED = (Verdict.OK, Verdict.RESTRICTED, Verdict.INTERFERED)
AGREED = 5.0
"""Seconds by which two clocks may differ that were both held against the Date headers of references, to the second."""
DOUBTFUL = 300.0
"""Seconds by which a clock may be wrong that was held against none: the bound within which a vantage is fit."""


def others(facts: Facts) -> list[ControlRecord]:
    """The lines that are of this very URL and not of our own vantage: a list elsewhere may mean another by the id."""
    case = facts.case
    return [r for r in case.records if r.input in ("", case.url) and (not case.vantage or r.vantage != case.vantage)]


def told(facts: Facts) -> list[ControlRecord]:
    """Those that were measured after our first failure, of this measurement or of the ones in a row before it."""
    since = _failed_at(facts)
    return [r for r in others(facts) if _after(facts, r, since)]


def useful(facts: Facts) -> list[ControlRecord]:
    """Those of them that say how the endpoint was: reached, or down."""
    return [r for r in told(facts) if r.verdict in (*REACHED, Verdict.DOWN)]


def only_earlier(facts: Facts) -> bool:
    """Whether other vantages reached it before we failed, and nobody is known to have tried since."""
    return not told(facts) and any(r.verdict in REACHED for r in others(facts))


def passes_at_home(facts: Facts, flows: tuple[Flow, ...] | list[Flow]) -> bool:
    """Whether a vantage in our own country reached the endpoint, after we failed, at addresses at which we fail.

    What a server does to a whole country is ruled out then; and that a part of it, of those that share an address, is
    out of order for our region (anycast).
    """
    country, failing = facts.case.country, {f.address for f in flows}
    there = (r for r in told(facts) if r.verdict is Verdict.OK and country and r.country == country)
    return any(r.addresses and set(r.addresses) <= failing for r in there)


def led_elsewhere(facts: Facts, hop: Hop, flows: Iterable[Flow]) -> bool:
    """Whether all that is known of the endpoint from elsewhere is of other addresses than those at which we failed.

    Another region's part of a server may be well while ours is dark for everybody. A proxy does not say by which
    address it came, and tries ours besides.
    """
    ours, proxied = {f.address for f in flows}, facts.control_at(hop)
    there = [r for r in useful(facts) if r.verdict in REACHED]
    return bool(there) and not proxied and all(r.addresses and not ours & set(r.addresses) for r in there)


def _after(facts: Facts, record: ControlRecord, since: float) -> bool:
    if record.lag is None:
        return False
    if record.failing is not None:
        since = min(since, -record.failing)
    ours, theirs = facts.case.evidence.clock_offset, record.clock
    if ours is None or theirs is None:
        return record.lag > since + DOUBTFUL
    return record.lag - theirs + ours > since + AGREED


def _failed_at(facts: Facts) -> float:
    """When our first failure was known, in seconds since we began; of flows, and of names where no flow failed."""
    failed = [o for o in facts.case.observations if o.purpose in OURS and o.failure is not None]
    flows = [o for o in failed if not isinstance(o, DNSLookup)]
    return min((o.t0 + o.t for o in flows or failed), default=0.0)
