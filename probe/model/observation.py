"""What was seen: one operation of one stage on one connection, with its failure or its facts.

Observations are stored whole and never judged here: `diagnose` reads them, today's rules or tomorrow's. Every time is
in seconds since the start of the measurement, on a monotonic clock; every byte string from the wire is stored bounded,
as text (`*_text`) or hexadecimal (`*_hex`). Our own addresses appear nowhere; of a socket only the source port is kept.
"""

from enum import StrEnum

import msgspec

from probe.model.failure import Failure, FailureKind


class Purpose(StrEnum):
    """Why an observation was made. Only `main` and `retry` speak for what a user would have met."""

    MAIN = "main"
    RETRY = "retry"
    CONTROL = "control"
    CONTROL_ADDRESS = "control_address"
    CONTROL_SNI = "control_sni"
    NO_SNI = "no_sni"
    SNI_ELSEWHERE = "sni_elsewhere"
    TRUE_ADDRESS = "true_address"
    CANARY = "canary"
    RESOLVER_HEALTH = "resolver_health"
    SECOND_TRY = "second_try"
    SPEED = "speed"
    CONTROL_SPEED = "control_speed"
    SPLIT_HELLO = "split_hello"
    QUIC = "quic"
    CONTROL_QUIC = "control_quic"


class ResolverKind(StrEnum):
    """How a resolver was asked: through getaddrinfo, or by our own message over UDP, TCP or HTTPS (RFC 8484)."""

    SYSTEM = "system"
    UDP = "udp"
    TCP = "tcp"
    DOH = "doh"


