"""DNS over HTTPS (RFC 8484): one POST of one DNS message to one URL, through the seam.

httpx speaks HTTP over an httpcore pool whose connections are made by our own stages (`connect`, `handshake`), so a lab
can stand in for the internet and a fault of the DoH server keeps its exact kind. The server's own name is resolved by
the system, as httpx would (`Network.getaddrinfo`), unless the URL holds an address. Knows nothing of DNS messages:
`resolve` makes and reads them.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, NamedTuple, Self

import h2.exceptions
import httpcore
import httpx

from probe.model.failure import Failure, FailureKind, Operation
from probe.net.certificate import TrustStore
from probe.net.classify import MAX_DETAIL, failure_of, unknown
from probe.net.connect import connect
from probe.net.handshake import Hello, handshake
from probe.net.network import Network, Stream
from probe.net.trace import Trace, TracedStream
from probe.net.url import is_address

MAX_BODY = 65535
"""Bytes of a DNS message (RFC 1035 section 4.2.2); a longer body is none."""
MAX_SERVER_ADDRESSES = 4
"""Addresses of the DoH server tried, one after another, until one connects."""
KEEPALIVE = 30.0
"""Seconds an idle connection is kept for the next question."""
MAX_WAIT = 60.0
"""Seconds for one step on a connection where httpcore names none (closing)."""
MAX_STALE = 8
"""Kept connections that one question may find dead before it gives up."""
MEDIA_TYPE = "application/dns-message"

_HEADERS = {"accept": MEDIA_TYPE, "content-type": MEDIA_TYPE, "accept-encoding": "identity", "user-agent": ""}
"""No user agent: a resolver need not know what asks it (RFC 8484 section 8.2)."""
_HTTP_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.ProtocolError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    h2.exceptions.H2Error,
)
_STALE = (FailureKind.EOF, FailureKind.RESET)
"""How a kept connection ends that the server has given up: no fault of this question, so it is asked again."""


class DohAnswer(NamedTuple):
    """The HTTP answer: at most `MAX_BODY` bytes of it; `content_type` without parameters, in lower case."""

    status: int
    content_type: str
    body: bytes


class _StageFailedError(Exception):
    """Carries a stage's failure out through httpcore, which lets strangers' exceptions pass."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


