"""The QUIC stage: one handshake over one UDP socket, by aioquic's protocol engine (RFC 9000, RFC 9001).

The engine does no IO and has no clock: datagrams and times are handed to it, here, through the seam. Its own verdict on
the certificate is switched off and the chain judged as that of TLS is (`certificate`). A handshake counts as done only
when the server has answered something that we sent after it: a path that drops what the client sends, once it has
read the name, lets the whole of the server's flight through. aioquic is an optional extra (`probe[quic]`), imported
when the first handshake is made; whether it is there says `available`.
"""

import contextlib
import logging
import ssl
import warnings
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import structs

from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import QUICHandshake
from probe.net import certificate
from probe.net.classify import alert_text, failure_of, unknown
from probe.net.network import DatagramSocket
from probe.net.trace import Trace
from probe.net.url import is_address

if TYPE_CHECKING:
    from aioquic.quic.connection import QuicConnection
    from aioquic.quic.events import ConnectionTerminated

ALPN_H3 = ("h3",)
MAX_DATAGRAMS = 512
"""Datagrams a server may send before the handshake is done; a chain of 100 kB takes a hundred."""
MISSING = "needs the extra probe[quic]"
_TICK = 0.001
"""Seconds between two looks at the engine's timers: one that always wants to fire must not keep the loop busy."""
_PING = 1
_H3_NO_ERROR = 0x100
_INTERNAL_ERROR = 1  # with which the engine ends what fell silent
_CRYPTO_ERRORS = range(0x100, 0x200)  # RFC 9000 section 20.1: 0x100 and the number of a TLS alert
_BAD_CERTIFICATE = frozenset({42, 43})
_ERRORS = (
    "NO_ERROR", "INTERNAL_ERROR", "CONNECTION_REFUSED", "FLOW_CONTROL_ERROR", "STREAM_LIMIT_ERROR",
    "STREAM_STATE_ERROR", "FINAL_SIZE_ERROR", "FRAME_ENCODING_ERROR", "TRANSPORT_PARAMETER_ERROR",
    "CONNECTION_ID_LIMIT_ERROR", "PROTOCOL_VIOLATION", "INVALID_TOKEN", "APPLICATION_ERROR", "CRYPTO_BUFFER_EXCEEDED",
    "KEY_UPDATE_ERROR", "AEAD_LIMIT_REACHED", "NO_VIABLE_PATH",
)  # fmt: skip
"""Transport error codes in order (RFC 9000 section 20.1)."""
_VERSIONS = {1: "1", 0x6B3343CF: "2"}
_OPERATION = Operation.QUIC_HANDSHAKE


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether the extra is installed. Imports nothing."""
    return find_spec("aioquic") is not None


async def quic_handshake(
    trace: Trace,
    address: str,
    port: int,
    *,
    sni: str | None,
    trust: certificate.TrustStore,
    timeout: float,
    alpn: tuple[str, ...] = ALPN_H3,
) -> QUICHandshake:
    """Shake hands over UDP within `timeout` seconds and judge the chain for `sni` (None: for the address).

    Nothing that a server sends raises. As in TLS, a handshake that completed on a wrong certificate carries both its
    facts and the weightiest problem as failure. The connection is closed and its socket with it.
    """
    t0 = trace.elapsed()
    if sni is not None and is_address(sni):
        sni = None  # an address is never sent as SNI (RFC 6066 section 3): do not record one
    said = QUICHandshake(**trace.shared(t0, None), address=address, port=port, sni=sni, alpn_offered=alpn)
    if not available():
        return structs.replace(said, failure=_failure(FailureKind.UNKNOWN, MISSING))
    try:
        attempt = _Attempt(trace, (address, port), _engine(sni, alpn, timeout))
        failure = await attempt.run(trace.network.monotonic() + timeout)
    except OSError as error:
        return structs.replace(said, t=trace.elapsed(), failure=failure_of(error, _OPERATION))
    return _seen(said, attempt, failure, trust)


def _engine(sni: str | None, alpn: tuple[str, ...], timeout: float) -> "QuicConnection":
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.connection import QuicConnection

    _quiet()
    configuration = QuicConfiguration(
        is_client=True,
        alpn_protocols=list(alpn),
        server_name=sni,
        verify_mode=ssl.CERT_NONE,
        idle_timeout=timeout + 60.0,  # the deadline is ours to keep
    )
    return QuicConnection(configuration=configuration)


@lru_cache(maxsize=1)
def _quiet() -> None:
    """The engine logs what servers do wrong; with no handler at all, Python would write that to stderr."""
    logging.getLogger("quic").addHandler(logging.NullHandler())


class _Attempt:
    """One handshake under way: the engine, and what passed on the wire."""

    __slots__ = (
        "_peer", "_trace", "alpn", "completed", "confirmed", "ended", "engine", "first_byte", "idle", "received",
        "sent", "theirs", "version", "version_refused",
    )  # fmt: skip

    def __init__(self, trace: Trace, peer: tuple[str, int], engine: "QuicConnection") -> None:
        self._trace, self._peer, self.engine = trace, peer, engine
        self.sent = self.received = 0
        self.first_byte: float | None = None
        self.version = self.alpn = ""
        self.completed = self.confirmed = self.version_refused = self.idle = self.theirs = False
        self.ended: ConnectionTerminated | None = None

    async def run(self, deadline: float) -> Failure | None:
        """Open the socket, shake hands, close. What went wrong, if anything; raises OSError if no socket opens."""
        socket = await self._trace.network.udp(*self._peer)
        try:
            await self._drive(socket, deadline)
            if self.confirmed:
                await self._goodbye(socket)
        except OSError as error:
            return failure_of(error, _OPERATION)
        except Exception as error:  # noqa: BLE001 - hostile bytes make the library raise what it does not document
            return unknown(error, _OPERATION)
        finally:
            socket.close()
        return _why(self)

    async def _drive(self, socket: DatagramSocket, deadline: float) -> None:
        """Pass datagrams and times to the engine until it is done, has given up, or the deadline strikes."""
        network = self._trace.network
        self.engine.connect(self._peer, network.monotonic())
        while not self.confirmed:
            flushed = await self._flush(socket)
            if self.ended is not None:
                self.theirs = not flushed  # who closes has a last datagram to send; who was closed on has none
                return
            if self.received >= MAX_DATAGRAMS:
                return
            data = await self._next(socket, deadline)
            if data is not None:
                self._take(data)
            self._read_events(data)

    async def _flush(self, socket: DatagramSocket) -> int:
        """Send what the engine has to send. How many datagrams that were."""
        waiting = self.engine.datagrams_to_send(self._trace.network.monotonic())
        for data, _ in waiting:
            await socket.send(data)
            self._trace.record("write", len(data))
            self.sent += 1
        return len(waiting)

    async def _next(self, socket: DatagramSocket, deadline: float) -> bytes | None:
        """The next datagram, or None after one of the engine's timers. TimeoutError at the deadline."""
        now = self._trace.network.monotonic()
        if now >= deadline:  # a peer that always has datagrams ready never waits inside the socket
            raise TimeoutError
        timer = self.engine.get_timer()
        try:
            return (await socket.recv(deadline if timer is None else min(deadline, max(timer, now + _TICK)))).data
        except TimeoutError:
            now = self._trace.network.monotonic()
            if now >= deadline:
                raise
            self.engine.handle_timer(now)
            return None

    def _take(self, data: bytes) -> None:
        self.received += 1
        self._trace.record("read", len(data))
        if self.first_byte is None:
            self.first_byte = self._trace.elapsed()
        number = _long_header_version(data)
        if number:
            self.version = _VERSIONS.get(number, f"{number:#010x}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cryptography warns of what is odd in strangers' certificates
            self.engine.receive_datagram(data, self._peer, self._trace.network.monotonic())

    def _read_events(self, data: bytes | None) -> None:
        from aioquic.quic import events

        while (event := self.engine.next_event()) is not None:
            if isinstance(event, events.HandshakeCompleted):
                self.completed, self.alpn = True, event.alpn_protocol or ""
                # A server answers this only once our Finished has come through (RFC 9001 section 5.7).
                self.engine.send_ping(_PING)
            elif isinstance(event, events.PingAcknowledged):
                self.confirmed = True
            elif isinstance(event, events.ConnectionTerminated):
                self.ended = event
                self.idle = data is None and event.error_code == _INTERNAL_ERROR
                self.version_refused = data is not None and _long_header_version(data) == 0
        # The public event comes only after a drain of three timeouts; until then the engine keeps it here.
        self.ended = self.ended or getattr(self.engine, "_close_event", None)

    async def _goodbye(self, socket: DatagramSocket) -> None:
        """Tell the server that nothing will come, so that it keeps nothing for us."""
        self.engine.close(error_code=_H3_NO_ERROR)
        with contextlib.suppress(OSError):
            await self._flush(socket)

    def chain(self) -> tuple[bytes, ...]:
        """The chain as the server sent it, DER, leaf first. Not public in aioquic, and stable since its 0.9."""
        tls = getattr(self.engine, "tls", None)
        leaf, others = getattr(tls, "_peer_certificate", None), getattr(tls, "_peer_certificate_chain", [])
        sent = [] if leaf is None else [leaf, *others]
        return tuple(one.public_bytes(Encoding.DER) for one in sent[: certificate.MAX_CHAIN])

    def close_code(self) -> int | None:
        """The error code of the server's CONNECTION_CLOSE; None if it sent none."""
        said = self.theirs and not self.idle and not self.version_refused
        return self.ended.error_code if said and self.ended is not None else None


def _long_header_version(data: bytes) -> int | None:
    """The version field of a long header (RFC 8999 section 5.1), 0 in Version Negotiation; None in a short header."""
    return int.from_bytes(data[1:5]) if len(data) >= 5 and data[0] & 0x80 else None


def _why(attempt: _Attempt) -> Failure | None:
    """What a handshake that ended without an exception failed of; None if it did not."""
    if attempt.confirmed:
        return None
    if attempt.ended is None:
        return _failure(FailureKind.SSL_FAILED_HANDSHAKE, f"{MAX_DATAGRAMS} datagrams and no end")
    if attempt.idle:
        return _failure(FailureKind.TIMEOUT, "")
    if attempt.version_refused:
        return _failure(FailureKind.QUIC_INCOMPATIBLE_VERSION, "")
    code = attempt.ended.error_code
    alert = code - _CRYPTO_ERRORS.start if code in _CRYPTO_ERRORS and attempt.ended.frame_type is not None else None
    if attempt.theirs and alert is not None:
        return _failure(FailureKind.TLS_ALERT, alert_text(alert))
    if attempt.theirs:
        return _failure(FailureKind.SSL_FAILED_HANDSHAKE, f"CONNECTION_CLOSE {_error_text(code)}")
    kind = FailureKind.SSL_INVALID_CERTIFICATE if alert in _BAD_CERTIFICATE else FailureKind.SSL_FAILED_HANDSHAKE
    return _failure(kind, f"broken by the server: {_error_text(code) if alert is None else alert_text(alert)}")


def _error_text(code: int) -> str:
    return f"{code:#x} {_ERRORS[code]}" if code < len(_ERRORS) else f"{code:#x}"


def _failure(kind: FailureKind, detail: str) -> Failure:
    return Failure(kind=kind, operation=_OPERATION, detail=detail)


def _seen(
    said: QUICHandshake, attempt: _Attempt, failure: Failure | None, trust: certificate.TrustStore
) -> QUICHandshake:
    """The observation: what passed, and everything wrong with the certificate if the handshake came so far."""
    trace = attempt._trace
    chain = attempt.chain()
    wrong: tuple[FailureKind, ...] = ()
    if attempt.completed:
        wrong = certificate.problems(chain, said.sni or said.address, trace.network.now(), trust)
    if failure is None and wrong:
        failure = _failure(wrong[0], "")
    code = attempt.close_code()
    alerted = failure is not None and failure.kind is FailureKind.TLS_ALERT
    return structs.replace(
        said,
        t=trace.elapsed(),
        failure=failure,
        version=attempt.version,
        alpn=attempt.alpn,
        completed=attempt.completed,
        datagrams_sent=attempt.sent,
        datagrams_received=attempt.received,
        certificates=certificate.describe(chain, keep_der=bool(wrong)),
        problems=wrong,
        alert=code - _CRYPTO_ERRORS.start if alerted and code is not None else None,
        close_code=code,
        first_byte=attempt.first_byte,
        events=trace.take_events(),
    )
