"""Onsets and recoveries as an Atom feed (RFC 4287). Pure; only what is beyond chance: a feed cannot be taken back.

An entry's id is made from the series and its first failed measurement, so it stays when more measurements arrive or the
site moves; an end has an id of its own beside its onset's. Ids are `urn:uuid:` (RFC 4122), absolute IRIs as RFC 4287
4.2.6 asks. Links are relative, as everywhere in a site, unless its address is known.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import NamedTuple

from probe.model.clock import rfc3339
from probe.model.episode import EpisodeState
from probe.model.shown import visible
from probe.report.block.view import Onset
from probe.report.figures.svg import element
from probe.report.ladder import Rung
from probe.report.language.catalogue import Catalogue

NAMESPACE = uuid.UUID("5b9f6a52-0f0b-5b52-9d3c-4f5d8e2a7c11")
"""Ours alone, drawn once; never to be changed, or every reader would show every block again."""
MOST_ENTRIES = 200


class Entry(NamedTuple):
    """One onset or one recovery. `at`: when it was certain, epoch seconds."""

    id: str
    title: str
    summary: str
    at: float
    link: str


def entry_id(onset: Onset, change: str) -> str:
    """`urn:uuid:…`, of an episode's `began` or `ended`."""
    return uuid.uuid5(NAMESPACE, visible(f"{onset.id}/{change}")).urn


def feed_id(said: str) -> str:
    """The id of a whole feed, from what its first build was made of."""
    return uuid.uuid5(NAMESPACE, visible(f"feed/{said}")).urn


def entries(onsets: Iterable[Onset], words: Catalogue, links: Mapping[str, str]) -> list[Entry]:
    """The entries of these episodes, newest first, at most `MOST_ENTRIES`. `links` are the pages of targets."""
    every = [entry for one in onsets for entry in _of(one, words, links.get(one.target, "index.html"))]
    return sorted(every, key=lambda one: (-one.at, one.id))[:MOST_ENTRIES]


def _of(one: Onset, words: Catalogue, link: str) -> Iterator[Entry]:
    if one.state != EpisodeState.CONFIRMED:
        return
    label = f"{one.target}/{one.endpoint}"
    began = "feed.before" if one.last_ok is None else "feed.began"
    sure = one.first_blocked if one.confirmed_at is None else one.confirmed_at
    title = _sure(words.say(began, label=label, place=one.place, when=one.observed.text), one, words)
    summary = words.texts["text.clause_gap"].join(
        part for part in (one.state_name, one.method, _certain(one, words)) if part
    )
    yield Entry(entry_id(one, "began"), title, summary, sure.at, link)
    if one.recovered is not None:
        title = words.say("feed.ended", label=label, place=one.place, when=one.recovered.text)
        yield Entry(entry_id(one, "ended"), title, one.method, one.recovered.latest, link)


def _sure(said: str, one: Onset, words: Catalogue) -> str:
    """A title with how sure it is: many see nothing else. It changes if more comes to light; the id stays."""
    key = "feed.unsettled" if one.rung is Rung.UNREACHABLE else "feed.sure"
    return words.say(key, said=said, rung=words.say(f"cut_off.{one.rung}"))


def _certain(one: Onset, words: Catalogue) -> str:
    """`Began within (99.9 %): ...`; empty where that is not known."""
    return words.say("drawing.named", name=words.say("column.certain"), value=one.certain.text) if one.certain else ""


def atom(made: Iterable[Entry], words: Catalogue, identity: str, until: float, software: str, home: str = "") -> str:
    """The feed as XML. `identity` is the feed's id; `until` dates a feed without entries; `home` is the address of the
    site's folder, ending in a slash, or empty."""
    listed = list(made)
    updated = max((one.at for one in listed), default=until)
    head = (
        _text("id", identity),
        _text("title", words.say("feed.title")),
        _text("updated", rfc3339(updated)),
        element("author", _text("name", software)),
        element("link", rel="self", type="application/atom+xml", href=f"{home}feed.xml"),
        element("link", rel="alternate", type="text/html", href=f"{home}index.html"),
    )
    body = "\n".join((*head, *(_entry(one, home) for one in listed)))
    root = element("feed", f"\n{body}\n", xmlns="http://www.w3.org/2005/Atom", xml_lang=words.lang)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root}\n'


def _entry(one: Entry, home: str) -> str:
    parts = (
        _text("id", one.id),
        _text("title", one.title),
        _text("updated", rfc3339(one.at)),
        _text("published", rfc3339(one.at)),
        element("link", rel="alternate", type="text/html", href=f"{home}{one.link}"),
        _text("summary", one.summary or one.title),
    )
    return element("entry", "".join(parts))


def _text(name: str, said: str) -> str:
    return element(name, escape(visible(said)))
