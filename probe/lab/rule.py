"""What a censor does, as data: what it looks for (Match) and what it then does (an Effect), one Rule each.

Knows neither sockets nor packets: `loopback` and `packet` carry rules out and keep the state, which belongs to the
flow (or, for residual blocks, to the path), never to the rule: a rule may be shared by a thousand worlds. Not only
censors are rules: packet loss, a captive portal and a broken IPv6 are the path's doing too.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from probe.lab.world import Answer, CertificateSpec, Issuer, Response


class Stage(StrEnum):
    """At which point of a flow a rule looks.

    dns: a plain DNS question (UDP or TCP, to whatever address); tcp: a SYN; tls: a ClientHello; http: a cleartext
    request; body: bytes of a cleartext response; quic: a QUIC Initial; udp: any datagram; data: the client's first
    payload, whatever it is (a connection that stalls once it is open); ip: every packet, SYN and datagram alike.
    """

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    BODY = "body"
    QUIC = "quic"
    UDP = "udp"
    DATA = "data"
    IP = "ip"


_WIDER = {Stage.UDP: (Stage.DNS, Stage.QUIC), Stage.IP: (Stage.TCP, Stage.UDP, Stage.DNS, Stage.QUIC)}
"""Stages that take in others: a DNS question over UDP is a datagram as well, a SYN an IP packet."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule looks for; everything given must hold, an empty field holds always.

    `names` are globs over the qname, SNI or Host (none given: also flows without a name); `addresses` globs over the
    server's address; `url` a part of `host/path`; `keyword` bytes of a cleartext body; `tls_maximum` the highest
    version the ClientHello offers; `nth` the flow's number, from 0, among those to the same address, port and
    transport; `first_segment`: a ClientHello split over two segments is not understood.
    """

    stage: Stage
    names: tuple[str, ...] = ()
    qtypes: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    family: int = 0
    url: str = ""
    keyword: bytes = b""
    tls_maximum: str = ""
    nth: tuple[int, ...] = ()
    first_segment: bool = False


class ForgeDNS(msgspec.Struct, frozen=True, kw_only=True, tag="forge_dns"):
    """Answer in the server's place, with one of `answers` (at random per query). The true reply follows after the
    forged one unless `drop_truth`. `repeat` sends the forged one several times. Over UDP only, as censors do."""

    answers: tuple[Answer, ...]
    drop_truth: bool = False
    repeat: int = 1


class Drop(msgspec.Struct, frozen=True, kw_only=True, tag="drop"):
    """Silence from the trigger on. With `to_client_only` the client's bytes still arrive."""

    to_client_only: bool = False


class Reset(msgspec.Struct, frozen=True, kw_only=True, tag="reset"):
    """RST to both ends at the trigger (in answer to the SYN: refused)."""


class Close(msgspec.Struct, frozen=True, kw_only=True, tag="close"):
    """FIN to the client at the trigger."""


class Unreachable(msgspec.Struct, frozen=True, kw_only=True, tag="unreachable"):
    """ICMP destination unreachable with this code (1 host, 0 network, 13 prohibited; IPv6 in kind)."""

    code: int = 1


class Alert(msgspec.Struct, frozen=True, kw_only=True, tag="alert"):
    """A TLS alert record in the server's place, then FIN."""

    number: int = 40
    level: int = 2


class Inject(msgspec.Struct, frozen=True, kw_only=True, tag="inject"):
    """These bytes in the server's place, then FIN: plaintext on 443, garbage."""

    payload: bytes


class Blockpage(msgspec.Struct, frozen=True, kw_only=True, tag="blockpage"):
    """This HTTP response in the server's place, then FIN: a blockpage, a redirect, a legal notice."""

    response: Response


class Intercept(msgspec.Struct, frozen=True, kw_only=True, tag="intercept"):
    """Break into TLS: shake hands with this certificate (for the SNI, if it has no names), pass the bytes through.

    With `response`, answer requests with that instead."""

    certificate: CertificateSpec = CertificateSpec(issuer=Issuer.ROGUE)
    response: Response | None = None


class Reroute(msgspec.Struct, frozen=True, kw_only=True, tag="reroute"):
    """Lead the flow to the same port of another host of the world: an impostor, a captive portal."""

    host: str


class Throttle(msgspec.Struct, frozen=True, kw_only=True, tag="throttle"):
    """Bytes to the client at this rate from the trigger on."""

    bytes_per_second: int


class CutHow(StrEnum):
    """How a connection is cut."""

    RESET = "reset"
    CLOSE = "close"
    DROP = "drop"


class Cut(msgspec.Struct, frozen=True, kw_only=True, tag="cut"):
    """End the connection this long after the trigger."""

    seconds: float
    how: CutHow = CutHow.RESET


class Delay(msgspec.Struct, frozen=True, kw_only=True, tag="delay"):
    """Hold everything up by `seconds`, plus up to `jitter` at random."""

    seconds: float
    jitter: float = 0.0


class Lose(msgspec.Struct, frozen=True, kw_only=True, tag="lose"):
    """Lose each packet with this probability; where there are no packets, each datagram and each SYN."""

    probability: float


Effect = (
    ForgeDNS | Drop | Reset | Close | Unreachable | Alert | Inject | Blockpage | Intercept | Reroute | Throttle | Cut
    | Delay | Lose
)  # fmt: skip


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a path does. For `residual` seconds after a trigger, every new flow from the same client to the same
    address and port meets the same effect at its first bytes (for Drop: at its SYN). `comment`: where it was seen."""

    id: str
    match: Match
    effect: Effect
    residual: float = 0.0
    comment: str = ""


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a script: from `start` (seconds since the script began, or a count of runs) on, these rules hold and
    the hosts of these names are down, for everyone: their ports refuse."""

    start: float
    rules: tuple[Rule, ...] = ()
    down: tuple[str, ...] = ()


class Seen(NamedTuple):
    """What a flow shows a censor at one stage. `name`: the qname, SNI or Host in lower case; None where there is none.

    `url` is `host/path`; `first_segment`: all of it came in the flow's first segment."""

    stage: Stage
    address: str
    port: int
    name: str | None = None
    qtype: str = ""
    url: str = ""
    body: bytes = b""
    tls_maximum: str = ""
    nth: int = 0
    first_segment: bool = True


def matches(match: Match, seen: Seen) -> bool:
    """Whether the rule fires on this."""
    family = 6 if ":" in seen.address else 4
    return (
        (seen.stage is match.stage or seen.stage in _WIDER.get(match.stage, ()))
        and (not match.names or (seen.name is not None and _any(match.names, seen.name)))
        and (not match.qtypes or seen.qtype in match.qtypes)
        and (not match.addresses or _any(match.addresses, seen.address))
        and (not match.ports or seen.port in match.ports)
        and match.family in (0, family)
        and match.url in seen.url
        and match.keyword in seen.body
        and match.tls_maximum in ("", seen.tls_maximum)
        and (not match.nth or seen.nth in match.nth)
        and (not match.first_segment or seen.first_segment)
    )


def fired(rules: Iterable[Rule], seen: Seen) -> Iterator[Rule]:
    """The rules that fire, in the order they were given; a substrate carries out the first of each kind of effect."""
    return (rule for rule in rules if matches(rule.match, seen))


def _any(globs: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text, glob) for glob in globs)
