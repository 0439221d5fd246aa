"""The QUIC stage against real servers on loopback, scripted ones, and bytes that no server should send."""

import asyncio
import errno
import gc
import logging
import os
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from aioquic.asyncio.server import serve
from aioquic.tls import Epoch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.model.failure import FAILURES, FailureKind, Operation
from probe.model.observation import QUICHandshake
from probe.net import quic
from probe.net.network import Network
from probe.net.quic import MAX_DATAGRAMS, quic_handshake
from probe.net.real import RealNetwork
from probe.net.scripted import After, ScriptedNetwork
from probe.net.trace import Trace
from tests.net import peers
from tests.net.peers import EXPIRED, NAME, PATIENCE, SILENCE, issue
from tests.net.quicpeers import (
    Answer,
    configured,
    first_only,
    flooding,
    framing,
    listening,
    mute,
    negotiating,
    scripted,
    served,
)

K = FailureKind
ADDRESS = "127.0.0.1"
ROOT, ROGUE = peers.root(), peers.rogue()


class Case(NamedTuple):
    """A row: a server, made anew for each test, and the failure that it causes (None: none)."""

    name: str
    server: Callable[[], Answer]
    kind: FailureKind | None
    timeout: float = PATIENCE


def certified(message: bytes) -> Callable[[], Answer]:
    """A server that says this in place of its Certificate and what follows."""

    def garble(at: Epoch, said: bytes) -> bytes:
        extensions = 4 + int.from_bytes(said[1:4])
        return said if at is not Epoch.HANDSHAKE else said[:extensions] + message

    return lambda: served(garble=garble)


def garbled(epoch: Epoch, message: bytes) -> Callable[[], Answer]:
    """A server that says this in place of its TLS messages of an epoch."""
    return lambda: served(garble=lambda at, said: message if at is epoch else said)


CASES: list[Case] = [
    Case("good", served, None),
    Case("a chain of two", lambda: served(issue("qa", issue("Q Inter", ROOT, authority=True), hosts=(NAME,))), None),
    Case("certificate for another host", lambda: served(issue("qb", ROOT, hosts=("other.example",))),
         K.SSL_INVALID_HOSTNAME),
    Case("certificate of an unknown authority", lambda: served(issue("qc", ROGUE, hosts=(NAME,))),
         K.SSL_UNKNOWN_AUTHORITY),
    Case("self-signed certificate", lambda: served(issue("qd", None, hosts=(NAME,))), K.SSL_SELF_SIGNED),
    Case("expired certificate", lambda: served(issue("qe", ROOT, hosts=(NAME,), dates=EXPIRED)), K.SSL_EXPIRED),
    Case("silence", lambda: mute, K.TIMEOUT, SILENCE),
    Case("all after the first datagram is dropped", lambda: first_only(served()), K.TIMEOUT, SILENCE),
    Case("no protocol in common", lambda: served(alpn=("hq-interop",)), K.TLS_ALERT),
    Case("CONNECTION_CLOSE", lambda: served(close=2), K.SSL_FAILED_HANDSHAKE),
    Case("no version in common", lambda: negotiating(0x1A2A3A4A, 0xFF00001D), K.QUIC_INCOMPATIBLE_VERSION),
    Case("a broken ServerHello", garbled(Epoch.INITIAL, b"\2\0\0\4abcd"), K.SSL_FAILED_HANDSHAKE),
    Case("a certificate that is none", certified(b"\x0b\0\0\x0c\0\0\0\x08\0\0\3abc\0\0"),
         K.SSL_INVALID_CERTIFICATE),
    Case("a frame that does not exist", lambda: framing(b"\x21" + bytes(40)), K.SSL_FAILED_HANDSHAKE),
]  # fmt: skip
"""Also read by the test that counts which failure kinds are caused (`causes`)."""


async def shake(network: Network, port: int, *, sni: str | None = NAME, timeout: float = PATIENCE) -> QUICHandshake:
    trace = Trace(network, network.monotonic(), 7)
    return await quic_handshake(trace, ADDRESS, port, sni=sni, trust=peers.trust(), timeout=timeout)


