"""Lists of any length: pages of a bounded size, each row on exactly one, and links that turn them."""

import pytest

from probe.report.block.view import Rung
from probe.report.language.catalogue import catalogue, languages
from probe.report.site.listing import PER_PAGE, SHOWN, Card, listing, pages, sheet_count, worst_first
from tests.report.markup import read
from tests.report.poison import HOSTILE


def cards(count: int, rung: Rung = Rung.NONE) -> list[Card]:
    return [
        Card(f"i{at:04}.example", f"target/i{at:04}.html", f"said of {at}", rung, "no block") for at in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "sheets"),
    [(0, 0), (SHOWN["targets"], 0), (SHOWN["targets"] + 1, 1), (PER_PAGE, 1), (PER_PAGE + 1, 2), (2000, 10)],
)
def test_a_list_has_pages_only_where_the_first_page_does_not_hold_it(rows: int, sheets: int) -> None:
    assert sheet_count("targets", rows) == sheets
    assert len(listing("targets", cards(rows)).sheets) == sheets


def test_every_row_is_on_one_page_and_every_page_leads_to_its_neighbours() -> None:
    told = listing("targets", cards(2 * PER_PAGE + 3))
    made = [read(text) for _, text in pages(told, catalogue("en"), {}, "../feed.xml")]
    links = [[value for _, name, value in one.attributes if name == "href"] for one in made]
    rows = [link for page in links for link in page if link.startswith("../target/")]
    assert rows == [f"../{card.link}" for card in told.rows]
    turns = [
        [value for _, name, value in one.attributes if name == "rel" and value in ("prev", "next")] for one in made
    ]
    assert turns == [["next"], ["prev", "next"], ["prev"]]
    assert "i0200.example – i0399.example" in made[1].text
    assert {"../index.html", "../list/targets-1.html", "../list/targets-3.html"} <= set(links[1])


def test_the_surest_come_first() -> None:
    mixed = [cards(1, rung)[0] for rung in Rung]
    assert [one.rung for one in sorted(mixed, key=worst_first)] == list(reversed(Rung))


@pytest.mark.parametrize("lang", languages())
def test_a_page_of_a_list_is_in_its_language(lang: str) -> None:
    (_, text), *_ = pages(listing("targets", cards(PER_PAGE)), catalogue(lang), {}, "../feed.xml")
    assert {"en": "Targets, page 1 of 1", "zh": "目标（第 1 页，共 1 页）"}[lang] in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_breaks_out_of_a_list(hostile: str) -> None:
    def page(said: str) -> str:
        rows = [Card(said, said, said, Rung.LIKELY, said)] * (PER_PAGE + 1)
        return next(text for _, text in pages(listing("targets", rows), catalogue("en"), {}, "../feed.xml"))

    found, harmless = read(page(hostile)), read(page("x"))
    assert found.elements == harmless.elements
    assert {one[1] for one in found.attributes} == {one[1] for one in harmless.attributes}
