"""Tunnels through proxies that work, refuse, hang up or talk nonsense: the proxy's failure is never the target's."""

import asyncio
import socket

import pytest

from probe.model.failure import FailureKind, Operation
from probe.model.observation import TCPConnect
from probe.net.network import Stream
from probe.net.real import RealNetwork
from probe.net.trace import Trace
from probe.net.tunnel import Proxy, open_tunnel, parse_proxy
from tests.net import peers
from tests.net.peers import Case, Script, after, fin, kind_of, names, read_some, reset, say, settle, silence

K = FailureKind
NO_PASSWORD = b"\x05\x00"
PASSWORD = b"\x05\x02"
V4 = b"\x01\x00\x00\x00\x00\x00\x00"
HELLO = b"hello from the target"


def _greeted(*moves: Script) -> Script:
    """SOCKS5 up to the CONNECT request, then `moves`."""
    return after(read_some, say(NO_PASSWORD), read_some, *moves)


def _reply(code: int, address: bytes = V4) -> bytes:
    return bytes([5, code, 0]) + address


def _slowly(data: bytes) -> Script:
    def script(conn: socket.socket) -> None:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(data)):
            conn.sendall(data[at : at + 1])
            settle(conn)

    return script


SOCKS = [
    Case("ok", _greeted(say(_reply(0) + HELLO), silence), None),
    Case(
        "ok, byte by byte", after(read_some, _slowly(NO_PASSWORD), read_some, _slowly(_reply(0) + HELLO), silence), None
    ),
    Case("ok, bound to an IPv6 address", _greeted(say(_reply(0, b"\x04" + bytes(18)) + HELLO), silence), None),
    Case("ok, bound to a name", _greeted(say(_reply(0, b"\x03\x05proxy\x00\x50") + HELLO), silence), None),
    Case("general failure", _greeted(say(_reply(1)), fin), K.UNKNOWN),
    Case("forbidden by its rules", _greeted(say(_reply(2)), fin), K.UNKNOWN),
    Case("network unreachable", _greeted(say(_reply(3)), fin), K.NETWORK_UNREACHABLE),
    Case("host unreachable", _greeted(say(_reply(4)), fin), K.HOST_UNREACHABLE),
    Case("refused by the target", _greeted(say(_reply(5)), fin), K.REFUSED),
    Case("TTL expired", _greeted(say(_reply(6)), fin), K.TIMEOUT),
    Case("silent while it tries the target", _greeted(silence), K.TIMEOUT, peers.SILENCE),
    Case("a reply code that is none", _greeted(say(_reply(99)), fin), K.PROXY_FAILED),
    Case("an address type that is none", _greeted(say(_reply(0, b"\x09abcdef")), fin), K.PROXY_FAILED),
    Case("garbage for a reply", _greeted(say(b"\xff" * 50), fin), K.PROXY_FAILED),
    Case("closes before it greets", fin, K.PROXY_FAILED),
    Case("closes after the greeting", _greeted(fin), K.PROXY_FAILED),
    Case("closes in the reply", _greeted(say(_reply(0)[:5]), fin), K.PROXY_FAILED),
    Case("resets", after(read_some, reset), K.PROXY_FAILED),
    Case("resets after the greeting", _greeted(reset), K.PROXY_FAILED),
    Case("silent from the start", silence, K.PROXY_FAILED, peers.SILENCE),
    Case("talks HTTP", after(read_some, say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), fin), K.PROXY_FAILED),
    Case("talks SOCKS4", after(read_some, say(b"\x00\x5b" + bytes(6)), fin), K.PROXY_FAILED),
    Case("wants a password we have not", after(read_some, say(PASSWORD), silence), K.PROXY_FAILED),
    Case("no way to sign in", after(read_some, say(b"\x05\xff"), fin), K.PROXY_FAILED),
]


def _http(answer: bytes, ending: Script = fin) -> Script:
    return after(read_some, say(answer), ending)


