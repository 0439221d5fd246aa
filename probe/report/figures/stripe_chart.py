"""Figure A, the stripe chart: a row an endpoint, a mark a run, onsets shaded, claims as flags. Pure: view to SVG.

Knows where things stand in a row; the axes, legend and envelope are `frame`'s, shapes and colours `outcome`'s. Marks
stand apart and are never joined: between two runs there is nothing, and where runs are missing the row is hatched.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from probe.report.block.view import Block, Bracket, Flag, Outcome, Span, Stripe, Stripes
from probe.report.figures import frame
from probe.report.figures.aggregate import Grain, Mark, grain, marks
from probe.report.figures.axis import Scale
from probe.report.figures.frame import NARROW, WIDE, Key, Setting, Size
from probe.report.figures.outcome import LOOKS, Cell
from probe.report.figures.outcome import marks as path_of
from probe.report.figures.svg import cut, element, group, number, text, width_of
from probe.report.figures.words import length
from probe.report.language.catalogue import catalogue

TALL = 10.0
"""Half the height of a stripe."""
MOST_FLAGS = 12
LANES = 3
LANE = 17.0


class _Row(NamedTuple):
    """Where a row stands: the middle of its stripe, its upper edge, its lower edge."""

    middle: float
    top: float
    foot: float


def render(block: Block, *, narrow: bool = False, alone: bool = False, key: str = "figure-a") -> str:
    """The stripe chart of a page, as `<svg>`. `narrow`: for a phone; `alone`: as a file of its own, which lists the
    claims behind its flags as the page does elsewhere."""
    size = NARROW if narrow else WIDE
    return stripes_svg(block.stripes, block.lang, size, alone=alone, key=key, listed=alone)


def stripes_svg(stripes: Stripes, lang: str, size: Size, *, alone: bool, key: str, listed: bool = True) -> str:
    """The same, of the stripes alone. `key` begins every id, so that two figures fit in one page."""
    words = catalogue(lang)
    fine = grain(stripes, size.right - size.left)
    on = Setting(key, size, frame.scale_for(stripes.first, stripes.last, size), words, stripes.zone)
    flags = shown(stripes)
    axis, y = frame.above(on, stripes.zone_name, 0.0)
    raised, y = _raised(flags, on, y + 2)
    rows, drawn = list(_places(stripes.rows, size, y)), [marks(row.ticks, fine) for row in stripes.rows]
    foot = rows[-1].foot if rows else y
    under, after = frame.below(on, foot + 4)
    legend, after = frame.legend(list(_keys(stripes, drawn, on)), on, after + 4)
    said, after = _said(stripes, fine, flags if listed else (), on, after + 4)
    parts = [
        element("defs", _hatch(on)),
        *(_row(*one, fine, on) for one in zip(stripes.rows, drawn, rows, strict=True)),
        _flags(raised, rows, on),
        axis, under, legend, said,
    ]  # fmt: skip
    return frame.envelope(on, stripes.title, stripes.alt, "".join(parts), after + 6, alone=alone)


def shown(stripes: Stripes) -> list[Flag]:
    """The claims that are drawn, in the order of their numbers (from 1): those on the axis, at most `MOST_FLAGS`."""
    return [one for one in stripes.flags if _within(one, stripes)][:MOST_FLAGS]


def _within(flag: Flag, stripes: Stripes) -> bool:
    first = flag.when.latest if flag.when.earliest is None else flag.when.earliest
    return first <= stripes.last and flag.when.latest >= stripes.first


def _places(rows: Sequence[Stripe], size: Size, y: float) -> Iterator[_Row]:
    before, after = (7.0, 7.0) if size.beside else (25.0, 4.0)
    for _ in rows:
        top = y
        y += before + 2 * TALL + after
        yield _Row(top + before + TALL, top, y)


def _row(row: Stripe, drawn: Sequence[Mark], at: _Row, fine: Grain, on: Setting) -> str:
    bed = element("rect", x=on.size.left, y=at.middle - TALL, width=on.size.right - on.size.left, height=2 * TALL,
                  class_="f-bed")  # fmt: skip
    parts = [bed, *_unfit(row.unfit, at, on.scale), *_gaps(row, at, fine, on)]
    parts += [shade for one in row.onsets for shade in _shades(one, at, on.scale, "f-certain", "f-observed", "f-edge")]
    parts += [
        shade for one in row.ends for shade in _shades(one, at, on.scale, "f-recovering", "f-recovered", "f-edge-end")
    ]
    parts += [*_marks(row, drawn, at.middle, fine, on), *_labels(row, at, on)]
    return group(parts, "f-row")


def _band(first: float, last: float, at: _Row, scale: Scale, class_: str, **more: str) -> str:
    """A stretch of time over the row, never narrower than 2 px."""
    a, b = scale.x(first), scale.x(last)
    wide = max(b - a, 2.0)
    top = at.middle - TALL
    return element("rect", x=(a + b - wide) / 2, y=top, width=wide, height=2 * TALL, class_=class_, **more)


def _unfit(spans: Iterable[Span], at: _Row, scale: Scale) -> Iterator[str]:
    for one in spans:
        yield _band(scale.start if one.earliest is None else one.earliest, one.latest, at, scale, "f-grey")


def _gaps(row: Stripe, at: _Row, fine: Grain, on: Setting) -> Iterator[str]:
    """Hatched up to the marks on both sides, and not under them."""
    clear = _half(row, fine, on.scale) + 1
    for one in row.gaps:
        a = on.scale.x(on.scale.start if one.earliest is None else one.earliest) + clear
        b = on.scale.x(one.latest) - clear
        if b - a > 1:
            yield element("rect", x=a, y=at.middle - TALL, width=b - a, height=2 * TALL, fill=f"url(#{on.key}-hatch)")


def _shades(one: Bracket, at: _Row, scale: Scale, certain: str, observed: str, edge: str) -> Iterator[str]:
    """CERTAIN behind OBSERVED, its edges dashed. An interval without a beginning is no onset and is not shaded."""
    if one.observed.earliest is None:
        return
    if one.certain is not None:
        first = scale.start if one.certain.earliest is None else one.certain.earliest
        yield _band(first, one.certain.latest, at, scale, certain)
        edges = (number(scale.x(first)), number(scale.x(one.certain.latest)))
        top, foot = number(at.middle - TALL - 3), number(2 * TALL + 6)
        yield element("path", d="".join(f"M{x} {top}v{foot}" for x in edges), class_=edge)
    yield _band(one.observed.earliest, one.observed.latest, at, scale, observed)


def _marks(row: Stripe, drawn: Sequence[Mark], y: float, fine: Grain, on: Setting) -> Iterator[str]:
    """One path an outcome: the same bytes whether a page has ten rows or forty."""
    half = _half(row, fine, on.scale)
    cells: dict[Outcome, list[Cell]] = {}
    for mark in drawn:
        share = mark.share if mark.outcome is Outcome.MIXED else 1.0
        cells.setdefault(mark.outcome, []).append(Cell(on.scale.x(mark.at), y, half, TALL - 2, share))
    for outcome, placed in cells.items():
        yield path_of(outcome, placed)


def _half(row: Stripe, fine: Grain, scale: Scale) -> float:
    """Half the width of a mark in px: narrow enough that the closest two stand apart."""
    return min(max(_pitch(row, fine, scale) * 0.34, 1.1), 3.4)


def _pitch(row: Stripe, fine: Grain, scale: Scale) -> float:
    """How many px lie between two marks, where they lie closest."""
    if fine.length:
        return scale.x(scale.start + fine.length) - scale.left
    middles = [scale.x((tick.first + tick.last) / 2) for tick in row.ticks]
    return min((b - a for a, b in pairwise(middles)), default=10.0)


def _labels(row: Stripe, at: _Row, on: Setting) -> Iterator[str]:
    failed, reached = sum(one.failed for one in row.ticks), sum(one.reached for one in row.ticks)
    count = on.words.say("drawing.counted", failed=failed, telling=failed + reached) if failed + reached else ""
    size = on.size
    if size.beside:
        yield text(cut(row.label, size.left - 12), 0, at.middle - 1.5, "f-strong")
        yield text(cut(row.place, size.left - 12, 11), 0, at.middle + 12, "f-faint")
        yield text(cut(count, size.width - size.right - 8, 11), size.width, at.middle + 4, "f-faint f-end")
        return
    y, room = at.top + 16, size.width - width_of(count, 11) - 12
    label = cut(row.label, room)
    yield text(label, 0, y, "f-strong")
    wide = width_of(label, 13.5) + 10  # bold
    if room - wide > 60:
        yield text(cut(row.place, room - wide, 11), wide, y, "f-faint")
    yield text(count, size.width, y, "f-faint f-end")


class _Raised(NamedTuple):
    """A flag and where it stands."""

    number: int
    x: float
    until: float
    y: float


def _raised(flags: Sequence[Flag], on: Setting, y: float) -> tuple[list[_Raised], float]:
    """Flags in as few lanes as keep them apart; where the lanes stop."""
    ends = [float("-inf")] * LANES
    placed = []
    for count, flag in enumerate(flags, 1):
        x = on.scale.x(flag.when.latest if flag.when.earliest is None else flag.when.earliest)
        lane = next((at for at, end in enumerate(ends) if x > end), ends.index(min(ends)))
        ends[lane] = x + 20
        placed.append(_Raised(count, x, on.scale.x(flag.when.latest), y + lane * LANE))
    used = sum(end > float("-inf") for end in ends)
    return placed, y + used * LANE + (6 if used else 0)


def _flags(raised: Sequence[_Raised], rows: Sequence[_Row], on: Setting) -> str:
    """A flag with its number, a bar as long as the claimed time is wide, and a pole through every stripe (not through
    the labels above them)."""
    parts = []
    for one in raised:
        side = -1 if one.x > on.scale.right - 18 else 1
        x, y = number(one.x), number(one.y)
        if one.until - one.x > 2:
            parts.append(element("rect", x=one.x, y=one.y + 13, width=one.until - one.x, height=2, class_="f-flag"))
        cloth = f"M{x} {y}h{side * 17}l{-side * 4} 6.5l{side * 4} 6.5h{-side * 17}z"
        parts.append(element("path", d=cloth, class_="f-flag"))
        parts.append(text(str(one.number), one.x + side * 7, one.y + 10, "f-number"))
        parts.append(element("path", d=f"M{x} {y}{''.join(_pole(one, rows, on))}", class_="f-pole"))
    return group(parts, "f-flags")


def _pole(one: _Raised, rows: Sequence[_Row], on: Setting) -> Iterator[str]:
    if on.size.beside and rows:
        yield f"V{number(rows[-1].foot)}"
        return
    yield "v15"
    for row in rows:
        yield f"M{number(one.x)} {number(row.middle - TALL - 3)}v{number(2 * TALL + 6)}"


def _keys(stripes: Stripes, drawn: Sequence[Sequence[Mark]], on: Setting) -> Iterator[Key]:
    """What occurs in the figure, and nothing else."""
    names = {one.outcome: one.name for one in stripes.names}
    said = {mark.outcome for row in drawn for mark in row}
    for outcome in LOOKS:
        if outcome in said:
            mixed = outcome is Outcome.MIXED
            yield frame.key_of(outcome, on.words.say("drawing.mixed") if mixed else names.get(outcome, str(outcome)))
    onsets = [one for row in stripes.rows for one in row.onsets]
    if any(one.observed.earliest is not None for one in onsets):
        yield Key(_swatch("f-observed"), on.words.say("drawing.observed"))
    if any(one.certain is not None for one in onsets):
        sign = _swatch("f-certain") + element("path", d="M2 -10v20M16 -10v20", class_="f-edge")
        yield Key(sign, on.words.say("drawing.certain"))
    if any(row.ends for row in stripes.rows):
        yield Key(_swatch("f-recovered"), on.words.say("drawing.recovered"))
    if Outcome.UNFIT not in said and any(row.unfit for row in stripes.rows):
        yield Key(_swatch("f-grey"), on.words.say("drawing.unfit"))
    if any(row.gaps for row in stripes.rows):
        box = element("rect", x=2, y=-8, width=14, height=16, fill=f"url(#{on.key}-hatch)")
        yield Key(box, on.words.say("drawing.gap"))


def _swatch(class_: str) -> str:
    return element("rect", x=2, y=-8, width=14, height=16, class_=class_)


def _said(stripes: Stripes, fine: Grain, flags: Sequence[Flag], on: Setting, y: float) -> tuple[str, float]:
    """The claims behind the flags; how much one mark stands for; what the view itself has to note."""
    lines = [f"{count}  {flag.text} · {flag.when.text}" for count, flag in enumerate(flags, 1)]
    if flags:
        lines.insert(0, on.words.say("drawing.claims"))
    lines.append(_note(stripes, fine, on))
    parts = []
    for line in lines:
        if line:
            said, y = frame.paragraph(line, on, y)
            parts.append(said)
    return group(parts, "f-notes"), y


def _note(stripes: Stripes, fine: Grain, on: Setting) -> str:
    """The view's own note; where marks stand for more here than in the view, they say for how much."""
    if not fine.length:
        return stripes.note
    theirs = on.words.say("figure.cells", cell=length(on.words, stripes.cell)) if stripes.cell else ""
    ours = on.words.say("figure.cells", cell=length(on.words, fine.length))
    return ours + stripes.note.removeprefix(theirs)


def _hatch(on: Setting) -> str:
    return element(
        "pattern",
        element("path", d="M0 6L6 0M-1.5 1.5L1.5 -1.5M4.5 7.5L7.5 4.5", class_="f-hatch"),
        id=f"{on.key}-hatch",
        width=6,
        height=6,
        pattern_units="userSpaceOnUse",
    )
