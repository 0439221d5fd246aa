"""The simulated internet, as data: hosts, their services and faults, the true DNS, the client and its control.

Knows no socket: `loopback` and `packet` bring a World to life, `rule` says what a censor does to it. What is written
here is the truth that everybody meets; only `View` differs it by who asks (a server that turns a country away, a CDN
that answers by region). Names are lower-case A-labels without the trailing dot; addresses are literals, global ones
where they stand for the internet (documentation prefixes would look like bogons); times are seconds, sizes bytes.
"""

from enum import StrEnum

import msgspec


class View(StrEnum):
    """Who meets a record or a response: everyone, only the client's side of the world, or only the control's."""

    ALL = "all"
    CLIENT = "client"
    CONTROL = "control"


class Issuer(StrEnum):
    """Who signed a certificate: the lab's public root, a root nobody trusts, or the certificate itself."""

    PUBLIC = "public"
    ROGUE = "rogue"
    SELF = "self"


class CertificateSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate to make. `names` empty: for whatever name the ClientHello asks. Offsets are days from now."""

    names: tuple[str, ...] = ()
    issuer: Issuer = Issuer.PUBLIC
    not_before: int = -30
    not_after: int = 60
    intermediate: bool = False


class Fault(StrEnum):
    """What a server itself does wrong, to everyone.

    The `*_hello` faults come after the first bytes of the client (the ClientHello on TLS), the `*_request` ones after
    a whole request, the `*_body` ones after `Response.fault_after` bytes of body.
    """

    NONE = ""
    RESET_HELLO = "reset_hello"
    CLOSE_HELLO = "close_hello"
    SILENT_HELLO = "silent_hello"
    ALERT_HELLO = "alert_hello"
    GARBAGE_HELLO = "garbage_hello"
    RESET_REQUEST = "reset_request"
    CLOSE_REQUEST = "close_request"
    SILENT_REQUEST = "silent_request"
    RESET_BODY = "reset_body"
    CLOSE_BODY = "close_body"
    SILENT_BODY = "silent_body"
    BAD_CHUNK = "bad_chunk"
    BAD_GZIP = "bad_gzip"
    BAD_HEAD = "bad_head"


class Framing(StrEnum):
    """How the end of a body is told: Content-Length, chunked, or the end of the connection."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP response. `generated` bytes of filler follow `body`; `delay` comes before the first byte.

    In `body`, `{address}`, `{asn}` and `{country}` stand for the asker's when `echo` is set (what-is-my-address).
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    generated: int = 0
    gzip: bool = False
    framing: Framing = Framing.LENGTH
    delay: float = 0.0
    echo: bool = False
    fault: Fault = Fault.NONE
    fault_after: int = 0


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What a path answers. `path` is a glob over the path with its query; the first that fits path and view wins."""

    path: str = "*"
    response: Response = Response()
    view: View = View.ALL


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One web site: its names (globs; chosen by Host, and by SNI under TLS), its routes, its certificate.

    `fault` is the whole site's (`*_hello`); faults of one response stand in the Response. `certificate` without names
    is for the site's own names.
    """

    names: tuple[str, ...]
    routes: tuple[Route, ...] = (Route(),)
    certificate: CertificateSpec = CertificateSpec()
    fault: Fault = Fault.NONE


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a DNS question that is not simply the zone's: told by a lying resolver, or forged on the path.

    `addresses` of the question's family; NOERROR without one is no data. `alias` is a CNAME that leads to them.
    `extended_error` is (info code, text) of RFC 8914. `malformed` bytes are no DNS message; `wrong_id` has another id;
    `silent` sends nothing at all; `delay` seconds come before it, besides the resolver's own.
    """

    addresses: tuple[str, ...] = ()
    rcode: str = "NOERROR"
    extended_error: tuple[int, str] | None = None
    ttl: int = 60
    silent: bool = False
    malformed: bool = False
    wrong_id: bool = False
    truncated: bool = False
    alias: str = ""
    delay: float = 0.0


class Lie(msgspec.Struct, frozen=True, kw_only=True):
    """A resolver's own lie: for names (globs) and qtypes (empty: all), this answer instead of the truth."""

    names: tuple[str, ...]
    answer: Answer
    qtypes: tuple[str, ...] = ()


class ServiceKind(StrEnum):
    """What listens on a port.

    `closed` refuses (RST to a SYN, port unreachable on UDP); `silent` drops everything; `tcp` accepts, sends its
    `banner` and listens; `forwarder` passes HTTP by Host and TLS by SNI to the true server; `http_proxy` is CONNECT.
    """

    HTTP = "http"
    HTTPS = "https"
    TCP = "tcp"
    NAMESERVER = "nameserver"
    DOH = "doh"
    QUIC = "quic"
    SOCKS = "socks"
    HTTP_PROXY = "http_proxy"
    FORWARDER = "forwarder"
    CLOSED = "closed"
    SILENT = "silent"


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One port of a host. A nameserver and a `silent` or `closed` port are on UDP and TCP, `quic` on UDP, all others
    on TCP.

    `sites` serve http, https and doh; the first is the default for an unknown name. `delay` comes before every answer
    of a nameserver (a truth that must lose the race against a forger). `lies` are the nameserver's and DoH server's.
    """

    port: int
    kind: ServiceKind
    sites: tuple[Site, ...] = ()
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    tls_maximum: str = "1.3"
    lies: tuple[Lie, ...] = ()
    delay: float = 0.0
    banner: bytes = b""
    fault: Fault = Fault.NONE


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A machine. A port without a service is closed. `country` and `asn` say where it is; `hops` its distance."""

    name: str
    addresses: tuple[str, ...]
    services: tuple[Service, ...] = ()
    country: str = "US"
    asn: int = 64500
    hops: int = 12


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record set of the true DNS. A name without any record does not exist (NXDOMAIN)."""

    name: str
    type: str
    values: tuple[str, ...]
    ttl: int = 300
    view: View = View.ALL


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Where the probe stands. `resolvers` are the addresses the system asks; `clock_offset` is its clock's error.

    `asn` and `country` are what its egress really is, whatever its operator declares.
    """

    addresses: tuple[str, ...] = ("114.80.68.10", "2408:8207:60d0::10")
    resolvers: tuple[str, ...] = ()
    ipv4: bool = True
    ipv6: bool = True
    clock_offset: float = 0.0
    country: str = "CN"
    asn: int = 4134


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A whole internet. `control` names the host of the control proxy: it resolves by the zone's control view and
    connects beside the censored path; the way to it is on the path like any other."""

    client: Client
    hosts: tuple[Host, ...]
    zone: tuple[Record, ...]
    control: str = ""

    def host(self, name: str) -> Host:
        """The host of that name. Raises KeyError."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    def host_at(self, address: str) -> Host | None:
        """The host that has the address, if one does."""
        return next((host for host in self.hosts if address in host.addresses), None)


def addresses(name: str, values: tuple[str, ...], *, view: View = View.ALL, ttl: int = 300) -> tuple[Record, ...]:
    """The A and AAAA record sets of a name, sorted out by family."""
    four = tuple(value for value in values if ":" not in value)
    six = tuple(value for value in values if ":" in value)
    return tuple(
        Record(name=name, type=kind, values=of_family, ttl=ttl, view=view)
        for kind, of_family in (("A", four), ("AAAA", six))
        if of_family
    )


def redirect(location: str, status: int = 302) -> Response:
    """A redirect; `location` is sent as it is, broken or not."""
    return Response(status=status, headers=(("Location", location),))
