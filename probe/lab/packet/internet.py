"""The internet side of a packet lab: every host's services on its true addresses and ports, in one namespace.

Runs in the child process that `topology` forks, after the addresses are there. The servers are the lab's own
(`probe.lab.servers`); here is only where they listen, who asks (a connection from the client's addresses has the
client's view, everything else the control's), how a host is down, and the shadows: addresses to which the censor leads
a flow that must be terminated to be changed, where the loopback censor's relay breaks into it.
"""

import asyncio
import socket
from collections.abc import Collection, Iterable
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from probe.lab.censor import Censor
from probe.lab.certificates import Certificates
from probe.lab.packet.http3 import serve_quic
from probe.lab.path import Path
from probe.lab.rule import Intercept, Reroute, Rule, Stage
from probe.lab.servers import Servers
from probe.lab.stream import Listeners, Stream, StreamHandler
from probe.lab.world import Host, Service, ServiceKind, View, World

if TYPE_CHECKING:
    from aioquic.asyncio.server import QuicServer

CLIENT_STANDIN = ("198.18.255.1", "fd00:18::ffff")
"""What a relay in the client's name connects from, so that servers see the client's view."""

_BACKLOG = 1024
_FILL = 4


def shadow(address: str, number: int) -> str:
    """The shadow of a world address, the number-th: in 198.18.0.0/16 (RFC 2544) or fd00:18::/64 (RFC 4193)."""
    if ":" in address:
        return f"fd00:18::{number + 1:x}"
    return f"198.18.{(number + 1) >> 8}.{(number + 1) & 255}"


def shadows(world: World) -> dict[tuple[str, int], str]:
    """Where a flow to an address and TCP port may be led to be broken into, for every port that serves something."""
    places: dict[tuple[str, int], str] = {}
    number = 0
    for host in world.hosts:
        for address in host.addresses:
            number += 1
            for service in host.services:
                if service.kind not in (ServiceKind.CLOSED, ServiceKind.SILENT, ServiceKind.QUIC):
                    places[str(ip_address(address)), service.port] = shadow(address, number)
    return places


def breaking(rules: Iterable[Rule]) -> list[Rule]:
    """The rules that a shadow carries out: those that need the connection's two ends apart."""
    late = (Stage.TLS, Stage.HTTP, Stage.DATA)
    return [rule for rule in rules if isinstance(rule.effect, Intercept | Reroute) and rule.match.stage in late]


class Internet:
    """All servers of one world."""

    def __init__(self, world: World, certificates: Certificates, rules: Iterable[Rule]) -> None:
        self._world, self._certificates = world, certificates
        self._servers = Servers(world, certificates, self._dial)
        self._listeners = Listeners()
        self._path = Path(breaking(rules))
        self._relay = Censor(self._path, certificates)
        self._client = {*(str(ip_address(each)) for each in world.client.addresses), *CLIENT_STANDIN}
        self._open: dict[str, list[asyncio.Server | asyncio.DatagramTransport | QuicServer]] = {}
        self._held: list[socket.socket] = []

    async def start(self) -> None:
        """Listen everywhere. Raises OSError if an address or port cannot be had."""
        for host in self._world.hosts:
            await self._raise(host)
        for (address, port), where in shadows(self._world).items():
            await self._shadow(address, port, where)

    def change(self, rules: Iterable[Rule]) -> None:
        """From now on these rules hold, as far as they are carried out here."""
        self._path.apply(breaking(rules))

    async def down(self, names: Collection[str]) -> None:
        """These hosts are down, all others up: the ports of a host that is down refuse."""
        for host in self._world.hosts:
            if host.name in names:
                for listening in self._open.pop(host.name, ()):
                    listening.close()
            elif host.name not in self._open:
                await self._raise(host)
        await asyncio.sleep(0)

    async def _raise(self, host: Host) -> None:
        opened = self._open.setdefault(host.name, [])
        for service in host.services:
            for address in host.addresses:
                if service.kind is ServiceKind.SILENT:
                    self._silent(address, service.port)
                    continue
                views = {view: self._servers.stream_handler(service, view) for view in (View.CLIENT, View.CONTROL)}
                if views[View.CLIENT] is not None:
                    opened.append(await self._tcp(address, service.port, views))
                opened.extend(await self._udp(address, service))

    async def _tcp(self, address: str, port: int, views: dict[View, StreamHandler | None]) -> asyncio.Server:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = writer.get_extra_info("peername")
            handler = views[self._view(peer[0] if peer else "")]
            if handler is not None:
                self._listeners.spawn(_serve(Stream(reader, writer), handler))

        return await asyncio.start_server(accept, address, port, backlog=_BACKLOG)

    def _view(self, address: str) -> View:
        return View.CLIENT if address in self._client else View.CONTROL

    async def _udp(self, address: str, service: Service) -> "list[asyncio.DatagramTransport | QuicServer]":
        if service.kind is ServiceKind.QUIC:
            server = await serve_quic(self._world, service, self._certificates, address)
            return [server] if server is not None else []
        if self._servers.datagram_handler(service, View.CLIENT) is None:
            return []
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self, service), local_addr=(address, service.port)
        )
        return [transport]

    def datagram(self, service: Service, data: bytes, peer: tuple[str, int], to: asyncio.DatagramTransport) -> None:
        """Have a service's server answer a datagram."""
        handler = self._servers.datagram_handler(service, self._view(peer[0]))
        if handler is not None:
            self._listeners.spawn(handler(data, lambda reply: None if to.is_closing() else to.sendto(reply, peer)))

    def _silent(self, address: str, port: int) -> None:
        """A TCP listener with a full backlog drops SYNs; a UDP socket that nobody reads swallows."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.bind((address, port))
        listener.listen(0)
        deaf = socket.socket(family, socket.SOCK_DGRAM)
        deaf.bind((address, port))
        self._held += [listener, deaf]
        for _ in range(_FILL):
            filler = socket.socket(family, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex((address, port))
            self._held.append(filler)

    async def _shadow(self, address: str, port: int, where: str) -> None:
        async def open_origin(other: str) -> Stream:
            """The server itself, or the same port of another host: its address of the same family."""
            hosts = [self._world.host(other)] if other else []
            same = [each for host in hosts for each in host.addresses if (":" in each) == (":" in address)]
            return await _open(same[0] if same else address, port, CLIENT_STANDIN[":" in address])

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            relay = partial(self._relay.relay, address=address, port=port, open_origin=open_origin)
            self._listeners.spawn(_serve(Stream(reader, writer), relay))

        await asyncio.start_server(accept, where, port, backlog=_BACKLOG)

    async def _dial(self, address: str, port: int) -> Stream:
        """Connect beside the censor, as the control proxy and the forwarders do."""
        return await _open(address, port, None)


async def _open(address: str, port: int, source: str | None) -> Stream:
    reader, writer = await asyncio.open_connection(address, port, local_addr=(source, 0) if source else None)
    return Stream(reader, writer)


async def _serve(stream: Stream, handler: StreamHandler) -> None:
    """Serve one connection; a peer that breaks it is no news in a lab."""
    try:
        await handler(stream)
    except OSError:
        stream.abort()
    else:
        stream.close()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands the datagrams of one address and port to the Internet."""

    def __init__(self, internet: Internet, service: Service) -> None:
        self._internet, self._service = internet, service
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.11's own class does not say that it is one

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None:
            self._internet.datagram(self._service, data, addr, self._transport)
