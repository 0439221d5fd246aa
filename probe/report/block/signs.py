"""The figures of a page in signs, for what shows text only: the very ticks of the figure, put into cells. Pure.

The signs are those of the terminal (`report.stripes`). A cell without a measurement is blank: no line is drawn through
a gap.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from probe.model.shown import visible
from probe.report import stripes as terminal
from probe.report.block.view import Outcome, Share, Shares, Stripes, Tick
from probe.report.paper import columns, padded

SIGNS: dict[Outcome, str] = {
    Outcome.REACHED: terminal.REACHED,
    Outcome.FAILED: terminal.FAILED,
    Outcome.TAMPERED: terminal.TAMPERED,
    Outcome.RESTRICTED: "r",
    Outcome.DOWN: terminal.DOWN,
    Outcome.UNPROVEN: "?",
    Outcome.UNFIT: "-",
    Outcome.MIXED: terminal.BOTH,
}
_TELLING = (Outcome.FAILED, Outcome.REACHED, Outcome.TAMPERED, Outcome.RESTRICTED, Outcome.MIXED)
STYLES: dict[str, str] = {
    SIGNS[Outcome.FAILED]: "red", SIGNS[Outcome.REACHED]: "green", SIGNS[Outcome.MIXED]: "yellow",
    SIGNS[Outcome.TAMPERED]: "yellow", SIGNS[Outcome.RESTRICTED]: "yellow", SIGNS[Outcome.DOWN]: "yellow",
}  # fmt: skip
"""The colour of each sign on a terminal that has them; the sign alone says it as well."""
LABEL = 32
MOST_CELLS = 60
BARS = " ▁▂▃▄▅▆▇█"


class Line(NamedTuple):
    """A row of signs: its label and what is drawn."""

    label: str
    signs: str


def rows(figure: Stripes, width: int) -> list[Line]:
    """The rows, labels as wide as the longest one needs and no wider than `LABEL`, within `width` columns."""
    several = len({row.place for row in figure.rows}) > 1
    labels = [visible(f"{row.label} {row.place}".rstrip() if several else row.label) for row in figure.rows]
    wide = min(max(map(columns, labels), default=0), LABEL)
    step = _step(figure, max(8, min(MOST_CELLS, width - wide - 4)))
    drawn = (_signs(row.ticks, figure, step) for row in figure.rows)
    return [Line(f"{_fit(label, wide)}", signs) for label, signs in zip(labels, drawn, strict=True)]


def draw(figure: Stripes, width: int) -> Iterator[str]:
    """The figure line by line: rows, and the legend of the signs that are drawn."""
    lines = rows(figure, width)
    for line in lines:
        yield f"{line.label} ▏{line.signs}".rstrip()
    yield ""
    yield from legend(figure, lines, width)


def legend(figure: Stripes, lines: Sequence[Line], width: int) -> Iterator[str]:
    """The signs that are drawn and what they mean, as many on a line as fit."""
    drawn = {sign for line in lines for sign in line.signs}
    text = ""
    for one in figure.names:
        item = f"{SIGNS[one.outcome]} {one.name}"
        if SIGNS[one.outcome] not in drawn:
            continue
        if text and columns(text) + 3 + columns(item) > width:
            yield text
            text = ""
        text += f"   {item}" if text else item
    yield text


def _step(figure: Stripes, most: int) -> float:
    """Seconds of a cell: so wide that all fit, and that ordinary jitter leaves no cell of a busy row empty."""
    apart = [b.first - a.first for row in figure.rows for a, b in pairwise(row.ticks)]
    usual = median(apart) if apart else 0.0
    return max((figure.last - figure.first) / (most - 1), terminal.SPACING * usual) or 1.0


def _signs(ticks: Sequence[Tick], figure: Stripes, step: float) -> str:
    held: list[set[Outcome]] = [set() for _ in range(int((figure.last - figure.first) / step) + 1)]
    for tick in ticks:
        held[int((tick.first - figure.first) / step)].add(tick.outcome)
    return "".join(map(_sign, held))


def _sign(said: set[Outcome]) -> str:
    """What a cell's telling measurements say alike; both where they differ."""
    if not said:
        return terminal.BLANK
    telling = said.intersection(_TELLING)
    if not telling:
        return SIGNS[sorted(said)[0]]
    return SIGNS[telling.pop()] if len(telling) == 1 else SIGNS[Outcome.MIXED]


def bars(shares: Shares) -> Iterator[str]:
    """The share that failed, a row a vantage point; blank where nothing was learnt, `▁` where none failed."""
    wide = min(max(columns(visible(row.place)) for row in shares.rows), LABEL)
    for row in shares.rows:
        failed, of = sum(cell.failed for cell in row.cells), sum(cell.telling for cell in row.cells)
        yield f"{_fit(visible(row.place), wide)} ▏{''.join(map(_bar, row.cells))}▏ {failed}/{of}"


def _bar(cell: Share) -> str:
    return BARS[1 + round(cell.failed / cell.telling * (len(BARS) - 2))] if cell.telling else BARS[0]


def _fit(name: str, width: int) -> str:
    """The name in just that many columns; a longer one is cut, visibly."""
    while columns(name) > width:
        name = name[:-2] + "…"
    return padded(name, width)
