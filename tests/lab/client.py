"""A plain client for the lab's tests (stdlib sockets and dnspython, nothing of the probe), and a small world."""

import socket
import ssl
import time
from contextlib import closing, suppress
from typing import NamedTuple

import dns.message
import dns.query

from probe.lab.loopback import LoopbackLab
from probe.lab.world import (
    Client,
    Host,
    Record,
    Response,
    Route,
    Service,
    ServiceKind,
    Site,
    World,
    addresses,
)

RESOLVER, ADDRESS, OTHER_ADDRESS = "202.96.209.133", "104.16.1.1", "104.16.1.2"
SITE, INNOCENT, IMPOSTOR = "site.test", "innocent.test", "impostor.test"
IMPOSTOR_ADDRESS, CONTROL_ADDRESS, CANARY_ADDRESS = "31.13.94.37", "45.32.10.20", "198.41.0.200"
PATIENCE = 5.0
"""Seconds a test waits for what must come."""
SILENCE = 0.15
"""Seconds a test waits for what must not come."""


class Ended(NamedTuple):
    """How a connection ended: what had come by then, and `fin`, `reset`, `silence` or `refused`."""

    data: bytes
    how: str


def https(*sites: Site, **more: object) -> Service:
    """An https service on 443 with these sites."""
    return Service(port=443, kind=ServiceKind.HTTPS, sites=sites, **more)  # type: ignore[arg-type]


def http(*sites: Site, **more: object) -> Service:
    """An http service on 80 with these sites."""
    return Service(port=80, kind=ServiceKind.HTTP, sites=sites, **more)  # type: ignore[arg-type]


def site(name: str, response: Response | None = None) -> Site:
    """A site that answers everything with `response`, or with its own name."""
    return Site(names=(name,), routes=(Route(response=response or Response(body=f"this is {name}".encode())),))


def small_world(*services: Service, lies: Service | None = None, client: Client | None = None) -> World:
    """A host with SITE and INNOCENT (or the given services), an impostor, a resolver, a control, a silent canary."""
    both = (site(SITE), site(INNOCENT))
    resolver = lies or Service(port=53, kind=ServiceKind.NAMESERVER, delay=0.02)
    return World(
        client=client or Client(resolvers=(RESOLVER,)),
        hosts=(
            Host(
                name="origin",
                addresses=(ADDRESS, OTHER_ADDRESS, "2606:4700::1"),
                services=services or (http(*both), https(*both)),
            ),
            Host(
                name="impostor",
                addresses=(IMPOSTOR_ADDRESS,),
                services=(http(site(IMPOSTOR)), https(site(IMPOSTOR))),
            ),
            Host(name="resolver", addresses=(RESOLVER,), services=(resolver,)),
            Host(
                name="control",
                addresses=(CONTROL_ADDRESS,),
                services=(
                    Service(port=1080, kind=ServiceKind.SOCKS),
                    Service(port=3128, kind=ServiceKind.HTTP_PROXY),
                    Service(port=80, kind=ServiceKind.FORWARDER),
                    Service(port=443, kind=ServiceKind.FORWARDER),
                ),
            ),
            Host(name="canary", addresses=(CANARY_ADDRESS,), services=(Service(port=53, kind=ServiceKind.SILENT),)),
        ),
        zone=(
            *addresses(SITE, (ADDRESS, OTHER_ADDRESS, "2606:4700::1")),
            *addresses(INNOCENT, (ADDRESS,)),
            *addresses(IMPOSTOR, (IMPOSTOR_ADDRESS,)),
            Record(name="alias.test", type="CNAME", values=(SITE,)),
            Record(name="empty.test", type="CNAME", values=("nowhere.test",)),
            Record(name="nowhere.test", type="TXT", values=('"no address"',)),
            Record(name="big.test", type="TXT", values=tuple(f'"{number:0>200}"' for number in range(20))),
        ),
        control="control",
    )


def connect(lab: LoopbackLab, address: str = ADDRESS, port: int = 443, timeout: float = PATIENCE) -> socket.socket:
    """A TCP connection of the client's. Raises OSError."""
    return socket.create_connection(lab.client_table[address, port, "tcp"], timeout=timeout)


def read_to_end(sock: socket.socket) -> Ended:
    """Everything until the connection ends or falls silent."""
    data = b""
    try:
        while more := sock.recv(65536):
            data += more
    except ConnectionResetError:
        return Ended(data, "reset")
    except TimeoutError:
        return Ended(data, "silence")
    return Ended(data, "fin")


def hello(name: str, maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """A ClientHello with this SNI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = maximum
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def request(name: str, path: str = "/", more: str = "") -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: {name}\r\n{more}\r\n".encode()


def exchange(
    lab: LoopbackLab, data: bytes, port: int = 443, address: str = ADDRESS, patience: float = SILENCE
) -> Ended:
    """Send these bytes and read until the connection ends."""
    try:
        sock = connect(lab, address, port)
    except ConnectionRefusedError:
        return Ended(b"", "refused")
    with closing(sock):
        sock.settimeout(patience)
        sock.sendall(data)
        return read_to_end(sock)


def get(lab: LoopbackLab, name: str, path: str = "/", address: str = ADDRESS, patience: float = PATIENCE) -> Ended:
    """GET over cleartext HTTP, to the end of the connection."""
    return exchange(lab, request(name, path, "Connection: close\r\n"), 80, address, patience)


def trusting(lab: LoopbackLab) -> ssl.SSLContext:
    """A client context that trusts the lab's public root."""
    return ssl.create_default_context(cadata=lab.ca_pem)


def get_tls(
    lab: LoopbackLab, name: str, path: str = "/", address: str = ADDRESS, context: ssl.SSLContext | None = None
) -> bytes:
    """GET over TLS, verified. Raises OSError (ssl.SSLError among them)."""
    with (
        closing(connect(lab, address)) as raw,
        (context or trusting(lab)).wrap_socket(raw, server_hostname=name) as secure,
    ):
        secure.sendall(request(name, path, "Connection: close\r\n"))
        return read_to_end(secure).data


def ask(
    lab: LoopbackLab,
    name: str,
    qtype: str = "A",
    resolver: str = RESOLVER,
    patience: float = SILENCE,
    payload: int | None = None,
    count: int = 100,
) -> list[dns.message.Message]:
    """Every reply to one question over UDP that comes in time, up to `count`."""
    query = dns.message.make_query(name, qtype, use_edns=0 if payload else False, payload=payload or 0)
    replies: list[dns.message.Message] = []
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.connect(lab.client_table[resolver, 53, "udp"])
        sock.send(query.to_wire())
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0 and len(replies) < count:
            sock.settimeout(left)
            try:
                replies.append(dns.message.from_wire(sock.recv(65535)))
            except TimeoutError:
                break
    return replies


def told(lab: LoopbackLab, name: str, qtype: str = "A", payload: int | None = None) -> dns.message.Message:
    """The first reply to one question over UDP, waited for patiently."""
    return ask(lab, name, qtype, patience=PATIENCE, payload=payload, count=1)[0]


def values(message: dns.message.Message) -> list[str]:
    """The data of every record of the answer section."""
    return [item.to_text() for rrset in message.answer for item in rrset]
