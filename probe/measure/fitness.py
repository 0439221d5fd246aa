"""Whether the vantage can measure at all, told by references: harmless places with known exact answers.

One dead address or a captive portal looks the same, target by target, as a censor; only the references tell. Pure: it
reads what was seen of the references and judges it by the table below; measuring them is `runner`'s work.
"""

import statistics
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from probe.measure.egress import UNASKED, Egress, checked, mismatch, remark
from probe.model.diagnosis import Fitness
from probe.model.failure import FailureKind
from probe.model.measurement import FitnessEvidence
from probe.model.observation import DNSLookup, HTTPRoundTrip, Observation, Purpose, TCPConnect, TLSHandshake
from probe.model.vantage import Vantage

CLOCK_TOLERANCE = 300.0
"""Seconds that HTTP Date headers may differ from our clock (FACTS: 5 minutes)."""
_OURS = (Purpose.MAIN, Purpose.RETRY)
_ANY_ADDRESS = (*_OURS, Purpose.TRUE_ADDRESS)
"""A reference may be found by any resolver: what is asked here is whether the line works, not who answers names."""
_UNTRUSTED = {FailureKind.SSL_UNKNOWN_AUTHORITY, FailureKind.SSL_SELF_SIGNED}


class Seen(NamedTuple):
    """What was seen of one reference endpoint. `started` is the wall clock at its start."""

    country: str
    started: float
    observations: Sequence[Observation]


class _Reading(NamedTuple):
    domestic: bool
    reached: bool
    altered: bool
    shook: bool
    untrusted: bool


def judge(seen: Sequence[Seen], vantage: Vantage, egress: Egress = UNASKED) -> tuple[Fitness, FitnessEvidence]:
    """The fitness of a vantage and the evidence for it. No references: `unknown`.

    `egress` says by which networks we leave, as far as that was asked for.
    """
    readings = [_read(one, vantage.country) for one in seen]
    domestic = [r.reached for r in readings if r.domestic]
    foreign = [r.reached for r in readings if not r.domestic]
    offset = clock_offset(seen)
    evidence = FitnessEvidence(
        domestic=(sum(domestic), len(domestic)),
        foreign=(sum(foreign), len(foreign)),
        clock_offset=None if offset is None else round(offset, 1),
        ipv6=ipv6_state([o for one in seen for o in one.observations]),
        dead_resolvers=dead_resolvers([o for one in seen for o in one.observations]),
        note=mismatch(vantage, egress) or remark(vantage, egress),
        egress=checked(vantage, egress),
    )
    if mismatch(vantage, egress):
        return Fitness.VANTAGE_MISMATCH, evidence
    return _verdict(readings, domestic, foreign, offset, evidence.ipv6), evidence


def _verdict(
    readings: list[_Reading], domestic: list[bool], foreign: list[bool], offset: float | None, ipv6: str
) -> Fitness:
    """The table, most telling first."""
    total = len(readings)
    table: tuple[tuple[Fitness, bool], ...] = (
        (Fitness.UNKNOWN, total == 0),
        (Fitness.CLOCK_WRONG, offset is not None and abs(offset) > CLOCK_TOLERANCE),
        (Fitness.INTERCEPTED, _most([r.untrusted for r in readings if r.shook])),
        (Fitness.CAPTIVE_PORTAL, _most([r.altered for r in readings])),
        (Fitness.OFFLINE, total > 0 and not any(r.reached for r in readings)),
        (Fitness.INTERNATIONAL_OUTAGE, bool(foreign) and not any(foreign) and _most(domestic)),
        (Fitness.IPV6_BROKEN, ipv6 == "broken" and _fit(domestic, foreign)),
        (Fitness.FIT, _fit(domestic, foreign)),
    )
    return next((fitness for fitness, holds in table if holds), Fitness.UNKNOWN)


def _fit(domestic: list[bool], foreign: list[bool]) -> bool:
    return (not domestic or _most(domestic)) and (not foreign or _most(foreign))


def _most(flags: list[bool]) -> bool:
    """At least two of three."""
    return bool(flags) and 3 * sum(flags) >= 2 * len(flags)


def _read(one: Seen, country: str) -> _Reading:
    ours = [o for o in one.observations if o.purpose in _ANY_ADDRESS]
    finals = [o for o in ours if isinstance(o, HTTPRoundTrip) and o.status and not o.location]
    reached = any(o.failure is None and all(e.held for e in o.expectations) for o in finals)
    shaken = [o for o in one.observations if isinstance(o, TLSHandshake) and o.certificates]
    redirected = any(o.location for o in ours if isinstance(o, HTTPRoundTrip))
    return _Reading(
        domestic=bool(one.country) and one.country == country,
        reached=reached,
        altered=any(not e.held for o in finals for e in o.expectations) or (redirected and not reached),
        shook=bool(shaken),
        untrusted=bool(shaken) and all(_UNTRUSTED & set(o.problems) for o in shaken),
    )


def clock_offset(seen: Sequence[Seen]) -> float | None:
    """Seconds our clock is ahead of the references' Date headers (median); None if none was readable.

    Taken also from references whose certificate looks expired: a wrong clock makes them look so.
    """
    offsets = []
    for one in seen:
        for o in one.observations:
            if isinstance(o, HTTPRoundTrip) and o.purpose in _ANY_ADDRESS and o.first_byte is not None:
                headers = {name.lower(): value for name, value in o.headers}
                served = _epoch(headers.get("date", ""))
                if served is not None:
                    offsets.append(one.started + o.first_byte - served - _age(headers.get("age", "")))
    return statistics.median(offsets) if offsets else None


def _epoch(date: str) -> float | None:
    """Epoch seconds of a Date header. One without a zone is UTC (RFC 9110 section 5.6.7), never local time."""
    try:
        parsed = parsedate_to_datetime(date)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _age(text: str) -> int:
    """Seconds an answer has lain in a cache, whose Date is that of its origin (RFC 9111 section 5.1)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def ipv6_state(observations: Sequence[Observation]) -> str:
    """`ok` if some IPv6 flow came through, `none` without a route, `broken` if all fail otherwise; empty: not tried."""
    flows: dict[int, list[Observation]] = {}
    for o in observations:
        if isinstance(o, TCPConnect | TLSHandshake | HTTPRoundTrip) and ":" in o.address and o.purpose in _OURS:
            flows.setdefault(o.transaction_id, []).append(o)
    if not flows:
        return ""
    ends = [flow[-1].failure for flow in flows.values()]
    if any(end is None for end in ends):
        return "ok"
    unreachable = {FailureKind.NETWORK_UNREACHABLE, FailureKind.HOST_UNREACHABLE}
    return "none" if all(end is not None and end.kind in unreachable for end in ends) else "broken"


def dead_resolvers(observations: Sequence[Observation]) -> tuple[str, ...]:
    """Addresses of resolvers that gave no address for any name: what they say of one name proves nothing.

    getaddrinfo has no address and appears as the empty string.
    """
    asked: dict[str, bool] = {}
    for o in observations:
        if isinstance(o, DNSLookup) and o.purpose in _OURS:
            asked[o.resolver.address] = asked.get(o.resolver.address, False) or bool(o.addresses)
    return tuple(sorted(address for address, answered in asked.items() if not answered))
