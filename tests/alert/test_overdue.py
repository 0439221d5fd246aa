"""Who has not measured when they should have."""

from probe.alert.overdue import LastRun, overdue

TEN = 600.0


def test_late_after_three_intervals_and_not_before() -> None:
    assert overdue([LastRun("a", 0.0, TEN)], 1800.0) == ()
    [late] = overdue([LastRun("a", 0.0, TEN)], 1801.0)
    assert (late.vantage, late.last, late.due, late.late) == ("a", 0.0, 600.0, 1201.0)


def test_each_by_its_own_schedule_the_latest_first() -> None:
    runs = [
        LastRun("hourly", 0.0, 3600.0),
        LastRun("fine", 9500.0, TEN),
        LastRun("b", 7000.0, TEN),
        LastRun("a", 0.0, TEN),
    ]
    assert [one.vantage for one in overdue(runs, 10_000.0)] == ["a", "b"]
    assert [one.vantage for one in overdue(runs, 10_801.0)] == ["a", "hourly", "b"]


def test_a_last_run_in_the_future_is_not_late() -> None:
    assert overdue([LastRun("a", 1e9, TEN)], 0.0) == ()
