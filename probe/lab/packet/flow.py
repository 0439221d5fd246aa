"""What a censor remembers: one Flow per connection or UDP socket pair, found again by its addresses and ports.

Knows no rule and decides nothing. All state of a censored connection is here, none in the rules, so one rule can meet a
thousand flows. The table is bounded: the flow that has been quiet longest is forgotten first.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from probe.lab.packet.packets import SEQUENCE, Flags, Packet, Protocol
from probe.lab.rule import Delay, Effect, Rule, Throttle

MAX_FLOWS = 20_000
MAX_HEARD = 65_536
FULL_SEGMENT = 1_200
"""A segment with at least this much payload was cut by the MSS, not by a client that splits on purpose."""


class Key(NamedTuple):
    """A flow as the client's packets name it."""

    protocol: int
    client: bytes
    client_port: int
    server: bytes
    server_port: int


class Ending(NamedTuple):
    """What was said to the client in the server's place: bytes from sequence number `start`, then FIN.

    `heard` is what those segments acknowledge: the end of the client's bytes at the trigger.
    """

    start: int
    heard: int
    data: bytes

    @property
    def end(self) -> int:
        """The sequence number behind our FIN."""
        return (self.start + len(self.data) + 1) % SEQUENCE


@dataclass(slots=True)
class Flow:
    """One flow. `first` is the client's initial sequence number, `*_next` what each end will send next, as far as the
    censor saw; `base` is where `heard` begins; `crypto` the CRYPTO frames of a QUIC flow's Initials.

    `heard` holds the client's first bytes while it is not yet known what they are (`reading`); `protocol_name` is then
    `tls`, `http`, `dns`, `quic` or `other`. `verdict` ends the flow; `pending` are rules that wait for the first
    payload, `remembered` residual ones that do; `begun`: a first packet came through; `silenced` DNS ids whose replies
    are held back; `gone`: the client has reset the flow; `led_to` the address its packets really go to.
    """

    key: Key
    nth: int
    first: int = 0
    base: int = 0
    client_next: int = 0
    server_next: int = 0
    client_acked: int = 0
    heard: bytes = b""
    crypto: dict[int, bytes] = field(default_factory=dict)
    segments: int = 0
    split: bool = False
    reading: bool = True
    protocol_name: str = ""
    name: str | None = None
    url: str = ""
    tail: bytes = b""
    verdict: Effect | None = None
    ending: Ending | None = None
    pending: list[Rule] = field(default_factory=list)
    remembered: list[Rule] = field(default_factory=list)
    silenced: set[int] = field(default_factory=set)
    gone: bool = False
    begun: bool = False
    loss: float = 0.0
    delay: Delay | None = None
    throttle: Throttle | None = None
    free_at: float = 0.0
    client_at: float = 0.0
    server_at: float = 0.0
    led_to: bytes | None = None


def behind(a: int, b: int) -> bool:
    """Whether sequence number `a` lies before `b`, modulo 2**32 (RFC 9293 section 3.4)."""
    return a != b and (b - a) % SEQUENCE < SEQUENCE // 2


class Flows:
    """All flows of one path, and how many there were to each address, port and protocol."""

    def __init__(self) -> None:
        self._flows: OrderedDict[Key, Flow] = OrderedDict()
        self._led: dict[Key, Key] = {}
        self._counts: dict[tuple[int, bytes, int], int] = {}

    def from_client(self, packet: Packet) -> tuple[Flow, bool]:
        """The flow of a packet of the client, and whether it is new. A SYN with another number starts a new one."""
        key = Key(packet.protocol, packet.source, packet.sport, packet.destination, packet.dport)
        flow = self._flows.get(key)
        syn = packet.protocol == Protocol.TCP and packet.flags & (Flags.SYN | Flags.ACK) == Flags.SYN
        if flow is not None and not (syn and packet.seq != flow.first):
            self._flows.move_to_end(key)
            return flow, False
        flow = Flow(key, self._count(key), first=packet.seq, base=(packet.seq + 1) % SEQUENCE)
        flow.reading = syn or packet.protocol == Protocol.UDP
        self._flows[key] = flow
        self._flows.move_to_end(key)
        while len(self._flows) > MAX_FLOWS:
            self._flows.popitem(last=False)
        return flow, True

    def from_server(self, packet: Packet) -> Flow | None:
        """The flow of a packet to the client, also when the flow was led to another host."""
        key = Key(packet.protocol, packet.destination, packet.dport, packet.source, packet.sport)
        return self._flows.get(self._led.get(key, key))

    def lead(self, flow: Flow, server: bytes) -> None:
        """Note that the flow's packets go to another host from now on."""
        flow.led_to = server
        if len(self._led) > MAX_FLOWS:
            self._led.clear()
        self._led[flow.key._replace(server=server)] = flow.key

    def _count(self, key: Key) -> int:
        where = (key.protocol, key.server, key.server_port)
        number = self._counts.get(where, 0)
        self._counts[where] = number + 1
        return number
