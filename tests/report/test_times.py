"""Times are in two zones, rounded outwards, and never sharper than they are."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.clock import parse_rfc3339
from probe.model.episode import Interval
from probe.report import times
from probe.report.times import Times

SHANGHAI = Times(ZoneInfo("Asia/Shanghai"))
UTC = Times(ZoneInfo("UTC"))


def _between(first: str, last: str) -> Interval:
    return Interval(parse_rfc3339(first), parse_rfc3339(last))


def test_interval_in_the_zone_and_utc() -> None:
    onset = _between("2021-02-08T10:50:00Z", "2021-02-08T11:00:00Z")
    assert times.interval(SHANGHAI, onset) == "8 Feb 18:50–19:00 (10:50–11:00 UTC)"
    assert times.interval(UTC, onset) == "8 Feb 10:50–11:00 UTC"


def test_minutes_are_rounded_outwards() -> None:
    onset = _between("2021-02-08T10:50:59.9Z", "2021-02-08T11:00:00.1Z")
    assert times.interval(UTC, onset) == "8 Feb 10:50–11:01 UTC"


def test_interval_shorter_than_a_minute_keeps_seconds_rounded_outwards() -> None:
    onset = _between("2021-02-08T10:59:59.9Z", "2021-02-08T11:00:01.1Z")
    assert times.interval(SHANGHAI, onset) == "8 Feb 18:59:59–19:00:02 (10:59:59–11:00:02 UTC)"


def test_dates_are_said_where_they_differ() -> None:
    night = _between("2021-02-08T15:50:00Z", "2021-02-08T16:10:00Z")
    assert times.interval(SHANGHAI, night) == "8 Feb 23:50 – 9 Feb 00:10 (8 Feb 15:50–16:10 UTC)"
    morning = _between("2021-02-07T23:50:00Z", "2021-02-08T00:10:00Z")
    assert times.interval(SHANGHAI, morning) == "8 Feb 07:50–08:10 (7 Feb 23:50 – 8 Feb 00:10 UTC)"


def test_unknown_onset_is_before_the_first_measurement() -> None:
    onset = Interval(None, parse_rfc3339("2021-02-08T11:00:00Z"))
    assert times.interval(SHANGHAI, onset) == "before 8 Feb 19:00 (11:00 UTC)"


def test_unknown_onset_is_never_rounded_to_before_the_measurement() -> None:
    onset = Interval(None, parse_rfc3339("2021-02-08T11:00:30Z"))
    assert times.interval(UTC, onset) == "before 8 Feb 11:01 UTC"


def test_hour_that_comes_twice_is_told_apart_by_utc() -> None:
    berlin = Times(ZoneInfo("Europe/Berlin"))
    once = times.moment(berlin, parse_rfc3339("2021-10-31T00:30:00Z"))
    again = times.moment(berlin, parse_rfc3339("2021-10-31T01:30:00Z"))
    assert (once, again) == ("31 Oct 02:30 (00:30 UTC)", "31 Oct 02:30 (01:30 UTC)")


def test_years_are_said_when_a_report_spans_more_than_one() -> None:
    first, last = parse_rfc3339("2020-12-31T15:00:00Z"), parse_rfc3339("2020-12-31T17:00:00Z")
    assert not times.times_for("UTC", first, last).years
    there = times.times_for("Asia/Shanghai", first, last)
    assert times.stretch(there, first, last) == "31 Dec 2020 23:00 – 1 Jan 2021 01:00 (31 Dec 2020 15:00–17:00 UTC)"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (86400 + 300, "1 d"),
        (187200, "2 d 4 h"),
    ],
)
def test_duration_has_two_units_and_is_rounded_down(seconds: float, said: str) -> None:
    assert times.duration(seconds) == said


MOMENTS = st.floats(0, 4e9)


@given(MOMENTS, st.floats(0, 1e7))
def test_what_is_printed_holds_the_interval(first: float, width: float) -> None:
    """Read back, the printed interval is never narrower than the one measured."""
    said = times.stretch(UTC._replace(years=True), first, first + width).removesuffix(" UTC")
    begin, end = (_read(part, said) for part in (said.split("–")[0].strip(), said.split("–")[-1].strip()))
    assert begin <= first
    assert first + width <= end


def _read(part: str, whole: str) -> float:
    words = part.split()
    if len(words) == 1:
        words = [*whole.split()[:3], part]
    day, month, year, at = words
    date = f"{year}-{times.MONTHS.index(month) + 1:02}-{int(day):02}"
    return parse_rfc3339(f"{date}T{at}Z")