def seen_of(server: Answer, **how: Any) -> QUICHandshake:
    """What a client sees of a server on loopback."""

    async def scenario() -> QUICHandshake:
        async with listening(server) as port:
            seen = await shake(RealNetwork(), port, **how)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            return seen

    return asyncio.run(scenario())


def play(server: Answer, **how: Any) -> tuple[QUICHandshake, ScriptedNetwork]:
    """What a client sees of a scripted server, and the network, whose clock tells how long it took."""
    network = ScriptedNetwork(udp={(ADDRESS, 443): scripted(server)}, start=peers.NOW.timestamp())
    return asyncio.run(network.run(shake(network, 443, **how))), network


def kind_of(seen: QUICHandshake) -> FailureKind | None:
    return None if seen.failure is None else seen.failure.kind


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_server_on_loopback_has_its_failure(case: Case) -> None:
    seen = seen_of(case.server(), timeout=case.timeout)
    assert kind_of(seen) is case.kind
    if seen.failure is not None:
        assert seen.failure.operation is Operation.QUIC_HANDSHAKE
        assert Operation.QUIC_HANDSHAKE in FAILURES[seen.failure.kind].operations


def test_a_good_handshake_has_all_its_facts() -> None:
    seen = seen_of(served())
    assert (seen.failure, seen.completed, seen.alpn, seen.version, seen.sni) == (None, True, "h3", "1", NAME)
    assert (seen.problems, seen.alert, seen.close_code, seen.alpn_offered) == ((), None, None, ("h3",))
    assert seen.certificates[0].names == (NAME, "127.0.0.1", "::1")
    assert seen.certificates[0].der_base64 == ""
    assert [e.operation for e in seen.events].count("read") == seen.datagrams_received
    assert [e.operation for e in seen.events].count("write") == seen.datagrams_sent
    assert seen.events[0].bytes >= 1200  # RFC 9000 section 14.1
    assert seen.first_byte is not None
    assert seen.t0 <= seen.first_byte <= seen.t
    assert (seen.transaction_id, seen.address) == (7, ADDRESS)


@pytest.mark.parametrize("retry", [False, True], ids=["at once", "after a Retry"])
def test_the_library_s_own_server_on_loopback(retry: bool) -> None:
    async def scenario() -> QUICHandshake:
        server = await serve(ADDRESS, 0, configuration=configured(peers.good()), retry=retry)
        try:
            assert server._transport is not None
            return await shake(RealNetwork(), server._transport.get_extra_info("sockname")[1])
        finally:
            server.close()
            await asyncio.sleep(0)

    seen = asyncio.run(scenario())
    assert (seen.failure, seen.alpn) == (None, "h3")


def test_a_closed_port_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind((ADDRESS, 0))
        port = unused.getsockname()[1]
    seen = asyncio.run(shake(RealNetwork(), port))
    assert kind_of(seen) is K.REFUSED
    assert (seen.datagrams_sent, seen.datagrams_received) == (1, 0)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENETUNREACH, K.NETWORK_UNREACHABLE), (errno.EHOSTUNREACH, K.HOST_UNREACHABLE),
                         (errno.EMFILE, K.INTERRUPTED)],
)  # fmt: skip
def test_no_way_there_is_told_as_such(number: int, kind: FailureKind) -> None:
    network = ScriptedNetwork(udp={(ADDRESS, 443): OSError(number, "no")})
    seen = asyncio.run(network.run(shake(network, 443)))
    assert (kind_of(seen), seen.datagrams_sent) == (kind, 0)


def test_an_error_of_the_network_in_the_middle_keeps_what_was_seen() -> None:
    honest = scripted(served())
    said: list[bytes] = []

    def dying(data: bytes) -> list[After]:
        said.append(data)
        return list(honest(data)) if len(said) == 1 else [After(0.01, OSError(errno.ECONNREFUSED, "ICMP"))]

    network = ScriptedNetwork(udp={(ADDRESS, 443): dying}, start=peers.NOW.timestamp())
    seen = asyncio.run(network.run(shake(network, 443)))
    assert kind_of(seen) is K.REFUSED
    assert seen.datagrams_received > 0


