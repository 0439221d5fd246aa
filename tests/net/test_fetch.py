"""The HTTP stage against peers that end or spoil the answer in every way there is, in clear text and inside TLS.

The one thing that must never happen: a body that was cut, by a reset or by a FIN that proves nothing, as a clean 200.
"""

import asyncio
import gzip
import socket
from collections.abc import Callable, Sequence

import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.model.failure import FailureKind, Operation
from probe.model.observation import HTTPRoundTrip
from probe.net.carrier import MAX_WIRE
from probe.net.fetch import KEPT_BODY, MAX_BODY, MAX_HEADER, MAX_HEADERS, Request, fetch
from probe.net.trace import Trace, TracedStream
from probe.net.url import MAX_URL, Where
from tests.net import peers
from tests.net.peers import (
    Case,
    Script,
    Seen,
    after,
    answering,
    close_notify,
    fin,
    flooding,
    kind_of,
    names,
    raw,
    read_some,
    reset,
    say,
    settle,
    silence,
)  # fmt: skip
from tests.net.tape import Tape, TapeNetwork

K = FailureKind
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
WHOLE = OK + b"Content-Length: 5\r\n\r\nhello"
HALF = OK + b"Content-Length: 50\r\n\r\nhello"
ENDLESS = OK + b"Connection: close\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
ZIPPED = OK + b"Content-Encoding: gzip\r\n"


