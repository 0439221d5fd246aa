import re
import xml.etree.ElementTree as ET

import pytest

from probe.report.block.view import Outcome, Stripes
from probe.report.figures import stripe_chart
from probe.report.figures.frame import NARROW, WIDE, Size
from tests.report.figures import sample
from tests.report.markup import xml
from tests.report.poison import HOSTILE, poisoned

SVG = "{http://www.w3.org/2000/svg}"
SIZES = [WIDE, NARROW]
ELEMENTS = {"svg", "title", "desc", "style", "defs", "pattern", "g", "rect", "path", "text"}


def drawn(stripes: Stripes | None = None, size: Size = WIDE, *, alone: bool = True, lang: str = "en") -> ET.Element:
    figure = stripes or sample.stripes()
    return xml(stripe_chart.stripes_svg(figure, lang, size, alone=alone, key="a"))


def texts(found: ET.Element) -> list[str]:
    return [one.text or "" for one in found.iter(f"{SVG}text")]


def marks(found: ET.Element, outcome: str) -> int:
    """How many marks of an outcome the rows hold."""
    rows = found.findall(f"./{SVG}g[@class='f-row']")
    paths = [one.get("d", "") for row in rows for one in row.iter(f"{SVG}path") if one.get("class") == f"m-{outcome}"]
    return sum(path.count("M") for path in paths)


@pytest.mark.parametrize("size", SIZES)
def test_every_run_has_its_mark_and_no_run_has_two(size: Size) -> None:
    figure = sample.stripes()
    ticks = [tick.outcome for row in figure.rows for tick in row.ticks]
    found = drawn(figure, size)
    assert {one: marks(found, one) for one in Outcome} == {one: ticks.count(one) for one in Outcome}


def test_nothing_joins_two_marks() -> None:
    """Only closed or tiny shapes: no line of a row goes on for longer than a mark is wide."""
    found = drawn()
    for row in found.findall(f"./{SVG}g[@class='f-row']"):
        for path in row.iter(f"{SVG}path"):
            steps = [abs(float(one)) for one in re.findall(r"[hl](-?[\d.]+)", path.get("d", ""))]
            assert not steps or max(steps) <= 8
            assert not re.search(r"[LHC]", path.get("d", ""))


def test_gaps_are_hatched_and_nothing_is_drawn_in_them() -> None:
    figure = sample.stripes()
    found = drawn(figure)
    row = found.findall(f"./{SVG}g[@class='f-row']")[1]
    (hatched,) = [one for one in row.iter(f"{SVG}rect") if one.get("fill") == "url(#a-hatch)"]
    left, right = float(hatched.get("x", 0)), float(hatched.get("x", 0)) + float(hatched.get("width", 0))
    starts = [float(x) for path in row.iter(f"{SVG}path") for x in re.findall(r"M([\d.]+)", path.get("d", ""))]
    assert not [x for x in starts if left < x < right]
    assert right - left > 50


def test_an_onset_is_never_narrower_than_two_px_and_lies_where_it_was_measured() -> None:
    found = drawn(size=NARROW)
    observed = [one for one in found.iter(f"{SVG}rect") if one.get("class") == "f-observed" and one.get("x") != "2"]
    assert len(observed) == 2
    assert all(float(one.get("width", 0)) >= 2 for one in observed)


def test_a_block_older_than_the_data_is_not_shaded() -> None:
    figure = sample.stripes()
    found = drawn(figure._replace(rows=figure.rows[1:2]))
    assert not [one for one in found.iter() if one.get("class") in ("f-observed", "f-certain")]


@pytest.mark.parametrize("size", SIZES)
def test_both_axes_name_their_zone_and_day(size: Size) -> None:
    told = texts(drawn(size=size))
    assert "UTC" in told
    assert "Beijing UTC+08:00" in told
    assert told.count("8 February 2021") == 2
    assert "9 February 2021" in told


def test_a_page_in_utc_has_one_axis() -> None:
    told = texts(drawn(sample.stripes(zone="UTC")))
    assert told.count("8 February 2021") == 1
    assert "Beijing UTC+08:00" not in told


def test_claims_are_flags_with_numbers_and_a_list() -> None:
    told = texts(drawn())
    assert [one for one in told if one in ("1", "2", "3")] == ["1", "2", "3"]
    assert any(one.startswith("2 ") and "the block began" in one for one in told)


