"""How sure failures are together: by enough of them, from then on, in arrays and one at a time alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.diagnosis import Certainty
from probe.timeline.certainty import CERTAINTIES, Sure, Tally, rank, together

WORDS = {"a": "", "p": Certainty.POSSIBLE, "l": Certainty.LIKELY, "c": Certainty.CONFIRMED}


def told(signs: str) -> Sure:
    return together(np.array([rank(WORDS[sign]) for sign in signs], dtype=np.int8))


@pytest.mark.parametrize(
    ("signs", "certainty", "count"),
    [
        ("c" * 12, "confirmed", 12),
        ("a" * 12, "", 12),
        ("l" * 12, "likely", 12),
        ("c" + "a" * 499, "", 500),  # one artefact proves that it happened once
        ("a" * 499 + "c", "", 500),
        ("ccc" + "a" * 497, "confirmed", 3),  # proven at the onset, and never open since
        ("a" * 400 + "ccc", "", 403),  # three in four hundred that nothing explains
        ("a" * 27 + "ccc", "confirmed", 3),
        ("a" * 28 + "ccc", "", 31),
        ("l" * 20 + "c", "likely", 21),  # a surer one counts for the less sure as well
        ("c", "confirmed", 1),
        ("ca", "", 2),
        ("cc", "confirmed", 2),
        ("cca", "", 3),
    ],
)
def test_what_failures_are_worth_together(signs: str, certainty: str, count: int) -> None:
    assert told(signs) == Sure(certainty, count)


def test_no_failures_are_worth_nothing() -> None:
    assert together(np.zeros(0, dtype=np.int8)) == Sure("", 0)


def test_a_word_of_a_newer_record_counts_as_the_lowest() -> None:
    assert rank("beyond doubt") == rank("") == 0
    assert [rank(one) for one in CERTAINTIES] == [0, 1, 2, 3]


@given(st.text("aplc", max_size=80))
def test_one_at_a_time_says_what_arrays_say(signs: str) -> None:
    tally = Tally()
    for number, sign in enumerate(signs, 1):
        tally.take(WORDS[sign])
        assert tally.certainty() == told(signs[:number]).certainty


@given(st.text("aplc", min_size=3, max_size=60), st.text("aplc", max_size=60))
def test_from_the_third_failure_on_it_is_never_taken_back(before: str, after: str) -> None:
    assert rank(told(before + after).certainty) >= rank(told(before).certainty)
