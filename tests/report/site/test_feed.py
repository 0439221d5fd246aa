"""The feed against RFC 4287: read by an XML parser, its required elements counted, its ids kept."""

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import pytest

from probe.model.clock import parse_rfc3339
from probe.model.measurement import Measurement
from probe.report.block.build import build
from probe.report.block.choose import scope_target
from probe.report.block.collect import collect
from probe.report.block.view import Onset
from probe.report.ladder import Rung
from probe.report.language.catalogue import catalogue
from probe.report.site import feed
from tests.report import story
from tests.report.block.making import seen, stored
from tests.report.html import pages
from tests.report.markup import xml
from tests.report.poison import HOSTILE, poisoned

ATOM = "{http://www.w3.org/2005/Atom}"
WORDS = catalogue("en")


def onsets(target: str = "m.cmx.im") -> tuple[Onset, ...]:
    view, dossier = pages.kept("story")
    return build(view, dossier, scope_target(view, target)).onsets.rows


def confirmed(target: str = "clubhouse") -> Onset:
    return onsets(target)[0]._replace(state="confirmed")


def made(*listed: Onset) -> ET.Element:
    entries = feed.entries(listed, WORDS, {"clubhouse": "target/clubhouse.html"})
    return xml(feed.atom(entries, WORDS, feed.feed_id("x"), 0.0, "probe 1"))


def texts(found: ET.Element, name: str) -> list[str]:
    return [one.text or "" for one in found.iter(f"{ATOM}{name}")]


@pytest.mark.parametrize(
    ("rung", "ends"),
    [(Rung.CONFIRMED, "; blocked (confirmed)"), (Rung.CONSISTENT, "; consistent with blocking"),
     (Rung.UNREACHABLE, "; why is not settled")],
)  # fmt: skip
def test_a_title_says_how_sure_it_is_and_the_id_stays(rung: Rung, ends: str) -> None:
    found = made(confirmed()._replace(rung=rung))
    assert texts(found, "title")[1].endswith(ends)
    assert texts(found, "id") == texts(made(confirmed()), "id")


def test_a_feed_has_what_the_standard_asks_for() -> None:
    found = made(confirmed())
    assert found.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated", "author"):
        assert len(found.findall(f"{ATOM}{name}")) == 1, name
    assert {one.get("rel") for one in found.findall(f"{ATOM}link")} == {"self", "alternate"}
    for entry in found.iter(f"{ATOM}entry"):
        for name in ("id", "title", "updated", "summary"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1, name
        assert entry.find(f"{ATOM}link[@rel='alternate']") is not None
    ids = texts(found, "id")
    assert len(ids) == len(set(ids))
    assert all(uuid.UUID(one.removeprefix("urn:uuid:")) for one in ids)
    assert all(parse_rfc3339(one) > 0 for one in texts(found, "updated"))


def test_an_end_is_an_entry_of_its_own_beside_its_onset() -> None:
    began, ended = sorted(feed.entries([confirmed("m.cmx.im")], WORDS, {}), key=lambda one: one.at)
    assert "became unreachable" in began.title
    assert "could be reached again" in ended.title
    assert began.id != ended.id
    assert began.at < ended.at


def test_a_block_that_still_stands_has_no_end() -> None:
    assert len(feed.entries([confirmed()], WORDS, {})) == 1


def test_what_is_only_suspected_is_not_published() -> None:
    assert feed.entries([confirmed()._replace(state="suspected")], WORDS, {}) == []


def test_a_block_older_than_the_data_is_no_onset_in_words() -> None:
    (told,) = feed.entries([confirmed()._replace(last_ok=None)], WORDS, {})
    assert "at the first measurement" in told.title


def test_ids_stay_when_more_measurements_arrive(tmp_path: Path) -> None:
    """The same results as they were at 15:00 and at the end: each episode of then still has its id, end or not."""
    until = "2021-02-08T15:00"

    def ids(folder: Path, told: Iterable[Measurement]) -> dict[str, set[str]]:
        view = seen(stored(folder, told))
        found = {}
        for target in ("clubhouse", "m.cmx.im"):
            rows = build(view, collect((), view, []), scope_target(view, target)).onsets.rows
            found[target] = {feed.entry_id(one, change) for one in rows for change in _changes(one)}
        return found

    then = ids(tmp_path / "then", (one for one in story.story() if one.time < until))
    now = ids(tmp_path / "now", story.story())
    assert then == now
    assert all(then.values())


def _changes(one: Onset) -> tuple[str, ...]:
    return ("began",) if one.recovered is None else ("began", "ended")


def test_an_id_depends_on_nothing_that_may_change_later() -> None:
    one = confirmed()
    later = one._replace(failed=99, method="else", certain=None, confirmed_at=one.first_blocked, recovered=one.observed,
                         certainty="", state_name="else")  # fmt: skip
    assert feed.entry_id(later, "began") == feed.entry_id(one, "began")


def test_ids_of_different_series_differ() -> None:
    assert feed.entry_id(confirmed("clubhouse"), "began") != feed.entry_id(confirmed("m.cmx.im"), "began")


def test_the_newest_comes_first_and_the_feed_bears_its_time() -> None:
    found = made(confirmed("clubhouse"), confirmed("m.cmx.im"))
    times = [parse_rfc3339(entry.findtext(f"{ATOM}updated", "")) for entry in found.iter(f"{ATOM}entry")]
    assert times == sorted(times, reverse=True)
    assert parse_rfc3339(found.findtext(f"{ATOM}updated", "")) == times[0]


def test_a_feed_is_bounded() -> None:
    many = [confirmed()._replace(id=f"x/{count}") for count in range(feed.MOST_ENTRIES + 50)]
    assert len(feed.entries(many, WORDS, {})) == feed.MOST_ENTRIES


def test_a_feed_without_a_block_is_a_feed() -> None:
    found = made()
    assert texts(found, "updated") == ["1970-01-01T00:00:00.000Z"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_breaks_out_of_the_feed(hostile: str) -> None:
    found = made(poisoned(confirmed(), hostile))
    assert {one.tag.removeprefix(ATOM) for one in found.iter()} <= {
        "feed", "id", "title", "updated", "author", "name", "link", "entry", "published", "summary"}  # fmt: skip
    assert all(one.get("href", "index.html") in ("index.html", "feed.xml") for one in found.iter(f"{ATOM}link"))


def test_a_chinese_feed_says_so() -> None:
    words = catalogue("zh")
    found = xml(feed.atom([], words, feed.feed_id("x"), 0.0, "probe"))
    assert found.get("{http://www.w3.org/XML/1998/namespace}lang") == "zh"
    assert found.findtext(f"{ATOM}title") == "开始与恢复"
