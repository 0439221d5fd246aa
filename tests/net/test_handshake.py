"""The TLS stage against peers that end it in every way there is: each end keeps its own name, alerts their number."""

import asyncio
import contextlib
import socket
import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.model.failure import FailureKind, Operation
from probe.model.observation import TLSHandshake
from probe.net.connect import connect
from probe.net.handshake import KEPT_SERVER_BYTES, Hello, handshake
from probe.net.real import RealNetwork
from probe.net.trace import Trace, TracedStream
from tests.net import peers
from tests.net.peers import Case, Seen, after, answering, fin, kind_of, names, read_some, reset, say, silence
from tests.net.tape import Tape, TapeNetwork

ALERTS = [10, 40, 70, 80, 112, 116, 120, 200]
FATAL = b"\x15\x03\x03\x00\x02\x02"
PAGE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


def _server_flight(conn: socket.socket) -> None:
    """ServerHello to ServerHelloDone of TLS 1.2, which is all clear text, and not a byte more."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = peers.context_of(peers.good())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(read_some(conn))
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    conn.sendall(outgoing.read())


def _two_flights(conn: socket.socket) -> None:
    _server_flight(conn)
    read_some(conn)


def _wants_a_client_certificate(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = peers.context_of(peers.good())
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = peers.context_of(peers.good())
    context.minimum_version = context.maximum_version = version
    return context


def _broken_certificate(conn: socket.socket) -> None:
    """A flight whose certificate is all zeros, lengths intact."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = _only(ssl.TLSVersion.TLSv1_2)
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(read_some(conn))
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    der = peers.good().der[0]
    conn.sendall(outgoing.read().replace(der, bytes(len(der))))
    fin(conn)


K = FailureKind
CASES = [
    Case("reset after the ClientHello", after(read_some, reset), K.RESET),
    Case("reset before the ClientHello is read", after(lambda conn: conn.recv(1), reset), K.RESET),
    Case("reset after the server's flight", after(_server_flight, peers.settle, reset), K.RESET),
    Case("FIN after the ClientHello", after(read_some, fin), K.EOF),
    Case("FIN at once", fin, K.EOF),
    Case("FIN after the server's flight", after(_two_flights, fin), K.EOF),
    Case("FIN after half a record", answering(b"\x16\x03\x03"), K.EOF),
    Case("close_notify for an answer", answering(b"\x15\x03\x03\x00\x02\x01\x00"), K.EOF),
    Case("silence after the ClientHello", silence, K.TIMEOUT, peers.SILENCE),
    Case("silence after the server's flight", after(_server_flight, silence), K.TIMEOUT, peers.SILENCE),
    Case("silence after half a record", answering(b"\x16\x03\x03\x00\x10abc", silence), K.TIMEOUT, peers.SILENCE),
    Case("plain HTTP on 443", answering(PAGE), K.TLS_NOT_TLS),
    Case("garbage", answering(bytes(range(200, 256)) * 9), K.TLS_NOT_TLS),
    Case("three bytes and a FIN", answering(b"abc"), K.TLS_NOT_TLS),
    Case("a banner before the ClientHello", after(say(b"SSH-2.0-OpenSSH_9.7\r\n"), fin), K.TLS_NOT_TLS),
    Case(
        "garbage inside a handshake record",
        answering(b"\x16\x03\x03\x00\x08\x02\x00\x00\x04junk"),
        K.SSL_FAILED_HANDSHAKE,
    ),
    Case("a record that is too long", answering(b"\x16\x03\x03\xff\xff" + bytes(600)), K.SSL_FAILED_HANDSHAKE),
    Case("application data for an answer", answering(b"\x17\x03\x03\x00\x04abcd"), K.SSL_FAILED_HANDSHAKE),
    Case("an unreadable certificate", _broken_certificate, K.SSL_FAILED_HANDSHAKE),
    Case(
        "a flood of handshake messages",
        peers.flooding(b"\x16\x03\x03\x40\x00" + bytes(4) * 4096),
        K.SSL_FAILED_HANDSHAKE,
    ),
    Case(
        "a client certificate is wanted, TLS 1.2",
        peers.inside_tls(silence, lambda: _wants_a_client_certificate(ssl.TLSVersion.TLSv1_2)),
        K.TLS_ALERT,
    ),
    *(Case(f"alert {number}", answering(FATAL + bytes([number])), K.TLS_ALERT) for number in ALERTS),
    Case("a good server", peers.inside_tls(silence), None),
]


