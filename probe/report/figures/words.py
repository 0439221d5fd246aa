"""The words of a figure, from the catalogue of the page's language. Adds none of its own."""

from datetime import datetime
from typing import NamedTuple

from probe.report.language.catalogue import Catalogue
from probe.report.language.dates import Dates


class Calendar(NamedTuple):
    """How a language writes dates on an axis."""

    words: Catalogue

    def date(self, at: datetime) -> str:
        """`8 February 2021`."""
        return self.words.say("time.date", day=at.day, month=self.month_name(at), year=at.year)

    def day(self, at: datetime) -> str:
        """`8`."""
        return self.words.say("axis.day", day=at.day)

    def month(self, at: datetime) -> str:
        """`February 2021`."""
        return self.words.say("axis.month_year", month=self.month_name(at), year=at.year)

    def month_name(self, at: datetime) -> str:
        """`February`."""
        return self.words.texts[f"month.{at.month}"]

    def year(self, at: datetime) -> str:
        """`2021`."""
        return self.words.say("axis.year", year=at.year)


def length(words: Catalogue, seconds: float) -> str:
    """`6 hours`."""
    return Dates(words, "UTC").duration(seconds)
