"""The scripted network: time passes only when it is wound, and peers do what the script says, in order."""

import asyncio
import socket
from collections.abc import Iterable

import pytest

from probe.net.scripted import START, After, ScriptedNetwork


def test_a_month_of_sleeps_passes_without_waiting() -> None:
    network = ScriptedNetwork()
    ticks: list[float] = []

    async def schedule() -> None:
        for _ in range(30 * 24):
            ticks.append(network.now())
            await network.sleep(3600)

    asyncio.run(network.run(schedule()))
    assert ticks[0] == START
    assert ticks[-1] == START + (30 * 24 - 1) * 3600
    assert network.monotonic() == 30 * 24 * 3600


def test_sleepers_wake_in_order_of_time() -> None:
    network = ScriptedNetwork()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await network.sleep(seconds)
        woken.append((name, network.monotonic()))

    async def all_of_them() -> None:
        await asyncio.gather(sleeper("late", 9), sleeper("early", 2), sleeper("between", 5))

    asyncio.run(network.run(all_of_them()))
    assert woken == [("early", 2), ("between", 5), ("late", 9)]


def test_by_hand_nothing_happens_before_its_time() -> None:
    network = ScriptedNetwork()

    async def scenario() -> tuple[bool, bool]:
        sleeper = asyncio.create_task(network.sleep(10))
        await network.advance(9.5)
        before = sleeper.done()
        await network.advance(0.5)
        return before, sleeper.done()

    assert asyncio.run(scenario()) == (False, True)


def test_a_wrong_wall_clock_leaves_the_monotonic_one_alone() -> None:
    network = ScriptedNetwork()
    network.skew = -2 * 365 * 86400.0
    assert network.now() == START - 63072000
    assert network.monotonic() == 0


def test_stream_echo_then_fin_stays() -> None:
    def peer(data: bytes) -> Iterable[After]:
        return [After(0.1, data.upper()), After(0.3, b"")] if data else [After(0.0, b"hello")]

    network = ScriptedNetwork(rtt=0.05, tcp={("192.0.2.1", 80): peer})

    async def scenario() -> list[tuple[bytes, float]]:
        seen = []
        stream = await network.connect("192.0.2.1", 80, 5)
        seen.append((await stream.recv(2, 5), network.monotonic()))
        seen.append((await stream.recv(9, 5), network.monotonic()))
        await stream.send(b"abc", 5)
        for _ in range(3):
            seen.append((await stream.recv(9, 5), network.monotonic()))
        stream.close()
        return seen

    seen = asyncio.run(network.run(scenario()))
    assert [data for data, _ in seen] == [b"he", b"llo", b"ABC", b"", b""]
    assert [t for _, t in seen] == pytest.approx([0.05, 0.05, 0.15, 0.35, 0.35])


def test_stream_reset_stays() -> None:
    network = ScriptedNetwork(tcp={("192.0.2.1", 443): lambda _: [After(1, ConnectionResetError(104, "reset"))]})

    async def scenario() -> float:
        stream = await network.connect("192.0.2.1", 443, 5)
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                await stream.recv(1, 5)
        return network.monotonic()

    assert asyncio.run(network.run(scenario())) == 1


def test_silence_costs_the_deadline_and_nothing_more() -> None:
    network = ScriptedNetwork(hosts={"mute.example": None}, tcp={("192.0.2.1", 80): lambda _: ()})

    async def scenario() -> list[float]:
        ends = []
        stream = await network.connect("192.0.2.1", 80, 5)
        with pytest.raises(TimeoutError):
            await stream.recv(1, 3)
        ends.append(network.monotonic())
        with pytest.raises(TimeoutError):
            await network.connect("192.0.2.9", 80, 10)
        ends.append(network.monotonic())
        with pytest.raises(TimeoutError):
            await network.getaddrinfo("mute.example", 14)
        ends.append(network.monotonic())
        return ends

    assert asyncio.run(network.run(scenario())) == [3, 10, 14]


