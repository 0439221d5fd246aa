"""Reading a ClientHello, a request, a query: whole, cut short at every byte, and bytes that are none of them."""

import ssl

import dns.message
from hypothesis import given
from hypothesis import strategies as st

from probe.lab.dissect import Hello, Question, bare_host, client_hello, http_request, question
from tests.lab.client import hello, request


def test_client_hello_gives_its_name_and_highest_version() -> None:
    assert client_hello(hello("WWW.Site.test")) == Hello(True, "www.site.test", "1.3", ())
    older = client_hello(hello("site.test", ssl.TLSVersion.TLSv1_2))
    assert older is not None
    assert older.tls_maximum == "1.2"


def test_client_hello_cut_short_anywhere_is_incomplete() -> None:
    whole = hello("site.test")
    assert all(client_hello(whole[:cut]) == Hello(complete=False) for cut in range(1, len(whole)))


def test_client_hello_split_over_two_records_is_read() -> None:
    whole = hello("site.test")
    body, half = whole[5:], 40
    records = b"".join(whole[:3] + len(part).to_bytes(2, "big") + part for part in (body[:half], body[half:]))
    assert client_hello(records) == client_hello(whole)


def test_request_gives_host_target_and_headers() -> None:
    got = http_request(request("Site.test:8080", "/a?b=c", "X-One: two\r\n") + b"rest")
    assert got is not None
    assert (got.complete, got.method, got.target, got.host) == (True, "GET", "/a?b=c", "site.test")
    assert got.header("x-one") == "two"
    assert got.size == len(request("Site.test:8080", "/a?b=c", "X-One: two\r\n"))


def test_request_cut_short_is_incomplete_and_other_bytes_are_no_request() -> None:
    whole = request("site.test")
    assert all(http_request(whole[:cut]) is not None for cut in range(1, len(whole)))
    assert http_request(hello("site.test")) is None
    assert http_request(b"\x05\x01\x00") is None


def test_bare_host_drops_port_brackets_and_case() -> None:
    texts = ("Site.Test:80", "[2606:4700::1]:443", "site.test.")
    assert [bare_host(text) for text in texts] == ["site.test", "2606:4700::1", "site.test"]


def test_question_is_read_from_queries_only() -> None:
    query = dns.message.make_query("WWW.Site.test", "AAAA")
    assert question(query.to_wire()) == Question("www.site.test", "AAAA")
    assert question(dns.message.make_response(query).to_wire()) is None
    assert question(b"\x00\x01nonsense") is None


@given(st.binary(max_size=300), st.integers(0, 300))
def test_strange_bytes_are_never_an_error(noise: bytes, cut: int) -> None:
    for data in (noise, hello("site.test")[:cut] + noise):
        client_hello(data)
        http_request(data)
        question(data)
