"""The vantage against its controls: whose word counts, how far it came, what makes an address false."""

import pytest

from probe.diagnose.compare import (
    address_works_there,
    beyond,
    control_depth,
    control_pages,
    control_state,
    false_address,
    held,
    same_page,
)
from probe.diagnose.facts import Depth, Facts, Hop
from probe.model.diagnosis import ControlState, Verdict
from probe.model.failure import FailureKind as K
from probe.model.measurement import ControlHealth, FitnessEvidence
from probe.model.observation import HTTPRoundTrip, Purpose
from tests.diagnose.build import FIT, FORGED, OTHER, OWN, TRUE, Scene, expected, record

SICK = FitnessEvidence(controls=(ControlHealth("proxy-1", 0, 3),))


@pytest.mark.parametrize(
    ("scene", "state"),
    [
        (Scene(), ControlState.NONE),
        (Scene().control(), ControlState.REACHED),
        (Scene().control(page=expected(True, True)), ControlState.REACHED),
        (Scene().control(page=expected(True, False)), ControlState.FAILED),
        (Scene().control(tcp=K.HOST_UNREACHABLE), ControlState.FAILED),
        (Scene().control(tls=K.EOF), ControlState.FAILED),
        (Scene().control(tcp=K.PROXY_FAILED), ControlState.UNUSABLE),
    ],
)
def test_what_a_proxy_says(scene: Scene, state: ControlState) -> None:
    assert control_state(scene.facts()) is state


def test_a_proxy_that_reached_no_reference_says_nothing() -> None:
    assert control_state(Scene().control(tcp=K.TIMEOUT).facts(evidence=SICK)) is ControlState.UNUSABLE
    assert control_depth(*_hop(Scene().control(), SICK)) is None


def _hop(scene: Scene, evidence: FitnessEvidence = FIT) -> tuple[Facts, Hop]:
    facts = scene.facts(evidence=evidence)
    return facts, facts.last


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.OK, ControlState.REACHED),
        (Verdict.RESTRICTED, ControlState.REACHED),
        (Verdict.INTERFERED, ControlState.REACHED),
        (Verdict.DOWN, ControlState.FAILED),
        (Verdict.BLOCKED, ControlState.UNUSABLE),
        (Verdict.ANOMALY, ControlState.UNUSABLE),
        (Verdict.INSUFFICIENT, ControlState.UNUSABLE),
    ],
)
def test_what_another_vantage_says(verdict: Verdict, state: ControlState) -> None:
    assert control_state(Scene().facts(records=(record(verdict),))) is state


def test_one_control_that_reaches_the_endpoint_is_enough() -> None:
    scene = Scene().control(tcp=K.TIMEOUT)
    assert control_state(scene.facts(records=(record(Verdict.OK),))) is ControlState.REACHED


def test_how_far_the_best_control_came_and_whether_that_is_further() -> None:
    facts, hop = _hop(Scene().flow(tls=K.RESET).control(tls=K.SSL_EXPIRED))
    assert control_depth(facts, hop) is Depth.SHAKEN
    assert beyond(facts, hop, Depth.CONNECTED)
    assert not beyond(facts, hop, Depth.SHAKEN)
    assert control_depth(*_hop(Scene().flow(tls=K.RESET))) is None


def test_another_vantages_word_is_of_the_first_hop_only() -> None:
    scene = (
        Scene().flow(page={"location": "https://next.example/", "status": 302}).flow("104.16.9.9", hop=1, tcp=K.TIMEOUT)
    )
    facts = scene.facts(records=(record(Verdict.OK),))
    assert control_depth(facts, facts.hops[0]) is Depth.DONE
    assert control_depth(facts, facts.hops[1]) is None


@pytest.mark.parametrize(("tcp", "works"), [(None, True), (K.REFUSED, False), (K.PROXY_FAILED, None)])
def test_the_very_address_tried_from_there(tcp: K | None, works: bool | None) -> None:
    scene = Scene().flow(tcp=K.TIMEOUT).flow(purpose=Purpose.CONTROL_ADDRESS, via="proxy-1", tcp=tcp, until="tls")
    assert address_works_there(scene.facts().last, TRUE) is works
    assert address_works_there(scene.facts().last, FORGED) is None


def clubhouse() -> Scene:
    """8 February 2021: the answer leads to a server with a certificate for another name."""
    return Scene().asked(OWN, FORGED).asked(OTHER, TRUE).flow(FORGED, tls=K.SSL_INVALID_HOSTNAME)


def test_an_address_is_false_if_the_endpoint_is_not_there_and_is_elsewhere() -> None:
    facts, hop = _hop(clubhouse().control())
    assert false_address(facts, hop, FORGED)
    facts, hop = _hop(clubhouse().flow(TRUE, purpose=Purpose.TRUE_ADDRESS))
    assert false_address(facts, hop, FORGED)


def test_unlike_answers_alone_are_no_proof() -> None:
    facts, hop = _hop(clubhouse())
    assert not false_address(facts, hop, FORGED)  # nobody found the endpoint anywhere
    facts, hop = _hop(Scene().asked(OWN, FORGED).asked(OTHER, TRUE).flow(FORGED).control())
    assert not false_address(facts, hop, FORGED)  # it proved itself: a CDN answers everybody differently
    there = clubhouse().control().flow(FORGED, purpose=Purpose.CONTROL_ADDRESS, via="proxy-1", until="tls")
    facts, hop = _hop(there)
    assert not false_address(facts, hop, FORGED)  # it is the endpoint for the control


def page(**facts: object) -> HTTPRoundTrip:
    plain: dict[str, object] = {
        "transaction_id": 1, "address": TRUE, "port": 80, "method": "GET", "url": "", "status": 200, "title": "",
        "body_bytes": 1000, "body_sha256": "aa",
    }  # fmt: skip
    return HTTPRoundTrip(**{**plain, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        ({}, True),
        ({"status": 403}, False),
        ({"body_sha256": "bb"}, True),
        ({"body_sha256": "bb", "body_bytes": 701}, True),
        ({"body_sha256": "bb", "body_bytes": 690}, False),
        ({"body_sha256": "bb", "title": "Other"}, False),
        ({"body_sha256": "bb", "body_bytes": 0}, False),
    ],
)
def test_two_answers_are_one_page(theirs: dict[str, object], same: bool) -> None:
    assert same_page(page(), page(**theirs)) is same
    assert same_page(page(**theirs), page()) is same


def test_titles_speak_before_lengths() -> None:
    assert same_page(page(title="Site"), page(title="Site", body_sha256="bb", body_bytes=9))
    assert not same_page(page(title="Site"), page(title="Blocked", body_sha256="bb"))


def test_pages_of_controls_are_those_of_healthy_ones_and_of_other_vantages() -> None:
    told = record(Verdict.OK, status=200, body_sha256="cc")
    assert len(control_pages(Scene().control().facts(records=(told, record(Verdict.OK, "paris"))))) == 2
    assert control_pages(Scene().control().facts(evidence=SICK)) == []


def test_a_flow_holds_if_it_met_what_was_expected() -> None:
    flows = Scene().flow().flow(page=expected(False)).flow(tls=K.RESET).flow(until="tcp").facts().last.flows
    assert [held(flow) for flow in flows] == [True, False, False, True]
