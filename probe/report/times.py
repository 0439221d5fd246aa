"""Times as people read them: in a chosen zone, with UTC beside, never sharper than they are. Pure.

An interval is always rounded outwards, to minutes, or to seconds when it is shorter than a minute: rounding must not
make an onset look narrower than the measurements around it. Month names are ours, so no locale changes a report.
"""

import math
from datetime import UTC, date, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from probe.model.episode import Interval

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE = 60
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


class Times(NamedTuple):
    """How to write times: in `zone`, with the year where the report spans more than one."""

    zone: tzinfo
    years: bool = False

    @property
    def is_utc(self) -> bool:
        """Whether the chosen zone is UTC itself, so that one spelling is enough."""
        return str(self.zone) in {"UTC", "Etc/UTC"}


def times_for(zone: str, first: float, last: float) -> Times:
    """The way to write times of a report that spans `first` to `last`."""
    where = ZoneInfo(zone)
    return Times(where, _at(first, where).year != _at(last, where).year)


def interval(times: Times, between: Interval) -> str:
    """`8 Feb 18:50–19:00 (10:50–11:00 UTC)`; `before 8 Feb 19:00 (11:00 UTC)` when the earliest is not known."""
    if between.earliest is None:
        latest = math.ceil(between.latest / MINUTE) * MINUTE
        return f"before {_both(times, latest, latest, seconds=False)}"
    return stretch(times, between.earliest, between.latest)


def stretch(times: Times, first: float, last: float) -> str:
    """Two times and UTC in brackets, rounded outwards."""
    unit = 1 if last - first < MINUTE else MINUTE
    a, b = math.floor(first / unit) * unit, math.ceil(last / unit) * unit
    return _both(times, a, b, seconds=unit == 1)


def moment(times: Times, at: float, *, seconds: bool = False) -> str:
    """One time and UTC in brackets, cut to the minute."""
    at = math.floor(at) if seconds else math.floor(at / MINUTE) * MINUTE
    return _both(times, at, at, seconds=seconds)


def duration(seconds: float) -> str:
    """`2 d 4 h`, `35 min`, `12 s`: the two largest units, rounded down."""
    left, parts = int(seconds), list[str]()
    for name, size in _UNITS:
        amount, left = divmod(left, size)
        if parts or amount or name == "s":
            parts.append(f"{amount} {name}" if amount else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"


def _both(times: Times, a: float, b: float, *, seconds: bool) -> str:
    here = _span(_at(a, times.zone), _at(b, times.zone), set(), times.years, seconds)
    if times.is_utc:
        return f"{here} UTC"
    said = {_at(a, times.zone).date(), _at(b, times.zone).date()}
    return f"{here} ({_span(_at(a, UTC), _at(b, UTC), said, times.years, seconds)} UTC)"


def _span(a: datetime, b: datetime, said: set[date], years: bool, seconds: bool) -> str:
    """From `a` to `b`; the date is left out where `said` holds that date and no other."""
    known = said == {a.date(), b.date()} and len(said) == 1
    first = _clock(a, seconds) if known else f"{_date(a, years)} {_clock(a, seconds)}"
    if a == b:
        return first
    if a.date() == b.date():
        return f"{first}–{_clock(b, seconds)}"
    return f"{first} – {_date(b, years)} {_clock(b, seconds)}"


def _at(epoch: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(epoch, zone)


def _date(at: datetime, years: bool) -> str:
    return f"{at.day} {MONTHS[at.month - 1]}" + (f" {at.year}" if years else "")


def _clock(at: datetime, seconds: bool) -> str:
    return f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
