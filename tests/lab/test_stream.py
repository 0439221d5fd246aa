"""Streams and listeners by themselves: bytes put back, three endings, TLS over any stream, and a clean stop."""

import asyncio
import ssl

import pytest

from probe.lab.certificates import Certificates, client_context
from probe.lab.stream import Listeners, Send, Stream, TLSStream, open_stream
from probe.lab.world import CertificateSpec

LOOPBACK = "127.0.0.1"


async def echo(stream: Stream) -> None:
    """Send back what comes."""
    while data := await stream.recv():
        await stream.send(data)


def test_bytes_put_back_come_first() -> None:
    async def scenario() -> list[bytes]:
        listeners = Listeners()
        stream = await open_stream(LOOPBACK, await listeners.tcp(LOOPBACK, 0, echo))
        await stream.send(b"new")
        stream.unread(b"old")
        stream.unread(b"very ")
        got = [await stream.recv(), await stream.recv()]
        stream.close()
        await listeners.close()
        return got

    assert asyncio.run(scenario()) == [b"very old", b"new"]


def test_reset_is_a_reset_and_finish_is_not() -> None:
    async def ending(stream: Stream) -> None:
        if await stream.recv() == b"reset":
            stream.reset()
        else:
            await stream.finish()

    async def scenario() -> bytes:
        listeners = Listeners()
        port = await listeners.tcp(LOOPBACK, 0, ending)
        stream, other = await open_stream(LOOPBACK, port), await open_stream(LOOPBACK, port)
        try:
            await other.send(b"finish")
            fin = await other.recv()
            await stream.send(b"reset")
            with pytest.raises(ConnectionResetError):
                await stream.recv()
            return fin
        finally:
            stream.close()
            other.close()
            await listeners.close()

    assert asyncio.run(scenario()) == b""


def test_tls_over_a_stream_verifies_and_ends_cleanly() -> None:
    certificates = Certificates()
    context = certificates.context(CertificateSpec(), "site.test", ("http/1.1",))

    async def serve(stream: Stream) -> None:
        secure = TLSStream(stream, context, server=True)
        await secure.handshake()
        await secure.send(await secure.recv())
        await secure.finish()

    async def scenario(name: str) -> tuple[bytes, bytes]:
        listeners = Listeners()
        raw = await open_stream(LOOPBACK, await listeners.tcp(LOOPBACK, 0, serve))
        try:
            secure = TLSStream(raw, client_context(certificates.public_pem), server=False, name=name)
            await secure.handshake()
            await secure.send(b"hello")
            return await secure.recv(), await secure.recv()
        finally:
            raw.close()
            await listeners.close()

    assert asyncio.run(scenario("site.test")) == (b"hello", b"")
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(scenario("other.test"))


def test_datagrams_can_be_answered_twice() -> None:
    async def twice(data: bytes, send: Send) -> None:
        send(data + b"1")
        send(data + b"2")

    async def scenario() -> list[bytes]:
        listeners, inbox = Listeners(), asyncio.Queue[bytes]()

        class Inbox(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                inbox.put_nowait(data + str(addr[1] == port).encode())

        port = await listeners.udp(LOOPBACK, 0, twice)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Inbox, remote_addr=(LOOPBACK, port))
        transport.sendto(b"a")
        got = [await inbox.get(), await inbox.get()]
        transport.close()
        await listeners.close()
        return got

    assert asyncio.run(scenario()) == [b"a1True", b"a2True"]


def test_closing_the_listeners_ends_handlers_that_wait_for_ever() -> None:
    ended = []

    async def wait(stream: Stream) -> None:
        try:
            await stream.hold()
        except asyncio.CancelledError:
            ended.append(True)
            raise

    async def scenario() -> None:
        listeners = Listeners()
        stream = await open_stream(LOOPBACK, await listeners.tcp(LOOPBACK, 0, wait))
        await stream.send(b"x")
        await asyncio.sleep(0.05)
        await listeners.close()
        stream.close()

    asyncio.run(scenario())
    assert ended == [True]
