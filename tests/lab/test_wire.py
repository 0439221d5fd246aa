"""What servers and censors write: DNS replies of every kind, alerts, responses with their faults."""

import gzip
import zlib

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from probe.lab.wire import cut_to_size, dns_reply, http_response, reply_to, tls_alert
from probe.lab.world import Answer, Fault, Framing, Record, Response
from tests.lab.client import values


def reply(answer: Answer, qtype: str = "A") -> dns.message.Message:
    query = dns.message.make_query("site.test", qtype, use_edns=0)
    wire = dns_reply(query.to_wire(), answer)
    assert wire is not None
    return dns.message.from_wire(wire)


def test_answer_gives_only_addresses_of_the_asked_family() -> None:
    both = Answer(addresses=("104.16.1.1", "2606:4700::1"))
    assert values(reply(both)) == ["104.16.1.1"]
    assert values(reply(both, "AAAA")) == ["2606:4700::1"]
    assert values(reply(both, "TXT")) == []


def test_answer_can_lead_through_a_canonical_name() -> None:
    assert values(reply(Answer(addresses=("104.16.1.1",), alias="edge.test"))) == ["edge.test.", "104.16.1.1"]
    assert values(reply(Answer(alias="edge.test"))) == ["edge.test."]


def test_answer_can_carry_an_rcode_and_an_extended_error() -> None:
    got = reply(Answer(rcode="REFUSED", extended_error=(15, "ministry list")))
    assert got.rcode() == dns.rcode.REFUSED
    error = got.options[0]
    assert isinstance(error, dns.edns.EDEOption)
    assert (int(error.code), error.text) == (15, "ministry list")


def test_answer_can_be_silent_malformed_truncated_or_of_another_id() -> None:
    query = dns.message.make_query("site.test", "A")
    assert dns_reply(query.to_wire(), Answer(silent=True)) is None
    malformed = dns_reply(query.to_wire(), Answer(malformed=True))
    assert malformed is not None
    with pytest.raises(dns.message.ShortHeader if len(malformed) < 12 else dns.exception.DNSException):
        dns.message.from_wire(malformed)
    assert reply(Answer(truncated=True)).flags & dns.flags.TC
    other = dns_reply(query.to_wire(), Answer(wrong_id=True))
    assert other is not None
    assert dns.message.from_wire(other).id != query.id


def test_reply_too_big_for_its_limit_is_truncated() -> None:
    query = dns.message.make_query("site.test", "A")
    many = Record(name="site.test", type="A", values=tuple(f"104.16.1.{last}" for last in range(200)))
    cut = dns.message.from_wire(cut_to_size(reply_to(query, [many]), 512))
    assert cut.flags & dns.flags.TC
    assert not cut.answer


def test_alert_is_one_fatal_record() -> None:
    assert tls_alert(112) == b"\x15\x03\x03\x00\x02\x02\x70"


def test_response_has_its_length_and_filler() -> None:
    head, _, body = b"".join(http_response(Response(body=b"hello", generated=40000))).partition(b"\r\n\r\n")
    assert b"Content-Length: 40005\r\n" in head + b"\r\n"
    assert len(body) == 40005
    assert body.startswith(b"helloabc")


def test_response_without_a_body() -> None:
    assert b"".join(http_response(Response(body=b"hello"), "HEAD")).endswith(b"\r\n\r\n")
    empty = b"".join(http_response(Response(status=204)))
    assert empty.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert empty.endswith(b"\r\n\r\n")


def test_chunked_response_ends_with_an_empty_chunk_and_a_broken_one_does_not_parse() -> None:
    whole = b"".join(http_response(Response(body=b"hello", framing=Framing.CHUNKED)))
    assert whole.endswith(b"5\r\nhello\r\n0\r\n\r\n")
    broken = Response(body=b"hello", framing=Framing.CHUNKED, fault=Fault.BAD_CHUNK)
    assert b"\r\nhello\r\nthis is no chunk size\r\n" in b"".join(http_response(broken))


def test_gzip_is_right_or_broken_as_told() -> None:
    packed = b"".join(http_response(Response(body=b"hello" * 50, gzip=True))).partition(b"\r\n\r\n")[2]
    assert gzip.decompress(packed) == b"hello" * 50
    broken = b"".join(http_response(Response(body=b"hello" * 50, fault=Fault.BAD_GZIP))).partition(b"\r\n\r\n")[2]
    with pytest.raises((zlib.error, EOFError, gzip.BadGzipFile)):
        gzip.decompress(broken)
