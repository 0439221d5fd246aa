"""A connection as the lab's servers and censors hold it: bytes in, bytes out, and three ways to end it.

`Stream` is TCP, `TLSStream` TLS over any stream, as server or client. `Listeners` accepts connections and datagrams and
ends every task and socket of theirs when the lab stops. What is said over them is others' work. Errors of the peer come
out as OSError (ssl.SSLError is one); a listener ends the connection there, since in a lab a broken peer is no news.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast
from weakref import WeakSet

LINGER_NONE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: close() then sends RST, without root."""

PIECE = 65536


class Stream:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._back = reader, writer, b""

    async def recv(self) -> bytes:
        """What has come, at least a byte; empty on FIN. Raises ConnectionResetError."""
        if self._back:
            data, self._back = self._back, b""
            return data
        return await self._reader.read(PIECE)

    def unread(self, data: bytes) -> None:
        """Put bytes back, to be the next that `recv` gives."""
        self._back = data + self._back

    async def send(self, data: bytes) -> None:
        """Send all of it; waits while the peer does not read."""
        self._writer.write(data)
        await self._writer.drain()

    async def finish(self) -> None:
        """Send FIN after all that was written; the other direction stays open."""
        if self._writer.can_write_eof() and not self._writer.transport.is_closing():
            self._writer.write_eof()

    def reset(self) -> None:
        """Send RST, now."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self._writer.transport.abort()

    def close(self) -> None:
        """Close both directions; what was written is still sent."""
        self._writer.close()

    def abort(self) -> None:
        """Forget the connection without waiting for what is unsent."""
        self._writer.transport.abort()

    async def hold(self) -> None:
        """Say nothing more; read and forget until the peer ends the connection."""
        while await self.recv():
            pass


class TLSStream(Stream):
    """TLS over a stream. Call `handshake` first; ALPN's choice is `alpn`."""

    def __init__(self, inner: Stream, context: ssl.SSLContext, *, server: bool, name: str | None = None) -> None:
        self._inner, self._back = inner, b""
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=name)

    async def handshake(self) -> None:
        """Shake hands. Raises ssl.SSLError or OSError; our alert is sent first."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._refill()
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                return await self._flush()

    @property
    def alpn(self) -> str:
        """The protocol agreed on, empty if none was."""
        return self._tls.selected_alpn_protocol() or ""

    async def recv(self) -> bytes:
        """Decrypted bytes; empty on close_notify and on FIN alike."""
        if self._back:
            data, self._back = self._back, b""
            return data
        while True:
            try:
                return self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                await self._refill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def send(self, data: bytes) -> None:
        """Encrypt and send all of it."""
        self._tls.write(data)
        await self._flush()

    async def finish(self) -> None:
        """close_notify, then FIN."""
        with suppress(ssl.SSLError):  # the peer's close_notify is not waited for
            self._tls.unwrap()
        await self._flush()
        await self._inner.finish()

    def reset(self) -> None:
        """RST under the TLS."""
        self._inner.reset()

    def close(self) -> None:
        """Close the connection under the TLS."""
        self._inner.close()

    def abort(self) -> None:
        """Forget the connection under the TLS."""
        self._inner.abort()

    async def _refill(self) -> None:
        await self._flush()
        data = await self._inner.recv()
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    async def _flush(self) -> None:
        if self._out.pending:
            await self._inner.send(self._out.read())


StreamHandler = Callable[[Stream], Awaitable[None]]
Send = Callable[[bytes], None]
DatagramHandler = Callable[[bytes, Send], Awaitable[None]]
"""Told a datagram and how to answer its sender, any number of times."""


class Listeners:
    """Everything that listens in one lab, and every task that serves it."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._transports: list[asyncio.DatagramTransport] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepted: WeakSet[asyncio.StreamWriter] = WeakSet()  # a transport keeps its writer alive while it is open
        self._closing = False

    async def tcp(self, address: str, port: int, handler: StreamHandler) -> int:
        """Accept connections there (port 0: any) and serve each with `handler`; returns the port."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._accepted.add(writer)
            if not self._closing:
                self.spawn(self._serve(Stream(reader, writer), handler))

        server = await asyncio.start_server(accept, address, port, backlog=1024)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def udp(self, address: str, port: int, handler: DatagramHandler) -> int:
        """Answer datagrams there with `handler`; returns the port."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self, handler), local_addr=(address, port)
        )
        self._transports.append(transport)
        return int(transport.get_extra_info("sockname")[1])

    def spawn(self, work: Awaitable[None]) -> None:
        """Run this until it ends or the lab stops."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop listening, end every task, close every socket."""
        self._closing = True
        loop = asyncio.get_running_loop()
        for server in self._servers:
            for listening in server.sockets:
                loop.remove_reader(listening)
        await _turns()  # an accept under way would trip over a closed server (CPython 3.11) and leak its socket
        for server in self._servers:
            server.close()
        for transport in self._transports:
            transport.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in list(self._accepted):
            writer.transport.abort()
        await _turns()  # transports close their sockets in the next turn of the loop

    async def _serve(self, stream: Stream, handler: StreamHandler) -> None:
        with suppress(OSError):
            await handler(stream)
        stream.close()


async def _turns() -> None:
    """Let the loop go round a few times."""
    for _ in range(5):
        await asyncio.sleep(0)


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams to a handler, each in its own task."""

    def __init__(self, listeners: Listeners, handler: DatagramHandler) -> None:
        self._listeners, self._handler = listeners, handler
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.11's own class does not say that it is one

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        def answer(reply: bytes) -> None:
            if self._transport is not None and not self._transport.is_closing():
                self._transport.sendto(reply, addr)

        self._listeners.spawn(self._handler(data, answer))


async def open_stream(address: str, port: int) -> Stream:
    """A new connection. Raises OSError."""
    reader, writer = await asyncio.open_connection(address, port)
    return Stream(reader, writer)
