"""From rows to facts: which measurement speaks, what stood around it, and that order and copies change nothing."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.model.diagnosis import Diagnosis, Verdict
from probe.model.measurement import Measurement, Software
from probe.model.observation import Purpose
from probe.report.diff_gather import gather, whole_of
from probe.store.reader import MalformedError, Tally
from probe.timeline.diff import Key
from probe.timeline.standing import Effort, Standing
from tests.report.comparing import FALSE, MET, TRUE, gathered, lookup, picked, shaken
from tests.report.story import BLOCKED_API, DOWN, OFFLINE, RESET, story
from tests.store.records import T0, measurement

API = Key("sha-ct", "clubhouse", "api")
HOUR = 3600.0


def hourly(*kinds: dict[str, Any], endpoint: str = "api", start: int = 0, **more: Any) -> list[Measurement]:
    """One run an hour."""
    return [
        measurement(T0 + (start + i) * HOUR, endpoint=endpoint, **more, **kind) for i, kind in enumerate(kinds)
    ]  # fmt: skip


def test_one_run_with_retries_and_control_is_blocked_and_without_is_not(tmp_path: Path) -> None:
    for changes, found in (
        ({**RESET, "tries": 3}, Standing.BLOCKED),
        (RESET, Standing.FAILED),
        (BLOCKED_API, Standing.BLOCKED),
        ({**DOWN, "tries": 3, "failure": "connection_refused"}, Standing.DOWN),
        ({**DOWN, "tries": 1, "failure": "connection_refused"}, Standing.FAILED),
        (OFFLINE, Standing.UNKNOWN),
    ):
        assert gathered(tmp_path, [measurement(T0, **changes)]).facts[API].state.standing == found


def test_the_newest_run_of_a_vantage_point_says_what_stood_around(tmp_path: Path) -> None:
    old = measurement(T0, asn=4134, observations=(lookup("1.1.1.1", resolver="9.9.9.9:53"),))
    new = measurement(
        T0 + HOUR,
        asn=9808,
        network="China Mobile",
        target_list="f" * 64,
        software=Software(name="probe", version="2", python="3.11", openssl=""),
        diagnosis=Diagnosis(verdict=Verdict.OK, ruleset_version="r2"),
        observations=(lookup("1.1.1.1"), lookup("1.1.1.1", resolver="8.8.8.8:53", own=False)),
    )
    side = gathered(tmp_path, [new, old])
    assert side.settings["sha-ct"]._asdict() == {
        "country": ("CN",),
        "asn": ("AS9808",),
        "network": ("China Mobile",),
        "resolvers": ("202.96.209.133:53",),
        "fitness": ("fit",),
        "target_list": ("f" * 64,),
        "software": ("probe 2",),
        "ruleset": ("r2",),
    }
    extent = side.extents["sha-ct"]
    assert (extent.place.asn, len(extent.runs), extent.measurements) == (9808, 2, 2)
    assert (extent.first, extent.last) == (T0, T0 + HOUR)


def test_what_the_main_flow_met_at_its_first_host_in_its_last_try() -> None:
    one = measurement(
        tries=2,
        failure=None,
        observations=(
            lookup("9.9.9.9"),
            lookup("1.1.1.1", "1.0.0.1", attempt=1),
            lookup("8.8.8.8", attempt=1, own=False),
            lookup("7.7.7.7", hop=1),
            shaken(FALSE),
            shaken(TRUE, Purpose.RETRY, attempt=1),
            shaken(FALSE, Purpose.CONTROL),
            shaken(FALSE, Purpose.CONTROL_SNI, attempt=1),
        ),
    )
    whole = whole_of(one)
    assert whole.addresses == {"1.1.1.1", "1.0.0.1"}
    assert {leaf.sha256 for leaf in whole.leaves} == {TRUE.sha256}
    assert whole.effort == Effort(2, answered=True)


def test_the_certificate_is_of_the_measurement_that_the_state_rests_on(tmp_path: Path) -> None:
    fine = {"observations": MET}
    odd = {**RESET, "observations": (lookup("9.9.9.9"), shaken(FALSE))}
    facts = gathered(tmp_path, hourly(*[fine] * 9, odd)).facts[API]
    assert (facts.state.standing, list(facts.addresses)) == (Standing.OPEN, ["1.1.1.1"])
    assert [leaf.sha256 for leaf in facts.leaves] == [TRUE.sha256]


def test_an_endpoint_not_measured_to_the_end_is_no_longer_there_but_known(tmp_path: Path) -> None:
    side = gathered(tmp_path, [*hourly(*[{}] * 3, endpoint="old"), *hourly(*[{}] * 9)])
    assert list(side.facts) == [API]
    assert side.known == {API, API._replace(endpoint="old")}
    lately = gathered(tmp_path, [*hourly(*[{}] * 7, endpoint="old"), *hourly(*[{}] * 9)])
    assert len(lately.facts) == 2


def test_after_a_move_only_the_new_network_speaks(tmp_path: Path) -> None:
    moved = [*hourly(*[{**RESET, "tries": 3}] * 20), *hourly({}, {}, start=20, asn=9808)]
    state = gathered(tmp_path, moved).facts[API].state
    assert (state.standing, state.measurements) == (Standing.OPEN, 2)


def test_raw_is_the_last_line(tmp_path: Path) -> None:
    lines = hourly(*[{}] * 20, RESET)
    assert gathered(tmp_path, lines).facts[API].state.standing == Standing.OPEN
    assert gathered(tmp_path, lines, raw=True).facts[API].state.standing == Standing.BLOCKED


def test_sides_of_the_same_files_are_read_once_and_cut_where_they_end(tmp_path: Path) -> None:
    whole = picked(tmp_path / "all.jsonl", hourly(*[{}] * 6))
    tally = Tally()
    early, late = gather([whole._replace(until=T0 + 2 * HOUR), whole], tally)
    assert (early.extents["sha-ct"].measurements, late.extents["sha-ct"].measurements) == (2, 6)
    assert tally.lines == 6


def test_the_same_measurement_in_two_files_counts_on_both_sides(tmp_path: Path) -> None:
    lines = hourly({}, {})
    a, b = gather([picked(tmp_path / "a.jsonl", lines), picked(tmp_path / "b.jsonl", lines)], Tally())
    assert (a.facts, a.settings) == (b.facts, b.settings)
    assert len(a.facts) == 1


def test_strict_stops_at_a_line_that_is_no_record(tmp_path: Path) -> None:
    pick = picked(tmp_path / "a.jsonl", hourly({}))
    (tmp_path / "a.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(MalformedError):
        gather([pick], Tally(strict=True))


def test_a_night_in_order_shuffled_and_twice_gives_the_same_facts(tmp_path: Path) -> None:
    told = [msgspec.structs.replace(one, observations=MET) for one in story()]
    once = gathered(tmp_path, told)
    twice = sorted(told * 2, key=lambda one: one.id[::-1])
    assert gathered(tmp_path, twice) == once
    assert once.facts[API].state.standing == Standing.BLOCKED
    assert once.facts[Key("sha-ct", "m.cmx.im", "web")].state.standing == Standing.OPEN


KINDS: list[dict[str, Any]] = [{}, {**RESET, "tries": 3}, RESET, BLOCKED_API, DOWN, OFFLINE, {"asn": 9808}]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["api", "web"]), st.sampled_from(KINDS)), min_size=1,
             unique_by=lambda one: one[:2]),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_order_and_copies_change_nothing(
    tmp_path: Path, told: list[tuple[int, str, dict[str, Any]]], shuffling: random.Random
) -> None:
    lines = [measurement(T0 + i * HOUR, endpoint=name, observations=MET, **kind) for i, name, kind in told]
    shuffled = [*lines, shuffling.choice(lines)]
    shuffling.shuffle(shuffled)
    for raw in (False, True):
        assert gathered(tmp_path, shuffled, raw=raw) == gathered(tmp_path, lines, raw=raw)
