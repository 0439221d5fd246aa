"""What sort of evidence a measurement is, and that a history depends on the set of measurements alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.diagnosis import Fitness
from probe.timeline.history import UNFIT, History, Said, Sort, noise_of, sort_of

OK = Said("ok", "", "", "reached", "fit")
RESET = Said("blocked", "likely", "sni_reset", "reached", "fit")
DOWN = Said("down", "", "", "failed", "fit")
NOTHING = Said("insufficient", "", "", "unusable", "offline")


def history(*told: tuple[float, Said, str]) -> History:
    made = History()
    for at, said, name in told:
        made.add(at, said, name)
    return made


@pytest.mark.parametrize(
    ("said", "sort"),
    [
        (OK, Sort.REACHED),
        (OK._replace(verdict="interfered"), Sort.REACHED),
        (OK._replace(verdict="restricted"), Sort.REACHED),
        (RESET, Sort.FAILED),
        (RESET._replace(control="none"), Sort.NOTHING),
        (RESET._replace(control="none", certainty="confirmed"), Sort.FAILED),
        (DOWN, Sort.DOWN),
        (NOTHING, Sort.NOTHING),
        (OK._replace(verdict="a word of tomorrow"), Sort.NOTHING),
    ],
)
def test_what_sort_of_evidence_a_measurement_is(said: Said, sort: Sort) -> None:
    assert sort_of(said) == sort


@pytest.mark.parametrize("fitness", sorted(UNFIT))
def test_an_unfit_vantage_tells_nothing_by_failing_but_what_it_reached_it_reached(fitness: Fitness) -> None:
    assert sort_of(RESET._replace(certainty="confirmed", fitness=fitness)) == Sort.NOTHING
    assert sort_of(DOWN._replace(fitness=fitness)) == Sort.NOTHING
    assert sort_of(OK._replace(fitness=fitness)) == Sort.REACHED


def test_the_ends_are_the_last_of_each_sort() -> None:
    made = history((3.0, OK, "c"), (1.0, RESET, "a"), (2.0, OK, "b"))
    assert made.ends == {Sort.REACHED: (3.0, "c"), Sort.FAILED: (1.0, "a")}
    assert (len(made), made.last, made.schedule) == (3, 3.0, 1.0)
    assert history((5.0, OK, "a")).schedule == 0.0


def test_only_some_sorts_in_order() -> None:
    made = history((4.0, NOTHING, "d"), (3.0, RESET, "c"), (2.0, DOWN, "b"), (1.0, OK, "a"))
    telling = made.line.of(Sort.REACHED, Sort.FAILED)
    assert telling.times.tolist() == [1.0, 3.0]
    assert telling.bad.tolist() == [False, True]
    assert [telling.said(i) for i in range(2)] == [OK, RESET]
    assert not made.line.of()


MEASURED = st.lists(
    st.tuples(st.integers(0, 9).map(float), st.sampled_from([OK, RESET, DOWN, NOTHING]), st.uuids().map(str)),
    min_size=1,
    max_size=12,
)


@given(MEASURED, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(told: list[tuple[float, Said, str]], random: "object") -> None:
    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = history(*told), history(*shuffled)
    assert one.ends == other.ends
    assert one.line.times.tolist() == other.line.times.tolist()
    assert [one.line.said(i) for i in range(len(told))] == [other.line.said(i) for i in range(len(told))]


def test_noise_is_learnt_from_what_tells_something() -> None:
    quiet = history(*((float(i), OK, str(i)) for i in range(300)))
    shaky = history(*((float(i), RESET if i % 10 == 5 else OK, str(i)) for i in range(300)))
    assert noise_of([quiet]).start < noise_of([shaky]).start
