"""The operating system behind the seam, on loopback: errors keep their errno, a FIN is no reset, silence a timeout."""

import asyncio
import contextlib
import errno
import socket
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from probe.net.real import RealNetwork, RealStream

SHORT = 0.03


def _soon(network: RealNetwork, seconds: float = 5.0) -> float:
    return network.monotonic() + seconds


@contextlib.contextmanager
def _listener(address: str = "127.0.0.1", backlog: int = 8) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.bind((address, 0))
        listening.listen(backlog)
        yield listening


def _port(of: socket.socket) -> int:
    return int(of.getsockname()[1])


@contextlib.asynccontextmanager
async def _connected(
    network: RealNetwork, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[RealStream, socket.socket]]:
    """Our stream and the peer's socket."""
    with _listener(address) as listening:
        stream = await network.connect(address, _port(listening), _soon(network))
        peer, _ = listening.accept()
        try:
            yield stream, peer
        finally:
            stream.close()
            peer.close()


def _reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


# TCP


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_bytes_go_both_ways(address: str) -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network, address) as (stream, peer):
            await stream.send(b"ping", _soon(network))
            assert peer.recv(9) == b"ping"
            assert peer.getpeername()[1] == stream.source_port
            peer.send(b"pong")
            assert await stream.recv(2, _soon(network)) == b"po"
            assert await stream.recv(9, _soon(network)) == b"ng"

    asyncio.run(scenario())


def test_a_fin_is_an_empty_read() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network) as (stream, peer):
            peer.send(b"last")
            peer.close()
            assert await stream.recv(9, _soon(network)) == b"last"
            assert await stream.recv(9, _soon(network)) == b""

    asyncio.run(scenario())


def test_a_reset_is_an_error_with_its_errno() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network) as (stream, peer):
            reading = asyncio.create_task(stream.recv(9, _soon(network)))
            await asyncio.sleep(0)
            _reset(peer)
            with pytest.raises(ConnectionResetError) as error:
                await reading
            assert error.value.errno == errno.ECONNRESET

    asyncio.run(scenario())


def test_writing_after_a_reset_is_an_error() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network) as (stream, peer):
            _reset(peer)
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                await stream.send(b"x", _soon(network))

    asyncio.run(scenario())


def test_a_closed_port_refuses() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with _listener() as listening:
            port = _port(listening)
        with pytest.raises(ConnectionRefusedError) as error:
            await network.connect("127.0.0.1", port, _soon(network))
        assert error.value.errno == errno.ECONNREFUSED

    asyncio.run(scenario())


def test_an_unanswered_syn_is_a_timeout() -> None:
    """A full backlog of one: the kernel drops further SYNs."""

    async def scenario() -> None:
        network = RealNetwork()
        with _listener(backlog=0) as listening, contextlib.ExitStack() as open_streams:
            for _ in range(8):
                try:
                    stream = await network.connect("127.0.0.1", _port(listening), _soon(network, SHORT))
                except TimeoutError:
                    return
                open_streams.callback(stream.close)
            pytest.fail("the backlog never filled")

    asyncio.run(scenario())


def test_what_comes_while_nobody_reads_is_kept_and_watched_for_once() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network) as (stream, peer):
            with pytest.raises(TimeoutError):  # from here on the socket is watched
                await stream.recv(9, _soon(network, SHORT))
            peer.send(b"early")
            await asyncio.sleep(SHORT)
            assert not asyncio.get_running_loop().remove_reader(stream._socket.fileno())
            assert await stream.recv(9, _soon(network)) == b"early"
            asyncio.get_running_loop().call_later(SHORT, peer.send, b"later")
            assert await stream.recv(9, _soon(network)) == b"later"

    asyncio.run(scenario())


def test_silence_is_a_timeout_and_the_stream_lives_on() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network) as (stream, peer):
            with pytest.raises(TimeoutError):
                await stream.recv(9, _soon(network, SHORT))
            peer.send(b"late")
            assert await stream.recv(9, _soon(network)) == b"late"

    asyncio.run(scenario())


