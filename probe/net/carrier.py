"""The byte pipe under one HTTP exchange: our stream with one deadline, a bound, and a memory of what came first.

Shared by the two HTTP engines (`http1`, `http2`) and `fetch`. Knows nothing of messages except how one begins.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

from probe.model.failure import FailureKind
from probe.net.network import Stream
from probe.net.trace import Trace

MAX_WIRE = 2 * 1024 * 1024
"""Bytes that are read in one exchange, framing included: twice the body that is kept. More is a flood."""
KEPT_HEAD = 1024
"""First bytes of the answer that are remembered: all there is to keep if it proves to be no HTTP."""
_READ = 64 * 1024


class BrokenExchange(Exception):  # noqa: N818 - a fact about the peer, turned into a Failure by `fetch`
    """The exchange cannot go on, and `kind` says why. Never leaves `net`."""

    def __init__(self, kind: FailureKind, detail: str = "") -> None:
        super().__init__(detail)
        self.kind = kind


class Asked(NamedTuple):
    """What an engine sends: the head of a request without a body. `headers` have no Host: `authority` is that."""

    method: str
    scheme: str
    authority: bytes
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """What an engine returns: the head of the final response, and its body as it comes. Close `body` when done."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: AsyncGenerator[bytes, None]


class Carrier:
    """A stream for one exchange. `begins` is how an answer must begin, b"" if anything may."""

    __slots__ = ("_begins", "_deadline", "_stream", "_trace", "first_byte", "head", "received", "saw_eof")

    def __init__(self, stream: Stream, trace: Trace, deadline: float, begins: bytes) -> None:
        self._stream = stream
        self._trace = trace
        self._deadline = deadline
        self._begins = begins
        self.received = 0
        self.head = b""
        self.saw_eof = False
        self.first_byte: float | None = None

    async def recv(self) -> bytes:
        """The next bytes; empty at the peer's clean close. Raises OSError, and BrokenExchange on a flood."""
        data = await self._stream.recv(_READ, self._deadline)
        if not data:
            self.saw_eof = True
        elif self.first_byte is None:
            self.first_byte = self._trace.elapsed()
        self.received += len(data)
        if len(self.head) < KEPT_HEAD:
            self.head = (self.head + data)[:KEPT_HEAD]
        if self.received > MAX_WIRE:
            raise BrokenExchange(FailureKind.HTTP_MALFORMED, f"a flood: more than {MAX_WIRE} bytes")
        return data

    async def send(self, data: bytes) -> None:
        """Send all of `data`."""
        await self._stream.send(data, self._deadline)

    def looks_like_http(self) -> bool:
        """Whether what came so far could be an answer; true as long as nothing came."""
        return self.head[: len(self._begins)] == self._begins[: len(self.head)]

    def closed(self, *, in_body: bool) -> BrokenExchange:
        """What a close at this point means."""
        if in_body:
            return BrokenExchange(FailureKind.HTTP_TRUNCATED_BODY)
        return BrokenExchange(FailureKind.EOF if self.looks_like_http() else FailureKind.HTTP_MALFORMED)
