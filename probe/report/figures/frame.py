"""What every figure is drawn on: the axes above and below, the legend, the envelope with title and description.

Knows widths and lines of text, not what is measured. Everything is laid out in px of the figure's own grid; the page
scales it. A figure as a file of its own carries its colours; in a page it takes the page's.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from probe.model.shown import visible
from probe.report.block.view import Outcome
from probe.report.figures.axis import Axis, Scale, axis, offset
from probe.report.figures.outcome import Cell, colours, figure_css, marks
from probe.report.figures.svg import cut, element, group, text, width_of
from probe.report.figures.words import Calendar
from probe.report.language.catalogue import Catalogue

LINE = 18.0


class Size(NamedTuple):
    """How wide a figure is, and where in it the time axis runs; `labels` stand `beside` the rows or above them."""

    width: float
    left: float
    right: float
    beside: bool


WIDE = Size(1040.0, 196.0, 906.0, beside=True)
NARROW = Size(352.0, 4.0, 348.0, beside=False)
"""For a page, and for a phone. A narrow figure has its labels above the rows."""


class Setting(NamedTuple):
    """What a figure is drawn in: a name for its ids, a size, a scale, words, a zone."""

    key: str
    size: Size
    scale: Scale
    words: Catalogue
    zone: str

    @property
    def zones(self) -> tuple[tzinfo, ...]:
        """UTC, and the zone of the page if that is another."""
        here = ZoneInfo(self.zone)
        return (UTC,) if str(here) in {"UTC", "Etc/UTC"} else (UTC, here)


def scale_for(first: float, last: float, size: Size) -> Scale:
    """The axis of a figure: the stretch, and a little air at both ends so that no mark is cut."""
    air = max((last - first) * 0.012, 0.5)
    return Scale(first - air, last + air, size.left, size.right)


def above(on: Setting, zone_name: str, y: float) -> tuple[str, float]:
    """The local axis from y on, and where it ends; nothing if the page speaks UTC only."""
    if len(on.zones) == 1:
        return "", y
    told = axis(on.scale, on.zones[1], Calendar(on.words))
    name = f"{zone_name} {offset(on.scale.start, on.zones[1])}"
    parts = [_name(on, name, y + 12), *_groups(on, told, y + 12 + (0 if on.size.beside else 16))]
    y += 0 if on.size.beside else 16
    parts += list(_ticks(on, told, y + 28, y + 33, 6))
    return group(parts, "f-axis"), y + 40


def below(on: Setting, y: float) -> tuple[str, float]:
    """The UTC axis from y on, and where it ends."""
    told = axis(on.scale, UTC, Calendar(on.words))
    parts = list(_ticks(on, told, y + 18, y, 6))
    under = y + 34
    parts += [*_groups(on, told, under), _name(on, "UTC", under if on.size.beside else under + 15)]
    return group(parts, "f-axis"), under + (6 if on.size.beside else 21)


def _ticks(on: Setting, told: Axis, y: float, mark: float, length: float) -> Iterator[str]:
    d = "".join(f"M{on.scale.x(one.at):.1f} {mark:.1f}v{length:.0f}" for one in told.ticks)
    if d:
        yield element("path", d=d, class_="f-tick")
    edge = 0.0
    for one in told.ticks:
        half = width_of(one.text, 11) / 2
        x = min(max(on.scale.x(one.at), half), on.size.width - half)
        if x - half > edge:
            yield text(one.text, x, y, "f-faint f-mid")
            edge = x + half + 4


def _groups(on: Setting, told: Axis, y: float) -> Iterator[str]:
    for at, said in told.groups:
        yield text(said, max(on.scale.x(at), on.size.left), y, "f-faint f-strong")


def _name(on: Setting, said: str, y: float) -> str:
    """The name of an axis: left of it, or on a line of its own where there is no room."""
    return text(cut(said, on.size.left - 12 if on.size.beside else on.size.width), 0, y, "f-faint f-strong")


class Key(NamedTuple):
    """An entry of a legend: its sign as markup around (9, 0), and its meaning."""

    sign: str
    said: str


def key_of(outcome: Outcome, said: str) -> Key:
    """The entry of an outcome."""
    share = 0.5 if outcome is Outcome.MIXED else 1.0
    return Key(marks(outcome, [Cell(9, 0, 3, 7, share)]), said)


def legend(keys: Sequence[Key], on: Setting, y: float) -> tuple[str, float]:
    """The entries in as many lines as they need, and where they end."""
    parts, x = [], 0.0
    y += LINE
    for sign, said in keys:
        shown = cut(said, on.size.width - 30)
        wide = 24 + width_of(shown) + 18
        if x and x + wide - 18 > on.size.width:
            x, y = 0.0, y + LINE + 2
        parts.append(element("g", sign, transform=f"translate({x:.1f} {y - 4:.1f})"))
        parts.append(text(shown, x + 24, y))
        x += wide
    return group(parts, "f-legend"), y + (6 if keys else -LINE)


def paragraph(said: str, on: Setting, y: float, class_: str = "f-faint") -> tuple[str, float]:
    """Text in as many lines as it needs, broken at spaces and between wide characters, and where it ends."""
    parts = []
    for line in _broken(said, on.size.width):
        y += 16
        parts.append(text(line, 0, y, class_))
    return "".join(parts), y


def _broken(said: str, px: float) -> Iterator[str]:
    line = ""
    for piece in _pieces(visible(said)):
        if line and width_of(line + piece.rstrip(), 11.5) > px:
            yield line.rstrip()
            line = ""
        line += piece
    if line.strip():
        yield line.rstrip()


def _pieces(said: str) -> Iterator[str]:
    """Words with the space behind them; wide characters one by one, long words in parts."""
    piece = ""
    for c in said:
        piece += c
        if c == " " or ord(c) > 0x2E80 or len(piece) >= 24:
            yield piece
            piece = ""
    yield piece


def envelope(on: Setting, title: str, description: str, content: str, height: float, *, alone: bool) -> str:
    """The whole `<svg>`: named and described for those who cannot see it. `alone`: as a file of its own."""
    ids = (f"{on.key}-title", f"{on.key}-desc")
    told = element("title", escape(visible(title)), id=ids[0]) + element(
        "desc", escape(visible(description)), id=ids[1]
    )
    if alone:
        light, dark = colours(dark=False), colours(dark=True)
        scheme = f"@media (prefers-color-scheme:dark){{svg{{{dark}}}}}"
        told += f"<style>svg{{{light}}}{scheme}{figure_css()}</style>"
        told += element("rect", x=-16, y=-16, width=on.size.width + 32, height=height + 32, class_="f-paper")
    air = 16.0 if alone else 0.0
    box = f"{-air:g} {-air:g} {on.size.width + 2 * air:g} {height + 2 * air:.0f}"
    measures: dict[str, str | float] = {"width": on.size.width + 2 * air, "height": round(height + 2 * air)}
    return element(
        "svg",
        told + content,
        xmlns="http://www.w3.org/2000/svg",
        view_box=box,
        **(measures if alone else {}),
        class_="fig",
        role="img",
        lang=on.words.lang,
        aria_labelledby=" ".join(ids),
    )
