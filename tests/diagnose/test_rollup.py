"""From endpoints to their target, by the roll-ups of the list; SCENARIOS 99-104."""

import pytest

from probe.diagnose.rollup import Part, Rollup, State, holds, roll_up, rolled
from probe.model.diagnosis import Verdict
from probe.model.target import Endpoint, Need, Role, RollupRule, Target, TargetKind, rollup_spelt, spelt_rollup

OK, BLOCKED, DOWN, ANOMALY = Verdict.OK, Verdict.BLOCKED, Verdict.DOWN, Verdict.ANOMALY
RESTRICTED, INTERFERED, INSUFFICIENT = Verdict.RESTRICTED, Verdict.INTERFERED, Verdict.INSUFFICIENT


def app(*rules: RollupRule, required: frozenset[str] = frozenset(), **roles: Role) -> Target:
    endpoints = tuple(
        Endpoint(id=name, role=role, url=f"https://{name}.example/", required=name in required)
        for name, role in roles.items()
    )
    return Target(id="app", kind=TargetKind.APP, name="App", endpoints=endpoints, rollup=rules or (RollupRule(),))


CLUBHOUSE = app(
    RollupRule(role=Role.API), RollupRule(role=Role.WEB), required=frozenset({"api"}),
    api=Role.API, web=Role.WEB, cdn=Role.CDN, sentry=Role.TELEMETRY,
)  # fmt: skip


def test_api_blocked_and_website_open_is_partly_blocked_naming_the_set() -> None:
    seen = {"api": BLOCKED, "web": OK, "cdn": OK, "sentry": OK}
    assert roll_up(CLUBHOUSE, seen) == Rollup(State.PARTLY_BLOCKED, ("api",), ("api",))


def test_everything_that_decides_blocked_is_blocked_though_telemetry_is_open() -> None:
    seen = {"api": BLOCKED, "web": BLOCKED, "cdn": BLOCKED, "sentry": OK}
    assert roll_up(CLUBHOUSE, seen) == Rollup(State.BLOCKED, ("api", "web", "cdn"), ("api", "web", "cdn"))


def test_interfered_is_reached_all_the_same() -> None:
    assert roll_up(CLUBHOUSE, {"api": INTERFERED, "web": OK}).state is State.OK
    assert roll_up(CLUBHOUSE, {"api": BLOCKED, "web": INTERFERED}).state is State.PARTLY_BLOCKED


@pytest.mark.parametrize("verdict", [BLOCKED, DOWN, ANOMALY, INSUFFICIENT, RESTRICTED])
def test_telemetry_never_decides(verdict: Verdict) -> None:
    seen = {"api": OK, "web": OK, "cdn": OK, "sentry": verdict}
    assert roll_up(CLUBHOUSE, seen) == Rollup(State.OK, (), ())


def test_a_target_of_nothing_but_telemetry_is_unknown() -> None:
    target = app(sentry=Role.TELEMETRY)
    assert roll_up(target, {"sentry": OK}).state is State.UNKNOWN
    assert roll_up(target, {"sentry": BLOCKED}).state is State.UNKNOWN


def test_an_endpoint_that_was_not_measured_counts_for_nothing() -> None:
    assert roll_up(CLUBHOUSE, {"web": OK}).state is State.OK
    assert roll_up(CLUBHOUSE, {"api": BLOCKED}) == Rollup(State.BLOCKED, ("api",), ("api",))
    assert roll_up(CLUBHOUSE, {}) == Rollup(State.UNKNOWN, (), ())


DATACENTRES = app(
    RollupRule(role=Role.REALTIME, need=Need.K_OF_N, k=3),
    dc1=Role.REALTIME,
    dc2=Role.REALTIME,
    dc3=Role.REALTIME,
    dc4=Role.REALTIME,
    dc5=Role.REALTIME,
)


@pytest.mark.parametrize(("down", "state"), [(0, State.OK), (2, State.OK), (3, State.DOWN), (5, State.DOWN)])
def test_k_of_n(down: int, state: State) -> None:
    seen = {f"dc{number}": DOWN if number <= down else OK for number in range(1, 6)}
    rolled = roll_up(DATACENTRES, seen)
    assert rolled.state is state
    assert rolled.failing == tuple(f"dc{number}" for number in range(1, down + 1))