class Resolver(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is asked. `address` is `1.1.1.1:53`, a DoH URL, or empty for getaddrinfo.

    `own` marks the vantage's own resolvers (getaddrinfo and the nameservers it uses): what users there would be told.
    """

    kind: ResolverKind
    address: str = ""
    own: bool = False


class IOEvent(msgspec.Struct, frozen=True, array_like=True):
    """One read or write on the socket: `[operation, t, bytes]`; a read of 0 bytes is the peer's FIN."""

    operation: str
    t: float
    bytes: int


class Observed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all observations share.

    `transaction_id` is the flow: all stages on one socket have the same. `hop` counts redirects from 0. `attempt` is 0
    for the first try and 1, 2 for its retries. `via` names the control it went through, if any. `t0` and `t` are the
    start and the end.
    """

    transaction_id: int
    hop: int = 0
    purpose: Purpose = Purpose.MAIN
    attempt: int = 0
    via: str = ""
    t0: float = 0.0
    t: float = 0.0
    failure: Failure | None = None


class DNSAnswer(msgspec.Struct, frozen=True, array_like=True):
    """One resource record of an answer section: `[owner, type, value, ttl]`."""

    name: str
    type: str
    value: str
    ttl: int


class ExtendedError(msgspec.Struct, frozen=True, array_like=True):
    """An Extended DNS Error (RFC 8914): `[info_code, extra_text]`."""

    code: int
    text: str


class DNSReply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message that came back, in order of arrival. `ip_ttl` is its IP TTL or hop limit, where the system tells.

    `over_tcp` marks the answer to the same question asked again over TCP after a truncated one (RFC 7766).
    `failure` is what is wrong with this reply alone (malformed, mismatched); `raw_hex` its bytes when it is malformed.
    """

    t: float
    size: int
    ip_ttl: int | None = None
    over_tcp: bool = False
    rcode: str = ""
    authoritative: bool = False
    recursion_available: bool = False
    truncated: bool = False
    answers: tuple[DNSAnswer, ...] = ()
    extended_errors: tuple[ExtendedError, ...] = ()
    failure: FailureKind | None = None
    raw_hex: str = ""


class DNSLookup(Observed, frozen=True, kw_only=True, tag="dns", omit_defaults=True):
    """One question to one resolver. `addresses` are those of the first reply that answers it; `replies` all of them.

    `sent` is how often the question was sent: twice where the first met silence. Two answers then prove nothing.
    """

    resolver: Resolver
    name: str
    qtype: str
    sent: int = 1
    addresses: tuple[str, ...] = ()
    replies: tuple[DNSReply, ...] = ()


class TCPConnect(Observed, frozen=True, kw_only=True, tag="tcp", omit_defaults=True):
    """One connect to one address."""

    address: str
    port: int
    source_port: int | None = None


class Certificate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One certificate of a chain, leaf first. `der_base64` is kept where something is wrong with the chain."""

    sha256: str
    subject: str
    issuer: str
    names: tuple[str, ...] = ()
    not_before: str = ""
    not_after: str = ""
    der_base64: str = ""


class TLSHandshake(Observed, frozen=True, kw_only=True, tag="tls", omit_defaults=True):
    """One handshake. `sni` None: none was sent. `problems` is everything wrong with the chain, in order of weight;
    a handshake that completed on a wrong certificate has both its facts and a failure.

    `server_bytes` counts what came back; `server_hex` is the first of it when it was no TLS. `alert` is the number of a
    fatal alert. `maximum_version` is the highest version we offered, `split` that the ClientHello went in two segments.
    """

    address: str
    port: int
    sni: str | None = None
    version: str = ""
    cipher: str = ""
    alpn_offered: tuple[str, ...] = ()
    alpn: str = ""
    maximum_version: str = ""
    split: bool = False
    certificates: tuple[Certificate, ...] = ()
    problems: tuple[FailureKind, ...] = ()
    alert: int | None = None
    client_hello_bytes: int = 0
    server_bytes: int = 0
    server_hex: str = ""
    first_byte: float | None = None
    events: tuple[IOEvent, ...] = ()


class ExpectationResult(msgspec.Struct, frozen=True, array_like=True):
    """One clause of the endpoint's `expect` and whether it held: `[clause, held, got]`."""

    clause: str
    held: bool
    got: str


class HTTPRoundTrip(Observed, frozen=True, kw_only=True, tag="http", omit_defaults=True):
    """One request and its response. `authenticated`: sent inside TLS whose certificate was valid for the host.

    `body_wire_bytes` counts the body as sent, `body_bytes` as decoded and read; `body_capped` says that we stopped
    reading at our own bound, which is no truncation. `body_sha256` and `body_text` are of the decoded body.
    """

    address: str
    port: int
    method: str
    url: str
    protocol: str = "http/1.1"
    tls: bool = False
    authenticated: bool = False
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    location: str = ""
    title: str = ""
    body_wire_bytes: int = 0
    body_bytes: int = 0
    body_capped: bool = False
    body_sha256: str = ""
    body_text: str = ""
    expectations: tuple[ExpectationResult, ...] = ()
    first_byte: float | None = None
    events: tuple[IOEvent, ...] = ()


class QUICHandshake(Observed, frozen=True, kw_only=True, tag="quic", omit_defaults=True):
    """One QUIC handshake over UDP.

    `completed`: TLS inside it was done. It counts as done only if the server then answered what we sent: `completed`
    with a failure of silence is a path that lets through what the server sends, and not what we do. `problems` and
    `certificates` are as those of TLS. `close_code` is the error code of the server's CONNECTION_CLOSE (RFC 9000
    section 20), `alert` the TLS alert in it. `events` are datagrams.
    """

    address: str
    port: int
    sni: str | None = None
    version: str = ""
    alpn_offered: tuple[str, ...] = ()
    alpn: str = ""
    completed: bool = False
    datagrams_sent: int = 0
    datagrams_received: int = 0
    certificates: tuple[Certificate, ...] = ()
    problems: tuple[FailureKind, ...] = ()
    alert: int | None = None
    close_code: int | None = None
    first_byte: float | None = None
    events: tuple[IOEvent, ...] = ()


class SpeedSample(Observed, frozen=True, kw_only=True, tag="speed", omit_defaults=True):
    """How fast bytes came: `bytes` in `seconds`, over TLS with `sni` (None: no TLS or no SNI) from one address."""

    address: str
    port: int
    sni: str | None = None
    bytes: int = 0
    seconds: float = 0.0


Observation = DNSLookup | TCPConnect | TLSHandshake | HTTPRoundTrip | QUICHandshake | SpeedSample
