"""DNS over HTTPS: through respx where only HTTP matters, through real TLS servers on loopback where the wire does."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import lru_cache
from pathlib import Path

import dns.message
import dns.rcode
import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import respx
import trustme

from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import DNSLookup, Resolver, ResolverKind
from probe.net.certificate import TrustStore
from probe.net.doh import MAX_BODY, MEDIA_TYPE, DohClient
from probe.net.network import Network
from probe.net.real import RealNetwork
from probe.net.remap import RemapNetwork, Unmapped
from probe.net.resolve import lookup, resolve_all
from probe.net.scripted import ScriptedNetwork
from probe.net.trace import Trace
from tests.net.nameserver import answer, with_rcode

HOST = "doh.example"
URL = f"https://{HOST}/dns-query"
ADDRESS = "198.51.100.8"
NAME = "www.site.example"
TRUE = "104.16.1.1"


@lru_cache(maxsize=1)
def _no_trust() -> TrustStore:
    return TrustStore()


async def _lookup(network: Network, trust: TrustStore | None = None, url: str = URL, timeout: float = 5) -> DNSLookup:
    async with DohClient(network, trust or _no_trust()) as doh:
        resolver = Resolver(kind=ResolverKind.DOH, address=url)
        return await lookup(Trace(network, network.monotonic(), 1), resolver, NAME, "A", timeout=timeout, doh=doh)


def _kind(seen: DNSLookup) -> FailureKind | None:
    return seen.failure.kind if seen.failure else None


# HTTP, intercepted


def _intercepted(
    effect: Callable[[httpx.Request], httpx.Response] | Exception,
) -> tuple[DNSLookup, list[httpx.Request]]:
    async def scenario() -> tuple[DNSLookup, list[httpx.Request]]:
        with respx.mock() as router:
            route = router.post(URL).mock(side_effect=effect)
            seen = await _lookup(RealNetwork())
            return seen, [call.request for call in route.calls]

    return asyncio.run(scenario())


def _reply(*addresses: str) -> Callable[[httpx.Request], httpx.Response]:
    def respond(request: httpx.Request) -> httpx.Response:
        message = answer(dns.message.from_wire(request.content), *addresses)
        return httpx.Response(200, headers={"content-type": MEDIA_TYPE}, content=message.to_wire())

    return respond


def test_the_question_is_an_rfc_8484_post() -> None:
    seen, (request,) = _intercepted(_reply(TRUE))
    assert seen.failure is None
    assert seen.addresses == (TRUE,)
    assert request.headers["content-type"] == request.headers["accept"] == MEDIA_TYPE
    assert not request.headers["user-agent"]
    query = dns.message.from_wire(request.content)
    assert query.id == 0
    assert str(query.question[0]) == f"{NAME}. IN A"
    (reply,) = seen.replies
    assert (reply.rcode, reply.ip_ttl) == ("NOERROR", None)


def test_nxdomain_by_doh() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        message = with_rcode(dns.message.from_wire(request.content), dns.rcode.NXDOMAIN)
        return httpx.Response(200, headers={"content-type": MEDIA_TYPE + "; x=1"}, content=message.to_wire())

    assert _kind(_intercepted(respond)[0]) is FailureKind.DNS_NXDOMAIN


@pytest.mark.parametrize(
    ("status", "content_type", "detail"),
    [
        (403, MEDIA_TYPE, "HTTP 403, application/dns-message"),
        (200, "text/html", "HTTP 200, text/html"),
        (302, "", "HTTP 302, no content type"),
        (503, "text/html; charset=utf-8", "HTTP 503, text/html"),
    ],
)
def test_other_answers_are_misbehaving_and_their_bytes_are_kept(status: int, content_type: str, detail: str) -> None:
    headers = {"location": "http://block.example/"} | ({"content-type": content_type} if content_type else {})
    seen, requests = _intercepted(lambda _: httpx.Response(status, headers=headers, content=b"blocked"))
    assert seen.failure == Failure(kind=FailureKind.DNS_MISBEHAVING, operation=Operation.RESOLVE, detail=detail)
    assert bytes.fromhex(seen.replies[0].raw_hex) == b"blocked"
    assert len(requests) == 1  # a redirect is not followed


def test_a_body_that_is_no_message_is_malformed() -> None:
    seen, _ = _intercepted(lambda _: httpx.Response(200, headers={"content-type": MEDIA_TYPE}, content=b"no"))
    assert _kind(seen) is FailureKind.DNS_MALFORMED


def test_a_body_without_end_is_bounded() -> None:
    body = b"\x00" * (4 * MAX_BODY)
    seen, _ = _intercepted(lambda _: httpx.Response(200, headers={"content-type": MEDIA_TYPE}, content=body))
    assert seen.replies[0].size == MAX_BODY


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (ConnectionResetError(104, "reset"), FailureKind.RESET),
        (ConnectionRefusedError(111, "refused"), FailureKind.REFUSED),
        (TimeoutError(), FailureKind.TIMEOUT),
    ],
)
def test_a_sockets_error_that_comes_through_http_keeps_its_kind(cause: OSError, kind: FailureKind) -> None:
    assert _kind(_intercepted(cause)[0]) is kind


def test_an_http_librarys_own_error_is_misbehaving_even_if_its_causes_form_a_ring() -> None:
    error = httpx.ConnectError("no more is known")
    error.__cause__ = httpx.ConnectError("nor here")
    error.__cause__.__cause__ = error
    assert _kind(_intercepted(error)[0]) is FailureKind.DNS_MISBEHAVING


def test_an_httpx_timeout_without_a_cause_is_a_timeout() -> None:
    assert _kind(_intercepted(httpx.ReadTimeout("slow"))[0]) is FailureKind.TIMEOUT


# The wire


class _CA:
    """A certificate authority of the test, and a trust store that believes it."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        self.trust = TrustStore(folder / "ca.pem")

    def context(self, *names: str, alpn: str = "http/1.1") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names).configure_cert(context)
        context.set_alpn_protocols([alpn])
        return context


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> _CA:
    return _CA(tmp_path_factory.mktemp("ca"))


