"""Fit, unfit, overdue: told once, not for one bad run, not for a machine that has just woken."""

import pytest

from probe.alert.alerts import Alerts
from probe.model.diagnosis import Fitness
from probe.model.measurement import Measurement
from tests.alert.story import TEN, fresh, kinds, played, run_of
from tests.store.records import T0

API = "clubhouse/api"
WORDS = {
    "f": Fitness.FIT,
    "o": Fitness.OFFLINE,
    "p": Fitness.CAPTIVE_PORTAL,
    "?": Fitness.UNKNOWN,
}


def runs(picture: str, start: float = T0) -> list[list[Measurement]]:
    """A run a sign, each with the fitness that it stands for."""
    return [
        run_of({API: "." if sign == "f" else "x"}, start + i * TEN, fitness=WORDS[sign]) if sign == "f"
        else [_with(one, WORDS[sign]) for one in run_of({API: "x"}, start + i * TEN)]
        for i, sign in enumerate(picture)
    ]  # fmt: skip


def _with(one: Measurement, fitness: Fitness) -> Measurement:
    import msgspec

    return msgspec.structs.replace(one, fitness=fitness)


@pytest.mark.parametrize("picture", ["fffofff", "ffofofof", "ff????ff", "ff?o?ff", "ffffff"])
def test_single_bad_runs_and_unknown_fitness_are_no_news(picture: str) -> None:
    assert played(fresh(), runs(picture)) == []


def test_unfit_and_fit_again_are_told_once_each_with_what_was_lost() -> None:
    told = played(fresh(), runs("fff" + "o" * 6 + "ffff"))
    assert kinds(told) == ["unfit", "fit"]
    # the first unfit run is the fourth: 09:30; fit again from the tenth: 10:30
    assert told[0].title == (
        "sha-ct (CN AS4134): unfit since 8 Feb 09:30 UTC: offline; failures from there prove nothing"
    )
    assert told[1].title == (
        "sha-ct (CN AS4134): fit again since 8 Feb 10:30 UTC; offline for 1 h, when failures proved nothing"
    )


def test_another_reason_meanwhile_is_the_same_story() -> None:
    assert kinds(played(fresh(), runs("ff" + "ooppoo" + "ff"))) == ["unfit", "fit"]


def ticked(alerts: Alerts, first: float, last: float, step: float = 15.0) -> list[str]:
    told: list[str] = []
    at = first
    while at <= last:
        told += kinds(alerts.tick(at))
        at += step
    return told


def test_a_watch_that_measures_no_more_is_overdue_once_and_resumes() -> None:
    alerts = fresh()
    played(alerts, runs("fff"))
    last = T0 + 2 * TEN
    assert ticked(alerts, last, last + 4 * TEN) == []  # late after three intervals, told after one more
    assert ticked(alerts, last + 4 * TEN, last + 40 * TEN) == ["overdue"]
    told = played(alerts, runs("f", start=last + 41 * TEN))
    assert [one.title for one in told] == [
        "sha-ct (CN AS4134): measuring again since 8 Feb 16:10 UTC; nothing was measured for 6 h 50 min"
    ]


def test_a_machine_that_slept_and_measures_at_once_alarms_nobody() -> None:
    alerts = fresh()
    played(alerts, runs("fff"))
    woke = T0 + 100 * TEN
    assert ticked(alerts, woke, woke + 30.0) == []
    assert played(alerts, runs("fff", start=woke + 60.0)) == []
    assert ticked(alerts, woke + 60.0 + 2 * TEN, woke + 60.0 + 4 * TEN) == []


def test_a_clock_set_back_makes_nobody_late() -> None:
    alerts = fresh()
    played(alerts, runs("fff"))
    assert ticked(alerts, T0 - 86400.0, T0 - 86400.0 + 10 * TEN, TEN) == []
