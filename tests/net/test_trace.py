"""Reads and writes in the trace, bounded; a write that fails waits for what the peer said before it."""

import asyncio

import pytest

from probe.net.trace import MAX_EVENTS, Trace, TracedStream
from tests.net.tape import Tape, TapeNetwork


class Unwritable(Tape):
    """A stream whose peer spoke and hung up before we wrote."""

    def __init__(self, network: TapeNetwork, chunks: list[bytes], error: OSError) -> None:
        super().__init__(network, chunks)
        self.error = error

    async def send(self, data: bytes, deadline: float) -> None:  # noqa: ARG002 - the protocol's signature
        raise self.error


def _traced(stream: Tape, network: TapeNetwork) -> tuple[TracedStream, Trace]:
    trace = Trace(network, 0.0, 1)
    return TracedStream(stream, trace), trace


def test_events_count_bytes_and_end_with_the_fin() -> None:
    network = TapeNetwork()
    traced, trace = _traced(Tape(network, [b"abc"]), network)

    async def scenario() -> None:
        await traced.send(b"hello", 1)
        assert await traced.recv(2, 1) == b"ab"
        assert await traced.recv(2, 1) == b"c"
        assert await traced.recv(2, 1) == b""

    asyncio.run(scenario())
    events = trace.take_events()
    assert [(event.operation, event.bytes) for event in events] == [("write", 5), ("read", 2), ("read", 1), ("read", 0)]
    assert [event.t for event in events] == [0.0, 0.001, 0.002, 0.003]
    assert trace.take_events() == ()


def test_many_events_keep_the_first_and_the_last() -> None:
    trace = Trace(TapeNetwork(), 0.0, 1)
    for count in range(1000):
        trace.record("read", count)
    kept = [event.bytes for event in trace.take_events()]
    assert len(kept) == MAX_EVENTS
    assert kept[: MAX_EVENTS // 2] == list(range(MAX_EVENTS // 2))
    assert kept[MAX_EVENTS // 2 :] == list(range(1000 - MAX_EVENTS // 2, 1000))


def test_an_early_answer_is_read_before_the_reset_is_raised() -> None:
    network = TapeNetwork()
    traced, trace = _traced(Unwritable(network, [b"early"], ConnectionResetError(104, "reset")), network)

    async def scenario() -> None:
        await traced.send(b"late", 1)
        assert await traced.recv(9, 1) == b"early"
        with pytest.raises(ConnectionResetError):
            await traced.recv(9, 1)

    asyncio.run(scenario())
    assert [event.operation for event in trace.take_events()] == ["read"]


def test_a_broken_pipe_means_that_a_fin_came_first() -> None:
    network = TapeNetwork()
    traced, _ = _traced(Unwritable(network, [], BrokenPipeError(32, "pipe")), network)

    async def scenario() -> bytes:
        await traced.send(b"late", 1)
        return await traced.recv(9, 1)

    assert asyncio.run(scenario()) == b""


def test_another_write_error_is_raised_at_once() -> None:
    network = TapeNetwork()
    traced, _ = _traced(Unwritable(network, [], TimeoutError()), network)
    with pytest.raises(TimeoutError):
        asyncio.run(traced.send(b"late", 1))


def test_a_peer_that_never_pauses_meets_the_deadline() -> None:
    network = TapeNetwork()
    traced, _ = _traced(Tape(network, [b"x"] * 5000), network)

    async def scenario() -> None:
        while await traced.recv(1, 1.0):
            pass

    with pytest.raises(TimeoutError):
        asyncio.run(scenario())
    assert network.clock == pytest.approx(1.0, abs=0.01)
