"""The lab on 127.0.0.1, without root: every simulated address and port is a real socket on an ephemeral port.

Two tables lead there: the client's, whose sockets are the censor's relays, and the control's, which go straight to
the servers. A lab runs in a thread with a loop of its own, so it stays apart from the probe's. Everything else, from
what is served to what is forged, is in the rooms it puts together.
"""

import asyncio
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from ipaddress import ip_address
from types import TracebackType

from probe.lab.censor import Censor
from probe.lab.certificates import Certificates
from probe.lab.path import Path
from probe.lab.ports import LOOPBACK, Ports
from probe.lab.rule import Drop, Rule
from probe.lab.servers import Servers
from probe.lab.stream import DatagramHandler, Listeners, Stream, open_stream
from probe.lab.world import Host, Service, ServiceKind, View, World

Place = tuple[str, int, str]
"""A simulated address, a port, and `tcp` or `udp`."""


class Table(Mapping[Place, tuple[str, int]]):
    """Where a simulated place really is. Look it up for each connection: rules and outages change it.

    An address that no host of the world has, or of a family that the client lacks, is a KeyError: no route. Iterating
    gives the places that serve something.
    """

    def __init__(self, lab: "LoopbackLab", view: View) -> None:
        self._lab, self._view = lab, view

    def __getitem__(self, place: Place) -> tuple[str, int]:
        address, port, transport = place
        return LOOPBACK, self._lab.where(str(ip_address(address)), port, transport, self._view)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._lab.places(self._view))

    def __len__(self) -> int:
        return len(self._lab.places(self._view))


