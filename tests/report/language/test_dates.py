"""Dates in each language and zone: right at midnight, at the change of clocks and year, and rounded outwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.clock import parse_rfc3339
from probe.report.language.catalogue import catalogue
from probe.report.language.dates import MINUTE, Dates, Told


def _dates(zone: str = "Asia/Shanghai", lang: str = "en") -> Dates:
    return Dates(catalogue(lang), zone)


def _at(text: str) -> float:
    return parse_rfc3339(text)


CLUBHOUSE = (_at("2021-02-08T10:50:00Z"), _at("2021-02-08T11:00:00Z"))


def test_the_sentence_of_the_issue() -> None:
    assert _dates().between(*CLUBHOUSE) == (
        "between 10:50 and 11:00 UTC (18:50–19:00 Beijing) on 8 February 2021"
    )  # fmt: skip


def test_chinese_has_local_time_first() -> None:
    dates = _dates(lang="zh")
    assert dates.stretch(*CLUBHOUSE).local == "2021年2月8日 18:50–19:00 北京时间"
    assert dates.stretch(*CLUBHOUSE).text == "2021年2月8日 18:50–19:00 北京时间（10:50–11:00 UTC）"
    assert dates.between(*CLUBHOUSE) == "在2021年2月8日 18:50–19:00 北京时间（10:50–11:00 UTC）之间"


def test_utc_alone_has_one_wording() -> None:
    told = _dates("UTC").stretch(*CLUBHOUSE)
    assert told == Told(*["8 February 2021 10:50–11:00 UTC"] * 3)
    assert _dates("UTC").zone_name == "UTC"


def test_where_the_dates_differ_both_are_said() -> None:
    evening = (_at("2021-02-08T16:30:00Z"), _at("2021-02-08T16:40:00Z"))
    assert _dates().between(*evening) == (
        "between 8 February 2021 16:30–16:40 UTC (9 February 2021 00:30–00:40 Beijing)"
    )  # fmt: skip
    assert _dates(lang="zh").stretch(*evening).text == (
        "2021年2月9日 00:30–00:40 北京时间（2021年2月8日 16:30–16:40 UTC）"
    )  # fmt: skip


def test_over_midnight_and_new_year() -> None:
    told = _dates("UTC").stretch(_at("2020-12-31T23:50:00Z"), _at("2021-01-01T00:10:00Z"))
    assert told.text == "31 December 2020 23:50 – 1 January 2021 00:10 UTC"


def test_the_hour_that_comes_twice_is_told_by_utc() -> None:
    first, second = _at("2021-10-31T00:30:00Z"), _at("2021-10-31T01:30:00Z")
    dates = _dates("Europe/Berlin")
    assert dates.moment(first).local == dates.moment(second).local == "31 October 2021 02:30 Berlin"
    assert dates.moment(first).text != dates.moment(second).text


def test_zone_without_a_name_is_called_as_it_is() -> None:
    assert _dates("America/Lima").moment(CLUBHOUSE[0]).local == "8 February 2021 05:50 America/Lima"
    assert _dates("America/Lima", "zh").moment(CLUBHOUSE[0]).local == "2021年2月8日 05:50 America/Lima"


def test_half_hour_zones() -> None:
    assert _dates("Asia/Tehran").moment(CLUBHOUSE[0]).local == "8 February 2021 14:20 Tehran"


def test_before_is_rounded_up() -> None:
    assert _dates("UTC").before(CLUBHOUSE[0] + 1).text == "before 8 February 2021 10:51 UTC"


def test_shorter_than_a_minute_has_seconds() -> None:
    told = _dates("UTC").stretch(CLUBHOUSE[0] + 0.4, CLUBHOUSE[0] + 2.1)
    assert told.text == "8 February 2021 10:50:00–10:50:03 UTC"
    assert _dates("UTC").exact(CLUBHOUSE[0] + 2.9).text == "8 February 2021 10:50:02 UTC"


@given(st.floats(0, 4e9), st.floats(0, 1e6))
def test_rounding_never_makes_a_stretch_narrower(first: float, length: float) -> None:
    last = first + length
    dates = _dates("UTC")
    unit = MINUTE if last - first >= MINUTE else 1
    expected = dates.stretch(first // unit * unit, -(-last // unit) * unit) if unit == MINUTE else None
    if expected is not None:
        assert dates.stretch(first, last) == expected


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (4200, "1 hour 10 minutes"), (190000, "2 days 4 hours"),
     (86400, "1 day"), (86460, "1 day")],
)  # fmt: skip
def test_durations_are_rounded_down_to_two_units(seconds: float, said: str) -> None:
    assert _dates().duration(seconds) == said
