"""The observations of one measurement: numbered flows on one clock, and a redirect that gets the blame it is due."""

import asyncio

import pytest

from probe.measure.log import Log
from probe.model.failure import FailureKind, Operation
from probe.model.observation import HTTPRoundTrip, Purpose, TCPConnect
from probe.net.scripted import START, ScriptedNetwork


def page(location: str) -> HTTPRoundTrip:
    return HTTPRoundTrip(
        transaction_id=1, address="104.16.1.1", port=80, method="GET", url="", status=302, location=location
    )


def test_flows_are_numbered_from_one_and_share_the_clock_of_the_measurement() -> None:
    network = ScriptedNetwork()
    asyncio.run(network.advance(5.0))
    log = Log.begin(network)
    assert log.started == START + 5.0
    first = log.trace(0, Purpose.MAIN, 0)
    asyncio.run(network.advance(1.5))
    second = log.trace(2, Purpose.CONTROL, 1, "proxy-1")
    assert [first.transaction_id, second.transaction_id] == [1, 2]
    assert (second.hop, second.attempt, second.via, second.elapsed(), log.elapsed()) == (2, 1, "proxy-1", 1.5, 1.5)


def test_the_blame_falls_on_the_very_response_and_not_on_one_like_it() -> None:
    log = Log.begin(ScriptedNetwork())
    twins = [page("/x" * 200), page("/x" * 200)]
    log.observations += [twins[0], TCPConnect(transaction_id=2, address="104.16.1.1", port=80), twins[1]]
    log.blame(twins[1], FailureKind.HTTP_REDIRECT_LOOP)
    assert [one.failure is None for one in log.observations] == [True, True, False]
    failure = log.observations[2].failure
    assert failure is not None
    assert (failure.kind, failure.operation) == (FailureKind.HTTP_REDIRECT_LOOP, Operation.HTTP_ROUND_TRIP)
    assert len(failure.detail) == 200


def test_blaming_what_is_not_in_the_log_is_a_bug() -> None:
    with pytest.raises(StopIteration):
        Log.begin(ScriptedNetwork()).blame(page("/"), FailureKind.HTTP_REDIRECT_LOOP)
