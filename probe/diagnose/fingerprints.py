"""Pages that can be told by their marks: block pages, legal notices, challenges. Facts with sources, no judgement.

Our own list is short on purpose and holds only marks that a genuine page of the site would not carry; a user's file in
the field's CSV format (ooni/blocking-fingerprints) adds to it, with its guards against false positives.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from probe.model.observation import HTTPRoundTrip


class Kind(StrEnum):
    """What a mark says a page is."""

    BLOCKPAGE = "blockpage"
    LEGAL = "legal"
    CHALLENGE = "challenge"
    GUARD = "guard"


class Fingerprint(NamedTuple):
    """One mark. `location` is `body`, `title`, `status` or `header.NAME`; `match` full, prefix, contains or regexp."""

    name: str
    kind: Kind
    location: str
    match: str
    pattern: str
    source: str


OWN: tuple[Fingerprint, ...] = (
    Fingerprint("status-451", Kind.LEGAL, "status", "full", "451", "RFC 7725"),
    Fingerprint("link-blocked-by", Kind.LEGAL, "header.link", "regexp", r'rel="?blocked-by', "RFC 7725 section 4"),
    Fingerprint("cf-mitigated", Kind.CHALLENGE, "header.cf-mitigated", "contains", "challenge",
                "Cloudflare, Detect a challenge page response"),
    Fingerprint("cf-just-a-moment", Kind.CHALLENGE, "title", "prefix", "Just a moment", "Cloudflare challenge page"),
    Fingerprint("cf-attention", Kind.CHALLENGE, "title", "contains", "Attention Required! | Cloudflare",
                "Cloudflare block page"),
    Fingerprint("ddos-guard", Kind.CHALLENGE, "title", "full", "DDOS-GUARD", "DDoS-Guard challenge page"),
    Fingerprint("iran-10.10.34", Kind.BLOCKPAGE, "body", "regexp", r"src=\"http://10\.10\.34\.3[4-6]",
                "Aryan et al. 2013, Internet Censorship in Iran; ooni/blocking-fingerprints, its rows of Iran"),
    Fingerprint("russia-rkn", Kind.BLOCKPAGE, "body", "contains",
                "Доступ к сайту ограничен в соответствии с Федеральными законами",
                "ooni/blocking-fingerprints, ooni.ru_0"),
    Fingerprint("turkey-btk", Kind.BLOCKPAGE, "body", "regexp",
                r"5651 sayılı[^<]{0,400}(engellenmiştir|tedbiri? uygulanmaktadır)",
                "wording of notices under Law 5651, from memory; its name alone stands in many a footer"),
    Fingerprint("indonesia-trustpositif", Kind.BLOCKPAGE, "body", "contains",
                "This page is blocked by <a href=http://trustpositif.kominfo.go.id",
                "ooni/blocking-fingerprints, ooni.id_6"),
    Fingerprint("india-dot", Kind.BLOCKPAGE, "body", "contains",
                "blocked as per the directions received from Department of Telecommunications",
                "Yadav et al. 2018, Where the light gets in"),
)  # fmt: skip

_BLOCK_WORDS = re.compile(
    r"(has been|is|was) (blocked|prohibited|restricted|banned)|access (to this \w+ )?(is |has been )?(denied|blocked|"
    r"restricted|prohibited)|blocked by (order|your|the)|court order|禁止访问|访问被拒绝|已被屏蔽|заблокирован|доступ"
    r"\s+ограничен|engellenmiştir|diblokir|محجوب|حجب|مسدود",
    re.IGNORECASE,
)
_LAW_WORDS = re.compile(
    r"court order|pursuant to|under section \d|law no|act,? (of )?(19|20)\d\d|по решению|закон", re.I
)

SHORT = 2048
"""Bytes of a page that says one thing. An article on censorship is longer."""


def marks(page: HTTPRoundTrip, extra: Sequence[Fingerprint] = ()) -> tuple[Fingerprint, ...]:
    """The fingerprints that a page carries; none if a guard among them says that it is a known false positive."""
    found = tuple(f for f in (*OWN, *extra) if _carries(page, f))
    return tuple(f for f in found if f.kind is not Kind.GUARD) if not any(f.kind is Kind.GUARD for f in found) else ()


def speaks_of_blocking(page: HTTPRoundTrip) -> bool:
    """Whether the page's words speak of being blocked. A hint for pages already shown to be strange, never a proof."""
    return bool(_BLOCK_WORDS.search(page.title) or _BLOCK_WORDS.search(page.body_text))


def announces(page: HTTPRoundTrip, extra: Sequence[Fingerprint] = ()) -> bool:
    """Whether a page announces a block: by a known mark or a 451, in its title, or in a text too short to discuss one.

    Nobody vouches for such a page in the clear, so it is not taken for the site.
    """
    marked = any(mark.kind in (Kind.BLOCKPAGE, Kind.LEGAL) for mark in marks(page, extra))
    said = page.title if page.body_bytes > SHORT else f"{page.title}\n{page.body_text}"
    return marked or bool(_BLOCK_WORDS.search(said) or _LAW_WORDS.search(said))


def names_a_law(page: HTTPRoundTrip) -> bool:
    """Whether the page is, or says it is, a legal notice: 451, a blocked-by link, or the words of one."""
    legal = any(f.kind is Kind.LEGAL for f in marks(page))
    return legal or bool(_LAW_WORDS.search(page.title) or _LAW_WORDS.search(page.body_text))


def _carries(page: HTTPRoundTrip, mark: Fingerprint) -> bool:
    location = mark.location
    if location == "body":
        return _matches(page.body_text, mark)
    if location == "title":
        return _matches(page.title, mark)
    if location.startswith("header."):
        wanted = location[7:].lower()
        return any(_matches(value, mark) for name, value in page.headers if name.lower() == wanted)
    return location == "status" and _matches(str(page.status), mark)


def _matches(text: str, mark: Fingerprint) -> bool:
    if mark.match == "full":
        return text == mark.pattern
    if mark.match == "prefix":
        return text.startswith(mark.pattern)
    if mark.match == "contains":
        return mark.pattern in text
    return re.search(mark.pattern, text) is not None


def parse_csv(lines: Iterable[str]) -> tuple[Fingerprint, ...]:
    """A file of ooni/blocking-fingerprints: its rows for pages; DNS rows are left out. Raises ValueError with the line.

    Rows with `scope` `fp` are guards: pages known to be mistaken for block pages.
    """
    found = []
    reader = csv.DictReader(lines)
    needed = {"name", "scope", "location_found", "pattern_type", "pattern"}
    if reader.fieldnames is None or not needed <= set(reader.fieldnames):
        raise ValueError(f"1: the columns {', '.join(sorted(needed))} are needed (ooni/blocking-fingerprints)")
    for row in reader:
        location, match = row["location_found"] or "", row["pattern_type"] or ""
        if location == "dns" or not row["pattern"]:
            continue
        if match not in ("full", "prefix", "contains", "regexp"):
            raise ValueError(f"{reader.line_num}: pattern_type {match!r} must be full, prefix, contains or regexp")
        if match == "regexp":
            try:
                re.compile(row["pattern"])
            except re.error as error:
                raise ValueError(f"{reader.line_num}: pattern is no regular expression: {error}") from error
        kind = Kind.GUARD if row["scope"] == "fp" else Kind.BLOCKPAGE
        found.append(
            Fingerprint(row["name"], kind, location, match, row["pattern"], row.get("source") or "user's file")
        )
    return tuple(found)
