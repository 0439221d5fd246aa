"""The DNS stage against a hostile nameserver on loopback: every failure caused by a real peer, every reply kept."""

import asyncio
import socket
from collections.abc import Iterable
from itertools import pairwise

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from probe.model.failure import FAILURES, Failure, FailureKind, Operation
from probe.model.observation import DNSLookup, Resolver, ResolverKind
from probe.net.network import Network
from probe.net.real import RealNetwork
from probe.net.resolve import BOTH_FAMILIES, MAX_REPLIES, lookup, parse_resolver_address, resolve_all
from probe.net.scripted import After, ScriptedNetwork
from probe.net.trace import Trace
from tests.net.nameserver import Ending, Handler, Reply, Sent, answer, nameserver, with_rcode

UDP, TCP = ResolverKind.UDP, ResolverKind.TCP
NAME = "www.site.example"
FORGED, TRUE = "31.13.94.37", "104.16.1.1"


def _ask(
    handle: Handler,
    kind: ResolverKind = UDP,
    *,
    name: str = NAME,
    qtype: str = "A",
    timeout: float = 5,
    late_window: float = 0.0,
) -> DNSLookup:
    """One lookup at a nameserver that behaves as `handle` says."""

    async def scenario() -> DNSLookup:
        async with nameserver(handle) as address:
            network = RealNetwork()
            trace = Trace(network, network.monotonic(), 7)
            resolver = Resolver(kind=kind, address=address)
            return await lookup(trace, resolver, name, qtype, timeout=timeout, late_window=late_window)

    seen = asyncio.run(scenario())
    if seen.failure is not None:
        assert seen.failure.operation is Operation.RESOLVE
        assert Operation.RESOLVE in FAILURES[seen.failure.kind].operations
        assert seen.addresses == ()
    return seen


def _kind(seen: DNSLookup) -> FailureKind | None:
    return seen.failure.kind if seen.failure else None


# What a server says


@pytest.mark.parametrize("kind", [UDP, TCP])
@pytest.mark.parametrize(("qtype", "address"), [("A", TRUE), ("AAAA", "2606:4700::1111")])
def test_true_answer(kind: ResolverKind, qtype: str, address: str) -> None:
    seen = _ask(lambda query, _: answer(query, address, ttl=300), kind, qtype=qtype)
    assert seen.failure is None
    assert seen.addresses == (address,)
    assert (seen.name, seen.qtype, seen.transaction_id) == (NAME, qtype, 7)
    (reply,) = seen.replies
    assert [tuple(getattr(record, f) for f in ("name", "type", "value", "ttl")) for record in reply.answers] == [
        (NAME, qtype, address, 300)
    ]
    assert (reply.rcode, reply.recursion_available, reply.authoritative, reply.truncated, reply.over_tcp) == (
        "NOERROR", True, False, False, False,
    )  # fmt: skip
    assert seen.t0 <= reply.t <= seen.t


def test_nxdomain() -> None:
    seen = _ask(lambda query, _: with_rcode(query, dns.rcode.NXDOMAIN))
    assert _kind(seen) is FailureKind.DNS_NXDOMAIN
    assert seen.replies[0].rcode == "NXDOMAIN"


def test_servfail() -> None:
    assert _kind(_ask(lambda query, _: with_rcode(query, dns.rcode.SERVFAIL))) is FailureKind.DNS_SERVFAIL


def test_refused() -> None:
    assert _kind(_ask(lambda query, _: with_rcode(query, dns.rcode.REFUSED))) is FailureKind.DNS_REFUSED


def test_refused_without_repeating_the_question() -> None:
    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        reply = with_rcode(query, dns.rcode.REFUSED)
        reply.question = []
        return reply

    assert _kind(_ask(handle)) is FailureKind.DNS_REFUSED


def test_another_rcode_is_misbehaving_and_named() -> None:
    seen = _ask(lambda query, _: with_rcode(query, dns.rcode.NOTIMP))
    assert seen.failure == Failure(kind=FailureKind.DNS_MISBEHAVING, operation=Operation.RESOLVE, detail="NOTIMP")


