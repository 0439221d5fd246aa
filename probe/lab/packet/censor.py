"""The censor: what becomes of each packet on the path. Rules come in as data (`probe.lab.rule`), packets as bytes.

No IO, no clock and no privilege: `up` takes a packet of the client, `down` one for the client, and both give what is
to be sent, where and when; time is an argument. What was seen of a connection is kept in its Flow (`flow`), what a
residual block remembers here, by client, address and port. What is said is understood in `listen`, effects are carried
out by `hand`. The censor sits close to the client: what it injects arrives before anything a server says. Packets of
the control's own path are left alone unless a rule is aimed at them (`setting.aimed`).
"""

from collections import Counter
from collections.abc import Iterable

from probe.lab.dissect import question
from probe.lab.packet import packets
from probe.lab.packet.flow import FULL_SEGMENT, Flow, Flows, behind
from probe.lab.packet.hand import CENSOR_TTL, ENDS, SPEAKS, Hand
from probe.lab.packet.listen import first_datagrams, seen_at, understand
from probe.lab.packet.packets import SEQUENCE, Flags, Packet, Protocol, text
from probe.lab.packet.setting import Emit, Event, Setup, Side, aimed, breaks_in
from probe.lab.rule import Delay, Drop, Lose, Rule, Seen, Stage, fired, matches

__all__ = ["CENSOR_TTL", "Censor"]

_TAIL = 256
"""Bytes of a segment that are kept, so that a keyword over two segments is found."""


