"""The TLS stage: one handshake on the connected socket of its flow, by `ssl.SSLObject` over two `MemoryBIO`s.

Driving the handshake by hand keeps five things apart that asyncio melts into one: a clean close, a reset, silence, an
alert and bytes that are no TLS. The library's own verdict on the certificate is switched off, so that the handshake
completes and the whole chain can be judged (`certificate`), with everything wrong with it named.
"""

import ssl
from functools import lru_cache
from typing import NamedTuple

from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import TLSHandshake
from probe.net import certificate
from probe.net.classify import alert_of, alert_text, failure_of
from probe.net.network import Stream
from probe.net.trace import Trace, TracedStream

ALPN_HTTP = ("h2", "http/1.1")
KEPT_SERVER_BYTES = 256
"""Bytes of an answer that was no TLS that are kept: enough for a status line or the head of a block page."""
_READ = 16 * 1024 + 512  # one TLS record and its header
_RECORD_TYPES = frozenset({20, 21, 22, 23, 24})
_ALERT_RECORD = 21
_FATAL = 2
_ENCODING_DER = 2  # _ssl.ENCODING_DER


class Hello(NamedTuple):
    """What the ClientHello says. `sni` None: none; `maximum` caps the version; `split`: sent in two segments."""

    sni: str | None
    alpn: tuple[str, ...] = ALPN_HTTP
    maximum: ssl.TLSVersion | None = None
    split: bool = False


@lru_cache(maxsize=32)
def _context(alpn: tuple[str, ...], maximum: ssl.TLSVersion | None) -> ssl.SSLContext:
    """One context per shape of ClientHello for the whole process. It verifies nothing: `certificate` judges after."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(alpn))
    if maximum is not None:
        context.maximum_version = maximum
    return context


class TLSStream:
    """Application data inside TLS. Itself a `network.Stream`; errors are OSError (ssl.SSLError included)."""

    __slots__ = ("_incoming", "_inner", "_outgoing", "_tls")

    def __init__(self, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, inner: Stream) -> None:
        self._tls = tls
        self._incoming = incoming
        self._outgoing = outgoing
        self._inner = inner

    @property
    def source_port(self) -> int:
        """Our port."""
        return self._inner.source_port

    async def recv(self, limit: int, deadline: float) -> bytes:
        """Decrypted bytes; empty on close_notify and on a FIN without one: HTTP's own framing tells a cut body."""
        while True:
            try:
                return self._tls.read(limit)
            except ssl.SSLWantReadError:
                await self._flush(deadline)
            except ssl.SSLZeroReturnError:
                return b""
            data = await self._inner.recv(_READ, deadline)
            if not data:
                return b""
            self._incoming.write(data)

    async def send(self, data: bytes, deadline: float) -> None:
        """Encrypt and send all of `data`."""
        self._tls.write(data)
        await self._flush(deadline)

    async def _flush(self, deadline: float) -> None:
        if self._outgoing.pending:
            await self._inner.send(self._outgoing.read(), deadline)

    def close(self) -> None:
        """Close the socket under it."""
        self._inner.close()


class _Wire:
    """What passed on the wire during one handshake, counted, its first answer kept."""

    __slots__ = ("first_byte", "head", "hello", "received")

    def __init__(self) -> None:
        self.hello = 0
        self.received = 0
        self.head = b""
        self.first_byte: float | None = None

    def answered_in_tls(self) -> bool:
        """Whether what came back looks like TLS records (RFC 8446 section 5.1); true as long as nothing came."""
        head = self.head
        return not head or (head[0] in _RECORD_TYPES and (len(head) < 2 or head[1] == 3))

    def plain_alert(self) -> int | None:
        """The number of a fatal alert that was the answer to the ClientHello, read from its seven bytes."""
        head = self.head
        if len(head) >= 7 and head[0] == _ALERT_RECORD and head[1] == 3 and head[5] == _FATAL:
            return head[6]
        return None


