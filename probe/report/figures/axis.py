"""Time across a figure: where a moment lies, and which moments are named. Pure; knows zones and calendars, no markup.

Ticks stand at round wall-clock times of their zone, so the UTC axis and the local one have ticks of their own; a wall
time that a clock change skips has no tick.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import NamedTuple

from probe.report.figures.svg import width_of
from probe.report.figures.words import Calendar

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = (1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
         HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY)  # fmt: skip
"""Round steps in seconds; beyond them ticks stand at the beginning of months."""
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
APART = 62.0
"""Ticks stand at least so many px apart; a label of a tick is narrower."""
MOST_TICKS = 60


class Scale(NamedTuple):
    """`start` to `end` (epoch seconds) over `left` to `right` (px)."""

    start: float
    end: float
    left: float
    right: float

    def x(self, at: float) -> float:
        """The px of a moment, kept within the figure."""
        inside = (at - self.start) / ((self.end - self.start) or 1.0)
        return self.left + min(max(inside, 0.0), 1.0) * (self.right - self.left)


class Tick(NamedTuple):
    """A named moment; `text` empty where its label would touch another."""

    at: float
    text: str


class Axis(NamedTuple):
    """Ticks, and the longer stretch each belongs to: the date above hours, the month above days."""

    ticks: tuple[Tick, ...]
    groups: tuple[Tick, ...]


class Unit(Enum):
    """What the ticks of an axis count."""

    CLOCK = 1
    DAYS = 2
    MONTHS = 3


def axis(scale: Scale, zone: tzinfo, calendar: Calendar) -> Axis:
    """The ticks of a scale in a zone, labels fitting beside each other."""
    step = (scale.end - scale.start) * APART / max(scale.right - scale.left, 1.0)
    unit, moments = _moments(scale, zone, step)
    seconds = unit is Unit.CLOCK and step < MINUTE
    ticks = tuple(Tick(at.timestamp(), _label(at, unit, seconds, calendar)) for at in moments)
    return Axis(ticks, _groups(scale, zone, unit, calendar))


def _moments(scale: Scale, zone: tzinfo, least: float) -> tuple[Unit, list[datetime]]:
    size = next((one for one in STEPS if one >= least), None)
    if size is None:
        return Unit.MONTHS, list(_months(scale, zone, least / (30.4 * DAY)))
    unit = Unit.CLOCK if size < DAY else Unit.DAYS
    return unit, list(_round(scale, zone, size))[:MOST_TICKS]


def _round(scale: Scale, zone: tzinfo, size: int) -> Iterator[datetime]:
    """Wall times at multiples of `size` from midnight (from a fixed Monday for days), within the scale."""
    for midnight in _midnights(scale, zone, max(size // DAY, 1)):
        first = 0
        if size < DAY:
            first = max(int((scale.start - midnight.timestamp() - 2 * HOUR) // size), 0)
        for count in range(first, max(DAY // size, 1)):
            at = _wall(midnight.date(), count * size, zone)
            if at is None or at.timestamp() < scale.start:
                continue
            if at.timestamp() > scale.end:
                return
            yield at


def _midnights(scale: Scale, zone: tzinfo, days: int) -> Iterator[datetime]:
    day = datetime.fromtimestamp(scale.start, zone).date()
    day -= timedelta(days=day.toordinal() % days)
    while (at := datetime.combine(day, time(), zone)).timestamp() <= scale.end:
        yield at
        day += timedelta(days=days)


def _wall(day: date, seconds: int, zone: tzinfo) -> datetime | None:
    """A wall time of a day, None if the clocks skip it."""
    at = datetime.combine(day, time(), zone) + timedelta(seconds=seconds)
    again = datetime.fromtimestamp(at.timestamp(), zone)
    return at if again.replace(tzinfo=None, fold=0) == at.replace(tzinfo=None, fold=0) else None


def _months(scale: Scale, zone: tzinfo, least: float) -> Iterator[datetime]:
    every = next((one for one in MONTHS if one >= least), MONTHS[-1])
    begun = datetime.fromtimestamp(scale.start, zone)
    month = (begun.year * 12 + begun.month - 1) // every * every
    for _ in range(MOST_TICKS):
        at = datetime(month // 12, month % 12 + 1, 1, tzinfo=zone)
        if at.timestamp() > scale.end:
            return
        if at.timestamp() >= scale.start:
            yield at
        month += every


def _label(at: datetime, unit: Unit, seconds: bool, calendar: Calendar) -> str:
    if unit is Unit.CLOCK:
        return f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    return calendar.day(at) if unit is Unit.DAYS else calendar.month_name(at)


def _groups(scale: Scale, zone: tzinfo, unit: Unit, calendar: Calendar) -> tuple[Tick, ...]:
    """What the ticks belong to: from the left edge on, and at each change of it; too narrow ones are not named."""
    first = datetime.fromtimestamp(scale.start, zone)
    begins = [first, *(at for at in _changes(scale, zone, unit) if at > first)]
    named: list[Tick] = []
    limit = scale.right
    for at in reversed(begins):
        said = _group(at, unit, calendar)
        x = scale.x(at.timestamp())
        if x + width_of(said, 11) + 8 <= limit:
            named.append(Tick(at.timestamp(), said))
            limit = x
    return tuple(reversed(named))


def _changes(scale: Scale, zone: tzinfo, unit: Unit) -> Iterator[datetime]:
    if unit is Unit.CLOCK:
        yield from _midnights(scale, zone, 1)
        return
    begun, ended = (datetime.fromtimestamp(at, zone) for at in (scale.start, scale.end))
    for year in range(begun.year, ended.year + 1):
        for month in range(1, 13) if unit is Unit.DAYS else (1,):
            at = datetime(year, month, 1, tzinfo=zone)
            if scale.start < at.timestamp() <= scale.end:
                yield at


def _group(at: datetime, unit: Unit, calendar: Calendar) -> str:
    if unit is Unit.CLOCK:
        return calendar.date(at)
    return calendar.month(at) if unit is Unit.DAYS else calendar.year(at)


def offset(at: float, zone: tzinfo) -> str:
    """`UTC+08:00`, the zone's distance from UTC at a moment."""
    shift = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset() or timedelta()
    minutes = int(shift.total_seconds() // MINUTE)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
