"""Names that stay: the same whatever comes later, and safe in a file's name."""

import pytest

from probe.report.block.choose import scope_target
from probe.report.block.ids import SLUG_LENGTH, episode_id, event_ids, slug
from tests.report.block.making import wave
from tests.report.story import story
from tests.report.viewing import view


@pytest.mark.parametrize("name", ["clubhouse", "m.cmx.im", "wave-cn-20210208"])
def test_a_plain_name_is_its_own_slug(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/b", "A", "", ".", "..", "-rf", ".hidden", "a\x00b", "封锁", "x" * 500, "a b", "\ud800"],
)
def test_any_name_becomes_a_safe_one(name: str) -> None:
    made = slug(name)
    assert made
    assert made.isascii()
    assert not set(made) & set("/\\\x00 ")
    assert not made.startswith((".", "-"))
    assert len(made) <= SLUG_LENGTH + 9


def test_names_that_differ_have_slugs_that_differ() -> None:
    names = ["a/b", "a b", "a-b", "A-B", "a.b", "x" * 200, "x" * 201]
    assert len({slug(name) for name in names}) == len(names)


def test_episode_keeps_its_name_when_more_is_measured() -> None:
    short = [one for one in story() if one.time < "2021-02-08T14:00"]
    names = [
        {episode_id(episode) for one in view(measurements).series for episode in one.episodes}
        for measurements in (short, story())
    ]
    assert names[0] == names[1] != set()


def test_events_are_named_by_what_they_are_where_and_when() -> None:
    assert list(event_ids(view(wave()).joined.events)) == ["wave-cn-20210208"]


def test_two_events_of_one_day_have_two_names() -> None:
    event = view(wave()).joined.events[0]
    assert list(event_ids([event, event, event])) == [
        "wave-cn-20210208", "wave-cn-20210208.2", "wave-cn-20210208.3",
    ]  # fmt: skip


def test_slug_of_a_page_is_that_of_its_id() -> None:
    assert scope_target(view(story()), "clubhouse/api").scope.slug == slug("clubhouse/api")
