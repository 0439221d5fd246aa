"""Observations, flattened into the questions that rules ask. Facts only: what is likely or meant is the rules' to say.

A measurement becomes one `Hop` per redirect; a hop has its lookups, and its flows sorted by why they were made. Every
fact keeps the indexes of the observations it rests on, so that a finding can cite them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from probe.diagnose.bogon import is_bogon
from probe.diagnose.fingerprints import Fingerprint
from probe.diagnose.lookups import Lookup, addresses_of, aliases_of, answered, conflicting, word
from probe.diagnose.neighbours import apart
from probe.model.diagnosis import Fitness
from probe.model.failure import FailureKind
from probe.model.measurement import ControlRecord, FitnessEvidence
from probe.model.observation import (
    DNSLookup,
    HTTPRoundTrip,
    Observation,
    Purpose,
    QUICHandshake,
    ResolverKind,
    TCPConnect,
    TLSHandshake,
)

OURS = (Purpose.MAIN, Purpose.RETRY)
DATES = frozenset({FailureKind.SSL_EXPIRED, FailureKind.SSL_NOT_YET_VALID})
"""What is wrong with a certificate that is right but for the time."""


class Depth(IntEnum):
    """How far a flow came: nothing, an open connection, an answer in TLS, an HTTP status, the whole errand."""

    NOTHING = 0
    CONNECTED = 1
    SHAKEN = 2
    ANSWERED = 3
    DONE = 4


class Case(NamedTuple):
    """What is to be judged: everything a measurement holds but its verdict. `marks`: the user's own fingerprints.

    `vantage` is its name and `country` where it stands, both as declared.
    """

    url: str
    observations: tuple[Observation, ...]
    fitness: Fitness = Fitness.UNKNOWN
    evidence: FitnessEvidence = FitnessEvidence()
    records: tuple[ControlRecord, ...] = ()
    marks: tuple[Fingerprint, ...] = ()
    vantage: str = ""
    country: str = ""


@dataclass(frozen=True)
class Flow:
    """One transaction: the stages on one socket, with their indexes."""

    indexes: tuple[int, ...]
    address: str
    purpose: Purpose
    attempt: int
    via: str
    tcp: TCPConnect
    tls: TLSHandshake | None = None
    http: HTTPRoundTrip | None = None

    @property
    def last(self) -> TCPConnect | TLSHandshake | HTTPRoundTrip:
        """The last stage that was walked."""
        return self.http or self.tls or self.tcp

    @cached_property
    def failure(self) -> FailureKind | None:
        """What ended it; None if nothing did."""
        return None if self.last.failure is None else self.last.failure.kind

    @cached_property
    def depth(self) -> Depth:
        """How far it came. A handshake on a wrong certificate counts as an answer in TLS: the server spoke."""
        if self.failure is None:
            return Depth.DONE
        if self.http is not None and self.http.status:
            return Depth.ANSWERED
        if self.http is not None or (self.tls is not None and self.tls.certificates):
            return Depth.SHAKEN
        return Depth.CONNECTED if self.tcp.failure is None else Depth.NOTHING

    @property
    def authenticated(self) -> bool:
        """Whether TLS proved the peer to be the endpoint: the one proof that no path can forge."""
        return self.tls is not None and self.tls.failure is None

    @property
    def outdated(self) -> bool:
        """Whether the peer showed a trusted certificate for the name with nothing wrong but its dates."""
        return self.tls is not None and bool(self.tls.problems) and set(self.tls.problems) <= DATES

    @property
    def stage(self) -> str:
        """`tcp`, `tls` or `http`: the stage that was walked last."""
        return "http" if self.http is not None else "tls" if self.tls is not None else "tcp"


@dataclass(frozen=True)
class Hop:
    """One step of the redirect chain and everything tried around it."""

    number: int
    scheme: str
    host: str
    dead: frozenset[str]
    lookups: tuple[Lookup, ...]
    flows: tuple[Flow, ...]
    quic: tuple[tuple[int, QUICHandshake], ...] = ()

    def by(self, *purposes: Purpose) -> tuple[Flow, ...]:
        """The flows made for these purposes, in order."""
        return tuple(flow for flow in self.flows if flow.purpose in purposes)

    @cached_property
    def tries(self) -> int:
        """How many tries of the main flow came to this hop."""
        return 1 + max((f.attempt for f in self.ours), default=max((k.dns.attempt for k in self.asked), default=0))

    @cached_property
    def ours(self) -> tuple[Flow, ...]:
        """Main flows and their retries: to addresses that the vantage's own resolvers gave."""
        return self.by(*OURS)

    @cached_property
    def final(self) -> tuple[Flow, ...]:
        """The main flows of the last try."""
        last = max((f.attempt for f in self.ours), default=0)
        return tuple(f for f in self.ours if f.attempt == last)

    @cached_property
    def asked(self) -> tuple[Lookup, ...]:
        """The lookups of the tries, without experiments."""
        return tuple(k for k in self.lookups if k.dns.purpose in OURS)

    @cached_property
    def last_asked(self) -> tuple[Lookup, ...]:
        """The lookups of the last try."""
        last = max((k.dns.attempt for k in self.asked), default=0)
        return tuple(k for k in self.asked if k.dns.attempt == last)

    @cached_property
    def own(self) -> tuple[Lookup, ...]:
        """What the vantage's own resolvers said in the last try; those that are dead for every name say nothing."""
        return tuple(k for k in self.last_asked if k.dns.resolver.own and k.dns.resolver.address not in self.dead)

    @cached_property
    def elsewhere(self) -> tuple[Lookup, ...]:
        """What resolvers that are not the vantage's own said in the last try; dead ones aside."""
        return tuple(k for k in self.last_asked if not k.dns.resolver.own and k.dns.resolver.address not in self.dead)

    @cached_property
    def trusted(self) -> tuple[Lookup, ...]:
        """The best independent word on the name in the last try: DoH, else other resolvers, else none.

        DoH is authenticated; a plain resolver elsewhere is on the same path as a forger, and one whose question had
        several answers proves nothing but that. Where the network answers for addresses that run no resolver, whatever
        the name, it answers for the plain resolvers too: they are the own one's voice.
        """
        others = [k for k in self.elsewhere if not conflicting(k.dns)]
        doh = tuple(k for k in others if k.dns.resolver.kind is ResolverKind.DOH and answered(k.dns))
        canaries = (k.dns for k in self.lookups if k.dns.purpose is Purpose.CANARY)
        one_voice = any(c.name != self.host and any(r.failure is None for r in c.replies) for c in canaries)
        plain = tuple(k for k in others if k.dns.resolver.kind is not ResolverKind.DOH)
        return doh or (() if one_voice else plain)

    @cached_property
    def own_addresses(self) -> frozenset[str]:
        """The addresses of the vantage's own resolvers, in the last try."""
        return addresses_of(self.own)

    @cached_property
    def machine_addresses(self) -> frozenset[str]:
        """Addresses that getaddrinfo alone knows, while the nameserver that it asks gave us others.

        Of this machine, not of the network: its hosts file, a cache, a filter that runs on it.
        """
        system = tuple(k for k in self.own if k.dns.resolver.kind is ResolverKind.SYSTEM)
        asked = addresses_of(k for k in self.own if k.dns.resolver.kind is not ResolverKind.SYSTEM)
        return addresses_of(system) - asked if asked else frozenset()

    @cached_property
    def trusted_addresses(self) -> frozenset[str]:
        """The addresses the independent resolvers gave in the last try."""
        return addresses_of(self.trusted)

    @cached_property
    def late_addresses(self) -> frozenset[str]:
        """Addresses that came only in later replies to a question that had several answers: true ones, perhaps."""
        conflicted = [k.dns for k in self.last_asked if conflicting(k.dns)]
        first = {a for dns in conflicted for a in word(dns.replies[0])[1]}
        return frozenset(a for dns in conflicted for r in dns.replies[1:] for a in word(r)[1]) - first

    @cached_property
    def own_invents(self) -> bool:
        """Whether the own resolver has an address for a name that nobody ever had: it rewrites what does not exist."""
        made_up = (k.dns for k in self.lookups if k.dns.purpose is Purpose.RESOLVER_HEALTH)
        return any(dns.addresses and dns.resolver.own for dns in made_up)

    @cached_property
    def own_is_dead(self) -> bool:
        """Whether every own resolver is dead, and others can stand in for it.

        Others can if one of them answers over plain DNS (or ours denied every name, knowing another world): then only
        this resolver is unfit. If nothing but DoH works, the vantage has no DNS, and nothing stands in for that.
        """
        own = [k for k in self.last_asked if k.dns.resolver.own]
        if not own or self.own:
            return False
        plain = any(k.dns.resolver.kind is not ResolverKind.DOH for k in self.elsewhere)
        return plain or any(answered(k.dns) for k in own)

    @cached_property
    def proven(self) -> frozenset[str]:
        """Addresses that proved themselves to be the endpoint's, by a certificate valid for its name.

        One whose dates alone are wrong proves it too: a trusted authority gave it to the endpoint and to nobody else.
        What an innocent proved under its own name is no proof of ours.
        """
        ours = [f for f in self.flows if f.purpose not in (Purpose.CONTROL_SNI, Purpose.CONTROL_SPEED) and not f.via]
        over_tls = {f.address for f in ours if f.authenticated or f.outdated}
        return frozenset(over_tls | {o.address for _, o in self.quic if o.failure is None and o.purpose in OURS})

    @cached_property
    def disjoint(self) -> bool:
        """Own and independent answers exist and have nothing in common: no network, no canonical name."""
        return apart(self.own_addresses, self.trusted_addresses) and not self.one_alias

    @cached_property
    def one_alias(self) -> bool:
        """Whether own and independent answers give the name one canonical name: one operator's, by region perhaps."""
        return bool(aliases_of(self.own) & aliases_of(self.trusted))

    @cached_property
    def only_bogons(self) -> bool:
        """Every address of the own answer is a bogon."""
        return bool(self.own_addresses) and all(is_bogon(a) for a in self.own_addresses)

    @cached_property
    def reached(self) -> tuple[Flow, ...]:
        """Main flows, of any try, that did their whole errand; the one made after all others were asked as well.

        Whoever was well later says nothing of a time at which nobody else was asked.
        """
        return tuple(f for f in (*self.ours, *self.by(Purpose.SECOND_TRY)) if f.depth is Depth.DONE)

    @cached_property
    def quic_reached(self) -> tuple[int, ...]:
        """Handshakes of a `quic://` endpoint that were done: with a certificate valid for its name, so no path's."""
        ours = OURS if not self.own_is_dead else (*OURS, Purpose.TRUE_ADDRESS)
        return tuple(i for i, o in self.quic if o.failure is None and o.purpose in ours)

    @cached_property
    def ends(self) -> tuple[Flow, ...]:
        """The last try's flows; for an address that no longer connects, though it did: the first that connected.

        After a forbidden name some paths drop everything to the address for minutes (residual blocking): what the
        later tries meet there is not what a user meets first.
        """
        connected: dict[str, Flow] = {}
        for flow in self.ours:
            if flow.tcp.failure is None:
                connected.setdefault(flow.address, flow)
        return tuple(connected.get(f.address, f) if f.failure is FailureKind.TIMEOUT and f.stage == "tcp" else f
                     for f in self.final)  # fmt: skip

    @cached_property
    def candidates(self) -> tuple[Flow, ...]:
        """Flows whose end may tell of the true endpoint: the tries' ends, and those to other true addresses."""
        return (*self.ends, *self.by(Purpose.TRUE_ADDRESS))

    @cached_property
    def true_reached(self) -> tuple[Flow, ...]:
        """Flows to addresses of independent resolvers that did their whole errand."""
        return tuple(f for f in self.by(Purpose.TRUE_ADDRESS) if f.depth is Depth.DONE)

    def suspected_false(self, address: str) -> bool:
        """Whether an own address is not known to be the endpoint's, and others of its family are known to be.

        Each family is held against itself: a forger may answer for one and leave the other alone.
        """
        if address in self.trusted_addresses | self.proven | self.machine_addresses:
            return False
        own, others = (frozenset(a for a in found if (":" in a) is (":" in address))
                       for found in (self.own_addresses, self.trusted_addresses))  # fmt: skip
        return self.disjoint or (apart(own, others) and not self.one_alias)


