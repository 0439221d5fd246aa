"""Our own addresses, taken out of what strangers echo back before it reaches disk.

A page or a header may tell the client's address (`Your IP: ...`, `X-Client-IP`). What is known to be ours is replaced;
headers that exist to carry a client's address lose their value whether we know ours or not.
"""

import re
from collections.abc import Sequence

import msgspec

from probe.model.observation import HTTPRoundTrip, Observation

REPLACED = "[scrubbed]"
_ECHOING = frozenset(
    {"x-client-ip", "x-real-ip", "x-forwarded-for", "cf-connecting-ip", "true-client-ip", "x-remote-addr", "client-ip",
     "x-your-ip", "x-ip", "set-cookie", "x-amz-cf-id"}
)  # fmt: skip
"""Headers whose value is about this client; cookies are identifiers too."""


def scrub(observations: Sequence[Observation], own: frozenset[str]) -> tuple[Observation, ...]:
    """The observations with own addresses and client-telling headers replaced."""
    pattern = re.compile("|".join(rf"(?<![\d.:a-f]){re.escape(a)}(?![\d:a-f])" for a in sorted(own))) if own else None
    return tuple(_scrub_page(o, pattern) if isinstance(o, HTTPRoundTrip) else o for o in observations)


def _scrub_page(page: HTTPRoundTrip, pattern: re.Pattern[str] | None) -> HTTPRoundTrip:
    def clean(text: str) -> str:
        return pattern.sub(REPLACED, text) if pattern is not None else text

    headers = tuple((n, REPLACED if n.lower() in _ECHOING else clean(v)) for n, v in page.headers)
    texts = (clean(page.title), clean(page.body_text), clean(page.location), clean(page.url))
    if headers == page.headers and texts == (page.title, page.body_text, page.location, page.url):
        return page
    title, body, location, url = texts
    return msgspec.structs.replace(page, headers=headers, title=title, body_text=body, location=location, url=url)
