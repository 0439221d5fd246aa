"""Hostile peers on loopback: real sockets that refuse, reset, close, fall silent, speak garbage or carry wrong papers.

A peer is a script: a function of one accepted socket, run in a thread. The endings are the vocabulary: `fin`, `reset`,
`silence`. Mind that closing a socket with unread bytes sends a RST, so a FIN needs everything read first.
"""

import asyncio
import contextlib
import datetime
import ipaddress
import os
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probe.model.failure import FailureKind
from probe.model.observation import HTTPRoundTrip, TCPConnect, TLSHandshake
from probe.net.certificate import TrustStore
from probe.net.connect import connect
from probe.net.fetch import Request, fetch
from probe.net.handshake import Hello, handshake
from probe.net.network import Stream
from probe.net.real import RealNetwork
from probe.net.trace import Trace
from probe.net.url import Where

Script = Callable[[socket.socket], None]

NAME = "good.example"
SILENCE = 0.2
"""Seconds a stage waits where silence is what is tested."""
_SIOCOUTQ = 0x5411  # tcp(7): bytes not yet acknowledged
PATIENCE = 5.0
"""Seconds a stage waits where an answer is due; and how long a peer lives at most."""


class Case(NamedTuple):
    """A row of a table: what the peer does, and the failure it must cause (None: none)."""

    name: str
    script: Script
    kind: FailureKind | None
    timeout: float = PATIENCE


def names(cases: Sequence[Case]) -> list[str]:
    """Test ids."""
    return [case.name for case in cases]


# Endings


def read_some(conn: socket.socket) -> bytes:
    """The first bytes the client sends."""
    return conn.recv(65536)


def drain(conn: socket.socket) -> None:
    """Read until the client is gone: what a peer does that wants to send nothing more, not even a RST."""
    with contextlib.suppress(OSError):
        while conn.recv(65536):
            pass


silence = drain


def reset(conn: socket.socket) -> None:
    """A RST, by lingering for no time at all. Bytes on their way out may be lost: `settle` first if they matter."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def fin(conn: socket.socket) -> None:
    """A FIN; under TLS without close_notify. No RST follows, because the rest is read."""
    if isinstance(conn, ssl.SSLSocket):
        with raw(conn) as bare:
            bare.shutdown(socket.SHUT_WR)
            drain(bare)
        return
    conn.shutdown(socket.SHUT_WR)
    drain(conn)


def close_notify(conn: socket.socket) -> None:
    """The clean end: close_notify under TLS, then a FIN."""
    if isinstance(conn, ssl.SSLSocket):
        conn.settimeout(0.05)
        with contextlib.suppress(OSError):  # it waits for the client's own close_notify, which never comes
            conn.unwrap()
        conn.settimeout(PATIENCE)
    fin(conn)


@contextlib.contextmanager
def raw(conn: socket.socket) -> Iterator[socket.socket]:
    """The TCP socket under TLS."""
    with socket.socket(fileno=os.dup(conn.fileno())) as bare:
        bare.settimeout(PATIENCE)
        yield bare


def settle(conn: socket.socket) -> None:
    """Wait until the client's kernel has what was sent, so that a RST cannot overtake it."""
    if not sys.platform.startswith("linux"):
        time.sleep(0.05)
        return
    import fcntl

    while struct.unpack("i", fcntl.ioctl(conn.fileno(), _SIOCOUTQ, bytes(4)))[0]:
        time.sleep(0.001)


# Scripts of two or three moves


def after(first: Callable[[socket.socket], object], *then: Callable[[socket.socket], object]) -> Script:
    """One move after another."""

    def script(conn: socket.socket) -> None:
        first(conn)
        for move in then:
            move(conn)

    return script


def say(data: bytes) -> Script:
    """Send bytes; a client that hung up meanwhile is no error."""

    def script(conn: socket.socket) -> None:
        with contextlib.suppress(OSError):
            conn.sendall(data)

    return script


def answering(data: bytes, ending: Script = fin) -> Script:
    """Read what the client says, say `data`, end."""
    return after(read_some, say(data), ending)


def flooding(data: bytes) -> Script:
    """Read what the client says, then send `data` for ever."""

    def script(conn: socket.socket) -> None:
        read_some(conn)
        with contextlib.suppress(OSError):
            while True:
                conn.sendall(data)

    return script


def inside_tls(script: Script, context: Callable[[], ssl.SSLContext] | None = None) -> Script:
    """The script inside TLS, with a good certificate unless `context` makes another."""

    def outer(conn: socket.socket) -> None:
        # OSError includes ssl.SSLError: a handshake that is meant to fail
        with contextlib.suppress(OSError), (context or good_context)().wrap_socket(conn, server_side=True) as inside:
            script(inside)

    return outer


# Peers


