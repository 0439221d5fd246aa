"""The lab's web servers: HTTP/1.1 in the clear and under TLS, with DNS over HTTPS as one more path.

A Service describes one; what a path does to it is elsewhere. HTTP/2, where ALPN agrees on it, is `http2`'s, failing by
itself `faults`' (on the raw stream: resets after the first bytes, silence in a body) and `wire`'s (broken chunks).
"""

import asyncio
import base64
import binascii
from fnmatch import fnmatchcase

import msgspec

from probe.lab.certificates import Certificates
from probe.lab.dissect import Request, client_hello, http_request
from probe.lab.faults import AT_HELLO, AT_REQUEST, IN_BODY, SETTLE, misbehave, up_to
from probe.lab.http2 import serve_http2
from probe.lab.nameserver import Nameserver
from probe.lab.stream import Stream, TLSStream
from probe.lab.wire import http_response
from probe.lab.world import Fault, Framing, Response, Route, Service, ServiceKind, Site, View, World

MAX_BODY = 1 << 20
NO_SITE = Response(status=421, body=b"no such site here\n", content_type="text/plain")
NO_ROUTE = Response(status=404, body=b"not found\n", content_type="text/plain")


class WebServer:
    """One http, https or doh service."""

    def __init__(
        self, world: World, service: Service, certificates: Certificates, resolver: Nameserver | None = None
    ) -> None:
        self._world, self._service, self._certificates, self._resolver = world, service, certificates, resolver

    async def serve(self, stream: Stream, view: View) -> None:
        """Serve one connection to its end."""
        if self._service.kind is ServiceKind.HTTP:
            first = await stream.recv()
            if self._service.fault in AT_HELLO:
                return await misbehave(stream, self._service.fault)
            stream.unread(first)
            return await self._http1(stream, view, secure=False)
        data, name = await read_server_name(stream)
        site = self._site(name)
        fault = self._service.fault if self._service.fault in AT_HELLO else site.fault if site else Fault.NONE
        if fault in AT_HELLO:
            return await misbehave(stream, fault)
        stream.unread(data)
        secure = await self._shake_hands(stream, site, name)
        if secure.alpn == "h2":
            return await serve_http2(secure, lambda request, body: self.respond(request, body, view))
        return await self._http1(secure, view, secure=True)

    async def _shake_hands(self, stream: Stream, site: Site | None, name: str) -> TLSStream:
        spec = (site or Site(names=("unconfigured.invalid",))).certificate
        if not spec.names and site is not None:
            spec = msgspec.structs.replace(spec, names=site.names)
        context = self._certificates.context(spec, name, self._service.alpn, self._service.tls_maximum)
        secure = TLSStream(stream, context, server=True)
        await secure.handshake()
        return secure

    def _site(self, name: str) -> Site | None:
        """The site of that name, or the first."""
        for site in self._service.sites:
            if any(fnmatchcase(name, glob) for glob in site.names):
                return site
        return self._service.sites[0] if self._service.sites else None

    async def _http1(self, stream: Stream, view: View, *, secure: bool) -> None:
        while (got := await read_request(stream)) is not None:
            request, body = got
            site = self._site(request.host)
            if not secure and site is not None and site.fault in AT_HELLO:
                await misbehave(stream, site.fault)
                return
            response = self.respond(request, body, view)
            await asyncio.sleep(response.delay)
            if response.fault in AT_REQUEST:
                await misbehave(stream, response.fault)
                return
            if not await send_response(stream, response, request.method):
                return
            if response.framing is Framing.CLOSE or request.header("connection").lower() == "close":
                await stream.finish()
                return

    def respond(self, request: Request, body: bytes, view: View) -> Response:
        """What this server answers, whatever the version of HTTP."""
        if self._resolver is not None and request.target.partition("?")[0] == "/dns-query":
            return doh_response(self._resolver, request, body, view)
        site = self._site(request.host)
        if site is None:
            return NO_SITE
        for route in site.routes:
            if fits(route, request.target, view):
                return self._echo(route.response, view)
        return NO_ROUTE

    def _echo(self, response: Response, view: View) -> Response:
        if not response.echo:
            return response
        client = self._world.client
        control = self._world.host(self._world.control) if self._world.control else None
        asker = control if view is View.CONTROL and control else client
        body = response.body.replace(b"{address}", asker.addresses[0].encode())
        body = body.replace(b"{asn}", str(asker.asn).encode()).replace(b"{country}", asker.country.encode())
        return msgspec.structs.replace(response, body=body)


def fits(route: Route, target: str, view: View) -> bool:
    """Whether a route is for this target and asker."""
    return route.view in (View.ALL, view) and fnmatchcase(target, route.path)


async def send_response(stream: Stream, response: Response, method: str = "GET") -> bool:
    """Send a response, faults included; False when the connection is over."""
    pieces = http_response(response, method)
    if response.fault not in IN_BODY:
        for piece in pieces:
            await stream.send(piece)
        return response.fault is Fault.NONE
    await stream.send(next(pieces))
    for piece in up_to(pieces, response.fault_after):
        await stream.send(piece)
    if response.fault is Fault.RESET_BODY:
        await asyncio.sleep(SETTLE)
    await misbehave(stream, response.fault)
    return False


async def read_server_name(stream: Stream) -> tuple[bytes, str]:
    """What was read of a ClientHello, and its SNI (empty: none, or no TLS at all)."""
    data = b""
    while more := await stream.recv():
        data += more
        hello = client_hello(data)
        if hello is None or hello.complete:
            return data, (hello.sni or "") if hello else ""
    return data, ""


async def read_request(stream: Stream) -> tuple[Request, bytes] | None:
    """The next request with its body (by Content-Length, bounded); None when there is none or it is no HTTP."""
    data = b""
    while (request := http_request(data)) is None or not request.complete:
        if data and request is None:
            return None
        more = await stream.recv()
        if not more:
            return None
        data += more
    length = request.header("content-length")
    size = request.size + (min(int(length), MAX_BODY) if length.isdecimal() else 0)
    while len(data) < size:
        more = await stream.recv()
        if not more:
            return None
        data += more
    if data[size:]:
        stream.unread(data[size:])
    return request, data[request.size : size]


def doh_response(resolver: Nameserver, request: Request, body: bytes, view: View) -> Response:
    """DNS over HTTPS (RFC 8484): GET with `dns=` in base64url, or POST."""
    query = body
    if request.method == "GET":
        encoded = request.target.partition("dns=")[2].partition("&")[0]
        try:
            query = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            query = b""
    reply = resolver.reply(query, view)
    if reply is None:
        return Response(status=400, body=b"no DNS message\n", content_type="text/plain")
    return Response(body=reply, content_type="application/dns-message")
