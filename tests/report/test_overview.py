"""The overview narrowed by status, and told by target or network; no onset moves by it."""

import pytest

from probe.cli.console import clean
from probe.report.overview import GROUPS, STATUSES, narrowed, render_by
from probe.report.paper import Page
from probe.report.state import State
from tests.report.block.making import series, wave
from tests.report.story import DOWN, RESET, story
from tests.report.viewing import view

PAGE = Page(80, clean)


def _lines(text: str) -> str:
    return " ".join(text.split())


def test_statuses_are_all_states_and_ended() -> None:
    assert list(STATUSES) == [*State, "ended"]


def test_nothing_asked_for_leaves_everything() -> None:
    seen = view(story())
    assert narrowed(seen, []) == seen


@pytest.mark.parametrize(
    ("status", "targets"), [("blocked", {"clubhouse"}), ("ended", {"m.cmx.im"}), ("restricted", {"counter.social"})]
)
def test_only_series_of_that_status_are_left_with_what_belongs_to_them(status: str, targets: set[str]) -> None:
    seen = view(story())
    left = narrowed(seen, [status])
    assert {one.key.target for one in left.series} == targets
    assert {one.target for one in left.targets} == targets
    whole = {one.key: one for one in seen.series}
    assert all(whole[one.key] == one for one in left.series)


def test_several_statuses_add() -> None:
    left = narrowed(view(story()), ["blocked", "ended"])
    assert {one.key.target for one in left.series} == {"clubhouse", "m.cmx.im"}


def test_events_without_a_series_that_is_left_are_gone() -> None:
    seen = view(wave())
    assert len(narrowed(seen, ["blocked"]).joined.events) == 1
    assert narrowed(seen, ["open"]).joined.events == ()


def test_a_line_an_app_with_what_is_blocked_and_since_when() -> None:
    said = _lines(render_by(view(wave()), PAGE, "app"))
    assert "clubhouse sha-ct CN AS4134 blocked: api open: web since 8 Feb 10:40–10:51 UTC forged DNS answer" in said
    assert "m.cmx.im" not in said


def test_a_line_an_instance() -> None:
    said = _lines(render_by(view(wave()), PAGE, "instance"))
    assert "m.cmx.im sha-cu CN AS4837 blocked since 8 Feb 12:00–12:10 UTC reset after this name in TLS" in said
    assert "clubhouse" not in said


def test_a_line_a_network_with_counts_and_names() -> None:
    said = _lines(render_by(view(wave()), PAGE, "network"))
    assert "CN AS4134 sha-ct 3 blocked, 1 open cut off: clubhouse/api, douchi.space/web, m.cmx.im/web" in said
    assert "CN AS9808 gz-cm 4 open" in said
    assert said.index("AS4134") < said.index("AS9808")


def test_nothing_of_a_kind_is_said() -> None:
    assert "none in these results" in render_by(view(series((5, DOWN))), PAGE, "instance")


@pytest.mark.parametrize("by", GROUPS)
def test_a_strangers_name_writes_no_line(by: str) -> None:
    evil = "x.y\n\x1b[31mNetworks\u202e"
    text = render_by(view(series((5, {}), target=evil, endpoint=evil, country=evil)), PAGE, by)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\nNetworks\u202e" not in text


def test_a_target_whose_records_hold_a_rule_begins_with_its_state() -> None:
    api = series((20, {}), (20, RESET), rollup="all")
    web = series((40, {}), rollup="all", endpoint="web")
    said = _lines(render_by(view([*api, *web]), PAGE, "app"))
    assert "clubhouse sha-ct CN AS4134 partly blocked (api) what is left does not count as reached blocked: api" in said
