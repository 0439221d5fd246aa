"""The censor's decisions, packet by packet: no kernel, no clock, time is a number."""

import random
import ssl

import dns.message
import pytest

from probe.lab.packet import packets
from probe.lab.packet.censor import CENSOR_TTL, Censor
from probe.lab.packet.packets import Flags, Packet, packed
from probe.lab.packet.setting import Emit, Event, Later, Setup, Side
from probe.lab.rule import (
    Alert,
    Cut,
    CutHow,
    Delay,
    Drop,
    Effect,
    ForgeDNS,
    Lose,
    Match,
    Reset,
    Rule,
    Stage,
    Throttle,
)
from probe.lab.world import Answer
from tests.lab.packet.small import hello

CLIENT, SERVER, CONTROL = packed("114.80.68.10"), packed("104.18.30.7"), packed("45.32.10.20")
SETUP = Setup(hops={SERVER: 14}, hosts={"other": (packed("31.13.94.37"),)}, beside=frozenset((CONTROL,)))
NAME = "www.site.example"
SNI = Match(stage=Stage.TLS, names=(NAME,))


class Talk:
    """One client flow through a censor: what it sends, and what comes of it."""

    def __init__(self, censor: Censor, port: int = 50000, server: bytes = SERVER, server_port: int = 443) -> None:
        self.censor, self.here, self.there = censor, (CLIENT, port), (server, server_port)
        self.seq, self.ack = 1000, 0

    def up(self, flags: int, data: bytes = b"", now: float = 0.0, *, seq: int | None = None) -> list[Event]:
        """A segment of the client."""
        at = self.seq if seq is None else seq
        raw = packets.tcp(self.here, self.there, seq=at, ack=self.ack, flags=flags, data=data)
        packet = packets.parse(raw)
        assert packet is not None
        if seq is None:
            self.seq += packet.span
        return self.censor.up(raw, now)

    def down(self, flags: int, data: bytes = b"", now: float = 0.0, *, seq: int = 9000) -> list[Event]:
        """A segment of the server."""
        raw = packets.tcp(self.there, self.here, seq=seq, ack=self.seq, flags=flags, data=data)
        return self.censor.down(raw, now)

    def open(self, now: float = 0.0) -> "Talk":
        """The three-way handshake."""
        self.up(Flags.SYN, now=now)
        self.down(Flags.SYN | Flags.ACK, now=now, seq=8999)
        self.ack = 9000
        self.up(Flags.ACK, now=now)
        return self

    def say(self, data: bytes, now: float = 0.0) -> list[Event]:
        """Payload of the client."""
        return self.up(Flags.PSH | Flags.ACK, data, now)


def censor(*rules: Rule, seed: int = 0) -> Censor:
    """A censor of the tests' world."""
    return Censor(rules, SETUP, seed)


def one(effect: Effect, match: Match = SNI, residual: float = 0.0) -> Censor:
    """A censor with one rule."""
    return censor(Rule(id="rule", match=match, effect=effect, residual=residual))


def sent(events: list[Event], side: Side) -> list[Packet]:
    """The packets for one side."""
    parsed = [packets.parse(event.raw) for event in events if isinstance(event, Emit) and event.side is side]
    return [packet for packet in parsed if packet is not None]


HELLO, OTHER_HELLO = hello(NAME)[0], hello("other.example")[0]


def test_what_no_rule_names_goes_on_unchanged_but_for_its_age() -> None:
    talk = Talk(one(Reset()))
    (up,) = sent(talk.up(Flags.SYN), Side.SERVER)
    (down,) = sent(talk.down(Flags.SYN | Flags.ACK), Side.CLIENT)
    assert (up.ttl, down.ttl) == (64, 64 - 14)
    assert sent(talk.open().say(OTHER_HELLO), Side.SERVER)[0].data == OTHER_HELLO


def test_reset_carries_exactly_the_numbers_that_each_side_expects() -> None:
    talk = Talk(one(Reset())).open()
    events = talk.say(HELLO)
    (to_server,) = sent(events, Side.SERVER)
    to_client = sent(events, Side.CLIENT)
    assert {(each.seq, each.ack, each.flags, each.ttl) for each in to_client} == {
        (9000, 1001 + len(HELLO), Flags.RST | Flags.ACK, CENSOR_TTL)
    }
    assert len(to_client) == 3
    assert (to_server.seq, bool(to_server.flags & Flags.RST), to_server.size) == (1001, True, 0)
    assert all(packets.checksums_hold(each.raw) for each in (*to_client, to_server))


