"""Stands a simulated internet in for the real one: the addresses the probe asks for are sockets on loopback instead.

Knows a table from (address, port, protocol) to where that place really listens, and what to do with every other
place; never lets anything out to the real network. Who listens there, and what lies, is the lab's business. Times,
datagrams' TTLs and every error are those of the real sockets underneath.
"""

import errno
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

from probe.model.failure import FailureKind
from probe.model.observation import Resolver, ResolverKind
from probe.net.network import Datagram, DatagramSocket, Network, Stream
from probe.net.passing import PassingNetwork
from probe.net.resolve import resolve_all
from probe.net.trace import Trace


class Unmapped(StrEnum):
    """What happens at a place where nobody listens."""

    SILENCE = "silence"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


Place = tuple[str, int, str]
"""A place of the simulated internet: address, port, `tcp` or `udp`."""
Where = tuple[str, int] | Unmapped
"""The loopback address and port that stand for a place, or what happens there instead."""
Table = Mapping[Place, Where] | Callable[[str, int, str], Where | None]
HostTable = Mapping[str, tuple[str, ...]] | Callable[[str, float], Awaitable[tuple[str, ...]]]

_EAI_NODATA = getattr(socket, "EAI_NODATA", socket.EAI_NONAME)


class RemapNetwork(PassingNetwork):
    """A Network whose internet is `table`, on the sockets and the clock of `inner`.

    `table` is looked up at each use, so a lab may change it while it runs; a place it does not know gets `unmapped`.
    `resolvers` are the system's nameservers, addresses of the simulated internet. `hosts` answers getaddrinfo: a
    mapping, or a coroutine function of host and deadline that raises socket.gaierror; None asks the first of
    `resolvers` over UDP, as glibc would, so that a lie told there is believed.

    Raises ValueError when the table leads to an address that is not loopback: a lab must not reach the real network.
    """

    def __init__(
        self,
        inner: Network,
        table: Table,
        *,
        hosts: HostTable | None = None,
        resolvers: Sequence[str] | Callable[[], Sequence[str]] = (),
        unmapped: Unmapped = Unmapped.SILENCE,
    ) -> None:
        super().__init__(inner)
        self._table = table
        self._hosts = hosts
        self._resolvers = resolvers
        self._unmapped = unmapped

    def system_resolvers(self) -> tuple[str, ...]:
        """The simulated nameservers."""
        return tuple(self._resolvers() if callable(self._resolvers) else self._resolvers)

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        """What the simulated system says: from `hosts`, or by asking its first nameserver."""
        if self._hosts is None:
            return await self._ask_nameserver(host, deadline)
        if callable(self._hosts):
            return await self._hosts(host, deadline)
        if host not in self._hosts:
            raise socket.gaierror(socket.EAI_NONAME, "no such host in the simulated internet")
        return self._hosts[host]

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        """A TCP connection to whatever stands for the place."""
        where = self._where(address, port, "tcp")
        if where is Unmapped.SILENCE:
            await self._silence(deadline)
        if where is Unmapped.REFUSED:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens")
        if isinstance(where, Unmapped):
            raise _unreachable()
        return await self._inner.connect(*where, deadline)

    async def udp(self, address: str, port: int) -> DatagramSocket:
        """A UDP socket to whatever stands for the place; its datagrams come from the simulated address."""
        where = self._where(address, port, "udp")
        if where is Unmapped.UNREACHABLE:
            raise _unreachable()
        if isinstance(where, Unmapped):
            return _DeadSocket(self, where)
        return _RenamedSocket(await self._inner.udp(*where), address, port)

    def _where(self, address: str, port: int, protocol: str) -> Where:
        address = str(ipaddress.ip_address(address))
        if callable(self._table):
            where = self._table(address, port, protocol)
        else:
            where = self._table.get((address, port, protocol))
        if where is None:
            return self._unmapped
        if not isinstance(where, Unmapped) and not ipaddress.ip_address(where[0]).is_loopback:
            raise ValueError(f"{address}:{port}/{protocol} is mapped to {where[0]}, which is not loopback")
        return where

    async def _silence(self, deadline: float) -> None:
        await self.sleep(max(0.0, deadline - self.monotonic()))
        raise TimeoutError

    async def _ask_nameserver(self, host: str, deadline: float) -> tuple[str, ...]:
        nameservers = self.system_resolvers()
        if not nameservers:
            raise socket.gaierror(socket.EAI_AGAIN, "the simulated system has no nameserver")
        start = self.monotonic()
        lookups = await resolve_all(
            lambda: Trace(self, start, 0),
            [Resolver(kind=ResolverKind.UDP, address=nameservers[0])],
            host,
            timeout=max(0.0, deadline - start),
        )
        addresses = tuple(address for seen in lookups for address in seen.addresses)
        if addresses:
            return addresses
        kinds = {seen.failure.kind for seen in lookups if seen.failure}
        if FailureKind.TIMEOUT in kinds:
            raise TimeoutError
        if FailureKind.DNS_NO_ANSWER in kinds:
            raise socket.gaierror(_EAI_NODATA, "the simulated nameserver knows the name and no address")
        code = socket.EAI_NONAME if kinds == {FailureKind.DNS_NXDOMAIN} else socket.EAI_AGAIN
        raise socket.gaierror(code, "the simulated nameserver gave no address")


def _unreachable() -> OSError:
    return OSError(errno.ENETUNREACH, "no such place in the simulated internet")


class _RenamedSocket:
    """A datagram socket whose peer goes by its simulated address."""

    __slots__ = ("_address", "_inner", "_port")

    def __init__(self, inner: DatagramSocket, address: str, port: int) -> None:
        self._inner = inner
        self._address = address
        self._port = port

    async def send(self, data: bytes) -> None:
        await self._inner.send(data)

    async def recv(self, deadline: float) -> Datagram:
        return (await self._inner.recv(deadline))._replace(address=self._address, port=self._port)

    def close(self) -> None:
        self._inner.close()


class _DeadSocket:
    """A datagram socket to a place where nobody listens: datagrams go, and silence or ICMP's refusal comes back."""

    __slots__ = ("_behaviour", "_network")

    def __init__(self, network: RemapNetwork, behaviour: Unmapped) -> None:
        self._network = network
        self._behaviour = behaviour

    async def send(self, data: bytes) -> None:
        """Lost."""

    async def recv(self, deadline: float) -> Datagram:
        if self._behaviour is Unmapped.REFUSED:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens")
        await self._network.sleep(max(0.0, deadline - self._network.monotonic()))
        raise TimeoutError

    def close(self) -> None:
        """Nothing to close."""
