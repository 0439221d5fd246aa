"""Times in the words of a language, UTC and a chosen zone side by side, never sharper than they are. Pure.

A stretch is rounded outwards, to minutes, or to seconds when it is shorter than a minute, as in `report.times`:
rounding must not make an onset look narrower than the measurements around it. No locale of the machine changes a date.
"""

import math
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from probe.report.language.catalogue import Catalogue

MINUTE = 60
_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


class Told(NamedTuple):
    """A time or a stretch in words: in UTC, in the chosen zone, and both in one."""

    utc: str
    local: str
    text: str


class Dates(NamedTuple):
    """How one page writes times: in a language, and in an IANA zone beside UTC."""

    words: Catalogue
    zone: str

    @property
    def is_utc(self) -> bool:
        """Whether the zone is UTC itself, so that one wording is enough."""
        return self.zone in {"UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "Etc/UCT", "UCT"}

    @property
    def zone_name(self) -> str:
        """`Beijing`, `北京时间`; a zone without a name in the catalogue is called as it is."""
        return "UTC" if self.is_utc else self.words.texts.get(f"zone.{self.zone}", self.zone)

    def moment(self, at: float) -> Told:
        """One time, cut to the minute."""
        at = math.floor(at / MINUTE) * MINUTE
        return self._told(at, at, seconds=False)

    def exact(self, at: float) -> Told:
        """One time, cut to the second."""
        at = math.floor(at)
        return self._told(at, at, seconds=True)

    def stretch(self, first: float, last: float) -> Told:
        """A stretch, rounded outwards."""
        seconds, a, b = _outwards(first, last)
        return self._told(a, b, seconds=seconds)

    def before(self, latest: float) -> Told:
        """Any time up to `latest`."""
        told = self.moment(math.ceil(latest / MINUTE) * MINUTE)
        return Told(*(self.words.say("time.before", when=text) for text in told))

    def between(self, first: float, last: float) -> str:
        """The stretch as part of a sentence: `between 10:50 and 11:00 UTC (18:50–19:00 Beijing) on 8 February 2021`."""
        seconds, a, b = _outwards(first, last)
        here, there = (_at(a, UTC), _at(b, UTC)), (_at(a, self._zone), _at(b, self._zone))
        if len({one.date() for one in (*here, *there)}) > 1:
            return self.words.say("time.between", when=self.stretch(first, last).text)
        return self.words.say(
            "time.between_day_utc" if self.is_utc else "time.between_day",
            a=_clock(here[0], seconds),
            b=_clock(here[1], seconds),
            local=self._span(*there, seconds, dated=False),
            zone=self.zone_name,
            date=self._date(here[0]),
        )

    def duration(self, seconds: float) -> str:
        """`2 days 4 hours`: the two largest units, rounded down."""
        left, parts = int(seconds), list[str]()
        for name, size in _UNITS:
            amount, left = divmod(left, size)
            if parts or amount:
                parts.append(self.words.counted(f"time.{name}", amount) if amount else "")
        said = [part for part in parts[:2] if part]
        return self.words.texts["time.unit_gap"].join(said) or self.words.counted("time.seconds", 0)

    @property
    def _zone(self) -> tzinfo:
        return ZoneInfo(self.zone)

    def _told(self, a: float, b: float, *, seconds: bool) -> Told:
        utc, local = (_at(a, UTC), _at(b, UTC)), (_at(a, self._zone), _at(b, self._zone))
        in_utc = self.words.say("time.zoned", when=self._span(*utc, seconds, dated=True), zone="UTC")
        if self.is_utc:
            return Told(in_utc, in_utc, in_utc)
        in_zone = self.words.say("time.zoned", when=self._span(*local, seconds, dated=True), zone=self.zone_name)
        same = len({one.date() for one in (*utc, *local)}) == 1
        text = self.words.say(
            "time.both",
            utc=self._span(*utc, seconds, dated=True),
            local=self._span(*local, seconds, dated=True),
            utc_brief=self._span(*utc, seconds, dated=not same),
            local_brief=self._span(*local, seconds, dated=not same),
            zone=self.zone_name,
        )
        return Told(in_utc, in_zone, text)

    def _span(self, a: datetime, b: datetime, seconds: bool, *, dated: bool) -> str:
        first = self._dated(a, seconds) if dated else _clock(a, seconds)
        if a == b:
            return first
        if a.date() == b.date():
            return f"{first}–{_clock(b, seconds)}"
        return f"{first} – {self._dated(b, seconds)}"

    def _dated(self, at: datetime, seconds: bool) -> str:
        return self.words.say("time.dated", date=self._date(at), clock=_clock(at, seconds))

    def _date(self, at: datetime) -> str:
        month = self.words.texts[f"month.{at.month}"]
        return self.words.say("time.date", day=at.day, month=month, year=at.year)


def _outwards(first: float, last: float) -> tuple[bool, float, float]:
    """Whether seconds are shown, and the stretch rounded outwards to what is shown."""
    unit = 1 if last - first < MINUTE else MINUTE
    return unit == 1, math.floor(first / unit) * unit, math.ceil(last / unit) * unit


def _at(epoch: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(epoch, zone)


def _clock(at: datetime, seconds: bool) -> str:
    return f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
