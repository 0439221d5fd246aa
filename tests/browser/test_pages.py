"""Every kind of page, opened in real Chromium: quiet, alone, readable on phone and desk, light and dark, in print."""

import itertools
import json
from pathlib import Path

import pytest

from tests.browser.chromium import PAPERS, Browser, Look, sheets

KINDS = ("event-en", "event-zh", "rollout", "overview", "overview-zh", "target", "measurement", "transcript-en",
         "transcript-zh", "many", "list", "list-now")  # fmt: skip
PHONE, DESK = 375, 1440
LOOKS = [Look(width, scheme) for width in (PHONE, DESK) for scheme in ("light", "dark")]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.width}-{look.scheme}")
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_quiet_alone_and_accessible(kind: str, look: Look, browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages[kind], look)
    assert browser.requests() == [pages[kind].as_uri()]
    assert browser.console() == []
    assert browser.run("return document.documentElement.scrollWidth") <= look.width
    assert browser.violations() == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_box_stands_out_of_a_phone(kind: str, browser: Browser, pages: dict[str, Path]) -> None:
    """Not hidden by `overflow` either: only a box that scrolls by itself may hold wider things."""
    browser.open(pages[kind], Look(PHONE, "light"))
    wide = browser.run(
        "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, svg, .skip, thead'))"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))"
    )
    assert wide == []


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("kind", ["event-en", "event-zh"])
def test_a_simple_event_is_printed_on_one_page(kind: str, paper: str, browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages[kind], Look(DESK, "dark"))
    assert sheets(browser.pdf(paper)) == 1


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_hostile_page_does_nothing(width: int, browser: Browser, pages: dict[str, Path]) -> None:
    """Every text on it tries to run, to load, to hide something or to push everything aside."""
    browser.open(pages["hostile"], Look(width, "light"))
    assert browser.run("return typeof hacked") == "undefined"
    assert browser.requests() == [pages["hostile"].as_uri()]
    assert browser.console() == []
    assert browser.run("return getComputedStyle(document.body).display") == "block"
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_a_figure_of_its_own_is_quiet_and_has_its_colours(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["figure"], Look(DESK, "dark"))
    assert browser.requests() == [pages["figure"].as_uri()]
    assert browser.console() == []
    fill = "return getComputedStyle(document.querySelector('.m-failed')).fill"
    dark = browser.run(fill)
    browser.open(pages["figure"], Look(DESK, "light"))
    assert browser.run(fill) != dark
    assert dark != "rgb(0, 0, 0)"


def test_the_steps_of_a_transcript_open_without_a_script(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["event-en"], Look(PHONE, "light"))
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert browser.run("return document.documentElement.scrollWidth") <= PHONE
    assert browser.violations() == []


def test_dark_and_light_are_two_papers(browser: Browser, pages: dict[str, Path]) -> None:
    papers = []
    for scheme in ("light", "dark"):
        browser.open(pages["event-en"], Look(DESK, "light" if scheme == "light" else "dark"))
        papers.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert papers[0] != papers[1]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_text_of_figures_can_be_selected_and_read(width: int, browser: Browser, pages: dict[str, Path]) -> None:
    """Real text, selected as a reader would, and never smaller than 9 px on the screen."""
    browser.open(pages["event-en"], Look(width, "light"))
    told = browser.run(
        "const svg = [...document.querySelectorAll('svg.fig')].find(e => e.getBoundingClientRect().width > 0);"
        "const range = document.createRange(); range.selectNodeContents(svg);"
        "getSelection().removeAllRanges(); getSelection().addRange(range);"
        "const sizes = [...svg.querySelectorAll('text')].map(t => t.getScreenCTM().a * "
        "parseFloat(getComputedStyle(t).fontSize));"
        "return JSON.stringify([getSelection().toString(), Math.min(...sizes)])"
    )
    selected, smallest = json.loads(told)
    assert "sha-ct CN AS4134" in selected
    assert "8 February 2021" in selected
    assert smallest >= 9


def test_texts_of_a_figure_do_not_lie_on_each_other(browser: Browser, pages: dict[str, Path]) -> None:
    for kind, width in itertools.product(("event-en", "event-zh", "rollout", "overview"), (PHONE, DESK)):
        browser.open(pages[kind], Look(width, "light"))
        clashes = browser.run(
            "const svg = [...document.querySelectorAll('svg.fig')].find(e => e.getBoundingClientRect().width > 0);"
            "const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);"
            "return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) =>"
            " p.left + 1 < q.right && q.left + 1 < p.right && p.top + 3 < q.bottom && q.top + 3 < p.bottom)"
            ".map(([b]) => a + ' | ' + b))"
        )
        assert clashes == [], (kind, width)


def test_chinese_is_set_in_chinese(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["event-zh"], Look(DESK, "light"))
    assert browser.run("return document.documentElement.lang") == "zh-Hans"
    assert "北京时间" in browser.run("return document.querySelector('h1').textContent")
    assert "被封锁" in browser.run("return document.querySelector('.exhibit .told').textContent")
    assert browser.run("return document.querySelectorAll('[lang=en]').length") == 0


def test_lines_of_a_transcript_stand_under_each_other(browser: Browser, pages: dict[str, Path]) -> None:
    """What more is said of a stage stands to its right, on a phone as on a desk, wide characters or not."""
    for lang, width in itertools.product(("en", "zh"), (PHONE, DESK)):
        browser.open(pages[f"transcript-{lang}"], Look(width, "light"))
        lefts = browser.run(
            "const at = s => { const r = document.createRange(); const n = s.firstChild;"
            " const from = n.data.search(/\\S/); r.setStart(n, from); r.setEnd(n, from + 1);"
            " return r.getBoundingClientRect().left };"
            "return ['d0', 'd2', 'd4'].map(c => [...new Set([...document.querySelectorAll('pre .' + c)]"
            ".map(s => Math.round(at(s))))])"
        )
        assert [len(one) for one in lefts] == [1, 1, 1], (lang, width, lefts)
        assert lefts[0] < lefts[1] < lefts[2]


def test_links_of_a_site_lead_to_pages_that_are_there(browser: Browser, pages: dict[str, Path]) -> None:
    """From the overview through every link that stays on this machine."""
    waiting, seen = [pages["overview"].as_uri()], set[str]()
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        file = Path(url.removeprefix("file://"))
        assert file.is_file(), url
        if file.suffix != ".html":
            continue
        browser.open(file, Look(DESK, "light"))
        links = browser.run(
            "return [...document.querySelectorAll('a[href], link[href]')].map(a => a.href.split('#')[0])"
        )
        waiting += [link for link in links if link.startswith("file:")]
    assert len(seen) > 10
