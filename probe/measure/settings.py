"""How a run measures: deadlines, pauses, bounds, resolvers, controls. Plain values; the command line fills them in."""

import resource
from dataclasses import dataclass, field

from probe.diagnose.fingerprints import Fingerprint
from probe.measure.asn_table import AsnTable
from probe.model.observation import Resolver, ResolverKind
from probe.net.quic import available
from probe.net.resolve import parse_resolver_address
from probe.net.tunnel import Proxy
from probe.net.url import Where, parse

SPARE_DESCRIPTORS = 64
"""Open files left to everything that is no measurement: the journal, the console, libraries, the loop itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Seconds throughout. Each stage has `timeout` for itself, DNS at most `resolve_timeout` of it.

    `retry_pauses` are the pauses before each retry; `late_window` is how long after its first reply a DNS socket stays
    open. `max_addresses` are measured per family and hop; `max_hops` redirects are followed.
    `concurrency` endpoints talk (TLS, HTTP) at once; connects that are merely pending are counted apart.
    `starts_per_second` paces the start of endpoints. `cooldown` is the pause before experiments, `recheck_seconds` the
    least time between two looks at the references. `egress` is a page that tells our network or address, asked only if
    configured; `asn_table` the user's table of networks. `canaries` are addresses that run no resolver, besides those
    of references; `marks` the user's own fingerprints of block pages. `quic`: HTTP/3 is asked for where it is offered,
    and `quic://` endpoints are measured; so it is wherever the extra `probe[quic]` is installed.
    """

    timeout: float = 10.0
    resolve_timeout: float = 5.0
    late_window: float = 0.3
    retry_pauses: tuple[float, ...] = (2.0, 4.0)
    max_addresses: int = 3
    max_hops: int = 10
    concurrency: int = 512
    starts_per_second: float = 5000.0
    resolvers: tuple[Resolver, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    followup: bool = True
    cooldown: float = 1.0
    recheck_seconds: float = 5.0
    egress: Where | None = None
    asn_table: AsnTable | None = None
    canaries: tuple[str, ...] = ()
    marks: tuple[Fingerprint, ...] = ()
    quic: bool = field(default_factory=available)
    own_addresses: frozenset[str] = field(default=frozenset())

    def dns_timeout(self) -> float:
        """The deadline of one lookup."""
        return min(self.timeout, self.resolve_timeout)


def default_resolvers(nameservers: tuple[str, ...]) -> tuple[Resolver, ...]:
    """The vantage's own resolvers: getaddrinfo, and the first nameserver of the system asked by ourselves as well.

    getaddrinfo gives one error for silence, SERVFAIL and REFUSED, and hides late replies; the nameserver does not.
    """
    system = Resolver(kind=ResolverKind.SYSTEM, own=True)
    if not nameservers:
        return (system,)
    first = nameservers[0]
    address = f"[{first}]:53" if ":" in first else f"{first}:53"
    return (system, Resolver(kind=ResolverKind.UDP, address=address, own=True))


def resolver_from(text: str) -> Resolver:
    """`1.1.1.1`, `1.1.1.1:53`, `[2606:4700::1111]:53`, `tcp://1.1.1.1` or a DoH URL as a resolver.

    Raises ValueError that says what to write instead.
    """
    if text.startswith("https://"):
        if parse(text) is None:
            raise ValueError(f"--doh {text!r} is no URL; write https://HOST/PATH such as https://dns.google/dns-query")
        return Resolver(kind=ResolverKind.DOH, address=text)
    kind = ResolverKind.TCP if text.startswith("tcp://") else ResolverKind.UDP
    try:
        host, port = parse_resolver_address(text.removeprefix("tcp://").removeprefix("udp://"))
    except ValueError:
        raise ValueError(
            f"{text!r} names no resolver; write --resolver ADDR[:PORT] such as 9.9.9.9:53, or --doh https://HOST/PATH"
        ) from None
    return Resolver(kind=kind, address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


@dataclass(frozen=True, slots=True)
class Budget:
    """How many of each costly thing may be open at once, within the limit on open files."""

    sockets: int
    talking: int
    resolving: int


def budget(concurrency: int, resolvers: int, limit: int | None = None) -> Budget:
    """Divide the open files. A pending connect is one socket and nearly free; an exchange inside TLS costs memory."""
    usable = max(16, (raise_file_limit() if limit is None else limit) - SPARE_DESCRIPTORS)
    resolving = max(1, usable // 5 // max(1, 2 * resolvers))
    sockets = max(8, usable - usable // 5)
    return Budget(sockets=sockets, talking=max(1, min(concurrency, sockets)), resolving=min(resolving, 1024))


def raise_file_limit() -> int:
    """Raise the soft limit on open files to the hard one and return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):
            return soft
        return wanted
    return soft