def test_state_belongs_to_the_flow_and_not_to_the_rule() -> None:
    path = one(Drop())
    first, second = Talk(path, 50000).open(), Talk(path, 50001).open()
    assert first.say(HELLO) == []
    assert sent(second.say(OTHER_HELLO), Side.SERVER)
    assert first.say(b"more") == []
    assert first.down(Flags.ACK, b"late") == []
    assert sent(second.down(Flags.ACK, b"answer"), Side.CLIENT)


def test_a_retransmitted_hello_meets_the_same_end_again() -> None:
    talk = Talk(one(Reset())).open()
    talk.say(HELLO)
    again = talk.up(Flags.PSH | Flags.ACK, HELLO, 0.3, seq=1001)
    assert [each.flags for each in sent(again, Side.CLIENT)] == [Flags.RST | Flags.ACK]
    assert sent(again, Side.SERVER) == []


def test_a_hello_in_two_segments_is_put_together_unless_the_rule_reads_one() -> None:
    patient, hasty = one(Reset()), one(Reset(), Match(stage=Stage.TLS, names=(NAME,), first_segment=True))
    for path, blocked in ((patient, True), (hasty, False)):
        talk = Talk(path).open()
        assert sent(talk.say(HELLO[:60]), Side.SERVER)
        assert bool(sent(talk.say(HELLO[60:]), Side.CLIENT)) is blocked


def test_a_hello_that_the_mss_cut_is_no_split_one() -> None:
    long = hello(NAME, alpn=[f"protocol-number-{number}" for number in range(100)])[0]
    assert len(long) > 1460
    talk = Talk(one(Reset(), Match(stage=Stage.TLS, names=(NAME,), first_segment=True))).open()
    assert sent(talk.say(long[:1460]), Side.SERVER)
    assert sent(talk.say(long[1460:]), Side.CLIENT)


def test_segments_out_of_order_wait_for_the_gap() -> None:
    talk = Talk(one(Reset())).open()
    assert sent(talk.up(Flags.ACK, HELLO[60:], seq=1061), Side.SERVER)
    assert sent(talk.up(Flags.ACK, HELLO[:60], seq=1001), Side.SERVER)
    assert sent(talk.up(Flags.ACK, HELLO[60:], seq=1061), Side.CLIENT)


def test_tls_maximum_tells_old_hellos_from_new_ones() -> None:
    path = one(Reset(), Match(stage=Stage.TLS, tls_maximum="1.2"))
    old = hello(NAME, maximum=ssl.TLSVersion.TLSv1_2)[0]
    assert sent(Talk(path, 1).open().say(HELLO), Side.CLIENT) == []
    assert sent(Talk(path, 2).open().say(old), Side.CLIENT)


def test_alert_is_said_in_the_servers_place_and_closed() -> None:
    talk = Talk(one(Alert(number=112))).open()
    events = talk.say(HELLO)
    (said,) = sent(events, Side.CLIENT)
    assert said.data[-2:] == bytes((2, 112))
    assert (said.seq, said.flags & Flags.FIN) == (9000, Flags.FIN)
    retry = [event for event in events if isinstance(event, Later)]
    (again,) = sent(retry[0].act(retry[0].at), Side.CLIENT)
    assert again.data == said.data
    talk.ack = 9000 + 7 + 1
    talk.up(Flags.ACK)
    assert sent(retry[0].act(1.0), Side.CLIENT) == []


def test_nth_counts_flows_to_one_place_and_not_their_retransmitted_syns() -> None:
    path = one(Drop(), Match(stage=Stage.TCP, nth=(0,)))
    first = Talk(path, 50000)
    assert first.up(Flags.SYN, seq=1000) == []
    assert first.up(Flags.SYN, seq=1000, now=1.0) == []
    assert sent(Talk(path, 50001).up(Flags.SYN), Side.SERVER)


