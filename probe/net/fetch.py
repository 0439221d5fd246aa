"""The HTTP stage: one request over the very stream that was measured, HTTP/1.1 or h2 as ALPN chose.

The engines that httpx has, h11 and h2, stand straight on our stream (`http1`, `http2`): no pool, no second connection,
no retry, and the truth of the socket unflattened. Redirects are not followed here (`measure/flow` opens a new hop). The
body is read up to a bound, hashed and decoded within it; a bound that was reached is not a truncation.
"""

import ssl
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import NamedTuple

import h11

from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import HTTPRoundTrip
from probe.net import http1, http2
from probe.net.body import Body, Undecodable, decode_text, title_of
from probe.net.carrier import Asked, BrokenExchange, Carrier
from probe.net.classify import MAX_DETAIL, failure_of, unknown
from probe.net.network import Stream
from probe.net.trace import Trace
from probe.net.url import MAX_URL, Where, authority_and_target

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
"""What a common browser sends: a name of our own would mark the people who run this."""
HEADERS = (
    (b"user-agent", USER_AGENT.encode("ascii")),
    (b"accept", b"*/*"),
    (b"accept-language", b"en"),
    (b"accept-encoding", b"gzip"),
)
MAX_BODY = 1024 * 1024
"""Bytes of body that are read from the wire, and that are decoded."""
KEPT_BODY = 1024
"""Bytes of decoded body that are stored as text."""
MAX_HEADERS = 64
MAX_HEADER = 1024
"""Characters kept of a header's name or value."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Request(NamedTuple):
    """What to ask of whom. `address` and `port` are where the stream is connected; `authenticated` is TLS's word."""

    where: Where
    address: str
    port: int
    alpn: str = ""
    authenticated: bool = False
    method: str = "GET"


class _Exchange:
    """What is known of the exchange so far, whether it ends well or not. `status` 0: no answer yet."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.body: Body | None = None

    def header(self, name: str) -> str:
        """Every value of a header, as one; empty if there is none (RFC 9110 section 5.2)."""
        return ", ".join(value for known, value in self.headers if known == name)

    def location(self) -> str:
        # One character more than a URL may have: a Location cut to a shorter one would lead elsewhere.
        return self.header("location")[: MAX_URL + 1] if self.status in REDIRECTS else ""


async def fetch(trace: Trace, stream: Stream, request: Request, *, timeout: float) -> tuple[HTTPRoundTrip, bytes]:
    """Send `request` on `stream` and read the answer within `timeout` seconds.

    Returns the observation and the decoded body, up to MAX_BODY. The caller closes `stream`. Of an answer that is no
    HTTP at all the first bytes stand in `body_text`.
    """
    t0 = trace.elapsed()
    h2 = request.alpn == "h2"
    carrier = Carrier(stream, trace, trace.network.monotonic() + timeout, b"" if h2 else b"HTTP/")
    exchange = _Exchange()
    failure = await _attempt(carrier, exchange, request)
    body = exchange.body or Body("", 0)
    data, kind = bytes(body.decoded), exchange.header("content-type")
    seen = HTTPRoundTrip(
        **trace.shared(t0, failure),
        address=request.address,
        port=request.port,
        method=request.method,
        url=request.where.url,
        protocol="h2" if h2 else "http/1.1",
        tls=request.where.scheme == "https",
        authenticated=request.authenticated,
        status=exchange.status,
        headers=_bounded(exchange.headers),
        location=exchange.location(),
        title=title_of(data, kind),
        body_wire_bytes=body.wire_bytes,
        body_bytes=len(data),
        body_capped=body.capped,
        body_sha256=body.sha256(),
        body_text=decode_text(data[:KEPT_BODY] if carrier.looks_like_http() else carrier.head, kind),
        first_byte=carrier.first_byte,
        events=trace.take_events(),
    )
    return seen, data


async def _attempt(carrier: Carrier, exchange: _Exchange, request: Request) -> Failure | None:
    """Run the exchange; the failure is named by what the socket did and how far the answer had come, never by text."""
    try:
        await _exchange(carrier, exchange, request)
    except BrokenExchange as error:
        return _failure(error.kind, str(error))
    except Undecodable as error:
        return _failure(FailureKind.HTTP_BAD_ENCODING, str(error))
    except ssl.SSLEOFError:
        # A FIN without close_notify: anyone on the path can make one, so it never ends a body (RFC 9112 section 9.8).
        return _failure(carrier.closed(in_body=exchange.body is not None).kind, "no close_notify")
    except OSError as error:
        return failure_of(error, Operation.HTTP_ROUND_TRIP)
    except h11.LocalProtocolError as error:
        return _failure(FailureKind.HTTP_REQUEST_FAILED, f"the request cannot be sent: {error}")
    except Exception as error:  # noqa: BLE001 - hostile bytes make the HTTP libraries raise what they do not document
        return unknown(error, Operation.HTTP_ROUND_TRIP)
    return None


async def _exchange(carrier: Carrier, exchange: _Exchange, request: Request) -> None:
    engine = http2 if request.alpn == "h2" else http1
    asked = Asked(request.method, request.where.scheme, *authority_and_target(request.where.url), HEADERS)
    answer = await engine.exchange(carrier, asked)
    exchange.status, exchange.headers = answer.status, _as_text(answer.headers)
    exchange.body = body = Body(exchange.header("content-encoding"), MAX_BODY)
    async with aclosing(answer.body) as pieces:
        async for piece in pieces:
            if not body.feed(piece):
                return
    body.finish()


def _as_text(headers: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Names in lower case and values, all in the first charset that fits all of them: ASCII, UTF-8, else Latin-1."""
    for charset in ("ascii", "utf-8"):
        with suppress(UnicodeDecodeError):
            return tuple((name.lower().decode(charset), value.decode(charset)) for name, value in headers)
    return tuple((name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _failure(kind: FailureKind, detail: str) -> Failure:
    return Failure(kind=kind, operation=Operation.HTTP_ROUND_TRIP, detail=detail[:MAX_DETAIL])


def _bounded(headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name[:MAX_HEADER], value[:MAX_HEADER]) for name, value in headers[:MAX_HEADERS])