def test_silence_lasts_until_the_deadline_and_the_initial_is_sent_again() -> None:
    """Loss is no censor: within four seconds the first packet is sent five times (RFC 9002 section 6.2)."""
    seen, network = play(mute, timeout=4.0)
    assert kind_of(seen) is K.TIMEOUT
    assert network.monotonic() == pytest.approx(4.0, abs=0.01)
    assert len({round(e.t, 1) for e in seen.events if e.operation == "write"}) == 5
    assert (seen.datagrams_received, seen.completed, seen.first_byte) == (0, False, None)


def test_a_handshake_whose_later_packets_are_dropped_is_silence_although_tls_was_done() -> None:
    """The server's flight comes whole; only what we send after the name is lost (USENIX Security 2025 on the GFW)."""
    seen, _ = play(first_only(served()), timeout=2.0)
    assert (kind_of(seen), seen.completed) == (K.TIMEOUT, True)
    assert seen.certificates


def test_a_lost_first_packet_only_costs_time() -> None:
    honest, lost = served(), []

    def lossy(data: bytes) -> list[bytes]:
        lost.append(data)
        return honest(data) if len(lost) > 2 else []

    seen, network = play(lossy)
    assert seen.failure is None
    assert network.monotonic() < 2.0


def test_the_alert_and_the_close_code_are_kept_with_their_numbers() -> None:
    refused = seen_of(served(alpn=("hq-interop",)))
    assert (refused.alert, refused.close_code) == (120, 0x178)
    assert refused.failure is not None
    assert refused.failure.detail == "alert 120 no_application_protocol"
    closed = seen_of(served(close=2))
    assert (closed.alert, closed.close_code) == (None, 2)
    assert closed.failure is not None
    assert closed.failure.detail == "CONNECTION_CLOSE 0x2 CONNECTION_REFUSED"
    assert "not for you" not in closed.failure.detail  # text of strangers may tell our address
    odd = seen_of(served(close=0x3FFF_FFFF))
    assert odd.close_code == 0x3FFF_FFFF


def test_a_server_of_version_2_alone_is_met_there() -> None:
    answers = [negotiating(0x6B3343CF), served(versions=(0x6B3343CF,))]

    def answer(data: bytes) -> list[bytes]:
        return answers[0 if data[1:5] == b"\0\0\0\1" else 1](data)

    seen = seen_of(answer)
    assert (seen.failure, seen.version) == (None, "2")


def test_without_a_name_none_is_sent_and_the_certificate_is_judged_for_the_address() -> None:
    for sni in (None, ADDRESS):
        seen = seen_of(served(), sni=sni)
        assert (seen.failure, seen.sni) == (None, None)
    wrong = seen_of(served(issue("qf", ROOT, hosts=(NAME,))), sni=None)
    assert kind_of(wrong) is K.SSL_INVALID_HOSTNAME


def test_a_wrong_certificate_keeps_its_facts_and_everything_wrong_with_it() -> None:
    seen = seen_of(served(issue("qg", ROGUE, hosts=("other.example",), dates=EXPIRED)))
    assert seen.problems == (K.SSL_INVALID_HOSTNAME, K.SSL_UNKNOWN_AUTHORITY, K.SSL_EXPIRED)
    assert (seen.completed, seen.alpn) == (True, "h3")
    assert seen.certificates[0].der_base64 != ""


@pytest.mark.parametrize("junk", [b"", b"\0", b"\xc0\0\0\0\1\x08", bytes(1200), b"\xff" * 1200])
def test_a_flood_of_junk_is_bounded(junk: bytes) -> None:
    seen, network = play(flooding(junk, 10_000))
    assert kind_of(seen) is K.SSL_FAILED_HANDSHAKE
    assert seen.datagrams_received == MAX_DATAGRAMS
    assert network.monotonic() < PATIENCE


