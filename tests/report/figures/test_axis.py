from datetime import UTC
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from probe.model.clock import parse_rfc3339
from probe.report.figures.axis import APART, DAY, HOUR, MINUTE, Scale, axis, offset
from probe.report.figures.words import Calendar
from probe.report.language.catalogue import catalogue

ENGLISH = Calendar(catalogue("en"))
BEIJING, BERLIN, KOLKATA = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
T0 = parse_rfc3339("2021-02-08T09:00:00Z")


def scale(length: float, start: float = T0, px: float = 700.0) -> Scale:
    return Scale(start, start + length, 0.0, px)


def test_a_moment_lies_in_proportion_and_never_outside() -> None:
    on = Scale(100.0, 200.0, 10.0, 110.0)
    assert [on.x(at) for at in (50.0, 100.0, 150.0, 200.0, 999.0)] == [10.0, 10.0, 60.0, 110.0, 110.0]


def test_a_scale_without_length_is_no_error() -> None:
    assert Scale(5.0, 5.0, 0.0, 10.0).x(5.0) == 0.0


def test_twelve_hours_are_ticked_at_round_hours_of_the_zone() -> None:
    told = axis(scale(12 * HOUR), BEIJING, ENGLISH)
    assert [one.text for one in told.ticks][:3] == ["18:00", "20:00", "22:00"]
    assert "00:00" in [one.text for one in told.ticks]
    assert [one.text for one in told.groups] == ["8 February 2021", "9 February 2021"]


def test_a_zone_of_half_hours_has_round_times_of_its_own() -> None:
    told = axis(scale(12 * HOUR), KOLKATA, ENGLISH)
    assert {one.text[-2:] for one in told.ticks} == {"00"}
    assert {int(one.at) % 3600 for one in told.ticks} == {1800}


def test_seconds_are_named_where_the_figure_is_that_short() -> None:
    assert axis(scale(12), UTC, ENGLISH).ticks[0].text.count(":") == 2


@pytest.mark.parametrize("length", [1, 10, MINUTE, HOUR, 12 * HOUR, 3 * DAY, 30 * DAY, 400 * DAY, 12_000 * DAY])
@pytest.mark.parametrize("zone", [UTC, BEIJING, BERLIN, KOLKATA], ids=str)
def test_ticks_ascend_lie_inside_and_have_room(length: float, zone: ZoneInfo) -> None:
    on = scale(length)
    ticks = axis(on, zone, ENGLISH).ticks
    assert all(on.start <= one.at <= on.end for one in ticks)
    assert all(on.x(b.at) - on.x(a.at) >= APART * 0.85 for a, b in pairwise(ticks))
    assert ticks or length < 2
    assert len(ticks) <= 60


@pytest.mark.parametrize("day", ["2021-03-28", "2021-10-31"])
def test_a_clock_change_neither_doubles_nor_invents_a_tick(day: str) -> None:
    told = axis(Scale(parse_rfc3339(f"{day}T00:00:00+00:00") - HOUR, parse_rfc3339(f"{day}T06:00:00+00:00"), 0, 900),
                BERLIN, ENGLISH)  # fmt: skip
    labels = [one.text for one in told.ticks]
    assert len(labels) == len(set(labels))
    assert len({one.at for one in told.ticks}) == len(labels)
    if day == "2021-03-28":
        assert "02:00" not in labels
        assert "02:30" not in labels


def test_months_are_named_where_days_have_no_room() -> None:
    told = axis(scale(400 * DAY), UTC, ENGLISH)
    assert told.ticks[0].text in ("March", "April")
    assert [one.text for one in told.groups] == ["2021", "2022"]


def test_a_group_with_no_room_for_its_name_is_left_out() -> None:
    told = axis(scale(12 * HOUR, px=120.0), BEIJING, ENGLISH)
    assert len(told.groups) == 1


def test_chinese_dates() -> None:
    told = axis(scale(12 * HOUR), BEIJING, Calendar(catalogue("zh")))
    assert told.groups[0].text == "2021年2月8日"


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Asia/Shanghai", "UTC+08:00"), ("America/New_York", "UTC-05:00"), ("Asia/Kolkata", "UTC+05:30"),
     ("America/St_Johns", "UTC-03:30")],
)  # fmt: skip
def test_the_distance_from_utc(zone: str, said: str) -> None:
    assert offset(T0, ZoneInfo(zone)) == said
