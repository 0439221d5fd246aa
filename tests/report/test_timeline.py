"""The stripes at the foot of a report: the same signs with and without colours."""

import re

from probe.cli.console import clean
from probe.report import stripes, times
from probe.report.paper import Page
from probe.report.timeline import STYLES, draw
from tests.report.story import story
from tests.report.viewing import view

PAGE = Page(80, clean)


def _coloured(style: str, text: str) -> str:
    return f"\x1b[{len(style)}m{text}\x1b[0m"


def test_colours_end_with_their_line_and_change_no_sign() -> None:
    seen = view(story())
    clock = times.times_for("UTC", seen.first, seen.last)
    plain, painted = draw(seen.series, clock, PAGE), draw(seen.series, clock, PAGE._replace(paint=_coloured))
    assert [re.sub(r"\x1b\[\d+m", "", line) for line in painted] == plain
    rows = [line for line in painted if "▏" in line]
    assert rows
    assert all(line.endswith("\x1b[0m") or line.rstrip("\x1b[0m")[-1] == "?" for line in rows)
    assert all(len(re.findall(r"\x1b\[[1-9]m", line)) == line.count("\x1b[0m") for line in painted)


def test_only_signs_of_the_stripes_have_a_colour() -> None:
    assert set(STYLES) <= {sign for sign, _ in stripes.LEGEND}


def test_nothing_to_draw_is_nothing() -> None:
    assert draw((), times.times_for("UTC", 0.0, 0.0), PAGE) == []
