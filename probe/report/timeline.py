"""The stripes at the foot of a terminal's report: a row a series, all on one axis, in colour where there is any. Pure.

The signs say everything by themselves; a colour is put on each run of one sign, and ends before its line does.
"""

from collections.abc import Sequence

from probe.report import stripes, times, words
from probe.report.paper import INDENT, LABEL_WIDTH, Page, flow, painted
from probe.report.times import Times
from probe.report.view import SeriesView

STRIPE_WIDTH = 72
STYLES = {
    stripes.FAILED: "red", stripes.REACHED: "green", stripes.BOTH: "yellow", stripes.TAMPERED: "yellow",
    stripes.DOWN: "yellow",
}  # fmt: skip


def draw(shown: Sequence[SeriesView], clock: Times, page: Page) -> list[str]:
    """A title, a stripe for each of these series, and the meaning of the signs that are drawn."""
    if not shown:
        return []
    several = len({one.key.vantage for one in shown}) > 1
    names = [page.clean(words.label(one.key) + (f" {one.key.vantage}" if several else "")) for one in shown]
    label = min(max(map(len, names)), LABEL_WIDTH)
    on = stripes.axis((one.points for one in shown), min(page.width - label - 4, STRIPE_WIDTH))
    drawn = [stripes.stripe(one.points, on) for one in shown]
    signs = {sign for line in drawn for sign in line}
    legend = (
        f"{sign} {meaning}" if sign.strip() else f"blank {meaning}" for sign, meaning in stripes.LEGEND if sign in signs
    )
    title = f"Timeline from {times.moment(clock, on.start, seconds=on.step < times.MINUTE)}"
    heading, *rest = flow((title, f"one sign is {times.duration(on.step)}"), page.width, "")
    return [
        page.paint("bold", heading),
        *rest,
        *(
            f"{INDENT}{_fit(name, label)} ▏{painted(line.rstrip(), STYLES, page.paint)}"
            for name, line in zip(names, drawn, strict=True)
        ),
        *flow(legend, page.width, INDENT),
    ]


def _fit(name: str, width: int) -> str:
    return f"{name:<{width}}" if len(name) <= width else name[: width - 1] + "…"
