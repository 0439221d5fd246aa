"""A Network that is another one, unchanged: the ground for those that change one thing of it and pass on the rest."""

from probe.net.network import DatagramSocket, Network, Stream


class PassingNetwork:
    """`inner`, whatever is asked."""

    def __init__(self, inner: Network) -> None:
        self._inner = inner

    def now(self) -> float:
        """The wall clock of `inner`."""
        return self._inner.now()

    def monotonic(self) -> float:
        """The monotonic clock of `inner`, which knows nothing of dates."""
        return self._inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await self._inner.sleep(seconds)

    def system_resolvers(self) -> tuple[str, ...]:
        """The nameservers of `inner`."""
        return self._inner.system_resolvers()

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        """What the system of `inner` says."""
        return await self._inner.getaddrinfo(host, deadline)

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        """A connection of `inner`."""
        return await self._inner.connect(address, port, deadline)

    async def udp(self, address: str, port: int) -> DatagramSocket:
        """A socket of `inner`."""
        return await self._inner.udp(address, port)