def test_a_peer_that_does_not_read_stalls_a_write_until_the_deadline() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network) as (stream, _peer):
            with pytest.raises(TimeoutError):
                await stream.send(b"x" * 32_000_000, _soon(network, SHORT))

    asyncio.run(scenario())


def test_a_cancelled_connect_leaves_no_socket() -> None:
    """Warnings are errors here: an unclosed socket would fail this test."""

    async def scenario() -> None:
        network = RealNetwork()
        with _listener(backlog=0) as listening:
            tasks = [asyncio.create_task(_connect_and_close(network, _port(listening))) for _ in range(6)]
            await asyncio.sleep(SHORT)
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert any(isinstance(end, asyncio.CancelledError) for end in ends)

    asyncio.run(scenario())


async def _connect_and_close(network: RealNetwork, port: int) -> None:
    stream: RealStream = await network.connect("127.0.0.1", port, _soon(network, 60))
    stream.close()


def test_closing_twice_is_safe() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        async with _connected(network) as (stream, _):
            stream.close()
            stream.close()

    asyncio.run(scenario())


# UDP


@contextlib.contextmanager
def _datagrams(address: str = "127.0.0.1") -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as peer:
        peer.bind((address, 0))
        yield peer


@pytest.mark.parametrize(
    ("address", "level", "option"),
    [("127.0.0.1", socket.IPPROTO_IP, socket.IP_TTL), ("::1", socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)],
)
def test_each_datagram_comes_with_its_ttl(address: str, level: int, option: int) -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with _datagrams(address) as peer:
            opened = await network.udp(address, _port(peer))
            await opened.send(b"?")
            _, ours = peer.recvfrom(9)
            for ttl, data in ((57, b"forged"), (44, b"")):
                peer.setsockopt(level, option, ttl)
                peer.sendto(data, ours)
            first, second = await opened.recv(_soon(network)), await opened.recv(_soon(network))
            opened.close()
            assert (first.data, first.ttl, first.address, first.port) == (b"forged", 57, address, _port(peer))
            assert (second.data, second.ttl) == (b"", 44)

    asyncio.run(scenario())


def test_icmp_port_unreachable_is_refused() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with _datagrams() as peer:
            port = _port(peer)
        opened = await network.udp("127.0.0.1", port)
        await opened.send(b"?")
        with pytest.raises(ConnectionRefusedError) as error:
            await opened.recv(_soon(network))
        opened.close()
        assert error.value.errno == errno.ECONNREFUSED

    asyncio.run(scenario())


def test_no_datagram_is_a_timeout_and_a_later_one_still_arrives() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with _datagrams() as peer:
            opened = await network.udp("127.0.0.1", _port(peer))
            await opened.send(b"?")
            with pytest.raises(TimeoutError):
                await opened.recv(_soon(network, SHORT))
            peer.sendto(b"late", peer.recvfrom(9)[1])
            assert (await opened.recv(_soon(network))).data == b"late"
            opened.close()

    asyncio.run(scenario())


def test_datagrams_of_strangers_are_dropped() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with _datagrams() as peer, _datagrams() as stranger:
            opened = await network.udp("127.0.0.1", _port(peer))
            await opened.send(b"?")
            _, ours = peer.recvfrom(9)
            stranger.sendto(b"strange", ours)
            peer.sendto(b"true", ours)
            assert (await opened.recv(_soon(network))).data == b"true"
            opened.close()

    asyncio.run(scenario())


# The system's resolver