def _shaken(case: Case) -> TLSHandshake:
    seen = peers.seen_by(case.script, until="tls", timeout=case.timeout)
    assert seen.tls is not None
    return seen.tls


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_the_peer_ends_the_handshake(case: Case) -> None:
    shaken = _shaken(case)
    assert kind_of(shaken) is case.kind
    if shaken.failure is not None:
        assert shaken.failure.operation is Operation.TLS_HANDSHAKE
    assert shaken.client_hello_bytes > 100
    assert (shaken.alert is None) == (case.kind is not K.TLS_ALERT)
    assert sum(event.bytes for event in shaken.events if event.operation == "read") == shaken.server_bytes
    if case.kind is K.EOF and case.name != "close_notify for an answer":
        assert (shaken.events[-1].operation, shaken.events[-1].bytes) == ("read", 0)
    if case.kind is K.TIMEOUT:
        assert shaken.t - shaken.t0 >= case.timeout


@pytest.mark.parametrize("number", ALERTS)
@pytest.mark.parametrize("before", [read_some, _two_flights], ids=["at once", "after the server's flight"])
def test_an_alert_in_clear_text_keeps_its_number(number: int, before: peers.Script) -> None:
    shaken = _shaken(Case("", after(before, say(FATAL + bytes([number])), fin), None))
    assert shaken.alert == number
    assert shaken.failure is not None
    assert shaken.failure.detail.startswith(f"alert {number} ")


def test_an_alert_and_then_a_reset_is_the_alert() -> None:
    shaken = _shaken(Case("", answering(FATAL + b"\x28", after(peers.settle, reset)), None))
    assert (kind_of(shaken), shaken.alert) == (K.TLS_ALERT, 40)


def test_a_warning_is_no_fatal_alert() -> None:
    shaken = _shaken(Case("", answering(b"\x15\x03\x03\x00\x02\x01\x70"), None))
    assert (kind_of(shaken), shaken.alert) == (K.EOF, None)


def test_a_server_that_only_speaks_another_version_says_protocol_version() -> None:
    script = peers.inside_tls(silence, lambda: _only(ssl.TLSVersion.TLSv1_3))
    seen = peers.seen_by(script, until="tls", hello=Hello(peers.NAME, maximum=ssl.TLSVersion.TLSv1_2))
    assert seen.tls is not None
    assert (kind_of(seen.tls), seen.tls.alert) == (K.TLS_ALERT, 70)
    assert seen.tls.maximum_version == "TLSv1_2"


def test_a_client_certificate_wanted_in_tls_13_shows_at_the_fetch() -> None:
    script = peers.inside_tls(silence, lambda: _wants_a_client_certificate(ssl.TLSVersion.TLSv1_3))
    seen = peers.seen_by(script)
    assert kind_of(seen.tls) is None
    assert kind_of(seen.http) is K.TLS_ALERT
    assert seen.http is not None
    assert seen.http.failure is not None
    assert seen.http.failure.detail == "alert 116 certificate_required"
    assert seen.http.failure.operation is Operation.HTTP_ROUND_TRIP


def test_bytes_that_are_no_tls_are_kept_and_bounded() -> None:
    assert bytes.fromhex(_shaken(Case("", answering(PAGE), None)).server_hex) == PAGE
    long = _shaken(Case("", answering(b"x" * 5000), None))
    assert bytes.fromhex(long.server_hex) == b"x" * KEPT_SERVER_BYTES


def test_a_good_handshake_has_its_facts() -> None:
    shaken = _shaken(Case("", peers.inside_tls(silence), None))
    assert shaken.failure is None
    assert shaken.problems == ()
    assert (shaken.version, shaken.alpn, shaken.sni) == ("TLSv1.3", "http/1.1", peers.NAME)
    assert shaken.cipher.startswith("TLS_")
    assert shaken.server_hex == ""
    assert [peers.NAME in one.names for one in shaken.certificates] == [True]
    assert shaken.certificates[0].der_base64 == ""
    assert shaken.first_byte is not None
    assert shaken.t0 <= shaken.first_byte <= shaken.t
    assert (shaken.events[0].operation, shaken.events[0].bytes) == ("write", shaken.client_hello_bytes)


def test_a_split_client_hello_goes_in_two_writes() -> None:
    seen = peers.seen_by(peers.inside_tls(silence), until="tls", hello=Hello(peers.NAME, split=True))
    assert seen.tls is not None
    assert seen.tls.failure is None
    first, second = seen.tls.events[:2]
    assert (first.operation, second.operation) == ("write", "write")
    assert first.bytes + second.bytes == seen.tls.client_hello_bytes


