"""A Network that counts the bytes that pass and tells when there are too many. Everything else is the network under it.

What is counted is payload, as handed to and got from the kernel: not the headers of IP, TCP and UDP, and not what
getaddrinfo asks, which the system does out of our sight. Who is told in time to cancel whatever talks gets at most one
read more than the bound (64 kB): of what lies in the kernel by then nothing is read.
"""

import asyncio
from collections.abc import Callable

from probe.net.network import Datagram, DatagramSocket, Network, Stream
from probe.net.passing import PassingNetwork


class Meter:
    """The count, in bytes both ways, and what is called once when it passes `most` (None: never)."""

    __slots__ = ("_most", "_spent", "over", "total")

    def __init__(self, most: int | None = None, spent: Callable[[], None] = lambda: None) -> None:
        self.total, self.over = 0, False
        self._most, self._spent = most, spent

    def add(self, count: int) -> None:
        """Count some more."""
        self.total += count
        if self._most is not None and self.total > self._most and not self.over:
            self.over = True
            self._spent()

    def room(self, limit: int) -> int:
        """How much of `limit` to read at once: no more than it takes to pass the bound."""
        return limit if self._most is None or self.over else min(limit, self._most + 1 - self.total)

    async def gate(self) -> None:
        """Let a task that was cancelled end here: reading what is there already never waits, so it would go on."""
        if self.over:
            await asyncio.sleep(0)


class MeteredNetwork(PassingNetwork):
    """`inner`, with every byte of its streams and datagrams counted by `meter`."""

    def __init__(self, inner: Network, meter: Meter) -> None:
        super().__init__(inner)
        self._meter = meter

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        """A counted connection."""
        return _MeteredStream(await self._inner.connect(address, port, deadline), self._meter)

    async def udp(self, address: str, port: int) -> DatagramSocket:
        """A counted socket."""
        return _MeteredDatagrams(await self._inner.udp(address, port), self._meter)


class _MeteredStream:
    __slots__ = ("_inner", "_meter")

    def __init__(self, inner: Stream, meter: Meter) -> None:
        self._inner, self._meter = inner, meter

    @property
    def source_port(self) -> int:
        return self._inner.source_port

    async def recv(self, limit: int, deadline: float) -> bytes:
        await self._meter.gate()
        data = await self._inner.recv(self._meter.room(limit), deadline)
        self._meter.add(len(data))
        return data

    async def send(self, data: bytes, deadline: float) -> None:
        await self._meter.gate()
        self._meter.add(len(data))
        await self._inner.send(data, deadline)

    def close(self) -> None:
        self._inner.close()


class _MeteredDatagrams:
    __slots__ = ("_inner", "_meter")

    def __init__(self, inner: DatagramSocket, meter: Meter) -> None:
        self._inner, self._meter = inner, meter

    async def send(self, data: bytes) -> None:
        await self._meter.gate()
        self._meter.add(len(data))
        await self._inner.send(data)

    async def recv(self, deadline: float) -> Datagram:
        await self._meter.gate()
        datagram = await self._inner.recv(deadline)
        self._meter.add(len(datagram.data))
        return datagram

    def close(self) -> None:
        self._inner.close()
