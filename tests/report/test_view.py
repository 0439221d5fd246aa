"""What a report says, as data: which state a series is in, and what the window shows of it."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from probe.model.clock import parse_rfc3339
from probe.model.diagnosis import Certainty, ControlState, Verdict
from probe.model.measurement import Measurement
from probe.model.target import Role
from probe.report.state import State
from probe.report.view import SeriesView, View, Window
from tests.report.story import BLOCKED_API, DOWN, OFFLINE, RESET, START, STEP, clock, story
from tests.report.viewing import view
from tests.store.records import measurement

FINE: dict[str, Any] = {}
UNSETTLED: dict[str, Any] = {"verdict": Verdict.ANOMALY}
POSSIBLE: dict[str, Any] = {"verdict": Verdict.BLOCKED, "certainty": Certainty.POSSIBLE}


def _one(shown: View, name: str) -> SeriesView:
    return next(one for one in shown.series if f"{one.key.target}/{one.key.endpoint}" == name)


def _line(*said: tuple[int, dict[str, Any]], **changes: Any) -> Iterator[Measurement]:
    """A series of so many measurements of each kind, one after another."""
    told = [kind for count, kind in said for _ in range(count)]
    for n, kind in enumerate(told):
        yield measurement(START + n * STEP, **{**changes, **kind})


UNBACKED = {"verdict": Verdict.BLOCKED, "certainty": Certainty.LIKELY, "control": ControlState.NONE}


@pytest.mark.parametrize(("said", "state"), [
    ([(20, FINE)], State.OPEN),
    ([(20, FINE), (20, BLOCKED_API)], State.BLOCKED),
    ([(20, BLOCKED_API)], State.BLOCKED),
    ([(20, FINE), (20, UNSETTLED)], State.UNREACHABLE),
    ([(20, FINE), (20, UNSETTLED), (1, BLOCKED_API), (20, UNSETTLED)], State.UNREACHABLE),
    ([(20, FINE), (20, UNSETTLED), (20, BLOCKED_API)], State.BLOCKED),
    ([(20, FINE), (20, POSSIBLE)], State.BLOCKED),
    ([(20, FINE), (20, BLOCKED_API), (20, FINE)], State.OPEN),
    ([(20, FINE), (20, BLOCKED_API), (6, OFFLINE)], State.BLOCKED),
    ([(20, FINE), (1, RESET)], State.FAILING),
    ([(20, FINE), (20, DOWN)], State.DOWN),
    ([(20, FINE), (20, {"verdict": Verdict.RESTRICTED})], State.RESTRICTED),
    ([(20, FINE), (20, {"verdict": Verdict.INTERFERED})], State.INTERFERED),
    ([(20, FINE), (20, OFFLINE)], State.UNKNOWN),
    ([(20, FINE), (20, UNBACKED)], State.UNKNOWN),
], ids=str)  # fmt: skip
def test_state_of_a_series_at_its_last_measurement(said: list[tuple[int, dict[str, Any]]], state: State) -> None:
    (one,) = view(_line(*said)).series
    assert one.state == state


def test_failing_counts_the_failures_since_it_was_last_reached_and_voids_do_not_end_them() -> None:
    (one,) = view(_line((20, FINE), (1, RESET), (1, OFFLINE), (1, RESET))).series
    assert one.failing == 2


def test_the_story_told_as_states() -> None:
    shown = view(story())
    states = {f"{one.key.target}/{one.key.endpoint}": one.state for one in shown.series}
    assert states == {
        "clubhouse/api": State.BLOCKED,
        "clubhouse/web": State.OPEN,
        "counter.social/web": State.RESTRICTED,
        "douchi.space/web": State.OPEN,
        "gstatic/204": State.OPEN,
        "m.cmx.im/web": State.OPEN,
    }


def test_counts_are_of_every_measurement_and_of_what_each_says() -> None:
    api = _one(view(story()), "clubhouse/api")
    assert api.verdicts == {"blocked": 55, "insufficient": 6, "ok": 12}
    assert (api.good, api.bad, api.void) == (12, 55, 6)
    assert (api.first, api.last, api.schedule) == (clock("09:00"), clock("21:00"), STEP)


def test_outage_for_everyone_is_a_stretch_of_down_and_no_episode() -> None:
    douchi = _one(view(story()), "douchi.space/web")
    assert douchi.episodes == ()
    assert [(one.first, one.last, one.size) for one in douchi.downs] == [(clock("12:00"), clock("14:50"), 18)]


def test_offline_vantage_is_an_unfit_stretch_of_runs_and_no_episode() -> None:
    (vantage,) = view(story()).vantages
    assert [tuple(one) for one in vantage.unfit] == [("offline", clock("16:00"), clock("16:50"), 6)]
    assert (vantage.runs, vantage.measurements, vantage.silent) == (73, 438, ())


def test_day_without_a_run_is_a_silence_and_no_onset() -> None:
    rest = [one for one in story() if not clock("11:00") < parse_rfc3339(one.time) < clock("15:00")]
    (vantage,) = view(rest).vantages
    assert [(gap.earliest, gap.latest) for gap in vantage.silent] == [(clock("11:00"), clock("15:00"))]


def test_roll_up_counts_deciding_endpoints_only() -> None:
    endpoints: Iterable[tuple[str, Role, dict[str, Any]]] = (
        ("api", Role.API, BLOCKED_API),
        ("web", Role.WEB, FINE),
        ("amplitude", Role.TELEMETRY, BLOCKED_API),
    )
    told = [one for name, role, kind in endpoints for one in _line((20, kind), endpoint=name, role=role)]
    (target,) = view(told).targets
    assert target.blocked == "some"
    assert target.endpoints == {State.BLOCKED: ("api",), State.OPEN: ("web",)}


def test_window_never_moves_an_onset() -> None:
    whole = _one(view(story()), "clubhouse/api").episodes
    shown = view(story(), window=Window(since=clock("15:00")))
    assert _one(shown, "clubhouse/api").episodes == whole
    assert _one(shown, "clubhouse/api").first == clock("15:00")
    assert _one(shown, "m.cmx.im/web").episodes == ()  # ended before


def test_asking_for_one_endpoint_changes_neither_its_episodes_nor_the_roll_up() -> None:
    whole, part = view(story()), view(story(), window=Window(only=frozenset({"clubhouse/api"})))
    assert part.series == (_one(whole, "clubhouse/api"),)
    assert [one for one in whole.targets if one.target == "clubhouse"] == list(part.targets)


def test_window_with_nothing_in_it_is_an_empty_view() -> None:
    assert view(story(), window=Window(since=clock("21:00") + 1)).series == ()
    assert view([]).series == ()