def _with_length(head: bytes, body: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _cut(data: bytes) -> Script:
    """Say `data`, wait until it has arrived, reset."""
    return answering(data, after(settle, reset))


CASES = [
    Case("a good answer", answering(WHOLE), None),
    Case("a good chunked answer", answering(CHUNKED + b"0\r\n\r\n"), None),
    Case("a good answer up to the close", answering(ENDLESS, close_notify), None),
    Case("interim responses before the answer", answering(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + WHOLE), None),
    Case("reset after the request", after(read_some, reset), K.RESET),
    Case("reset in the head", _cut(OK), K.RESET),
    Case("reset in the body, with Content-Length", _cut(HALF), K.RESET),
    Case("reset in the body, without Content-Length", _cut(ENDLESS), K.RESET),
    Case("reset in the body, chunked", _cut(CHUNKED), K.RESET),
    Case("FIN after the request", after(read_some, fin), K.EOF),
    Case("close_notify after the request", after(read_some, close_notify), K.EOF),
    Case("FIN in the head", answering(OK), K.EOF),
    Case("FIN in the status line", answering(b"HTT"), K.EOF),
    Case("FIN in the body, with Content-Length", answering(HALF), K.HTTP_TRUNCATED_BODY),
    Case("close_notify in the body, with Content-Length", answering(HALF, close_notify), K.HTTP_TRUNCATED_BODY),
    Case("FIN in the body, chunked", answering(CHUNKED), K.HTTP_TRUNCATED_BODY),
    Case("FIN in a chunk header", answering(CHUNKED + b"5"), K.HTTP_TRUNCATED_BODY),
    Case("silence after the request", silence, K.TIMEOUT, peers.SILENCE),
    Case("silence in the head", answering(OK, silence), K.TIMEOUT, peers.SILENCE),
    Case("silence in the body", answering(HALF, silence), K.TIMEOUT, peers.SILENCE),
    Case("silence instead of the end", answering(ENDLESS, silence), K.TIMEOUT, peers.SILENCE),
    Case("a bad chunk header", answering(CHUNKED + b"zz\r\n"), K.HTTP_BAD_CHUNKING),
    Case("a chunk that is longer than it said", answering(CHUNKED + b"2\r\nhello\r\n0\r\n\r\n"), K.HTTP_BAD_CHUNKING),
    Case("bad gzip", answering(_with_length(ZIPPED, b"this is not gzip")), K.HTTP_BAD_ENCODING),
    Case("truncated gzip", answering(_with_length(ZIPPED, gzip.compress(b"x" * 99)[:-6])), K.HTTP_BAD_ENCODING),
    Case("a page without a head", answering(b"<html><h1>Blocked</h1></html>"), K.HTTP_MALFORMED),
    Case("garbage", answering(bytes(range(256)) * 4 + b"\r\n\r\n"), K.HTTP_MALFORMED),
    Case("another protocol", answering(b"SSH-2.0-OpenSSH_9.7\r\n\r\n"), K.HTTP_MALFORMED),
    Case("a status that is none", answering(b"HTTP/1.1 abc OK\r\n\r\n"), K.HTTP_MALFORMED),
    Case("a status below 100", answering(b"HTTP/1.1 042 Odd\r\n\r\n"), K.HTTP_MALFORMED),
    Case("a header without a colon", answering(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), K.HTTP_MALFORMED),
    Case("a bad Content-Length", answering(OK + b"Content-Length: -5\r\n\r\nhello"), K.HTTP_MALFORMED),
    Case("two lengths", answering(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), K.HTTP_MALFORMED),
    Case("a switch nobody asked for", answering(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), K.HTTP_MALFORMED),
    Case("a header without an end", answering(OK + b"X: " + b"x" * 300_000), K.HTTP_MALFORMED),
    Case("a flood of headers", flooding(b"X-A: b\r\n" * 1000), K.HTTP_MALFORMED),
    Case("a flood of interim responses", flooding(b"HTTP/1.1 100 Continue\r\n\r\n" * 100), K.HTTP_MALFORMED),
]  # fmt: skip

INSIDE_ONLY = [
    Case("FIN without close_notify ends the body", answering(ENDLESS), K.HTTP_TRUNCATED_BODY),
]
CLEAR_ONLY = [
    Case("FIN ends the body", answering(ENDLESS), None),
]


def _http(case: Case, *, tls: bool) -> HTTPRoundTrip:
    seen = peers.seen_by(peers.inside_tls(case.script) if tls else case.script, tls=tls, timeout=case.timeout)
    assert seen.http is not None, seen
    return seen.http


def _check(case: Case, response: HTTPRoundTrip) -> None:
    assert kind_of(response) is case.kind, response.failure
    if response.failure is not None:
        assert response.failure.operation is Operation.HTTP_ROUND_TRIP
    else:
        assert (response.status, response.body_text, response.body_bytes) == (200, "hello", 5)
    assert response.events[0].operation == "write"


@pytest.mark.parametrize("case", [*CASES, *CLEAR_ONLY], ids=names([*CASES, *CLEAR_ONLY]))
def test_in_clear_text(case: Case) -> None:
    response = _http(case, tls=False)
    _check(case, response)
    assert not response.tls
    if case.kind in (K.EOF, K.HTTP_TRUNCATED_BODY):
        assert (response.events[-1].operation, response.events[-1].bytes) == ("read", 0)


@pytest.mark.parametrize("case", [*CASES, *INSIDE_ONLY], ids=names([*CASES, *INSIDE_ONLY]))
def test_inside_tls(case: Case) -> None:
    response = _http(case, tls=True)
    _check(case, response)
    assert response.tls


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
@pytest.mark.parametrize("head", [HALF, ENDLESS, CHUNKED], ids=["length", "close", "chunked"])
def test_a_reset_in_the_body_keeps_what_came_and_is_no_clean_200(head: bytes, tls: bool) -> None:
    response = _http(Case("", _cut(head), None), tls=tls)
    assert kind_of(response) is K.RESET
    assert (response.status, response.body_text) == (200, "hello")
    assert response.first_byte is not None
    assert all(event.bytes for event in response.events)


def test_an_answer_before_the_reset_that_our_late_bytes_provoke() -> None:
    response = _http(Case("", after(say(WHOLE), lambda conn: conn.recv(1), settle, reset), None), tls=False)
    assert (kind_of(response), response.status, response.body_text) == (None, 200, "hello")


# Inside TLS


def _writes_into_it(conn: socket.socket) -> None:
    """What an injector does that does not know the keys: a record that will not decrypt."""
    read_some(conn)
    with raw(conn) as bare:
        bare.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    silence(conn)


def _speaks_plainly(conn: socket.socket) -> None:
    read_some(conn)
    with raw(conn) as bare:
        bare.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://block.example/\r\n\r\n")
    silence(conn)


TLS_CASES = [
    Case("a record that does not decrypt", peers.inside_tls(_writes_into_it), K.TLS_BAD_RECORD),
    Case("plain text inside a TLS session", peers.inside_tls(_speaks_plainly), K.TLS_BAD_RECORD),
]


@pytest.mark.parametrize("case", TLS_CASES, ids=names(TLS_CASES))
def test_bytes_written_into_a_tls_session(case: Case) -> None:
    seen = peers.seen_by(case.script)
    assert kind_of(seen.http) is case.kind


# What is kept, and bounds


def test_an_answer_that_is_no_http_keeps_its_first_bytes() -> None:
    page = b"<html><title>Blocked</title>" + b"x" * 5000
    response = _http(Case("", answering(page), None), tls=False)
    assert (kind_of(response), response.status) == (K.HTTP_MALFORMED, 0)
    assert response.body_text == page[:KEPT_BODY].decode()


def test_headers_and_location_are_bounded() -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"v" * 2000) for number in range(40))
    head = b"HTTP/1.1 302 Found\r\nLocation: /" + b"x" * 9000 + b"\r\n" + many
    response = _http(Case("", answering(_with_length(head, b"")), None), tls=False)
    assert response.failure is None
    assert len(response.location) == MAX_URL + 1
    assert max(len(value) for _, value in response.headers) == MAX_HEADER
    short = b"".join(b"X-%d: v\r\n" % number for number in range(200))
    response = _http(Case("", answering(_with_length(OK + short, b"")), None), tls=False)
    assert len(response.headers) == MAX_HEADERS


