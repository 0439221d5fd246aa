"""One connection's trace: who it is (flow, hop, purpose, attempt), its clock, and every read and write on its socket.

All stages of one socket share one Trace, so their observations share a `transaction_id` and a time axis. Knows no
protocol.
"""

from dataclasses import dataclass, field
from typing import TypedDict

from probe.model.failure import Failure
from probe.model.observation import IOEvent, Purpose
from probe.net.network import Network, Stream

MAX_EVENTS = 64
"""Events kept per stage. A long body keeps its first half of them and its last, so the end of a cut transfer shows."""


class SharedFields(TypedDict):
    """The keyword arguments every observation takes (`model.observation.Observed`)."""

    transaction_id: int
    hop: int
    purpose: Purpose
    attempt: int
    via: str
    t0: float
    t: float
    failure: Failure | None


@dataclass(slots=True)
class Trace:
    """The trace of one flow. `start` is `network.monotonic()` at the start of the measurement."""

    network: Network
    start: float
    transaction_id: int
    hop: int = 0
    purpose: Purpose = Purpose.MAIN
    attempt: int = 0
    via: str = ""
    events: list[IOEvent] = field(default_factory=list)

    def elapsed(self) -> float:
        """Seconds since the measurement began, to the microsecond."""
        return round(self.network.monotonic() - self.start, 6)

    def shared(self, t0: float, failure: Failure | None) -> SharedFields:
        """The shared fields of an observation that began at `t0` and ends now."""
        return {
            "transaction_id": self.transaction_id,
            "hop": self.hop,
            "purpose": self.purpose,
            "attempt": self.attempt,
            "via": self.via,
            "t0": t0,
            "t": self.elapsed(),
            "failure": failure,
        }

    def record(self, operation: str, count: int) -> None:
        """Note one read or write."""
        if len(self.events) >= MAX_EVENTS:
            del self.events[MAX_EVENTS // 2]
        self.events.append(IOEvent(operation, self.elapsed(), count))

    def take_events(self) -> tuple[IOEvent, ...]:
        """The events since the last call: a stage takes its own."""
        taken, self.events = tuple(self.events), []
        return taken


class TracedStream:
    """A stream whose reads and writes are in the trace. Itself a `network.Stream`.

    A peer may speak and hang up before we have written: an early answer, an alert, a FIN, then a RST for our late
    bytes. So a write that fails by a reset waits: what the peer said is read first, and only then the reset is raised.
    """

    __slots__ = ("_inner", "_trace", "_write_error")

    def __init__(self, inner: Stream, trace: Trace) -> None:
        self._inner = inner
        self._trace = trace
        self._write_error: OSError | None = None

    @property
    def source_port(self) -> int:
        """Our port."""
        return self._inner.source_port

    async def recv(self, limit: int, deadline: float) -> bytes:
        """Read, noting how much and when; a read of 0 bytes is the peer's FIN."""
        data = await self._inner.recv(limit, deadline)
        # After a RST that the write consumed, the kernel reads as if at a FIN. EPIPE says that a FIN did come first.
        if not data and isinstance(self._write_error, ConnectionResetError):
            raise self._write_error
        self._trace.record("read", len(data))
        # A peer that always has bytes ready never waits inside the socket, where the deadline would strike.
        if data and self._trace.network.monotonic() > deadline:
            raise TimeoutError
        return data

    async def send(self, data: bytes, deadline: float) -> None:
        """Write, noting how much and when the kernel took it; a reset is raised by the next read instead."""
        try:
            await self._inner.send(data, deadline)
        except (ConnectionResetError, BrokenPipeError) as error:
            self._write_error = self._write_error or error
            return
        self._trace.record("write", len(data))

    def close(self) -> None:
        """Close the socket."""
        self._inner.close()
