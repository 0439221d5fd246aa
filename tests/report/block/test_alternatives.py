"""What else could it be: counted in failed measurements, and honestly not ruled out where the record is silent."""

from pathlib import Path
from typing import Any

import pytest

from probe.diagnose import considered as considered_room
from probe.model.diagnosis import Considered, Diagnosis, Verdict
from probe.model.failure import FAILURES, FailureKind
from probe.model.measurement import FitnessEvidence, Measurement
from probe.report.block.alternatives import RULES
from probe.report.block.collect import CERTIFICATE_DATES, RESOLVER_EXPLANATION
from probe.report.block.view import Alternative, Standing
from tests.report.block.making import page, series, wave
from tests.report.story import BLOCKED_API, DOWN, RESET, story


def _told(folder: Path, measurements: list[Measurement], **wanted: Any) -> dict[str, Alternative]:
    return {one.key: one for one in page(folder, measurements, **wanted).alternatives}


def _failing(**changes: Any) -> list[Measurement]:
    return series((20, {}), (20, {**RESET, **changes}))


def test_all_seven_of_the_issue_are_weighed_and_chance_beside_them(tmp_path: Path) -> None:
    told = _told(tmp_path, list(story()))
    assert set(told) == {"outage", "portal", "dns", "geoblock", "certificate", "vpn", "clock", "chance"}
    assert list(told) == [rule.key for rule in RULES]
    assert all(one.of == 55 for one in told.values())


def test_no_failure_nothing_to_explain(tmp_path: Path) -> None:
    assert _told(tmp_path, series((20, {}))) == {}


def test_an_outage_is_ruled_out_by_a_control_or_an_artefact_and_by_nothing_else(tmp_path: Path) -> None:
    told = _told(tmp_path, _failing())["outage"]
    assert (told.standing, told.ruled, told.of) == (Standing.RULED_OUT, 20, 20)
    artefact = {**BLOCKED_API, "control": "none"}
    alone = _told(tmp_path / "b", series((20, {}), (20, artefact)))["outage"]
    assert alone.standing is Standing.RULED_OUT
    assert "(0), or an artefact shows that it was not the server that failed (20)" in alone.because


def test_times_when_the_server_was_down_are_named_and_not_counted(tmp_path: Path) -> None:
    told = _told(tmp_path, series((20, {}), (5, DOWN), (20, RESET)))["outage"]
    assert told.of == 20
    assert told.because.endswith("not counted here (5).")


def test_what_the_record_does_not_hold_is_not_ruled_out(tmp_path: Path) -> None:
    told = _told(tmp_path, _failing())
    for key in ("dns", "geoblock", "vpn", "clock"):
        assert (told[key].standing, told[key].ruled) == (Standing.NOT_RULED_OUT, 0), key


def test_references_clock_and_resolver_are_counted_from_the_records(tmp_path: Path) -> None:
    alive = Diagnosis(
        verdict=Verdict.BLOCKED,
        ruleset_version="1",
        considered=(Considered(explanation=RESOLVER_EXPLANATION, ruled_out=True, because=""),),
    )
    seen = FitnessEvidence(domestic=(2, 2), foreign=(2, 3), clock_offset=-1.5)
    told = _told(tmp_path, _failing(diagnosis=alive, fitness_evidence=seen))
    assert told["dns"].standing is Standing.RULED_OUT
    assert "reached 40 of 40 times in the country and 40 of 60 times abroad" in told["portal"].because
    assert told["clock"].standing is Standing.RULED_OUT
    assert "at most 1.5 seconds" in told["clock"].because


def test_references_that_were_not_counted_are_not_claimed(tmp_path: Path) -> None:
    because = _told(tmp_path, _failing())["portal"].because
    assert "0 of 0" not in because
    assert "do not count its references" in because


def test_ruled_out_in_some_failed_measurements_only(tmp_path: Path) -> None:
    mixed = series((20, {}), (10, {**RESET, "fitness_evidence": FitnessEvidence(clock_offset=2.0)}), (10, RESET))
    told = _told(tmp_path, mixed)["clock"]
    assert (told.standing, told.ruled, told.of) == (Standing.PARTLY, 10, 20)


def test_expired_certificates_stand(tmp_path: Path) -> None:
    told = _told(tmp_path, _failing(failure=FailureKind.SSL_EXPIRED))["certificate"]
    assert told.standing is Standing.NOT_RULED_OUT
    assert "All 20 failed measurements" in told.because


def test_a_refusal_by_country_is_ruled_out_by_another_network_of_that_country(tmp_path: Path) -> None:
    other = series((40, {}), vantage="gz-cm", asn=9808)
    told = _told(tmp_path, [*_failing(), *other])["geoblock"]
    assert told.standing is Standing.RULED_OUT
    assert "20 measurements on other networks of the same country reached it" in told.because


@pytest.mark.parametrize("changes", [{"country": "DE"}, {"asn": 4134}, {"country": "ZZ"}])
def test_elsewhere_or_undeclared_or_the_same_network_does_not(tmp_path: Path, changes: dict[str, Any]) -> None:
    place: dict[str, Any] = {"vantage": "other", "asn": 9808, **changes}
    told = _told(tmp_path, [*_failing(), *series((40, {}), **place)])["geoblock"]
    assert told.standing is Standing.NOT_RULED_OUT


def test_chance_is_ruled_out_by_tries_or_by_number(tmp_path: Path) -> None:
    few = series((60, {}), (1, {**RESET, "tries": 3}))
    assert _told(tmp_path, few)["chance"].ruled == 1
    lone = series((60, {}), (1, RESET))
    assert _told(tmp_path / "b", lone)["chance"].standing is Standing.NOT_RULED_OUT
    assert _told(tmp_path / "c", _failing())["chance"].standing is Standing.RULED_OUT


def test_counts_add_over_networks(tmp_path: Path) -> None:
    told = _told(tmp_path, list(wave()))
    assert told["outage"].of == 62 + 47


def test_names_of_other_rooms_are_still_theirs() -> None:
    source = Path(considered_room.__file__).read_text(encoding="utf-8")
    assert f'explanation="{RESOLVER_EXPLANATION}"' in source
    assert set(map(str, FAILURES)) >= CERTIFICATE_DATES