def test_a_location_counts_on_a_redirect_only() -> None:
    head = b"HTTP/1.1 %d X\r\nLocation: /elsewhere\r\n"
    for status, location in ((200, ""), (301, "/elsewhere"), (304, ""), (308, "/elsewhere"), (404, "")):
        response = _http(Case("", answering(_with_length(head % status, b"")), None), tls=False)
        assert (response.status, response.location) == (status, location)


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
def test_a_body_without_end_is_cut_at_our_bound_and_is_no_failure(tls: bool) -> None:
    response = _http(Case("", after(read_some, say(OK + b"\r\n" + b"x" * 65536), _flood(b"x" * 65536)), None), tls=tls)
    assert response.failure is None
    assert (response.body_capped, response.body_bytes, response.body_wire_bytes) == (True, MAX_BODY, MAX_BODY)


def _flood(data: bytes) -> Script:
    def script(conn: socket.socket) -> None:
        while True:
            conn.sendall(data)

    return script


def test_a_gzip_bomb_is_bounded() -> None:
    bomb = gzip.compress(bytes(64 * MAX_BODY))
    response = _http(Case("", answering(_with_length(ZIPPED, bomb)), None), tls=False)
    assert response.failure is None
    assert (response.body_capped, response.body_bytes) == (True, MAX_BODY)
    assert response.body_wire_bytes < 200_000


def test_a_body_of_one_byte_chunks_costs_little() -> None:
    script = after(read_some, say(OK + b"Transfer-Encoding: chunked\r\n\r\n"), _flood(b"1\r\nx\r\n" * 1000))
    response = _http(Case("", script, None), tls=False)
    assert response.failure is None
    assert response.body_capped
    assert 0 < response.body_bytes < MAX_BODY


def test_a_good_page_has_its_facts() -> None:
    page = "<title>Grüße</title>".encode()
    data = _with_length(b"HTTP/1.1 451 Unavailable\r\nServer: x\r\nContent-Type: text/html; charset=utf-8\r\n", page)
    response = _http(Case("", answering(data), None), tls=True)
    assert (response.status, response.title, response.protocol) == (451, "Grüße", "http/1.1")
    assert ("server", "x") in response.headers
    assert (response.body_wire_bytes, response.body_bytes) == (len(page), len(page))
    assert response.authenticated


def test_the_request_as_a_browser_would_send_it() -> None:
    got: list[bytes] = []

    def script(conn: socket.socket) -> None:
        got.append(read_some(conn))
        answering_now(conn)

    def answering_now(conn: socket.socket) -> None:
        say(WHOLE)(conn)
        fin(conn)

    with peers.peer(script) as port:
        asyncio.run(peers.walk(port, tls=False, path="/a%20b?c=d"))
    (request,) = got
    line, *headers = request.decode().split("\r\n")
    assert line == "GET /a%20b?c=d HTTP/1.1"
    assert f"Host: {peers.NAME}:{port}" in headers
    assert not any("probe" in header.lower() or "python" in header.lower() for header in headers)


# HTTP/2

Frames = Callable[[h2.connection.H2Connection], None]
HEAD = [(":status", "200"), ("content-type", "text/html")]


def _h2(*moves: Frames | bytes, ending: Script = fin) -> Script:
    """A server that speaks HTTP/2 up to the request, then makes its moves: calls on the h2 library, or raw bytes."""

    def script(conn: socket.socket) -> None:
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        server.config.validate_outbound_headers = server.config.normalize_outbound_headers = False
        server.initiate_connection()
        conn.sendall(server.data_to_send())
        asked = False
        while not asked:
            asked = any(isinstance(event, h2.events.RequestReceived) for event in server.receive_data(read_some(conn)))
        for move in moves:
            if isinstance(move, bytes):
                conn.sendall(server.data_to_send() + move)
            else:
                move(server)
                conn.sendall(server.data_to_send())
        ending(conn)

    return script