def test_a_name_that_no_hello_can_hold_is_a_failure_and_no_exception() -> None:
    seen, _ = play(served(), sni="ü" * 300)
    assert (kind_of(seen), seen.datagrams_sent) == (K.UNKNOWN, 0)


def test_nothing_of_the_library_s_log_reaches_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    for handler in handlers:  # pytest's own would take what Python's last resort prints
        root.removeHandler(handler)
    try:
        seen_of(framing(b"\x21" + bytes(40)))
        seen_of(negotiating(0x1A2A3A4A))
    finally:
        for handler in handlers:
            root.addHandler(handler)
    assert capfd.readouterr() == ("", "")


def test_no_socket_is_left_open_however_it_ends() -> None:
    for case in CASES:
        before = len(os.listdir("/proc/self/fd"))
        seen_of(case.server(), timeout=min(case.timeout, 1.0))
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) == before, case.name


def test_a_cancelled_handshake_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        async with listening(mute) as port:
            task = asyncio.ensure_future(shake(RealNetwork(), port))
            await asyncio.sleep(0.02)
            before = len(os.listdir("/proc/self/fd"))
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
            assert len(os.listdir("/proc/self/fd")) == before - 1

    asyncio.run(scenario())


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quic, "available", lambda: False)
    seen, network = play(served())
    assert (kind_of(seen), network.calls) == (K.UNKNOWN, [])
    assert seen.failure is not None
    assert "probe[quic]" in seen.failure.detail


FUZZ = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
JUNK = st.binary(max_size=1400)


@FUZZ
@given(st.lists(JUNK, max_size=8))
def test_random_datagrams_never_raise_and_never_pass(answers: list[bytes]) -> None:
    seen, _ = play(lambda _: answers, timeout=1.0)
    assert kind_of(seen) in (K.TIMEOUT, K.SSL_FAILED_HANDSHAKE, K.UNKNOWN)
    assert not seen.completed


@FUZZ
@given(st.integers(0, 0x3F), st.binary(max_size=600))
def test_random_frames_in_a_good_packet_never_raise_and_never_pass(kind: int, rest: bytes) -> None:
    seen, _ = play(framing(bytes([kind]) + rest), timeout=1.0)
    assert kind_of(seen) is not None
    assert not seen.completed


@FUZZ
@given(
    st.sampled_from([Epoch.INITIAL, Epoch.HANDSHAKE]), st.integers(0, 2000), st.integers(0, 40),
    st.binary(min_size=1, max_size=40),
)  # fmt: skip
def test_random_tls_in_good_packets_never_raises_and_never_passes(
    epoch: Epoch, place: int, left_out: int, put_in: bytes
) -> None:
    changed: list[bool] = []

    def garble(at: Epoch, said: bytes) -> bytes:
        if at is not epoch:
            return said
        begin = place % len(said)
        altered = said[:begin] + put_in + said[begin + left_out :]
        changed.append(altered != said)
        return altered

    seen, _ = play(served(garble=garble), timeout=1.0)
    assert kind_of(seen) is not None or not any(changed)  # Finished proves every byte before it


@FUZZ
@given(st.integers(0, 5), st.integers(0, 1199), st.integers(1, 255))
def test_a_flipped_byte_on_the_wire_is_loss_or_nothing(which: int, place: int, flip: int) -> None:
    honest, count = served(), [0]

    def flipping(data: bytes) -> list[bytes]:
        answers = []
        for one in honest(data):
            if count[0] == which:
                at = place % len(one)
                one = one[:at] + bytes([one[at] ^ flip]) + one[at + 1 :]
            count[0] += 1
            answers.append(one)
        return answers

    seen, _ = play(flipping, timeout=1.0)
    assert kind_of(seen) in (None, K.TIMEOUT, K.QUIC_INCOMPATIBLE_VERSION)
