"""Whether the vantage was elsewhere: only a run that found its declared network, and no other, rules it out."""

from pathlib import Path
from typing import Any

import pytest

from probe.model.measurement import EgressCheck, EgressOutcome, EgressWay, FitnessEvidence
from probe.report.block.egress import MOST_WAYS, Egress, Way, found, open_counts, together
from probe.report.block.view import Alternative, Standing
from probe.report.language.catalogue import catalogue
from tests.report.block.making import page, series
from tests.report.story import RESET

ENGLISH = catalogue("en")
BY_TABLE = EgressCheck(outcome=EgressOutcome.AGREED, ways=(EgressWay.ASN_TABLE,), table="ip2asn.tsv", found=(4134,))
BY_PAGE = EgressCheck(outcome=EgressOutcome.AGREED, ways=(EgressWay.EGRESS_URL,), page="who.example", found=(4134,))


def failing(check: EgressCheck | None) -> dict[str, Any]:
    return {**RESET, "fitness_evidence": FitnessEvidence(egress=check)}


def told(folder: Path, *checks: tuple[int, EgressCheck | None]) -> Alternative:
    """What the page says of a VPN, of failed measurements with these checks."""
    made = page(folder, series((20, {}), *((count, failing(check)) for count, check in checks)))
    return next(one for one in made.alternatives if one.key == "vpn")


def test_ruled_out_by_the_table_in_every_failed_run(tmp_path: Path) -> None:
    one = told(tmp_path, (20, BY_TABLE))
    assert (one.standing, one.ruled, one.of) == (Standing.RULED_OUT, 20, 20)
    assert "no other: AS4134, by the table ip2asn.tsv (20). A tunnel for single destinations" in one.because


def test_ways_are_told_apart_and_counted(tmp_path: Path) -> None:
    one = told(tmp_path, (5, BY_TABLE), (15, BY_PAGE))
    assert one.standing is Standing.RULED_OUT
    assert "AS4134, by the page at who.example (15), AS4134, by the table ip2asn.tsv (5)" in one.because


@pytest.mark.parametrize(("check", "said"), [
    (None, "20 do not say whether it was checked"),
    (EgressCheck(outcome=EgressOutcome.NOT_ASKED), "20 were made without asking"),
    (EgressCheck(outcome=EgressOutcome.UNKNOWN), "20 were made in runs that asked and learnt nothing to compare"),
    (EgressCheck(outcome=EgressOutcome.MIXED, found=(4134, 9009)), "20 were made while it left by other networks"),
    (EgressCheck(outcome=EgressOutcome.DISAGREED, found=(9009,)), "20 were made from another network"),
])  # fmt: skip
def test_nothing_else_rules_it_out(tmp_path: Path, check: EgressCheck | None, said: str) -> None:
    one = told(tmp_path, (20, check))
    assert (one.standing, one.ruled) == (Standing.NOT_RULED_OUT, 0)
    assert said in one.because


def test_in_part(tmp_path: Path) -> None:
    one = told(tmp_path, (12, BY_TABLE), (8, EgressCheck(outcome=EgressOutcome.NOT_ASKED)))
    assert (one.standing, one.ruled, one.of) == (Standing.PARTLY, 12, 20)
    assert one.because.endswith("Of the rest, 8 were made without asking by which network the run leaves.")


def test_a_word_of_another_version_rules_nothing_out() -> None:
    one = Egress()
    one.add("agreed_by_oracle", Way(4134, "", ""))
    assert one.agreed == 0
    assert open_counts(ENGLISH, one) == "1 do not say whether it was checked"


def test_many_ways_are_bounded_and_still_counted() -> None:
    one = Egress()
    for number in range(3 * MOST_WAYS):
        one.add("agreed", Way(4134, f"table {number}", ""))
    assert one.agreed == 3 * MOST_WAYS
    assert found(ENGLISH, together([one, one])).count("by the table") == MOST_WAYS