def _head(headers: Sequence[tuple[str, str]] = HEAD, *, end: bool = False) -> Frames:
    return lambda server: server.send_headers(1, list(headers), end_stream=end)


def _data(data: bytes = b"hello", *, end: bool = True) -> Frames:
    return lambda server: server.send_data(1, data, end_stream=end)


def _frame(kind: int, payload: bytes, stream: int = 0, flags: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _goaway(code: int, last: int) -> bytes:
    return _frame(7, last.to_bytes(4, "big") + code.to_bytes(4, "big"))


def _nothing(conn: socket.socket) -> None:
    """No ending: another move follows."""


REFUSED_STREAM = h2.errors.ErrorCodes.REFUSED_STREAM
H2_CASES = [
    Case("a good answer", _h2(_head(), _data()), None),
    Case("a graceful GOAWAY before the answer", _h2(_goaway(0, 1), _head(), _data()), None),
    Case("a graceful GOAWAY in the answer", _h2(_head(), _goaway(0, 1), _data()), None),
    Case("GOAWAY with an error", _h2(_goaway(11, 0)), K.HTTP_REQUEST_FAILED),
    Case("GOAWAY that leaves our stream out", _h2(_goaway(0, 0)), K.HTTP_REQUEST_FAILED),
    Case("GOAWAY with an unknown error in the body", _h2(_head(), _goaway(77, 1)), K.HTTP_REQUEST_FAILED),
    Case("RST_STREAM", _h2(lambda server: server.reset_stream(1, REFUSED_STREAM)), K.HTTP_REQUEST_FAILED),
    Case("RST_STREAM in the body", _h2(_head(), lambda server: server.reset_stream(1, 2)), K.HTTP_REQUEST_FAILED),
    Case("garbage frames", _h2(bytes(range(256)) * 8), K.HTTP_MALFORMED),
    Case("a garbage frame in the body", _h2(_head(), _frame(0, b"", stream=0)), K.HTTP_MALFORMED),
    Case("HTTP/1.1 where h2 was chosen", answering(WHOLE, silence), K.HTTP_MALFORMED),
    Case("a status that is no number", _h2(_head([(":status", "ok")], end=True)), K.HTTP_MALFORMED),
    Case("a status of Arabic digits", _h2(_head([(":status", "\u0662\u0660\u0660")], end=True)), K.HTTP_MALFORMED),
    Case("no status", _h2(_head([("x", "y")], end=True)), K.HTTP_MALFORMED),
    Case("broken header compression", _h2(_frame(1, b"\xff\xff\xff\xff\xff", 1, 4)), K.HTTP_MALFORMED),
    Case("a flood of pings", after(_h2(ending=_nothing), _flood(_frame(6, bytes(8)) * 500)), K.HTTP_MALFORMED),
    Case("a flood of settings", after(_h2(ending=_nothing), _flood(_frame(4, b"") * 500)), K.HTTP_MALFORMED),
    Case("FIN before the answer", _h2(), K.EOF),
    Case("close_notify before the answer", _h2(ending=close_notify), K.EOF),
    Case("FIN in the body", _h2(_head(), _data(end=False)), K.HTTP_TRUNCATED_BODY),
    Case("close_notify in the body", _h2(_head(), _data(end=False), ending=close_notify), K.HTTP_TRUNCATED_BODY),
    Case(
        "less than the Content-Length",
        _h2(_head([*HEAD, ("content-length", "50")]), _data()),
        K.HTTP_TRUNCATED_BODY,
    ),
    Case("reset after the request", _h2(ending=after(settle, reset)), K.RESET),
    Case("reset in the body", _h2(_head(), _data(end=False), ending=after(settle, reset)), K.RESET),
    Case("silence after the request", _h2(ending=silence), K.TIMEOUT, peers.SILENCE),
    Case("silence in the body", _h2(_head(), _data(end=False), ending=silence), K.TIMEOUT, peers.SILENCE),
    Case("bad gzip", _h2(_head([*HEAD, ("content-encoding", "gzip")]), _data()), K.HTTP_BAD_ENCODING),
]


@pytest.mark.parametrize("case", H2_CASES, ids=names(H2_CASES))
def test_over_h2(case: Case) -> None:
    seen: Seen = peers.seen_by(peers.inside_tls(case.script, peers.h2_context), timeout=case.timeout)
    assert seen.tls is not None
    assert seen.tls.alpn == "h2"
    assert seen.http is not None
    assert seen.http.protocol == "h2"
    _check(case, seen.http)


def test_h2_errors_are_named() -> None:
    script = peers.inside_tls(_h2(_goaway(11, 0)), peers.h2_context)
    seen = peers.seen_by(script)
    assert seen.http is not None
    assert seen.http.failure is not None
    assert seen.http.failure.detail == "GOAWAY 11 ENHANCE_YOUR_CALM"


# Any bytes at all, without sockets

ENDINGS = st.sampled_from(["eof", "reset", "timeout"])
PIECES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [
            b"HTTP/1.1 200 OK\r\n",
            b"\r\n",
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"5\r\nhello\r\n",
            b"0\r\n\r\n",
            b"Content-Encoding: gzip\r\n",
            b"HTTP/1.1 100 \r\n\r\n",
            b"Location: \xff\r\n",
            b"\x00",
            b"HTTP/1.0 ",
            b"Content-Type: text/html; charset=\xff\r\n",
            gzip.compress(b"hello"),
            b"<title>",
        ]
    ),
)
H2_FRAMES = st.builds(
    _frame, st.integers(0, 12), st.binary(max_size=40), st.sampled_from([0, 1, 2, 3]), st.integers(0, 255)
)


