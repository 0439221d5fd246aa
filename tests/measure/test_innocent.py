"""Harmless places for experiments: only where a reference answered, foreign ones first, none poisoned by ourselves."""

import asyncio

from probe.measure.innocent import RESIDUAL_SECONDS, Innocents
from probe.measure.plan import Task, make
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import ExpectationResult, HTTPRoundTrip, Purpose
from probe.net.scripted import ScriptedNetwork
from tests.world import DAY, listed, reference

HOME, ABROAD = "220.181.106.150", "142.250.66.67"


def task(name: str) -> Task:
    return make(listed(reference(name)), DAY).references[0]


def page(
    address: str, *, held: bool = True, location: str = "", failed: bool = False, purpose: Purpose = Purpose.MAIN
) -> HTTPRoundTrip:
    reset = Failure(kind=FailureKind.RESET, operation=Operation.HTTP_ROUND_TRIP)
    return HTTPRoundTrip(
        transaction_id=1, address=address, port=80, method="GET", url="http://r.example/", status=200, purpose=purpose,
        expectations=(ExpectationResult("body", held, ""),), location=location, failure=reset if failed else None,
    )  # fmt: skip


def known(network: ScriptedNetwork) -> Innocents:
    innocents = Innocents(network)
    innocents.learn(task("home.example"), [page(HOME)], foreign=False)
    innocents.learn(task("abroad.example"), [page(ABROAD), page("2606:4700::1")], foreign=True)
    return innocents


def test_nothing_known_is_nothing_given() -> None:
    innocents = Innocents(ScriptedNetwork())
    assert (innocents.any_name(), innocents.take(), innocents.canaries()) == (None, None, ())


def test_only_an_address_that_gave_the_exact_answer_is_an_innocent() -> None:
    innocents = Innocents(ScriptedNetwork())
    seen = [page("1.1.1.1", held=False), page("1.1.1.2", location="/portal"), page("1.1.1.3", failed=True),
            page("1.1.1.4", purpose=Purpose.CONTROL)]  # fmt: skip
    innocents.learn(task("home.example"), seen, foreign=True)
    assert innocents.any_name() is None


def test_foreign_ones_come_first_whatever_the_order_in_which_they_were_learnt() -> None:
    innocents = known(ScriptedNetwork())
    first = innocents.any_name()
    assert first is not None
    assert first.host == "abroad.example"
    taken = [one.address for one in (innocents.take("4"), innocents.take("4")) if one is not None]
    assert taken == [ABROAD, HOME]


def test_an_address_that_was_used_is_set_aside_until_no_block_can_linger() -> None:
    network = ScriptedNetwork()
    innocents = known(network)
    used = [innocents.take() for _ in range(4)]
    assert [one is None for one in used] == [False, False, False, True]

    async def wait(seconds: float) -> None:
        await network.advance(seconds)

    asyncio.run(wait(RESIDUAL_SECONDS - 1.0))
    assert innocents.take() is None
    asyncio.run(wait(1.0))
    assert innocents.take() is not None


def test_a_family_is_kept_to() -> None:
    innocents = known(ScriptedNetwork())
    six = innocents.take("6")
    assert six is not None
    assert six.address == "2606:4700::1"
    assert innocents.take("6") is None


def test_a_stranger_is_an_innocent_of_another_place_and_of_another_answer_if_there_is_one() -> None:
    innocents = known(ScriptedNetwork())
    abroad, home = innocents.any_name(), innocents.take("4")
    assert abroad is not None
    assert home is not None
    stranger = innocents.stranger(abroad)
    assert stranger is not None
    assert stranger.host == "home.example"
    other = make(listed(reference("other.example", body="something else")), DAY).references[0]
    innocents.learn(other, [page("34.107.221.82")], foreign=False)
    stranger = innocents.stranger(abroad)
    assert stranger is not None
    assert stranger.host == "other.example"


def test_a_name_that_is_at_home_at_the_same_address_is_no_stranger_there() -> None:
    innocents = Innocents(ScriptedNetwork())
    innocents.learn(task("one.example"), [page(HOME)], foreign=True)
    innocents.learn(task("two.example"), [page(HOME)], foreign=True)
    first = innocents.any_name()
    assert first is not None
    assert innocents.stranger(first) is None


def test_two_unrelated_ones_are_the_first_abroad_and_the_last_at_home() -> None:
    assert [one.host for one in known(ScriptedNetwork()).unrelated()] == ["abroad.example", "home.example"]
    alone = Innocents(ScriptedNetwork())
    assert alone.unrelated() == ()
    alone.learn(task("one.example"), [page(HOME)], foreign=True)
    assert [one.host for one in alone.unrelated()] == ["one.example"]
