"""Every page of a site, from one view and what was read for it: relative names and texts. Pure.

Pages come one by one, so that a site of thousands of targets never lies in memory as a whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from probe.model.episode import Episode
from probe.report.block.build import build
from probe.report.block.choose import Chosen, Exhibited, events_of, scope_event, scope_target, targets_of
from probe.report.block.collect import Dossier
from probe.report.block.draft import Draft
from probe.report.block.ids import slug
from probe.report.block.stripes import stripes
from probe.report.block.view import Block, Onset, Stripes
from probe.report.html import measurement, page
from probe.report.html.page import Place, software
from probe.report.language.catalogue import Catalogue, catalogue
from probe.report.language.dates import Dates
from probe.report.site import feed, listing, overview
from probe.report.site.listing import Card, sheet_count, sheet_name
from probe.report.view import SeriesView, TargetView, View

MOST_CITED = 4000
"""So many measurements get a page; each is a few kilobytes in memory until then. What has none is named with the
command that shows it."""


class Site(NamedTuple):
    """What a site has pages of. `cited` stand for the measurements to keep: they name no series of their own."""

    view: View
    targets: tuple[Chosen, ...]
    events: tuple[Chosen, ...]
    cited: tuple[Chosen, ...]
    words: Catalogue

    @property
    def wanted(self) -> tuple[Chosen, ...]:
        """What `collect` has to read for."""
        return (*self.targets, *self.events, *self.cited)


class Told(NamedTuple):
    """What the pages say that overview and feed repeat."""

    targets: list[Card]
    events: list[Card]
    onsets: list[Onset]
    missing: dict[str, None]


def site_of(view: View, lang: str, names: Mapping[str, str] | None = None) -> Site:
    """What there is to make pages of. `names` are display names by target id."""
    series: dict[str, list[SeriesView]] = {}
    for one in view.series:
        series.setdefault(one.key.target, []).append(one)
    # Each target is looked for among its own series: among all of them, thousands would take minutes.
    targets = tuple(scope_target(view._replace(series=tuple(series[name])), name, names) for name in targets_of(view))
    events = tuple(scope_event(view, name, names) for name in events_of(view))
    ids = _cited([episode for chosen in targets for one in chosen.series for episode in one.episodes])
    pairs = (Exhibited(*(*ids[at : at + 2], "")[:2]) for at in range(0, len(ids), 2))
    cited = tuple(one._replace(series=(), event=None, exhibited=pair) for one in targets[:1] for pair in pairs)
    return Site(view, targets, events, cited, catalogue(lang))


def _cited(episodes: Sequence[Episode]) -> list[str]:
    """The measurements to keep, of every episode one before of any the next."""
    most = max((len(one.witnesses) for one in episodes), default=0)
    turns = (one.witnesses[at] for at in range(most) for one in episodes if at < len(one.witnesses))
    return list(dict.fromkeys(name for name in turns if name))[:MOST_CITED]


def names_of(site: Site, dossier: Dossier) -> list[str]:
    """The relative names of all pages, before any of them is made. Of lists there may turn out to be fewer pages."""
    scopes = [f"{one.scope.kind}/{one.scope.slug}.html" for one in (*site.targets, *site.events)]
    episodes = sum(len(one.episodes) for chosen in site.targets for one in chosen.series)
    most = {"now": episodes, "changes": 2 * episodes, "targets": len(site.targets), "events": len(site.events)}
    lists = [sheet_name(kind, at + 1) for kind, rows in most.items() for at in range(sheet_count(kind, rows))]
    measured = (f"measurement/{slug(name)}.html" for name in dossier.kept)
    return [*scopes, *measured, *lists, "index.html", "feed.xml"]


def pages(site: Site, dossier: Dossier, identity: str, home: str = "") -> Iterator[tuple[str, str]]:
    """Relative name and text of each page; overview and feed come last. `identity` is the feed's id, `home` the address
    at which the site will be, empty if nobody said."""
    told = Told([], [], [], {})
    yield from _blocks(site, dossier, told)
    yield from _measurements(site, dossier)
    whole = _overview(site, dossier, told)
    listed = overview.lists(whole)
    for one in listed.values():
        yield from listing.pages(one, site.words, whole.links, "../feed.xml")
    yield "index.html", overview.render(whole, listed)
    entries = feed.entries(told.onsets, site.words, target_pages(site))
    yield "feed.xml", feed.atom(entries, site.words, identity, site.view.last, software(), home)


def target_pages(site: Site) -> dict[str, str]:
    """The page of each target, as seen from the top of the site."""
    return {one.scope.id: f"target/{one.scope.slug}.html" for one in site.targets}


def _blocks(site: Site, dossier: Dossier, told: Told) -> Iterator[tuple[str, str]]:
    cited = {name: f"../measurement/{slug(name)}.html" for name in dossier.kept}
    targets = {name: f"../{link}" for name, link in target_pages(site).items()}
    trail = ((site.words.say("nav.overview"), "../index.html"),)
    place = Place(trail, "../feed.xml", cited, targets)
    whole = _by_target(site.view)  # looking for them among thousands, page by page, would take minutes
    for kind, every, cards in (("target", site.targets, told.targets), ("event", site.events, told.events)):
        for chosen in every:
            names = [chosen.scope.id] if chosen.event is None else chosen.event.targets
            told_of = tuple(one for target in names for one in whole.get(target, ()))
            block = build(site.view._replace(targets=told_of), dossier, chosen, lang=site.words.lang)
            name = f"{kind}/{chosen.scope.slug}.html"
            cards.append(_card(block, name))
            if kind == "target":
                told.onsets.extend(block.onsets.rows)
                told.missing.update(dict.fromkeys(block.missing))
            yield name, page.render(block, place)


def _by_target(view: View) -> dict[str, list[TargetView]]:
    """What the view says of each target as a whole, by its id."""
    found: dict[str, list[TargetView]] = {}
    for one in view.targets:
        found.setdefault(one.target, []).append(one)
    return found


def _card(block: Block, link: str) -> Card:
    return Card(block.scope.title, link, block.headline.text, block.headline.rung, block.headline.rung_name)


def _measurements(site: Site, dossier: Dossier) -> Iterator[tuple[str, str]]:
    """A page a measurement, with the way back to its target."""
    targets = target_pages(site)
    for name, kept in dossier.kept.items():
        trail = [(site.words.say("nav.overview"), "../index.html")]
        target = kept.measurement.target
        trail += [(target, f"../{targets[target]}")] if target in targets else []
        text = measurement.render(kept, site.view.zone, site.words.lang, Place(tuple(trail), "../feed.xml"))
        yield f"measurement/{slug(name)}.html", text


def _overview(site: Site, dossier: Dossier, told: Told) -> overview.Overview:
    return overview.Overview(
        words=site.words,
        dates=Dates(site.words, site.view.zone),
        figure=_figure(site, dossier),
        targets=tuple(told.targets),
        events=tuple(told.events),
        onsets=tuple(told.onsets),
        missing=tuple(told.missing),
        vantages=site.view.vantages,
        links=target_pages(site),
    )


def _figure(site: Site, dossier: Dossier) -> Stripes | None:
    """All endpoints in one figure, which adds up what it cannot draw."""
    if not site.targets:
        return None
    every = tuple(one for chosen in site.targets for one in chosen.series)
    chosen = site.targets[0]._replace(series=every)
    return stripes(Draft(site.view, chosen, dossier, site.words, Dates(site.words, site.view.zone)))
