"""DNS messages: any bytes become a reply, bounded and printable; the query is what dnspython reads as one."""

import json
import random
import struct
import subprocess
import sys

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.failure import FailureKind
from probe.model.observation import DNSAnswer, DNSReply
from probe.net.dnswire import (
    EDNS_PAYLOAD,
    MAX_ANSWERS,
    MAX_EXTENDED_ERRORS,
    MAX_RAW,
    MAX_TEXT,
    Question,
    addresses_for,
    encode_query,
    parse_reply,
)
from tests.net.nameserver import answer

ASKED = Question(0x1234, "www.site.example", "A")


def _query() -> dns.message.Message:
    return dns.message.from_wire(encode_query(ASKED))


def _parse(reply: dns.message.Message | bytes, question: Question = ASKED) -> DNSReply:
    data = reply if isinstance(reply, bytes) else reply.to_wire(max_size=65535)
    parsed = parse_reply(data, question, 1.5, ip_ttl=57)
    assert (parsed.t, parsed.size, parsed.ip_ttl) == (1.5, len(data), 57)
    _check_bounds(parsed)
    return parsed


def _check_bounds(reply: DNSReply) -> None:
    """What holds of every reply, whatever came: bounded, printable, and it survives the record's codec."""
    assert len(reply.answers) <= MAX_ANSWERS
    assert len(reply.extended_errors) <= MAX_EXTENDED_ERRORS
    assert len(reply.raw_hex) <= 2 * MAX_RAW
    texts = [t for a in reply.answers for t in (a.name, a.type, a.value)] + [e.text for e in reply.extended_errors]
    assert all(len(text) <= MAX_TEXT and text.isprintable() for text in [*texts, reply.rcode])
    assert msgspec.json.decode(msgspec.json.encode(reply), type=DNSReply) == reply
    if reply.failure is FailureKind.DNS_MALFORMED:
        assert not reply.answers
        assert not reply.rcode


def test_the_query_is_one_that_dnspython_would_write() -> None:
    made = dns.message.make_query(ASKED.name, "A", use_edns=0, payload=EDNS_PAYLOAD, id=ASKED.id)
    assert encode_query(ASKED) == made.to_wire()


@pytest.mark.parametrize("qtype", ["AAAA", "HTTPS", "TYPE65280"])
def test_any_type_can_be_asked(qtype: str) -> None:
    question = dns.message.from_wire(encode_query(ASKED._replace(qtype=qtype))).question[0]
    assert question.rdtype == dns.rdatatype.from_text(qtype)


def test_rcode_and_flags() -> None:
    reply = answer(_query(), "192.0.2.1")
    reply.flags |= dns.flags.AA
    reply.flags &= ~dns.flags.RA
    parsed = _parse(reply)
    assert (parsed.rcode, parsed.authoritative, parsed.recursion_available) == ("NOERROR", True, False)
    reply.set_rcode(23)  # type: ignore[arg-type]  # BADCOOKIE, in EDNS's upper bits (RFC 6891)
    assert _parse(reply).rcode == "BADCOOKIE"


def test_the_question_may_come_back_in_another_case() -> None:
    reply = answer(dns.message.make_query("WWW.Site.EXAMPLE", "A", id=ASKED.id), "192.0.2.1")
    parsed = _parse(reply)
    assert parsed.failure is None
    assert addresses_for(parsed.answers, ASKED.name, "A") == ("192.0.2.1",)


@pytest.mark.parametrize("opcode", [dns.opcode.NOTIFY, dns.opcode.UPDATE, 15])
def test_another_opcode_is_no_answer(opcode: int) -> None:
    wire = bytearray(answer(_query(), "192.0.2.1").to_wire())
    wire[2] |= opcode << 3
    assert _parse(bytes(wire)).failure in (FailureKind.DNS_MISMATCH, FailureKind.DNS_MALFORMED)


def test_two_questions_are_no_answer() -> None:
    reply = answer(_query(), "192.0.2.1")
    reply.question.append(dns.rrset.RRset(reply.question[0].name, dns.rdataclass.IN, dns.rdatatype.AAAA))
    assert _parse(reply).failure is FailureKind.DNS_MISMATCH


def test_another_class_is_never_an_address() -> None:
    reply = answer(_query())
    wire = reply.to_wire()
    chaos = b"\xc0\x0c" + struct.pack("!HHIH", 16, 3, 0, 4) + b"\x03abc"
    counts = struct.pack("!HHHH", 1, 1, 0, 0)
    plain = wire[:4] + counts + wire[12 : len(wire) - 11] + chaos
    parsed = _parse(plain)
    assert [(record.type, record.value) for record in parsed.answers] == [("CH TXT", '"abc"')]