class LoopbackLab:
    """A running world: `with LoopbackLab(world) as lab:`, or `async with` beside a running loop. Not started twice."""

    def __init__(self, world: World, rules: Iterable[Rule] = ()) -> None:
        self.world = world
        self._path = Path(rules)
        self._down: frozenset[str] = frozenset()
        self._hosts = {str(ip_address(each)): host for host in world.hosts for each in host.addresses}
        self._ports: dict[tuple[View, Place], int] = {}
        self._origins: dict[tuple[str, int], int] = {}
        self._ready = threading.Event()
        self._error: OSError | None = None
        self._certificates = Certificates()
        self._servers = Servers(world, self._certificates, self._dial)
        self._censor = Censor(self._path, self._certificates)
        self.client_table = Table(self, View.CLIENT)
        self.control_table = Table(self, View.CONTROL)

    @property
    def ca_pem(self) -> str:
        """The public root, for the probe's trust store."""
        return self._certificates.public_pem

    @property
    def control_proxy(self) -> str:
        """The control proxy as a URL that really can be connected to; empty if the world has none."""
        if not self.world.control:
            return ""
        host = self.world.host(self.world.control)
        service = next(each for each in host.services if each.kind in (ServiceKind.SOCKS, ServiceKind.HTTP_PROXY))
        scheme = "socks5" if service.kind is ServiceKind.SOCKS else "http"
        port = self._ports[View.CLIENT, (str(ip_address(host.addresses[0])), service.port, "tcp")]
        return f"{scheme}://{LOOPBACK}:{port}"

    def apply(self, rules: Iterable[Rule] = (), down: Collection[str] = ()) -> None:
        """From now on these rules hold, and these hosts (by name) are down for everyone: their ports refuse.

        May be called from any thread; connections that are open stay as they are. Raises ValueError for a rule that
        loopback cannot carry out (see `path.SUPPORTED`), KeyError for an unknown host.
        """
        self._path.apply(rules)
        self._down = frozenset(self.world.host(name).name for name in down)

    def where(self, address: str, port: int, transport: str, view: View) -> int:
        """The port on 127.0.0.1 that now stands for a simulated place. Raises KeyError: no route there."""
        host = self._hosts[address]
        client = self.world.client
        if view is View.CLIENT and not (client.ipv6 if ":" in address else client.ipv4):
            raise KeyError((address, port, transport))
        if view is View.CLIENT and transport == "tcp" and (effect := self._path.at_syn(address, port)) is not None:
            return (self._nobody.silent if isinstance(effect, Drop) else self._nobody.closed)["tcp"]
        if host.name in self._down:
            return self._nobody.closed[transport]
        silent = any(each.port == port and each.kind is ServiceKind.SILENT for each in host.services)
        nobody = (self._nobody.silent if silent else self._nobody.closed)[transport]
        return self._ports.get((view, (address, port, transport)), nobody)

    def places(self, view: View) -> list[Place]:
        """The places that serve something, for that view."""
        return [place for each, place in self._ports if each is view]

    async def _dial(self, address: str, port: int) -> Stream:
        """Connect beside the censor, as the control proxy and the forwarders do."""
        try:
            real = self.where(str(ip_address(address)), port, "tcp", View.CONTROL)
        except KeyError:
            raise OSError(f"no route to {address}") from None
        return await open_stream(LOOPBACK, real)

    async def _open_origin(self, host: Host, service: Service, other: str) -> Stream:
        """Connect to the true server behind a relay, or to the same port of another host, seen from the client."""
        if other:
            host = self.world.host(other)
        if host.name in self._down:
            raise ConnectionRefusedError(host.name)
        if (host.name, service.port) not in self._origins:
            raise ConnectionRefusedError(f"{host.name} has nothing on port {service.port}")
        return await open_stream(LOOPBACK, self._origins[host.name, service.port])

    def _find_datagram(self, host: Host, service: Service, other: str) -> DatagramHandler | None:
        if other:
            host = self.world.host(other)
        for each in host.services:
            if each.port == service.port and host.name not in self._down:
                return self._servers.datagram_handler(each, View.CLIENT)
        return None

    async def _listen(self, listeners: Listeners) -> None:
        """Open every socket of the world."""
        for host in self.world.hosts:
            for service in host.services:
                await self._listen_tcp(listeners, host, service)
                await self._listen_udp(listeners, host, service)

    async def _listen_tcp(self, listeners: Listeners, host: Host, service: Service) -> None:
        places = [(str(ip_address(address)), service.port, "tcp") for address in host.addresses]
        for view in (View.CLIENT, View.CONTROL):
            handler = self._servers.stream_handler(service, view)
            if handler is None:
                return
            port = await listeners.tcp(LOOPBACK, 0, handler)
            if view is View.CLIENT:
                self._origins[host.name, service.port] = port
            else:
                self._ports.update({(view, place): port for place in places})
        open_origin = partial(self._open_origin, host, service)
        for place in places:
            relay = partial(self._censor.relay, address=place[0], port=place[1], open_origin=open_origin)
            self._ports[View.CLIENT, place] = await listeners.tcp(LOOPBACK, 0, relay)

    async def _listen_udp(self, listeners: Listeners, host: Host, service: Service) -> None:
        direct = self._servers.datagram_handler(service, View.CONTROL)
        if direct is None:
            return
        find = partial(self._find_datagram, host, service)
        for address in host.addresses:
            place = (str(ip_address(address)), service.port, "udp")
            relay = partial(self._censor.datagram, address=place[0], port=place[1], find=find)
            self._ports[View.CLIENT, place] = await listeners.udp(LOOPBACK, 0, relay)
            self._ports[View.CONTROL, place] = await listeners.udp(LOOPBACK, 0, direct)

    def start(self) -> "LoopbackLab":
        """Open every socket and serve, in a thread of its own. Raises OSError if the system refuses sockets."""
        self._nobody = Ports()
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),), name="lab", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self.stop()
            raise self._error
        return self

    def stop(self) -> None:
        """Close every socket and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._nobody.close()

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        listeners = Listeners()
        try:
            await self._listen(listeners)
        except OSError as error:
            self._error = error
        finally:
            self._ready.set()  # also after a bug, or `start` would wait for ever
        await self._stopping.wait()
        await listeners.close()

    def __enter__(self) -> "LoopbackLab":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> "LoopbackLab":
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)