@contextlib.contextmanager
def peer(script: Script, address: str = "127.0.0.1") -> Iterator[int]:
    """Run `script` on each connection to the port that is yielded."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.bind((address, 0))
        listening.listen(8)
        listening.settimeout(PATIENCE)
        thread = threading.Thread(target=_serve, args=(listening, script), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the peer's script did not end"


def _serve(listening: socket.socket, script: Script) -> None:
    while True:
        try:
            conn, _ = listening.accept()
        except OSError:
            return
        with conn:
            conn.settimeout(PATIENCE)
            with contextlib.suppress(OSError):
                script(conn)


@contextlib.contextmanager
def nobody() -> Iterator[int]:
    """A port that refuses: bound, so that nobody else takes it, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose SYNs meet silence: its queue of one is full and nobody accepts."""
    with socket.socket() as listening, contextlib.ExitStack() as fillers:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


# Papers


class Papers(NamedTuple):
    """A certificate with its key, and the chain to send: leaf first."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def der(self) -> list[bytes]:
        """The chain as it is sent."""
        return [one.public_bytes(serialization.Encoding.DER) for one in self.chain]


NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
VALID = (NOW - 30 * DAY, NOW + 30 * DAY)
EXPIRED = (NOW - 30 * DAY, NOW - DAY)
TO_COME = (NOW + DAY, NOW + 30 * DAY)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)


@cache
def _key(owner: str) -> ec.EllipticCurvePrivateKey:  # noqa: ARG001 - the cache's key
    return ec.generate_private_key(ec.SECP256R1())


def issue(
    subject: str,
    issuer: Papers | None,
    *,
    dates: tuple[datetime.datetime, datetime.datetime] = VALID,
    hosts: Sequence[str] = (),
    usage: Sequence[x509.ObjectIdentifier] | None = None,
    authority: bool = False,
    signed_with: ec.EllipticCurvePrivateKey | None = None,
) -> Papers:
    """A certificate. `issuer` None signs itself; `signed_with` another key makes a bad signature."""
    key = _key(subject)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.chain[0].subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    signed = builder.sign(signed_with or (issuer.key if issuer else key), hashes.SHA256())
    is_root = issuer is None or issuer.chain[0].issuer == issuer.chain[0].subject
    return Papers(key, (signed,) if issuer is None or is_root else (signed, *issuer.chain))


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@cache
def root() -> Papers:
    """The authority that `trust` trusts."""
    return issue("Trusted Root", None, authority=True)


@cache
def rogue() -> Papers:
    """An authority that nobody trusts."""
    return issue("Rogue Root", None, authority=True)


@cache
def good() -> Papers:
    """A good certificate for NAME and for loopback."""
    return issue("leaf", root(), hosts=(NAME, "127.0.0.1", "::1"), usage=SERVER)


@cache
def trust() -> TrustStore:
    """certifi's list and our root."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ca.pem")
        path.write_bytes(root().chain[0].public_bytes(serialization.Encoding.PEM))
        return TrustStore(path)


def context_of(papers: Papers, *, alpn: Sequence[str] = ("http/1.1",)) -> ssl.SSLContext:
    """A server's context with these papers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(list(alpn))
    key = papers.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.TemporaryDirectory() as folder:  # the ssl module takes certificates from files only
        path = Path(folder, "papers.pem")
        path.write_bytes(key + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in papers.chain))
        context.load_cert_chain(path)
    return context


@cache
def good_context() -> ssl.SSLContext:
    """With a good certificate, HTTP/1.1."""
    return context_of(good())


@cache
def h2_context() -> ssl.SSLContext:
    """With a good certificate, h2."""
    return context_of(good(), alpn=("h2",))


# The client's side


class Seen(NamedTuple):
    """What the stages saw; None where a stage was not reached."""

    tcp: TCPConnect
    tls: TLSHandshake | None = None
    http: HTTPRoundTrip | None = None
    body: bytes = b""


async def walk(
    port: int,
    *,
    until: str = "http",
    tls: bool = True,
    timeout: float = PATIENCE,
    hello: Hello | None = None,
    name: str = NAME,
    path: str = "/x",
) -> Seen:
    """Connect, shake hands, fetch, over the real network, as far as asked or as it goes."""
    network = RealNetwork()
    trace = Trace(network, network.monotonic(), 1)
    tcp, stream = await connect(trace, "127.0.0.1", port, timeout=timeout)
    if stream is None or until == "tcp":
        if stream is not None:
            stream.close()
        return Seen(tcp)
    try:
        shaken, carried, alpn = None, None, ""
        inside: Stream | None = stream
        if tls:
            shaken, inside = await handshake(
                trace, stream, "127.0.0.1", port, hello or Hello(name), verify_name=name, trust=trust(), timeout=timeout
            )
            alpn = shaken.alpn
        carried = inside
        if carried is None or until == "tls":
            return Seen(tcp, shaken)
        scheme = "https" if tls else "http"
        where = Where(f"{scheme}://{name}:{port}{path}", scheme, name, port)
        request = Request(where, "127.0.0.1", port, alpn, tls)
        response, body = await fetch(trace, carried, request, timeout=timeout)
        return Seen(tcp, shaken, response, body)
    finally:
        stream.close()


def seen_by(
    script: Script,
    *,
    until: str = "http",
    tls: bool = True,
    timeout: float = PATIENCE,
    hello: Hello | None = None,
    name: str = NAME,
) -> Seen:
    """What a client sees of a peer."""
    with peer(script) as port:
        return asyncio.run(walk(port, until=until, tls=tls, timeout=timeout, hello=hello, name=name))


def kind_of(seen: TCPConnect | TLSHandshake | HTTPRoundTrip | None) -> FailureKind | None:
    """The failure's kind."""
    assert seen is not None, "the stage was not reached"
    return seen.failure.kind if seen.failure else None
