"""Which server stands behind a service, on any substrate: give a world, certificates and a way to dial, get handlers.

A handler serves one connection (or datagram) for one view: who asks is the substrate's knowledge. `None` means that
nothing is served there (`closed`, `silent`, or the other transport), which the substrate must bring about itself.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from ipaddress import ip_address

from probe.lab.certificates import Certificates
from probe.lab.nameserver import Nameserver, Zone
from probe.lab.proxy import serve_forwarder, serve_http_proxy, serve_socks
from probe.lab.stream import DatagramHandler, Send, Stream, StreamHandler
from probe.lab.web import WebServer
from probe.lab.world import Service, ServiceKind, View, World

Dial = Callable[[str, int], Awaitable[Stream]]
"""Connect to a literal simulated address and port, beside the censor. Raises OSError."""

WEB = (ServiceKind.HTTP, ServiceKind.HTTPS, ServiceKind.DOH)
UNSERVED = (ServiceKind.CLOSED, ServiceKind.SILENT, ServiceKind.QUIC)


class Servers:
    """The servers of one world."""

    def __init__(self, world: World, certificates: Certificates, dial: Dial) -> None:
        self._world, self._certificates, self._dial = world, certificates, dial
        self.zone = Zone(world.zone)

    def stream_handler(self, service: Service, view: View) -> StreamHandler | None:
        """Who serves a TCP connection to this service."""
        kind = service.kind
        if kind in WEB:
            resolver = self._nameserver(service) if kind is ServiceKind.DOH else None
            server = WebServer(self._world, service, self._certificates, resolver)
            return partial(server.serve, view=view)
        if kind is ServiceKind.NAMESERVER:
            return partial(self._nameserver(service).stream, view=view)
        if kind is ServiceKind.FORWARDER:
            return partial(serve_forwarder, connect=self.connect, port=service.port)
        proxies = {ServiceKind.SOCKS: serve_socks, ServiceKind.HTTP_PROXY: serve_http_proxy}
        if kind in proxies:
            return partial(proxies[kind], connect=self.connect)
        return None if kind in UNSERVED else partial(_serve_banner, banner=service.banner)

    def datagram_handler(self, service: Service, view: View) -> DatagramHandler | None:
        """Who answers a datagram to this service; `silent` services swallow it."""
        if service.kind is ServiceKind.NAMESERVER:
            return partial(self._nameserver(service).datagram, view=view)
        return _swallow if service.kind is ServiceKind.SILENT else None

    def _nameserver(self, service: Service) -> Nameserver:
        return Nameserver(self.zone, service.lies, service.delay)

    async def connect(self, host: str, port: int) -> Stream:
        """Dial a name's true addresses in turn, as the control sees them. Raises the last OSError."""
        error: OSError = OSError(f"no address for {host}")
        for address in _literal(host) or self.zone.addresses(host, View.CONTROL):
            try:
                return await self._dial(address, port)
            except OSError as failed:
                error = failed
        raise error


async def _serve_banner(stream: Stream, banner: bytes) -> None:
    if banner:
        await stream.send(banner)
    await stream.hold()


async def _swallow(data: bytes, send: Send) -> None:
    """Say nothing, whatever comes."""


def _literal(host: str) -> tuple[str, ...]:
    try:
        return (str(ip_address(host)),)
    except ValueError:
        return ()
