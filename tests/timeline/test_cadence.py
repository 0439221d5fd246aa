"""The usual gap, and the stretches nobody can speak for."""

import numpy as np

from probe.model.episode import Interval
from probe.timeline.cadence import schedule_of, unknown


def test_schedule_is_the_usual_gap_whatever_was_lost() -> None:
    assert schedule_of(np.array([0.0, 600.0, 1200.0, 9000.0, 9600.0])) == 600.0


def test_schedule_of_too_few_measurements_is_an_hour() -> None:
    assert schedule_of(np.array([])) == schedule_of(np.array([5.0])) == 3600.0


def test_a_day_offline_is_unknown() -> None:
    times = [0.0, 3600.0, 90000.0, 93600.0]
    assert unknown(times, 3600.0) == (Interval(3600.0, 90000.0),)


def test_two_lost_runs_are_not_worth_telling() -> None:
    assert unknown([0.0, 3 * 3600.0], 3600.0) == ()


def test_silence_until_now_counts() -> None:
    assert unknown([0.0, 3600.0], 3600.0, until=90000.0) == (Interval(3600.0, 90000.0),)
    assert unknown([], 3600.0) == ()
