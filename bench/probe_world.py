"""The world that `probe_bench` measures, in a process of its own, so that its CPU counts for nobody.

A nameserver over UDP that gives every name one public address, and a TLS 1.3 server (asyncio) that has a P-256 leaf of
its own for every name it is asked for by SNI: a prober that meets a name for the first time meets its certificate for
the first time too. Further, listeners that never answer: not to a SYN (a full backlog), not to a ClientHello.
"""

import asyncio
import contextlib
import multiprocessing
import select
import socket
import ssl
from collections.abc import Iterator
from functools import cache
from multiprocessing.connection import Connection
from typing import NamedTuple

import trustme

ADDRESS = "93.184.215.14"
"""What the nameserver answers. A public address, or the judgement would rightly cry forgery; the bench reroutes it."""
PAGE = (
    b"<!doctype html><html><head><title>Bench</title></head><body>"
    + b"<p>all is well here</p>" * 40
    + b"</body></html>"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(PAGE), PAGE)
)
HELD = 4096
"""Backlog of the listeners that do answer (the kernel cuts it to net.core.somaxconn)."""


class World(NamedTuple):
    """Where everything listens, on 127.0.0.1. `ca_pem` is the root of every leaf."""

    dns_port: int
    tls_port: int
    mute_port: int
    ca_pem: str


@contextlib.contextmanager
def running() -> Iterator[World]:
    """The world for as long as the context lasts."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        world: World = ours.recv()
        yield world
    finally:
        process.terminate()
        process.join()


@contextlib.contextmanager
def silence(count: int) -> Iterator[list[tuple[str, int]]]:
    """`count` places on 127/8 where a SYN is dropped: listeners with room for nobody, and somebody in it."""
    opened: list[socket.socket] = []
    try:
        places = []
        for number in range(count):
            listener = socket.socket()
            opened.append(listener)
            listener.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
            listener.listen(0)
            places.append(listener.getsockname())
            opened += _fill(places[-1])
        yield places
    finally:
        for one in opened:
            one.close()


def _fill(place: tuple[str, int]) -> list[socket.socket]:
    """Connect until nobody gets through any more. Raises RuntimeError if the backlog never fills."""
    clients = []
    for _ in range(16):
        client = socket.socket()
        clients.append(client)
        client.setblocking(False)
        client.connect_ex(place)
        if not select.select([], [client], [], 0.05)[1]:
            return clients
    raise RuntimeError(f"{place} still answers: this system does not bound its backlog")


def _serve(pipe: Connection) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(pipe))


async def _listen(pipe: Connection) -> None:
    nameserver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    nameserver.bind(("127.0.0.1", 0))
    asyncio.get_running_loop().add_reader(nameserver, _reply, nameserver)
    authority = trustme.CA()
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=_tls(authority), backlog=HELD)
    mute = await asyncio.start_server(_hold, "127.0.0.1", 0, backlog=HELD)
    dns, tls, silent = (one.getsockname()[1] for one in (nameserver, server.sockets[0], mute.sockets[0]))
    pipe.send(World(dns, tls, silent, authority.cert_pem.bytes().decode("ascii")))
    await asyncio.Event().wait()


def _reply(nameserver: socket.socket) -> None:
    """`A`: one address; everything else: no data (RFC 1035 section 4.1)."""
    data, peer = nameserver.recvfrom(4096)
    end = data.index(b"\x00", 12) + 5
    is_a = data[end - 4 : end - 2] == b"\x00\x01"
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04" + socket.inet_aton(ADDRESS) if is_a else b""
    counts = b"\x00\x01" + (b"\x00\x01" if is_a else b"\x00\x00") + b"\x00\x00\x00\x00"
    nameserver.sendto(data[:2] + b"\x81\x80" + counts + data[12:end] + record, peer)


def _tls(authority: trustme.CA) -> ssl.SSLContext:
    @cache
    def context_for(name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        authority.issue_cert(name).configure_cert(context)
        return context

    def choose(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _first: ssl.SSLContext) -> None:
        connection.context = context_for(name or "bench.test")

    first = context_for("bench.test")
    first.sni_callback = choose
    return first


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def _hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything, say nothing, until the client has had enough."""
    with contextlib.suppress(OSError):
        while await reader.read(65536):
            pass
    writer.close()