@dataclass(frozen=True)
class Facts:
    """A whole measurement, ready to be asked."""

    case: Case
    hops: tuple[Hop, ...]
    control: tuple[tuple[Flow, ...], ...]
    usable: dict[int, tuple[Flow, ...]] = field(default_factory=dict, compare=False)
    """What `rules.tcp.usable` found at each hop: two dozen rules ask the same."""

    @cached_property
    def last(self) -> Hop:
        """The hop at which the chain ended in the last try."""
        final = max((h.tries for h in self.hops), default=1) - 1
        there = [h for h in self.hops if any(o.attempt == final for o in _tried(h))]
        return there[-1] if there else self.hops[-1]

    def control_at(self, hop: Hop) -> tuple[Flow, ...]:
        """What the controls met at the same host, whichever hop of theirs it was."""
        return tuple(f for flows in self.control for f in flows if f.address == hop.host)

    def control_ends(self) -> tuple[Flow, ...]:
        """The last flow of each control's chain."""
        return tuple(flows[-1] for flows in self.control if flows)


def _tried(hop: Hop) -> Iterable[DNSLookup | TCPConnect]:
    yield from (f.tcp for f in hop.ours)
    yield from (k.dns for k in hop.asked)


def gather(case: Case) -> Facts:
    """Flatten a case. A case without observations has one empty hop."""
    flows = _flows(case.observations)
    dead = frozenset(case.evidence.dead_resolvers)
    numbers = sorted({o.hop for o in case.observations if o.purpose in OURS}) or [0]
    hops = tuple(_hop(case, number, flows, dead) for number in numbers)
    controlled = [f for f in flows if f.purpose is Purpose.CONTROL]
    vias = list(dict.fromkeys(f.via for f in controlled))
    return Facts(case, hops, tuple(tuple(f for f in controlled if f.via == via) for via in vias))


