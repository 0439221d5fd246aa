"""Lists of a site: what its first page shows of them, and pages of their own for what is too long for it. Pure.

A page of a list has at most `PER_PAGE` rows, whatever the number of targets, and leads to the next and the one before.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from probe.report.block.view import Onset, Rung
from probe.report.html import environment
from probe.report.html.page import Place, software
from probe.report.ladder import BLOCKS
from probe.report.language.catalogue import Catalogue

PER_PAGE = 200
SHOWN = {"now": 60, "events": 24, "changes": 60, "targets": 48}
"""The lists, and how many rows of each the first page shows. Targets come there worst first."""


class Card(NamedTuple):
    """A page below: its title, relative link, headline, and how sure it is."""

    title: str
    link: str
    headline: str
    rung: Rung
    rung_name: str


class Change(NamedTuple):
    """A line of what began or ended; `at` sorts it, epoch seconds, `mark` is the class of its sign."""

    at: float
    said: str
    mark: str
    state_name: str
    method: str
    link: str


class Sheet(NamedTuple):
    """One page of a list: its number from 1, its name in the site, and the titles of its first and last row."""

    number: int
    name: str
    first: str
    last: str


class Listing(NamedTuple):
    """A list: all its rows in the order of its pages, those that the first page shows (of so many that it might), and
    its own pages, if any."""

    kind: str
    rows: Sequence[Any]
    shown: Sequence[Any]
    eligible: int
    sheets: tuple[Sheet, ...]


def listing(kind: str, rows: Sequence[Any], shown: Sequence[Any] | None = None) -> Listing:
    """The list of that kind. `shown` are the rows in the order of the first page, where that is another."""
    ordered = rows if shown is None else shown
    return Listing(kind, rows, ordered[: SHOWN[kind]], len(ordered), tuple(_sheets(kind, rows)))


def _sheets(kind: str, rows: Sequence[Any]) -> Iterator[Sheet]:
    for number in range(1, sheet_count(kind, len(rows)) + 1):
        held = rows[(number - 1) * PER_PAGE : number * PER_PAGE]
        yield Sheet(number, sheet_name(kind, number), _title(held[0]), _title(held[-1]))


def _title(row: object) -> str:
    return row.title if isinstance(row, Card) else ""


def sheet_count(kind: str, rows: int) -> int:
    """How many pages a list of so many rows has; none if the first page shows them all."""
    return 0 if rows <= SHOWN[kind] else math.ceil(rows / PER_PAGE)


def sheet_name(kind: str, number: int) -> str:
    """`list/targets-1.html`."""
    return f"list/{kind}-{number}.html"


def worst_first(card: Card) -> int:
    """Sorts cards by how much there is to say: confirmed blocks first."""
    return -list(Rung).index(card.rung)


def newest_first(onset: Onset) -> tuple[bool, bool, float, str]:
    """Sorts what stands: what is beyond chance before what is suspected, blocks before what is merely unreachable, and
    what began last first."""
    return onset.state != "confirmed", onset.rung not in BLOCKS, -onset.first_blocked.at, onset.id


def pages(told: Listing, words: Catalogue, links: Mapping[str, str], feed: str) -> Iterator[tuple[str, str]]:
    """Name and text of each page of a list. `links` are the pages of targets, seen from the top of the site."""
    for sheet in told.sheets:
        title = words.say("nav.sheet", title=words.say(f"nav.{told.kind}"), number=sheet.number, of=len(told.sheets))
        text = environment.render(
            "list.html.j2",
            kind=told.kind,
            rows=told.rows[(sheet.number - 1) * PER_PAGE : sheet.number * PER_PAGE],
            sheet=sheet,
            sheets=told.sheets,
            links=links,
            place=Place(((words.say("nav.overview"), "../index.html"),), feed),
            lang=words.lang,
            title=title,
            say=words.say,
            counted=words.counted,
            software=software(),
        )
        yield sheet.name, text