@given(st.lists(PIECES, max_size=10), ENDINGS)
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_an_observation(chunks: list[bytes], ending: str) -> None:
    _fuzz(chunks, ending, "")


@given(st.lists(st.one_of(H2_FRAMES, st.binary(max_size=40)), max_size=10), ENDINGS)
@settings(max_examples=500, deadline=None)
def test_any_frames_are_an_observation(chunks: list[bytes], ending: str) -> None:
    _fuzz([_frame(4, b""), *chunks], ending, "h2")


def _fuzz(chunks: list[bytes], ending: str, alpn: str) -> None:
    network = TapeNetwork()
    trace = Trace(network, 0.0, 1)
    stream = TracedStream(Tape(network, chunks, ending), trace)
    request = Request(Where("https://good.example/", "https", "good.example", 443), "192.0.2.1", 443, alpn, True)
    response, body = asyncio.run(fetch(trace, stream, request, timeout=1))
    assert response.failure is not None or 100 <= response.status <= 999
    assert len(body) <= sum(map(len, chunks)) * 1100
    assert len(response.body_text) <= KEPT_BODY
    assert len(response.headers) <= MAX_HEADERS
    assert response.failure is None or len(response.failure.detail) <= 200


def test_an_endless_answer_ends_at_the_bound_on_bytes_whatever_the_deadline() -> None:
    network = TapeNetwork()
    chunks = [_frame(0x20, bytes(16000))] * (MAX_WIRE // 16000 + 20)  # frames of a type nobody knows
    trace = Trace(network, 0.0, 1)
    stream = TracedStream(Tape(network, chunks), trace)
    request = Request(Where("http://good.example/", "http", "good.example", 80), "192.0.2.1", 80, "h2")
    response, _ = asyncio.run(fetch(trace, stream, request, timeout=1000))
    assert kind_of(response) is K.HTTP_MALFORMED
    assert network.clock < 1


def test_a_request_given_up_leaves_nothing_open() -> None:
    async def scenario() -> int:
        with peers.peer(answering(HALF, silence)) as port:
            walking = asyncio.create_task(peers.walk(port, tls=False))
            await asyncio.sleep(0.05)
            walking.cancel()
            done, _ = await asyncio.wait({walking})
            assert done.pop().cancelled()
        return len(asyncio.all_tasks()) - 1

    assert asyncio.run(scenario()) == 0


@pytest.mark.parametrize(
    ("said", "kept"),
    [(b"caf\xc3\xa9", "caf\u00e9"), (b"caf\xe9", "caf\u00e9"), (b"plain", "plain")],
    ids=["utf-8", "latin-1", "ascii"],
)
def test_headers_are_text_in_the_first_charset_that_fits_and_repeated_ones_stay_apart(said: bytes, kept: str) -> None:
    network = TapeNetwork()
    head = b"HTTP/1.1 302 Found\r\nX-Name: " + said + b"\r\nLocation: /a\r\nLOCATION: /b\r\nContent-Length: 0\r\n\r\n"
    where = Where("http://good.example/", "http", "good.example", 80)
    seen, _ = asyncio.run(
        fetch(Trace(network, 0.0, 1), Tape(network, [head]), Request(where, "192.0.2.1", 80), timeout=1)
    )
    assert seen.headers == (("x-name", kept), ("location", "/a"), ("location", "/b"), ("content-length", "0"))
    assert seen.location == "/a, /b"
