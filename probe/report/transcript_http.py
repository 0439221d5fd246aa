"""An HTTP exchange as lines of a transcript: status, headers that tell, body, what was expected. Pure."""

from collections.abc import Iterator

from probe.model.observation import HTTPRoundTrip
from probe.report.transcript_dns import ms
from probe.report.transcript_words import Words

HEADERS = ("server", "via", "content-type", "retry-after", "link")
"""Headers worth a line: who says it answered, and for 451 who asked for the block (RFC 7725)."""
TEXT_SHOWN = 240
"""So many characters of a page are shown where the page itself is the evidence."""
LONG = 0.5
"""Seconds that a body must take before its speed means anything."""


def lines(one: HTTPRoundTrip, words: Words, ended: str) -> Iterator[str]:
    """An exchange; `ended` says how it ended."""
    key = ("http.no_status", "http.got_then") if one.failure is not None else ("", "http.got")
    got = words.say(key[1], status=one.status) if one.status else words.say(key[0]) if key[0] else ""
    proof = "" if one.authenticated else words.say("http.unproven")
    yield words.say("http.line", method=one.method, got=got, ended=ended, protocol=one.protocol, proof=proof)
    if one.first_byte is not None:
        yield words.say("http.first", after=ms(one.first_byte - one.t0))
    if one.location:
        yield words.say("http.location", location=one.location)
    told = [f"{name}: {value}" for name, value in one.headers if name.lower() in HEADERS]
    if told:
        yield words.say("http.headers", headers="; ".join(told))
    if one.title:
        yield words.say("http.title", title=one.title)
    yield from _body(one, words)
    for clause in one.expectations:
        got = words.say("http.instead", got=clause.got) if clause.got and not clause.held else ""
        yield words.say("http.held" if clause.held else "http.not_held", clause=clause.clause) + got


def rate(size: int, seconds: float, words: Words) -> str:
    """`, 12.3 kB/s`; empty where no time passed."""
    return words.catalogue.texts["transcript.comma"] + _speed(size, seconds) if seconds > 0 else ""


def _speed(size: int, seconds: float) -> str:
    return f"{size / seconds / 1000:.1f} kB/s"


def _body(one: HTTPRoundTrip, words: Words) -> Iterator[str]:
    """How much came and how fast; the text itself where nothing proves who wrote it, or where it is no page."""
    if not (one.body_bytes or one.body_wire_bytes):
        return
    capped = words.say("http.capped") if one.body_capped else ""
    lasted = one.t - one.first_byte if one.first_byte is not None else 0.0
    speed = words.say("http.speed", rate=_speed(one.body_wire_bytes, lasted)) if lasted >= LONG else ""
    yield words.say("http.body", bytes=one.body_bytes, wire=one.body_wire_bytes, capped=capped, speed=speed)
    if one.body_sha256:
        yield f"sha256 {one.body_sha256}"
    text = " ".join(one.body_text.split()) if _readable(one) else ""
    if text and (not one.authenticated or one.failure is not None or one.status >= 400):
        yield words.say("http.text_cut" if len(text) > TEXT_SHOWN else "http.text", text=text[:TEXT_SHOWN])


def _readable(one: HTTPRoundTrip) -> bool:
    """Whether the body says that it is text, or does not say what it is."""
    kind = next((value.lower() for name, value in one.headers if name.lower() == "content-type"), "text/")
    return kind.startswith("text/") or "json" in kind or "xml" in kind
