"""A network without sockets for fuzzing: a stream that plays back what a server said; each read moves the clock on."""

from collections.abc import Sequence

from probe.net.network import DatagramSocket, Stream


class TapeNetwork:
    """Only its clock is asked; everything else would be a mistake of the test."""

    def __init__(self) -> None:
        self.clock = 0.0

    def now(self) -> float:
        return 1_700_000_000.0 + self.clock

    def monotonic(self) -> float:
        return self.clock

    async def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def system_resolvers(self) -> tuple[str, ...]:
        return ()

    async def getaddrinfo(self, host: str, deadline: float) -> tuple[str, ...]:
        raise NotImplementedError

    async def connect(self, address: str, port: int, deadline: float) -> Stream:
        raise NotImplementedError

    async def udp(self, address: str, port: int) -> DatagramSocket:
        raise NotImplementedError


class Tape:
    """A stream: `chunks` one by one, then its ending: eof, reset or timeout. A read takes a millisecond."""

    source_port = 40000

    def __init__(self, network: TapeNetwork, chunks: Sequence[bytes], ending: str = "eof") -> None:
        self._network = network
        self._chunks = [chunk for chunk in chunks if chunk]
        self._ending = ending
        self.sent = bytearray()
        self.closed = False

    async def recv(self, limit: int, deadline: float) -> bytes:
        self._network.clock += 0.001
        if self._chunks:
            chunk, rest = self._chunks[0][:limit], self._chunks[0][limit:]
            self._chunks[:1] = [rest] if rest else []
            return chunk
        if self._ending == "reset":
            raise ConnectionResetError(104, "reset")
        if self._ending == "timeout":
            self._network.clock = deadline
            raise TimeoutError
        return b""

    async def send(self, data: bytes, deadline: float) -> None:  # noqa: ARG002 - the protocol's signature
        self.sent += data

    def close(self) -> None:
        self.closed = True