def test_no_data() -> None:
    seen = _ask(lambda query, _: answer(query))
    assert _kind(seen) is FailureKind.DNS_NO_ANSWER
    assert seen.replies[0].rcode == "NOERROR"


def _cnames(*chain: str, address: str = "") -> Handler:
    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        reply = answer(query)
        for owner, target in pairwise(chain):
            reply.answer.append(dns.rrset.from_text(owner, 60, "IN", "CNAME", target))
        if address:
            reply.answer.append(dns.rrset.from_text(chain[-1], 60, "IN", "A", address))
        return reply

    return handle


def test_cname_only_is_no_data_and_not_nxdomain() -> None:
    seen = _ask(_cnames(f"{NAME}.", "edge.cdn.example."))
    assert _kind(seen) is FailureKind.DNS_NO_ANSWER
    assert [(r.type, r.value) for r in seen.replies[0].answers] == [("CNAME", "edge.cdn.example")]


def test_cname_chain_is_followed() -> None:
    seen = _ask(_cnames(f"{NAME}.", "Edge.CDN.example.", "pop.cdn.example.", address=TRUE))
    assert seen.addresses == (TRUE,)


def test_cname_loop_ends_in_no_address() -> None:
    assert _kind(_ask(_cnames(f"{NAME}.", "a.example.", f"{NAME}."))) is FailureKind.DNS_NO_ANSWER


def test_address_of_another_owner_is_no_answer_but_is_kept() -> None:
    seen = _ask(_cnames("elsewhere.example.", address=FORGED))
    assert _kind(seen) is FailureKind.DNS_NO_ANSWER
    assert seen.replies[0].answers[0].value == FORGED


def test_a_record_for_an_aaaa_question_is_no_answer_but_is_kept() -> None:
    """What injectors do that know only A."""

    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        reply = answer(query)
        reply.answer.append(dns.rrset.from_text(f"{NAME}.", 60, "IN", "A", FORGED))
        return reply

    seen = _ask(handle, qtype="AAAA")
    assert _kind(seen) is FailureKind.DNS_NO_ANSWER
    assert seen.replies[0].answers[0].type == "A"


def test_a_bogon_is_an_answer() -> None:
    seen = _ask(lambda query, _: answer(query, "127.0.0.1"))
    assert seen.failure is None
    assert seen.addresses == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("code", "text"), [(4, ""), (15, "by court order"), (16, "中国"), (17, "parental"), (18, "no")]
)
def test_extended_errors_are_kept(code: int, text: str) -> None:
    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        reply = with_rcode(query, dns.rcode.REFUSED)
        reply.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode(code), text or None)])
        return reply

    seen = _ask(handle)
    assert _kind(seen) is FailureKind.DNS_REFUSED
    assert [(e.code, e.text) for e in seen.replies[0].extended_errors] == [(code, text)]


def test_the_question_is_asked_in_lower_case_a_labels_with_edns() -> None:
    asked: list[dns.message.Message] = []

    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        asked.append(query)
        return answer(query, TRUE)

    seen = _ask(handle, name="WWW.Bücher.Example.")
    assert seen.name == "www.xn--bcher-kva.example"
    assert seen.addresses == (TRUE,)
    (query,) = asked
    assert str(query.question[0]) == "www.xn--bcher-kva.example. IN A"
    assert (query.edns, query.payload, query.flags) == (0, 1232, dns.flags.RD)


def test_each_question_has_an_id_of_its_own() -> None:
    ids: set[int] = set()

    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        ids.add(query.id)
        return answer(query, TRUE)

    async def scenario() -> None:
        async with nameserver(handle) as address:
            network = RealNetwork()
            await resolve_all(
                lambda: Trace(network, network.monotonic(), 1),
                [Resolver(kind=UDP, address=address)] * 10,
                NAME,
                timeout=5,
                qtypes=["A"],
            )

    asyncio.run(scenario())
    assert len(ids) > 5  # ten of 65536: fewer than six different ones never happen by chance


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example", "a b.example", "\ud800.example", "xn--\xff"])
def test_a_name_that_cannot_be_asked_is_a_failure_value(name: str) -> None:
    seen = _ask(lambda query, _: answer(query, TRUE), name=name)
    assert seen.failure == Failure(kind=FailureKind.UNKNOWN, operation=Operation.RESOLVE, detail="not a host name")
    assert seen.replies == ()


