"""When a measurement deserves a second look, and when it does not: a healthy endpoint costs nothing more."""

from typing import Any

import pytest

from probe.measure.suspicion import (
    dns_suspicious,
    is_slow,
    led_astray,
    misnamed,
    page_unproven,
    partly_failed,
    wants_control,
)
from probe.model.failure import FailureKind as K
from probe.model.measurement import FitnessEvidence
from probe.model.observation import IOEvent, Purpose
from tests.diagnose.build import DOH, FIT, FORGED, HOST, OTHER, OWN, TRUE, TRUE_SIX, Scene, expected, reply

CLEAR = f"http://{HOST}/"


@pytest.mark.parametrize(
    ("scene", "url"),
    [
        (Scene().resolved(TRUE).flow(), f"https://{HOST}/"),
        (Scene().resolved(TRUE).flow(page=expected(True)), f"https://{HOST}/"),
        (Scene().resolved(TRUE).flow(scheme="http", page=expected(True)), CLEAR),
        (Scene().resolved(TRUE).flow(status=404, page=expected(True)), f"https://{HOST}/"),
        (Scene().resolved(TRUE).flow(until="tcp"), f"tcp://{HOST}:443"),
        (Scene().resolved(TRUE), f"dns://{HOST}"),
        (Scene().resolved(TRUE, TRUE_SIX).flow().flow(TRUE_SIX, tcp=K.NETWORK_UNREACHABLE), f"https://{HOST}/"),
        (Scene().resolved(TRUE, TRUE_SIX).flow(TRUE_SIX).flow(tcp=K.NETWORK_UNREACHABLE), f"https://{HOST}/"),
    ],
)
def test_what_is_well_asks_nobody_else(scene: Scene, url: str) -> None:
    assert not wants_control(scene.facts(url))


@pytest.mark.parametrize(
    ("scene", "url"),
    [
        (Scene().resolved(TRUE).flow(tls=K.RESET), f"https://{HOST}/"),
        (Scene().resolved(TRUE).flow(scheme="http"), CLEAR),  # nothing proves a page that came over cleartext
        (Scene().resolved(TRUE).flow(page=expected(False)), f"https://{HOST}/"),
        (Scene().resolved(TRUE).flow(status=403), f"https://{HOST}/"),
        (Scene().resolved(TRUE, "104.16.1.2").flow().flow("104.16.1.2", tcp=K.TIMEOUT), f"https://{HOST}/"),
        (Scene().resolved(TRUE, "104.16.1.2").flow().flow("104.16.1.2", tcp=K.NETWORK_UNREACHABLE), f"https://{HOST}/"),
        (Scene().resolved(TRUE, TRUE_SIX).flow().flow(TRUE_SIX, tls=K.TIMEOUT), f"https://{HOST}/"),
        (Scene().asked(OWN, FORGED).asked(OTHER, TRUE).flow(FORGED), f"https://{HOST}/"),
        (Scene().asked(OWN, failure=K.DNS_NXDOMAIN).asked(OTHER, TRUE), f"dns://{HOST}"),
        (Scene().resolved(TRUE).flow(until="tcp", tcp=K.REFUSED), f"tcp://{HOST}:443"),
    ],
)
def test_what_failed_or_is_unproven_is_asked_for_elsewhere(scene: Scene, url: str) -> None:
    assert wants_control(scene.facts(url))


@pytest.mark.parametrize(("ipv6", "wanted"), [("ok", True), ("broken", False), ("none", False)])
def test_ipv6_that_the_vantage_lacks_is_no_reason(ipv6: str, wanted: bool) -> None:
    scene = Scene().resolved(TRUE, TRUE_SIX).flow().flow(TRUE_SIX, tls=K.TIMEOUT)
    assert wants_control(scene.facts(evidence=FitnessEvidence(foreign=(3, 3), ipv6=ipv6))) is wanted


@pytest.mark.parametrize(
    ("scene", "suspicious"),
    [
        (Scene(), False),
        (Scene().resolved(TRUE), False),
        (Scene().asked(OWN, "104.16.9.9").asked(OTHER, TRUE), False),  # the same network
        (Scene().asked(OWN, FORGED).asked(OTHER, TRUE), True),
        (Scene().asked(OWN, failure=K.DNS_NXDOMAIN).asked(OTHER, TRUE), True),
        (Scene().asked(OWN, FORGED, replies=(reply(FORGED), reply(TRUE, t=0.1))), True),
        (Scene().asked(OWN, TRUE).asked(DOH, TRUE), False),
    ],
)
def test_which_answers_deserve_a_look(scene: Scene, suspicious: bool) -> None:
    assert dns_suspicious(scene.facts().last) is suspicious


def test_a_resolver_that_is_dead_for_every_name_is_no_suspicion_of_one() -> None:
    evidence = FitnessEvidence(foreign=(3, 3), dead_resolvers=(OWN.address,))
    scene = Scene().asked(OWN, failure=K.TIMEOUT).asked(OTHER, TRUE).flow(purpose=Purpose.TRUE_ADDRESS)
    assert not dns_suspicious(scene.facts(evidence=evidence).last)
    assert not wants_control(scene.facts(evidence=evidence))


def test_a_certificate_for_another_name_makes_every_resolver_suspect() -> None:
    assert misnamed(Scene().resolved(FORGED).flow(FORGED, tls=K.SSL_INVALID_HOSTNAME).facts().last)
    assert not misnamed(Scene().resolved(TRUE).flow(tls=K.SSL_EXPIRED).facts().last)


def test_some_failed_and_some_were_reached() -> None:
    def partly(**fault: Any) -> bool:
        return partly_failed(Scene().resolved(TRUE, TRUE_SIX).flow().flow(TRUE_SIX, **fault).facts().last)

    assert partly(tcp=K.TIMEOUT)
    assert partly(tls=K.RESET)
    assert not partly(tcp=K.NETWORK_UNREACHABLE)
    assert not partly()
    assert not partly_failed(Scene().tried(2, tcp=K.TIMEOUT).facts().last)


def test_a_page_is_unproven_if_it_came_in_the_clear_and_nothing_was_expected() -> None:
    assert page_unproven(Scene().flow(scheme="http").facts(CLEAR).last)
    assert not page_unproven(Scene().flow(scheme="http", page=expected(True)).facts(CLEAR).last)
    assert not page_unproven(Scene().flow().facts().last)


@pytest.mark.parametrize(("size", "slow"), [(1000, True), (100_000, False)])
def test_a_body_that_trickles_is_slow(size: int, slow: bool) -> None:
    events = (IOEvent("write", 0.0, 200), *(IOEvent("read", float(n), size) for n in range(1, 6)))
    [flow] = Scene().flow(page={"events": events}, t=6.0).facts().last.flows
    assert is_slow(flow) is slow


def test_the_first_cleartext_hop_that_leads_where_no_control_was_led() -> None:
    away = {"location": "http://notice.isp.example/", "status": 302}
    scene = Scene().resolved(TRUE).flow(scheme="http", page=away)
    scene.asked(OWN, "61.145.10.9", name="notice.isp.example", hop=1)
    scene.flow("61.145.10.9", scheme="http", hop=1)
    assert led_astray(scene.facts(CLEAR)) is None  # without a control nobody knows the way
    facts = scene.control(scheme="http").facts(CLEAR, evidence=FIT)
    assert led_astray(facts) is facts.hops[0]
