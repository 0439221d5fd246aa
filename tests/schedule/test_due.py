"""When runs are due: a grid without drift, jitter within bounds, missed cycles not made up for, clocks that jump."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.schedule.due import MOST_JITTER, Grid, Reading, Why, decide, grid, jumped

TEN = grid(600.0, "sha-ct")
T0 = 1612782000.0  # 2021-02-08T11:00:00Z, a slot's beginning
SLOT = TEN.slot(T0)


@given(st.floats(1, 7 * 86400), st.integers(0, 10**7), st.text(max_size=20))
def test_a_run_begins_within_its_slot_and_never_later_than_the_jitter(every: float, slot: int, key: str) -> None:
    one = grid(every, key)
    late = one.begin(slot) - slot * every
    assert -1e-3 <= late <= min(every * 0.1, MOST_JITTER) + 1e-3
    assert one.begin(slot) == one.begin(slot)


def test_vantage_points_do_not_begin_together_nor_one_always_at_the_same_second() -> None:
    names = [grid(600.0, f"vantage-{n}").begin(SLOT) - T0 for n in range(200)]
    slots = [TEN.begin(SLOT + n) - T0 - 600.0 * n for n in range(200)]
    for late in (names, slots):
        assert min(late) < 10.0
        assert max(late) > 50.0


def test_the_first_run_is_now() -> None:
    assert decide(TEN, T0 + 200.0, None) == (T0 + 200.0, SLOT, Why.DUE, 0)


def test_a_first_run_shortly_before_a_slot_counts_for_that_slot() -> None:
    now = T0 + 595.0
    due = decide(TEN, now, None)
    assert (due.at, due.slot) == (now, SLOT + 1)
    assert decide(TEN, now + 1.0, TEN.begin(due.slot)).slot == SLOT + 2


def test_after_a_run_the_next_is_on_the_grid_however_long_the_run_took() -> None:
    for took in (0.0, 1.0, 300.0, 560.0):
        due = decide(TEN, T0 + 20.0 + took, T0)
        assert due == (TEN.begin(SLOT + 1), SLOT + 1, Why.DUE, 0)


def test_a_run_that_outlasts_its_interval_is_followed_at_once_and_by_one_only() -> None:
    now = T0 + 600.0 + 120.0
    assert decide(TEN, now, T0) == (now, SLOT + 1, Why.OVERDUE, 0)
    assert decide(TEN, now + 5.0, now).slot == SLOT + 2


def test_a_night_slept_through_costs_one_run_now_and_then_the_grid_again() -> None:
    morning = T0 + 8 * 3600 + 300.0
    due = decide(TEN, morning, T0)
    assert due == (morning, TEN.slot(morning), Why.OVERDUE, 47)
    assert decide(TEN, morning + 30.0, morning).at == TEN.begin(due.slot + 1)


def test_waking_shortly_before_a_slot_waits_for_it() -> None:
    now = T0 + 3600.0 + 590.0
    due = decide(TEN, now, T0)
    assert (due.at, due.slot, due.missed) == (TEN.begin(SLOT + 7), SLOT + 7, 6)
    assert due.at > now


def test_a_clock_set_back_by_a_second_does_not_measure_a_slot_twice() -> None:
    assert decide(TEN, T0 - 1.0, T0 + 0.5).slot == SLOT + 1


@pytest.mark.parametrize("ahead", [3600.0, 50 * 365 * 86400.0])
def test_a_last_run_in_the_far_future_is_forgotten(ahead: float) -> None:
    assert decide(TEN, T0 + 5.0, T0 + ahead) == (T0 + 5.0, SLOT, Why.DUE, 0)


@given(st.floats(1, 86400), st.floats(0, 4e9), st.one_of(st.none(), st.floats(0, 4e9)))
def test_whatever_the_clocks_say_the_next_run_is_at_most_two_intervals_away(
    every: float, now: float, last: float | None
) -> None:
    one = grid(every, "v")
    due = decide(one, now, last)
    assert due.at - now <= 2 * every + one.jitter + 1e-3
    assert due.missed >= 0
    assert due.slot >= one.slot(now)


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=60), st.floats(1, 3600))
def test_runs_of_any_length_keep_to_the_grid_without_overlap_or_drift(lengths: list[float], every: float) -> None:
    one = grid(every, "v")
    now, last, slots = T0, None, []
    for length in lengths:
        due = decide(one, now, last)
        begun = max(now, due.at)
        assert begun >= now
        assert due.slot - math.floor(begun / every) in (0, 1)  # 1: the first run, near the end of a slot
        slots.append(due.slot)
        now, last = begun + length, one.begin(due.slot)
    assert slots == sorted(set(slots))


def test_a_month_of_short_runs_is_every_slot_once() -> None:
    one = Grid(600.0, 60.0, "sha-ct")
    now, last, begun = T0, T0 - 600.0, []
    while now < T0 + 30 * 86400:
        due = decide(one, now, last)
        now = max(now, due.at)
        begun.append(now)
        last, now = one.begin(due.slot), now + 23.0
    assert len(begun) in (4320, 4321)
    gaps = [b - a for a, b in itertools.pairwise(begun)]
    assert min(gaps) >= 540.0
    assert max(gaps) <= 660.0
    assert begun[-1] - begun[0] == pytest.approx((len(begun) - 1) * 600.0, abs=60.0)


@pytest.mark.parametrize(
    ("wall", "monotonic", "jump"),
    [
        (15.0, 15.0, 0.0),
        (15.4, 15.0, 0.0),  # slewed by ntpd
        (3615.0, 15.0, 3600.0),  # set ahead, or slept
        (-3585.0, 15.0, -3600.0),
        (601.0, 600.0, 0.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_a_jump_is_what_the_wall_clock_moved_beyond_the_time_that_passed(
    wall: float, monotonic: float, jump: float
) -> None:
    assert jumped(Reading(T0, 100.0), Reading(T0 + wall, 100.0 + monotonic)) == pytest.approx(jump)
