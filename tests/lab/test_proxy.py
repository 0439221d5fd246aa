"""The control's proxies and the forwarder: they reach the true server whatever the path does to the client."""

import socket
import ssl
from contextlib import closing

import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import Drop, ForgeDNS, Match, Reset, Rule, Stage
from probe.lab.world import Answer
from tests.lab.client import (
    ADDRESS,
    CONTROL_ADDRESS,
    IMPOSTOR_ADDRESS,
    PATIENCE,
    SITE,
    connect,
    get,
    get_tls,
    read_to_end,
    request,
    small_world,
    trusting,
)

CENSORED = (
    Rule(id="dns", match=Match(stage=Stage.DNS), effect=ForgeDNS(answers=(Answer(addresses=(IMPOSTOR_ADDRESS,)),))),
    Rule(id="sni", match=Match(stage=Stage.TLS, addresses=(ADDRESS,)), effect=Reset()),
    Rule(id="http", match=Match(stage=Stage.HTTP, addresses=(ADDRESS,)), effect=Reset()),
)


def socks(lab: LoopbackLab, host: str, port: int) -> tuple[socket.socket, int]:
    """A connection through the SOCKS proxy, by name, and the proxy's reply code."""
    sock = connect(lab, CONTROL_ADDRESS, 1080)
    sock.sendall(b"\x05\x01\x00")
    assert sock.recv(2) == b"\x05\x00"
    sock.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode() + port.to_bytes(2, "big"))
    reply = sock.recv(100)
    assert len(reply) == 10
    return sock, reply[1]


def test_socks_reaches_the_true_server_past_the_censor() -> None:
    with LoopbackLab(small_world(), CENSORED) as lab:
        raw, code = socks(lab, SITE, 443)
        assert code == 0
        with closing(raw), trusting(lab).wrap_socket(raw, server_hostname=SITE) as secure:
            secure.sendall(request(SITE, "/", "Connection: close\r\n"))
            assert read_to_end(secure).data.endswith(b"this is site.test")


@pytest.mark.parametrize(("host", "port", "code"), [("absent.test", 443, 4), (SITE, 4443, 5), ("203.0.113.9", 443, 4)])
def test_socks_says_why_it_cannot_connect(host: str, port: int, code: int) -> None:
    with LoopbackLab(small_world()) as lab:
        sock, got = socks(lab, host, port)
        sock.close()
        assert got == code


def test_http_connect_and_absolute_urls() -> None:
    with LoopbackLab(small_world(), CENSORED) as lab:
        with closing(connect(lab, CONTROL_ADDRESS, 3128)) as sock:
            sock.sendall(f"CONNECT {SITE}:80 HTTP/1.1\r\n\r\n".encode())
            assert sock.recv(1000) == b"HTTP/1.1 200 Connection established\r\n\r\n"
            sock.sendall(request(SITE, "/", "Connection: close\r\n"))
            assert read_to_end(sock).data.endswith(b"this is site.test")
        with closing(connect(lab, CONTROL_ADDRESS, 3128)) as sock:
            sock.sendall(f"GET http://{SITE}/ HTTP/1.1\r\nHost: {SITE}\r\n\r\n".encode())
            assert read_to_end(sock).data.endswith(b"this is site.test")
        with closing(connect(lab, CONTROL_ADDRESS, 3128)) as sock:
            sock.sendall(b"CONNECT absent.test:443 HTTP/1.1\r\n\r\n")
            assert read_to_end(sock).data.startswith(b"HTTP/1.1 502 ")


def test_forwarder_serves_the_true_site_with_its_own_certificate() -> None:
    with LoopbackLab(small_world(), CENSORED) as lab:
        assert get_tls(lab, SITE, address=CONTROL_ADDRESS).endswith(b"this is site.test")
        assert get(lab, SITE, address=CONTROL_ADDRESS).data.endswith(b"this is site.test")
        with pytest.raises(ssl.SSLError):
            get_tls(lab, "absent.test", address=CONTROL_ADDRESS)


def test_control_proxy_is_on_the_path_like_any_other_host() -> None:
    block = Rule(id="control", match=Match(stage=Stage.TCP, addresses=(CONTROL_ADDRESS,)), effect=Drop())
    with LoopbackLab(small_world()) as lab:
        assert lab.control_proxy == "socks5://127.0.0.1:{}".format(lab.client_table[CONTROL_ADDRESS, 1080, "tcp"][1])
        lab.apply([block])
        port = int(lab.control_proxy.rpartition(":")[2])
        with closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as sock:
            sock.settimeout(0.15)
            sock.sendall(b"\x05\x01\x00")
            assert read_to_end(sock).how == "silence"