def test_k_of_n_of_those_that_were_measured() -> None:
    assert roll_up(DATACENTRES, {"dc1": OK, "dc2": OK}).state is State.OK
    assert roll_up(DATACENTRES, {"dc1": OK, "dc2": DOWN}).state is State.DOWN


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ({"a": OK, "b": DOWN}, State.OK),
        ({"a": DOWN, "b": DOWN}, State.DOWN),
        ({"a": OK, "b": BLOCKED}, State.PARTLY_BLOCKED),
    ],
)
def test_any(seen: dict[str, Verdict], state: State) -> None:
    assert roll_up(app(RollupRule(need=Need.ANY), a=Role.API, b=Role.API), seen).state is state


def test_of_all_only_the_required_must_be_reached_where_some_are_required() -> None:
    target = app(required=frozenset({"api"}), api=Role.API, web=Role.WEB)
    assert roll_up(target, {"api": OK, "web": DOWN}) == Rollup(State.OK, (), ("web",))
    assert roll_up(target, {"api": DOWN, "web": OK}) == Rollup(State.DOWN, (), ("api",))
    nothing_required = app(api=Role.API, web=Role.WEB)
    assert roll_up(nothing_required, {"api": OK, "web": DOWN}).state is State.DOWN


def test_a_role_that_is_not_there_holds() -> None:
    assert roll_up(app(RollupRule(role=Role.STREAMING), api=Role.API), {"api": OK}).state is State.OK


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ((DOWN, DOWN), State.DOWN),
        ((RESTRICTED, DOWN), State.RESTRICTED),
        ((RESTRICTED, RESTRICTED), State.RESTRICTED),
        ((ANOMALY, DOWN), State.UNKNOWN),
        ((INSUFFICIENT, INSUFFICIENT), State.UNKNOWN),
        ((INSUFFICIENT, DOWN), State.UNKNOWN),
        ((ANOMALY, OK), State.UNKNOWN),
    ],
)
def test_why_a_target_that_is_not_blocked_is_not_ok(verdicts: tuple[Verdict, Verdict], state: State) -> None:
    target = app(api=Role.API, web=Role.WEB)
    assert roll_up(target, dict(zip(("api", "web"), verdicts, strict=True))).state is state


def test_insufficient_beside_a_block_is_not_taken_for_open() -> None:
    assert roll_up(CLUBHOUSE, {"api": BLOCKED, "web": INSUFFICIENT}).state is State.BLOCKED


def test_enough_may_be_reached_of_a_target_that_is_partly_blocked() -> None:
    parts = [Part(f"dc{number}", "realtime", False) for number in range(1, 6)]
    seen = {"dc1": BLOCKED, "dc2": BLOCKED, "dc3": OK, "dc4": OK, "dc5": OK}
    assert rolled(DATACENTRES.rollup, parts, seen).state is State.PARTLY_BLOCKED
    assert holds(DATACENTRES.rollup, parts, seen)
    assert not holds(DATACENTRES.rollup, parts, {**seen, "dc3": BLOCKED})


def test_nothing_measured_is_not_enough() -> None:
    assert not holds(DATACENTRES.rollup, [], {})


def test_a_role_of_another_version_is_an_endpoint_like_others() -> None:
    parts = [Part("web", "web", False), Part("new", "hologram", False)]
    assert rolled((RollupRule(),), parts, {"web": OK, "new": DOWN}).state is State.DOWN


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ((RollupRule(),), "all"),
        ((RollupRule(need=Need.ANY),), "any"),
        ((RollupRule(need=Need.K_OF_N, k=3),), "3"),
        (
            (
                RollupRule(role=Role.API),
                RollupRule(role=Role.WEB, need=Need.ANY),
                RollupRule(role=Role.REALTIME, need=Need.K_OF_N, k=10),
            ),
            "api:all web:any realtime:10",
        ),
        (tuple(RollupRule(role=role, need=Need.K_OF_N, k=99_999) for role in Role), None),
    ],
)
def test_a_rule_as_a_record_spells_it_and_back(rules: tuple[RollupRule, ...], text: str | None) -> None:
    spelt = spelt_rollup(rules)
    assert text is None or spelt == text
    assert "," not in spelt
    assert rollup_spelt(spelt) == rules


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "api",
        "api:",
        ":all",
        "api:all ",
        "oracle:all",
        "api:-1",
        "api:0",
        "api:٣",
        "k_of_n",
        "all\n",
        "1" * 400,
    ],
)
def test_a_rule_that_nobody_spells_so_is_none(text: str) -> None:
    assert rollup_spelt(text) is None
