"""Rows become series and runs, whatever order they come in."""

from probe.model.diagnosis import Fitness
from probe.report.gather import VantageKey, gather
from tests.report.story import CYCLES, ENDPOINTS, START, story
from tests.report.viewing import gathered, rows
from tests.store.records import measurement


def test_order_of_arrival_changes_nothing() -> None:
    told = list(rows(story()))
    straight = gather(told)
    for order in (told[::-1], told[1::2] + told[::2]):
        assert gather(order) == straight


def test_series_have_every_measurement_and_the_role_of_their_endpoint() -> None:
    found = gathered(story())
    assert {key.endpoint for key in found.series} == {endpoint for _, endpoint, _ in ENDPOINTS}
    assert all(len(series.points) == CYCLES for series in found.series.values())
    assert {(key.target, key.endpoint, role) for key, role in found.roles.items()} == set(ENDPOINTS)


def test_run_spans_its_measurements_and_one_unfit_word_makes_it_unfit() -> None:
    run_id = "20210208T090000Z-sha-ct-91f3"
    found = gathered(
        measurement(START + at, run_id=run_id, endpoint=f"e{at}", fitness=fitness)
        for at, fitness in ((2, Fitness.FIT), (0, Fitness.OFFLINE), (5, Fitness.FIT))
    )
    (run,) = found.runs
    assert run.vantage == VantageKey("sha-ct", "CN", 4134)
    assert (run.first, run.last, run.measurements, run.fitness) == (START, START + 5, 3, "offline")


def test_same_name_on_another_network_is_another_series() -> None:
    found = gathered([measurement(START), measurement(START + 1, asn=9808)])
    assert sorted(key.asn for key in found.series) == [4134, 9808]
