import pytest

from probe.report.site import overview, pages
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
    return read(overview.render(changed._replace(figure=figure, links=links)))
