"""The first page of a site: what is blocked now, what began and ended, what began together, what is not known. Pure.

Everything on it is said on a page below it as well; here it stands together and leads there. What is long goes on in
lists (`listing`): this page stays readable with thousands of targets.
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
from probe.report.site.listing import SHOWN, Card, Change, Listing, listing, newest_first, worst_first
from probe.report.view import VantageView

MOST_MISSING = 40
MOST_UNFIT = 12


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


class Standing(NamedTuple):
    """A vantage point: what it measured, and when nothing can be said from it."""

    name: str
    measured: str
    unfit: tuple[str, ...]


def lists(told: Overview) -> dict[str, Listing]:
    """What stands in lists, by kind."""
    now = sorted((one for one in told.onsets if one.recovered is None), key=newest_first)
    changes = sorted(_changes(told), key=lambda one: (-one.at, one.said))
    return {
        "now": listing("now", now),
        "events": listing("events", told.events),
        "changes": listing("changes", changes),
        "targets": _targets(told.targets),
    }


def _targets(cards: tuple[Card, ...]) -> Listing:
    """By name in their pages; on the first page only what is blocked or may be, where there is more than it shows."""
    worst = sorted(cards, key=worst_first)
    many = len(cards) > SHOWN["targets"]
    return listing("targets", cards, [one for one in worst if not many or one.rung is not Rung.NONE])


def render(told: Overview, listed: Mapping[str, Listing]) -> str:
    """The whole page; `listed` are its `lists`."""
    figures: dict[str, object] = {"figure_a": "", "figure_a_narrow": ""}
    if told.figure is not None:
        for name, size in (("figure_a", WIDE), ("figure_a_narrow", NARROW)):
            key = name.replace("_", "-")
            svg = stripe_chart.stripes_svg(told.figure, told.words.lang, size, alone=False, key=key)
            figures[name] = environment.drawn(svg)
    return environment.render(
        "overview.html.j2",
        told=told,
        listed=listed,
        vantages=list(_vantages(told)),
        missing=[
            *told.missing[:MOST_MISSING],
            *_more(told.words, "nav.more_missing", len(told.missing) - MOST_MISSING),
        ],
        period=_period(told.vantages, told.dates),
        place=Place(feed="feed.xml"),
        lang=told.words.lang,
        title=told.words.say("nav.title"),
        say=told.words.say,
        counted=told.words.counted,
        labels=told.words.under("label"),
        software=software(),
        **figures,
    )


def _changes(told: Overview) -> Iterator[Change]:
    for one in told.onsets:
        label, link = f"{one.target}/{one.endpoint}", told.links.get(one.target, "")
        began = "feed.before" if one.last_ok is None else "feed.began"
        said = told.words.say(began, label=label, place=one.place, when=one.observed.text)
        sign = environment.mark(one.state_name, told.words.say)
        yield Change(one.first_blocked.at, said, sign, one.state_name, one.method, link)
        if one.recovered is not None:
            said = told.words.say("feed.ended", label=label, place=one.place, when=one.recovered.text)
            yield Change(one.recovered.latest, said, "s-recovered", told.words.say("drawing.recovered"), "", link)


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
            for gap, _ in one.silences
        ]
        unfit = [*unfit[:MOST_UNFIT], *_more(words, "nav.more_unfit", len(unfit) - MOST_UNFIT)]
        yield Standing(names.place(one.key), measured, tuple(unfit) or (words.say("nav.fit"),))


def _more(words: Catalogue, key: str, count: int) -> tuple[str, ...]:
    """What says that so many are left out; nothing if none is."""
    return (words.counted(key, count),) if count > 0 else ()


def _period(vantages: Iterable[VantageView], dates: Dates) -> str:
    ends = [(one.first, one.last) for one in vantages]
    return dates.stretch(min(a for a, _ in ends), max(b for _, b in ends)).text if ends else ""
