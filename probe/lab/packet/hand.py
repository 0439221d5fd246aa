"""The censor's hand: carries an effect out on a flow, and says what is to be sent for it.

Which rule fired is decided in `censor`; the packets themselves are made in `inject`. All that a hand keeps is its dice
and the list of what to send; what happened to a connection is noted in its Flow.
"""

import random
from functools import partial

from probe.lab import wire
from probe.lab.dissect import question
from probe.lab.packet import inject, packets
from probe.lab.packet.flow import Ending, Flow, Flows, behind
from probe.lab.packet.packets import Flags, Packet, Protocol
from probe.lab.packet.setting import DEFAULT_HOPS, Emit, Event, Later, Setup, Side
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
    Lose,
    Reroute,
    Reset,
    Throttle,
    Unreachable,
)

CENSOR_TTL = 59
"""The TTL with which injected packets reach the client: the censor is five hops away, every server farther."""

MAX_QUEUE = 10.0
"""Seconds of traffic that a throttle holds back; what comes on top is lost."""

RETRY = (0.25, 0.5, 1.0, 2.0)
"""When an ending is sent again that the client has not acknowledged, in seconds after the last time."""

SPEAKS = (Close, Alert, Inject, Blockpage)
"""Effects that say something (or nothing) in the server's place and close: they need an open connection."""

ENDS = (Drop, Reset, Unreachable, *SPEAKS)
"""Effects that end a flow; the first of them that fires is the one."""


_CUTS: dict[CutHow, Effect] = {CutHow.RESET: Reset(), CutHow.CLOSE: Close(), CutHow.DROP: Drop()}


class Hand:
    """Carries out effects. What is to happen gathers in `out`, which the caller takes."""

    def __init__(self, setup: Setup, flows: Flows, seed: int) -> None:
        self._setup, self._flows = setup, flows
        self._random = random.Random(seed)  # noqa: S311  dice of a simulation: to be repeatable is what matters
        self.out: list[Event] = []

    def take(self) -> list[Event]:
        """What has gathered."""
        taken, self.out = self.out, []
        return taken

    def loses(self, flow: Flow) -> bool:
        """Whether the path loses this packet of the flow."""
        return bool(flow.loss) and self._random.random() < flow.loss

    def carry_out(self, flow: Flow, packet: Packet, effect: Effect, now: float, *, from_server: bool = False) -> bool:
        """Do it, at this packet; True if the packet goes no further."""
        if isinstance(effect, ForgeDNS):
            return self._forge(flow, packet, effect, now)
        if isinstance(effect, ENDS):
            return self._end(flow, packet, effect, now, from_server=from_server)
        if isinstance(effect, Cut):
            self.out.append(Later(now + effect.seconds, partial(self._cut, flow, effect.how)))
        else:
            self.bear(flow, effect, now)
        return False

    def bear(self, flow: Flow, effect: Effect, now: float) -> None:
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
        self.out.append(Emit(now, Side.SERVER, raw))

    def _speak(self, flow: Flow, packet: Packet, effect: Effect, now: float, *, from_server: bool) -> None:
        """Say something in the server's place and close; the server gets a reset and is out of it."""
        client_end = packet.ack if from_server else (packet.seq + packet.span) % packets.SEQUENCE
        start = packet.seq if from_server else packet.ack
        self._reset_server(flow, packet.ack if from_server else packet.seq, start, now)
        self._conclude(flow, Ending(start, client_end, inject.words(effect)), now)

    def _conclude(self, flow: Flow, ending: Ending, now: float) -> None:
        flow.ending, flow.client_acked = ending, ending.start
        self._say(flow, now)
        self.out.append(Later(now + RETRY[0], partial(self._insist, flow, 0)))

    def _say(self, flow: Flow, now: float) -> None:
        if flow.ending is not None:
            for raw in inject.ending_segments(flow, flow.ending, flow.client_acked, CENSOR_TTL):
                self._to_client(flow, raw, now)

    def _insist(self, flow: Flow, tried: int, now: float) -> list[Event]:
        """Send again what the client has not acknowledged: the path loses our packets as well."""
        if flow.ending is not None and flow.client_acked != flow.ending.end and not flow.gone:
            self._say(flow, now)
            if tried + 1 < len(RETRY):
                self.out.append(Later(now + RETRY[tried + 1], partial(self._insist, flow, tried + 1)))
        return self.take()

    def again(self, flow: Flow, packet: Packet, now: float) -> None:
        """A packet of a client whose flow is over."""
        gone = flow.gone = flow.gone or bool(packet.flags & Flags.RST)
        match flow.verdict:
            case Drop(to_client_only=True):
                self.pass_up(flow, packet, now)
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
        if flow.verdict is not None:
            return []
        flow.verdict = _CUTS[how]
        if how is not CutHow.DROP:
            self._reset_server(flow, flow.client_next, flow.server_next, now)
        if how is CutHow.CLOSE:
            self._conclude(flow, Ending(flow.server_next, flow.client_next, b""), now)
        if how is CutHow.RESET:
            # what a throttle still holds back is overtaken: the client expects what it acknowledged last
            raw = inject.to_client(flow, flow.client_acked, flow.client_next, Flags.RST | Flags.ACK, b"", CENSOR_TTL)
            self.out += [Emit(now, Side.CLIENT, raw)] * (0 if self.loses(flow) else inject.RESETS)
        return self.take()

    # -- out

    def pass_up(self, flow: Flow, packet: Packet, now: float) -> None:
        """Let a packet of the client go on, to where its flow is led."""
        raw = packet.raw if flow.led_to is None else packets.readdressed(packet, destination=flow.led_to)
        at = now
        if flow.delay is not None:
            at = flow.server_at = max(flow.server_at, now + self._held(flow.delay))
        self.out.append(Emit(at, Side.SERVER, raw))

    def pass_down(self, flow: Flow, packet: Packet, now: float) -> None:
        """Let a packet for the client go on, as the server's own, at the rate its flow is allowed."""
        raw = self.aged(packet, flow.key.server)
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
        if self.loses(flow):
            return
        if flow.delay is not None:
            at += self._held(flow.delay)
        flow.client_at = max(flow.client_at, at)
        self.out.append(Emit(flow.client_at, Side.CLIENT, raw))

    def _held(self, delay: Delay) -> float:
        return delay.seconds + self._random.random() * delay.jitter

    def aged(self, packet: Packet, server: bytes) -> bytes:
        """The packet with the TTL it has after all its hops."""
        hops = self._setup.hops.get(server, DEFAULT_HOPS)
        return packets.with_ttl(packet, max(1, packet.ttl - hops))