def test_other_types_are_kept_and_give_no_addresses() -> None:
    seen = _ask(lambda query, _: answer(query, '"v=1" "two"'), qtype="TXT")
    assert seen.failure is None
    assert seen.addresses == ()
    assert seen.replies[0].answers[0].value == '"v=1" "two"'


# What comes back that is no answer


def test_no_reply_is_a_timeout() -> None:
    seen = _ask(lambda *_: None, timeout=0.2)
    assert seen.failure == Failure(kind=FailureKind.TIMEOUT, operation=Operation.RESOLVE)
    assert seen.replies == ()


def _closed_port(kind: socket.SocketKind) -> str:
    with socket.socket(socket.AF_INET, kind) as unused:
        unused.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{unused.getsockname()[1]}"


@pytest.mark.parametrize(("kind", "sort"), [(UDP, socket.SOCK_DGRAM), (TCP, socket.SOCK_STREAM)])
def test_a_closed_port_is_refused(kind: ResolverKind, sort: socket.SocketKind) -> None:
    async def scenario() -> DNSLookup:
        network = RealNetwork()
        trace = Trace(network, network.monotonic(), 1)
        return await lookup(trace, Resolver(kind=kind, address=_closed_port(sort)), NAME, "A", timeout=5)

    assert _kind(asyncio.run(scenario())) is FailureKind.REFUSED


def test_malformed_reply_keeps_its_bytes() -> None:
    seen = _ask(lambda *_: b"HTTP/1.1 403 Forbidden", timeout=0.2)
    assert _kind(seen) is FailureKind.DNS_MALFORMED
    assert bytes.fromhex(seen.replies[0].raw_hex) == b"HTTP/1.1 403 Forbidden"
    assert seen.replies[0].failure is FailureKind.DNS_MALFORMED


def test_a_long_malformed_reply_is_bounded() -> None:
    seen = _ask(lambda *_: b"\xff" * 4000, timeout=0.2)
    assert seen.replies[0].size == 4000
    assert len(bytes.fromhex(seen.replies[0].raw_hex)) == 512


def _wrong_id(query: dns.message.Message) -> dns.message.Message:
    reply = answer(query, FORGED)
    reply.id = query.id ^ 1
    return reply


def _wrong_question(query: dns.message.Message) -> dns.message.Message:
    reply = answer(dns.message.make_query("other.example", "A"), FORGED)
    reply.id = query.id
    return reply


def _wrong_type(query: dns.message.Message) -> dns.message.Message:
    reply = answer(dns.message.make_query(NAME, "AAAA"), "2001:db8::1")
    reply.id = query.id
    return reply


def _query_itself(query: dns.message.Message) -> dns.message.Message:
    return query


def _no_question(query: dns.message.Message) -> dns.message.Message:
    reply = answer(query, FORGED)
    reply.question = []
    return reply


@pytest.mark.parametrize("reply_of", [_wrong_id, _wrong_question, _wrong_type, _query_itself, _no_question])
def test_a_reply_to_something_else_is_a_mismatch_and_no_answer(reply_of: object) -> None:
    assert callable(reply_of)
    seen = _ask(lambda query, _: reply_of(query), timeout=0.2)
    assert _kind(seen) is FailureKind.DNS_MISMATCH
    assert seen.replies[0].failure is FailureKind.DNS_MISMATCH


@pytest.mark.parametrize("kind", [UDP, TCP])
def test_the_true_answer_behind_a_mismatch_and_garbage_is_waited_for(kind: ResolverKind) -> None:
    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        return [Sent(_wrong_id(query)), Sent(b"garbage", 0.01), Sent(answer(query, TRUE), 0.03)]

    seen = _ask(handle, kind)
    assert seen.addresses == (TRUE,)
    assert [reply.failure for reply in seen.replies] == [FailureKind.DNS_MISMATCH, FailureKind.DNS_MALFORMED, None]


