"""What a page is about, and which measurements it shows as evidence."""

import pytest

from probe.model.target import Role
from probe.report.block.choose import (
    UnknownScopeError,
    display,
    events_of,
    principal,
    scope_event,
    scope_target,
    targets_of,
)
from tests.report.block.making import series, wave
from tests.report.story import BLOCKED_API, DOWN, RESET, story
from tests.report.viewing import view


def test_targets_and_events_that_can_have_a_page() -> None:
    seen = view(wave())
    assert targets_of(seen) == ("clubhouse", "douchi.space", "m.cmx.im")
    assert events_of(seen) == ("wave-cn-20210208",)


def test_page_of_a_target_has_all_its_endpoints_and_no_reference() -> None:
    chosen = scope_target(view(story()), "clubhouse")
    assert [one.key.endpoint for one in chosen.series] == ["api", "web"]
    with pytest.raises(UnknownScopeError):
        scope_target(view(story()), "gstatic")


def test_page_of_one_endpoint_has_only_that() -> None:
    assert [one.key.endpoint for one in scope_target(view(story()), "clubhouse/web").series] == ["web"]


def test_unknown_name_says_which_there_are() -> None:
    with pytest.raises(UnknownScopeError) as raised:
        scope_target(view(story()), "clubhous")
    assert "clubhouse" in raised.value.known
    with pytest.raises(UnknownScopeError) as raised:
        scope_event(view(wave()), "clubhouse")
    assert raised.value.known == ["wave-cn-20210208"]


def test_page_of_an_event_has_the_siblings_that_stayed_open() -> None:
    chosen = scope_event(view(wave()), "wave-cn-20210208")
    assert {(one.key.target, one.key.endpoint) for one in chosen.series} == {
        ("clubhouse", "api"), ("clubhouse", "web"), ("douchi.space", "web"), ("m.cmx.im", "web"),
    }  # fmt: skip


def test_names_for_people() -> None:
    assert display("clubhouse", {}) == "Clubhouse"
    assert display("m.cmx.im", {}) == "m.cmx.im"
    assert display("whatsapp", {"whatsapp": "WhatsApp"}) == "WhatsApp"


def test_exhibits_are_the_surest_failure_and_the_last_good_before_it() -> None:
    chosen = scope_target(view(story()), "clubhouse")
    assert chosen.exhibited.failed == "20210208T110000Z-sha-ct-91f3/clubhouse/api"
    assert chosen.exhibited.good == "20210208T105000Z-sha-ct-91f3/clubhouse/api"


def test_exhibit_of_a_weak_start_is_the_first_failure_that_is_as_sure_as_the_episode() -> None:
    chosen = scope_target(view(series((20, {}), (3, RESET), (20, BLOCKED_API))), "clubhouse")
    assert chosen.exhibited.failed.startswith("20210208T125000Z")


def test_exhibit_without_a_block_is_the_last_that_was_not_fine() -> None:
    chosen = scope_target(view(series((20, {}), (5, DOWN))), "clubhouse")
    assert chosen.exhibited.failed.startswith("20210208T130000Z")
    assert chosen.exhibited.good.startswith("20210208T121000Z")


def test_reachable_target_shows_its_last_good_measurement() -> None:
    chosen = scope_target(view(series((20, {}))), "clubhouse")
    assert chosen.exhibited == ("", "20210208T121000Z-sha-ct-91f3/clubhouse/api")


def test_block_from_the_first_measurement_on_has_no_good_one_to_show() -> None:
    assert scope_target(view(series((20, BLOCKED_API))), "clubhouse").exhibited.good == ""


def test_a_confirmed_block_that_is_over_is_told_before_a_suspicion_that_is_over() -> None:
    (one,) = view(series((20, {}), (20, RESET), (30, {}))).series
    found = principal(one)
    assert found is not None
    assert found.confirmed_at is not None


def test_telemetry_decides_nothing() -> None:
    both = [*series((40, {})), *series((20, {}), (20, RESET), endpoint="amplitude", role=Role.TELEMETRY)]
    assert scope_target(view(both), "clubhouse").exhibited.failed == ""