def _flows(observations: Sequence[Observation]) -> list[Flow]:
    """Observations of TCP, TLS and HTTP by transaction, in the order in which they began."""
    grouped: dict[int, list[tuple[int, TCPConnect | TLSHandshake | HTTPRoundTrip]]] = {}
    for index, one in enumerate(observations):
        if isinstance(one, TCPConnect | TLSHandshake | HTTPRoundTrip):
            grouped.setdefault(one.transaction_id, []).append((index, one))
    return [flow for members in grouped.values() if (flow := _flow(members)) is not None]


def _flow(members: list[tuple[int, TCPConnect | TLSHandshake | HTTPRoundTrip]]) -> Flow | None:
    tcp = next((o for _, o in members if isinstance(o, TCPConnect)), None)
    if tcp is None:
        return None
    return Flow(
        indexes=tuple(index for index, _ in members),
        address=tcp.address,
        purpose=tcp.purpose,
        attempt=tcp.attempt,
        via=tcp.via,
        tcp=tcp,
        tls=next((o for _, o in members if isinstance(o, TLSHandshake)), None),
        http=next((o for _, o in members if isinstance(o, HTTPRoundTrip)), None),
    )


def _hop(case: Case, number: int, flows: Sequence[Flow], dead: frozenset[str]) -> Hop:
    lookups = [Lookup(i, o) for i, o in enumerate(case.observations) if isinstance(o, DNSLookup) and o.hop == number]
    here = tuple(f for f in flows if f.tcp.hop == number and f.purpose is not Purpose.CONTROL)
    scheme, host = _where(case, number, flows, lookups)
    return Hop(
        number=number,
        scheme=scheme,
        host=host,
        dead=dead,
        lookups=tuple(lookups),
        flows=here,
        quic=tuple((i, o) for i, o in enumerate(case.observations) if isinstance(o, QUICHandshake) and o.hop == number),
    )


def _where(case: Case, number: int, flows: Sequence[Flow], lookups: Sequence[Lookup]) -> tuple[str, str]:
    """The scheme and host of a hop: of the input, or of the redirect that led there."""
    url = case.url
    if number:
        before = [f.http.location for f in flows if f.http and f.tcp.hop == number - 1 and f.purpose in OURS]
        url = next((location for location in reversed(before) if "://" in location), case.url)
    scheme, _, rest = url.partition("://")
    asked = next((k.dns.name for k in lookups if k.dns.purpose in OURS), None)
    host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    bare = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    tls = next((f.tls for f in flows if f.tls is not None and f.tcp.hop == number and f.purpose in OURS), None)
    http = next((f.http for f in flows if f.http is not None and f.tcp.hop == number and f.purpose in OURS), None)
    if tls is not None or (http is not None and http.tls):
        scheme = "https"
    elif http is not None:
        scheme = "http"
    return scheme.lower(), asked or bare.lower()