def test_a_clean_close_between_the_halves_of_a_split_hello_is_eof() -> None:
    for _ in range(5):  # the second write may or may not meet the RST that our own late bytes provoke
        seen = peers.seen_by(after(lambda conn: conn.recv(1), fin), until="tls", hello=Hello(peers.NAME, split=True))
        assert kind_of(seen.tls) is K.EOF


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_is_not_recorded_as_sni(address: str) -> None:
    seen = peers.seen_by(peers.inside_tls(silence), until="tls", hello=Hello(address), name=address)
    assert seen.tls is not None
    assert (seen.tls.failure, seen.tls.sni) == (None, None)


@pytest.mark.parametrize(
    "sni", ["", ".x.example", "x" * 64 + ".example", "a\0b.example", "x." * 200 + "example", "\ud800"]
)
def test_an_sni_that_no_hello_can_hold_is_a_failure_value(sni: str) -> None:
    seen = peers.seen_by(silence, until="tls", hello=Hello(sni))
    assert kind_of(seen.tls) is K.UNKNOWN


def test_regardless_of_a_wrong_certificate_the_stream_comes() -> None:
    async def scenario() -> tuple[bool, bool]:
        found = []
        for regardless in (False, True):
            with peers.peer(peers.inside_tls(silence)) as port:
                network = RealNetwork()
                trace = Trace(network, network.monotonic(), 1)
                _, stream = await connect(trace, "127.0.0.1", port, timeout=peers.PATIENCE)
                assert stream is not None
                shaken, inside = await handshake(
                    trace, stream, "127.0.0.1", port, Hello("x.example"), verify_name="x.example",
                    trust=peers.trust(), timeout=peers.PATIENCE, regardless=regardless,
                )  # fmt: skip
                assert kind_of(shaken) is K.SSL_INVALID_HOSTNAME
                found.append(inside is not None)
                stream.close()
        return found[0], found[1]

    assert asyncio.run(scenario()) == (False, True)


# Certificates over the wire: one test shows that what `certificate` judges arrives here; its own tests have the table.


def test_everything_wrong_is_named_and_the_chain_kept() -> None:
    papers = peers.issue("bad", peers.rogue(), hosts=("other.example",), dates=peers.EXPIRED)
    seen = peers.seen_by(peers.inside_tls(silence, lambda: peers.context_of(papers)), until="tls")
    assert seen.tls is not None
    assert seen.tls.problems == (K.SSL_INVALID_HOSTNAME, K.SSL_UNKNOWN_AUTHORITY, K.SSL_EXPIRED)
    assert kind_of(seen.tls) is K.SSL_INVALID_HOSTNAME
    assert seen.tls.version == "TLSv1.3"
    assert all(one.der_base64 for one in seen.tls.certificates)


# Any bytes at all, without sockets


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6), st.sampled_from(["eof", "reset", "timeout"]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_observation(chunks: list[bytes], ending: str) -> None:
    _fuzz(chunks, ending)


@given(
    st.lists(st.tuples(st.integers(20, 24), st.binary(max_size=200)), max_size=6),
    st.sampled_from(["eof", "reset", "timeout"]),
)
@settings(max_examples=300, deadline=None)
def test_any_records_are_an_observation(records: list[tuple[int, bytes]], ending: str) -> None:
    _fuzz([bytes([kind, 3, 3]) + len(data).to_bytes(2, "big") + data for kind, data in records], ending)


def _fuzz(chunks: list[bytes], ending: str) -> None:
    network = TapeNetwork()
    trace = Trace(network, 0.0, 1)
    tape = TracedStream(Tape(network, chunks, ending), trace)
    shaken, inside = asyncio.run(
        handshake(
            trace, tape, "192.0.2.1", 443, Hello(peers.NAME), verify_name=peers.NAME, trust=peers.trust(), timeout=1
        )
    )
    assert inside is None
    assert shaken.failure is not None
    assert len(shaken.server_hex) <= 2 * KEPT_SERVER_BYTES
    assert shaken.server_bytes <= sum(map(len, chunks))


def test_seen_is_none_where_a_stage_was_not_reached() -> None:
    with peers.nobody() as port:
        seen: Seen = asyncio.run(peers.walk(port))
    assert seen.tls is None
    assert seen.http is None
