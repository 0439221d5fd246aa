"""A way around: a tunnel to a host through a control proxy, SOCKS5 (RFC 1928, 1929) or HTTP CONNECT (RFC 9110, 9.3.6).

The proxy resolves the name, so TLS and HTTP run inside the tunnel exactly as they would run outside, over the same
stages. Two failures are kept apart: the proxy could not be used (`proxy_failed`: nothing is known of the target), and
the proxy could not reach the target (its own word for it, which hides the cause: judge a control by success alone).
"""

import asyncio
import base64
import contextlib
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import h11
import socksio
from socksio import socks5

from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import TCPConnect
from probe.net.classify import MAX_DETAIL, failure_of
from probe.net.network import Network, Stream
from probe.net.trace import Trace, TracedStream
from probe.net.url import a_labels, is_address

_SOCKS_FAILURES: dict[socks5.SOCKS5ReplyCode, FailureKind] = {
    socks5.SOCKS5ReplyCode.NETWORK_UNREACHABLE: FailureKind.NETWORK_UNREACHABLE,
    socks5.SOCKS5ReplyCode.HOST_UNREACHABLE: FailureKind.HOST_UNREACHABLE,
    socks5.SOCKS5ReplyCode.CONNECTION_REFUSED: FailureKind.REFUSED,
    socks5.SOCKS5ReplyCode.TTL_EXPIRED: FailureKind.TIMEOUT,
}
_SOCKS_VERSION = 5
_ADDRESS_BYTES = {1: 4, 3: None, 4: 16}  # by address type; None: a length byte says it
_MAX_HEAD = 16 * 1024
_MAX_CREDENTIAL = 255  # bytes, RFC 1929 section 2
_SCHEMES = {"socks5": 1080, "socks5h": 1080, "http": 8080}


class Proxy(NamedTuple):
    """A control proxy. `scheme` is socks5 (always with remote DNS) or http; credentials may be empty."""

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""


class ProxyUnusable(Exception):  # noqa: N818 - said of the proxy, and turned into a Failure in this file
    """The proxy itself failed. Never leaves this module."""


