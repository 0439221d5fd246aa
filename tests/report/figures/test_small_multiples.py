import xml.etree.ElementTree as ET

import pytest

from probe.report.block.view import Share, Shares
from probe.report.figures import small_multiples
from probe.report.figures.frame import NARROW, WIDE, Size
from tests.report.figures import sample
from tests.report.markup import xml
from tests.report.poison import HOSTILE, poisoned

SVG = "{http://www.w3.org/2000/svg}"


def drawn(shares: Shares | None = None, size: Size = WIDE) -> ET.Element:
    figure = shares or sample.shares()
    return xml(small_multiples.shares_svg(figure, "en", "UTC", size, alone=True, key="b"))


def bars(panel: ET.Element, class_: str) -> int:
    return sum(one.get("d", "").count("M") for one in panel.iter(f"{SVG}path") if one.get("class") == class_)


def panels(found: ET.Element) -> list[ET.Element]:
    return found.findall(f"./{SVG}g[@class='f-panel']")


def test_one_panel_a_vantage_point_each_with_its_counts() -> None:
    found = panels(drawn())
    assert len(found) == 4
    told = [one.text for one in found[0].iter(f"{SVG}text")]
    failed = sum(cell.failed for cell in sample.shares().rows[0].cells)
    telling = sum(cell.telling for cell in sample.shares().rows[0].cells)
    assert f"{failed} of {telling} failed" in told


def test_a_bar_a_cell_and_none_where_nothing_was_learnt() -> None:
    found = panels(drawn())
    assert (bars(found[0], "m-failed"), bars(found[0], "f-none")) == (18, 1)
    assert (bars(found[1], "m-failed"), bars(found[1], "f-none")) == (19, 5)


def test_a_full_share_fills_the_panel_and_half_of_it_half() -> None:
    cells = (Share(0, 100, 4, 4), Share(100, 200, 2, 4))
    row = sample.shares().rows[0]._replace(cells=cells)
    (panel,) = panels(drawn(sample.shares()._replace(rows=(row,), first=0, last=200)))
    (path,) = [one.get("d", "") for one in panel.iter(f"{SVG}path") if one.get("class") == "m-failed"]
    heights = [float(part.split("h")[0]) for part in path.split("v")[1:]]
    assert heights == [56.0, 28.0]


def test_cells_too_dense_are_added_up() -> None:
    row = sample.shares().rows[0]
    cells = tuple(Share(at, at + 1, int(at % 2), 1) for at in range(2000))
    found = drawn(sample.shares()._replace(rows=(row._replace(cells=cells),), first=0, last=2000))
    assert bars(panels(found)[0], "m-failed") <= 100


def test_more_panels_than_are_drawn_are_counted() -> None:
    found = drawn(sample.shares(small_multiples.MOST_PANELS + 3))
    assert len(panels(found)) == small_multiples.MOST_PANELS
    assert any("3 more vantage points" in (one.text or "") for one in found.iter(f"{SVG}text"))


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_panels_stay_within_the_figure(size: Size) -> None:
    found = drawn(size=size)
    width = size.width
    assert all(-1 <= float(one.get("x", 0)) <= width + 1 for one in found.iter(f"{SVG}text"))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_breaks_out(hostile: str) -> None:
    found = drawn(poisoned(sample.shares(), hostile))
    assert {one.tag.removeprefix(SVG) for one in found.iter()} <= {"svg", "title", "desc", "style", "rect", "g", "path",
                                                                    "text"}  # fmt: skip


def test_a_page_without_shares_has_no_such_figure() -> None:
    class Page:
        shares = None

    assert small_multiples.render(Page()) == ""  # type: ignore[arg-type]