def test_residual_block_ends_in_time_and_is_not_prolonged_by_what_it_meets() -> None:
    path = one(Drop(), residual=90.0)
    assert Talk(path, 1).open().say(HELLO) == []
    assert Talk(path, 2).up(Flags.SYN, now=60.0) == []
    assert sent(Talk(path, 3, server_port=80).up(Flags.SYN, now=61.0), Side.SERVER)
    assert sent(Talk(path, 4).up(Flags.SYN, now=91.0), Side.SERVER)


def test_residual_reset_waits_for_the_first_bytes() -> None:
    path = one(Reset(), residual=90.0)
    Talk(path, 1).open().say(HELLO)
    talk = Talk(path, 2).open(now=10.0)
    assert {each.flags for each in sent(talk.say(OTHER_HELLO, 10.0), Side.CLIENT)} == {Flags.RST | Flags.ACK}


def test_throttle_spaces_bytes_and_keeps_their_order() -> None:
    talk = Talk(one(Throttle(bytes_per_second=1000))).open()
    talk.say(HELLO)
    times = []
    for number in range(3):
        (event,) = talk.down(Flags.ACK, b"x" * 960, now=0.0, seq=9000 + 960 * number)
        assert isinstance(event, Emit)
        times.append(event.at)
    assert times == pytest.approx([1.0, 2.0, 3.0])


def test_throttle_loses_what_exceeds_its_queue() -> None:
    talk = Talk(one(Throttle(bytes_per_second=1000))).open()
    talk.say(HELLO)
    kept = [talk.down(Flags.ACK, b"x" * 960, seq=9000 + 960 * number) for number in range(30)]
    assert sum(map(bool, kept)) == 10


@pytest.mark.parametrize(("how", "flag"), [(CutHow.RESET, Flags.RST), (CutHow.CLOSE, Flags.FIN)])
def test_cut_comes_at_its_time_with_the_numbers_of_that_time(how: CutHow, flag: Flags) -> None:
    talk = Talk(one(Cut(seconds=5.0, how=how))).open()
    events = talk.say(HELLO)
    assert sent(events, Side.SERVER)[0].data == HELLO
    (later,) = [event for event in events if isinstance(event, Later)]
    talk.down(Flags.ACK, b"y" * 100, now=1.0)
    talk.ack = 9100
    talk.up(Flags.ACK, now=1.1)
    assert later.at == 5.0
    ended = later.act(5.0)
    assert {(each.seq, bool(each.flags & flag)) for each in sent(ended, Side.CLIENT)} == {(9100, True)}
    assert [each.seq for each in sent(ended, Side.SERVER)] == [1001 + len(HELLO)]


def test_keyword_over_two_segments_of_a_body() -> None:
    path = one(Reset(), Match(stage=Stage.BODY, keyword=b"forbidden"))
    talk = Talk(path, server_port=80).open()
    talk.say(b"GET / HTTP/1.1\r\nHost: www.site.example\r\n\r\n")
    assert sent(talk.down(Flags.ACK, b"HTTP/1.1 200 OK\r\n\r\nforb", seq=9000), Side.CLIENT)[0].size
    ended = talk.down(Flags.ACK, b"idden", seq=9023)
    assert {(each.seq, each.flags) for each in sent(ended, Side.CLIENT)} == {(9023, Flags.RST | Flags.ACK)}


def test_every_request_of_a_connection_is_read() -> None:
    path = one(Drop(), Match(stage=Stage.HTTP, url="/secret"))
    talk = Talk(path, server_port=80).open()
    assert sent(talk.say(b"GET / HTTP/1.1\r\nHost: www.site.example\r\n\r\n"), Side.SERVER)
    assert talk.say(b"GET /secret HTTP/1.1\r\nHost: www.site.example\r\n\r\n") == []


def query(name: str, port: int = 40000, server: bytes = SERVER) -> bytes:
    """A DNS query of the client."""
    return packets.udp((CLIENT, port), (server, 53), dns.message.make_query(name, "A", id=7).to_wire())


