"""A Network that does what a script says, on a clock that a test winds by hand: a month of schedule in milliseconds.

Knows no protocol: peers are functions from the bytes they get to what they send back and when. Nothing here touches a
socket, and time passes only by `advance` (or by `run`, which winds whenever everything waits).
"""

import asyncio
import heapq
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from probe.net.network import Datagram

T = TypeVar("T")

START = 1612782000.0
"""Epoch seconds at which scripts begin unless told otherwise: 2021-02-08T11:00:00Z, when Clubhouse was blocked."""

_TURNS = 64
"""Turns of the event loop after which everything that could run without time passing has run."""
_PATIENCE = 5.0
"""Real seconds `run` waits for something outside the seam (a thread, a disk) before it calls the script stuck."""


class After(NamedTuple):
    """What a peer does, `seconds` after the bytes that made it: send bytes, close (`b""`, streams only) or an error.

    Bytes arrive once; a close or an error of a stream stays. `ttl` is a datagram's IP TTL.
    """

    seconds: float
    what: bytes | OSError
    ttl: int | None = 64


Peer = Callable[[bytes], Iterable[After]]
"""A peer: called with each piece that is sent to it and, if it is a stream, with `b""` when the connection opens."""
Peers = Mapping[tuple[str, int], Peer | OSError | None]
"""Peers by address and port. An error refuses the connection (or the datagram socket); None or no entry is silence."""
Hosts = Mapping[str, tuple[str, ...] | OSError | None]
"""What getaddrinfo says of a host; None is silence, no entry is `EAI_NONAME`."""


class Call(NamedTuple):
    """One use of the seam: seconds since the start, what (`getaddrinfo`, `connect`, `udp`), of which host and port."""

    t: float
    operation: str
    host: str
    port: int