def test_bytes_after_the_message_do_not_spoil_it() -> None:
    assert _parse(answer(_query(), "192.0.2.1").to_wire() + b"\x00\x00").failure is None


@pytest.mark.parametrize("data", [b"", b"\x12", b"\x12\x34" * 5, b"\x16\x03\x01\x02\x00\x01", b"<html>blocked</html>"])
def test_what_is_no_message(data: bytes) -> None:
    parsed = _parse(data)
    assert parsed.failure is FailureKind.DNS_MALFORMED
    assert parsed.raw_hex == data.hex()


def test_a_record_with_the_wrong_length_is_malformed() -> None:
    wire = answer(_query(), "192.0.2.1").to_wire()
    at = wire.index(bytes([192, 0, 2, 1])) - 1
    assert _parse(wire[:at] + b"\x05" + wire[at + 1 :]).failure is FailureKind.DNS_MALFORMED


def test_many_answers_are_bounded() -> None:
    parsed = _parse(answer(_query(), *(f"192.0.2.{n}" for n in range(1, 101))))
    assert len(parsed.answers) == MAX_ANSWERS


def test_a_bomb_of_records_is_read_in_part() -> None:
    """5,000 compressed records of one long name would cost seconds; of them only the first answers are looked at."""
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 1])
    header = struct.pack("!HHHHHH", ASKED.id, 0x8180, 1, 4000, 0, 0)
    parsed = _parse(header + encode_query(ASKED)[12:-11] + record * MAX_ANSWERS + b"\xff" * 1000)
    assert parsed.failure is None
    assert len(parsed.answers) == MAX_ANSWERS


def test_a_message_of_many_questions_is_not_read() -> None:
    header = struct.pack("!HHHHHH", ASKED.id, 0x8180, 1000, 0, 0, 0)
    assert _parse(header + encode_query(ASKED)[12:-11] * 1000).failure is FailureKind.DNS_MALFORMED


def test_a_long_text_record_is_bounded_and_escaped() -> None:
    query = dns.message.make_query(ASKED.name, "TXT", id=ASKED.id)
    parsed = _parse(answer(query, '"' + "\\027" * 200 + '"'), ASKED._replace(qtype="TXT"))
    assert len(parsed.answers[0].value) == MAX_TEXT
    assert parsed.answers[0].value.startswith('"\\027')


def _with_options(*options: dns.edns.Option) -> dns.message.Message:
    reply = answer(_query())
    reply.use_edns(0, options=list(options))
    return reply


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (b"blocked by court order", "blocked by court order"),
        (b"null-terminated\x00", "null-terminated"),
        ("封锁".encode(), "封锁"),
        (b"\x1b[31mred\r\n", "\\x1b[31mred\\r\\n"),
        ("a\u202eb".encode(), "a\\u202eb"),
        (b"", ""),
    ],
)
def test_extended_error_text_is_kept_whatever_its_encoding(text: bytes, kept: str) -> None:
    option = dns.edns.GenericOption(dns.edns.OptionType.EDE, b"\x00\x0f" + text)
    parsed = _parse(_with_options(option))
    assert parsed.failure is None
    (error,) = parsed.extended_errors
    assert error.code == 15
    assert error.text == kept


def test_extended_error_text_in_another_code_page_does_not_spoil_the_reply() -> None:
    option = dns.edns.GenericOption(dns.edns.OptionType.EDE, b"\x00\x11" + "封锁".encode("gbk"))
    parsed = _parse(_with_options(option))
    assert parsed.failure is None
    assert [error.code for error in parsed.extended_errors] == [17]
    assert set(parsed.extended_errors[0].text) == {"\N{REPLACEMENT CHARACTER}"}


def test_many_extended_errors_are_bounded() -> None:
    options = [dns.edns.EDEOption(dns.edns.EDECode(15), "x" * 400) for _ in range(20)]
    parsed = _parse(_with_options(*options))
    assert len(parsed.extended_errors) == MAX_EXTENDED_ERRORS
    assert len(parsed.extended_errors[0].text) == MAX_TEXT


def test_an_extended_error_without_its_code_is_malformed() -> None:
    option = dns.edns.GenericOption(dns.edns.OptionType.EDE, b"\x00")
    assert _parse(_with_options(option)).failure is FailureKind.DNS_MALFORMED


