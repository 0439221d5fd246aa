"""A comparison as text: 80 columns on a terminal, one line a fact where there is no edge. Pure: `render(view, page)`.

What stood around the measurements comes first, for it may explain the rest; then verdicts, then certificates and
addresses, then what could not be compared. Every string of a record passes `page.clean` before it is placed.
"""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from probe.model.episode import SeriesKey
from probe.report import times
from probe.report.diff_gather import Extent
from probe.report.diff_view import DiffView, SideView
from probe.report.diff_words import (
    FIELDS,
    FOOTER,
    addresses,
    called,
    certificates,
    how,
    shifted,
    short,
    stood,
    told,
    why_not,
    word,
)
from probe.report.paper import Page, Paint, plain
from probe.report.times import Times
from probe.report.words import place
from probe.store.pick import Meaning
from probe.timeline.diff import COMPARABLE, About, Change, Facts, Key, Kind, Pair
from probe.timeline.standing import Standing

GAP = "  "
INDENT = " "
CONTINUED = " " * 6
COLUMN = 22
"""No column of names is wider; a longer name stands out of it."""
NAMED = 3
"""So many endpoints of one reason are named; more are counted."""

Entry = tuple[str, ...]


def render(view: DiffView, page: Page, paint: Paint = plain) -> str:
    """The whole comparison, ending in a newline."""
    clock = times.times_for(view.zone, min(view.a.first, view.b.first), max(view.a.last, view.b.last))
    sections = (
        _heading(view, clock, page),
        _around(view, page, paint),
        _across(view, page, paint) if view.across else _changes(view, page, paint),
        _titled("Certificates", _certificates(view), page, paint),
        _titled("Other addresses (content networks rotate them; this proves nothing)", _addresses(view), page, paint),
        _titled("Not comparable", _incomparable(view), page, paint),
        _footer(view, page, paint),
    )
    return "\n".join("\n".join(line.rstrip() for line in lines) + "\n" for lines in sections if lines)


def _heading(view: DiffView, clock: Times, page: Page) -> list[str]:
    """Which sides these are, and of which vantage points."""
    names = [short(side.name) for side in (view.a, view.b)]
    width = max(map(len, names))
    close = not view.across and abs(view.b.last - view.a.last) < times.MINUTE
    lines = []
    for sign, name, side in zip("AB", names, (view.a, view.b), strict=True):
        cells = [page.clean(cell) for cell in (f"{name:<{width}}", *_side(side, clock, view.across, close))]
        lines += _flow((f"{sign}  {cells[0]}", *cells[1:]), page.width, "")
    if not view.across:
        lines += _flow((page.clean(place(_place(one))) for one in view.b.extents), page.width, INDENT * 3)
    if view.left_out:
        lines += _flow((f"only on one side: {page.clean(', '.join(view.left_out))}",), page.width, INDENT * 3)
    return lines


def _side(side: SideView, clock: Times, across: bool, close: bool) -> Iterator[str]:
    """What a side is; `close`: its time is told to the second."""
    if across:
        yield from (place(_place(one)) for one in side.extents)
    if len(side.runs) == 1:
        yield from side.runs if side.name not in side.runs else ()
    else:
        yield f"{len(side.runs)} runs"
    as_of = side.meaning == Meaning.MOMENT or len(side.runs) > len(side.extents)
    yield ("as of " if as_of else "") + times.moment(clock, side.last, seconds=close)


def _place(extent: Extent) -> SeriesKey:
    return SeriesKey(*extent.place, target="", endpoint="")


