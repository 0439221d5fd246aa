"""The seam: all that the probe asks of the world, in one place.

Stages speak to these protocols only. `real.RealNetwork` is the operating system, `scripted.ScriptedNetwork` a double
with a hand-wound clock, `remap.RemapNetwork` stands a lab in for the internet. Implementations raise OSError (with its
errno) and TimeoutError and nothing else; turning those into failures is the stages' work, through `classify`.

Deadlines are absolute, in seconds of `monotonic()`: a stage has one deadline, however many reads it takes.
"""

from typing import NamedTuple, Protocol


class Datagram(NamedTuple):
    """One UDP payload that came back; `ttl` is its IP TTL (IPv6: hop limit), None where the system does not tell."""

    data: bytes
    address: str
    port: int
    ttl: int | None


class Stream(Protocol):
    """A connected TCP socket. Owned by one flow, used by one task at a time."""

    @property
    def source_port(self) -> int:
        """Our port; our address is never asked for."""

    async def recv(self, limit: int, deadline: float) -> bytes:
        """At least one byte, at most `limit`; empty on the peer's FIN. A reset raises ConnectionResetError."""

    async def send(self, data: bytes, deadline: float) -> None:
        """All of `data`, in as few segments as the kernel makes of it."""

    def close(self) -> None:
        """Close without waiting; safe to call twice."""


class DatagramSocket(Protocol):
    """A UDP socket connected to one peer: the kernel drops what comes from elsewhere and reports ICMP errors."""

    async def send(self, data: bytes) -> None:
        """One datagram to the peer."""

    async def recv(self, deadline: float) -> Datagram:
        """The next datagram; TimeoutError at the deadline. ICMP port unreachable raises ConnectionRefusedError."""

    def close(self) -> None:
        """Close without waiting; safe to call twice."""


class Network(Protocol):
    """The world as one vantage point sees it."""

    def now(self) -> float:
        """Wall clock, epoch seconds. For time stamps only."""

    def monotonic(self) -> float:
        """Monotonic clock, seconds. For durations and deadlines."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""

    def system_resolvers(self) -> tuple[str, ...]:
        """Addresses of the nameservers the system is set to use, in order; empty where unknown."""

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        """Addresses the system gives an application, in its order. Raises socket.gaierror or TimeoutError."""

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        """A TCP connection to a literal address, from a fresh source port."""

    async def udp(self, address: str, port: int) -> DatagramSocket:
        """A UDP socket for a literal address, from a fresh source port."""
