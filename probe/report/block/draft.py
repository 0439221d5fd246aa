"""What every part of a page is made from, in one hand: the subject, what was read for it, a language and its dates."""

from collections.abc import Sequence
from typing import NamedTuple

from probe.model.episode import Episode, Interval, SeriesKey
from probe.report.block.choose import Chosen, Exhibited
from probe.report.block.collect import Dossier
from probe.report.block.view import Moment, Scope, Span
from probe.report.ladder import Rung, rung_of
from probe.report.language.catalogue import Catalogue, catalogue
from probe.report.language.dates import Dates, Told
from probe.report.view import SeriesView, VantageView, View

NAMED = 3
"""So many networks, targets or endpoints are named in a sentence; more are counted."""


class Draft(NamedTuple):
    """A page in the making."""

    view: View
    chosen: Chosen
    dossier: Dossier
    words: Catalogue
    dates: Dates

    @property
    def vantages(self) -> list[VantageView]:
        """The vantage points that measured the page's series."""
        here = {(one.key.vantage, one.key.country, one.key.asn) for one in self.chosen.series}
        return [one for one in self.view.vantages if tuple(one.key) in here]

    def moment(self, at: float) -> Moment:
        """A time of one measurement, to the second."""
        return Moment(at, *self.dates.exact(at))

    def span(self, between: Interval) -> Span:
        """An interval, worded; "before" where its earliest end is not known."""
        if between.earliest is None:
            return Span(None, between.latest, *self.dates.before(between.latest))
        return self.stretch(between.earliest, between.latest)

    def stretch(self, first: float, last: float) -> Span:
        """From one time to another, worded."""
        told: Told = self.dates.stretch(first, last)
        return Span(first, last, *told)

    def label(self, key: SeriesKey) -> str:
        """`clubhouse/api`; on a page of one target just `api`."""
        several = len({one.key.target for one in self.chosen.series}) > 1
        return f"{key.target}/{key.endpoint}" if several else key.endpoint

    def methods(self, mechanisms: tuple[str, ...]) -> str:
        """How something is blocked, in words."""
        names = [self.words.name("mechanism", one) for one in mechanisms]
        return self.words.texts["list.between"].join(names) or self.words.say("text.no_method")

    def how(self, episodes: Sequence[Episode]) -> str:
        """The same of episodes: where no block is claimed of any, what some failures look like settles nothing."""
        mechanisms = tuple(dict.fromkeys(name for episode in episodes for name in episode.mechanisms))
        if mechanisms and all(rung_of(episode) is Rung.UNREACHABLE for episode in episodes):
            return self.words.say("text.some_method", methods=self.methods(mechanisms))
        return self.methods(mechanisms)


def everything(view: View, lang: str = "en") -> Draft:
    """A draft of all that a view holds, references included: no page, but its rows."""
    words = catalogue(lang)
    chosen = Chosen(Scope("all", "", "", ""), view.series, None, Exhibited("", ""), {})
    return Draft(view, chosen, Dossier({}, {}, {}, {}, ()), words, Dates(words, view.zone))


def state_name(draft: Draft, one: SeriesView) -> str:
    """What can be said of a series now: of one that is cut off, the rung of the ladder it stands on."""
    if one.current is None:
        return draft.words.name("state", one.state)
    return draft.words.say(f"cut_off.{rung_of(one.current)}")


def network(asn: int, vantage: str) -> str:
    """`AS4134`; the vantage point's name where its network was not declared."""
    return f"AS{asn}" if asn else vantage


def place(key: SeriesKey) -> str:
    """`sha-ct CN AS4134`; what was not declared is left out."""
    country = key.country if key.country != "ZZ" else ""
    return " ".join(part for part in (key.vantage, country, f"AS{key.asn}" if key.asn else "") if part)
