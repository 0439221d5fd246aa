"""How often an endpoint is asked: once per interval for instances, patience within bounds, sooner after a change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.diagnosis import Certainty, ControlState, Fitness, Verdict
from probe.model.target import TargetKind
from probe.schedule.pace import LOOKS, Known, Pace, fold, for_cycle, for_look, looks, next_look, retry_after
from tests.schedule.watching import APP, BLOCKED, INSTANCE, page, things
from tests.store.records import T0, measurement

TEN = Pace(600.0, 60.0)
HOUR = Pace(3600.0, 60.0)


def after(*verdicts: dict[str, Any], pace: Pace = HOUR) -> Known:
    """What is known after these measurements, one an hour."""
    known: Known | None = None
    for number, changes in enumerate(verdicts):
        known, _ = fold(known, measurement(T0 + 3600.0 * number, **changes), pace)
    assert known is not None
    return known


UNBACKED = {"verdict": Verdict.BLOCKED, "certainty": Certainty.LIKELY, "control": ControlState.FAILED}


@pytest.mark.parametrize(
    ("verdicts", "good", "remaining"),
    [
        (({},), True, 0),  # a first state is no change
        ((BLOCKED,), False, 0),
        (({}, {}), True, 0),
        (({}, BLOCKED), False, LOOKS),
        (({}, BLOCKED, BLOCKED), False, LOOKS - 1),
        (({}, BLOCKED, BLOCKED, BLOCKED, BLOCKED), False, 0),
        (({}, BLOCKED, {}), True, LOOKS),
        (({}, UNBACKED), True, 0),  # says nothing
        (({}, {"verdict": Verdict.DOWN}), True, 0),
        (({}, {"verdict": Verdict.INSUFFICIENT}, BLOCKED), False, LOOKS),
        (({}, {**BLOCKED, "fitness": Fitness.OFFLINE}), True, 0),
    ],
)
def test_only_evidence_of_a_change_brings_an_endpoint_forward(
    verdicts: tuple[dict[str, Any], ...], good: bool, remaining: int
) -> None:
    known = after(*verdicts)
    assert (known.good, known.looks) == (good, remaining)


def test_a_change_says_what_was_and_what_is() -> None:
    known, nothing = fold(None, measurement(T0), HOUR)
    known, change = fold(known, measurement(T0 + 3600.0, **BLOCKED), HOUR)
    assert nothing is None
    assert change is not None
    assert (change.name, change.was, change.measurement.verdict) == ("clubhouse/api", "ok", "blocked")
    assert known.since == T0 + 3600.0


def test_a_reference_that_fails_is_the_vantages_matter() -> None:
    known, _ = fold(None, measurement(T0, kind=TargetKind.REFERENCE), HOUR)
    _, change = fold(known, measurement(T0 + 60.0, kind=TargetKind.REFERENCE, **BLOCKED), HOUR)
    assert change is None


def test_a_measurement_that_is_not_newer_changes_nothing() -> None:
    known = after({}, BLOCKED)
    for at in (T0, T0 + 3600.0):
        assert fold(known, measurement(at), HOUR) == (known, None)


@given(st.lists(st.booleans(), max_size=40), st.floats(300.0, 7200.0))
def test_folding_twice_is_folding_once(states: list[bool], gap: float) -> None:
    series = [measurement(T0 + gap * n, **({} if good else BLOCKED)) for n, good in enumerate(states)]
    once: Known | None = None
    for one in series:
        once, _ = fold(once, one, TEN)
    twice = once
    for one in series:
        twice, _ = fold(twice, one, TEN)
    assert twice == once


def test_instances_are_asked_once_per_interval_and_apps_whenever_a_run_comes() -> None:
    known = {f"{APP}/api": Known(last=T0), f"{INSTANCE}/api": Known(last=T0)}
    soon = for_cycle(things(), known, T0 + 300.0, TEN)
    assert [task.name for task in soon.plan.tasks] == [f"{APP}/api"]
    assert soon.left_out == ((f"{INSTANCE}/api", "measured 300 s ago, and instances are asked once per interval"),)
    assert len(for_cycle(things(), known, T0 + 540.0, TEN).plan.tasks) == 2
    assert soon.plan.references == things().references


def test_an_interval_shorter_than_a_minute_is_a_minute_for_instances() -> None:
    known = {f"{INSTANCE}/api": Known(last=T0)}
    assert len(for_cycle(things(), known, T0 + 30.0, Pace(2.0, 0.2)).left_out) == 1
    assert for_cycle(things(), known, T0 + 60.0, Pace(2.0, 0.2)).left_out == ()


def test_a_last_measurement_in_the_future_keeps_nobody_waiting() -> None:
    known = {f"{INSTANCE}/api": Known(last=T0 + 1e6, wait=T0 + 1e6)}
    assert for_cycle(things(), known, T0, TEN).left_out == ()


def test_looks_are_for_apps_after_the_gap_and_not_before_the_server_wants() -> None:
    known = {f"{APP}/api": Known(last=T0, looks=2), f"{INSTANCE}/api": Known(last=T0, looks=2)}
    assert list(looks(things(), known, TEN)) == [(f"{APP}/api", T0 + 180.0)]
    assert next_look(things(), known, HOUR) == T0 + 720.0
    assert [t.name for t in for_look(things(), known, T0 + 180.0, TEN).tasks] == [f"{APP}/api"]
    assert for_look(things(), known, T0 + 179.0, TEN).tasks == ()
    patient = {f"{APP}/api": Known(last=T0, looks=2, wait=T0 + 400.0)}
    assert next_look(things(), patient, TEN) == T0 + 400.0
    assert next_look(things(), known, Pace(300.0, 30.0)) is None
    assert next_look(things(), {}, TEN) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 08 Feb 2021 09:02:00 GMT", 120.0),
        ("Mon, 08 Feb 2021 08:00:00 GMT", 0.0),
        ("99999999999999999999", 999999999999.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("Mon, 99 Feb 2021 09:02:00 GMT", None),
        ("\x1b[2J" * 1000, None),
    ],
)
def test_retry_after_as_seconds_as_a_date_and_as_nonsense(text: str, seconds: float | None) -> None:
    assert retry_after(text, T0) == seconds


@given(st.text(max_size=60))
def test_no_header_whatever_it_holds_breaks_the_schedule(text: str) -> None:
    known, _ = fold(None, measurement(T0, observations=(page(429, Retry_After=text),)), TEN)
    assert T0 <= known.wait <= T0 + TEN.patience


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (page(429, Retry_After="900"), 900.0),
        (page(503, retry_after="900"), 900.0),
        (page(429), 1200.0),
        (page(503), None),  # down, and asks for nothing
        (page(200, Retry_After="900"), None),
        (page(429, Retry_After="10000000"), 3600.0),
    ],
)
def test_who_asks_for_patience(answer: Any, wait: float | None) -> None:
    known, _ = fold(None, measurement(T0, observations=(answer,)), TEN)
    assert known.wait == (0.0 if wait is None else T0 + wait)


def test_refusals_in_a_row_wait_longer_and_an_answer_ends_them() -> None:
    busy: dict[str, Any] = {"observations": (page(429),)}
    known = after(busy, busy, pace=TEN)
    assert (known.refusals, known.wait) == (2, T0 + 3600.0 + 2400.0)
    known, _ = fold(known, measurement(T0 + 9000.0), TEN)
    assert (known.refusals, known.wait) == (0, 0.0)
