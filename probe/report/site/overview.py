"""The first page of a site: what is blocked now, what began and ended, what began together, what is not known. Pure.

Everything on it is said on a page below it as well; here it stands together and leads there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from probe.model.diagnosis import Fitness
from probe.report import words as names
from probe.report.block.view import Onset, Rung, Stripes
from probe.report.figures import stripe_chart
from probe.report.figures.frame import NARROW, WIDE
from probe.report.html import environment
from probe.report.html.page import Place, software
from probe.report.language.catalogue import Catalogue
from probe.report.language.dates import Dates
from probe.report.view import VantageView

MOST_CHANGES = 60
MOST_MISSING = 40


class Card(NamedTuple):
    """A page below: its title, relative link, headline, and how sure it is."""

    title: str
    link: str
    headline: str
    rung: Rung
    rung_name: str


class Overview(NamedTuple):
    """What the page is made from. `links` are the pages of targets, `missing` sentences on what is not known."""

    words: Catalogue
    dates: Dates
    figure: Stripes | None
    targets: tuple[Card, ...]
    events: tuple[Card, ...]
    onsets: tuple[Onset, ...]
    missing: tuple[str, ...]
    vantages: tuple[VantageView, ...]
    links: Mapping[str, str]


class Change(NamedTuple):
    """A line of what began or ended; `at` sorts it, epoch seconds."""

    at: float
    said: str
    state: str
    state_name: str
    method: str
    link: str


class Standing(NamedTuple):
    """A vantage point: what it measured, and when nothing can be said from it."""

    name: str
    measured: str
    unfit: tuple[str, ...]


def render(told: Overview) -> str:
    """The whole page."""
    figures: dict[str, object] = {"figure_a": "", "figure_a_narrow": ""}
    if told.figure is not None:
        for name, size in (("figure_a", WIDE), ("figure_a_narrow", NARROW)):
            key = name.replace("_", "-")
            svg = stripe_chart.stripes_svg(told.figure, told.words.lang, size, alone=False, key=key)
            figures[name] = environment.drawn(svg)
    changes = list(_changes(told))
    return environment.render(
        "overview.html.j2",
        told=told,
        now=[one for one in told.onsets if one.recovered is None],
        changes=sorted(changes, key=lambda one: (-one.at, one.said))[:MOST_CHANGES],
        more=max(len(changes) - MOST_CHANGES, 0),
        vantages=list(_vantages(told)),
        missing=told.missing[:MOST_MISSING],
        period=_period(told.vantages, told.dates),
        place=Place(feed="feed.xml"),
        lang=told.words.lang,
        title=told.words.say("nav.title"),
        say=told.words.say,
        labels=told.words.under("label"),
        software=software(),
        **figures,
    )


def _changes(told: Overview) -> Iterator[Change]:
    for one in told.onsets:
        label, link = f"{one.target}/{one.endpoint}", told.links.get(one.target, "")
        began = "feed.before" if one.last_ok is None else "feed.began"
        said = told.words.say(began, label=label, place=one.place, when=one.observed.text)
        yield Change(one.first_blocked.at, said, one.state, one.state_name, one.method, link)
        if one.recovered is not None:
            said = told.words.say("feed.ended", label=label, place=one.place, when=one.recovered.text)
            yield Change(one.recovered.latest, said, "recovered", told.words.say("drawing.recovered"), "", link)


def _vantages(told: Overview) -> Iterator[Standing]:
    words = told.words
    for one in told.vantages:
        measured = words.say("nav.runs", runs=one.runs, measurements=one.measurements)
        unfit = [
            f"{words.name('fitness', bad.what)}: {told.dates.stretch(bad.first, bad.last).text}"
            for bad in one.unfit
            if bad.what != Fitness.FIT
        ]
        unfit += [
            f"{words.say('drawing.gap')}: {told.dates.stretch(gap.earliest or gap.latest, gap.latest).text}"
            for gap in one.silent
        ]
        yield Standing(names.place(one.key), measured, tuple(unfit) or (words.say("nav.fit"),))


def _period(vantages: Iterable[VantageView], dates: Dates) -> str:
    ends = [(one.first, one.last) for one in vantages]
    return dates.stretch(min(a for a, _ in ends), max(b for _, b in ends)).text if ends else ""
