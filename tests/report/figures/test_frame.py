from probe.report.figures import frame
from probe.report.figures.frame import NARROW, WIDE, Key, Setting
from probe.report.figures.svg import width_of
from probe.report.language.catalogue import catalogue
from tests.report.markup import xml


def setting(zone: str = "UTC") -> Setting:
    return Setting("k", NARROW, frame.scale_for(0.0, 3600.0, NARROW), catalogue("en"), zone)


def lines(markup: str) -> list[str]:
    return [one.text or "" for one in xml(f"<g>{markup}</g>").iter("text")]


def test_a_paragraph_breaks_at_spaces_and_keeps_every_word() -> None:
    said = "word " * 60
    markup, y = frame.paragraph(said, setting(), 0)
    found = lines(markup)
    assert " ".join(found).split() == said.split()
    assert len(found) > 3
    assert y == 16 * len(found)
    assert all(width_of(one, 11.5) <= NARROW.width for one in found)


def test_chinese_breaks_without_spaces() -> None:
    found = lines(frame.paragraph("测" * 100, setting(), 0)[0])
    assert "".join(found) == "测" * 100
    assert len(found) > 2


def test_a_word_longer_than_the_line_is_cut_and_not_lost() -> None:
    found = lines(frame.paragraph("x" * 500, setting(), 0)[0])
    assert "".join(found) == "x" * 500


def test_a_legend_takes_as_many_lines_as_it_needs() -> None:
    few, low = frame.legend([Key("", "short")], setting(), 0)
    many, high = frame.legend([Key("", "a rather long name")] * 6, setting(), 0)
    assert few.count("<text") == 1
    assert many.count("<text") == 6
    assert high > low


def test_the_axis_has_a_little_air_on_both_sides() -> None:
    scale = frame.scale_for(0.0, 1000.0, WIDE)
    assert scale.start < 0.0
    assert scale.end > 1000.0


def test_utc_by_any_of_its_names_is_one_axis() -> None:
    assert len(setting("UTC").zones) == 1
    assert len(setting("Etc/UTC").zones) == 1
    assert len(setting("Asia/Shanghai").zones) == 2
