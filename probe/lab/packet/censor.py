"""The censor: what becomes of each packet on the path. Rules come in as data (`probe.lab.rule`), packets as bytes.

No IO, no clock and no privilege: `up` takes a packet of the client, `down` one for the client, and both give what is to
be sent, where and when; time is an argument. What was seen of a connection is kept in its Flow (`flow`), what a residual
block remembers here, by client, address and port. The censor sits close to the client: what it injects arrives before
anything a server says. Packets of the control's own path are left alone unless a rule is aimed at them (`aimed`).
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from typing import NamedTuple

from probe.lab import wire
from probe.lab.dissect import client_hello, http_request, question
from probe.lab.packet import inject, packets
from probe.lab.packet.flow import FULL_SEGMENT, MAX_HEARD, Ending, Flow, Flows, behind
from probe.lab.packet.packets import Flags, Packet, Protocol, text
from probe.lab.packet.quic import initial_hello, is_initial
from probe.lab.rule import (
    Alert,
    Blockpage,
    Close,
    Cut,
    CutHow,
    Delay,
    Drop,
    Effect,
    ForgeDNS,
    Inject,
    Intercept,
    Lose,
    Match,
    Reroute,
    Reset,
    Rule,
    Seen,
    Stage,
    Throttle,
    Unreachable,
    fired,
    matches,
)

CENSOR_TTL = 59
"""The TTL with which injected packets reach the client: the censor is five hops away, every server farther."""

DEFAULT_HOPS = 12
MAX_QUEUE = 10.0
"""Seconds of traffic that a throttle holds back; what comes on top is lost."""

RETRY = (0.25, 0.5, 1.0, 2.0)
"""When an ending is sent again that the client has not acknowledged, in seconds after the last time."""

_SPEAKS = (Close, Alert, Inject, Blockpage)
_ENDS = (Drop, Reset, Unreachable, *_SPEAKS)


class Side(Enum):
    """Where a packet is to go."""

    CLIENT = "client"
    SERVER = "server"


class Emit(NamedTuple):
    """Send this packet to that side, at this time."""

    at: float
    side: Side
    raw: bytes


class Later(NamedTuple):
    """Call this at this time; it gives what is to happen then."""

    at: float
    act: "Callable[[float], list[Event]]"


Event = Emit | Later


class Setup(NamedTuple):
    """What a path knows of the world besides rules, addresses packed.

    `hops`: distance of each address, DEFAULT_HOPS for others; `hosts`: addresses of each host by name, for Reroute;
    `beside`: addresses whose packets the censor leaves alone unless a rule is aimed at them; `router`: who signs ICMP
    errors, one address of each family; `shadows`: where a flow to an address and port is led when it must be terminated
    to be changed (broken into, or led elsewhere by what it says).
    """

    hops: dict[bytes, int]
    hosts: dict[str, tuple[bytes, ...]]
    beside: frozenset[bytes] = frozenset()
    router: tuple[bytes, bytes] = (packets.packed("59.43.0.1"), packets.packed("2408:8000:2::1"))
    shadows: dict[tuple[bytes, int], bytes] = {}  # noqa: RUF012  a NamedTuple's default, never written to


def aimed(rule: Rule, address: str) -> bool:
    """Whether a rule means this very address, or cuts off all there is: the two that also hit the control's path."""
    match = rule.match
    if match.addresses:
        return True
    cuts = isinstance(rule.effect, Drop | Reset | Unreachable | Reroute)
    total = match.stage in (Stage.IP, Stage.TCP) and not match.ports and match.family in (0, 6 if ":" in address else 4)
    return cuts and total and not match.names and not match.nth


