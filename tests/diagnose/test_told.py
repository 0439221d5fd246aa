"""Scenarios of time and place: another vantage's line against our failure. Each truth is argued before the verdict."""

from dataclasses import replace
from typing import Any

import pytest

from probe.diagnose.compare import control_state
from probe.diagnose.engine import diagnose
from probe.diagnose.facts import gather
from probe.diagnose.told import only_earlier, passes_at_home, told, useful
from probe.model.diagnosis import Certainty, ControlState, Diagnosis, Mechanism, Verdict
from probe.model.failure import FailureKind as K
from probe.model.measurement import ControlRecord, FitnessEvidence
from tests.diagnose.build import FIT, OWN, TRUE, URL, Scene, record


def dead() -> Scene:
    """Every try ends in silence at the SYN, the first of them ten seconds after we began."""
    return Scene().tried(3, tcp=K.TIMEOUT, t=10.0)


def judged(*records: ControlRecord, evidence: FitnessEvidence = FIT) -> Diagnosis:
    return dead().judged(records=records, evidence=evidence)


def test_an_outage_that_begins_after_the_others_measured_is_no_block() -> None:
    """The server went dark for everybody a minute before we came; the other vantage was there half an hour before."""
    alone = judged(record(Verdict.OK, lag=-1800.0, age=1800.0))
    assert (alone.verdict, alone.rule) == (Verdict.ANOMALY, "anomaly")
    outage = next(one for one in alone.considered if one.explanation == "server fault or outage")
    assert (outage.ruled_out, outage.because) == (False, "others reached it only before we failed")


def test_an_outage_that_ended_before_we_came_does_not_hide_a_block() -> None:
    """The server was dark for everybody half an hour ago and is well again: that we fail is not its doing."""
    facts = dead().facts(records=(record(Verdict.DOWN, lag=-1800.0, age=1800.0),))
    assert control_state(facts) is ControlState.NONE
    assert judged(record(Verdict.DOWN, lag=-1800.0, age=1800.0)).verdict is Verdict.ANOMALY


def test_whoever_reached_it_while_we_had_failed_for_some_runs_makes_it_no_outage() -> None:
    """We failed half an hour ago and since, they reached it ten minutes ago, we fail still: not their server's doing.

    Had they been there before the first of our failures, it might have gone dark for everybody since.
    """
    within = judged(record(Verdict.OK, lag=-600.0, failing=1800.0))
    assert (within.verdict, within.mechanism) == (Verdict.BLOCKED, Mechanism.IP_TIMEOUT)
    assert judged(record(Verdict.OK, lag=-2400.0, failing=1800.0)).verdict is Verdict.ANOMALY
    assert judged(record(Verdict.DOWN, lag=-600.0, failing=1800.0)).verdict is Verdict.DOWN


def test_whoever_reached_it_after_we_failed_makes_it_no_outage() -> None:
    after = judged(record(Verdict.OK, lag=-1800.0), record(Verdict.OK, lag=600.0))
    assert (after.verdict, after.mechanism) == (Verdict.BLOCKED, Mechanism.IP_TIMEOUT)
    assert after.certainty is Certainty.POSSIBLE  # the server may turn us away, or a part of it be dark in our region


def test_a_line_of_the_time_while_we_still_tried_is_not_after_our_failure() -> None:
    facts = dead().facts(records=(record(Verdict.OK, lag=9.0),))
    assert (told(facts), only_earlier(facts)) == ([], True)
    assert told(dead().facts(records=(record(Verdict.OK, lag=16.0),)))


def test_of_two_clocks_each_is_put_right_by_what_references_said() -> None:
    """Theirs is ten minutes ahead: what seems to be later was earlier. Or behind: the other way round."""
    ahead = dead().facts(records=(record(Verdict.OK, lag=300.0, clock=600.0),))
    behind = dead().facts(records=(record(Verdict.OK, lag=-300.0, clock=-600.0),))
    assert (bool(useful(ahead)), bool(useful(behind))) == (False, True)


def test_clocks_that_nobody_checked_need_five_minutes_more() -> None:
    unknown = FitnessEvidence(domestic=(3, 3), foreign=(3, 3))
    for lag, counts in ((200.0, False), (400.0, True)):
        assert bool(told(dead().facts(records=(record(Verdict.OK, lag=lag),), evidence=unknown))) is counts
        assert bool(told(dead().facts(records=(record(Verdict.OK, lag=lag, clock=None),)))) is counts


