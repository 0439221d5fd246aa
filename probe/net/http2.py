"""HTTP/2 (RFC 9113) over one carrier: one request on stream 1, the final response, its body. h2 does the protocol.

Frames are handed to h2 one at a time, because it refuses everything after a GOAWAY, while a server may say a graceful
one and still answer (RFC 9113 section 6.8).
"""

from collections import deque
from collections.abc import AsyncGenerator, Iterator

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from probe.model.failure import FailureKind
from probe.net.carrier import Answer, Asked, BrokenExchange, Carrier

MAX_FRAMES = 8192
"""Frames of one exchange; a body of MAX_WIRE bytes in full frames needs 128."""
_STREAM = 1
_WINDOW = 4 * 1024 * 1024
_FRAME_HEADER = 9
_MAX_PAYLOAD = 16384  # our SETTINGS_MAX_FRAME_SIZE, the default
_GOAWAY = 7
_CODES = {int(code): code.name for code in h2.errors.ErrorCodes}
# Inbound headers are not validated: servers with a stray space in one work in browsers too.
_CONFIG = h2.config.H2Configuration(client_side=True, validate_inbound_headers=False)


async def exchange(carrier: Carrier, asked: Asked) -> Answer:
    """Send what is asked, read up to the head of the final response. Raises OSError and BrokenExchange."""
    conversation = _Conversation(carrier)
    await conversation.ask(asked)
    while not isinstance(event := await conversation.next(in_body=False), h2.events.ResponseReceived):
        if isinstance(event, h2.events.StreamEnded):
            raise BrokenExchange(FailureKind.HTTP_MALFORMED, "the stream ended without a response")
    headers = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
    status = dict(headers).get(b":status", b"")
    if not (status.isdigit() and len(status) == 3):
        raise BrokenExchange(FailureKind.HTTP_MALFORMED, f"status {status[:20]!r}")
    plain = [(name, value) for name, value in headers if not name.startswith(b":")]
    return Answer(int(status), plain, _body(conversation))


async def _body(conversation: "_Conversation") -> AsyncGenerator[bytes, None]:
    while not isinstance(event := await conversation.next(in_body=True), h2.events.StreamEnded):
        if isinstance(event, h2.events.DataReceived):
            conversation.taken(event.flow_controlled_length or 0)
            yield event.data or b""


class _Conversation:
    """One connection's state, its frames cut apart and the events they made."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._buffer = bytearray()
        self._events: deque[h2.events.Event] = deque()
        self._frames_seen = 0
        self._connection = h2.connection.H2Connection(_CONFIG)
        codes = h2.settings.SettingCodes
        self._connection.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                codes.ENABLE_PUSH: 0,
                codes.INITIAL_WINDOW_SIZE: _WINDOW,
                codes.MAX_CONCURRENT_STREAMS: 100,
                codes.MAX_HEADER_LIST_SIZE: 65536,
            },
        )

    async def ask(self, asked: Asked) -> None:
        """Connection preface and request in one write."""
        head = [
            (b":method", asked.method.encode("ascii")),
            (b":authority", asked.authority),
            (b":scheme", asked.scheme.encode("ascii")),
            (b":path", asked.target),
        ]
        self._connection.initiate_connection()
        self._connection.increment_flow_control_window(_WINDOW)
        self._connection.send_headers(_STREAM, [*head, *asked.headers], end_stream=True)
        await self._carrier.send(self._connection.data_to_send())

    async def next(self, *, in_body: bool) -> h2.events.Event:
        """The next event of our stream."""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, h2.events.StreamReset):
                    raise _said("RST_STREAM", event.error_code)
                if getattr(event, "stream_id", None) == _STREAM:
                    return event
            data = await self._carrier.recv()
            if not data:
                raise self._carrier.closed(in_body=in_body)
            self._buffer += data
            for frame in self._frames():
                self._events.extend(self._understand(frame))
            if reply := self._connection.data_to_send():
                await self._carrier.send(reply)

    def taken(self, count: int) -> None:
        """Give the window back; the update goes out with the next write."""
        if count:
            self._connection.acknowledge_received_data(count, _STREAM)

    def _frames(self) -> Iterator[bytes]:
        """The whole frames in the buffer, bounded in length and number."""
        while len(self._buffer) >= _FRAME_HEADER:
            length = int.from_bytes(self._buffer[:3], "big")
            end = _FRAME_HEADER + length
            if length > _MAX_PAYLOAD:
                raise BrokenExchange(FailureKind.HTTP_MALFORMED, f"a frame of {length} bytes")
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._frames_seen += 1
            if self._frames_seen > MAX_FRAMES:
                raise BrokenExchange(FailureKind.HTTP_MALFORMED, f"a flood: more than {MAX_FRAMES} frames")
            yield frame

    def _understand(self, frame: bytes) -> list[h2.events.Event]:
        if frame[3] == _GOAWAY and len(frame) >= _FRAME_HEADER + 8:
            last = int.from_bytes(frame[9:13], "big") & 0x7FFFFFFF
            code = int.from_bytes(frame[13:17], "big")
            if code == h2.errors.ErrorCodes.NO_ERROR and last >= _STREAM:
                return []
            raise _said("GOAWAY", code)
        try:
            return self._connection.receive_data(frame)
        except h2.exceptions.InvalidBodyLengthError as error:
            raise BrokenExchange(FailureKind.HTTP_TRUNCATED_BODY, str(error)) from error
        except h2.exceptions.H2Error as error:
            raise BrokenExchange(FailureKind.HTTP_MALFORMED, f"{type(error).__name__}: {error}") from error


def _said(frame: str, code: int | None) -> BrokenExchange:
    """The peer ended the exchange in HTTP/2's own words (RFC 9113 section 7)."""
    name = _CODES.get(code or 0, "unknown")
    return BrokenExchange(FailureKind.HTTP_REQUEST_FAILED, f"{frame} {code} {name}")