def test_getaddrinfo_names_each_address_once() -> None:
    async def scenario() -> tuple[str, ...]:
        network = RealNetwork()
        return await network.getaddrinfo("127.0.0.1", _soon(network))

    assert asyncio.run(scenario()) == ("127.0.0.1",)


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_AGAIN, "again"), OSError(errno.EMFILE, "too many")])
def test_getaddrinfo_passes_the_systems_error_on(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    async def scenario() -> None:
        network = RealNetwork()
        with pytest.raises(type(error)) as raised:
            await network.getaddrinfo("site.example", _soon(network))
        assert raised.value.errno == error.errno

    asyncio.run(scenario())


def test_a_name_the_system_cannot_encode_is_no_name() -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with pytest.raises(socket.gaierror) as raised:
            await network.getaddrinfo("a" * 64 + ".bücher", _soon(network))
        assert raised.value.errno == socket.EAI_NONAME

    asyncio.run(scenario())


@pytest.fixture
def silent_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """getaddrinfo blocks until the event is set, at the latest when the test ends."""
    released = threading.Event()

    def block(*_: object, **__: object) -> list[object]:
        released.wait(5)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", block)
    yield released
    released.set()


def test_a_silent_resolver_is_a_timeout(silent_resolver: threading.Event) -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with pytest.raises(TimeoutError):
            await network.getaddrinfo("site.example", _soon(network, SHORT))
        silent_resolver.set()
        assert await network.getaddrinfo("site.example", _soon(network)) == ("192.0.2.1",)

    asyncio.run(scenario())


def test_our_own_limit_of_threads_is_not_told_as_a_silent_resolver(
    monkeypatch: pytest.MonkeyPatch, silent_resolver: threading.Event
) -> None:
    monkeypatch.setattr("probe.net.real.MAX_RESOLVER_THREADS", 2)

    async def scenario() -> None:
        network = RealNetwork()
        held = [network.getaddrinfo("site.example", _soon(network, SHORT)) for _ in range(2)]
        assert all(isinstance(e, TimeoutError) for e in await asyncio.gather(*held, return_exceptions=True))
        with pytest.raises(OSError, match="waiting") as raised:
            await network.getaddrinfo("innocent.example", _soon(network, SHORT))
        assert raised.value.errno == errno.ENOBUFS
        silent_resolver.set()
        assert await network.getaddrinfo("innocent.example", _soon(network)) == ("192.0.2.1",)

    asyncio.run(scenario())


def test_a_system_out_of_threads_gives_its_slot_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def scenario() -> None:
        monkeypatch.setattr("probe.net.real.MAX_RESOLVER_THREADS", 1)
        network = RealNetwork()
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_thread)
            with pytest.raises(OSError, match="no thread") as raised:
                await network.getaddrinfo("127.0.0.1", _soon(network))
            assert raised.value.errno == errno.ENOBUFS
        assert await network.getaddrinfo("127.0.0.1", _soon(network)) == ("127.0.0.1",)

    asyncio.run(scenario())


def test_an_answer_after_the_loop_has_closed_disturbs_nobody(silent_resolver: threading.Event) -> None:
    async def scenario() -> None:
        network = RealNetwork()
        with pytest.raises(TimeoutError):
            await network.getaddrinfo("site.example", _soon(network, SHORT))

    before = set(threading.enumerate())
    asyncio.run(scenario())
    (waiting,) = set(threading.enumerate()) - before
    silent_resolver.set()
    waiting.join(5)
    assert not waiting.is_alive()


def test_nameservers_of_resolv_conf(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text(
        "# nameserver 192.0.2.9\nsearch example\nnameserver 192.0.2.53\n\tnameserver\t2001:db8::53\n"
        "nameserver fe80::1%eth0\nnameserver\nnameserver dns.example\noptions edns0\n",
        encoding="utf-8",
    )
    assert RealNetwork(conf).system_resolvers() == ("192.0.2.53", "2001:db8::53", "fe80::1%eth0")
    assert RealNetwork(tmp_path / "absent").system_resolvers() == ()


def test_the_clocks() -> None:
    network = RealNetwork()
    assert network.now() > 1_700_000_000
    before = network.monotonic()
    asyncio.run(network.sleep(0.001))
    assert network.monotonic() > before
