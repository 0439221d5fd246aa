"""What a run would touch: dates, selection, risk, references; nothing is ever planned that the list does not say."""

from datetime import date

import msgspec
import pytest

from probe.measure.plan import SelectionError, Task, checks, make
from probe.model.target import Endpoint, Risk, Role, Target, TargetKind, TargetList
from tests.world import listed, reference, target

DAY = date(2021, 2, 8)


def with_dates(valid_from: str | None, valid_to: str | None) -> TargetList:
    endpoint = Endpoint(id="main", role=Role.WEB, url="https://site.example/", valid_from=valid_from, valid_to=valid_to)
    return listed(msgspec.structs.replace(target("https://site.example/"), endpoints=(endpoint,)))


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "measured"),
    [
        (None, None, True),
        ("2021-02-08", None, True),
        ("2021-02-09", None, False),
        (None, "2021-02-08", False),
        (None, "2021-02-09", True),
        ("2021-02-01", "2021-03-01", True),
    ],
)
def test_the_first_day_of_an_endpoint_counts_and_its_last_does_not(
    valid_from: str | None, valid_to: str | None, measured: bool
) -> None:
    plan = make(with_dates(valid_from, valid_to), DAY)
    assert [task.name for task in plan.tasks] == (["site/main"] if measured else [])
    assert len(plan.left_out) == (0 if measured else 1)


def test_an_endpoint_out_of_its_time_is_left_out_with_the_date() -> None:
    assert make(with_dates("2021-07-01", None), DAY).left_out == (("site/main", "not before 2021-07-01"),)
    assert make(with_dates(None, "2021-02-01"), DAY).left_out == (("site/main", "not since 2021-02-01"),)


def two() -> TargetList:
    endpoints = tuple(
        Endpoint(id=name, role=role, url=f"https://{name}.example/")
        for name, role in (("api", Role.API), ("web", Role.WEB))
    )
    clubhouse = Target(id="clubhouse", kind=TargetKind.APP, name="Clubhouse", endpoints=endpoints)
    return listed(clubhouse, target("https://other.example/", id="other"), reference("ref.example"))


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ((), ["clubhouse/api", "clubhouse/web", "other/main"]),
        (("clubhouse",), ["clubhouse/api", "clubhouse/web"]),
        (("clubhouse/api",), ["clubhouse/api"]),
        (("clubhouse/web", "other"), ["clubhouse/web", "other/main"]),
        (("ref.example",), []),
    ],
)
def test_only_selects_targets_and_endpoints_and_never_leaves_out_references(
    only: tuple[str, ...], names: list[str]
) -> None:
    plan = make(two(), DAY, only=only)
    assert [task.name for task in plan.tasks] == names
    assert [task.name for task in plan.references] == ["ref.example/check"]
    assert plan.left_out == ()
    assert plan.size == len(names) + 1


def test_unknown_names_are_all_told_with_what_was_near() -> None:
    with pytest.raises(SelectionError) as caught:
        make(two(), DAY, only=("clubhuse/api", "clubhouse", "zzzz"))
    assert str(caught.value).splitlines() == [
        "--only clubhuse/api: no such target or endpoint; did you mean clubhouse/api?",
        "--only zzzz: no such target or endpoint; `probe targets list` prints them",
    ]


@pytest.mark.parametrize("accepted", list(Risk))
def test_targets_above_the_accepted_risk_are_left_out_with_the_flag_that_takes_them_in(accepted: Risk) -> None:
    targets = listed(*(target("https://site.example/", id=risk.value, risk=risk) for risk in Risk))
    plan = make(targets, DAY, risk=accepted)
    order = list(Risk)
    accepted_ones = order[: order.index(accepted) + 1]
    assert [task.target.risk for task in plan.tasks] == accepted_ones
    assert dict(plan.left_out) == {
        f"{risk}/main": f"risk {risk}: measured only with --accept-risk {risk}"
        for risk in order
        if risk not in accepted_ones
    }


def test_quic_endpoints_are_left_out_with_a_word() -> None:
    plan = make(listed(target("quic://site.example:443")), DAY)
    assert (plan.tasks, plan.left_out) == ((), (("site/main", "QUIC needs the extra probe[quic]"),))
    with_it = make(listed(target("quic://site.example:443")), DAY, with_quic=True)
    assert [checks(task) for task in with_it.tasks] == [("dns", "quic")]


@pytest.mark.parametrize(
    ("url", "stages"),
    [
        ("https://site.example/", ("dns", "tcp", "tls", "http")),
        ("http://site.example/", ("dns", "tcp", "http")),
        ("tcp://site.example:8000", ("dns", "tcp")),
        ("dns://site.example", ("dns",)),
        ("https://104.16.1.1/", ("tcp", "tls", "http")),
        ("tcp://[2606:4700::1]:443", ("tcp",)),
    ],
)
def test_stages_by_scheme_and_nothing_to_resolve_for_a_literal_address(url: str, stages: tuple[str, ...]) -> None:
    [task] = make(listed(target(url)), DAY).tasks
    assert checks(task) == stages
    assert isinstance(task, Task)
