import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from probe.report.site.disk import manifest_of
from probe.report.site.write import write
from probe.report.view import View
from probe.store.layout import Source
from tests.report import rollout, story
from tests.report.block.making import seen, stored
from tests.report.markup import read


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[View, tuple[Source, ...]]:
    sources = stored(tmp_path_factory.mktemp("results"), story.story())
    return seen(sources), sources


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, results: tuple[View, tuple[Source, ...]]) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write(*results, folder)
    return folder


def pages(site: Path) -> dict[str, str]:
    found = [one for one in site.rglob("*") if one.suffix in (".html", ".xml")]
    return {str(one.relative_to(site)): one.read_text(encoding="utf-8") for one in found}


def test_there_is_a_page_for_everything(site: Path) -> None:
    names = set(pages(site))
    targets = {"clubhouse", "counter.social", "douchi.space", "m.cmx.im"}
    assert {"index.html", "feed.xml", *(f"target/{one}.html" for one in targets)} <= names
    assert "target/gstatic.html" not in names
    assert sum(one.startswith("measurement/") for one in names) >= 8


def test_an_event_has_a_page(tmp_path: Path) -> None:
    sources = stored(tmp_path / "results", rollout.rollout())
    written = write(seen(sources), sources, tmp_path / "site")
    names = set(pages(tmp_path / "site"))
    assert "event/lantern.example-cn-20220311.html" in names
    assert written.pages == len(names)
    overview = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert 'href="event/lantern.example-cn-20220311.html"' in overview


def test_every_link_is_relative_and_leads_somewhere(site: Path) -> None:
    for name, text in pages(site).items():
        if name == "feed.xml":
            links = re.findall(r'href="([^"]*)"', text)
        else:
            links = [value for _, key, value in read(text).attributes if key == "href" and not value.startswith("#")]
        for link in links:
            assert not urlsplit(link).scheme, (name, link)
            assert not link.startswith("/"), (name, link)
            assert (site / name).parent.joinpath(link).is_file(), (name, link)


def test_every_cited_measurement_of_the_onset_table_is_linked(site: Path) -> None:
    page = read((site / "target" / "clubhouse.html").read_text(encoding="utf-8"))
    links = [value for _, key, value in page.attributes if key == "href" and "/measurement/" in value]
    assert len(set(links)) >= 3
    assert "no page in this site" not in page.text


def test_the_same_results_give_the_same_site(
    site: Path, results: tuple[View, tuple[Source, ...]], tmp_path: Path
) -> None:
    write(*results, tmp_path)
    assert pages(tmp_path) == pages(site)


def test_a_later_build_takes_away_what_is_gone_and_keeps_the_feeds_id(
    results: tuple[View, tuple[Source, ...]], tmp_path: Path
) -> None:
    view, sources = results
    write(view, sources, tmp_path)
    before = manifest_of(tmp_path).feed
    fewer = view._replace(
        series=tuple(one for one in view.series if one.key.target != "m.cmx.im"), first=view.first + 9
    )
    written = write(fewer, sources, tmp_path)
    assert written.removed >= 1
    assert not (tmp_path / "target" / "m.cmx.im.html").exists()
    assert manifest_of(tmp_path).feed == before
    assert before in (tmp_path / "feed.xml").read_text()


def test_an_address_of_the_site_is_in_its_feed_and_nowhere_else(
    site: Path, results: tuple[View, tuple[Source, ...]], tmp_path: Path
) -> None:
    """The pages work from a USB stick still, and the ids stay: who reads the feed sees no block twice."""
    write(*results, tmp_path, home="https://example.org/blocks/")
    here, there = pages(site), pages(tmp_path)
    assert {name: text for name, text in here.items() if name != "feed.xml"} == {
        name: text for name, text in there.items() if name != "feed.xml"
    }
    links = re.findall(r'href="([^"]*)"', there["feed.xml"])
    assert links
    assert all(link.startswith("https://example.org/blocks/") for link in links)
    assert re.findall(r"<id>(.*?)</id>", here["feed.xml"]) == re.findall(r"<id>(.*?)</id>", there["feed.xml"])


def test_a_chinese_site(results: tuple[View, tuple[Source, ...]], tmp_path: Path) -> None:
    write(*results, tmp_path, lang="zh", names={"clubhouse": "会所"})
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<html lang="zh-Hans">' in text
    assert "会所" in text


def test_results_without_any_target_are_an_empty_site(tmp_path: Path) -> None:
    sources = stored(tmp_path / "results", (one for one in story.story() if one.target == "gstatic"))
    written = write(seen(sources), sources, tmp_path / "site")
    assert written.pages == 2


def test_a_name_that_would_leave_the_folder_stays_in_it(tmp_path: Path) -> None:
    from tests.store.records import measurement

    told = [measurement(story.START + 600 * run, target="../../evil", endpoint="<b>") for run in range(3)]
    sources = stored(tmp_path / "results", told)
    write(seen(sources), sources, tmp_path / "site")
    outside = [one for one in tmp_path.rglob("*.html") if (tmp_path / "site") not in one.parents]
    assert outside == []
    assert len(list((tmp_path / "site" / "target").iterdir())) == 1
