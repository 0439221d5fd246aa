import pytest

from probe.report.block.collect import Dossier
from probe.report.site import listing, overview, pages
from probe.report.site.pages import names_of, site_of
from tests.report.html import pages as kept
from tests.report.markup import Read, read
from tests.report.poison import HOSTILE, poisoned


def made(name: str = "story", lang: str = "en") -> Read:
    view, dossier = kept.kept(name)
    site = site_of(view, lang)
    return read(dict(pages.pages(site, dossier, "urn:x"))["index.html"])


def test_it_says_what_is_blocked_now_and_what_is_over() -> None:
    text = " ".join(made().text.split())
    now, rest = text.split("What began and what ended")
    assert "clubhouse/api" in now
    assert "m.cmx.im/web could be reached again" in rest
    assert "m.cmx.im/web became unreachable" in rest


def test_every_target_has_its_headline() -> None:
    text = made().text
    for target in ("Clubhouse", "counter.social", "douchi.space", "m.cmx.im"):
        assert target in text


def test_an_unfit_vantage_is_told() -> None:
    assert "offline" in made().text


def test_events_lead_to_their_pages() -> None:
    links = [value for _, name, value in made("rollout").attributes if name == "href"]
    assert "event/lantern.example-cn-20220311.html" in links


def test_the_names_of_all_pages_are_known_before_they_are_made() -> None:
    for name in ("story", "rollout"):
        view, dossier = kept.kept(name)
        site = site_of(view, "en")
        assert sorted(names_of(site, dossier)) == sorted(dict(pages.pages(site, dossier, "urn:x")))


def test_with_many_targets_the_first_page_shows_the_worst_and_leads_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists cut to two rows, pages to three: what a site of thousands looks like."""
    monkeypatch.setattr(listing, "PER_PAGE", 3)
    monkeypatch.setattr(listing, "SHOWN", dict.fromkeys(listing.SHOWN, 1))
    view, dossier = kept.kept("story")
    site = site_of(view, "en")
    made = dict(pages.pages(site, dossier, "urn:x"))
    assert set(made) <= set(names_of(site, dossier))
    first = read(made["index.html"])
    assert {value for _, name, value in first.attributes if name == "href" and value.startswith("list/")} == {
        "list/now-1.html", "list/changes-1.html", "list/targets-1.html", "list/targets-2.html"
    } & set(made)  # fmt: skip
    lists = {name: read(text) for name, text in made.items() if name.startswith("list/targets")}
    links = [value for one in lists.values() for _, name, value in one.attributes if name == "href"]
    assert {f"../{link}" for link in pages.target_pages(site).values()} <= set(links)
    assert {"../list/targets-1.html", "../list/targets-2.html"} <= set(links)
    shown = {value for _, name, value in first.attributes if name == "href" and value.startswith("target/")}
    assert "target/clubhouse.html" in shown
    assert "target/douchi.space.html" not in shown, "nothing is blocked there"


def test_a_list_that_the_first_page_holds_has_no_page_of_its_own() -> None:
    assert not [name for name in dict(pages.pages(*_site("story"), "urn:x")) if name.startswith("list/")]


def _site(name: str) -> tuple[pages.Site, Dossier]:
    view, dossier = kept.kept(name)
    return site_of(view, "en"), dossier


def test_a_measurement_without_a_page_is_named_with_the_command_that_shows_it() -> None:
    site, dossier = _site("story")
    text = read(dict(pages.pages(site, dossier._replace(kept={}), "urn:x"))["target/clubhouse.html"]).text
    assert "cited here have no page in this site" in text
    assert "probe explain 20210208T105000Z-sha-ct-91f3/clubhouse/api" in text


def test_of_every_episode_one_measurement_is_cited_before_of_any_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    view, _ = kept.kept("story")
    monkeypatch.setattr(pages, "MOST_CITED", 2)
    cited = {name for one in site_of(view, "en").cited for name in one.exhibited if name}
    assert {name.split("/")[1] for name in cited} == {"clubhouse", "m.cmx.im"}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_breaks_out_of_the_overview(hostile: str) -> None:
    view, dossier = kept.kept("story")
    site = site_of(view, "en")
    told = pages.Told([], [], [], {})
    list(pages._blocks(site, dossier, told))
    whole = pages._overview(site, dossier, told)
    clean, bad = (_page(whole, text) for text in ("x", hostile))
    figure = {"text", "g"}
    assert [one for one in bad.elements if one not in figure] == [one for one in clean.elements if one not in figure]
    assert {one[1] for one in bad.attributes} <= {one[1] for one in clean.attributes}


def _page(whole: overview.Overview, text: str) -> Read:
    changed = whole._replace(
        **{name: poisoned(getattr(whole, name), text) for name in ("targets", "events", "onsets", "missing")}
    )
    assert whole.figure is not None
    figure = poisoned(whole.figure, text)._replace(zone=whole.figure.zone)
    links = {one.target: text for one in changed.onsets}
    changed = changed._replace(figure=figure, links=links)
    return read(overview.render(changed, overview.lists(changed)))
