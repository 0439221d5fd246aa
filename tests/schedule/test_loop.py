"""The standing watch on a clock wound by hand: a month in moments, jumps, locks, bugs, and changes looked at sooner."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from probe.model.measurement import Measurement
from probe.net.scripted import START, ScriptedNetwork
from probe.schedule.due import Why
from probe.schedule.lock import LockedError
from probe.schedule.loop import Hooks
from probe.schedule.pace import LOOKS
from probe.schedule.state import State
from probe.store.journal import JournalError
from tests.schedule.watching import APP, BLOCKED, INSTANCE, page, watched

MONTH = 30 * 86400.0
API, SMALL = f"{APP}/api", f"{INSTANCE}/api"


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(times)]


def test_a_month_has_no_drift_no_overlap_and_no_missed_run() -> None:
    told = watched(MONTH, every=3600.0, tick=float("inf"))
    times = told.times_of(API)
    assert len(times) in (720, 721)
    assert min(gaps(times)[1:]) >= 3600.0 - 60.0  # the first run is at once, off the grid
    assert max(gaps(times)) <= 3600.0 + 60.0
    assert all(0.0 <= at % 3600.0 < 60.0 for at in times[1:])
    assert {cycle.missed for cycle in told.cycles} == {0}
    assert told.notes == []


def test_runs_longer_than_the_interval_follow_each_other_and_never_overlap() -> None:
    told = watched(86400.0, every=600.0, takes=750.0)
    assert min(gaps(told.times_of(API))) >= 750.0
    assert sum(cycle.missed for cycle in told.cycles) > 10


def test_a_machine_that_slept_measures_once_on_waking_and_returns_to_the_grid() -> None:
    def sleep(network: ScriptedNetwork) -> None:
        network.skew += 8 * 3600.0 + 300.0  # the monotonic clock stands still meanwhile

    told = watched(3 * 3600.0, events=[(3600.0, sleep)])
    woke = START + 3600.0 + 8 * 3600.0 + 300.0
    [first, *later] = [at for at in told.times_of(API) if at >= woke]
    assert first - woke <= 15.0
    assert all(at % 600.0 < 60.0 for at in later)
    assert [cycle.missed for cycle in told.cycles if cycle.missed] == [48]  # from slot 6, still to come, to slot 53
    assert [cycle.why for cycle in told.cycles if cycle.missed] == [Why.OVERDUE]
    assert [note for note in told.notes if "the clock jumped 29100 s ahead, or this machine slept" in note]
    assert told.saved[-1].jumps[0].seconds == pytest.approx(29100.0)


def test_a_clock_set_back_does_not_stop_the_watch_and_what_is_measured_after_counts() -> None:
    def set_back(network: ScriptedNetwork) -> None:
        network.skew -= 3 * 86400.0

    switch = START + 3600.0 - 3 * 86400.0 + 1800.0

    def look(name: str, at: float) -> dict[str, Any]:
        return BLOCKED if name == API and switch < at < START - 86400.0 else {}

    told = watched(3 * 3600.0, look=look, events=[(3600.0, set_back)])
    after = [at for at in told.times_of(SMALL) if at < START - 86400.0]
    assert len(after) >= 10
    assert [change.name for change in told.changes] == [API]
    assert [note for note in told.notes if "259200 s back" in note]


def test_an_endpoint_that_has_changed_is_measured_sooner_a_few_times_and_alone() -> None:
    told = watched(6 * 3600.0, every=3600.0, look=lambda _name, at: BLOCKED if at > START + 7200.0 else {})
    [small] = [change for change in told.changes if change.name == SMALL]
    assert small.was == "ok"
    looks = [(at, names) for (at, names), cycle in zip(told.runs, told.cycles, strict=True) if cycle.why is Why.LOOK]
    assert len(looks) == LOOKS
    assert {names for _, names in looks} == {(API,)}  # and never the instance
    assert min(gaps(told.times_of(API))) >= 720.0
    assert min(gaps(told.times_of(SMALL))[1:]) >= 3600.0 - 60.0


def test_on_a_dense_schedule_nothing_is_measured_sooner() -> None:
    told = watched(3600.0, every=300.0, look=lambda _name, at: BLOCKED if at > START + 900.0 else {})
    assert {cycle.why for cycle in told.cycles} == {Why.DUE}
    assert [change.name for change in told.changes] == [API, SMALL]


def test_an_endpoint_that_flaps_for_a_day_is_looked_at_no_more_than_the_bound() -> None:
    told = watched(86400.0, every=3600.0, look=lambda _name, at: BLOCKED if int(at / 1200.0) % 2 else {})
    looks = [cycle for cycle in told.cycles if cycle.why is Why.LOOK]
    assert 0 < len(looks) <= 8 * LOOKS


def test_a_look_that_comes_to_nothing_is_not_repeated_at_once() -> None:
    def fault(number: int) -> BaseException | None:
        return JournalError(Path("x"), "the disk is full") if number >= 4 else None

    told = watched(6 * 3600.0, every=3600.0, fault=fault, look=lambda _name, at: BLOCKED if at > START + 7200.0 else {})
    assert min(gaps([at for at, _ in told.runs])[1:]) >= 720.0


def test_a_server_that_asks_for_patience_gets_it_within_a_bound() -> None:
    busy = page(429, retry_after="1500")
    told = watched(
        4 * 3600.0, look=lambda name, at: {"observations": (busy,)} if name == API and at < START + 100.0 else {}
    )
    first, second, *_ = told.times_of(API)
    assert 1500.0 <= second - first <= 2100.0
    left_out = [one for cycle in told.cycles for one in cycle.left_out if "asked to be left alone" in one.reason]
    assert {one.name for one in left_out} == {API}


def test_a_server_that_always_asks_for_a_year_is_asked_once_an_hour() -> None:
    year = page(503, retry_after="31536000")
    told = watched(6 * 3600.0, look=lambda name, _at: {"observations": (year,)} if name == API else {})
    assert {3600.0 <= gap <= 4260.0 for gap in gaps(told.times_of(API))} == {True}


def test_too_many_requests_without_a_time_are_answered_by_waiting_longer_each_time() -> None:
    told = watched(6 * 3600.0, look=lambda name, _at: {"observations": (page(429),)} if name == API else {})
    waits = gaps(told.times_of(API))
    assert waits[0] < waits[1] < waits[2] + 120.0
    assert max(waits) <= 4260.0


FAULTS: dict[str, BaseException] = {
    "this run could not be kept: x: the disk is full": JournalError(Path("x"), "the disk is full"),
    "an error in probe itself: ValueError('bug')": ValueError("bug"),
    "an error in probe itself: ExceptionGroup('two', [KeyError('a')])": ExceptionGroup("two", [KeyError("a")]),
}


@pytest.mark.parametrize("note", FAULTS)
def test_nothing_that_befalls_one_run_ends_the_watch(note: str) -> None:
    told = watched(3600.0, fault=lambda number: FAULTS[note] if number == 2 else None)
    assert len(told.finished) == len(told.runs) - 1 >= 5
    assert [one for one in told.notes if note in one]


def test_a_locked_folder_is_waited_for_and_the_slot_is_measured_late() -> None:
    def fault(number: int) -> BaseException | None:
        return LockedError(Path("results/.lock"), None) if 2 <= number < 8 else None

    told = watched(3600.0, fault=fault)
    assert len(told.finished) == len(told.runs) - 6
    assert {gap < 60.0 for gap in gaps([at for at, _ in told.runs])[2:8]} == {True}
    assert sum(cycle.missed for cycle in told.cycles) == 0
    assert len([note for note in told.notes if "locked by another process" in note]) == 6


def test_while_a_folder_is_locked_the_watch_waits_and_says_until_when() -> None:
    """Nothing is being measured then, and whoever shows what goes on must not say so."""
    heard: list[str] = []
    hooks = Hooks(
        on_cycle=lambda _cycle: heard.append("run"), on_wait=lambda until, now: heard.append(f"wait {until - now:.0f}")
    )  # fmt: skip
    watched(3600.0, fault=lambda number: LockedError(Path("x"), None) if number == 2 else None, hooks=[hooks])
    locked = [at for at, one in enumerate(heard) if heard[at : at + 3] == ["run", "wait 10", "run"]]
    assert len(locked) == 1


def test_a_listener_that_fails_is_told_of_and_hurts_nobody() -> None:
    def boom(_heard: object) -> None:
        raise RuntimeError("boom")

    told = watched(1800.0, hooks=[Hooks(on_cycle=boom, on_run_finished=boom, on_note=boom)])
    assert len(told.finished) >= 3
    assert "a listener of the watch failed: RuntimeError('boom')" in told.notes


def test_a_state_that_cannot_be_saved_is_told_and_the_watch_goes_on() -> None:
    def full(_state: State) -> None:
        raise OSError(28, "No space left on device")

    told = watched(1800.0, save=full)
    assert len(told.finished) >= 3
    assert "the watch's own state could not be saved: [Errno 28] No space left on device" in told.notes[0]


def test_a_restart_within_the_slot_waits_for_the_next() -> None:
    before = watched(1500.0)
    network = ScriptedNetwork(start=START + 1500.0)
    after = watched(1500.0, state=before.saved[-1], network=network)
    times = [*before.times_of(SMALL), *after.times_of(SMALL)]
    assert min(gaps(times)[1:]) >= 540.0
    assert max(gaps(times)) <= 660.0


def test_the_slot_is_remembered_before_the_run_so_that_a_probe_that_crashes_in_it_does_not_hammer() -> None:
    crashed = watched(15.0, takes=60.0).saved[-1]  # killed in its first run
    assert crashed.slot_at is not None
    again = watched(500.0, state=crashed, network=ScriptedNetwork(start=START + 16.0))
    assert again.runs == []


def test_every_measurement_is_told_before_its_run_is_over() -> None:
    order: list[str] = []

    def heard(one: Measurement) -> None:
        order.append(one.target)

    watched(100.0, hooks=[Hooks(on_measurement=heard, on_run_finished=lambda _done: order.append("over"))])
    assert order == ["r.example", APP, INSTANCE, "over"]