class Censor:
    """One path with its rules. `seed` fixes every throw of its dice."""

    def __init__(self, rules: Iterable[Rule], setup: Setup, seed: int = 0) -> None:
        self.rules: tuple[Rule, ...] = tuple(rules)
        self.counts: Counter[str] = Counter()
        self._setup = setup
        self._flows = Flows()
        self._residual: dict[tuple[bytes, bytes, int], list[tuple[Rule, float]]] = {}
        self._random = random.Random(seed)  # noqa: S311  dice of a simulation: to be repeatable is what matters
        self._out: list[Event] = []

    def up(self, raw: bytes, now: float) -> list[Event]:
        """A packet of the client. `now` is any monotonic time in seconds."""
        packet = packets.parse(raw)
        if packet is None or _multicast(packet.destination):
            return []
        self._out = []
        if packet.readable:
            self._client_packet(packet, now)
        elif not self._cut_off(packet):
            self._out.append(Emit(now, Side.SERVER, raw))
        return self._out

    def down(self, raw: bytes, now: float) -> list[Event]:
        """A packet for the client, when it reaches the censor on its way back."""
        packet = packets.parse(raw)
        if packet is None or _multicast(packet.destination):
            return []
        self._out = []
        flow = self._flows.from_server(packet) if packet.readable else None
        if flow is None:
            self._out.append(Emit(now, Side.CLIENT, self._aged(packet, packet.source)))
        elif packet.protocol == Protocol.TCP:
            self._tcp_down(flow, packet, now)
        else:
            self._udp_down(flow, packet, now)
        return self._out

    def change(self, rules: Iterable[Rule]) -> None:
        """From now on these rules hold; residual blocks are forgotten, open flows stay as they are."""
        self.rules, self._residual = tuple(rules), {}

    # -- from the client

    def _client_packet(self, packet: Packet, now: float) -> None:
        flow, new = self._flows.from_client(packet)
        if new:
            self._weather(flow)
        if flow.loss and self._random.random() < flow.loss:
            return
        if packet.protocol == Protocol.UDP:
            self._udp_up(flow, packet, now, new=new)
        else:
            self._tcp_up(flow, packet, now, new=new)

    def _cut_off(self, packet: Packet) -> bool:
        """Whether a packet that is neither TCP nor UDP meets a rule that drops everything."""
        seen = Seen(Stage.IP, text(packet.destination), 0)
        return any(isinstance(rule.effect, Drop) for rule in fired(self.rules, seen))

    def _weather(self, flow: Flow) -> None:
        """Loss and delay of the path itself hold from a flow's first packet on, before anything is decided."""
        stage = Stage.TCP if flow.key.protocol == Protocol.TCP else Stage.UDP
        for rule in self._firing(flow, self._seen(flow, stage)):
            if isinstance(rule.effect, Lose | Delay):
                self._bear(flow, rule.effect, 0.0)

    def _tcp_up(self, flow: Flow, packet: Packet, now: float, *, new: bool) -> None:
        if flow.verdict is not None:
            self._again(flow, packet, now)
            return
        end = (packet.seq + packet.span) % packets.SEQUENCE
        if new or behind(flow.client_next, end):
            flow.client_next = end
        if packet.flags & Flags.ACK:
            flow.client_acked = packet.ack
        consumed = False
        if new and packet.flags & Flags.SYN:
            consumed = self._opened(flow, packet, now)
        elif packet.size and (flow.reading or flow.protocol_name == "http"):
            consumed = self._listen(flow, packet, now)
        if not consumed:
            self._pass_up(flow, packet, now)

    def _opened(self, flow: Flow, packet: Packet, now: float) -> bool:
        """A SYN: rules about addresses, and what is left of an earlier trigger."""
        key = (flow.key.client, flow.key.server, flow.key.server_port)
        standing = [(rule, until) for rule, until in self._residual.pop(key, ()) if until > now]
        if standing:
            self._residual[key] = standing
        remembered = [rule for rule, _ in standing]
        drops = [rule for rule in remembered if isinstance(rule.effect, Drop)]
        flow.pending = [rule for rule in remembered if not isinstance(rule.effect, Drop)]
        seen = self._seen(flow, Stage.TCP)
        rules = list(self._firing(flow, seen))
        if any(_breaks_in(rule, seen) for rule in self.rules):
            self._lead_to_shadow(flow)
        flow.pending += [rule for rule in rules if isinstance(rule.effect, _SPEAKS)]
        return self._carry_out(flow, packet, [*drops, *(r for r in rules if not isinstance(r.effect, _SPEAKS))], now)

    def _listen(self, flow: Flow, packet: Packet, now: float) -> bool:
        """The client's bytes, in order, until it is clear what they are; then, for HTTP, each further request."""
        offset = (packet.seq - flow.base) % packets.SEQUENCE
        if offset != len(flow.heard):
            return False  # sent before, or ahead of a gap: whatever it is, it will come again in order
        rules = list(flow.pending)
        if not flow.segments:
            rules += self._firing(flow, self._seen(flow, Stage.DATA))
        flow.pending = []
        flow.heard += packet.data
        seen = self._understand(flow)
        flow.segments += 1
        flow.split = flow.split or packet.size < FULL_SEGMENT
        if seen is not None:
            rules += self._firing(flow, seen)
        return self._carry_out(flow, packet, rules, now)

    def _understand(self, flow: Flow) -> Seen | None:
        """What the bytes heard so far are; None while that is open or nothing a rule could ask for."""
        hello = client_hello(flow.heard)
        if hello is not None:
            if not hello.complete:
                self._wait(flow)
                return None
            self._known(flow, "tls", hello.sni)
            return self._seen(flow, Stage.TLS, tls_maximum=hello.tls_maximum, first_segment=not flow.split)
        request = http_request(flow.heard)
        if request is not None:
            if not request.complete:
                self._wait(flow)
                return None
            path = request.target if request.target.startswith("/") else "/"
            flow.url = request.host + path
            self._known(flow, "http", request.host)
            flow.base += len(flow.heard)
            flow.heard, flow.split = b"", False
            return self._seen(flow, Stage.HTTP, first_segment=True)
        if flow.key.server_port == 53 and flow.segments < 2:
            return self._dns_over_tcp(flow)
        if flow.protocol_name == "http":
            flow.base, flow.heard = flow.base + len(flow.heard), b""
        else:
            self._known(flow, "other", None)
        return None

    def _dns_over_tcp(self, flow: Flow) -> Seen | None:
        asked = question(flow.heard[2:])
        if asked is None:
            self._wait(flow)
            return None
        self._known(flow, "dns", asked.name)
        return self._seen(flow, Stage.DNS, qtype=asked.qtype)

    def _wait(self, flow: Flow) -> None:
        if len(flow.heard) > MAX_HEARD:
            self._known(flow, "other", None)

    def _known(self, flow: Flow, protocol: str, name: str | None) -> None:
        flow.reading, flow.protocol_name, flow.name = False, protocol, name

    def _udp_up(self, flow: Flow, packet: Packet, now: float, *, new: bool) -> None:
        if flow.verdict is not None:
            if isinstance(flow.verdict, Drop) and flow.verdict.to_client_only:
                self._pass_up(flow, packet, now)
            return
        asked = question(packet.data) if packet.dport == 53 else None
        seen: Seen | None = None
        if asked is not None:
            flow.name, flow.protocol_name = asked.name, "dns"
            seen = self._seen(flow, Stage.DNS, qtype=asked.qtype)
        elif flow.reading:
            seen = self._first_datagrams(flow, packet, new=new)
        rules = list(self._firing(flow, seen)) if seen is not None else []
        if not self._carry_out(flow, packet, rules, now):
            self._pass_up(flow, packet, now)

    def _first_datagrams(self, flow: Flow, packet: Packet, *, new: bool) -> Seen | None:
        """QUIC by its Initial packets, whose ClientHello may need two; anything else by its first datagram."""
        if is_initial(packet.data):
            flow.segments += 1
            flow.heard += packet.data[:2048]
            hello = initial_hello(flow.heard)
            if hello is not None or flow.segments >= 4:
                self._known(flow, "quic", hello.sni if hello else None)
                return self._seen(flow, Stage.QUIC)
            return self._seen(flow, Stage.UDP) if new else None
        self._known(flow, "other", None)
        return self._seen(flow, Stage.UDP) if new else None

    # -- from the server

    def _tcp_down(self, flow: Flow, packet: Packet, now: float) -> None:
        if flow.verdict is not None:
            return
        end = (packet.seq + packet.span) % packets.SEQUENCE
        if packet.flags & Flags.SYN or behind(flow.server_next, end):
            flow.server_next = end
        if packet.size and flow.protocol_name == "http" and any(r.match.stage is Stage.BODY for r in self.rules):
            seen = self._seen(flow, Stage.BODY, body=flow.tail + packet.data)
            flow.tail = packet.data[-256:]
            if self._carry_out(flow, packet, list(self._firing(flow, seen)), now, from_server=True):
                return
        self._pass_down(flow, packet, now)

    def _udp_down(self, flow: Flow, packet: Packet, now: float) -> None:
        if flow.verdict is not None:
            return
        ident = int.from_bytes(packet.data[:2], "big")
        if flow.silenced and ident in flow.silenced:
            return
        self._pass_down(flow, packet, now)

    # -- rules

    def _seen(
        self,
        flow: Flow,
        stage: Stage,
        *,
        qtype: str = "",
        body: bytes = b"",
        tls_maximum: str = "",
        first_segment: bool = True,
    ) -> Seen:
        key = flow.key
        return Seen(
            stage, text(key.server), key.server_port, flow.name, qtype, flow.url, body, tls_maximum, flow.nth,
            first_segment,
        )  # fmt: skip

    def _firing(self, flow: Flow, seen: Seen) -> Iterable[Rule]:
        rules: Iterable[Rule] = self.rules
        if flow.key.server in self._setup.beside:
            rules = (rule for rule in rules if aimed(rule, seen.address))
        return fired(rules, seen)

    def _carry_out(
        self, flow: Flow, packet: Packet, rules: list[Rule], now: float, *, from_server: bool = False
    ) -> bool:
        """Carry out the first rule of each kind of effect, and one ending at most; True if the packet is consumed."""
        done: set[type] = set()
        consumed = False
        for rule in rules:
            effect, kind = rule.effect, type(rule.effect)
            if kind in done or (isinstance(effect, _ENDS) and done.intersection(_ENDS)):
                continue
            done.add(kind)
            self.counts[rule.id] += 1
            self._remember(flow, rule, now)
            if isinstance(effect, ForgeDNS):
                consumed = self._forge(flow, packet, effect, now) or consumed
            elif isinstance(effect, _ENDS):
                consumed = self._end(flow, packet, effect, now, from_server=from_server) or consumed
            elif isinstance(effect, Cut):
                self._out.append(Later(now + effect.seconds, partial(self._cut, flow, effect.how)))
            else:
                self._bear(flow, effect, now)
        return consumed

    def _remember(self, flow: Flow, rule: Rule, now: float) -> None:
        if rule.residual:
            key = (flow.key.client, flow.key.server, flow.key.server_port)
            kept = [entry for entry in self._residual.get(key, ()) if entry[0] != rule]
            self._residual[key] = [*kept, (rule, now + rule.residual)]

    def _bear(self, flow: Flow, effect: Effect, now: float) -> None:
        """Effects that a flow lives with."""
        match effect:
            case Lose():
                flow.loss = max(flow.loss, effect.probability)
            case Delay():
                flow.delay = flow.delay or effect
            case Throttle():
                flow.throttle, flow.free_at = effect, now
            case Reroute():
                addresses = self._setup.hosts.get(effect.host, ())
                same = [address for address in addresses if len(address) == len(flow.key.server)]
                if same and same[0] != flow.key.server and flow.led_to is None and not flow.segments:
                    self._flows.lead(flow, same[0])
            case _:
                return  # Intercept: the shadow does it

    def _lead_to_shadow(self, flow: Flow) -> None:
        shadow = self._setup.shadows.get((flow.key.server, flow.key.server_port))
        if shadow is not None and flow.led_to is None:
            self._flows.lead(flow, shadow)

    def _forge(self, flow: Flow, packet: Packet, effect: ForgeDNS, now: float) -> bool:
        if packet.protocol != Protocol.UDP or question(packet.data) is None:
            return False
        for _ in range(effect.repeat):
            reply = wire.dns_reply(packet.data, self._random.choice(effect.answers))
            if reply is not None:
                self._to_client(flow, inject.datagram_to_client(packet, reply, CENSOR_TTL), now)
        return effect.drop_truth

    # -- endings

    def _end(self, flow: Flow, packet: Packet, effect: Effect, now: float, *, from_server: bool) -> bool:
        """End the flow at this packet, which goes no further. A DNS query over UDP is no flow: only it is swallowed."""
        one_query = packet.protocol == Protocol.UDP and flow.protocol_name == "dns"
        if not one_query:
            flow.verdict = effect
        match effect:
            case Drop(to_client_only=True):
                flow.silenced.add(int.from_bytes(packet.data[:2], "big"))
                return False
            case Drop():
                return True
            case Unreachable():
                self._icmp(flow, packet, packets.Unreachable(effect.code), now)
            case Reset() if packet.protocol == Protocol.TCP:
                self._reset(flow, packet, now, from_server=from_server)
            case _ if packet.protocol == Protocol.TCP:
                self._speak(flow, packet, effect, now, from_server=from_server)
            case _:
                self._icmp(flow, packet, packets.Unreachable.PORT, now)
        return True

    def _icmp(self, flow: Flow, packet: Packet, why: packets.Unreachable, now: float) -> None:
        router = self._setup.router[packet.version == 6]
        self._to_client(flow, packets.unreachable(packet, router, why, CENSOR_TTL), now)

    def _reset(self, flow: Flow, packet: Packet, now: float, *, from_server: bool) -> None:
        if from_server:
            raw = inject.to_client(flow, packet.seq, packet.ack, Flags.RST | Flags.ACK, b"", CENSOR_TTL)
            self._reset_server(flow, packet.ack, packet.seq, now)
        else:
            raw = inject.reset_to_client(flow, packet, CENSOR_TTL)
            if packet.flags & Flags.ACK:
                self._reset_server(flow, packet.seq, packet.ack, now)
        for _ in range(inject.RESETS):
            self._to_client(flow, raw, now)

    def _reset_server(self, flow: Flow, seq: int, ack: int, now: float) -> None:
        raw = inject.to_server(flow, seq, ack, Flags.RST | Flags.ACK, packets.DEFAULT_TTL)
        self._out.append(Emit(now, Side.SERVER, raw))

    def _speak(self, flow: Flow, packet: Packet, effect: Effect, now: float, *, from_server: bool) -> None:
        """Say something in the server's place and close; the server gets a reset and is out of it."""
        client_end = packet.ack if from_server else (packet.seq + packet.span) % packets.SEQUENCE
        start = packet.seq if from_server else packet.ack
        self._reset_server(flow, packet.ack if from_server else packet.seq, start, now)
        self._conclude(flow, Ending(start, client_end, inject.words(effect)), now)

    def _conclude(self, flow: Flow, ending: Ending, now: float) -> None:
        flow.ending, flow.client_acked = ending, ending.start
        self._say(flow, now)
        self._out.append(Later(now + RETRY[0], partial(self._insist, flow, 0)))

    def _say(self, flow: Flow, now: float) -> None:
        if flow.ending is not None:
            for raw in inject.ending_segments(flow, flow.ending, flow.client_acked, CENSOR_TTL):
                self._to_client(flow, raw, now)

    def _insist(self, flow: Flow, tried: int, now: float) -> list[Event]:
        """Send again what the client has not acknowledged: the path loses our packets as well."""
        self._out = []
        if flow.ending is not None and flow.client_acked != flow.ending.end and not flow.gone:
            self._say(flow, now)
            if tried + 1 < len(RETRY):
                self._out.append(Later(now + RETRY[tried + 1], partial(self._insist, flow, tried + 1)))
        return self._out

    def _again(self, flow: Flow, packet: Packet, now: float) -> None:
        """A packet of a client whose flow is over."""
        gone = flow.gone = flow.gone or bool(packet.flags & Flags.RST)
        match flow.verdict:
            case Drop(to_client_only=True):
                self._pass_up(flow, packet, now)
            case Reset() if not gone:
                self._to_client(flow, inject.reset_to_client(flow, packet, CENSOR_TTL), now)
            case Unreachable() if not gone:
                self._icmp(flow, packet, packets.Unreachable(flow.verdict.code), now)
            case _ if flow.ending is not None and not gone:
                self._acknowledge(flow, flow.ending, packet, now)

    def _acknowledge(self, flow: Flow, ending: Ending, packet: Packet, now: float) -> None:
        """Play the closing server: note what the client has, and acknowledge what it still says."""
        forward = not behind(packet.ack, flow.client_acked) and not behind(ending.end, packet.ack)
        if packet.flags & Flags.ACK and forward:
            flow.client_acked = packet.ack
        if packet.span:
            raw = inject.to_client(flow, ending.end, packet.seq + packet.span, Flags.ACK, b"", CENSOR_TTL)
            self._to_client(flow, raw, now)

    def _cut(self, flow: Flow, how: CutHow, now: float) -> list[Event]:
        """The end of a connection that was given a time."""
        self._out = []
        if flow.verdict is not None:
            return self._out
        if how is CutHow.DROP:
            flow.verdict = Drop()
            return self._out
        self._reset_server(flow, flow.client_next, flow.server_next, now)
        if how is CutHow.CLOSE:
            flow.verdict = Close()
            self._conclude(flow, Ending(flow.server_next, flow.client_next, b""), now)
            return self._out
        flow.verdict = Reset()
        raw = inject.to_client(flow, flow.server_next, flow.client_next, Flags.RST | Flags.ACK, b"", CENSOR_TTL)
        for _ in range(inject.RESETS):
            self._to_client(flow, raw, now)
        return self._out

    # -- out

    def _pass_up(self, flow: Flow, packet: Packet, now: float) -> None:
        raw = packet.raw if flow.led_to is None else packets.readdressed(packet, destination=flow.led_to)
        at = now
        if flow.delay is not None:
            at = flow.server_at = max(flow.server_at, now + self._held(flow.delay))
        self._out.append(Emit(at, Side.SERVER, raw))

    def _pass_down(self, flow: Flow, packet: Packet, now: float) -> None:
        raw = self._aged(packet, flow.key.server)
        if flow.led_to is not None:
            aged = packets.parse(raw)
            raw = packets.readdressed(aged, source=flow.key.server) if aged else raw
        if flow.throttle is not None and packet.size:
            spent = len(raw) / flow.throttle.bytes_per_second
            at = max(now, flow.free_at) + spent
            if at - now > max(MAX_QUEUE, spent):
                return
            flow.free_at = at
            self._to_client(flow, raw, at)
        else:
            self._to_client(flow, raw, now)

    def _to_client(self, flow: Flow, raw: bytes, at: float) -> None:
        """The last stretch to the client, where the path's weather is; packets of a flow keep their order."""
        if flow.loss and self._random.random() < flow.loss:
            return
        if flow.delay is not None:
            at += self._held(flow.delay)
        flow.client_at = max(flow.client_at, at)
        self._out.append(Emit(flow.client_at, Side.CLIENT, raw))

    def _held(self, delay: Delay) -> float:
        return delay.seconds + self._random.random() * delay.jitter

    def _aged(self, packet: Packet, server: bytes) -> bytes:
        """The packet with the TTL it has after all its hops."""
        hops = self._setup.hops.get(server, DEFAULT_HOPS)
        return packets.with_ttl(packet, max(1, packet.ttl - hops))


def _breaks_in(rule: Rule, syn: Seen) -> bool:
    """Whether a rule, by what this flow may say later, would break into it or lead it elsewhere."""
    match = rule.match
    late = match.stage in (Stage.TLS, Stage.HTTP, Stage.DATA) and isinstance(rule.effect, Intercept | Reroute)
    place = Match(stage=Stage.TCP, addresses=match.addresses, ports=match.ports, family=match.family, nth=match.nth)
    return late and matches(place, syn)


def _multicast(address: bytes) -> bool:
    return address[0] == 0xFF if len(address) == 16 else address[0] >= 224