# Several replies


def _forged_then_true(query: dns.message.Message, _tcp: bool) -> Reply:
    return [Sent(answer(query, FORGED), 0.0, ttl=57), Sent(answer(query, TRUE), 0.03, ttl=44)]


def test_forged_first_true_later_both_kept_in_order() -> None:
    seen = _ask(_forged_then_true, late_window=0.2)
    assert seen.addresses == (FORGED,)
    assert [(r.answers[0].value, r.ip_ttl) for r in seen.replies] == [(FORGED, 57), (TRUE, 44)]
    assert seen.replies[0].t < seen.replies[1].t <= seen.t


def test_a_reply_after_the_window_is_not_waited_for() -> None:
    seen = _ask(_forged_then_true, late_window=0.0)
    assert [r.answers[0].value for r in seen.replies] == [FORGED]


def test_a_flood_is_bounded_and_does_not_crowd_the_answer_out() -> None:
    def handle(query: dns.message.Message, _tcp: bool) -> Reply:
        return [*[Sent(b"\x00" * n) for n in range(1, 60)], Sent(answer(query, TRUE), 0.02)]

    seen = _ask(handle)
    assert seen.addresses == (TRUE,)
    assert len(seen.replies) == MAX_REPLIES
    assert seen.replies[-1].failure is None


def test_an_answer_after_an_icmp_error_is_still_an_answer() -> None:
    def peer(query: bytes) -> Iterable[After]:
        reply = answer(dns.message.from_wire(query), FORGED).to_wire()
        return [After(0.01, ConnectionRefusedError(111, "ICMP port unreachable")), After(0.02, reply)]

    network = ScriptedNetwork(udp={("192.0.2.53", 53): peer})
    resolver = Resolver(kind=UDP, address="192.0.2.53")
    trace = Trace(network, 0.0, 1)
    seen = asyncio.run(network.run(lookup(trace, resolver, NAME, "A", timeout=5, late_window=1)))
    assert seen.addresses == (FORGED,)
    assert seen.t == pytest.approx(1.01)


def test_times_of_replies_by_the_script() -> None:
    """Times are those of the seam: the window counts from the first answer, the deadline from the question."""

    def peer(query: bytes) -> Iterable[After]:
        message = dns.message.from_wire(query)
        return [
            After(0.5, b"?"),
            After(4.9, answer(message, FORGED).to_wire()),
            After(5.6, answer(message, TRUE).to_wire()),
        ]

    network = ScriptedNetwork(udp={("192.0.2.53", 53): peer})
    resolver = Resolver(kind=UDP, address="192.0.2.53:53")
    seen = asyncio.run(network.run(lookup(Trace(network, 0.0, 1), resolver, NAME, "A", timeout=5, late_window=1)))
    assert [reply.t for reply in seen.replies] == pytest.approx([0.5, 4.9, 5.6])
    assert seen.t == pytest.approx(5.9)
    assert seen.addresses == (FORGED,)


# TCP


def _truncated(then: Reply | Ending | None = None) -> Handler:
    def handle(query: dns.message.Message, tcp: bool) -> Reply:
        if not tcp:
            reply = answer(query)
            reply.flags |= dns.flags.TC
            return reply
        return answer(query, TRUE) if then is None else then

    return handle


def test_truncated_is_asked_again_over_tcp() -> None:
    seen = _ask(_truncated())
    assert seen.addresses == (TRUE,)
    assert [(reply.truncated, reply.over_tcp) for reply in seen.replies] == [(True, False), (False, True)]


def test_truncated_in_the_middle_of_a_record() -> None:
    def handle(query: dns.message.Message, tcp: bool) -> Reply:
        reply = answer(query, "192.0.2.1", "192.0.2.2")
        if tcp:
            return reply
        reply.flags |= dns.flags.TC
        reply.use_edns(False)
        return reply.to_wire()[:-7]

    seen = _ask(handle)
    assert sorted(seen.addresses) == ["192.0.2.1", "192.0.2.2"]  # dnspython shuffles the records of a set
    assert [(reply.truncated, reply.failure) for reply in seen.replies] == [(True, None), (False, None)]