def test_a_hostile_reply_does_not_change_how_later_ones_are_read() -> None:
    """In a fresh process, since dnspython remembers the first class it used for a type."""
    script = """
import struct
from probe.net.dnswire import Question, encode_query, parse_reply
asked = Question(7, "a.example", "A")
head = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0) + encode_query(asked)[12:-11]
for rdclass in (255, 254, 3, 1):
    record = bytes([0xC0, 12]) + struct.pack("!HHIH", 1, rdclass, 60, 4) + bytes([192, 0, 2, 1])
    answers = parse_reply(head + record, asked, 0.0).answers
print([(one.type, one.value) for one in answers])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[('A', '192.0.2.1')]"


# CNAME chains


def test_addresses_at_the_end_of_a_chain_each_once_in_order() -> None:
    answers = [
        DNSAnswer("pop.example", "A", "192.0.2.2", 1),
        DNSAnswer("WWW.site.example", "CNAME", "Pop.Example", 1),
        DNSAnswer("pop.example", "A", "192.0.2.1", 1),
        DNSAnswer("pop.example", "A", "192.0.2.2", 1),
        DNSAnswer("pop.example", "AAAA", "2001:db8::1", 1),
        DNSAnswer("other.example", "A", "192.0.2.9", 1),
    ]
    assert addresses_for(answers, "www.site.example", "A") == ("192.0.2.2", "192.0.2.1")
    assert addresses_for(answers, "www.site.example", "AAAA") == ("2001:db8::1",)


def test_a_chain_without_end_ends() -> None:
    answers = [DNSAnswer(f"h{n}.example", "CNAME", f"h{n + 1}.example", 1) for n in range(60)]
    assert addresses_for([*answers, DNSAnswer("h60.example", "A", "192.0.2.1", 1)], "h0.example", "A") == ()


# Anything at all


@given(st.binary(max_size=600))
def test_any_bytes_become_a_reply(data: bytes) -> None:
    _parse(data)


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.binary(max_size=200),
)
def test_any_bytes_behind_a_header_become_a_reply(
    flags: int, questions: int, answers: int, authority: int, additional: int, rest: bytes
) -> None:
    _parse(struct.pack("!HHHHHH", ASKED.id, flags, questions, answers, authority, additional) + rest)


@given(
    st.sampled_from([int(t) for t in dns.rdatatype.RdataType]),
    st.sampled_from([1, 3, 254, 255]),
    st.binary(max_size=80),
)
def test_any_record_of_any_type_becomes_a_reply(rdtype: int, rdclass: int, rdata: bytes) -> None:
    """Every record type dnspython knows, its data at random: where its parsers would leak exceptions."""
    header = struct.pack("!HHHHHH", ASKED.id, 0x8180, 1, 1, 0, 0)
    question = encode_query(ASKED)[12:-11]
    record = b"\xc0\x0c" + struct.pack("!HHIH", rdtype, rdclass, 60, len(rdata)) + rdata
    _parse(header + question + record)


def _seeds() -> list[bytes]:
    base = answer(_query(), "192.0.2.1", "192.0.2.2")
    base.answer.append(dns.rrset.from_text("a.example.", 1, "IN", "CNAME", "b.example."))
    base.answer.append(dns.rrset.from_text("a.example.", 1, "IN", "HTTPS", '1 . alpn="h2" ipv4hint="192.0.2.1"'))
    base.answer.append(dns.rrset.from_text("a.example.", 1, "IN", "TXT", '"some text"'))
    base.answer.append(
        dns.rrset.from_text("a.example.", 1, "IN", "LOC", "52 22 23 N 4 53 32 E -2.0m 0.0m 10000.0m 10.0m")
    )
    base.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode(15), "text"), dns.edns.ECSOption("192.0.2.0", 24)])
    return [base.to_wire(), _with_options(dns.edns.CookieOption(b"12345678", b"87654321")).to_wire()]


def test_damaged_messages_become_replies() -> None:
    chance = random.Random(20210208)  # noqa: S311 - a repeatable fuzz, no secret
    for wire in _seeds():
        for _ in range(2000):
            damaged = bytearray(wire)
            for _ in range(chance.randint(1, 4)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            _parse(bytes(damaged[: chance.randint(len(damaged) // 2, len(damaged))]))


def test_a_reply_is_plain_json() -> None:
    parsed = _parse(answer(_query(), "192.0.2.1"))
    assert json.loads(msgspec.json.encode(parsed))["answers"] == [["www.site.example", "A", "192.0.2.1", 60]]
