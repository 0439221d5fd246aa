"""Which URLs are accepted, and that whatever is accepted here is what `net.url` can take apart."""

import pytest

from probe.net.url import parse
from probe.targets.urls import is_domain, is_host, url_mistake

GOOD = (
    "https://example.org",
    "https://example.org/",
    "https://example.org:8443/a?b=c&d=%20",
    "http://192.0.2.1/",
    "https://[2001:db8::1]:443/",
    "https://EXAMPLE.org/",
    "https://münchen.example/",
    "https://xn--mnchen-3ya.example/",
    "https://my_host.example.org/",
    "https://example.org./",
    "https://localhost/",
    "tcp://ap1.agora.io:8000",
    "tcp://149.154.175.50:80",
    "dns://example.org",
    "quic://example.org:443",
)


@pytest.mark.parametrize("url", GOOD)
def test_good_urls_are_accepted_and_can_be_taken_apart(url: str) -> None:
    assert url_mistake(url) is None
    assert parse(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "://",
        "https://",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://-example.org/",
        "https://" + "a" * 64 + ".org/",
        "https://exa\tmple.org/",
        "https://exa\u202emple.org/",
        "https://example.org:0/",
        "https://example.org:port/",
        "https://example.org\\@evil.example/",
        "https://example.org/" + "a" * 2100,
        "quic://example.org",
        "ftp://example.org/",
        "javascript:alert(1)",
    ],
)
def test_bad_urls_are_refused_with_a_reason(url: str) -> None:
    mistake = url_mistake(url)
    assert mistake is not None
    assert mistake[0].startswith("url ")


def test_a_password_is_never_repeated() -> None:
    for url in ("https://user:secret@example.org/", "htps://user:secret@example.org/", "tcp://user:secret@h:0"):
        mistake = url_mistake(url)
        assert mistake is not None
        assert "secret" not in " ".join(mistake)


def test_hosts_and_domains() -> None:
    assert is_host("192.0.2.1")
    assert not is_host("192.0.2.256")
    assert not is_host("1.2.3")
    assert not is_host("")
    assert is_domain("me.ns.ci")
    assert not is_domain("localhost")
    assert not is_domain("192.0.2.1")