@pytest.mark.parametrize(("ending", "kind"), [(Ending.RESET, FailureKind.RESET), (Ending.CLOSE, FailureKind.EOF)])
def test_truncated_and_tcp_cut(ending: Ending, kind: FailureKind) -> None:
    """The failure is TCP's; what UDP said is kept, and is no answer."""
    seen = _ask(_truncated(ending), late_window=0.02)
    assert _kind(seen) is kind
    assert [reply.truncated for reply in seen.replies] == [True]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Ending.RESET, FailureKind.RESET),
        (Ending.CLOSE, FailureKind.EOF),
        (None, FailureKind.TIMEOUT),
        (b"no message", FailureKind.DNS_MALFORMED),
    ],
)
def test_tcp_failures(reply: Reply, kind: FailureKind) -> None:
    assert _kind(_ask(lambda *_: reply, TCP, timeout=0.2)) is kind


def test_tcp_fin_in_the_middle_of_a_message_is_eof() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(99)
        writer.write(b"\x00\x40half")
        writer.close()

    async def scenario() -> DNSLookup:
        server = await asyncio.start_server(half, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            network = RealNetwork()
            trace = Trace(network, network.monotonic(), 1)
            return await lookup(trace, Resolver(kind=TCP, address=f"{host}:{port}"), NAME, "A", timeout=5)

    assert _kind(asyncio.run(scenario())) is FailureKind.EOF


def test_tcp_syn_silence_is_a_timeout() -> None:
    network = ScriptedNetwork()
    resolver = Resolver(kind=TCP, address="192.0.2.53")
    seen = asyncio.run(network.run(lookup(Trace(network, 0.0, 1), resolver, NAME, "A", timeout=5)))
    assert _kind(seen) is FailureKind.TIMEOUT
    assert seen.t == 5


@pytest.mark.parametrize("kind", [UDP, TCP])
def test_no_route_to_the_resolver(kind: ResolverKind) -> None:
    error = OSError(101, "Network is unreachable")
    network = ScriptedNetwork(udp={("2001:db8::53", 53): error}, tcp={("2001:db8::53", 53): error})
    resolver = Resolver(kind=kind, address="2001:db8::53")
    seen = asyncio.run(network.run(lookup(Trace(network, 0.0, 1), resolver, NAME, "AAAA", timeout=5)))
    assert _kind(seen) is FailureKind.NETWORK_UNREACHABLE


# The system's resolver


def _system(network: Network, name: str = NAME) -> DNSLookup:
    assert isinstance(network, ScriptedNetwork)
    trace = Trace(network, 0.0, 1)
    resolver = Resolver(kind=ResolverKind.SYSTEM, own=True)
    return asyncio.run(network.run(lookup(trace, resolver, name, "A", timeout=5)))


def test_system_answers_for_both_families_at_once() -> None:
    seen = _system(ScriptedNetwork(hosts={NAME: (TRUE, "2606:4700::1111")}))
    assert seen.failure is None
    assert seen.qtype == BOTH_FAMILIES
    assert seen.addresses == (TRUE, "2606:4700::1111")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (socket.EAI_NONAME, FailureKind.DNS_NXDOMAIN),
        (getattr(socket, "EAI_NODATA", -5), FailureKind.DNS_NO_ANSWER),
        (socket.EAI_AGAIN, FailureKind.DNS_TEMPORARY),
    ],
)
def test_system_errors(code: int, kind: FailureKind) -> None:
    seen = _system(ScriptedNetwork(hosts={NAME: socket.gaierror(code, "said getaddrinfo")}))
    assert _kind(seen) is kind


def test_system_silence_is_a_timeout_at_our_deadline() -> None:
    seen = _system(ScriptedNetwork(hosts={NAME: None}))
    assert _kind(seen) is FailureKind.TIMEOUT
    assert seen.t == 5


def test_system_without_any_address_is_no_answer() -> None:
    assert _kind(_system(ScriptedNetwork(hosts={NAME: ()}))) is FailureKind.DNS_NO_ANSWER


# Many at once, cancellation, addresses