class TargetRefused(Exception):  # noqa: N818 - said of the target, and turned into a Failure in this file
    """The proxy says it could not reach the target. Never leaves this module."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def parse_proxy(url: str) -> Proxy:
    """`socks5://[user:password@]host[:port]` or `http://...`. Raises ValueError with what to write instead."""
    parts = urlsplit(url)
    scheme = "socks5" if parts.scheme == "socks5h" else parts.scheme
    host = a_labels(parts.hostname or "")
    try:
        port = parts.port or _SCHEMES.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if not port or host is None or max(len(parts.username or ""), len(parts.password or "")) > _MAX_CREDENTIAL:
        raise ValueError(f"proxy {url!r} must be socks5://HOST:PORT or http://HOST:PORT")
    return Proxy(scheme, host, port, unquote(parts.username or ""), unquote(parts.password or ""))


async def open_tunnel(
    trace: Trace, proxy: Proxy, host: str, port: int, *, timeout: float
) -> tuple[TCPConnect, TracedStream | None]:
    """A stream to `host`:`port` through the proxy within `timeout` seconds; `host` may be a name or an address.

    The observation's `address` is `host`: where the tunnel leads, the proxy's own address being nobody's business.
    """
    t0 = trace.elapsed()
    deadline = trace.network.monotonic() + timeout
    stream: TracedStream | None = None
    failure: Failure | None = None
    try:
        stream = TracedStream(await _reach(trace.network, proxy, deadline), trace)
        talk = _socks if proxy.scheme == "socks5" else _connect_method
        await talk(stream, proxy, host, port, deadline)
    except TargetRefused as error:
        failure = Failure(kind=error.kind, operation=Operation.CONNECT, detail=str(error))
    except TimeoutError:
        # A proxy that took the question and stays silent is waiting for the target; one that never greeted is not.
        kind = FailureKind.TIMEOUT if stream is not None else FailureKind.PROXY_FAILED
        failure = Failure(kind=kind, operation=Operation.CONNECT, detail="silence through the proxy")
    except asyncio.CancelledError:
        if stream is not None:
            stream.close()
        raise
    except (OSError, ProxyUnusable) as error:
        detail = failure_of(error, Operation.CONNECT).kind if isinstance(error, OSError) else str(error)
        failure = Failure(kind=FailureKind.PROXY_FAILED, operation=Operation.CONNECT, detail=detail)
    trace.take_events()
    if failure is not None and stream is not None:
        stream.close()
    seen = TCPConnect(**trace.shared(t0, failure), address=host, port=port)
    return seen, None if failure else stream


async def _reach(network: Network, proxy: Proxy, deadline: float) -> Stream:
    addresses = (proxy.host,) if is_address(proxy.host) else await network.getaddrinfo(proxy.host, deadline)
    last: OSError = OSError("the proxy's name has no address")
    for address in addresses:
        try:
            return await network.connect(address, proxy.port, deadline)
        except OSError as error:
            last = error
    raise last


async def _socks(stream: Stream, proxy: Proxy, host: str, port: int, deadline: float) -> None:
    connection = socks5.SOCKS5Connection()
    try:
        with _own_silence():
            await _sign_in(stream, connection, proxy, deadline)
        connection.send(socks5.SOCKS5CommandRequest.from_address(socks5.SOCKS5Command.CONNECT, (host, port)))
        await stream.send(connection.data_to_send(), deadline)
        answer = connection.receive_data(await _read_reply(stream, deadline))
    except (socksio.ProtocolError, socksio.SOCKSError, ValueError, OverflowError) as error:
        raise ProxyUnusable(f"not a SOCKS5 answer: {error}"[:MAX_DETAIL]) from error
    if not isinstance(answer, socks5.SOCKS5Reply):
        raise ProxyUnusable("not a SOCKS5 answer")
    if answer.reply_code != socks5.SOCKS5ReplyCode.SUCCEEDED:
        kind = _SOCKS_FAILURES.get(answer.reply_code, FailureKind.UNKNOWN)
        raise TargetRefused(kind, f"the proxy says: {answer.reply_code.name.lower()}")


async def _sign_in(stream: Stream, connection: socks5.SOCKS5Connection, proxy: Proxy, deadline: float) -> None:
    methods = [socks5.SOCKS5AuthMethod.NO_AUTH_REQUIRED]
    if proxy.username:
        methods.append(socks5.SOCKS5AuthMethod.USERNAME_PASSWORD)
    connection.send(socks5.SOCKS5AuthMethodsRequest(methods))
    await stream.send(connection.data_to_send(), deadline)
    greeting = await _exactly(stream, 2, deadline)
    if greeting[0] != _SOCKS_VERSION:
        raise ProxyUnusable("not a SOCKS5 answer")
    chosen = connection.receive_data(greeting)
    if not isinstance(chosen, socks5.SOCKS5AuthReply) or chosen.method not in methods:
        raise ProxyUnusable("no common way to sign in")
    if chosen.method == socks5.SOCKS5AuthMethod.USERNAME_PASSWORD:
        connection.send(socks5.SOCKS5UsernamePasswordRequest(proxy.username.encode(), proxy.password.encode()))
        await stream.send(connection.data_to_send(), deadline)
        welcome = connection.receive_data(await _exactly(stream, 2, deadline))
        if not isinstance(welcome, socks5.SOCKS5UsernamePasswordReply) or not welcome.success:
            raise ProxyUnusable("user name or password refused")


async def _read_reply(stream: Stream, deadline: float) -> bytes:
    """The reply to CONNECT (RFC 1928 section 6) and not a byte more: what follows is the target's."""
    head = await _exactly(stream, 4, deadline)
    if head[0] != _SOCKS_VERSION or head[3] not in _ADDRESS_BYTES:
        raise ProxyUnusable("not a SOCKS5 answer")
    size = _ADDRESS_BYTES[head[3]]
    if size is None:
        length = await _exactly(stream, 1, deadline)
        head, size = head + length, length[0]
    return head + await _exactly(stream, size + 2, deadline)


async def _exactly(stream: Stream, count: int, deadline: float) -> bytes:
    data = b""
    while len(data) < count:
        more = await stream.recv(count - len(data), deadline)
        if not more:
            raise ProxyUnusable("the proxy closed the connection")
        data += more
    return data


@contextlib.contextmanager
def _own_silence() -> Iterator[None]:
    """Silence in here is the proxy's own: it does not know yet what we want."""
    try:
        yield
    except TimeoutError as error:
        raise ProxyUnusable("silence from the proxy") from error


async def _connect_method(stream: Stream, proxy: Proxy, host: str, port: int, deadline: float) -> None:
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = [("Host", authority)]
    if proxy.username:
        token = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        headers.append(("Proxy-Authorization", f"Basic {token}"))
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
    request = h11.Request(method="CONNECT", target=authority, headers=headers)
    await stream.send(connection.send(request) or b"", deadline)
    await stream.send(connection.send(h11.EndOfMessage()) or b"", deadline)
    try:
        while isinstance(event := connection.next_event(), h11.InformationalResponse) or event is h11.NEED_DATA:
            if event is not h11.NEED_DATA:
                continue
            data = await stream.recv(4096, deadline)
            if not data:
                raise ProxyUnusable("the proxy closed the connection")
            connection.receive_data(data)
    except h11.RemoteProtocolError as error:
        raise ProxyUnusable(f"not an HTTP answer: {error}"[:MAX_DETAIL]) from error
    if not isinstance(event, h11.Response):
        raise ProxyUnusable("not an HTTP answer")
    if event.status_code == 407:
        raise ProxyUnusable("user name or password refused")
    if not 200 <= event.status_code < 300:
        kind = FailureKind.TIMEOUT if event.status_code == 504 else FailureKind.UNKNOWN
        raise TargetRefused(kind, f"the proxy says: {event.status_code}")
    if connection.trailing_data[0]:
        raise ProxyUnusable("an answer with a body is no tunnel")
