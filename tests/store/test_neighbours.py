"""What another vantage point measured about a time: the nearest line before and after, and what is kept of it."""

from pathlib import Path

import msgspec

from probe.model.codec import encode_line
from probe.model.diagnosis import Verdict
from probe.model.measurement import FitnessEvidence, Measurement
from probe.store.neighbours import BOUND, Neighbours
from tests.store.records import measurement

NOON = 1612785600.0  # 2021-02-08T12:00:00Z


def line(clock: str, vantage: str = "berlin", **facts: object) -> Measurement:
    return msgspec.structs.replace(
        measurement(), time=f"2021-02-08T{clock}.000Z", vantage=vantage, id=f"r-{vantage}-{clock}/t/e", **facts
    )


def known(folder: Path, *lines: Measurement) -> tuple[Neighbours, str]:
    day = folder / "berlin" / "2021-02-08"
    day.mkdir(parents=True)
    (day / "20210208T110000Z-berlin-91f3.jsonl").write_bytes(b"".join(encode_line(one) for one in lines))
    return Neighbours([str(folder)]), f"{lines[0].target}/{lines[0].endpoint}"


def test_the_nearest_before_and_the_nearest_after_are_found(tmp_path: Path) -> None:
    """Only what came after a failure tells it from an outage; what came before shows how the site looked."""
    clocks = ("11:10:00", "11:50:00", "12:20:00", "12:40:00")
    neighbours, name = known(tmp_path, *(line(clock) for clock in clocks))
    found = {one.id.split("/")[0]: (one.lag, one.age) for one in neighbours.near(name, NOON)}
    assert found == {"r-berlin-11:50:00": (-600.0, 600.0), "r-berlin-12:20:00": (1200.0, 1200.0)}


def test_each_vantage_has_its_own(tmp_path: Path) -> None:
    neighbours, name = known(tmp_path, line("12:01:00"), line("12:02:00", "oslo"), line("11:59:00", "oslo"))
    assert sorted((one.vantage, one.lag) for one in neighbours.near(name, NOON)) == [
        ("berlin", 60.0), ("oslo", -60.0), ("oslo", 120.0)
    ]  # fmt: skip


def test_what_is_further_away_than_the_bound_is_not(tmp_path: Path) -> None:
    neighbours, name = known(tmp_path, line("10:59:59"), line("13:00:01"))
    assert neighbours.near(name, NOON) == ()
    assert len(neighbours.near(name, NOON - 1.0)) == 1
    assert BOUND == 3600.0


def test_its_clock_and_its_url_are_kept(tmp_path: Path) -> None:
    evidence = FitnessEvidence(clock_offset=12.5)
    neighbours, name = known(tmp_path, line("12:00:00", fitness_evidence=evidence, input="https://a.example/"))
    (one,) = neighbours.near(name, NOON)
    assert (one.lag, one.clock, one.input) == (0.0, 12.5, "https://a.example/")


def test_another_name_has_none(tmp_path: Path) -> None:
    neighbours, _ = known(tmp_path, line("12:00:00"))
    assert neighbours.near("other/endpoint", NOON) == ()


def since(folder: Path, *ours: Measurement) -> float | None:
    """For how long we had failed at noon, by our own lines; the other vantage was there at 11:55."""
    _, name = known(folder / "there", line("11:55:00"))
    day = folder / "here" / "sha-ct" / "2021-02-08"
    day.mkdir(parents=True)
    (day / "20210208T110000Z-sha-ct-91f3.jsonl").write_bytes(b"".join(encode_line(one) for one in ours))
    neighbours = Neighbours([str(folder / "there")], own=[str(folder / "here")], vantage="sha-ct")
    (one,) = neighbours.near(name, NOON)
    return one.failing


def ours(clock: str, verdict: Verdict, *, vantage: str = "sha-ct", runtime: float = 20.0) -> Measurement:
    return line(clock, vantage, verdict=verdict, runtime=runtime)


def test_since_when_we_fail_is_counted_from_the_end_of_the_first_failure_in_a_row(tmp_path: Path) -> None:
    lines = (ours("11:30:00", Verdict.OK), ours("11:40:00", Verdict.ANOMALY), ours("11:50:00", Verdict.BLOCKED))
    assert since(tmp_path, *lines) == 1180.0


def test_a_success_or_a_line_that_says_nothing_ends_the_row(tmp_path: Path) -> None:
    failed, later = ours("11:30:00", Verdict.DOWN), ours("11:50:00", Verdict.ANOMALY)
    assert since(tmp_path / "a", failed, ours("11:40:00", Verdict.RESTRICTED), later) == 580.0
    assert since(tmp_path / "b", failed, ours("11:40:00", Verdict.INSUFFICIENT), later) == 580.0
    assert since(tmp_path / "c", failed, later, ours("11:55:00", Verdict.OK)) is None


def test_a_gap_longer_than_the_bound_ends_the_row(tmp_path: Path) -> None:
    assert since(tmp_path / "a", ours("10:30:00", Verdict.ANOMALY)) is None
    lines = (ours("10:00:00", Verdict.ANOMALY), ours("11:30:00", Verdict.ANOMALY))
    assert since(tmp_path / "b", *lines) == 1780.0


def test_lines_of_another_vantage_or_of_later_are_not_our_failures(tmp_path: Path) -> None:
    assert since(tmp_path / "a", ours("11:50:00", Verdict.ANOMALY, vantage="oslo")) is None
    assert since(tmp_path / "b", ours("12:10:00", Verdict.ANOMALY)) is None