def test_connect_that_arrives_after_the_deadline_is_a_timeout() -> None:
    network = ScriptedNetwork(rtt=2, tcp={("192.0.2.1", 80): lambda _: ()})

    async def scenario() -> None:
        await network.connect("192.0.2.1", 80, 1)

    with pytest.raises(TimeoutError):
        asyncio.run(network.run(scenario()))
    assert network.monotonic() == 1


def test_two_datagrams_the_forged_one_first() -> None:
    def liar(query: bytes) -> Iterable[After]:
        return [After(0.14, b"true " + query, ttl=44), After(0.01, b"forged " + query, ttl=57)]

    network = ScriptedNetwork(udp={("192.0.2.53", 53): liar})

    async def scenario() -> list[tuple[bytes, int | None, float]]:
        socket_ = await network.udp("192.0.2.53", 53)
        await socket_.send(b"q")
        seen = []
        for _ in range(2):
            datagram = await socket_.recv(5)
            seen.append((datagram.data, datagram.ttl, network.monotonic()))
        with pytest.raises(TimeoutError):
            await socket_.recv(5)
        socket_.close()
        return seen

    assert asyncio.run(network.run(scenario())) == [(b"forged q", 57, 0.01), (b"true q", 44, 0.14)]


def test_errors_of_the_script_are_raised_as_written() -> None:
    network = ScriptedNetwork(
        hosts={"odd.example": socket.gaierror(socket.EAI_AGAIN, "again"), "ok.example": ("192.0.2.1",)},
        tcp={("192.0.2.1", 80): ConnectionRefusedError(111, "refused")},
        udp={("192.0.2.1", 53): OSError(101, "unreachable")},
        resolvers=("192.0.2.53",),
    )

    async def scenario() -> None:
        assert await network.getaddrinfo("ok.example", 5) == ("192.0.2.1",)
        with pytest.raises(socket.gaierror) as again:
            await network.getaddrinfo("odd.example", 5)
        assert again.value.errno == socket.EAI_AGAIN
        with pytest.raises(socket.gaierror) as noname:
            await network.getaddrinfo("unknown.example", 5)
        assert noname.value.errno == socket.EAI_NONAME
        with pytest.raises(ConnectionRefusedError):
            await network.connect("192.0.2.1", 80, 5)
        with pytest.raises(OSError, match="unreachable"):
            await network.udp("192.0.2.1", 53)

    asyncio.run(network.run(scenario()))
    assert network.system_resolvers() == ("192.0.2.53",)
    assert [(call.operation, call.host, call.port) for call in network.calls[2:]] == [
        ("getaddrinfo", "unknown.example", 0),
        ("connect", "192.0.2.1", 80),
        ("udp", "192.0.2.1", 53),
    ]


def test_a_send_wakes_a_reader_that_already_waits() -> None:
    network = ScriptedNetwork(tcp={("192.0.2.1", 80): lambda data: [After(0.5, data)] if data else []})

    async def scenario() -> tuple[bytes, float]:
        stream = await network.connect("192.0.2.1", 80, 60)
        reader = asyncio.create_task(stream.recv(9, 60))
        await network.sleep(1)
        await stream.send(b"x", 60)
        return await reader, network.monotonic()

    assert asyncio.run(network.run(scenario())) == (b"x", 1.5)


def test_run_waits_for_work_outside_the_seam() -> None:
    network = ScriptedNetwork()

    async def scenario() -> str:
        return await asyncio.to_thread(lambda: "written")

    assert asyncio.run(network.run(scenario())) == "written"
    assert network.monotonic() == 0


def test_a_stuck_script_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.net.scripted._PATIENCE", 0.01)
    network = ScriptedNetwork()

    async def scenario() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="stuck"):
        asyncio.run(network.run(scenario()))


def test_an_exception_of_main_comes_out() -> None:
    network = ScriptedNetwork()

    async def scenario() -> None:
        await network.sleep(1)
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug"):
        asyncio.run(network.run(scenario()))
