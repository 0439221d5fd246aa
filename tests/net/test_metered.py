"""Bytes are counted both ways, and once there are too many that is told once."""

import asyncio
from typing import Any

from probe.net.metered import Meter, MeteredNetwork
from probe.net.scripted import After, ScriptedNetwork


def echo(data: bytes) -> list[After]:
    return [After(0.1, data)] if data else []


def test_streams_and_datagrams_are_counted_both_ways_and_pass_unchanged() -> None:
    inner = ScriptedNetwork(rtt=0.1, hosts={"a.example": ("1.2.3.4",)}, tcp={("1.2.3.4", 80): echo},
                            udp={("1.2.3.4", 53): echo}, resolvers=("1.2.3.4",))  # fmt: skip
    meter = Meter()
    network = MeteredNetwork(inner, meter)

    async def talk() -> list[Any]:
        stream = await network.connect("1.2.3.4", 80, 9.0)
        await stream.send(b"hello", 9.0)
        said = await stream.recv(100, 9.0)
        socket = await network.udp("1.2.3.4", 53)
        await socket.send(b"abc")
        answer = await socket.recv(9.0)
        stream.close()
        socket.close()
        await network.sleep(1.0)
        return [said, answer.data, answer.port, stream.source_port, await network.getaddrinfo("a.example", 9.0)]

    said, answer, port, source, found = asyncio.run(inner.run(talk()))
    assert (said, answer, port, found) == (b"hello", b"abc", 53, ("1.2.3.4",))
    assert source > 0
    assert meter.total == 2 * len(b"hello") + 2 * len(b"abc")
    assert (network.now(), network.monotonic()) == (inner.now(), inner.monotonic())
    assert network.system_resolvers() == ("1.2.3.4",)


def test_too_many_bytes_are_told_once() -> None:
    told: list[int] = []
    meter = Meter(10, lambda: told.append(meter.total))
    for count in (4, 6, 1, 5, 100):
        meter.add(count)
    assert told == [11]
    assert meter.total == 116


def test_a_meter_without_a_bound_never_tells() -> None:
    meter = Meter(None, lambda: (_ for _ in ()).throw(AssertionError))
    meter.add(10**12)
    assert meter.total == 10**12


class Endless:
    """A network whose connections have all the bytes that anybody may want, at once."""

    async def connect(self, _address: str, _port: int, _deadline: float) -> "Endless":
        return self

    async def recv(self, limit: int, _deadline: float) -> bytes:
        return bytes(limit)


def test_who_is_cancelled_when_the_bytes_are_spent_reads_no_more_although_more_is_there() -> None:
    """Reading what is there never waits, so nothing but the meter lets the cancelling come through."""

    async def read(network: MeteredNetwork) -> None:
        stream = await network.connect("1.2.3.4", 80, 9.0)
        while True:
            await stream.recv(1000, 9.0)

    def cancel(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()

    async def scenario() -> tuple[int, list[bool]]:
        tasks: list[asyncio.Task[None]] = []
        meter = Meter(2500, lambda: cancel(tasks))
        network = MeteredNetwork(Endless(), meter)  # type: ignore[arg-type]
        tasks += [asyncio.ensure_future(read(network)) for _ in range(5)]
        await asyncio.wait(tasks, timeout=9)
        return meter.total, [task.cancelled() for task in tasks]

    assert asyncio.run(scenario()) == (2501, [True] * 5)
