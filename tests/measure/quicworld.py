"""A scripted internet of QUIC servers, and a path that reads names in their Initials, on a clock wound by hand.

`QuicNetwork` has a server at each address, made anew for each socket; `Path` says what becomes of names and addresses.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from probe.lab.packet.quic import crypto_frames, hello_of
from probe.net.scripted import Hosts, ScriptedDatagramSocket, ScriptedNetwork
from tests.net import peers
from tests.net.quicpeers import Answer, mute, scripted

Place = tuple[str, int]


class Path(NamedTuple):
    """What the path drops: flows with these names, and for `residual` seconds after one all to its address; addresses;
    everything. `until`: names no longer from then on."""

    names: frozenset[str] = frozenset()
    residual: float = 0.0
    until: float = math.inf
    addresses: frozenset[str] = frozenset()
    everything: bool = False


class Asked(NamedTuple):
    """One socket's use: when, where, with which name."""

    t: float
    address: str
    port: int
    sni: str


class QuicNetwork(ScriptedNetwork):
    """Servers by address and port; anything else is silence."""

    def __init__(self, servers: Mapping[Place, Callable[[], Answer]], path: Path, hosts: Hosts | None = None) -> None:
        super().__init__(start=peers.NOW.timestamp(), hosts=hosts)
        self._servers = servers
        self.path = path
        self.asked: list[Asked] = []
        self._poisoned: dict[str, float] = {}
        self.open: list[ScriptedDatagramSocket] = []

    async def udp(self, address: str, port: int) -> ScriptedDatagramSocket:
        """A socket to a server of its own, behind the path."""
        make = self._servers.get((address, port), lambda: mute)
        opened = ScriptedDatagramSocket(self, scripted(self._behind(make(), address, port)), address, port)
        self.open.append(opened)
        return opened

    def _behind(self, server: Answer, address: str, port: int) -> Answer:
        flow: list[bool] = []

        def answer(data: bytes) -> list[bytes]:
            if not flow:
                flow.append(self._passes(data, address, port))
            return server(data) if flow[0] else []

        return answer

    def _passes(self, data: bytes, address: str, port: int) -> bool:
        hello = hello_of(crypto_frames(data))
        name = (hello.sni if hello is not None else None) or ""
        now = self.monotonic()
        self.asked.append(Asked(now, address, port, name))
        if self.path.everything or address in self.path.addresses or now < self._poisoned.get(address, 0.0):
            return False
        if name in self.path.names and now < self.path.until:
            self._poisoned[address] = now + self.path.residual
            return False
        return True
