"""URLs as strangers write them: A-labels, ports, and where a Location leads or does not."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.net.handshake import Hello, _Attempt
from probe.net.url import MAX_URL, Where, a_labels, authority_and_target, follow, parse

BASE = Where("https://good.example/dir/page?q=1", "https", "good.example", 443)


@pytest.mark.parametrize(
    ("host", "on_the_wire"),
    [
        ("Good.Example", "good.example"),
        ("good.example.", "good.example"),
        ("good.example..", None),
        (".", None),
        ("", None),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_dmarc.good.example", "_dmarc.good.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        ("a" * 64 + ".example", None),
        (".".join(["abcdefg"] * 32), None),
        ("-a.example", None),
        ("a..example", None),
        ("a b.example", None),
        ("a/b.example", None),
        ("a\x00b", None),
        ("\u0661\ud800", None),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_labels(host: str, on_the_wire: str | None) -> None:
    assert a_labels(host) == on_the_wire


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("https://good.example", "https", "good.example", 443),
        ("http://good.example:8080/x", "http", "good.example", 8080),
        ("HTTPS://GOOD.EXAMPLE/", "https", "good.example", 443),
        ("https://bücher.example/ü", "https", "xn--bcher-kva.example", 443),
        ("https://[2001:db8::1]:8443/", "https", "2001:db8::1", 8443),
        ("https://user:pass@good.example/", "https", "good.example", 443),
        ("https://good.example@bad.example/", "https", "bad.example", 443),
        ("tcp://good.example:22", "tcp", "good.example", 22),
        ("dns://good.example", "dns", "good.example", 53),
        ("quic://good.example", "quic", "good.example", 443),
    ],
)
def test_parse(url: str, scheme: str, host: str, port: int) -> None:
    where = parse(url)
    assert where is not None
    assert (where.scheme, where.host, where.port) == (scheme, host, port)


@pytest.mark.parametrize(
    "url",
    [
        "", "good.example", "//good.example/", "https://", "https:///x", "tcp://good.example", "https://good.example:0/",
        "https://good.example:99999/", "https://good.example:x/", "https://[::1/", "https://a b/", "https://-/",
        "https://good.example/" + "x" * MAX_URL, "ftp://good.example/", "\x00", "https://\ud800.example/",
    ],
)  # fmt: skip
def test_what_is_no_url_we_can_use(url: str) -> None:
    assert parse(url) is None


@pytest.mark.parametrize(
    ("location", "url", "host", "port"),
    [
        ("https://other.example/x", "https://other.example/x", "other.example", 443),
        ("/x", "https://good.example/x", "good.example", 443),
        ("x", "https://good.example/dir/x", "good.example", 443),
        ("?a=b", "https://good.example/dir/page?a=b", "good.example", 443),
        ("//other.example", "https://other.example", "other.example", 443),
        ("../up", "https://good.example/up", "good.example", 443),
        (" /spaces ", "https://good.example/spaces", "good.example", 443),
        ("http://good.example:8080/", "http://good.example:8080/", "good.example", 8080),
        ("/x#part", "https://good.example/x", "good.example", 443),
        ("http://10.1.2.3/block", "http://10.1.2.3/block", "10.1.2.3", 80),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/", "2001:db8::1", 80),
    ],
)
def test_where_a_location_leads(location: str, url: str, host: str, port: int) -> None:
    where = follow(BASE, location)
    assert where is not None
    assert (where.url, where.host, where.port) == (url, host, port)


@pytest.mark.parametrize(
    "location",
    [
        "", "  ", "ftp://other.example/", "javascript:alert(1)", "data:text/html,x", "mailto:a@b", "about:blank",
        "https://", "https:///path", "http://a b/", "http://other.example:99999/", "http://[::1", "http://-bad-/",
        "intent://x#Intent;end", "http://\x00/", "/" + "x" * (MAX_URL + 1), "http://" + "a" * 300 + "/", "tcp://x:1",
        "http://a..b/", "http://%00/",
    ],
)  # fmt: skip
def test_bad_locations(location: str) -> None:
    assert follow(BASE, location) is None


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://good.example", b"good.example", b"/"),
        ("http://good.example:8080/a%20b?q=1#part", b"good.example:8080", b"/a%20b?q=1"),
        ("https://user:word@good.example:443/", b"good.example", b"/"),
        ("https://[2001:db8::1]:8443/x", b"[2001:db8::1]:8443", b"/x"),
        ("https://b\u00fccher.example/\u00e9", b"xn--bcher-kva.example", b"/%C3%A9"),
    ],
)
def test_a_request_says_the_host_and_the_path_and_nothing_else(url: str, authority: bytes, target: bytes) -> None:
    where = parse(url)
    assert where is not None
    assert authority_and_target(where.url) == (authority, target)


@given(st.text(max_size=60) | st.text("htps:/.#?%@[]\\ -_xn0\x00\u00fc\u3002\ud800", max_size=40))
def test_any_location_is_a_place_that_can_be_asked_for_or_none(location: str) -> None:
    where = follow(BASE, location)
    if where is None:
        return
    assert 0 < where.port < 65536
    assert where.host.isascii()
    authority, target = authority_and_target(where.url)
    h11.Request(method="GET", target=target, headers=[(b"Host", authority)])
    _Attempt(Hello(None if where.is_address else where.host))


@given(st.text(max_size=80))
def test_any_host_is_a_label_or_none(host: str) -> None:
    label = a_labels(host)
    if label is not None:
        assert a_labels(label) == label
