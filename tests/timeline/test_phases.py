"""Phases: a change of method that stays is one, an odd failure is not."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from probe.model.episode import Phase
from probe.timeline.phases import Failure, phases


def drawn(mechanisms: str) -> list[Failure]:
    return [Failure(float(i), letter) for i, letter in enumerate(mechanisms)]


def told(mechanisms: str) -> list[tuple[str, float, float, int]]:
    return [(phase.mechanism, phase.first, phase.last, phase.count) for phase in phases(drawn(mechanisms))]


def test_one_method_is_one_phase() -> None:
    assert phases(drawn("ddddd")) == (Phase(mechanism="d", first=0, last=4, count=5),)


def test_a_change_that_stays_starts_a_phase() -> None:
    assert told("dddddsss") == [("d", 0, 4, 5), ("s", 5, 7, 3)]


def test_an_odd_failure_is_no_change_of_method() -> None:
    assert told("dddtddttdd") == [("d", 0, 9, 7)]


def test_back_to_the_first_method_is_a_third_phase() -> None:
    assert [name for name, *_ in told("dddsssddd")] == ["d", "s", "d"]


def test_if_none_settles_the_commonest_names_the_only_phase() -> None:
    assert told("dsdsd") == [("d", 0, 4, 3)]


def test_nothing_failed() -> None:
    assert phases([]) == ()


@given(st.text("ds", min_size=1, max_size=40))
def test_phases_ascend_and_change_their_method(mechanisms: str) -> None:
    found = phases(drawn(mechanisms))
    assert found
    for before, after in itertools.pairwise(found):
        assert before.last < after.first
        assert before.mechanism != after.mechanism
