"""The TLS stage: one handshake on the connected socket of its flow, by `ssl.SSLObject` over two `MemoryBIO`s.

Driving the handshake by hand keeps five things apart that asyncio melts into one: a clean close, a reset, silence, an
alert and bytes that are no TLS. The library's own verdict on the certificate is switched off, so that the handshake
completes and the whole chain can be judged (`certificate`), with everything wrong with it named.
"""

import ssl
from functools import lru_cache
from typing import NamedTuple

from msgspec import structs

from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import TLSHandshake
from probe.net import certificate
from probe.net.classify import alert_of, alert_text, failure_of, unknown
from probe.net.network import Stream
from probe.net.trace import Trace, TracedStream
from probe.net.url import is_address

ALPN_HTTP = ("h2", "http/1.1")
KEPT_SERVER_BYTES = 256
"""Bytes of an answer that was no TLS that are kept: enough for a status line or the head of a block page."""
MAX_HANDSHAKE = 256 * 1024
"""Bytes a server may send before the handshake is done; OpenSSL takes a chain of 100 kB."""
MAX_BARREN = 256 * 1024
"""Bytes of tickets, key updates and the like between two pieces of application data."""
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
        """Decrypted bytes; empty on close_notify. A FIN without one raises ssl.SSLEOFError: anyone can make that."""
        barren = 0
        while True:
            try:
                return self._tls.read(limit)
            except ssl.SSLWantReadError:
                await self._flush(deadline)
            except ssl.SSLZeroReturnError:
                return b""
            data = await self._inner.recv(_READ, deadline)
            barren += len(data)
            if not data:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "FIN without close_notify")
            if barren > MAX_BARREN:
                raise ssl.SSLError(ssl.SSL_ERROR_SSL, f"more than {MAX_BARREN} bytes without application data")
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