HTTP = [
    Case("200", _http(b"HTTP/1.1 200 Connection established\r\n\r\n", after(read_some, say(HELLO), silence)), None),
    Case(
        "200 after an interim response",
        _http(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", after(read_some, say(HELLO), silence)),
        None,
    ),
    Case("403", _http(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), K.UNKNOWN),
    Case("502", _http(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), K.UNKNOWN),
    Case("504", _http(b"HTTP/1.1 504 Gateway Timeout\r\n\r\n"), K.TIMEOUT),
    Case("407", _http(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), K.PROXY_FAILED),
    Case("200 with a page", _http(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlogin"), K.PROXY_FAILED),
    Case("garbage", _http(b"\x00\x01garbage\r\n\r\n"), K.PROXY_FAILED),
    Case("SOCKS5", _http(b"\x05\x00"), K.PROXY_FAILED),
    Case("closes", _http(b""), K.PROXY_FAILED),
    Case("closes in its head", _http(b"HTTP/1.1 200 OK\r\nVia:"), K.PROXY_FAILED),
    Case("resets", after(read_some, reset), K.PROXY_FAILED),
    Case("a header without an end", _http(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 50_000), K.PROXY_FAILED),
    Case("silent while it tries the target", silence, K.TIMEOUT, peers.SILENCE),
]
CASES = [*SOCKS, *HTTP]
"""Also read by the test that counts which failure kinds are caused (`causes`)."""


async def _open(
    scheme: str, port: int, timeout: float, username: str = "", password: str = ""
) -> tuple[TCPConnect, bytes]:
    network = RealNetwork()
    trace = Trace(network, network.monotonic(), 1)
    proxy = Proxy(scheme, "127.0.0.1", port, username, password)
    opened, stream = await open_tunnel(trace, proxy, peers.NAME, 443, timeout=timeout)
    if stream is None:
        return opened, b""
    try:
        await stream.send(b"hello", network.monotonic() + timeout)
        return opened, await _all(stream, len(HELLO), network.monotonic() + timeout)
    finally:
        stream.close()


async def _all(stream: Stream, count: int, deadline: float) -> bytes:
    data = b""
    while len(data) < count:
        data += await stream.recv(count, deadline) or b"(closed)"
    return data


def _through(scheme: str, case: Case) -> tuple[TCPConnect, bytes]:
    with peers.peer(case.script) as port:
        return asyncio.run(_open(scheme, port, case.timeout))


def _check(case: Case, opened: TCPConnect, said: bytes) -> None:
    assert kind_of(opened) is case.kind, opened.failure
    assert (opened.address, opened.port) == (peers.NAME, 443)
    assert said == (HELLO if case.kind is None else b"")
    if opened.failure is not None:
        assert opened.failure.operation is Operation.CONNECT
        assert opened.failure.detail


@pytest.mark.parametrize("case", SOCKS, ids=names(SOCKS))
def test_socks5(case: Case) -> None:
    _check(case, *_through("socks5", case))


@pytest.mark.parametrize("case", HTTP, ids=names(HTTP))
def test_http_connect(case: Case) -> None:
    _check(case, *_through("http", case))


@pytest.mark.parametrize("scheme", ["socks5", "http"])
def test_the_proxy_is_dead(scheme: str) -> None:
    with peers.nobody() as port:
        opened, _ = asyncio.run(_open(scheme, port, peers.PATIENCE))
    assert opened.failure is not None
    assert (opened.failure.kind, opened.failure.detail) == (K.PROXY_FAILED, "connection_refused")


@pytest.mark.parametrize("scheme", ["socks5", "http"])
def test_the_proxy_is_a_black_hole(scheme: str) -> None:
    with peers.full_backlog() as port:
        opened, _ = asyncio.run(_open(scheme, port, peers.SILENCE))
    assert kind_of(opened) is K.PROXY_FAILED


@pytest.mark.parametrize(("welcome", "kind"), [(b"\x01\x00", None), (b"\x01\x01", K.PROXY_FAILED)])
def test_socks5_with_a_password(welcome: bytes, kind: FailureKind | None) -> None:
    got: list[bytes] = []

    def script(conn: socket.socket) -> None:
        got.append(read_some(conn))
        conn.sendall(PASSWORD)
        got.append(read_some(conn))
        conn.sendall(welcome)
        got.append(read_some(conn))
        conn.sendall(_reply(0) + HELLO)
        silence(conn)

    with peers.peer(script) as port:
        opened, _ = asyncio.run(_open("socks5", port, peers.PATIENCE, "me", "secret"))
    assert kind_of(opened) is kind
    assert got[:2] == [b"\x05\x02\x00\x02", b"\x01\x02me\x06secret"]
    if kind is None:
        assert got[2] == b"\x05\x01\x00\x03" + bytes([len(peers.NAME)]) + peers.NAME.encode() + b"\x01\xbb"


def test_http_connect_with_a_password() -> None:
    got: list[bytes] = []

    def script(conn: socket.socket) -> None:
        got.append(read_some(conn))
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        read_some(conn)
        conn.sendall(HELLO)
        silence(conn)

    with peers.peer(script) as port:
        opened, _ = asyncio.run(_open("http", port, peers.PATIENCE, "me", "secret"))
    assert opened.failure is None
    assert got[0].startswith(b"CONNECT good.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n" in got[0]


def test_a_password_too_long_for_socks5_is_a_failure_value() -> None:
    with peers.peer(after(read_some, say(PASSWORD), silence)) as port:
        opened, _ = asyncio.run(_open("socks5", port, peers.PATIENCE, "me", "s" * 300))
    assert kind_of(opened) is K.PROXY_FAILED


def test_a_tunnel_given_up_closes_its_socket() -> None:
    async def scenario() -> None:
        with peers.peer(silence) as port:
            opening = asyncio.create_task(_open("socks5", port, peers.PATIENCE))
            await asyncio.sleep(0.05)
            opening.cancel()
            await asyncio.wait({opening})
            assert opening.cancelled()

    asyncio.run(scenario())  # an unclosed socket would be a warning, and warnings are errors


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("socks5://127.0.0.1", Proxy("socks5", "127.0.0.1", 1080)),
        ("socks5h://proxy.example:9050", Proxy("socks5", "proxy.example", 9050)),
        ("http://me:p%40ss@proxy.example", Proxy("http", "proxy.example", 8080, "me", "p@ss")),
        ("socks5://[::1]:1081", Proxy("socks5", "::1", 1081)),
    ],
)
def test_proxy_urls(url: str, proxy: Proxy) -> None:
    assert parse_proxy(url) == proxy


@pytest.mark.parametrize(
    "url",
    [
        "", "127.0.0.1:1080", "https://proxy.example", "socks4://proxy.example", "socks5://", "socks5://:1080",
        "http://proxy.example:99999", "http://proxy.example:x", "http://a b",
        "socks5://" + "u" * 300 + ":p@proxy.example",
    ],
)  # fmt: skip
def test_what_is_no_proxy_url(url: str) -> None:
    with pytest.raises(ValueError, match="must be socks5://HOST:PORT"):
        parse_proxy(url)
