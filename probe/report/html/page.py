"""A block report as one HTML page. Pure: `render(block) -> str`; the template has the layout, the view every word."""

from collections.abc import Mapping
from typing import NamedTuple

from probe import __version__
from probe.report.block.view import Block
from probe.report.figures import small_multiples, stripe_chart
from probe.report.html import environment
from probe.report.html.told import written
from probe.report.language.catalogue import catalogue


class Place(NamedTuple):
    """Where a page stands in a site: links to what is around it, all of them relative. A page alone has none.

    `trail` are name and link of the pages above it; `pages` the page of each measurement that has one, by id, and
    `targets` that of each target.
    """

    trail: tuple[tuple[str, str], ...] = ()
    feed: str = ""
    pages: Mapping[str, str] = {}
    targets: Mapping[str, str] = {}


ALONE = Place()
MOST_UNPAGED = 12
"""So many measurements without a page in a site are named with the command that shows them; more are counted."""


def software() -> str:
    """What made the page."""
    return f"probe {__version__}"


def render(block: Block, place: Place = ALONE) -> str:
    """The whole page."""
    figures = {
        "figure_a": environment.drawn(stripe_chart.render(block, key="figure-a")),
        "figure_a_narrow": environment.drawn(stripe_chart.render(block, narrow=True, key="figure-a-narrow")),
        "figure_b": environment.drawn(small_multiples.render(block, key="figure-b")),
        "figure_b_narrow": environment.drawn(small_multiples.render(block, narrow=True, key="figure-b-narrow")),
    }
    return environment.render(
        "block.html.j2",
        block=block,
        place=place,
        lang=block.lang,
        title=block.headline.text,
        say=catalogue(block.lang).say,
        written=written(block.lang),
        flags=_flags(block),
        unpaged=_unpaged(block, place),
        most_unpaged=MOST_UNPAGED,
        counted=catalogue(block.lang).counted,
        software=software(),
        **figures,
    )


def _unpaged(block: Block, place: Place) -> list[str]:
    """Cited measurements that have no page in the site that this page is of."""
    cited = (name for one in block.onsets.rows for name in one.witnesses if name)
    return list(dict.fromkeys(name for name in cited if name not in place.pages)) if place.trail else []


def _flags(block: Block) -> list[int]:
    """The number of each claim's flag in Figure A, in the order of the claims; 0 for one that has none."""
    numbers = {(flag.by, flag.when): number for number, flag in enumerate(stripe_chart.shown(block.stripes), 1)}
    return [numbers.get((claim.by, claim.when), 0) for claim in block.claims]
