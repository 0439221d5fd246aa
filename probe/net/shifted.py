"""A Network whose wall clock is wrong by so many seconds; everything else is that of the network under it.

For labs and tests: no namespace of Linux has a wall clock of its own.
"""

from probe.net.network import DatagramSocket, Network, Stream


class ShiftedNetwork:
    """`inner`, seen by a machine whose clock is `offset` seconds ahead."""

    def __init__(self, inner: Network, offset: float) -> None:
        self._inner = inner
        self._offset = offset

    def now(self) -> float:
        """The wrong wall clock."""
        return self._inner.now() + self._offset

    def monotonic(self) -> float:
        """The monotonic clock, which knows nothing of dates."""
        return self._inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await self._inner.sleep(seconds)

    def system_resolvers(self) -> tuple[str, ...]:
        """The inner network's."""
        return self._inner.system_resolvers()

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        """The inner network's."""
        return await self._inner.getaddrinfo(host, deadline)

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        """The inner network's."""
        return await self._inner.connect(address, port, deadline)

    async def udp(self, address: str, port: int) -> DatagramSocket:
        """The inner network's."""
        return await self._inner.udp(address, port)
