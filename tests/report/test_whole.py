"""A target as a whole over time, by the rule that its list had at each time."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from probe.diagnose.rollup import State
from probe.model.diagnosis import Certainty, Verdict
from probe.model.episode import Interval
from probe.model.measurement import Measurement
from probe.model.target import Role
from probe.report.ladder import Rung
from probe.report.view import TargetView, Window
from probe.report.whole import Rule, Whole
from tests.report.story import BLOCKED_API, DOWN, OFFLINE, RESET, START, STEP
from tests.report.viewing import view
from tests.store.records import measurement

FINE: dict[str, Any] = {}
Said = tuple[int, dict[str, Any]]


def at(cycle: int) -> float:
    return START + cycle * STEP


def endpoint(name: str, *said: Said, role: Role = Role.API, first: int = 0, **changes: Any) -> Iterator[Measurement]:
    """An endpoint of `app`: so many measurements of each kind, one a cycle."""
    told = [kind for count, kind in said for _ in range(count)]
    for cycle, kind in enumerate(told, first):
        yield measurement(at(cycle), target="app", endpoint=name, role=role, **{"rollup": "all", **changes, **kind})


def target(*endpoints: Iterable[Measurement], window: Window | None = None) -> TargetView:
    (one,) = view([one for every in endpoints for one in every], window=window).targets
    return one


def wholes(*endpoints: Iterable[Measurement]) -> list[tuple[float, str, tuple[str, ...]]]:
    """Since which cycle, which state, what is blocked."""
    return [((one.since.latest - START) / STEP, one.state, one.blocked) for one in target(*endpoints).wholes]


def test_records_without_a_rule_are_told_as_ever() -> None:
    one = target(endpoint("api", (20, FINE), (20, BLOCKED_API), rollup=""), endpoint("web", (40, FINE), rollup=""))
    assert one.wholes == ()
    assert one.blocked == "some"


def test_api_blocked_and_a_week_later_the_website_too() -> None:
    api = endpoint("api", (20, FINE), (60, BLOCKED_API))
    web = endpoint("web", (50, FINE), (30, RESET), role=Role.WEB)
    assert wholes(api, web) == [
        (0, State.OK, ()),
        (20, State.PARTLY_BLOCKED, ("api",)),
        (50, State.BLOCKED, ("api", "web")),
    ]


def test_a_stretch_begins_in_an_interval_and_never_at_a_point() -> None:
    first, second = target(endpoint("api", (20, FINE), (20, BLOCKED_API))).wholes
    assert first.since == Interval(None, at(0))
    assert second.since == Interval(at(19), at(20))


def test_what_begins_between_the_same_measurements_is_one_change() -> None:
    api = [*endpoint("api", (20, FINE), (20, BLOCKED_API))]
    late = [
        measurement(at(n) + 3, target="app", endpoint="web", rollup="all", **(RESET if n > 19 else {}))
        for n in range(40)
    ]
    told = target(api, late).wholes
    assert [one.state for one in told] == [State.OK, State.BLOCKED]
    assert told[1].since == Interval(at(19), at(20) + 3)


def test_reached_again() -> None:
    assert wholes(endpoint("api", (20, FINE), (20, BLOCKED_API), (20, FINE)), endpoint("web", (60, FINE))) == [
        (0, State.OK, ()), (20, State.PARTLY_BLOCKED, ("api",)), (40, State.OK, ()),
    ]  # fmt: skip


K_OF_THREE: dict[str, Any] = {"rollup": "realtime:2", "role": Role.REALTIME}


def test_enough_is_told_of_a_target_that_is_partly_blocked() -> None:
    names = ("dc1", "dc2", "dc3")
    one_gone = [endpoint(name, (20, FINE), (20, RESET if name == "dc1" else FINE), **K_OF_THREE) for name in names]
    two_gone = [endpoint(name, (20, FINE), (20, FINE if name == "dc3" else RESET), **K_OF_THREE) for name in names]
    now = target(*one_gone).wholes[-1]
    assert (now.state, now.blocked, now.enough) == (State.PARTLY_BLOCKED, ("dc1",), True)
    now = target(*two_gone).wholes[-1]
    assert (now.state, now.blocked, now.enough) == (State.PARTLY_BLOCKED, ("dc1", "dc2"), False)


def test_each_time_is_told_by_its_own_rule() -> None:
    """The website is down all the time; in the middle the list begins to call only the API required."""
    api = [*endpoint("api", (20, FINE), required=True, rollup="all")]
    web = [*endpoint("web", (20, DOWN), role=Role.WEB)]
    for_all = [*(one for one in endpoint("api", (10, FINE))), *web[:10]]
    told = target(for_all, api[10:], web[10:]).wholes
    assert [(one.since.latest, one.state, one.rule) for one in told] == [
        (at(0), State.DOWN, Rule("all")),
        (at(10), State.OK, Rule("all", ("api",))),
    ]


def test_a_rule_that_begins_to_be_recorded_is_not_laid_on_what_was_before() -> None:
    api = [*endpoint("api", (10, FINE), rollup=""), *endpoint("api", (10, FINE), first=10)]
    web = [*endpoint("web", (10, DOWN), rollup=""), *endpoint("web", (10, DOWN), first=10, rollup="api:any")]
    api[10:] = [*endpoint("api", (10, FINE), first=10, rollup="api:any")]
    told = target(api, web).wholes
    assert [(one.rule.rollup, one.enough) for one in told] == [("", None), ("api:any", True)]


@pytest.mark.parametrize("rollup", ["api:some", "oracle:all", "api:0", "api:", " ", "all,any", "x" * 9999])
def test_a_rule_in_words_of_another_version_is_not_recorded(rollup: str) -> None:
    told = target(endpoint("api", (10, FINE), rollup=rollup), endpoint("web", (10, FINE), rollup=rollup)).wholes
    assert [(one.state, one.enough, one.rule) for one in told] == [(State.OK, None, Rule())]


def test_an_outage_ends_what_was_reachable_and_noise_does_not() -> None:
    assert wholes(endpoint("api", (20, FINE), (6, DOWN), (20, FINE), (1, DOWN), (20, FINE))) == [
        (0, State.OK, ()), (20, State.DOWN, ()), (26, State.OK, ()),
    ]  # fmt: skip


def test_now_is_what_the_last_measurements_say() -> None:
    assert wholes(endpoint("api", (20, FINE), (1, DOWN)))[-1] == (20, State.DOWN, ())
    assert wholes(endpoint("api", (20, FINE), (2, OFFLINE)))[-1] == (20, State.UNKNOWN, ())
    assert wholes(endpoint("api", (20, FINE), (1, {"verdict": Verdict.RESTRICTED})))[-1] == (20, State.RESTRICTED, ())


def test_a_part_that_is_unreachable_for_no_settled_cause_is_not_blocked() -> None:
    unsettled = {"verdict": Verdict.ANOMALY}
    one = target(endpoint("api", (20, FINE), (20, unsettled), (20, FINE)), endpoint("web", (60, FINE))).wholes
    assert [(each.state, each.blocked, each.failing, each.rung) for each in one] == [
        (State.OK, (), (), Rung.NONE), (State.UNKNOWN, (), ("api",), Rung.UNREACHABLE), (State.OK, (), (), Rung.NONE),
    ]  # fmt: skip


def test_parts_together_are_as_sure_as_the_least_sure_of_them() -> None:
    possible = {**RESET, "certainty": Certainty.POSSIBLE}
    api, web = endpoint("api", (20, FINE), (20, RESET)), endpoint("web", (20, FINE), (20, possible))
    assert target(api, web).wholes[-1].rung is Rung.CONSISTENT


def test_an_endpoint_that_was_given_up_decides_no_more() -> None:
    old = endpoint("old", (20, FINE), (20, RESET))
    assert wholes(old, endpoint("api", (80, FINE))) == [
        (0, State.OK, ()), (20, State.PARTLY_BLOCKED, ("old",)), (40, State.OK, ()),
    ]  # fmt: skip


def test_an_endpoint_that_came_later_decides_from_then_on() -> None:
    assert wholes(endpoint("api", (80, FINE)), endpoint("new", (40, RESET), first=40)) == [
        (0, State.OK, ()), (40, State.PARTLY_BLOCKED, ("new",)),
    ]  # fmt: skip


def test_blocked_at_the_first_measurement_has_no_beginning() -> None:
    (one,) = target(endpoint("api", (40, BLOCKED_API)), endpoint("web", (40, FINE))).wholes
    assert (one.since, one.state) == (Interval(None, at(0)), State.PARTLY_BLOCKED)


def test_one_run_alone() -> None:
    """Endpoints of one run are some seconds apart; none of them was given up."""
    one = [measurement(START, target="app", endpoint="api", rollup="all", **RESET)]
    other = [measurement(START + 9, target="app", endpoint="web", rollup="all")]
    (told,) = target(one, other).wholes
    assert (told.state, told.failing) == (State.UNKNOWN, ("api",))


def test_telemetry_never_decides() -> None:
    told = target(endpoint("api", (20, FINE)), endpoint("t", (20, RESET), role=Role.TELEMETRY)).wholes
    assert told == (Whole(Interval(None, at(0)), State.OK, (), (), True, Rule("all")),)


def test_the_window_cuts_and_moves_nothing() -> None:
    api = [*endpoint("api", (20, FINE), (60, BLOCKED_API))]
    web = [*endpoint("web", (50, FINE), (30, RESET), role=Role.WEB)]
    told = target(api, web, window=Window(at(30))).wholes
    assert [(one.since, one.state) for one in told] == [
        (Interval(None, at(30)), State.PARTLY_BLOCKED), (Interval(at(49), at(50)), State.BLOCKED),
    ]  # fmt: skip


def test_order_of_rows_changes_nothing() -> None:
    rows = [*endpoint("api", (20, FINE), (60, BLOCKED_API)), *endpoint("web", (50, FINE), (30, RESET))]
    assert target(rows) == target(reversed(rows))
