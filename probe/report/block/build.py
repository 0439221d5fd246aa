"""Builds the view of a page from the report's view and what was read for it. Pure: no clock, no files, no randomness.

The same rows give the same page, byte for byte, in any order and on any day.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from probe.report.block.alternatives import alternatives
from probe.report.block.choose import Chosen
from probe.report.block.claims import claims, notes
from probe.report.block.collect import Dossier
from probe.report.block.draft import Draft
from probe.report.block.exhibit import exhibits
from probe.report.block.factbox import facts, numbers
from probe.report.block.headline import headline
from probe.report.block.integrity import integrity
from probe.report.block.stripes import stripes
from probe.report.block.tables import episodes, grid, onsets, series_rows, shares
from probe.report.block.view import Block, Exhibit
from probe.report.block.wholes import wholes
from probe.report.language.catalogue import catalogue
from probe.report.language.dates import Dates
from probe.report.view import View


def build(view: View, dossier: Dossier, chosen: Chosen, *, lang: str = "en", zone: str | None = None) -> Block:
    """The page of `chosen`, in a language of `language.catalogue.languages()`, its times in `zone` (the view's)."""
    words = catalogue(lang)
    zone = zone or view.zone
    ZoneInfo(zone)  # a zone that is none fails here, and not half-way
    draft = Draft(view, chosen, dossier, words, Dates(words, zone))
    counts, first = numbers(draft), headline(draft)
    shown, every = tuple(exhibits(draft)), episodes(draft)
    return Block(
        lang=lang,
        zone=zone,
        scope=chosen.scope,
        numbers=counts,
        headline=first,
        facts=tuple(facts(draft, counts, first.rung)),
        stripes=stripes(draft),
        grid=grid(draft),
        onsets=onsets(draft, every),
        series=tuple(series_rows(draft)),
        episodes=every,
        shares=shares(draft),
        wholes=wholes(draft),
        alternatives=tuple(alternatives(draft)),
        exhibits=shown,
        claims=tuple(claims(draft)),
        notes=tuple(notes(draft)),
        missing=tuple(_missing(draft, shown)),
        limits=words.say("limits"),
        integrity=integrity(draft),
        labels=words.under("label"),
    )


def _missing(draft: Draft, shown: tuple[Exhibit, ...]) -> Iterator[str]:
    """What could not be said, or not be read."""
    words, series = draft.words, draft.chosen.series
    if (skipped := draft.view.reading.skipped) > 0:
        yield words.counted("missing.skipped", skipped)
    failed = sum(one.bad for one in series)
    backed = sum(draft.dossier.backing[one.key].failed for one in series if one.key in draft.dossier.backing)
    if backed < failed:
        yield words.counted("missing.backing", failed - backed)
    kinds = {one.kind for one in shown}
    if draft.chosen.exhibited.failed and "failed" not in kinds:
        yield words.say("missing.failed")
    if failed and "good" not in kinds:
        yield words.say("missing.good")
    for one in draft.vantages:
        for unfit in one.unfit:
            fitness = words.name("fitness", unfit.what)
            when = draft.dates.stretch(unfit.first, unfit.last).text
            yield words.counted("missing.unfit", unfit.size, vantage=one.key.name, fitness=fitness, when=when)
        for gap, whole in one.silences:
            key = "missing.silent" if whole else "missing.silent_mostly"
            yield words.say(key, vantage=one.key.name, when=draft.span(gap).text)
