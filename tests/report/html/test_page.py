"""The page against its view: nothing is missing, nothing is made up, nothing of a stranger acts."""

import re
from itertools import pairwise

import pytest

from probe.report.block.view import Block
from probe.report.html import environment, page
from probe.report.html.page import Place
from tests.report.html import pages
from tests.report.markup import Read, read
from tests.report.poison import HOSTILE, poisoned

LOADING = {"script", "img", "iframe", "object", "embed", "audio", "video", "form", "base", "image", "use"} | {
    "foreignobject"
}
"""Elements that fetch, run or send something; none of them is ever in a page."""


def opened(block: Block, place: Place = page.ALONE) -> Read:
    return read(page.render(block, place))


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everything_that_the_view_says_is_on_the_page(lang: str) -> None:
    block = pages.event(lang)
    text = squeezed(opened(block).text)
    said = [block.headline.text, block.headline.certainty, block.limits, block.integrity.text, *block.missing]
    said += [one.value for one in block.facts] + [one.because for one in block.alternatives]
    said += [one.sha256 for one in block.exhibits] + [one.by for one in block.claims]
    said += [name for _, name in block.headline.ladder]
    said += [one.first_blocked.utc for one in block.onsets.rows] + [one.confirmed_text for one in block.onsets.rows]
    assert [one for one in said if squeezed(one) not in text] == []


def test_text_tables_and_figure_have_the_same_numbers() -> None:
    block = pages.event()
    text = squeezed(opened(block).text)
    for row in block.grid.rows:
        for cell in row.cells:
            assert cell is not None
            counts = f"{cell.failed} of {cell.failed + cell.reached} failed"
            assert text.count(counts) >= 3, counts  # the table, the wide figure, the narrow one
    assert sum(cell.failed for row in block.grid.rows for cell in row.cells if cell) == block.numbers.failed
    ticks = [tick for row in block.stripes.rows for tick in row.ticks]
    assert sum(tick.failed for tick in ticks) == block.numbers.failed
    assert sum(tick.reached for tick in ticks) == block.numbers.reached


def test_a_page_asks_for_nothing_and_runs_nothing() -> None:
    found = opened(pages.event())
    assert not LOADING & set(found.elements)
    assert not [one for one in found.attributes if one[1].startswith("on") or one[1] in ("style", "src", "srcset")]
    assert not [one for one in found.attributes if one[1] == "href" and not one[2].startswith(("#", "http"))]


def test_the_policy_stands_in_the_page_before_the_style() -> None:
    text = page.render(pages.event())
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert text.count("<style") == 1
    assert re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1) == environment.style().css  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["event", "rollout"])
def test_headings_descend_without_a_gap(name: str) -> None:
    found = [int(one[1]) for one in opened(getattr(pages, name)()).elements if re.fullmatch(r"h[1-6]", one)]
    assert found[0] == 1
    assert found.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(found))


def test_every_table_head_has_a_scope() -> None:
    found = opened(pages.rollout())
    assert found.elements.count("th") == sum(name == "scope" for _, name, _ in found.attributes)


def test_ids_are_unique_and_every_reference_has_one() -> None:
    found = opened(pages.rollout())
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    named = {part for _, name, value in found.attributes if name == "aria-labelledby" for part in value.split()}
    assert named <= set(ids)


def test_three_vantage_points_have_small_multiples_and_one_has_none() -> None:
    assert "figure-b-title" in page.render(pages.rollout())
    assert "figure-b-title" not in page.render(pages.event())


def test_the_rung_of_the_page_is_marked_on_the_ladder() -> None:
    found = opened(pages.event())
    assert [value for _, name, value in found.attributes if name == "aria-current"] == ["true"]
    assert ("li", "class", "here confirmed") in found.attributes


def test_the_language_is_told_and_the_transcripts_are_in_it() -> None:
    found = opened(pages.event("zh"))
    assert ("html", "lang", "zh-Hans") in found.attributes
    assert not [one for one in found.attributes if one[1:] == ("lang", "en")]
    assert "把握程度" in found.text
    assert "what happened" not in found.text


def test_claims_bear_the_numbers_of_their_flags() -> None:
    text = page.render(pages.event())
    assert re.findall(r'<span class="flag">(\d)</span>', text) == ["1", "2", "3"]


def test_a_claim_links_to_the_web_only() -> None:
    block = pages.event()
    bad = block._replace(claims=tuple(one._replace(link="javascript:hacked=1") for one in block.claims))
    assert not [one for one in opened(bad).attributes if one[1] == "href" and "javascript" in one[2]]
    assert "javascript:hacked=1" in opened(bad).text


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", ["event", "rollout"])
def test_nothing_breaks_out_of_a_page(name: str, hostile: str) -> None:
    """A page full of a hostile text has the elements of one full of a harmless text, and no attribute more."""
    block = getattr(pages, name)()
    harmless, found = opened(_full_of(block, "x")), opened(_full_of(block, hostile))
    figure = {"text", "g", "tspan"}
    assert [one for one in found.elements if one not in figure] == [
        one for one in harmless.elements if one not in figure
    ]
    assert {one[1] for one in found.attributes} <= {one[1] for one in harmless.attributes}
    page.render(_full_of(block, hostile)).encode("utf-8")


def test_a_hostile_page_shows_what_it_was_given() -> None:
    found = opened(_full_of(pages.event(), HOSTILE[0]))
    assert HOSTILE[0] in found.text


def _full_of(block: Block, text: str) -> Block:
    changed: Block = poisoned(block, text)
    return changed._replace(zone=block.zone, stripes=changed.stripes._replace(zone=block.stripes.zone))


def test_in_a_site_a_page_knows_the_way_back_and_its_measurements() -> None:
    block = pages.event()
    witness = block.onsets.rows[0].witnesses[0]
    place = Place((("Overview", "../index.html"),), "../feed.xml", {witness: "../measurement/m.html"})
    links = [value for _, name, value in opened(block, place).attributes if name == "href"]
    assert {"../index.html", "../feed.xml", "../measurement/m.html"} <= set(links)


def test_a_page_is_the_same_each_time() -> None:
    assert page.render(pages.event()) == page.render(pages.event())