class Censor:
    """One path with its rules. `seed` fixes every throw of its dice; `counts` says how often each rule fired."""

    def __init__(self, rules: Iterable[Rule], setup: Setup, seed: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self._setup = setup
        self._flows = Flows()
        self._hand = Hand(setup, self._flows, seed)
        self.change(rules)

    def change(self, rules: Iterable[Rule]) -> None:
        """From now on these rules hold; residual blocks are forgotten. What has befallen a flow stays its fate."""
        self.rules: tuple[Rule, ...] = tuple(rules)
        self._dead = [r for r in self.rules if r.match.stage is Stage.IP and isinstance(r.effect, Drop)]
        self._residual: dict[tuple[int, bytes, bytes, int], list[tuple[Rule, float]]] = {}

    def up(self, raw: bytes, now: float) -> list[Event]:
        """A packet of the client. `now` is any monotonic time in seconds."""
        packet = packets.parse(raw)
        if packet is None or _multicast(packet.destination):
            return []
        if self._cut_off(packet.destination, down=False):
            return []
        if not packet.readable:
            return [Emit(now, Side.SERVER, raw)]
        flow, new = self._flows.from_client(packet)
        if new:
            self._weather(flow)
        if self._hand.loses(flow):
            return []
        if packet.protocol == Protocol.UDP:
            self._udp_up(flow, packet, now)
        else:
            self._tcp_up(flow, packet, now)
        return self._hand.take()

    def down(self, raw: bytes, now: float) -> list[Event]:
        """A packet for the client, when it reaches the censor on its way back."""
        packet = packets.parse(raw)
        if packet is None or _multicast(packet.destination):
            return []
        if self._cut_off(packet.source, down=True):
            return []
        flow = self._flows.from_server(packet) if packet.readable else None
        if flow is None:
            return [Emit(now, Side.CLIENT, self._hand.aged(packet, packet.source))]
        if flow.verdict is not None:
            return []
        if packet.protocol == Protocol.TCP:
            self._tcp_down(flow, packet, now)
        elif int.from_bytes(packet.data[:2], "big") not in flow.silenced:
            self._hand.pass_down(flow, packet, now)
        return self._hand.take()

    def _cut_off(self, server: bytes, *, down: bool) -> bool:
        """Whether a rule of stage `ip` drops every packet to or from this address, those of open flows as well."""
        if not self._dead:
            return False
        seen = Seen(Stage.IP, text(server), 0)
        for rule in self._dead:
            if matches(rule.match, seen) and (down or not _one_way(rule)):
                self.counts[rule.id] += not down
                return True
        return False

    def _weather(self, flow: Flow) -> None:
        """Loss and delay of the path itself hold from a flow's first packet on, before anything is decided."""
        stage = Stage.TCP if flow.key.protocol == Protocol.TCP else Stage.UDP
        for rule in self._firing(flow, seen_at(flow, stage)):
            if isinstance(rule.effect, Lose | Delay):
                self._hand.bear(flow, rule.effect, 0.0)

    # -- TCP

    def _tcp_up(self, flow: Flow, packet: Packet, now: float) -> None:
        if flow.verdict is not None:
            self._hand.again(flow, packet, now)
            return
        end = (packet.seq + packet.span) % SEQUENCE
        if not flow.begun or behind(flow.client_next, end):
            flow.client_next = end
        if packet.flags & Flags.ACK:
            flow.client_acked = packet.ack
        consumed = False
        if not flow.begun and packet.flags & Flags.SYN:
            consumed = self._opened(flow, packet, now)
        elif packet.size and (flow.reading or flow.protocol_name == "http"):
            consumed = self._listen(flow, packet, now)
        flow.begun = True
        if not consumed:
            self._hand.pass_up(flow, packet, now)

    def _opened(self, flow: Flow, packet: Packet, now: float) -> bool:
        """A SYN: rules about addresses, and what is left of an earlier trigger: a Drop at once, others at first bytes.

        A flow that some rule may break into, by what it will say, is led to its shadow from the start.
        """
        seen = seen_at(flow, Stage.TCP)
        rules = list(self._firing(flow, seen))
        left = self._left_behind(flow, now)
        if any(breaks_in(rule, seen) for rule in self.rules):
            self._lead_to_shadow(flow)
        flow.remembered = [rule for rule in left if not isinstance(rule.effect, Drop)]
        flow.pending = [rule for rule in rules if isinstance(rule.effect, SPEAKS)]
        drops = [rule for rule in left if isinstance(rule.effect, Drop)]
        now_rules = [rule for rule in rules if not isinstance(rule.effect, SPEAKS)]
        return self._carry_out(flow, packet, now_rules, now, drops)

    def _listen(self, flow: Flow, packet: Packet, now: float) -> bool:
        """The client's bytes, in order, until it is clear what they are; then, for HTTP, each further request."""
        if (packet.seq - flow.base) % SEQUENCE != len(flow.heard):
            return False  # sent before, or ahead of a gap: whatever it is, it will come again in order
        rules, remembered = list(flow.pending), flow.remembered
        flow.pending, flow.remembered = [], []
        if not flow.segments:
            rules += self._firing(flow, seen_at(flow, Stage.DATA))
        flow.heard += packet.data
        seen = understand(flow)
        flow.segments += 1
        flow.split = flow.split or packet.size < FULL_SEGMENT
        if seen is not None:
            rules += self._firing(flow, seen)
        return self._carry_out(flow, packet, rules, now, remembered)

    def _tcp_down(self, flow: Flow, packet: Packet, now: float) -> None:
        end = (packet.seq + packet.span) % SEQUENCE
        if packet.flags & Flags.SYN or behind(flow.server_next, end):
            flow.server_next = end
        if packet.size and flow.protocol_name == "http" and any(r.match.stage is Stage.BODY for r in self.rules):
            seen = seen_at(flow, Stage.BODY, body=flow.tail + packet.data)
            flow.tail = packet.data[-_TAIL:]
            if self._carry_out(flow, packet, self._firing(flow, seen), now, from_server=True):
                return
        self._hand.pass_down(flow, packet, now)

    def _lead_to_shadow(self, flow: Flow) -> None:
        shadow = self._setup.shadows.get((flow.key.server, flow.key.server_port))
        if shadow is not None:
            self._flows.lead(flow, shadow)

    # -- UDP

    def _udp_up(self, flow: Flow, packet: Packet, now: float) -> None:
        """Each DNS question is judged for itself (resolvers ask several from one socket), anything else by its flow.

        What is left of an earlier trigger meets a new flow at once."""
        if flow.verdict is not None:
            if isinstance(flow.verdict, Drop) and flow.verdict.to_client_only:
                self._hand.pass_up(flow, packet, now)
            return
        left = () if flow.begun else self._left_behind(flow, now)
        flow.begun = True
        if left and self._carry_out(flow, packet, (), now, left):
            return
        asked = question(packet.data) if packet.dport == 53 else None
        seen: Seen | None = None
        if asked is not None:
            flow.name, flow.protocol_name = asked.name, "dns"
            seen = seen_at(flow, Stage.DNS, qtype=asked.qtype)
        elif flow.reading:
            seen = first_datagrams(flow, packet)
        rules = self._firing(flow, seen) if seen is not None else ()
        if not self._carry_out(flow, packet, rules, now):
            self._hand.pass_up(flow, packet, now)

    # -- rules

    def _firing(self, flow: Flow, seen: Seen) -> Iterable[Rule]:
        rules: Iterable[Rule] = self.rules
        if flow.key.server in self._setup.beside:
            rules = (rule for rule in rules if aimed(rule, seen.address))
        return fired(rules, seen)

    def _carry_out(
        self,
        flow: Flow,
        packet: Packet,
        rules: Iterable[Rule],
        now: float,
        remembered: Iterable[Rule] = (),
        *,
        from_server: bool = False,
    ) -> bool:
        """Carry out the first rule of each kind of effect, and one ending at most; True if the packet is consumed.

        Rules that are only `remembered`, from an earlier trigger, come first and do not prolong their own time.
        """
        done: set[type] = set()
        consumed = False
        for rule, fresh in (*((rule, False) for rule in remembered), *((rule, True) for rule in rules)):
            kind = type(rule.effect)
            if kind in done or (kind in ENDS and not done.isdisjoint(ENDS)):
                continue
            done.add(kind)
            self.counts[rule.id] += 1
            if fresh and rule.residual:
                self._remember(flow, rule, now)
            consumed = self._hand.carry_out(flow, packet, rule.effect, now, from_server=from_server) or consumed
        return consumed

    def _remember(self, flow: Flow, rule: Rule, now: float) -> None:
        key = (flow.key.protocol, flow.key.client, flow.key.server, flow.key.server_port)
        kept = [entry for entry in self._residual.get(key, ()) if entry[0] != rule]
        self._residual[key] = [*kept, (rule, now + rule.residual)]

    def _left_behind(self, flow: Flow, now: float) -> list[Rule]:
        """The rules whose residual time for this client, address and port is not over."""
        key = (flow.key.protocol, flow.key.client, flow.key.server, flow.key.server_port)
        return [rule for rule, until in self._residual.get(key, ()) if until > now]


def _one_way(rule: Rule) -> bool:
    return isinstance(rule.effect, Drop) and rule.effect.to_client_only


def _multicast(address: bytes) -> bool:
    return address[0] == 0xFF if len(address) == 16 else address[0] >= 224