def test_a_claim_outside_the_axis_has_no_flag() -> None:
    figure = sample.stripes()
    late = figure.flags[0]._replace(when=sample.span(200, 201))
    assert stripe_chart.shown(figure._replace(flags=(late,))) == []


def test_the_legend_says_what_occurs_and_nothing_else() -> None:
    figure = sample.stripes()
    told = texts(drawn(figure._replace(rows=figure.rows[2:3], flags=())))
    assert {"reached", "tampered", "restricted", "down", "unfit"} <= set(told)
    assert "failed" not in told
    assert "not measured" not in told


def test_each_row_says_its_counts() -> None:
    assert "54 of 66 failed" in texts(drawn())


def test_the_figure_is_named_and_described() -> None:
    found = drawn()
    title, desc = found.find(f"{SVG}title"), found.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert found.get("role") == "img"
    assert found.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert (title.text, desc.text) == ("What each run saw", "Everything in words.")


def test_ids_begin_with_the_key_so_that_two_figures_fit_in_one_page() -> None:
    ids = [one.get("id", "") for one in drawn().iter() if one.get("id")]
    assert ids
    assert all(one.startswith("a-") for one in ids)


def test_many_runs_are_added_up_and_the_figure_says_so() -> None:
    figure = sample.stripes()
    ticks = tuple(sample.tick(run, Outcome.FAILED if run % 7 == 0 else Outcome.REACHED) for run in range(4000))
    row = figure.rows[0]._replace(ticks=ticks, onsets=(), unfit=())
    wide = figure._replace(rows=(row,), last=sample.at(3999), flags=())
    text = stripe_chart.stripes_svg(wide, "en", WIDE, alone=True, key="a")
    assert any("each mark stands for all within" in one for one in texts(xml(text)))
    assert marks(xml(text), Outcome.MIXED) <= (WIDE.right - WIDE.left) / 4
    assert len(text) < 40_000


def test_only_one_sentence_says_how_much_a_mark_stands_for() -> None:
    figure = sample.stripes()
    cells = "Too many measurements to draw one by one: each mark stands for all within 10 minutes."
    row = figure.rows[0]._replace(ticks=tuple(sample.tick(run, Outcome.REACHED) for run in range(400)))
    told = figure._replace(rows=(row,), last=sample.at(399), cell=600.0, note=f"{cells} And more.", flags=())
    said = " ".join(texts(drawn(told, NARROW)))
    assert said.count("stands for all") == 1
    assert "10 minutes" not in said
    assert "And more." in said


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("size", SIZES)
def test_nothing_breaks_out_of_a_figure(size: Size, hostile: str) -> None:
    found = drawn(poisoned(sample.stripes(), hostile)._replace(zone="Asia/Shanghai"), size)
    assert {one.tag.removeprefix(SVG) for one in found.iter()} <= ELEMENTS
    names = {name for one in found.iter() for name in one.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name or name == "style"]
    assert "hacked" not in "".join(one.text or "" for one in found.iter(f"{SVG}style"))


def test_a_figure_in_a_page_has_no_style_of_its_own() -> None:
    """The page's policy allows one style, and it is the page's."""
    assert drawn(alone=False).find(f"{SVG}style") is None
    assert drawn(alone=True).find(f"{SVG}style") is not None


def test_a_figure_without_rows_is_no_error() -> None:
    assert drawn(sample.stripes()._replace(rows=(), flags=())).tag == f"{SVG}svg"


def test_chinese_figures_speak_chinese() -> None:
    found = drawn(lang="zh")
    assert found.get("lang") == "zh"
    assert "2021年2月8日" in texts(found)


def test_the_largest_figure_that_a_view_gives_stays_small() -> None:
    """Forty rows of four hundred cells that all differ from their neighbours: what 10,000 series become."""
    figure = sample.stripes()
    said = (Outcome.REACHED, Outcome.FAILED, Outcome.TAMPERED, Outcome.DOWN, Outcome.RESTRICTED, Outcome.UNFIT)
    ticks = tuple(sample.tick(run, said[run % 6]) for run in range(400))
    row = figure.rows[0]._replace(ticks=ticks, onsets=(), unfit=())
    full = figure._replace(rows=(row,) * 40, last=sample.at(399), cell=sample.STEP, flags=())
    for size in SIZES:
        assert len(stripe_chart.stripes_svg(full, "en", size, alone=True, key="a")) < 400_000