class _Carrier(httpcore.AsyncNetworkStream):
    """A stream of the seam as httpcore's. With h2 several questions share it, hence the lock around writes."""

    def __init__(self, backend: "_Seam", stream: Stream) -> None:
        self._backend = backend
        self._stream = stream
        self._writing = asyncio.Lock()
        self._alpn = ""
        self.saw_eof = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.recv(max_bytes, self._backend.deadline(timeout))
        self.saw_eof = self.saw_eof or not data
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        async with self._writing:
            await self._stream.send(buffer, self._backend.deadline(timeout))

    async def aclose(self) -> None:
        self._stream.close()

    async def start_tls(
        self,
        ssl_context: object,  # noqa: ARG002  (httpcore's; the stage has its own, one for the process)
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "_Carrier":
        try:
            self._stream, self._alpn = await self._backend.shake_hands(self._stream, server_hostname or "", timeout)
        except BaseException:
            self._stream.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        return self if info == "ssl_object" and self._alpn else None

    def selected_alpn_protocol(self) -> str:
        """What httpcore asks of an `ssl_object`: whether to speak h2."""
        return self._alpn


class _Seam(httpcore.AsyncNetworkBackend):
    """Connects as the stages do; what fails leaves as `_StageFailedError`."""

    def __init__(self, network: Network, trust: TrustStore) -> None:
        self._network = network
        self._trust = trust

    def deadline(self, timeout: float | None) -> float:
        """httpcore's timeouts are seconds from now."""
        return self._network.monotonic() + (MAX_WAIT if timeout is None else timeout)

    def _trace(self) -> Trace:
        return Trace(self._network, self._network.monotonic(), 0)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  (httpcore's signature, as the next)
        socket_options: object = None,  # noqa: ARG002
    ) -> _Carrier:
        deadline = self.deadline(timeout)
        addresses = (host,) if is_address(host) else await self._resolve(host, deadline)
        failure = _own_name_failure(FailureKind.DNS_NO_ANSWER)
        for address in addresses[:MAX_SERVER_ADDRESSES]:
            left = deadline - self._network.monotonic()
            seen, stream = await connect(self._trace(), address, port, timeout=left)
            if stream is not None:
                return _Carrier(self, stream)
            failure = seen.failure or failure
        raise _StageFailedError(failure)

    async def _resolve(self, host: str, deadline: float) -> tuple[str, ...]:
        try:
            return await self._network.getaddrinfo(host, deadline)
        except OSError as error:
            raise _StageFailedError(_own_name_failure(failure_of(error, Operation.RESOLVE).kind)) from error

    async def shake_hands(self, stream: Stream, host: str, timeout: float | None) -> tuple[Stream, str]:
        """TLS inside `stream`, and the protocol that ALPN chose (RFC 7301)."""
        trace = self._trace()
        seen, inside = await handshake(
            trace,
            TracedStream(stream, trace),
            host,
            0,
            Hello(sni=None if is_address(host) else host),
            verify_name=host,
            trust=self._trust,
            timeout=self.deadline(timeout) - self._network.monotonic(),
        )
        if inside is None:
            raise _StageFailedError(seen.failure or unknown(EOFError("no stream"), Operation.TLS_HANDSHAKE))
        return inside, seen.alpn or "http/1.1"

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def _own_name_failure(kind: FailureKind) -> Failure:
    """The DoH server's own name did not resolve: never to be read as a word about the name that was to be asked."""
    if kind is FailureKind.TIMEOUT:
        return Failure(kind=kind, operation=Operation.RESOLVE, detail="the DoH server's own name")
    detail = f"the DoH server's own name: {kind}"
    return Failure(kind=FailureKind.DNS_MISBEHAVING, operation=Operation.RESOLVE, detail=detail)


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _PoolTransport(httpx.AsyncBaseTransport):
    """httpx over an httpcore pool on the seam."""

    def __init__(self, seam: _Seam) -> None:
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without one httpcore loads a CA bundle per connection
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=unused, network_backend=seam, http2=True, max_connections=None, keepalive_expiry=KEEPALIVE
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    async def aclose(self) -> None:
        await self._pool.aclose()


class DohClient:
    """Asks DoH servers; one for all lookups of a run, closed at its end (`async with`).

    `trust` judges the servers' certificates: pass the run's own, so that a custom CA file counts here as well.
    """

    def __init__(self, network: Network, trust: TrustStore) -> None:
        self._network = network
        self._client = httpx.AsyncClient(
            transport=_PoolTransport(_Seam(network, trust)), trust_env=False, follow_redirects=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def post(self, url: str, message: bytes, timeout: float) -> DohAnswer | Failure:
        """POST one message within `timeout` seconds, whatever it takes: name, connect, TLS, HTTP."""
        deadline = self._network.monotonic() + timeout
        failure = Failure(kind=FailureKind.TIMEOUT, operation=Operation.RESOLVE)
        for _ in range(MAX_STALE):
            opened: list[_Carrier] = []
            left = max(0.0, deadline - self._network.monotonic())
            try:
                async with asyncio.timeout(left):
                    return await self._exchange(url, message, left, opened)
            except _StageFailedError as error:
                return error.failure
            except OSError as error:
                failure = failure_of(error, Operation.RESOLVE)
            except _HTTP_ERRORS as error:
                failure = _http_failure(error, opened)
            if opened or failure.kind not in _STALE:
                break
        return failure

    async def _exchange(self, url: str, message: bytes, timeout: float, opened: list[_Carrier]) -> DohAnswer:
        async def note(event: str, facts: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                opened.append(facts["return_value"])

        request = self._client.build_request(
            "POST", url, content=message, headers=_HEADERS, timeout=timeout, extensions={"trace": note}
        )
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_BODY:
                    break
        finally:
            await response.aclose()
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return DohAnswer(response.status_code, content_type, bytes(body[:MAX_BODY]))


def _http_failure(error: Exception, opened: list[_Carrier]) -> Failure:
    """What lies under an HTTP library's exception: a socket's error in its chain, a close, or bad HTTP."""
    under = next((cause for cause in _causes(error) if isinstance(cause, OSError)), None)
    if under is not None:
        return failure_of(under, Operation.RESOLVE)
    if isinstance(error, httpx.TimeoutException | httpcore.TimeoutException):
        return Failure(kind=FailureKind.TIMEOUT, operation=Operation.RESOLVE)
    if isinstance(error, httpcore.RemoteProtocolError) and (not opened or opened[-1].saw_eof):
        return Failure(kind=FailureKind.EOF, operation=Operation.RESOLVE)
    detail = f"{type(error).__name__}: {error}"[:MAX_DETAIL]
    return Failure(kind=FailureKind.DNS_MISBEHAVING, operation=Operation.RESOLVE, detail=detail)


def _causes(error: BaseException) -> list[BaseException]:
    """`error` and what it came from, nearest first. A chain may be a ring: shared connections raise an error twice."""
    chain = [error]
    for one in chain:
        chain += [c for c in (one.__cause__, one.__context__) if c is not None and not any(c is k for k in chain)]
    return chain