class _Attempt:
    """One handshake under way: the library's state, and what passed on the wire."""

    __slots__ = ("first_byte", "hello_bytes", "incoming", "outgoing", "received", "tls")

    def __init__(self, hello: Hello) -> None:
        """Raises ValueError, TypeError or ssl.SSLError for an SNI that no ClientHello can hold."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = _context(hello.alpn, hello.maximum)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=hello.sni)
        self.hello_bytes = 0
        self.received = bytearray()
        self.first_byte: float | None = None

    async def drive(self, trace: Trace, stream: TracedStream, hello: Hello, deadline: float) -> None:
        """Pump bytes until the handshake is done. Raises OSError; ssl.SSLEOFError is a clean close before that."""
        while True:
            done = self._step()
            data = self.outgoing.read()
            if not self.hello_bytes:
                self.hello_bytes = len(data)
                if hello.split:
                    await stream.send(data[: len(data) // 2], deadline)
                    data = data[len(data) // 2 :]
            if data:
                await stream.send(data, deadline)
            if done:
                return
            self._take(trace, await stream.recv(_READ, deadline))

    def _step(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _take(self, trace: Trace, answer: bytes) -> None:
        if not answer:
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "FIN in the handshake")
        if self.first_byte is None:
            self.first_byte = trace.elapsed()
        self.received += answer
        if len(self.received) > MAX_HANDSHAKE:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, f"more than {MAX_HANDSHAKE} bytes of handshake")
        self.incoming.write(answer)

    def answered_in_tls(self) -> bool:
        """Whether what came back looks like TLS records (RFC 8446 section 5.1); true as long as nothing came."""
        head = bytes(self.received[:2])
        return not head or (head[0] in _RECORD_TYPES and head[1:] in (b"", b"\x03"))

    def clear_alert(self) -> int | None:
        """The number of the first fatal alert in clear text, whatever came before it (RFC 8446 section 6).

        An alert in clear text is a record of two bytes: level and number. Inside encryption records are longer.
        """
        at = 0
        while at + 7 <= len(self.received) and self.received[at + 1] == 3:
            length = int.from_bytes(self.received[at + 3 : at + 5], "big")
            if self.received[at] == _ALERT_RECORD and length == 2 and self.received[at + 5] == _FATAL:
                return self.received[at + 6]
            at += 5 + length
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
    regardless: bool = False,
) -> tuple[TLSHandshake, TLSStream | None]:
    """Shake hands within `timeout` seconds and judge the chain for `verify_name`.

    Returns the observation and, if it has no failure, the stream of application data. The caller closes `stream`.
    A handshake that completed on a wrong certificate carries both its facts and the weightiest problem as failure;
    with `regardless` the stream comes even so.
    """
    t0 = trace.elapsed()
    if hello.sni is not None and is_address(hello.sni):
        hello = hello._replace(sni=None)  # an address is never sent as SNI (RFC 6066 section 3): do not record one
    said = TLSHandshake(
        **trace.shared(t0, None),
        address=address,
        port=port,
        sni=hello.sni,
        alpn_offered=hello.alpn,
        maximum_version="" if hello.maximum is None else hello.maximum.name,
        split=hello.split,
    )
    try:
        attempt = _Attempt(hello)
    except (ValueError, TypeError, ssl.SSLError) as error:
        return structs.replace(said, t=trace.elapsed(), failure=unknown(error, Operation.TLS_HANDSHAKE)), None
    try:
        await attempt.drive(trace, stream, hello, trace.network.monotonic() + timeout)
    except OSError as error:
        return _failed(trace, said, attempt, error), None
    seen = _completed(trace, said, attempt, verify_name, trust)
    if seen.failure is not None and not regardless:
        return seen, None
    return seen, TLSStream(attempt.tls, attempt.incoming, attempt.outgoing, stream)


def _failed(trace: Trace, said: TLSHandshake, attempt: _Attempt, error: OSError) -> TLSHandshake:
    """The handshake did not complete: what ended it, and the first of what came back."""
    alert: int | None = None
    if isinstance(error, ssl.SSLError):
        alert = attempt.clear_alert()
        alert = alert_of(error) if alert is None else alert
    return structs.replace(
        said,
        t=trace.elapsed(),
        failure=_why(error, attempt, alert),
        alert=alert,
        client_hello_bytes=attempt.hello_bytes,
        server_bytes=len(attempt.received),
        server_hex=attempt.received[:KEPT_SERVER_BYTES].hex(),
        first_byte=attempt.first_byte,
        events=trace.take_events(),
    )


def _why(error: OSError, attempt: _Attempt, alert: int | None) -> Failure:
    if alert is not None:
        return Failure(kind=FailureKind.TLS_ALERT, operation=Operation.TLS_HANDSHAKE, detail=alert_text(alert))
    if isinstance(error, ssl.SSLError) and not attempt.answered_in_tls():
        return Failure(kind=FailureKind.TLS_NOT_TLS, operation=Operation.TLS_HANDSHAKE)
    return failure_of(error, Operation.TLS_HANDSHAKE)


def _completed(
    trace: Trace, said: TLSHandshake, attempt: _Attempt, name: str, trust: certificate.TrustStore
) -> TLSHandshake:
    """The handshake completed: its facts, and all that is wrong with the certificate."""
    chain = peer_chain(attempt.tls)
    wrong = certificate.problems(chain, name, trace.network.now(), trust)
    return structs.replace(
        said,
        t=trace.elapsed(),
        failure=Failure(kind=wrong[0], operation=Operation.TLS_HANDSHAKE) if wrong else None,
        version=attempt.tls.version() or "",
        cipher=_cipher(attempt.tls),
        alpn=attempt.tls.selected_alpn_protocol() or "",
        certificates=certificate.describe(chain, keep_der=bool(wrong)),
        problems=wrong,
        client_hello_bytes=attempt.hello_bytes,
        server_bytes=len(attempt.received),
        first_byte=attempt.first_byte,
        events=trace.take_events(),
    )


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
