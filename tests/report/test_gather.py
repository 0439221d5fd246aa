"""Rows become series and runs, whatever order they come in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.diagnosis import Fitness, Verdict
from probe.report.gather import Gathered, VantageKey, gather, gather_blocks
from probe.store.columns import Block, Tables
from probe.store.reader import Row
from probe.timeline.points import Points
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


CHANGES: tuple[dict[str, Any], ...] = (
    {}, {"verdict": Verdict.DOWN}, {"id": "own"}, {"fitness": Fitness.OFFLINE}, {"target": "a/b"},
)  # fmt: skip
ROWS = list(
    rows(
        measurement(START + n % 9, run_id=f"run{n % 3}", endpoint=f"e{n % 2}", asn=n % 5 // 4, **change)
        for n, change in enumerate(CHANGES * 5)
    )
)


@given(st.permutations(ROWS), st.integers(0, 8), st.sampled_from([1, 5, 1000]))
def test_neither_order_nor_repeats_nor_the_disk_change_anything(shuffled: list[Row], again: int, held: int) -> None:
    tables = Tables()
    blocks = [tables.block(part) for part in (shuffled[:again], shuffled[again:], shuffled[:again])]
    found, straight = gather_blocks(blocks, tables, held=held), gather(ROWS)
    assert found._replace(duplicates=0) == straight._replace(duplicates=0)
    assert found.duplicates == straight.duplicates + again


def _ids(found: Gathered) -> list[str]:
    return sorted(point.id for series in found.series.values() for point in series.points)


@pytest.mark.parametrize("other", [
    {"asn": 1},
    {"country": "DE"},
    {"target": "clubhouse/x", "endpoint": "api", "id": "20210208T090000Z-sha-ct-91f3/clubhouse/api"},
])  # fmt: skip
def test_one_id_in_two_series_counts_once_in_the_first_whatever_the_order(other: dict[str, Any]) -> None:
    run = "20210208T090000Z-sha-ct-91f3"
    both = [measurement(START, run_id=run), measurement(START, run_id=run, **other)]
    found = [gathered(both), gathered(both[::-1])]
    assert found[0] == found[1]
    assert _ids(found[0]) == [f"{run}/clubhouse/api"]
    assert found[0].duplicates == 1


def test_slash_in_a_name_may_give_two_series_one_id() -> None:
    both = [measurement(START, target="a/b", endpoint="c"), measurement(START, target="a", endpoint="b/c")]
    assert len(_ids(gathered(both))) == 1
    assert len(_ids(gathered(measurement(START + n, target=f"a{n}", endpoint="c") for n in range(3)))) == 3


def test_own_ids_are_kept_and_tell_measurements_apart() -> None:
    told = [measurement(START + n, run_id="r", id=f"own-{n % 3}") for n in range(5)]
    found = gathered(told)
    assert _ids(found) == ["own-0", "own-1", "own-2"]
    assert (found.runs[0].measurements, found.duplicates) == (3, 2)


def test_role_is_that_of_the_newest_measurement() -> None:
    told = [measurement(START + 9, role="cdn"), measurement(START), measurement(START + 5, role="web")]
    for order in (told, told[::-1]):
        assert set(gathered(order).roles.values()) == {"cdn"}


def test_until_is_the_end_of_everything() -> None:
    tables = Tables()
    block: Block = tables.block(rows(measurement(START + n) for n in range(5)))
    found = gather_blocks([block], tables, until=START + 2)
    (series,) = found.series.values()
    assert [point.time for point in series.points] == [START, START + 1]
    assert [run.first for run in found.runs] == [START, START + 1]
    assert gather_blocks([block], tables, until=START).series == {}


def test_series_are_columns() -> None:
    (series,) = gathered([measurement(START), measurement(START + 1)]).series.values()
    assert isinstance(series.points, Points)