def _around(view: DiffView, page: Page, paint: Paint) -> list[str]:
    """What else changed: the network first, apart from lists and software."""
    grouped: dict[Entry, list[str]] = {}
    for one in view.shifts:
        grouped.setdefault((FIELDS[one.field], shifted(one)), []).append(one.vantage)
    several = len(view.b.extents) > 1
    entries = [
        (f"! {what}", *((", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else ""),) if several else ()), told)
        for (what, told), names in grouped.items()
    ]
    return [paint("yellow", line) for entry in _columns(entries, page) for line in _flow(entry, page.width, INDENT)]


def _changes(view: DiffView, page: Page, paint: Paint) -> list[str]:
    """What changed with time, the worst first."""
    listed = view.same(About.TARGETS)
    entries = []
    for one in view.comparison.changes:
        entries.append((f"{word(one).sign} {word(one).name}", *_named(one.key, view), *told(one, listed=listed)))
    return _painted(entries, [word(one).colour for one in view.comparison.changes], page, paint)


def _across(view: DiffView, page: Page, paint: Paint) -> list[str]:
    """What differs between two vantage points: how it stands at each."""
    names = [side.extents[0].place.vantage for side in (view.a, view.b)]
    entries = [(_label(one.key), *_at(one, names)) for one in view.comparison.changes]
    return _painted(entries, [word(one).colour for one in view.comparison.changes], page, paint)


def _at(change: Change, names: Sequence[str]) -> Iterator[str]:
    """`blocked at sha-ct: connection reset (likely)`, `open at fra`; `measured at fra only: open`."""
    for facts, name in zip((change.a, change.b), names, strict=True):
        if facts is None:
            continue
        standing = facts.state.standing
        if change.kind in (Kind.NEW, Kind.GONE):
            yield f"measured at {name} only: {stood(facts.state)}"
        elif standing == Standing.OPEN:
            yield f"open at {name}"
        else:
            yield f"{called(facts.state)} at {name}: {how(facts.state)}"


def _certificates(view: DiffView) -> Iterator[Entry]:
    for one in view.comparison.certificates:
        yield (*_named(one.key, view), *certificates(one.a.leaves, one.b.leaves))


def _addresses(view: DiffView) -> Iterator[Entry]:
    """Those with none in common one by one; the rest counted."""
    apart = [one for one in view.comparison.addresses if not one.a.addresses & one.b.addresses]
    for one in apart:
        yield (*_named(one.key, view), f"{addresses(one.a.addresses)} → {addresses(one.b.addresses)}")
    rest = len(view.comparison.addresses) - len(apart)
    if rest:
        yield (_count(rest, "endpoint") + (" more" if apart else ""), "some in common, some not")


def _incomparable(view: DiffView) -> Iterator[Entry]:
    """Grouped by the reason, for an unfit vantage point is the reason of all."""
    grouped: dict[str, list[Pair]] = {}
    for one in view.comparison.incomparable:
        grouped.setdefault(_reason(one, view), []).append(one)
    for reason, pairs in grouped.items():
        if len(pairs) > NAMED:
            yield (_count(len(pairs), "endpoint"), reason)
        else:
            yield from ((*_named(one.key, view), reason) for one in pairs)


def _reason(pair: Pair, view: DiffView) -> str:
    sides = zip(("A", "B"), (view.a, view.b), (pair.a, pair.b), strict=True)
    told = []
    for sign, side, facts in sides:
        if _proves_nothing(facts, view):
            told.append(f"{side.extents[0].place.vantage if view.across else sign}: {why_not(facts)}")
    return "; ".join(told)


def _proves_nothing(facts: Facts, view: DiffView) -> bool:
    return facts.state.standing not in COMPARABLE and not (view.raw and facts.state.standing == Standing.FAILED)


def _footer(view: DiffView, page: Page, paint: Paint) -> list[str]:
    """How much is the same, and whether the same was asked."""
    found = view.comparison
    parts = [f"{len(found.unchanged)} {'the same' if view.across else 'unchanged'}"]
    if found.incomparable:
        parts.append(f"{len(found.incomparable)} not comparable")
    said = (FOOTER[about][not same] for about in FOOTER if (same := view.same(about)) is not None)
    parts += [part for part in said if part]
    lone = sum(bool(one.a.state.uncounted or one.b.state.uncounted) for one in found.unchanged)
    lines = [" · ".join(parts)]
    if lone:
        lines.append(f"{_count(lone, 'endpoint')} of these had failures that are too few to count; --raw counts them")
    if not view.compared:
        lines.append("Nothing could be compared: this is no all-clear")
    return [paint("bold", line) for text in lines for line in _flow(text.split(" "), page.width, "", gap=" ")]


def _named(key: Key, view: DiffView) -> Entry:
    """The endpoint, and its vantage point where there are several."""
    return (_label(key), *((key.vantage,) if len(view.b.extents) > 1 else ()))


def _label(key: Key) -> str:
    return f"{key.target}/{key.endpoint}"


def _painted(entries: Sequence[Entry], colours: Sequence[str], page: Page, paint: Paint) -> list[str]:
    return [
        paint(colour, line)
        for entry, colour in zip(_columns(entries, page), colours, strict=True)
        for line in _flow(entry, page.width, INDENT)
    ]


def _titled(title: str, entries: Iterable[Entry], page: Page, paint: Paint) -> list[str]:
    lines = [line for entry in _columns(list(entries), page) for line in _flow(entry, page.width, INDENT * 2)]
    return [paint("bold", title), *lines] if lines else []


def _columns(entries: Sequence[Entry], page: Page) -> list[Entry]:
    """The entries made harmless, their first two cells in columns."""
    cleaned = [tuple(page.clean(cell) for cell in entry if cell) for entry in entries]
    lengths = [[len(one[i]) for one in cleaned if len(one) > i + 1] for i in (0, 1)]
    widths = [max((length for length in column if length <= COLUMN), default=0) for column in lengths]
    return [tuple(f"{cell:<{widths[i]}}" if i < 2 else cell for i, cell in enumerate(one)) for one in cleaned]


def _flow(cells: Iterable[str], width: int, indent: str, gap: str = GAP) -> list[str]:
    """Cells side by side; one that does not fit begins a new, deeper line, and is broken only between words."""
    lines: list[str] = []
    for cell in (part for whole in cells for part in _parts(whole, width - len(CONTINUED))):
        if lines and len(lines[-1]) + len(gap) + len(cell.rstrip()) <= width:
            lines[-1] += gap + cell
        elif cell:
            lines.append((CONTINUED if lines and gap == GAP else indent) + cell)
    return lines


def _parts(cell: str, width: int) -> list[str]:
    """The cell, in several parts if no line could hold it."""
    if len(cell.rstrip()) <= width:
        return [cell]
    return wrap(cell, width, break_long_words=False, break_on_hyphens=False)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
