"""What a measurement counts as, and that series depend on the set of rows alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.diagnosis import ControlState, Fitness, Verdict
from probe.timeline.series import RULES, Evidence, evidence_of, series_from
from tests.timeline.rows import rows


def test_every_verdict_has_a_rule_with_its_reason() -> None:
    assert set(RULES) == set(Verdict)
    assert all(rule.because for rule in RULES.values())


def test_only_failures_that_may_be_the_path_can_be_bad() -> None:
    assert {verdict for verdict, rule in RULES.items() if rule.backed == Evidence.BAD} == {"blocked", "anomaly"}


@pytest.mark.parametrize("verdict", ["ok", "restricted", "interfered"])
def test_reached_is_good_whatever_the_control_says(verdict: str) -> None:
    assert evidence_of(verdict, "", "failed", "unknown") == Evidence.GOOD


@pytest.mark.parametrize("verdict", ["blocked", "anomaly"])
def test_failure_counts_only_with_control_and_fitness(verdict: str) -> None:
    for control in ControlState:
        for fitness in Fitness:
            backed = control == "reached" and fitness == "fit"
            assert evidence_of(verdict, "likely", control, fitness) == (Evidence.BAD if backed else Evidence.VOID)


def test_confirmed_artefact_speaks_for_itself() -> None:
    assert evidence_of("blocked", "confirmed", "none", "unknown") == Evidence.BAD


def test_anomaly_is_never_an_artefact() -> None:
    assert evidence_of("anomaly", "confirmed", "none", "unknown") == Evidence.VOID


@pytest.mark.parametrize("verdict", ["down", "insufficient", "a verdict of the future"])
def test_says_nothing(verdict: str) -> None:
    assert evidence_of(verdict, "", "reached", "fit") == Evidence.VOID


@given(st.permutations(rows("..##o.x#.")), st.lists(st.sampled_from(rows("..##o.x#.")), max_size=5))
def test_order_and_duplicates_do_not_matter(shuffled: list, again: list) -> None:  # type: ignore[type-arg]
    assert series_from(shuffled + again) == series_from(rows("..##o.x#."))


def test_one_id_with_two_contents_counts_once_in_either_order() -> None:
    first, second = rows(".")[0], rows("#")[0]
    one = series_from([first, second])
    assert one == series_from([second, first])
    assert [len(series.points) for series in one.values()] == [1]


def test_endpoints_and_vantages_are_series_of_their_own() -> None:
    row = rows(".")[0]
    others = [row._replace(id="b", endpoint="web"), row._replace(id="c", vantage="sh"), row._replace(id="d", asn=1)]
    assert len(series_from([row, *others])) == 4