class ScriptedNetwork:
    """The double of the seam.

    `start` is the wall clock at the beginning, `skew` is added to it at any time (a clock that is wrong), `rtt` what a
    connect or a getaddrinfo takes, all in seconds. Mappings are read at each use and may change between. `calls` tells
    what was asked.
    """

    def __init__(
        self,
        *,
        start: float = START,
        rtt: float = 0.0,
        hosts: Hosts | None = None,
        tcp: Peers | None = None,
        udp: Peers | None = None,
        resolvers: Sequence[str] = (),
    ) -> None:
        self.start = start
        self.skew = 0.0
        self.rtt = rtt
        self.hosts: Hosts = {} if hosts is None else hosts
        self.tcp: Peers = {} if tcp is None else tcp
        self.udp_peers: Peers = {} if udp is None else udp
        self.resolvers = tuple(resolvers)
        self.calls: list[Call] = []
        self._elapsed = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        """Wall clock, epoch seconds."""
        return self.start + self._elapsed + self.skew

    def monotonic(self) -> float:
        """Seconds since the script began."""
        return self._elapsed

    def system_resolvers(self) -> tuple[str, ...]:
        """As scripted."""
        return self.resolvers

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been wound that far."""
        await self.wait_until(self._elapsed + max(0.0, seconds))

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        """As scripted, `rtt` later."""
        self._note("getaddrinfo", host, 0)
        found = self.hosts.get(host, socket.gaierror(socket.EAI_NONAME, "not in the script"))
        await self._take(found is None, deadline)
        if isinstance(found, OSError):
            raise found
        return found or ()

    async def connect(self, address: str, port: int, deadline: float) -> "ScriptedStream":
        """A connection to the scripted peer, `rtt` later."""
        self._note("connect", address, port)
        peer = self.tcp.get((address, port))
        await self._take(peer is None, deadline)
        if isinstance(peer, OSError):
            raise peer
        return ScriptedStream(self, peer or _silent, source_port=40000 + len(self.calls))

    async def udp(self, address: str, port: int) -> "ScriptedDatagramSocket":
        """A socket to the scripted peer."""
        self._note("udp", address, port)
        peer = self.udp_peers.get((address, port))
        if isinstance(peer, OSError):
            raise peer
        return ScriptedDatagramSocket(self, peer or _silent, address, port)

    async def _take(self, silent: bool, deadline: float) -> None:
        arrival = self._elapsed + self.rtt
        await self.wait_until(deadline if silent else min(arrival, deadline))
        if silent or arrival > deadline:
            raise TimeoutError

    def _note(self, operation: str, host: str, port: int) -> None:
        self.calls.append(Call(self._elapsed, operation, host, port))

    def alarm(self, when: float) -> asyncio.Future[None]:
        """A future that the clock sets at `when`; whoever holds it may set it earlier."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (when, self._count, future))
        return future

    async def wait_until(self, when: float) -> None:
        """Wait until the clock stands at `when`; at least one turn of the loop."""
        if when <= self._elapsed:
            await asyncio.sleep(0)
        else:
            await self.alarm(when)

    async def advance(self, seconds: float) -> None:
        """Wind the clock on, waking in order whoever waits for a time on the way."""
        end = self._elapsed + seconds
        await _settle()
        while self._wind(end):
            await _settle()
        self._elapsed = end
        await _settle()

    async def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run `main`, winding the clock to the next time somebody waits for whenever nothing else can happen.

        Raises RuntimeError if `main` waits for something that neither the clock nor five real seconds bring.
        """
        task = asyncio.ensure_future(main)
        try:
            while not task.done():
                await _settle()
                if not task.done() and not self._wind(float("inf")):
                    await self._wait_outside(task)
            return task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _wait_outside(self, task: asyncio.Future[T]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + _PATIENCE
        while not task.done() and not self._next_alarm():
            if loop.time() > end:
                raise RuntimeError("the script is stuck: something waits, and not for the clock")
            await asyncio.wait({task}, timeout=0.001)

    def _next_alarm(self) -> bool:
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        return bool(self._waiting)

    def _wind(self, end: float) -> bool:
        """Go to the next alarm not after `end` and set all that are due; False if there is none."""
        if not self._next_alarm() or self._waiting[0][0] > end:
            return False
        self._elapsed = max(self._elapsed, self._waiting[0][0])
        while self._next_alarm() and self._waiting[0][0] <= self._elapsed:
            heapq.heappop(self._waiting)[2].set_result(None)
        return True


async def _settle() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _silent(_data: bytes) -> Iterable[After]:
    return ()


class _Inbox:
    """What is on its way from a peer, by time of arrival; one reader may wait for it."""

    __slots__ = ("_network", "_wake", "due")

    def __init__(self, network: ScriptedNetwork) -> None:
        self._network = network
        self._wake: asyncio.Future[None] | None = None
        self.due: deque[tuple[float, After]] = deque()

    def post(self, deeds: Iterable[After]) -> None:
        """Add what the peer does now."""
        now = self._network.monotonic()
        self.due = deque(sorted([*self.due, *((now + deed.seconds, deed) for deed in deeds)], key=lambda one: one[0]))
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def arrived(self, deadline: float) -> After:
        """The first that has arrived, left in place; TimeoutError at the deadline."""
        while True:
            now = self._network.monotonic()
            if self.due and self.due[0][0] <= min(now, deadline):
                return self.due[0][1]
            if now >= deadline:
                raise TimeoutError
            self._wake = self._network.alarm(min(deadline, self.due[0][0]) if self.due else deadline)
            await self._wake


class ScriptedStream:
    """A connection to a scripted peer. A close or a reset stays: every later read meets it again."""

    __slots__ = ("_inbox", "_peer", "closed", "source_port")

    def __init__(self, network: ScriptedNetwork, peer: Peer, source_port: int) -> None:
        self._inbox = _Inbox(network)
        self._peer = peer
        self.source_port = source_port
        self.closed = False
        self._inbox.post(peer(b""))

    async def recv(self, limit: int, deadline: float) -> bytes:
        """What the peer sent, at most `limit` bytes of one deed."""
        deed = await self._inbox.arrived(deadline)
        if isinstance(deed.what, OSError):
            raise deed.what
        if deed.what:
            when, _ = self._inbox.due.popleft()
            if len(deed.what) > limit:
                self._inbox.due.appendleft((when, deed._replace(what=deed.what[limit:])))
        return deed.what[:limit]

    async def send(self, data: bytes, deadline: float) -> None:  # noqa: ARG002  (a scripted peer never stalls a write)
        """Give the peer `data`."""
        self._inbox.post(self._peer(data))

    def close(self) -> None:
        """Remembered in `closed`."""
        self.closed = True


class ScriptedDatagramSocket:
    """A UDP socket to a scripted peer."""

    __slots__ = ("_address", "_inbox", "_peer", "_port", "closed")

    def __init__(self, network: ScriptedNetwork, peer: Peer, address: str, port: int) -> None:
        self._inbox = _Inbox(network)
        self._peer = peer
        self._address = address
        self._port = port
        self.closed = False

    async def send(self, data: bytes) -> None:
        """Give the peer `data`."""
        self._inbox.post(self._peer(data))

    async def recv(self, deadline: float) -> Datagram:
        """The next datagram that has arrived, or the error that came instead, once."""
        deed = await self._inbox.arrived(deadline)
        self._inbox.due.popleft()
        if isinstance(deed.what, OSError):
            raise deed.what
        return Datagram(deed.what, self._address, self._port, deed.ttl)

    def close(self) -> None:
        """Remembered in `closed`."""
        self.closed = True
