"""The operating system as a Network: non-blocking sockets on asyncio's loop, getaddrinfo on daemon threads.

Raises OSError and TimeoutError only. Uses `loop.sock_*` rather than asyncio streams: a stream holds a 256 kB buffer per
connection and reports a clean close in a handshake as a reset.
"""

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import struct
import threading
import time
from pathlib import Path

from probe.net.network import Datagram

MAX_RESOLVER_THREADS = 512
"""getaddrinfo calls in flight. A silent nameserver holds each for 10 to 30 s, long after we stopped waiting."""

_IPV6_RECVHOPLIMIT = getattr(socket, "IPV6_RECVHOPLIMIT", 51)
_IPV6_HOPLIMIT = getattr(socket, "IPV6_HOPLIMIT", 52)
_IP_RECVTTL = getattr(socket, "IP_RECVTTL", 12)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _remaining(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


# Waiting by a future and a timer costs half of `asyncio.timeout` around `loop.sock_recv`: that tries the socket again
# first, and wakes the task by cancelling it.


class _Watched:
    """A connected non-blocking socket, watched for bytes from its first wait on, not anew for each."""

    __slots__ = ("_loop", "_socket", "_waiting", "_watched")

    def __init__(self, connected: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._socket = connected
        self._loop = loop
        self._waiting: asyncio.Future[bool] | None = None
        self._watched = False

    async def _arrival(self, deadline: float) -> None:
        waiting = self._waiting = self._loop.create_future()
        if not self._watched:
            self._loop.add_reader(self._socket.fileno(), self._arrived)
            self._watched = True
        timer = self._loop.call_later(_remaining(deadline), _expire, waiting)
        try:
            in_time = await waiting
        finally:
            timer.cancel()
            self._waiting = None
        if not in_time:
            raise TimeoutError

    def _arrived(self) -> None:
        if self._waiting is None:  # nobody listens now; watching on, the loop would spin
            self._unwatch()
        else:
            _settle(self._waiting)

    def _unwatch(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._socket.fileno())
            self._watched = False

    def close(self) -> None:
        """Close the socket."""
        self._unwatch()
        self._socket.close()


class RealStream(_Watched):
    """A connected non-blocking TCP socket."""

    __slots__ = ("source_port",)

    def __init__(self, connected: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(connected, loop)
        self.source_port: int = connected.getsockname()[1]

    async def recv(self, limit: int, deadline: float) -> bytes:
        """At least one byte, or empty on FIN."""
        while True:
            try:
                return self._socket.recv(limit)
            except (BlockingIOError, InterruptedError):
                await self._arrival(deadline)

    async def send(self, data: bytes, deadline: float) -> None:
        """All of `data`."""
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except (BlockingIOError, InterruptedError):
                await _writable(self._loop, self._socket, deadline)


class RealDatagramSocket(_Watched):
    """A connected UDP socket, so that ICMP errors surface; each datagram comes with its IP TTL where the OS tells."""

    __slots__ = ()

    async def send(self, data: bytes) -> None:
        """One datagram."""
        try:
            self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            await self._loop.sock_sendall(self._socket, data)

    async def recv(self, deadline: float) -> Datagram:
        """The next datagram."""
        while True:
            try:
                return self._receive()
            except (BlockingIOError, InterruptedError):
                await self._arrival(deadline)

    def _receive(self) -> Datagram:
        data, ancillary, _flags, peer = self._socket.recvmsg(65535, 64)
        return Datagram(data, str(peer[0]).partition("%")[0], int(peer[1]), _ttl(ancillary))


async def _writable(loop: asyncio.AbstractEventLoop, waited: socket.socket, deadline: float) -> None:
    ready: asyncio.Future[bool] = loop.create_future()
    descriptor = waited.fileno()
    loop.add_writer(descriptor, _settle, ready)
    timer = loop.call_later(_remaining(deadline), _expire, ready)
    try:
        in_time = await ready
    finally:
        timer.cancel()
        loop.remove_writer(descriptor)
    if not in_time:
        raise TimeoutError


def _settle(ready: asyncio.Future[bool]) -> None:
    if not ready.done():
        ready.set_result(True)


def _expire(ready: asyncio.Future[bool]) -> None:
    """Too late. A value, not an exception: that would hold the frame that holds the future that holds it, and with it
    the whole TLS state, until the collector comes by."""
    if not ready.done():
        ready.set_result(False)


def _ttl(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        is_v4 = level == socket.IPPROTO_IP and kind in (socket.IP_TTL, _IP_RECVTTL)
        is_v6 = level == socket.IPPROTO_IPV6 and kind == _IPV6_HOPLIMIT
        if is_v4 or is_v6:
            value: int = struct.unpack("@i", data)[0] if len(data) >= 4 else data[0]
            return value
    return None


class RealNetwork:
    """This machine's network. `resolv_conf` is read once, for the nameservers the system uses."""

    def __init__(self, resolv_conf: Path = Path("/etc/resolv.conf")) -> None:
        self._resolv_conf = resolv_conf
        self._resolver_slots = asyncio.Semaphore(MAX_RESOLVER_THREADS)

    def now(self) -> float:
        """Wall clock."""
        return time.time()

    def monotonic(self) -> float:
        """Monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    def system_resolvers(self) -> tuple[str, ...]:
        """The `nameserver` lines of resolv.conf (resolv.conf(5)); empty where there is none."""
        try:
            lines = self._resolv_conf.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ()
        words = [line.split() for line in lines]
        return tuple(w[1] for w in words if len(w) > 1 and w[0] == "nameserver" and _is_address(w[1]))

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        """The system's answer for `host`, duplicates removed, in its order.

        Raises OSError with ENOBUFS when no thread is to be had: our own limit, never to be told as a silent resolver.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[str, ...]] = loop.create_future()
        await self._take_slot(deadline)
        try:
            threading.Thread(target=self._ask_system, args=(host, loop, answer), daemon=True).start()
        except RuntimeError as error:  # the system gives us no more threads
            self._resolver_slots.release()
            raise OSError(errno.ENOBUFS, "no thread for getaddrinfo") from error
        async with asyncio.timeout(_remaining(deadline)):
            return await answer

    async def _take_slot(self, deadline: float) -> None:
        try:
            async with asyncio.timeout(_remaining(deadline)):
                await self._resolver_slots.acquire()
        except TimeoutError as error:
            raise OSError(errno.ENOBUFS, "every getaddrinfo thread is waiting for a silent resolver") from error

    def _ask_system(self, host: str, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[tuple[str, ...]]) -> None:
        outcome: tuple[str, ...] | OSError
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            outcome = tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
        except OSError as error:
            outcome = error
        except UnicodeError as error:
            outcome = socket.gaierror(socket.EAI_NONAME, f"not a host name: {error}")

        def deliver() -> None:
            self._resolver_slots.release()
            if answer.done():
                return
            if isinstance(outcome, OSError):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(deliver)

    async def connect(self, address: str, port: int, deadline: float) -> RealStream:
        """A TCP connection from a fresh source port."""
        loop = asyncio.get_running_loop()
        opened = socket.socket(_family(address), socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = opened.connect_ex((address, port))
            if code in (errno.EINPROGRESS, errno.EINTR, errno.EWOULDBLOCK):
                await _writable(loop, opened, deadline)
                code = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
            return RealStream(opened, loop)
        except BaseException:
            opened.close()
            raise

    async def udp(self, address: str, port: int) -> RealDatagramSocket:
        """A UDP socket from a fresh source port."""
        loop = asyncio.get_running_loop()
        family = _family(address)
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            with contextlib.suppress(OSError):  # the TTL is a help, not a need
                if family == socket.AF_INET:
                    opened.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
                else:
                    opened.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
            opened.connect((address, port))
            return RealDatagramSocket(opened, loop)
        except BaseException:
            opened.close()
            raise


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def own_addresses() -> frozenset[str]:
    """This machine's addresses on its ways out, to be scrubbed from records. Sends nothing.

    Connecting a UDP socket only makes the kernel choose a route and with it our address. Behind a NAT that is the
    private one; the public one is not known here, and nobody is asked for it.
    """
    found = set()
    for family, elsewhere in ((socket.AF_INET, "8.8.8.8"), (socket.AF_INET6, "2001:4860:4860::8888")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as unsent:
            unsent.connect((elsewhere, 53))
            found.add(str(unsent.getsockname()[0]).partition("%")[0])
    return frozenset(found - {"127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 - not bound, left out
