"""What is counted one at a time is what the array form counts; what it teaches errs upwards while little is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.alert.counted import FADES, KNOWN, NEW, Counted, learnt
from probe.timeline.noise import Quiet, count


@given(st.lists(st.booleans(), max_size=200))
def test_counts_are_those_of_the_array_form(bad: list[bool]) -> None:
    counted = Counted()
    for one in [*bad, False, False]:  # a run at the end of the array is cut off, here it is still open
        counted.take(one)
    assert counted.quiet() == count(np.array([*bad, False, False], dtype=np.bool_))


def test_a_run_that_became_a_block_teaches_nothing() -> None:
    counted = Counted()
    for bad in (False, False, True, True):
        counted.take(bad)
    counted.break_off()
    for bad in (True, False, False):
        counted.take(bad)
    assert counted.quiet() == Quiet(2.0, 0.0, 0.0)  # one chance before the block, one after


def test_the_long_past_fades() -> None:
    counted = Counted(chances=FADES, ones=100.0, twos=10.0, run=0)
    counted.take(False)
    assert counted.quiet() == Quiet((FADES + 1) / 2, 50.0, 5.0)


def test_nothing_known_means_bursts_may_come() -> None:
    assert learnt([]).follow == NEW.follow
    assert learnt([Quiet(KNOWN - 1, 0.0, 0.0)]).follow == NEW.follow
    assert learnt([Quiet(KNOWN, 0.0, 0.0)]).follow < NEW.follow


def test_rare_bursts_are_seen_though_most_series_had_none() -> None:
    """Three of twenty series had bursts; the others none. The median series knows nothing of them."""
    counted = [Quiet(1000.0, 0.0, 0.0)] * 17 + [Quiet(1000.0, 14.0, 6.0)] * 3
    noise = learnt(counted)
    assert noise.follow >= 18 / 42
    assert noise.start == pytest.approx(0.003)
