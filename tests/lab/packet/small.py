"""A small internet for the tests of the packet lab, and what a client does in it with the standard library alone."""

import socket
import ssl
import struct
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from probe.lab.world import (
    Client,
    Host,
    Response,
    Route,
    Service,
    ServiceKind,
    Site,
    View,
    World,
    addresses,
)

ISP, SITE, SITE6, IMPOSTOR, CONTROL = "202.96.209.133", "146.75.1.1", "2a04:4e42::1", "31.13.94.37", "51.15.0.9"
DEAF = "146.75.9.9"
NAME, OTHER = "forbidden.example", "innocent.example"


def _site(name: str) -> Site:
    routes = (
        Route(path="/big", response=Response(generated=1 << 20)),
        Route(path="/word", response=Response(body=b"well, " * 400 + b"falun" + b" and on" * 400)),
        Route(path="/who", response=Response(body=b"client\n"), view=View.CLIENT),
        Route(path="/who", response=Response(body=b"control\n"), view=View.CONTROL),
        Route(response=Response(body=f"this is {name}\n".encode())),
    )
    return Site(names=(name,), routes=routes)


def world(*, ipv6: bool = True) -> World:
    """Two sites on one machine, an ISP resolver, an impostor, a control proxy, a port that never answers."""
    sites = (_site(NAME), _site(OTHER))
    web = (
        Service(port=80, kind=ServiceKind.HTTP, sites=sites),
        Service(port=443, kind=ServiceKind.HTTPS, sites=sites),
    )
    impostor = (_site("impostor.example"),)
    return World(
        client=Client(resolvers=(ISP,), ipv6=ipv6),
        hosts=(
            Host(name="isp", addresses=(ISP,), services=(Service(port=53, kind=ServiceKind.NAMESERVER),), hops=3),
            Host(name="site", addresses=(SITE, SITE6), services=web, hops=12),
            Host(
                name="impostor",
                addresses=(IMPOSTOR,),
                services=(Service(port=443, kind=ServiceKind.HTTPS, sites=impostor),),
            ),
            Host(name="control", addresses=(CONTROL,), services=(Service(port=1080, kind=ServiceKind.SOCKS),)),
            Host(name="deaf", addresses=(DEAF,), services=(Service(port=80, kind=ServiceKind.SILENT),)),
        ),
        zone=(*addresses(NAME, (SITE, SITE6)), *addresses(OTHER, (SITE, SITE6))),
        control="control",
    )


def connect(address: str, port: int, limit: float = 5.0) -> socket.socket:
    """A TCP connection, with a deadline for everything on it."""
    return socket.create_connection((address, port), timeout=limit)


def connecting(address: str, port: int, limit: float = 5.0) -> str:
    """How a connect ends: `open`, or the name of the exception's class and its errno."""
    try:
        connect(address, port, limit).close()
    except OSError as error:
        return _name(error)
    return "open"


def connecting_often(times: int, address: str, port: int, limit: float) -> set[str]:
    """How several connects at once end."""
    with ThreadPoolExecutor(times) as pool:
        return set(pool.map(lambda _: connecting(address, port, limit), range(times)))


def _name(error: OSError) -> str:
    return type(error).__name__ if not error.errno else f"{type(error).__name__} {error.errno}"


def hello(
    name: str | None, *, maximum: ssl.TLSVersion | None = None, alpn: Sequence[str] = ()
) -> tuple[bytes, ssl.SSLObject]:
    """A ClientHello with this SNI, and the object that made it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if maximum is not None:
        context.maximum_version = maximum
    if alpn:
        context.set_alpn_protocols(list(alpn))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read(), tls


def say(
    data: bytes | tuple[bytes, ...], address: str = SITE, port: int = 443, limit: float = 5.0, enough: int = 1 << 30
) -> str | bytes:
    """Send bytes (in several segments, if in a tuple) and read to the end: the bytes, or how it broke off."""
    got = b""
    with connect(address, port, limit) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for number, piece in enumerate((data,) if isinstance(data, bytes) else data):
                if number:
                    time.sleep(0.03)
                opened.sendall(piece)
            while len(got) < enough and (more := opened.recv(65536)):
                got += more
        except OSError as error:
            return f"{_name(error)} after {len(got)}"
    return got


def greet(
    name: str | None, *, split: int = 0, maximum: ssl.TLSVersion | None = None, limit: float = 5.0
) -> str | bytes:
    """Send a ClientHello to the site; the first byte of the answer (22: the handshake goes on), or the failure."""
    data, _tls = hello(name, maximum=maximum)
    answer = say((data[:split], data[split:]) if split else data, limit=limit, enough=1)
    return answer[:1] if isinstance(answer, bytes) and answer[:1] == b"\x16" else answer


def handshake(name: str, address: str = SITE, limit: float = 5.0) -> str:
    """A whole handshake, verified against the lab's root: `ok`, or OpenSSL's reason."""
    context = ssl.create_default_context()
    try:
        with connect(address, 443, limit) as opened, context.wrap_socket(opened, server_hostname=name):
            return "ok"
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except OSError as error:
        return _name(error)


def get(path: str, name: str = NAME, address: str = SITE, limit: float = 5.0) -> str | bytes:
    """A cleartext GET, read to the end of the connection."""
    return say(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode(), address, 80, limit)


def amount(name: str, seconds: float) -> int:
    """How many bytes of the big page come within some seconds."""
    got, deadline = 0, time.monotonic() + seconds
    with connect(SITE, 80) as opened:
        opened.sendall(f"GET /big HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        while (left := deadline - time.monotonic()) > 0:
            opened.settimeout(left)
            try:
                more = opened.recv(65536)
            except TimeoutError:
                break
            if not more:
                break
            got += len(more)
    return got


def ask(name: str, server: str = ISP, wait: float = 0.3, qtype: int = 1) -> list[tuple[bytes, int]]:
    """Every reply to one A query within `wait` seconds: the message and the IP TTL it came with."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0" + struct.pack("!HH", qtype, 1)
    replies: list[tuple[bytes, int]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
        opened.connect((server, 53))
        opened.send(query)
        deadline = time.monotonic() + wait
        while (left := deadline - time.monotonic()) > 0:
            opened.settimeout(left)
            try:
                data, ancillary, _flags, _peer = opened.recvmsg(4096, 64)
            except TimeoutError:
                break
            replies.append((data, int.from_bytes(ancillary[0][2][:1], "big")))
    return replies
