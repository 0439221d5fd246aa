"""What one mark of a figure can mean, in which colour and in which shape. Tables and pure functions.

Colour never speaks alone: every outcome has a shape of its own, and the colours stay apart for colour-blind eyes (a
test simulates them). All colours stand at least 3:1 against the paper they lie on, text colours at least 4.5:1.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from probe.report.block.view import Outcome
from probe.report.figures.svg import element
from probe.report.figures.svg import number as _n


class Cell(NamedTuple):
    """The place of one mark in px: its middle, half its width, half the height of the stripe, and the share (0 to 1)
    of what it stands for that failed."""

    x: float
    y: float
    half: float
    tall: float
    share: float = 1.0


def _bar(at: Cell) -> str:
    """A bar from the foot of the stripe, as high as the share that failed."""
    height = max(2 * at.tall * at.share, 3.0)
    return f"M{_n(at.x - at.half)} {_n(at.y + at.tall - height)}h{_n(2 * at.half)}v{_n(height)}h{_n(-2 * at.half)}z"


def _dot(at: Cell) -> str:
    """A stroke without length: its round ends are the dot, in a fifth of the bytes of a circle."""
    return f"M{_n(at.x)} {_n(at.y)}h0"


def _diamond(at: Cell) -> str:
    w, h = max(at.half, 2.4), at.tall * 0.62
    return f"M{_n(at.x - w)} {_n(at.y)}l{_n(w)} {_n(-h)}l{_n(w)} {_n(h)}l{_n(-w)} {_n(h)}z"


def _triangle(at: Cell) -> str:
    w, h = max(at.half, 2.2), at.tall * 0.4
    return f"M{_n(at.x - w)} {_n(at.y - h)}h{_n(2 * w)}l{_n(-w)} {_n(2 * h)}z"


def _cross(at: Cell) -> str:
    w, h = min(max(at.half, 2.0), 3.2), at.tall * 0.4
    arms = f"l{_n(2 * w)} {_n(2 * h)}m0 {_n(-2 * h)}l{_n(-2 * w)} {_n(2 * h)}"
    return f"M{_n(at.x - w)} {_n(at.y - h)}{arms}"


def _ring(at: Cell) -> str:
    r = min(max(at.half, 2.0), 2.3)
    return f"M{_n(at.x - r)} {_n(at.y)}a{_n(r)} {_n(r)} 0 1 0 {_n(2 * r)} 0a{_n(r)} {_n(r)} 0 1 0 {_n(-2 * r)} 0z"


def _hollow(at: Cell) -> str:
    w, h = min(at.half, 2.2), at.tall * 0.42
    return f"M{_n(at.x - w)} {_n(at.y - h)}h{_n(2 * w)}v{_n(2 * h)}h{_n(-2 * w)}z"


class Paint(Enum):
    """How a shape gets its colour: filled, outlined, or as a dot (a stroke as wide as the mark)."""

    FILLED = 1
    LINED = 2
    DOTTED = 3


class Look(NamedTuple):
    """How an outcome is drawn: colour on light and on dark paper, shape, paint."""

    light: str
    dark: str
    shape: Callable[[Cell], str]
    paint: Paint = Paint.FILLED


LOOKS: dict[Outcome, Look] = {
    Outcome.FAILED: Look("#b8330b", "#ff8b5e", _bar),
    Outcome.MIXED: Look("#b8330b", "#ff8b5e", _bar),
    Outcome.TAMPERED: Look("#8a6a00", "#e9c46a", _diamond),
    Outcome.RESTRICTED: Look("#6b3fa0", "#c6a3f0", _triangle),
    Outcome.REACHED: Look("#2b7bba", "#6db5f0", _dot, Paint.DOTTED),
    Outcome.DOWN: Look("#3d4148", "#d5d9de", _cross, Paint.LINED),
    Outcome.UNPROVEN: Look("#8f5f3a", "#c79b78", _ring, Paint.LINED),
    Outcome.UNFIT: Look("#7d828a", "#868c95", _hollow, Paint.LINED),
}
"""One line an outcome. `mixed` is `failed` in part: the same bar, as high as the share."""


class Pair(NamedTuple):
    """A colour on light and on dark paper."""

    light: str
    dark: str


PAPER = Pair("#fffefb", "#16181c")
INK = Pair("#1d1f23", "#e9e7e2")
FAINT = Pair("#5c6068", "#a6abb3")
RULE = Pair("#d9d6cf", "#34383f")
CLAIM = Pair("#1d1f23", "#e9e7e2")
_OTHERS = {"paper": PAPER, "ink": INK, "faint": FAINT, "rule": RULE, "claim": CLAIM}


def colours(*, dark: bool) -> str:
    """The colours as CSS custom properties, without a selector."""
    named = {**{str(one): Pair(look.light, look.dark) for one, look in LOOKS.items()}, **_OTHERS}
    return "".join(f"--{name}:{look.dark if dark else look.light};" for name, look in named.items())


def marks(outcome: Outcome, cells: Iterable[Cell]) -> str:
    """All marks of one outcome as one element, which costs few bytes; cells of one row are equally wide."""
    every = list(cells)
    look = LOOKS[outcome]
    wide = 2 * min(every[0].half, 2.3) if look.paint is Paint.DOTTED and every else ""
    return element("path", d="".join(map(look.shape, every)), class_=f"m-{outcome}", stroke_width=wide)


_PAINTED = {
    Paint.FILLED: ".m-{name}{{fill:var(--{name})}}",
    Paint.LINED: ".m-{name}{{fill:none;stroke:var(--{name});stroke-width:1.3}}",
    Paint.DOTTED: ".m-{name}{{fill:none;stroke:var(--{name});stroke-linecap:round}}",
}


def figure_css() -> str:
    """The rules for figures, within a page or in a file of their own."""
    return "".join(_PAINTED[look.paint].format(name=one) for one, look in LOOKS.items()) + _FIXED


_FIXED = (
    ".fig text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans CJK SC','PingFang SC',"
    "'Microsoft YaHei',sans-serif;font-size:12px;fill:var(--ink);font-variant-numeric:tabular-nums}"
    ".fig .f-faint{fill:var(--faint);font-size:11px}.fig .f-strong{font-weight:600}.fig .f-end{text-anchor:end}"
    ".fig .f-mid{text-anchor:middle}.f-bed{fill:var(--rule);opacity:.28}.f-rule{stroke:var(--rule);fill:none}"
    ".f-tick{stroke:var(--faint);fill:none;opacity:.7}.f-observed{fill:var(--failed);opacity:.24}"
    ".f-certain{fill:var(--failed);opacity:.1}.f-recovered{fill:var(--reached);opacity:.22}"
    ".f-recovering{fill:var(--reached);opacity:.1}.f-edge{stroke:var(--failed);fill:none;stroke-dasharray:2 2}"
    ".f-edge-end{stroke:var(--reached);fill:none;stroke-dasharray:2 2}"
    ".f-none{fill:var(--reached)}.f-grey{fill:var(--unfit);opacity:.22}.f-hatch{stroke:var(--faint);stroke-width:1;opacity:.6}.f-flag{fill:var(--claim)}"
    ".f-pole{stroke:var(--claim);fill:none;stroke-width:1}.fig .f-number{fill:var(--paper);font-size:10px;"
    "font-weight:600;text-anchor:middle}.f-paper{fill:var(--paper)}"
)
