"""One browser for all tests of a worker, and the pages that they open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.cli.reading import asked_for, found_or_fail, outside_or_fail, view_or_fail
from probe.report.block.build import build
from probe.report.block.choose import scope_target
from probe.report.block.collect import collect
from probe.report.block.view import Block
from probe.report.figures import stripe_chart
from probe.report.html import page
from probe.report.site.write import write
from tests.browser import chromium
from tests.browser.chromium import Browser
from tests.report import story, viewing
from tests.report.html.pages import rollout as rolled
from tests.report.poison import HOSTILE, poisoned

BEIJING = "Asia/Shanghai"
CLAIMS = Path(__file__).parents[2] / "claims.yaml"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, or a skip that says what is missing."""
    if lacking := chromium.missing():
        pytest.skip(f"pages are not looked at: {lacking}")
    opened = Browser(tmp_path_factory.mktemp("profile"))
    try:
        yield opened
    finally:
        opened.close()


def hostile(block: Block) -> str:
    """The page with every text of strangers replaced by everything that a browser might act on."""
    changed: Block = poisoned(block, "".join(one for one in HOSTILE if "\ud800" not in one))
    return page.render(changed._replace(zone=block.zone, stripes=changed.stripes._replace(zone=block.zone)))


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """February 2021 in small: a simple event in English and Chinese, its figure, a hostile twin, a whole site; and an
    event over four networks."""
    folder = tmp_path_factory.mktemp("pages")
    results = viewing.write(folder / "story.jsonl", story.story())
    found = found_or_fail([str(results)])
    asked = asked_for(BEIJING, None, None, [], strict=True)
    view = view_or_fail(found.sources, asked, outside_or_fail(CLAIMS, found.notes))
    chosen = scope_target(view, "clubhouse")
    dossier = collect(found.sources, view, [chosen])
    made = {}
    for lang in ("en", "zh"):
        made[f"event-{lang}"] = folder / f"event-{lang}.html"
        made[f"event-{lang}"].write_text(page.render(build(view, dossier, chosen, lang=lang)), encoding="utf-8")
    made["figure"] = folder / "figure.svg"
    made["figure"].write_text(stripe_chart.render(build(view, dossier, chosen), alone=True), encoding="utf-8")
    made["hostile"] = folder / "hostile.html"
    made["hostile"].write_text(hostile(build(view, dossier, chosen)), encoding="utf-8")
    made["rollout"] = folder / "rollout.html"
    made["rollout"].write_text(page.render(rolled()), encoding="utf-8")
    site = folder / "site"
    write(view, found.sources, site)
    made["overview"] = site / "index.html"
    made["target"] = site / "target" / "m.cmx.im.html"
    made["measurement"] = min((site / "measurement").iterdir())
    return made
