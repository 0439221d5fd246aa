"""QUIC servers for tests, good and hostile: functions from a datagram to the datagrams that answer it.

`served` is aioquic's own engine with given papers; others answer by hand, or break what the engine says on the way out.
`listening` stands one on a UDP port of loopback. None of them has timers: nothing is lost on loopback, or in a script.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from aioquic._buffer import Buffer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.crypto import CryptoPair
from aioquic.quic.packet import QuicPacketType, encode_quic_version_negotiation, pull_quic_header
from aioquic.quic.packet_builder import QuicPacketBuilder
from aioquic.tls import Epoch

from probe.net.scripted import After
from tests.net import peers
from tests.net.peers import Papers

Answer = Callable[[bytes], list[bytes]]
Garble = Callable[[Epoch, bytes], bytes]
_CLIENT = ("192.0.2.1", 40000)
_LATER = 0.1
"""Seconds: longer than an engine delays an acknowledgement."""


def configured(papers: Papers, alpn: tuple[str, ...] = ("h3",), versions: tuple[int, ...] = (1,)) -> QuicConfiguration:
    """A server's configuration with these papers."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=list(alpn), supported_versions=list(versions))
    configuration.certificate, *configuration.certificate_chain = papers.chain
    configuration.private_key = papers.key
    return configuration


class _Garbling(QuicConnection):
    """An engine whose TLS messages pass through a function before they are sent."""

    garble: Garble

    def _initialize(self, peer_cid: bytes) -> None:
        super()._initialize(peer_cid)
        honest = self.tls.handle_message

        def handle(input_data: bytes, output_buf: dict[Epoch, Buffer]) -> None:
            honest(input_data, output_buf)
            for epoch, buffer in output_buf.items():
                said = buffer.data
                if said:
                    buffer.seek(0)
                    buffer.push_bytes(self.garble(epoch, said))

        self.tls.handle_message = handle  # type: ignore[method-assign]


def served(
    papers: Papers | None = None,
    *,
    alpn: tuple[str, ...] = ("h3",),
    versions: tuple[int, ...] = (1,),
    garble: Garble | None = None,
    close: int | None = None,
) -> Answer:
    """A server of one client. `close`: it closes at once, with this error code."""
    configuration = configured(papers or peers.good(), alpn, versions)
    engines: list[QuicConnection] = []
    clock = [0.0]

    def answer(data: bytes) -> list[bytes]:
        if not engines:
            header = pull_quic_header(Buffer(data=data), host_cid_length=8)
            engines.append(_begun(configuration, header.destination_cid, garble))
        engine = engines[0]
        clock[0] += _LATER
        engine.receive_datagram(data, _CLIENT, clock[0])
        if close is not None:
            engine.close(error_code=close, frame_type=0, reason_phrase="not for you")
        sent = engine.datagrams_to_send(clock[0])
        clock[0] += _LATER
        return [one for one, _ in (*sent, *engine.datagrams_to_send(clock[0]))]

    return answer


def _begun(configuration: QuicConfiguration, cid: bytes, garble: Garble | None) -> QuicConnection:
    if garble is None:
        return QuicConnection(configuration=configuration, original_destination_connection_id=cid)
    engine = _Garbling(configuration=configuration, original_destination_connection_id=cid)
    engine.garble = garble
    return engine


def mute(data: bytes) -> list[bytes]:
    """Silence."""
    del data
    return []


def negotiating(*versions: int) -> Answer:
    """A server that speaks these versions only (RFC 9000 section 6)."""

    def answer(data: bytes) -> list[bytes]:
        header = pull_quic_header(Buffer(data=data), host_cid_length=8)
        return [encode_quic_version_negotiation(header.destination_cid, header.source_cid, list(versions))]

    return answer


def framing(frames: bytes) -> Answer:
    """A server whose one Initial, properly encrypted, holds these bytes where frames should be."""

    def answer(data: bytes) -> list[bytes]:
        header = pull_quic_header(Buffer(data=data), host_cid_length=8)
        if header.packet_type is not QuicPacketType.INITIAL:
            return []
        crypto = CryptoPair()
        crypto.setup_initial(cid=header.destination_cid, is_client=False, version=1)
        builder = QuicPacketBuilder(
            host_cid=b"12345678", peer_cid=header.source_cid, version=1, is_client=False, max_datagram_size=1200
        )
        builder.start_packet(QuicPacketType.INITIAL, crypto)
        builder.start_frame(frames[0]).push_bytes(frames[1:])
        return builder.flush()[0]

    return answer


def first_only(server: Answer) -> Answer:
    """A path that drops what the client sends after its first datagram, and nothing else (as the GFW does to QUIC)."""
    seen: list[bytes] = []

    def answer(data: bytes) -> list[bytes]:
        seen.append(data)
        return server(data) if len(seen) == 1 else []

    return answer


def flooding(data: bytes, count: int) -> Answer:
    """So many copies of something for every datagram."""
    return lambda _: [data] * count


def scripted(server: Answer, rtt: float = 0.02) -> Callable[[bytes], Iterable[After]]:
    """The server as a peer of a ScriptedNetwork, `rtt` seconds away."""
    return lambda data: [After(rtt, one) for one in server(data)]


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, server: Answer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        assert self._transport is not None
        for one in self._server(data):
            self._transport.sendto(one, addr)


@contextlib.asynccontextmanager
async def listening(server: Answer, address: str = "127.0.0.1") -> AsyncIterator[int]:
    """Stand a server on a UDP port of loopback, which is yielded."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(server), local_addr=(address, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
        await asyncio.sleep(0)
