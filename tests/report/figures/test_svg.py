import pytest

from probe.model.shown import visible
from probe.report.figures import svg
from tests.report.markup import xml
from tests.report.poison import HOSTILE


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_stays_text(hostile: str) -> None:
    found = xml(svg.text(hostile, 1, 2))
    assert len(found) == 0
    assert found.text == visible(hostile)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_attribute_stays_one(hostile: str) -> None:
    found = xml(svg.element("g", class_=hostile))
    assert found.attrib == {"class": visible(hostile)}


def test_what_could_act_is_shown_as_an_escape() -> None:
    assert visible("a\u202eb\x00c\u2028d\ue000") == "a\\u202eb\\u0000c\\u2028d\\ue000"


def test_letters_of_the_world_are_left_alone() -> None:
    told = "Ünïcode 北京时间 العربية עברית – “quotes” é 🙂"
    assert visible(told) == told


def test_numbers_are_short() -> None:
    assert [svg.number(one) for one in (1.0, 1.25, -0.04, 0.0, 12.349)] == ["1", "1.2", "0", "0", "12.3"]


def test_wide_characters_take_a_whole_em() -> None:
    assert svg.width_of("北京", 12) == 24
    assert svg.width_of("ab", 12) < 24


def test_a_label_too_long_ends_in_an_ellipsis_and_fits() -> None:
    shown = svg.cut("x" * 100_000, 80)
    assert shown.endswith("…")
    assert svg.width_of(shown) <= 80 + 12


def test_a_label_that_fits_is_whole() -> None:
    assert svg.cut("clubhouse/api", 200) == "clubhouse/api"


def test_empty_groups_are_left_out() -> None:
    assert svg.group([], "x") == ""
    assert svg.group(["<a/>"], "x") == '<g class="x"><a/></g>'
