"""The share of measurements that failed, a small panel a vantage point, all on one axis. Pure: view to SVG.

A bar is as high as the share, a stroke at the foot says that none failed, and where nothing was learnt there is
nothing: bars stand apart and are never joined.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import groupby
from typing import NamedTuple

from probe.report.block.view import Block, Share, ShareRow, Shares
from probe.report.figures import frame
from probe.report.figures.aggregate import PITCH
from probe.report.figures.axis import Scale, axis
from probe.report.figures.frame import NARROW, WIDE, Setting, Size
from probe.report.figures.svg import cut, element, group, number, text, width_of
from probe.report.figures.words import Calendar
from probe.report.language.catalogue import catalogue

HEIGHT = 56.0
GUTTER = 28.0
MOST_PANELS = 48


class _Panel(NamedTuple):
    """Where a panel stands: left edge, top of its bars, and its own scale."""

    x: float
    y: float
    scale: Scale


def render(block: Block, *, narrow: bool = False, alone: bool = False, key: str = "figure-b") -> str:
    """The small multiples of a page, as `<svg>`; empty if the page has none."""
    if block.shares is None:
        return ""
    size = NARROW if narrow else WIDE
    return shares_svg(block.shares, block.lang, block.zone, size, alone=alone, key=key)


def shares_svg(shares: Shares, lang: str, zone: str, size: Size, *, alone: bool, key: str) -> str:
    """The same, of the shares alone."""
    words = catalogue(lang)
    on = Setting(key, size, frame.scale_for(shares.first, shares.last, size), words, zone)
    rows = shares.rows[:MOST_PANELS]
    panels = list(_panels(len(rows), on))
    parts = [_panel(row, panel, on) for row, panel in zip(rows, panels, strict=True)]
    y = panels[-1].y + HEIGHT + 34 if panels else 0.0
    said, y = frame.paragraph(words.say("drawing.share_note"), on, y)
    if len(shares.rows) > len(rows):
        more, y = frame.paragraph(words.counted("drawing.more_panels", len(shares.rows) - len(rows)), on, y)
        said += more
    return frame.envelope(on, shares.title, shares.alt, "".join(parts) + group([said]), y + 6, alone=alone)


def _panels(count: int, on: Setting) -> Iterator[_Panel]:
    columns = 3 if on.size.beside else 1
    wide = (on.size.width - GUTTER * (columns - 1)) / columns
    for at in range(count):
        x, y = (at % columns) * (wide + GUTTER), (at // columns) * (HEIGHT + 62) + 22
        yield _Panel(x, y, on.scale._replace(left=x + 1, right=x + wide - 34))


def _panel(row: ShareRow, at: _Panel, on: Setting) -> str:
    left, right = at.scale.left, at.scale.right
    failed, telling = sum(one.failed for one in row.cells), sum(one.telling for one in row.cells)
    count = on.words.say("drawing.counted", failed=failed, telling=telling)
    room = right + 33 - left - width_of(count, 11) - 10
    grid = "".join(f"M{number(left)} {number(at.y + HEIGHT * part)}H{number(right)}" for part in (0, 0.5, 1))
    parts = [
        text(cut(row.place, room), at.x, at.y - 9, "f-strong"),
        text(count, right + 33, at.y - 9, "f-faint f-end"),
        element("path", d=grid, class_="f-rule"),
        text("100 %", right + 33, at.y + 4, "f-faint f-end"),
        text("0 %", right + 33, at.y + HEIGHT + 4, "f-faint f-end"),
        *_bars(row.cells, at),
        *_ticks(at, on),
    ]
    return group(parts, "f-panel")


def _bars(cells: Sequence[Share], at: _Panel) -> Iterator[str]:
    """Bars of what failed, strokes where none did; cells too dense for their px are added up."""
    failed, none = [], []
    for x, wide, bad, telling in _merged(cells, at.scale):
        if bad:
            high = max(HEIGHT * bad / telling, 1.5)
            failed.append(f"M{number(x)} {number(at.y + HEIGHT - high)}h{number(wide)}v{number(high)}h{number(-wide)}z")
        elif telling:
            none.append(f"M{number(x)} {number(at.y + HEIGHT - 2)}h{number(wide)}v2h{number(-wide)}z")
    for class_, paths in (("m-failed", failed), ("f-none", none)):
        if paths:
            yield element("path", d="".join(paths), class_=class_)


def _merged(cells: Sequence[Share], scale: Scale) -> Iterator[tuple[float, float, int, int]]:
    """Left edge and width in px, failed and telling, of bars at least a pitch apart."""
    if not cells:
        return
    step = (scale.x(cells[-1].last) - scale.x(cells[0].first)) / len(cells)
    every = max(round(PITCH / step + 0.49), 1) if step > 0 else 1
    for _, group_ in groupby(enumerate(cells), key=lambda pair: pair[0] // every):
        some = [cell for _, cell in group_]
        a, b = scale.x(some[0].first), scale.x(some[-1].last)
        yield a + 0.5, max(b - a - 1, 1.0), sum(one.failed for one in some), sum(one.telling for one in some)


def _ticks(at: _Panel, on: Setting) -> Iterator[str]:
    """A few named times in UTC under each panel."""
    told = axis(at.scale, UTC, Calendar(on.words))
    y = at.y + HEIGHT
    edge = at.x - 4
    for one in told.ticks:
        x, half = at.scale.x(one.at), width_of(one.text, 11) / 2
        if x - half > edge and x + half <= at.scale.right + 8:
            yield element("path", d=f"M{number(x)} {number(y)}v4", class_="f-tick")
            yield text(one.text, x, y + 16, "f-faint f-mid")
            edge = x + half + 4
    said = [one for one in told.groups if one.text]
    if said:
        yield text(f"{said[0].text} UTC", at.x, y + 30, "f-faint")
