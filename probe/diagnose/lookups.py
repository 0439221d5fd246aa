"""One lookup and what it says by itself. Whose word counts, and against whose it is held, is for `facts`."""

from collections.abc import Iterable
from typing import NamedTuple

from probe.model.failure import FailureKind
from probe.model.observation import DNSLookup, DNSReply


class Lookup(NamedTuple):
    """A DNS lookup and its place among the observations."""

    at: int
    dns: DNSLookup


def answered(lookup: DNSLookup) -> bool:
    """Whether the resolver spoke at all: an address, or a denial. Silence and transport faults are no word."""
    denials = (FailureKind.DNS_NXDOMAIN, FailureKind.DNS_NO_ANSWER)
    return lookup.failure is None or lookup.failure.kind in denials


def word(reply: DNSReply) -> tuple[str, tuple[str, ...]]:
    """What a reply says, whatever else it carries: its RCODE and its addresses."""
    return reply.rcode, tuple(sorted(a.value for a in reply.answers if a.type in ("A", "AAAA")))


def conflicting(lookup: DNSLookup) -> bool:
    """Whether one question, sent once, had several valid answers that do not say the same."""
    if lookup.sent > 1:
        return False
    valid = [r for r in lookup.replies if r.failure is None and not r.truncated]
    return len({word(r) for r in valid}) > 1


def aliases_of(lookups: Iterable[Lookup]) -> frozenset[str]:
    """The canonical names that the answers lead to."""
    answers = (a for k in lookups for r in k.dns.replies if r.failure is None for a in r.answers)
    return frozenset(a.value.rstrip(".").lower() for a in answers if a.type == "CNAME")


def addresses_of(lookups: Iterable[Lookup]) -> frozenset[str]:
    """All addresses that these lookups gave."""
    return frozenset(a for k in lookups for a in k.dns.addresses)
