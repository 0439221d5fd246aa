"""Proxies of the lab: SOCKS5 with remote DNS (RFC 1928), HTTP CONNECT, and a forwarder that passes TLS by SNI and HTTP
by Host to the true server.

All three resolve by the zone and connect with the `Connect` they are given: a substrate decides which path that is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from probe.lab.dissect import HANDSHAKE
from probe.lab.stream import Stream
from probe.lab.web import read_request, read_server_name

Connect = Callable[[str, int], Awaitable[Stream]]
"""Connect to a name or a literal address, and a port, beside the censor. Raises OSError."""

VERSION, NO_AUTHENTICATION, CONNECT = 5, 0, 1
IPV4, DOMAIN, IPV6 = 1, 3, 4
GRANTED, UNREACHABLE, REFUSED, UNSUPPORTED = 0, 4, 5, 7
BOUND = bytes([0, IPV4]) + bytes(4) + bytes(2)
"""The rest of a SOCKS reply: reserved, and 0.0.0.0:0 as the bound address."""


class _Reader:
    """Reads exact numbers of bytes from a stream; ConnectionError when it ends before."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = await self._stream.recv()
            if not more:
                raise ConnectionError("the client left in the middle of a SOCKS request")
            data += more
        if data[count:]:
            self._stream.unread(data[count:])
        return data[:count]


async def serve_socks(stream: Stream, connect: Connect) -> None:
    """One SOCKS5 connection: greeting, CONNECT, then bytes both ways."""
    reader = _Reader(stream)
    version, methods = await reader.take(2)
    if version != VERSION:
        return
    await reader.take(methods)
    await stream.send(bytes([VERSION, NO_AUTHENTICATION]))
    _, command, _, kind = await reader.take(4)
    if kind == DOMAIN:
        host = (await reader.take((await reader.take(1))[0])).decode("ascii", "replace").lower()
    else:
        host = str(ip_address(await reader.take(4 if kind == IPV4 else 16)))
    port = int.from_bytes(await reader.take(2), "big")
    if command != CONNECT:
        await stream.send(bytes([VERSION, UNSUPPORTED]) + BOUND)
        return
    try:
        onward = await connect(host, port)
    except OSError as error:
        reply = REFUSED if isinstance(error, ConnectionRefusedError) else UNREACHABLE
        await stream.send(bytes([VERSION, reply]) + BOUND)
        return
    try:
        await stream.send(bytes([VERSION, GRANTED]) + BOUND)
        await splice(stream, onward)
    finally:
        onward.abort()


async def serve_http_proxy(stream: Stream, connect: Connect) -> None:
    """One connection to an HTTP proxy: CONNECT host:port, or an absolute http URL, which ends with its response."""
    got = await read_request(stream)
    if got is None:
        return
    request, body = got
    if request.method == "CONNECT":
        host, _, port = request.target.rpartition(":")
        first = b""
    else:
        authority, _, path = request.target.removeprefix("http://").partition("/")
        host, _, port = authority.rpartition(":") if ":" in authority.rpartition("]")[2] else (authority, "", "80")
        lines = [f"{request.method} /{path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers)]
        first = "\r\n".join([*lines, "connection: close"]).encode("latin-1") + b"\r\n\r\n" + body
    try:
        onward = await connect(host.strip("[]").lower(), int(port) if port.isdecimal() else 0)
    except OSError:
        await stream.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return
    try:
        await (onward.send(first) if first else stream.send(b"HTTP/1.1 200 Connection established\r\n\r\n"))
        await splice(stream, onward)
    finally:
        onward.abort()


async def serve_forwarder(stream: Stream, connect: Connect, port: int) -> None:
    """Pass a connection on to the server it names, by SNI or by Host, on the same port; no name: FIN."""
    first = await stream.recv()
    stream.unread(first)
    if first[:1] == bytes([HANDSHAKE]):
        data, name = await read_server_name(stream)
    else:
        got = await read_request(stream)
        if got is None:
            return
        request, body = got
        name = request.host
        lines = [f"{request.method} {request.target} HTTP/1.1"]
        lines += [f"{key}: {value}" for key, value in request.headers]
        data = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    if not name:
        return
    onward = await connect(name, port)
    try:
        await onward.send(data)
        await splice(stream, onward)
    finally:
        onward.abort()


async def splice(one: Stream, other: Stream) -> None:
    """Pass bytes both ways until both ends have ended; a reset of one is a reset of the other."""
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(pump(one, other))
            both.create_task(pump(other, one))
    except* OSError:
        one.reset()
        other.reset()


async def pump(source: Stream, sink: Stream) -> None:
    """Pass bytes one way, and the FIN after them."""
    while data := await source.recv():
        await sink.send(data)
    await sink.finish()
