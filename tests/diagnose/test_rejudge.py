"""Old lines under today's rules: a fresh line stays what it is, a wrong verdict is put right, what was seen stays."""

import msgspec
import pytest

from probe.diagnose.engine import RULESET_VERSION
from probe.diagnose.rejudge import case_of, rejudge
from probe.model.codec import decode_line, encode_line
from probe.model.diagnosis import Certainty, ControlState, Diagnosis, Fitness, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.measurement import ControlRecord
from tests.diagnose.build import FIT, TRUE, URL, Scene, record
from tests.world import Ran
from tests.worlds_told import TOLD, told


@pytest.mark.parametrize("name", TOLD)
def test_a_fresh_line_is_judged_the_same_again(name: str) -> None:
    ran: Ran = told(name)
    for line in ran.lines:
        assert rejudge(decode_line(encode_line(line))) == line


def test_a_wrong_old_verdict_is_put_right_and_what_was_seen_stays() -> None:
    fresh = told("sni reset").line
    old = msgspec.structs.replace(
        fresh,
        verdict=Verdict.DOWN,
        certainty=None,
        layer=Layer.HTTP,
        mechanism=Mechanism.BLOCKPAGE,
        control=ControlState.FAILED,
        diagnosis=Diagnosis(verdict=Verdict.DOWN, ruleset_version="0", rule="gone"),
    )
    new = rejudge(old)
    assert (new.verdict, new.certainty, new.layer, new.mechanism) == (
        Verdict.BLOCKED, Certainty.LIKELY, Layer.TLS, Mechanism.SNI_RESET
    )  # fmt: skip
    assert (new.control, new.diagnosis.ruleset_version) == (ControlState.REACHED, RULESET_VERSION)
    assert new == fresh
    assert new.observations == old.observations


def test_another_vantages_later_line_counts_although_it_was_not_written_when_we_measured() -> None:
    """An hour's run cannot hold what others see after it; judged anew, with their results at hand, it can."""
    scene = Scene().tried(3, tcp=FailureKind.TIMEOUT, t=10.0)
    earlier = record(Verdict.OK, lag=-1800.0, addresses=(TRUE,))
    line = msgspec.structs.replace(
        told("sni reset").line,
        time="2021-02-08T11:00:00.000Z",
        input=URL,
        observations=tuple(scene.observations),
        fitness=Fitness.FIT,
        fitness_evidence=FIT,
        control_records=(earlier,),
    )
    assert rejudge(line).verdict is Verdict.ANOMALY
    asked: list[tuple[str, float]] = []

    def later(name: str, epoch: float) -> tuple[ControlRecord, ...]:
        asked.append((name, epoch))
        return earlier, record(Verdict.OK, lag=1800.0, addresses=(TRUE,))

    anew = rejudge(line, records=later)
    assert (anew.verdict, anew.control) == (Verdict.BLOCKED, ControlState.REACHED)
    assert [one.lag for one in anew.control_records] == [-1800.0, 1800.0]
    assert asked == [(f"{line.target}/{line.endpoint}", 1612782000.0)]
    assert rejudge(line, records=lambda _name, _epoch: ()).control_records == (earlier,)


def test_an_endpoint_found_to_be_ok_has_no_failure() -> None:
    fresh = told("ok").line
    old = msgspec.structs.replace(fresh, verdict=Verdict.ANOMALY, failure=FailureKind.TIMEOUT)
    assert rejudge(old) == fresh
    assert fresh.failure is None


def test_an_endpoint_that_is_ok_no_more_gets_the_failure_that_ended_it() -> None:
    fresh = told("sni reset").line
    old = msgspec.structs.replace(fresh, verdict=Verdict.OK, failure=None)
    assert rejudge(old) == fresh
    assert fresh.failure is FailureKind.RESET


def test_the_case_of_a_line_is_all_but_its_verdict() -> None:
    line = told("ok").line
    case = case_of(line)
    assert (case.url, case.observations, case.fitness) == (line.input, line.observations, line.fitness)
    assert (case.evidence, case.records, case.marks) == (line.fitness_evidence, line.control_records, ())
