"""Two sets of facts in, changes out: what differs between two sides, and what may explain it. Pure.

Knows no file, no word and no width. How an endpoint stands on either side is `standing`'s to say; here two such states
are compared, by one table. A side that proves nothing makes an endpoint not comparable: never a change, in neither
direction. Certificates and addresses are compared beside the verdicts and change none of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from probe.timeline.standing import Standing, State


class Kind(StrEnum):
    """What happened to an endpoint from one side to the other. `failing` and `working` only of raw lines."""

    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    METHOD = "method"
    DOWN = "down"
    UP = "up"
    RESTRICTED = "restricted"
    UNRESTRICTED = "unrestricted"
    INTERFERED = "interfered"
    UNINTERFERED = "uninterfered"
    FAILING = "failing"
    WORKING = "working"
    NEW = "new"
    GONE = "gone"


class About(StrEnum):
    """What a change around the measurements concerns: it may explain every other change."""

    NETWORK = "network"
    FITNESS = "fitness"
    TARGETS = "targets"
    SOFTWARE = "software"
    RULES = "rules"


class Key(NamedTuple):
    """One endpoint; `vantage` is empty where two vantage points are compared with each other."""

    vantage: str
    target: str
    endpoint: str


class Leaf(NamedTuple):
    """A leaf certificate that the main flow met. `problems`: what is wrong with its chain; empty: it is genuine."""

    sha256: str
    issuer: str
    not_after: str
    problems: tuple[str, ...]


class Facts(NamedTuple):
    """One endpoint on one side: how it stands, and what the measurement behind that met."""

    state: State
    role: str = ""
    leaves: frozenset[Leaf] = frozenset()
    addresses: frozenset[str] = frozenset()


class Setting(NamedTuple):
    """What stood around the newest run of a vantage point on one side. Fields are sorted words; empty: not known."""

    country: tuple[str, ...] = ()
    asn: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    fitness: tuple[str, ...] = ()
    target_list: tuple[str, ...] = ()
    software: tuple[str, ...] = ()
    ruleset: tuple[str, ...] = ()


CONCERNS: dict[str, About] = {
    "country": About.NETWORK,
    "asn": About.NETWORK,
    "network": About.NETWORK,
    "resolvers": About.NETWORK,
    "fitness": About.FITNESS,
    "target_list": About.TARGETS,
    "software": About.SOFTWARE,
    "ruleset": About.RULES,
}
"""What each field of a setting concerns."""


class Shift(NamedTuple):
    """One field of a setting that is not the same on both sides."""

    vantage: str
    about: About
    field: str
    a: tuple[str, ...]
    b: tuple[str, ...]


class Change(NamedTuple):
    """One endpoint that changed. None: it is not there on that side."""

    kind: Kind
    key: Key
    a: Facts | None
    b: Facts | None


class Pair(NamedTuple):
    """One endpoint that is there on both sides."""

    key: Key
    a: Facts
    b: Facts


class Comparison(NamedTuple):
    """Everything that was found of the endpoints, each list in order of the keys.

    `changes` are of verdicts and of presence. `incomparable` are there on both sides, and one proves nothing.
    `certificates` and `addresses` may name endpoints that are in other lists too.
    """

    changes: tuple[Change, ...]
    incomparable: tuple[Pair, ...]
    unchanged: tuple[Pair, ...]
    certificates: tuple[Pair, ...]
    addresses: tuple[Pair, ...]


_ARRIVED = {
    Standing.BLOCKED: Kind.BLOCKED,
    Standing.DOWN: Kind.DOWN,
    Standing.RESTRICTED: Kind.RESTRICTED,
    Standing.INTERFERED: Kind.INTERFERED,
    Standing.FAILED: Kind.FAILING,
}
_LEFT = {
    Standing.BLOCKED: Kind.UNBLOCKED,
    Standing.DOWN: Kind.UP,
    Standing.RESTRICTED: Kind.UNRESTRICTED,
    Standing.INTERFERED: Kind.UNINTERFERED,
    Standing.FAILED: Kind.WORKING,
}
_REACHED = frozenset({Standing.OPEN, Standing.INTERFERED, Standing.RESTRICTED})

COMPARABLE = _REACHED | {Standing.DOWN, Standing.BLOCKED}
"""Only of these can one say that they changed. Raw lines may also be `failed`."""


def kind_of(a: Standing, b: Standing) -> Kind | None:
    """What happened between two standings that are comparable; None if they are the same.

    What was blocked and is reached again is unblocked first, however it is reached; what is down is down first.
    """
    if a == b:
        return None
    if a == Standing.BLOCKED and b in _REACHED:
        return Kind.UNBLOCKED
    return _LEFT[a] if b == Standing.OPEN else _ARRIVED[b]


def compare(a: Mapping[Key, Facts], b: Mapping[Key, Facts], *, raw: bool = False) -> Comparison:
    """What differs between side `a` and side `b`. `raw`: failures that prove nothing are compared as well."""
    changes: list[Change] = []
    incomparable: list[Pair] = []
    unchanged: list[Pair] = []
    comparable = COMPARABLE | {Standing.FAILED} if raw else COMPARABLE
    both = [Pair(key, a[key], b[key]) for key in sorted(a.keys() & b.keys())]
    for pair in both:
        stands = pair.a.state.standing, pair.b.state.standing
        if not comparable.issuperset(stands):
            incomparable.append(pair)
        elif kind := kind_of(*stands) or _method(pair):
            changes.append(Change(kind, *pair))
        else:
            unchanged.append(pair)
    changes += [Change(Kind.NEW, key, None, b[key]) for key in b.keys() - a.keys()]
    changes += [Change(Kind.GONE, key, a[key], None) for key in a.keys() - b.keys()]
    order = list(Kind)
    return Comparison(
        changes=tuple(sorted(changes, key=lambda one: (order.index(one.kind), one.key))),
        incomparable=tuple(incomparable),
        unchanged=tuple(unchanged),
        certificates=tuple(pair for pair in both if other_certificate(pair)),
        addresses=tuple(pair for pair in both if other_addresses(pair)),
    )


def _method(pair: Pair) -> Kind | None:
    """Another mechanism for the same standing. One that is not settled on a side is no other."""
    before, after = pair.a.state.said.mechanism, pair.b.state.said.mechanism
    named = pair.a.state.standing in (Standing.BLOCKED, Standing.INTERFERED) and before and after
    return Kind.METHOD if named and before != after else None


def other_certificate(pair: Pair) -> bool:
    """Whether no certificate was met on both sides, or a wrong one on only one of them.

    The addresses of one name may each have a certificate of their own; so one in common is enough to be the same.
    """
    a, b = pair.a.leaves, pair.b.leaves
    if not a or not b:
        return False
    wrong = {bool(leaf.problems) for leaf in a}, {bool(leaf.problems) for leaf in b}
    return wrong[0] != wrong[1] or not {leaf.sha256 for leaf in a} & {leaf.sha256 for leaf in b}


def other_addresses(pair: Pair) -> bool:
    """Whether the names were given different sets of addresses. Content networks rotate them: it proves nothing."""
    return bool(pair.a.addresses and pair.b.addresses) and pair.a.addresses != pair.b.addresses


def shifts(a: Mapping[str, Setting], b: Mapping[str, Setting]) -> tuple[Shift, ...]:
    """What is not the same around the measurements, by vantage point. What is not known on a side is no change."""
    found = []
    for vantage in sorted(a.keys() & b.keys()):
        for field, about in CONCERNS.items():
            before, after = getattr(a[vantage], field), getattr(b[vantage], field)
            if before and after and before != after:
                found.append(Shift(vantage, about, field, before, after))
    return tuple(found)
