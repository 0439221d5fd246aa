"""One browser for all tests of a worker, and the pages that they open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.cli.reading import asked_for, found_or_fail, outside_or_fail, view_or_fail
from probe.model.measurement import Measurement
from probe.model.target import Role, TargetKind
from probe.report.block.build import build
from probe.report.block.choose import scope_target
from probe.report.block.collect import collect
from probe.report.block.view import Block
from probe.report.figures import stripe_chart
from probe.report.html import measurement, page
from probe.report.site.listing import PER_PAGE
from probe.report.site.write import write
from probe.store.layout import Source
from probe.store.lookup import Kept
from tests.browser import chromium
from tests.browser.chromium import Browser
from tests.report import story, viewing
from tests.report.block.making import seen, stored
from tests.report.html.pages import rollout as rolled
from tests.report.poison import HOSTILE, poisoned
from tests.report.story import RESET
from tests.store import records
from tests.worlds_told import told

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
    """February 2021 in small: a simple event in English and Chinese, its figure, a hostile twin, a whole site; an event
    over four networks; and the lists of a site with more targets than its first page shows."""
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
    write(view, found.sources, folder / "site-zh", lang="zh")
    made["overview-zh"] = folder / "site-zh" / "index.html"
    kept = transcribed(folder / "transcript.jsonl")
    for lang in ("en", "zh"):
        made[f"transcript-{lang}"] = folder / f"transcript-{lang}.html"
        made[f"transcript-{lang}"].write_text(measurement.render(kept, BEIJING, lang), encoding="utf-8")
    crowd = stored(folder / "crowd", crowded())
    write(seen(crowd), crowd, folder / "many")
    made["many"] = folder / "many" / "index.html"
    made["list"] = folder / "many" / "list" / "targets-1.html"
    made["list-now"] = folder / "many" / "list" / "now-1.html"
    return made


def transcribed(file: Path) -> Kept:
    """A measurement with steps of every kind: forged DNS, and what followed."""
    line = told("forged dns").line
    viewing.write(file, [line])
    return Kept(line, file.read_bytes(), Source(file.name, file), 1)


def crowded() -> Iterator[Measurement]:
    """Instances enough for lists of two pages, most of them blocked after a while."""
    for run in range(9):
        for number in range(PER_PAGE + 40):
            blocked = RESET if run > 3 and number % 5 else {}
            yield records.measurement(
                story.START + run * 600, target=f"i{number:03}.example", endpoint="web", role=Role.WEB,
                kind=TargetKind.INSTANCE, **blocked,
            )  # fmt: skip
