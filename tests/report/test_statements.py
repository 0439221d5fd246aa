"""What records say of a target's rule over time: only the changes are kept, and silence changes nothing."""

import numpy as np

from probe.model.episode import Interval
from probe.report.statements import MOST_CHANGES, NOTHING_SAID, Said, Statements, statements

SILENT, ALL, ANY = Said(), Said("all", True), Said("any", False)
WORDS = (SILENT, ALL, ANY)


def told(*codes: int) -> Statements:
    """Measurements a minute apart that say these words."""
    return statements(np.arange(0.0, 60.0 * len(codes), 60.0), np.array(codes, dtype=np.int32), WORDS)


def test_the_word_of_each_time() -> None:
    one = told(1, 1, 2, 2)
    assert [one.at(at) for at in (-5.0, 0.0, 119.0, 120.0, 9999.0)] == [ALL, ALL, ALL, ANY, ANY]
    assert list(one.changes()) == [Interval(60.0, 120.0)]


def test_what_does_not_change_is_kept_once() -> None:
    assert told(*[1] * 1000).times.size == 1
    assert list(told(*[1] * 1000).changes()) == []


def test_a_record_that_does_not_say_changes_nothing() -> None:
    one = told(1, 0, 0, 1, 0)
    assert list(one.changes()) == []
    assert one.at(200.0) == ALL


def test_before_the_first_that_says_nothing_is_known() -> None:
    one = told(0, 0, 1)
    assert one.at(60.0) == SILENT
    assert list(one.changes()) == [Interval(60.0, 120.0)]
    assert one


def test_nothing_said_at_all() -> None:
    assert not told(0, 0)
    assert not NOTHING_SAID
    assert NOTHING_SAID.at(0.0) == SILENT
    assert not statements(np.zeros(0), np.zeros(0, dtype=np.int32), WORDS)


def test_two_lists_in_turn_are_told_by_their_newest_changes() -> None:
    one = told(*[1, 2] * 1000)
    changes = list(one.changes())
    assert len(changes) == MOST_CHANGES
    assert changes[-1] == Interval(1998 * 60.0, 1999 * 60.0)