Session = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def _server(session: Session, context: ssl.SSLContext | None) -> AsyncIterator[RemapNetwork]:
    """A server on loopback that stands for ADDRESS:443, and the network in which it does."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(
                ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError
            ):
                await session(reader, writer)
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    place = server.sockets[0].getsockname()
    hosts = {HOST: (ADDRESS,), "v6first.example": ("2001:db8::8", ADDRESS)}
    try:
        yield RemapNetwork(RealNetwork(), {(ADDRESS, 443, "tcp"): place}, hosts=hosts, unmapped=Unmapped.UNREACHABLE)
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks)
        await server.wait_closed()
        await asyncio.sleep(0.02)


async def _one_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    body = answer(dns.message.from_wire(await reader.readexactly(length)), TRUE).to_wire()
    writer.write(
        f"HTTP/1.1 200 OK\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
    )
    await writer.drain()


async def _http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await _one_request(reader, writer)


async def _http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    bodies: dict[int, bytes] = {}
    while True:
        writer.write(connection.data_to_send())
        data = await reader.read(65535)
        if not data:
            return
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
            if isinstance(event, h2.events.StreamEnded):
                message = answer(dns.message.from_wire(bodies[event.stream_id]), TRUE).to_wire()
                connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", MEDIA_TYPE)])
                connection.send_data(event.stream_id, message, end_stream=True)


@pytest.mark.parametrize(("session", "alpn"), [(_http1, "http/1.1"), (_http2, "h2")])
def test_a_real_server_in_either_http(ca: _CA, session: Session, alpn: str) -> None:
    async def scenario() -> DNSLookup:
        async with _server(session, ca.context(HOST, alpn=alpn)) as network:
            return await _lookup(network, ca.trust)

    seen = asyncio.run(scenario())
    assert seen.failure is None
    assert seen.addresses == (TRUE,)


@pytest.mark.parametrize(("session", "alpn", "most"), [(_http1, "http/1.1", 6), (_http2, "h2", 1)])
def test_many_questions_share_connections(ca: _CA, session: Session, alpn: str, most: int) -> None:
    connections = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await session(reader, writer)

    async def scenario() -> None:
        async with _server(counted, ca.context(HOST, alpn=alpn)) as network, DohClient(network, ca.trust) as doh:
            resolver = Resolver(kind=ResolverKind.DOH, address=URL)
            for _ in range(3):
                seen = await resolve_all(
                    lambda: Trace(network, network.monotonic(), 1),
                    [resolver] * 6,
                    NAME,
                    timeout=5,
                    doh=doh,
                    qtypes=["A"],
                )
                assert [one.addresses for one in seen] == [(TRUE,)] * 6

    asyncio.run(scenario())
    assert 1 <= connections <= most


def test_a_kept_connection_that_the_server_closed_is_no_failure(ca: _CA) -> None:
    async def scenario() -> list[FailureKind | None]:
        async with _server(_one_request, ca.context(HOST)) as network, DohClient(network, ca.trust) as doh:
            kinds = []
            for _ in range(3):
                resolver = Resolver(kind=ResolverKind.DOH, address=URL)
                trace = Trace(network, network.monotonic(), 1)
                kinds.append(_kind(await lookup(trace, resolver, NAME, "A", timeout=5, doh=doh)))
                await asyncio.sleep(0.02)
            return kinds

    assert asyncio.run(scenario()) == [None, None, None]


def test_a_server_named_by_its_address(ca: _CA) -> None:
    async def scenario() -> DNSLookup:
        async with _server(_http1, ca.context(ADDRESS)) as network:
            return await _lookup(network, ca.trust, f"https://{ADDRESS}/dns-query")

    assert asyncio.run(scenario()).addresses == (TRUE,)


def test_the_second_address_of_the_server_is_tried(ca: _CA) -> None:
    async def scenario() -> DNSLookup:
        async with _server(_http1, ca.context("v6first.example")) as network:
            return await _lookup(network, ca.trust, "https://v6first.example/dns-query")

    assert asyncio.run(scenario()).addresses == (TRUE,)


def test_an_untrusted_authority_in_front_of_the_doh_server(ca: _CA, tmp_path: Path) -> None:
    async def scenario() -> DNSLookup:
        async with _server(_http1, _CA(tmp_path).context(HOST)) as network:
            return await _lookup(network, ca.trust)

    failure = asyncio.run(scenario()).failure
    assert failure is not None
    assert (failure.kind, failure.operation) == (FailureKind.SSL_UNKNOWN_AUTHORITY, Operation.TLS_HANDSHAKE)


def test_a_certificate_of_another_host_in_front_of_the_doh_server(ca: _CA) -> None:
    async def scenario() -> DNSLookup:
        async with _server(_http1, ca.context("other.example")) as network:
            return await _lookup(network, ca.trust)

    assert _kind(asyncio.run(scenario())) is FailureKind.SSL_INVALID_HOSTNAME


async def _closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    await reader.read(65535)
    writer.close()
    await writer.wait_closed()


async def _closes_after_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()


async def _mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(65535):
        pass


async def _says_plaintext(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65535)
    writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\nblocked")
    await writer.drain()


@pytest.mark.parametrize(
    ("session", "kind", "operation"),
    [
        (_closes_at_once, FailureKind.EOF, Operation.TLS_HANDSHAKE),
        (_mute, FailureKind.TIMEOUT, None),
        (_says_plaintext, FailureKind.TLS_NOT_TLS, Operation.TLS_HANDSHAKE),
    ],
)
def test_failures_in_the_handshake(session: Session, kind: FailureKind, operation: Operation | None) -> None:
    async def scenario() -> DNSLookup:
        async with _server(session, None) as network:
            return await _lookup(network, timeout=0.2 if session is _mute else 5)

    failure = asyncio.run(scenario()).failure
    assert failure is not None
    assert failure.kind is kind
    assert operation in (None, failure.operation)


@pytest.mark.parametrize(("session", "kind"), [(_closes_after_request, FailureKind.EOF), (_mute, FailureKind.TIMEOUT)])
def test_failures_after_the_request(ca: _CA, session: Session, kind: FailureKind) -> None:
    async def scenario() -> DNSLookup:
        async with _server(session, ca.context(HOST)) as network:
            return await _lookup(network, ca.trust, timeout=0.3 if session is _mute else 5)

    assert asyncio.run(scenario()).failure == Failure(kind=kind, operation=Operation.RESOLVE)


def test_bad_http_is_misbehaving(ca: _CA) -> None:
    async def scenario() -> DNSLookup:
        async with _server(_says_plaintext_oddly, ca.context(HOST)) as network:
            return await _lookup(network, ca.trust)

    assert _kind(asyncio.run(scenario())) is FailureKind.DNS_MISBEHAVING


async def _says_plaintext_oddly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await writer.drain()
    await reader.read()


@pytest.mark.parametrize(
    ("unmapped", "kind"),
    [
        (Unmapped.REFUSED, FailureKind.REFUSED),
        (Unmapped.UNREACHABLE, FailureKind.NETWORK_UNREACHABLE),
        (Unmapped.SILENCE, FailureKind.TIMEOUT),
    ],
)
def test_a_doh_server_that_cannot_be_connected_to(unmapped: Unmapped, kind: FailureKind) -> None:
    network = RemapNetwork(RealNetwork(), {}, hosts={HOST: (ADDRESS,)}, unmapped=unmapped)
    seen = asyncio.run(_lookup(network, timeout=0.1 if unmapped is Unmapped.SILENCE else 5))
    assert _kind(seen) is kind


def test_the_servers_own_name_gone_says_nothing_of_the_name_that_was_asked() -> None:
    seen = asyncio.run(_lookup(RemapNetwork(RealNetwork(), {}, hosts={})))
    assert seen.failure is not None
    assert seen.failure.kind is FailureKind.DNS_MISBEHAVING
    assert "own name" in seen.failure.detail
    assert "dns_nxdomain_error" in seen.failure.detail


def test_silence_by_the_script_costs_the_deadline() -> None:
    network = ScriptedNetwork(hosts={HOST: (ADDRESS,)})
    seen = asyncio.run(network.run(_lookup(network, timeout=10)))
    assert _kind(seen) is FailureKind.TIMEOUT
    assert seen.t == 10


def test_a_doh_lookup_without_a_client_is_the_callers_mistake() -> None:
    network = RealNetwork()
    resolver = Resolver(kind=ResolverKind.DOH, address=URL)
    with pytest.raises(ValueError, match="DohClient"):
        asyncio.run(lookup(Trace(network, 0.0, 1), resolver, NAME, "A", timeout=1))