def test_forged_reply_comes_beside_the_query_and_looks_like_the_servers() -> None:
    path = one(ForgeDNS(answers=(Answer(addresses=("31.13.94.37",)),), repeat=2), Match(stage=Stage.DNS, names=(NAME,)))
    events = path.up(query(NAME), 0.0)
    assert len(sent(events, Side.SERVER)) == 1
    forged = sent(events, Side.CLIENT)
    assert [(each.source, each.sport, each.dport, each.ttl) for each in forged] == [(SERVER, 53, 40000, CENSOR_TTL)] * 2
    message = dns.message.from_wire(forged[0].data)
    assert (message.id, message.answer[0].to_text()) == (7, f"{NAME}. 60 IN A 31.13.94.37")
    assert sent(path.up(query("other.example"), 0.0), Side.CLIENT) == []


def test_two_questions_on_one_socket_are_judged_apart() -> None:
    path = one(Drop(), Match(stage=Stage.DNS, names=(NAME,)))
    assert path.up(query(NAME), 0.0) == []
    assert len(path.up(query("other.example"), 0.0)) == 1


def test_control_is_beside_the_path_unless_a_rule_is_aimed_at_it() -> None:
    weather = Rule(id="loss", match=Match(stage=Stage.IP), effect=Lose(probability=1.0))
    names = Rule(id="sni", match=SNI, effect=Drop())
    aimed = Rule(id="aimed", match=Match(stage=Stage.TCP, addresses=("45.32.10.20",)), effect=Drop())
    dead = Rule(id="dead", match=Match(stage=Stage.IP), effect=Drop())
    for rules, passes in (((weather, names), True), ((aimed,), False), ((dead,), False)):
        assert bool(Talk(censor(*rules), server=CONTROL, server_port=1080).up(Flags.SYN)) is passes


def test_a_network_that_goes_down_takes_open_flows_with_it_and_gives_them_back() -> None:
    path = censor()
    talk = Talk(path).open()
    path.change([Rule(id="dead", match=Match(stage=Stage.IP), effect=Drop())])
    assert talk.say(b"lost") == []
    assert talk.down(Flags.ACK, b"lost") == []
    assert path.counts["dead"] == 1
    path.change([])
    assert sent(talk.up(Flags.ACK, b"lost", seq=1001), Side.SERVER)
    assert sent(talk.down(Flags.ACK, b"lost"), Side.CLIENT)


def test_dice_are_repeatable() -> None:
    def run(seed: int) -> list[bool]:
        path = censor(Rule(id="loss", match=Match(stage=Stage.IP), effect=Lose(probability=0.5)), seed=seed)
        return [bool(Talk(path, 1000 + number).up(Flags.SYN)) for number in range(64)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 10 < sum(run(1)) < 54


def test_jitter_never_changes_the_order_of_a_flow() -> None:
    path = censor(Rule(id="jitter", match=Match(stage=Stage.IP), effect=Delay(seconds=0.01, jitter=0.05)))
    talk = Talk(path).open()
    times = []
    for number in range(50):
        (event,) = talk.down(Flags.ACK, b"x" * 10, now=number * 0.001, seq=9000 + 10 * number)
        assert isinstance(event, Emit)
        times.append(event.at)
    assert times == sorted(times)
    assert times[-1] > 0.05


def test_noise_never_raises() -> None:
    dice = random.Random(3)  # noqa: S311  noise for a parser
    path = censor(
        Rule(id="sni", match=SNI, effect=Reset()),
        Rule(id="dns", match=Match(stage=Stage.DNS), effect=ForgeDNS(answers=(Answer(addresses=("1.2.3.4",)),))),
        Rule(id="body", match=Match(stage=Stage.BODY, keyword=b"zzz"), effect=Alert()),
        Rule(id="quic", match=Match(stage=Stage.QUIC), effect=Drop()),
    )
    prefixes = (HELLO[:50], b"GET / HTTP/1.1\r\n", b"\xc0\0\0\0\1", b"")
    for number in range(600):
        data = dice.choice(prefixes) + dice.randbytes(dice.randrange(60))
        path.up(packets.udp((CLIENT, 1000 + number), (SERVER, dice.choice((53, 443))), data), 0.0)
        talk = Talk(path, 1000 + number, server_port=dice.choice((53, 80, 443))).open()
        talk.say(data)
        talk.down(dice.randrange(32), data)
        path.up(dice.randbytes(60), 0.0)
        path.down(dice.randbytes(60), 0.0)
    assert set(path.counts) <= {"sni", "dns", "body", "quic"}