def test_resolve_all_keeps_the_order_and_a_transaction_each() -> None:
    def handle(query: dns.message.Message, tcp: bool) -> Reply:
        address = "2001:db8::1" if query.question[0].rdtype.name == "AAAA" else "192.0.2.1"
        return [Sent(answer(query, address), 0.0 if tcp else 0.03)]

    async def scenario() -> tuple[DNSLookup, ...]:
        async with nameserver(handle) as address:
            network = RealNetwork()
            ids = iter(range(1, 99))
            resolvers = [
                Resolver(kind=UDP, address=address),
                Resolver(kind=ResolverKind.SYSTEM),
                Resolver(kind=TCP, address=address),
            ]
            return await resolve_all(
                lambda: Trace(network, network.monotonic(), next(ids)), resolvers, "localhost", timeout=5
            )

    seen = asyncio.run(scenario())
    assert [(one.transaction_id, one.resolver.kind, one.qtype) for one in seen] == [
        (1, UDP, "A"),
        (2, UDP, "AAAA"),
        (3, ResolverKind.SYSTEM, BOTH_FAMILIES),
        (4, TCP, "A"),
        (5, TCP, "AAAA"),
    ]
    assert [one.addresses for one in seen[:2]] == [("192.0.2.1",), ("2001:db8::1",)]


@pytest.mark.parametrize("kind", [UDP, TCP])
def test_a_cancelled_lookup_leaves_no_socket(kind: ResolverKind) -> None:
    """Warnings are errors here: an unclosed socket would fail this test."""

    async def scenario() -> None:
        async with nameserver(lambda *_: None) as address:
            network = RealNetwork()
            trace = Trace(network, network.monotonic(), 1)
            task = asyncio.create_task(lookup(trace, Resolver(kind=kind, address=address), NAME, "A", timeout=60))
            await asyncio.sleep(0.03)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(scenario())


def test_an_icmp_error_ends_the_lookup_at_once_without_a_window() -> None:
    network = ScriptedNetwork(udp={("192.0.2.53", 53): lambda _: [After(1, OSError(113, "no route to host"))]})
    resolver = Resolver(kind=UDP, address="192.0.2.53")
    seen = asyncio.run(network.run(lookup(Trace(network, 0.0, 1), resolver, NAME, "A", timeout=5)))
    assert _kind(seen) is FailureKind.HOST_UNREACHABLE
    assert seen.t == 1


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("1.1.1.1", ("1.1.1.1", 53)),
        ("1.1.1.1:5353", ("1.1.1.1", 5353)),
        ("2606:4700::1111", ("2606:4700::1111", 53)),
        ("[2606:4700::1111]", ("2606:4700::1111", 53)),
        ("[2606:4700::1111]:853", ("2606:4700::1111", 853)),
    ],
)
def test_resolver_addresses(text: str, parsed: tuple[str, int]) -> None:
    assert parse_resolver_address(text) == parsed


@pytest.mark.parametrize(
    "text", ["", "dns.example", "1.1.1.1:", "1.1.1.1:0", "1.1.1.1:70000", "[::1", "[::1]x", "[::1]:"]
)
def test_what_is_no_resolver_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"resolver|port|address"):
        parse_resolver_address(text)


def test_a_type_that_is_none_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="BOTH"):
        _ask(lambda *_: None, qtype="BOTH")


def test_a_question_that_meets_silence_is_sent_once_more() -> None:
    asked: list[bytes] = []

    def peer(query: bytes) -> list[After]:
        asked.append(query)
        reply = answer(dns.message.from_wire(query), TRUE).to_wire()
        return [After(0.1, reply)] if len(asked) == 2 else []

    network = ScriptedNetwork(udp={("192.0.2.53", 53): peer})
    resolver = Resolver(kind=UDP, address="192.0.2.53:53")
    seen = asyncio.run(network.run(lookup(Trace(network, 0.0, 1), resolver, NAME, "A", timeout=5, late_window=0.2)))
    assert (seen.sent, seen.addresses, seen.failure) == (2, (TRUE,), None)
    assert asked[0] == asked[1]
