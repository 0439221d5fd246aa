"""The TCP stage: refused, silent and unreachable addresses, and how far a reset at connect can be caused on loopback.

A RST that answers the SYN is ECONNREFUSED by definition. A RST after the SYN-ACK can only reach connect() if it
overtakes our own reading of the result: on loopback the socket API completes the handshake before anybody accepts, so a
real peer's reset shows at the next stage (or, rarely, at connect); a Network that raises the errno causes the rest.
"""

import asyncio
import errno

import pytest

from probe.model.failure import FailureKind, Operation
from probe.net.connect import connect
from probe.net.network import Stream
from probe.net.trace import Trace
from tests.net import peers
from tests.net.peers import kind_of, silence
from tests.net.tape import TapeNetwork

K = FailureKind


class Raising(TapeNetwork):
    """A network where every connect fails alike."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    async def connect(self, address: str, port: int, deadline: float) -> Stream:  # noqa: ARG002 - the protocol's
        raise self.error


ERRNOS = [
    (errno.ECONNRESET, K.RESET),
    (errno.ECONNABORTED, K.ABORTED),
    (errno.ETIMEDOUT, K.TIMEOUT),
    (errno.EHOSTUNREACH, K.HOST_UNREACHABLE),
    (errno.EACCES, K.HOST_UNREACHABLE),
    (errno.ENETUNREACH, K.NETWORK_UNREACHABLE),
    (errno.EADDRNOTAVAIL, K.NETWORK_UNREACHABLE),
    (errno.EMFILE, K.INTERRUPTED),
    (errno.EUCLEAN, K.UNKNOWN),
]
"""What no peer on loopback can cause: an errno as the kernel would give it, and its failure."""


def test_refused() -> None:
    with peers.nobody() as port:
        seen = asyncio.run(peers.walk(port)).tcp
    assert seen.failure is not None
    assert (seen.failure.kind, seen.failure.operation) == (K.REFUSED, Operation.CONNECT)
    assert seen.failure.detail == "ECONNREFUSED"
    assert (seen.address, seen.port, seen.source_port) == ("127.0.0.1", port, None)


def test_syn_into_silence() -> None:
    with peers.full_backlog() as port:
        seen = asyncio.run(peers.walk(port, timeout=peers.SILENCE)).tcp
    assert kind_of(seen) is K.TIMEOUT
    assert seen.t - seen.t0 >= peers.SILENCE


def test_reset_on_accept_is_a_reset_at_connect_or_at_the_next_stage() -> None:
    seen = peers.seen_by(peers.reset)
    assert (kind_of(seen.tls) if seen.tcp.failure is None else kind_of(seen.tcp)) is K.RESET


@pytest.mark.parametrize(("number", "kind"), ERRNOS, ids=[errno.errorcode[number] for number, _ in ERRNOS])
def test_an_errno_at_connect(number: int, kind: FailureKind) -> None:
    network = Raising(OSError(number, "as the kernel says"))
    trace = Trace(network, 0.0, 7)
    seen, stream = asyncio.run(connect(trace, "192.0.2.1", 443, timeout=1))
    assert stream is None
    assert kind_of(seen) is kind
    assert seen.failure is not None
    assert seen.failure.detail == errno.errorcode[number]
    assert seen.transaction_id == 7


def test_connected() -> None:
    seen = peers.seen_by(silence, until="tcp").tcp
    assert seen.failure is None
    assert seen.source_port is not None
    assert 0 <= seen.t0 <= seen.t


def name_of(number: int) -> str:
    """The errno's name, for the page of failures."""
    return errno.errorcode[number]
