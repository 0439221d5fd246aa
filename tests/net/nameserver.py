"""A hostile nameserver on loopback, UDP and TCP on one port. A test says by a function what each query gets.

Knows nothing of the probe: its messages come from dnspython, its faults from real sockets.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from enum import Enum
from typing import NamedTuple, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class Ending(Enum):
    """How a TCP connection ends instead of an answer."""

    RESET = "reset"
    CLOSE = "close"


class Sent(NamedTuple):
    """One reply: what, how many seconds after the query, with which IP TTL."""

    what: dns.message.Message | bytes
    after: float = 0.0
    ttl: int = 64


Reply = dns.message.Message | bytes | Ending | Sequence[Sent] | None
Handler = Callable[[dns.message.Message, bool], Reply]
"""From the query, and whether it came over TCP, to what is sent back: None is silence."""


def answer(query: dns.message.Message, *addresses: str, ttl: int = 60) -> dns.message.Message:
    """A resolver's NOERROR reply with these addresses, if any."""
    reply = dns.message.make_response(query, recursion_available=True)
    if addresses:
        asked = query.question[0]
        reply.answer.append(dns.rrset.from_text(asked.name, ttl, "IN", asked.rdtype, *addresses))
    return reply


def with_rcode(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    """A reply that is only an RCODE."""
    reply = answer(query)
    reply.set_rcode(rcode)
    return reply


class _UDP(asyncio.DatagramProtocol):
    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # no subclass of it in 3.11, though it is one

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for sent in _replies(self._handle(dns.message.from_wire(data), False)):
            asyncio.get_running_loop().call_later(sent.after, self._send, sent, addr)

    def _send(self, sent: Sent, peer: tuple[str, int]) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        sock = self._transport.get_extra_info("socket")
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, sent.ttl)
        self._transport.sendto(_wire(sent.what), peer)


def _replies(reply: Reply) -> Sequence[Sent]:
    if reply is None or isinstance(reply, Ending):
        return ()
    if isinstance(reply, dns.message.Message | bytes):
        return (Sent(reply),)
    return reply


def _wire(what: dns.message.Message | bytes) -> bytes:
    return what if isinstance(what, bytes) else what.to_wire()


async def _serve_tcp(handle: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            reply = handle(dns.message.from_wire(await reader.readexactly(size)), True)
            if isinstance(reply, Ending):
                if reply is Ending.RESET:
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                break
            for sent in _replies(reply):
                await asyncio.sleep(sent.after)
                wire = _wire(sent.what)
                writer.write(len(wire).to_bytes(2, "big") + wire)
    writer.close()


@contextlib.asynccontextmanager
async def nameserver(handle: Handler, address: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serve until the end of the block; gives `address:port`."""
    loop = asyncio.get_running_loop()
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await _serve_tcp(handle, reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            connections.discard(task)

    server = await asyncio.start_server(accept, address, 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: _UDP(handle), (address, port))
    try:
        yield f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    finally:
        transport.close()
        server.close()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections)
        await server.wait_closed()
        await asyncio.sleep(0)