def test_a_line_that_does_not_say_whether_it_was_earlier_counts_as_earlier() -> None:
    assert only_earlier(dead().facts(records=(record(Verdict.OK, lag=None),)))


def test_the_same_id_for_another_url_and_our_own_lines_are_nobodys_word() -> None:
    case = dead().case(records=(record(Verdict.OK, input="https://www.other.example/"), record(Verdict.OK, "ours")))
    facts = gather(case._replace(vantage="ours"))
    assert (told(facts), only_earlier(facts), control_state(facts)) == ([], False, ControlState.NONE)
    same = dead().facts(records=(record(Verdict.OK, input=URL),))
    assert control_state(same) is ControlState.REACHED


def test_a_vantage_behind_the_same_censor_says_nothing() -> None:
    assert judged(record(Verdict.BLOCKED)).rule == "control.unusable"


@pytest.mark.parametrize(
    ("facts_of_it", "country", "sure"),
    [
        ({"country": "CN", "addresses": (TRUE,)}, "CN", Certainty.LIKELY),
        ({"country": "DE", "addresses": (TRUE,)}, "CN", Certainty.POSSIBLE),  # the server may mind our country
        ({"country": "CN", "addresses": (TRUE, "104.17.9.9")}, "CN", Certainty.POSSIBLE),  # by which of them it came?
        ({"country": "CN", "addresses": ()}, "CN", Certainty.POSSIBLE),
        ({"country": "", "addresses": (TRUE,)}, "", Certainty.POSSIBLE),
    ],
)
def test_only_a_vantage_of_our_country_at_our_address_rules_out_that_the_server_minds_our_country(
    facts_of_it: dict[str, Any], country: str, sure: Certainty
) -> None:
    case = dead().case(records=(record(Verdict.OK, "nearby", lag=600.0, **facts_of_it),))
    said = diagnose(case._replace(country=country))
    assert (said.verdict, said.certainty) == (Verdict.BLOCKED, sure)
    refusal = next(one for one in said.considered if one.explanation == "the server turns this client away")
    assert refusal.ruled_out is (sure is Certainty.LIKELY)


def test_a_neighbour_that_may_have_come_over_ipv6_shows_nothing_of_ipv4() -> None:
    facts = dead().facts(records=(record(Verdict.OK, country="CN", addresses=(TRUE, "2606:4700::1"), lag=600.0),))
    at_home = replace(facts, case=facts.case._replace(country="CN"))
    assert not passes_at_home(at_home, at_home.last.final)


@pytest.mark.parametrize(("stage", "kind"), [("tcp", K.TIMEOUT), ("tls", K.RESET), ("tls", K.TIMEOUT)])
def test_a_vantage_that_was_led_to_another_part_of_the_server_says_nothing_of_ours(stage: str, kind: K) -> None:
    """Our region's edge is dark, or has lost the name, for everybody who is led there."""
    scene = Scene().tried(3, **{stage: kind})
    assert (
        scene.judged(records=(record(Verdict.OK, lag=600.0, addresses=("151.101.1.69",)),)).verdict is Verdict.ANOMALY
    )
    same = scene.judged(records=(record(Verdict.OK, lag=600.0, addresses=("151.101.1.69", TRUE)),))
    assert (same.verdict, same.certainty) == (Verdict.BLOCKED, Certainty.POSSIBLE)


def test_silence_where_every_reference_is_domestic_may_be_an_outage_of_the_line_abroad() -> None:
    """The other vantage stands abroad; ours has lost its way there, and its references do not show it."""
    at_home = FitnessEvidence(domestic=(3, 3), clock_offset=0.1)
    scene = Scene().asked(OWN, TRUE).flow(tcp=K.TIMEOUT)
    said = scene.judged(records=(record(Verdict.OK, lag=600.0),), evidence=at_home)
    assert (said.verdict, said.rule) == (Verdict.INSUFFICIENT, "vantage.nothing_abroad")
    known = scene.judged(records=(record(Verdict.OK, lag=600.0),))
    assert known.verdict is Verdict.BLOCKED  # foreign references answered
