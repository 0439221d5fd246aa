"""Our own addresses, taken out of what strangers echo back before it reaches disk.

A page or a header may tell the client's address (`Your IP: ...`, `X-Client-IP`). What is known to be ours is replaced;
headers that exist to carry a client's address lose their value whether we know ours or not.
"""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from probe.model.observation import HTTPRoundTrip, Observation, TLSHandshake

REPLACED = "[scrubbed]"
_ECHOING = frozenset(
    {"x-client-ip", "x-real-ip", "x-forwarded-for", "cf-connecting-ip", "true-client-ip", "x-remote-addr", "client-ip",
     "x-your-ip", "x-ip", "set-cookie", "x-amz-cf-id"}
)  # fmt: skip
"""Headers whose value is about this client; cookies are identifiers too."""
_TEXTS = ("title", "body_text", "location", "url")


def scrub(observations: Sequence[Observation], own: frozenset[str]) -> tuple[Observation, ...]:
    """The observations with own addresses and client-telling headers replaced."""
    pattern = _pattern(own)
    return tuple(_scrubbed(one, pattern) for one in observations)


@lru_cache(maxsize=4)
def _pattern(own: frozenset[str]) -> re.Pattern[str] | None:
    """Every spelling of an own address, and no longer number that merely contains it. None if none is known."""
    found = []
    for text in sorted(own):
        spellings = {re.escape(text), re.escape(ipaddress.ip_address(text).exploded)}
        edges = (r"(?<![0-9a-f])", r"(?![0-9a-f])") if ":" in text else (r"(?<!\d)(?<!\d\.)", r"(?!\.?\d)")
        found += [f"{edges[0]}{spelling}{edges[1]}" for spelling in sorted(spellings)]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _scrubbed(one: Observation, pattern: re.Pattern[str] | None) -> Observation:
    if isinstance(one, HTTPRoundTrip):
        return _scrub_page(one, pattern)
    if isinstance(one, TLSHandshake) and one.server_hex and pattern is not None:
        return _scrub_bytes(one, pattern)
    return one


def _scrub_page(page: HTTPRoundTrip, pattern: re.Pattern[str] | None) -> HTTPRoundTrip:
    headers = tuple((n, REPLACED if n.lower() in _ECHOING else _clean(v, pattern)) for n, v in page.headers)
    changed: dict[str, Any] = {} if headers == page.headers else {"headers": headers}
    for name in _TEXTS:
        text = getattr(page, name)
        if (cleaned := _clean(text, pattern)) != text:
            changed[name] = cleaned
    told = tuple(msgspec.structs.replace(e, got=_clean(e.got, pattern)) for e in page.expectations)
    if told != page.expectations:
        changed["expectations"] = told
    if page.failure is not None and (detail := _clean(page.failure.detail, pattern)) != page.failure.detail:
        changed["failure"] = msgspec.structs.replace(page.failure, detail=detail)
    return msgspec.structs.replace(page, **changed) if changed else page


def _scrub_bytes(shaken: TLSHandshake, pattern: re.Pattern[str]) -> TLSHandshake:
    """An answer that was no TLS may be a page that tells our address; its bytes are kept, so they are searched."""
    said = bytes.fromhex(shaken.server_hex).decode("latin-1")
    cleaned = _clean(said, pattern).encode("latin-1").hex()
    return shaken if cleaned == shaken.server_hex else msgspec.structs.replace(shaken, server_hex=cleaned)


def _clean(text: str, pattern: re.Pattern[str] | None) -> str:
    return text if pattern is None else pattern.sub(REPLACED, text)