async def handshake(
    trace: Trace,
    stream: TracedStream,
    address: str,
    port: int,
    hello: Hello,
    *,
    verify_name: str,
    trust: certificate.TrustStore,
    timeout: float,
) -> tuple[TLSHandshake, TLSStream | None]:
    """Shake hands within `timeout` seconds and judge the chain for `verify_name`.

    Returns the observation and, if it has no failure, the stream of application data. The caller closes `stream`.
    A handshake that completed on a wrong certificate carries both its facts and the weightiest problem as failure.
    """
    t0 = trace.elapsed()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = _context(hello.alpn, hello.maximum)
    tls = context.wrap_bio(incoming, outgoing, server_hostname=hello.sni)
    wire = _Wire()
    failure: Failure | None = None
    alert: int | None = None
    try:
        closed = await _drive(trace, tls, incoming, outgoing, stream, wire, hello, timeout)
        failure = _closed_early(wire) if closed else None
    except ssl.SSLError as error:
        alert = wire.plain_alert()
        alert = alert_of(error) if alert is None else alert
        failure = _refused(error, wire, alert)
    except OSError as error:
        failure = failure_of(error, Operation.TLS_HANDSHAKE)
    chain = () if failure else peer_chain(tls)
    wrong = () if failure else certificate.problems(chain, verify_name, trace.network.now(), trust)
    if wrong:
        failure = Failure(kind=wrong[0], operation=Operation.TLS_HANDSHAKE)
    keep = failure is not None and not wrong
    seen = TLSHandshake(
        **trace.shared(t0, failure),
        address=address,
        port=port,
        sni=hello.sni,
        version=tls.version() or "" if not keep else "",
        cipher=_cipher(tls) if not keep else "",
        alpn_offered=hello.alpn,
        alpn=(tls.selected_alpn_protocol() or "") if not keep else "",
        maximum_version="" if hello.maximum is None else hello.maximum.name,
        split=hello.split,
        certificates=certificate.describe(chain, keep_der=bool(wrong)),
        problems=wrong,
        alert=alert,
        client_hello_bytes=wire.hello,
        server_bytes=wire.received,
        server_hex=wire.head.hex() if keep else "",
        first_byte=wire.first_byte,
        events=trace.take_events(),
    )
    return seen, None if failure else TLSStream(tls, incoming, outgoing, stream)


async def _drive(
    trace: Trace,
    tls: ssl.SSLObject,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    stream: TracedStream,
    wire: _Wire,
    hello: Hello,
    timeout: float,
) -> bool:
    """Pump bytes until the handshake is done (False) or the peer closed cleanly before that (True)."""
    deadline = trace.network.monotonic() + timeout
    while True:
        done = _step(tls)
        data = outgoing.read()
        if data and not wire.hello:
            wire.hello = len(data)
            if hello.split:
                await stream.send(data[: len(data) // 2], deadline)
                data = data[len(data) // 2 :]
        if data:
            await stream.send(data, deadline)
        if done:
            return False
        answer = await stream.recv(_READ, deadline)
        if not answer:
            return True
        if wire.first_byte is None:
            wire.first_byte = trace.elapsed()
        wire.received += len(answer)
        wire.head = (wire.head + answer)[:KEPT_SERVER_BYTES]
        incoming.write(answer)


def _step(tls: ssl.SSLObject) -> bool:
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _closed_early(wire: _Wire) -> Failure:
    kind = FailureKind.EOF if wire.answered_in_tls() else FailureKind.TLS_NOT_TLS
    return Failure(kind=kind, operation=Operation.TLS_HANDSHAKE)


def _refused(error: ssl.SSLError, wire: _Wire, alert: int | None) -> Failure:
    if alert is not None:
        return Failure(kind=FailureKind.TLS_ALERT, operation=Operation.TLS_HANDSHAKE, detail=alert_text(alert))
    if not wire.answered_in_tls():
        return Failure(kind=FailureKind.TLS_NOT_TLS, operation=Operation.TLS_HANDSHAKE)
    return failure_of(error, Operation.TLS_HANDSHAKE)


def _cipher(tls: ssl.SSLObject) -> str:
    used = tls.cipher()
    return used[0] if used else ""


def peer_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """The chain as the server sent it, DER, leaf first. Public from Python 3.13, private and stable before."""
    getter = getattr(tls, "get_unverified_chain", None)
    if getter is not None:
        return tuple(getter())
    chain = tls._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return tuple(bytes(one.public_bytes(_ENCODING_DER)) for one in chain or ())
