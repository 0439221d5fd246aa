"""The first sentence of a page and how sure it is, made from data alone: what, where, between which moments. Pure.

It says what could not be reached and never who did it. Endpoints stand in one clause only where they share networks,
rung and a time that is true of each: the hull of their OBSERVED onsets, or the first and the last. What is less sure
stands in a clause of its own, and what stayed reachable is said last.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from probe.model.episode import Episode, Interval, SeriesKey
from probe.model.event import Event
from probe.report.block import certainty, quiet, subject
from probe.report.block.choose import deciding, principal
from probe.report.block.draft import Draft
from probe.report.block.view import Headline, Rung
from probe.report.ladder import RUNGS, lowest, rung_of
from probe.report.state import State
from probe.report.view import SeriesView


class Hit(NamedTuple):
    """A series and the episode that the page tells of it."""

    series: SeriesView
    episode: Episode
    rung: Rung


def headline(draft: Draft) -> Headline:
    """The headline of the page."""
    hits = hits_of(draft.chosen.series)
    ladder = tuple((rung, draft.words.say(f"rung.{rung}")) for rung in RUNGS)
    if not hits:
        text, rung, why = quiet.tell(draft)
        return Headline(text, rung, *_named(draft, rung), why, ladder, "")
    main = leading(hits) if draft.chosen.event is None else _together(hits, draft.chosen.event)
    text = draft.words.say(
        "headline.sentence",
        main=_main(draft, main),
        also="".join(_also(draft, hits, main)),
        stayed=_stayed(draft, main),
    )
    rung = lowest(hit.rung for hit in main)
    why = certainty.because(draft, [hit.series for hit in main], [hit.episode for hit in main], rung)
    return Headline(text, rung, *_named(draft, rung), why, ladder, _intervals(draft, main))


def _named(draft: Draft, rung: Rung) -> tuple[str, str]:
    """The name of the rung, and the title it makes."""
    name = draft.words.say(f"rung.{rung}")
    told = draft.words.say(f"cut_off.{rung}") if rung is Rung.UNREACHABLE else name
    return name, draft.words.say("headline.certainty", rung=told)


def hits_of(series: Iterable[SeriesView]) -> list[Hit]:
    """The deciding series with an episode. Where some stand now, those that are over are told by the onset table."""
    every = [Hit(one, found, rung_of(found)) for one in deciding(series) if (found := principal(one)) is not None]
    standing = [hit for hit in every if hit.episode.end is None]
    return standing or every


def _together(hits: Sequence[Hit], event: Event) -> list[Hit]:
    """The hits that make an event: one sentence tells of them all, and stands on the lowest of their rungs."""
    return [hit for hit in hits if hit.series.key in event.series] or list(hits)


def leading(hits: Sequence[Hit]) -> list[Hit]:
    """The hits of the main clause: the surest rung, and of those the endpoints that share the most networks."""
    best = [hit for hit in hits if hit.rung == max((hit.rung for hit in hits), key=RUNGS.index)]
    alike = list(_alike(best))
    return max(alike, key=lambda group: (len(group), -alike.index(group)))


def _alike(hits: Sequence[Hit]) -> Iterator[list[Hit]]:
    """Hits of one rung by endpoints that were hit at the very same places: only those make one true clause."""
    by_endpoint: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        by_endpoint.setdefault((hit.series.key.target, hit.series.key.endpoint), []).append(hit)
    placed = sorted(by_endpoint.values(), key=lambda group: (_places(group), _known(group)))
    for _, groups in groupby(placed, key=lambda group: (_places(group), _known(group))):
        yield [hit for group in groups for hit in group]


def _places(hits: Sequence[Hit]) -> tuple[tuple[str, str, int], ...]:
    return tuple(sorted((hit.series.key.vantage, hit.series.key.country, hit.series.key.asn) for hit in hits))


def _known(hits: Sequence[Hit]) -> bool:
    """Whether an onset is known, everywhere it was measured."""
    return all(hit.episode.onset.earliest is not None for hit in hits)


def _main(draft: Draft, hits: Sequence[Hit]) -> str:
    words, keys = draft.words, [hit.series.key for hit in hits]
    said = {
        "subject": subject.subject(draft, keys),
        "networks": _networks(draft, hits),
        "when": _when(draft, [hit.episode.onset for hit in hits]),
    }
    known = all(hit.episode.onset.earliest is not None for hit in hits)
    text = words.say("headline.began" if known else "headline.already", **said)
    ends = [hit.episode.end for hit in hits]
    if all(end is not None for end in ends):
        text += words.say("headline.ended", when=_when(draft, [end for end in ends if end is not None]))
    if any(hit.episode.flapping for hit in hits):
        text += words.say("headline.flapping")
    return text


def _networks(draft: Draft, hits: Sequence[Hit]) -> str:
    """Where they were hit; of an event, not every target need have been hit on every network."""
    said = subject.networks(draft, [hit.series.key for hit in hits])
    targets = {hit.series.key.target for hit in hits}
    networks = {hit.series.key.asn for hit in hits}
    pairs = {(hit.series.key.target, hit.series.key.asn) for hit in hits}
    whole = len(pairs) == len(targets) * len(networks)
    return said if whole else draft.words.say("headline.some_of", networks=said)


def _when(draft: Draft, intervals: Sequence[Interval]) -> str:
    """One stretch that is true of each, or the first and the last where some certainly lie apart."""
    earliest = [one.earliest for one in intervals if one.earliest is not None]
    latest = [one.latest for one in intervals]
    if len(earliest) < len(intervals):
        return draft.dates.moment(min(latest)).text
    if max(earliest) < min(latest):
        return draft.dates.between(min(earliest), max(latest))
    first, last = draft.dates.between(min(earliest), min(latest)), draft.dates.between(max(earliest), max(latest))
    return draft.words.say("headline.apart", first=first, last=last)


def _also(draft: Draft, hits: Sequence[Hit], main: Sequence[Hit]) -> Iterator[str]:
    """What else is hit, and how sure that is: `; its website on AS4837: likely blocked`."""
    rest = [hit for hit in hits if hit not in main]
    for rung in reversed(RUNGS):
        for group in _alike([hit for hit in rest if hit.rung == rung]):
            keys = [hit.series.key for hit in group]
            yield draft.words.say(
                "headline.also",
                subject=subject.further(draft, keys),
                networks=subject.networks(draft, keys),
                rung=draft.words.say(f"rung.{rung}"),
            )


def _stayed(draft: Draft, main: Sequence[Hit]) -> str:
    """The endpoints that were reached in every telling measurement at the same places."""
    places = {_places([hit]) for hit in main}
    reached: dict[tuple[str, str], list[SeriesKey]] = {}
    spoilt: set[tuple[str, str]] = set()
    for one in deciding(draft.chosen.series):
        name = (one.key.target, one.key.endpoint)
        if ((one.key.vantage, one.key.country, one.key.asn),) not in places:
            continue
        if one.state is State.OPEN and one.good and not one.bad and not one.episodes:
            reached.setdefault(name, []).append(one.key)
        else:
            spoilt.add(name)
    keys = [key for name, found in reached.items() if name not in spoilt for key in found]
    return draft.words.say("headline.stayed", subject=subject.further(draft, keys)) if keys else ""


def _intervals(draft: Draft, main: Sequence[Hit]) -> str:
    """OBSERVED and CERTAIN, of the clause's first beginning, in a sentence; empty where no onset is known."""
    known = [hit.episode for hit in main if hit.episode.onset.earliest is not None]
    if not known:
        return ""
    first = min(known, key=lambda episode: (episode.onset.latest, episode.series))
    schedule = next(hit.series.schedule for hit in main if hit.episode == first)
    certain = first.certain_onset
    every = draft.dates.duration(schedule)
    if certain is None or certain.earliest is None:
        return draft.words.say("headline.observed", every=every, when=draft.span(first.onset).text)
    return draft.words.say(
        "headline.intervals", every=every, when=draft.span(first.onset).text, certain=draft.span(certain).text
    )
