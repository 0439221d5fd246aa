"""What is counted one at a time is what the array form counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from probe.alert.counted import FADES, Counted
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
