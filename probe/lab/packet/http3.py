"""HTTP/3 for the packet lab: the same sites over QUIC, on aioquic, where the `quic` extra is installed.

Only what a probe asks: handshakes by SNI and plain responses. Without aioquic `serve_quic` says so, and the port stays
closed. Faults of TCP and HTTP/1 have no form here.
"""

from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from probe.lab.certificates import Certificates
from probe.lab.dissect import Request, bare_host
from probe.lab.web import WebServer
from probe.lab.wire import headers_of, http_body
from probe.lab.world import CertificateSpec, Service, View, World

if TYPE_CHECKING:
    from aioquic.asyncio.server import QuicServer
    from aioquic.quic.events import QuicEvent


async def serve_quic(world: World, service: Service, certificates: Certificates, address: str) -> "QuicServer | None":
    """Serve the service's sites over QUIC at this address; None without aioquic."""
    try:
        from aioquic.asyncio.protocol import QuicConnectionProtocol
        from aioquic.asyncio.server import serve
        from aioquic.h3.connection import H3Connection
        from aioquic.h3.events import HeadersReceived
        from aioquic.quic.configuration import QuicConfiguration
        from aioquic.quic.events import ProtocolNegotiated
    except ImportError:
        return None
    web = WebServer(world, service, certificates)

    class Connection(QuicConnectionProtocol):
        """One QUIC connection, answering as soon as a request's head is there."""

        http: H3Connection | None = None

        def quic_event_received(self, event: "QuicEvent") -> None:
            if isinstance(event, ProtocolNegotiated) and event.alpn_protocol == "h3":
                self.http = H3Connection(self._quic)
            if self.http is not None:
                for each in self.http.handle_event(event):
                    if isinstance(each, HeadersReceived):
                        self._answer(each.stream_id, each.headers)

        def _answer(self, stream: int, headers: list[tuple[bytes, bytes]]) -> None:
            fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
            plain = tuple((name, value) for name, value in fields.items() if not name.startswith(":"))
            host = bare_host(fields.get(":authority", ""))
            request = Request(True, fields.get(":method", "GET"), fields.get(":path", "/"), host, plain)
            response = web.respond(request, b"", View.CLIENT)
            body, _length = http_body(response)
            head = [(":status", str(response.status)), *((n.lower(), v) for n, v in headers_of(response))]
            if self.http is not None:
                self.http.send_headers(stream, [(name.encode(), value.encode()) for name, value in head])
                self.http.send_data(stream, b"".join(body), end_stream=True)
                self.transmit()

    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"])
    names = tuple(name for site in service.sites for name in site.names)
    spec = service.sites[0].certificate if service.sites else CertificateSpec()
    leaf, *chain = certificates.chain(spec if spec.names else _for(spec, names), "")
    configuration.certificate, configuration.certificate_chain = leaf, chain
    configuration.private_key = _key(certificates)
    return await serve(address, service.port, configuration=configuration, create_protocol=Connection)


def _for(spec: CertificateSpec, names: tuple[str, ...]) -> CertificateSpec:
    return msgspec.structs.replace(spec, names=names or ("unconfigured.invalid",))


def _key(certificates: Certificates) -> ec.EllipticCurvePrivateKey:
    """The key of all leaves, which Certificates keeps to itself."""
    return certificates._leaf_key
