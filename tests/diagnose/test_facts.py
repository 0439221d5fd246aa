"""Observations flattened: hops, tries, flows by purpose, what resolvers are believed, which addresses are suspect."""

from typing import Any

import pytest

from probe.diagnose.facts import Depth, gather
from probe.diagnose.lookups import conflicting, word
from probe.model.failure import FailureKind as K
from probe.model.measurement import FitnessEvidence
from probe.model.observation import DNSLookup, DNSReply, Purpose
from tests.diagnose.build import DOH, FORGED, HOST, OTHER, OWN, SYSTEM, TRUE, TRUE_SIX, Scene, reply


def test_a_case_without_observations_has_one_empty_hop() -> None:
    facts = Scene().facts()
    [hop] = facts.hops
    assert (hop.number, hop.scheme, hop.host, hop.tries) == (0, "https", HOST, 1)
    assert (hop.ours, hop.asked, facts.control, facts.last) == ((), (), (), hop)


@pytest.mark.parametrize(
    ("told", "depth"),
    [
        ({"tcp": K.TIMEOUT}, Depth.NOTHING),
        ({"until": "tcp"}, Depth.DONE),
        ({"tls": K.RESET}, Depth.CONNECTED),
        ({"tls": K.SSL_INVALID_HOSTNAME}, Depth.SHAKEN),
        ({"http": K.RESET}, Depth.SHAKEN),
        ({"http": K.HTTP_TRUNCATED_BODY, "page": {"status": 200}}, Depth.ANSWERED),
        ({}, Depth.DONE),
    ],
)
def test_how_far_a_flow_came(told: dict[str, Any], depth: Depth) -> None:
    [flow] = Scene().flow(**told).facts().last.flows
    assert flow.depth is depth
    assert flow.indexes == tuple(range(len(flow.indexes)))


def test_cleartext_is_never_authenticated_and_a_wrong_certificate_is_not_either() -> None:
    scene = Scene().flow().flow(scheme="http").flow(tls=K.SSL_EXPIRED)
    assert [flow.authenticated for flow in scene.facts().last.flows] == [True, False, False]


def test_tries_are_told_apart_and_the_last_one_speaks() -> None:
    hop = Scene().tried(2, tls=K.RESET).resolved(TRUE, attempt=2, purpose=Purpose.RETRY).flow(
        attempt=2, purpose=Purpose.RETRY
    ).facts().last  # fmt: skip
    assert (hop.tries, len(hop.ours), len(hop.final), len(hop.reached)) == (3, 3, 1, 1)
    assert hop.final[0].failure is None


def test_experiments_and_controls_do_not_speak_for_the_vantage() -> None:
    scene = Scene().resolved(TRUE).flow(tls=K.RESET)
    scene.flow(purpose=Purpose.CONTROL_SNI, until="tls").flow(FORGED, purpose=Purpose.TRUE_ADDRESS).control()
    scene.asked(OTHER, TRUE, purpose=Purpose.CANARY)
    facts = scene.facts()
    assert [flow.failure for flow in facts.last.ours] == [K.RESET]
    assert [flow.address for flow in facts.last.candidates] == [TRUE, FORGED]
    assert len(facts.last.asked) == 2
    assert [flow.via for flow in facts.control_ends()] == ["proxy-1"]
    assert facts.control_at(facts.last) == facts.control[0]


def test_the_last_hop_is_where_the_last_try_ended() -> None:
    onward = {"location": "https://next.example/", "status": 302}
    scene = Scene().resolved(TRUE).flow(page=onward).asked(OWN, FORGED, name="next.example", hop=1)
    scene.flow(FORGED, hop=1, tls=K.RESET)
    facts = scene.facts()
    assert [(hop.number, hop.host, hop.scheme) for hop in facts.hops] == [
        (0, HOST, "https"),
        (1, "next.example", "https"),
    ]
    assert facts.last.number == 1
    again = scene.resolved(TRUE, attempt=1, purpose=Purpose.RETRY).flow(
        tcp=K.TIMEOUT, attempt=1, purpose=Purpose.RETRY
    ).facts()  # fmt: skip
    assert again.last.number == 0  # the second try never came to the redirect


@pytest.mark.parametrize(
    ("location", "scheme", "host"),
    [("http://b.example/x?y", "http", "b.example"), ("https://user@c.example:8443/", "https", "c.example"),
     ("https://[2606:4700::1]:8443/", "https", "2606:4700::1")],
)  # fmt: skip
def test_a_hop_that_was_never_connected_to_is_known_by_the_redirect_that_led_there(
    location: str, scheme: str, host: str
) -> None:
    scene = Scene().flow(page={"location": location, "status": 301})
    scene.flow("104.16.9.9", hop=1, tcp=K.REFUSED)
    assert [(hop.scheme, hop.host) for hop in scene.facts().hops][1] == (scheme, host)


def test_resolvers_that_are_dead_for_every_name_say_nothing() -> None:
    scene = Scene().asked(SYSTEM, failure=K.DNS_NXDOMAIN).asked(OWN, failure=K.DNS_NXDOMAIN).asked(OTHER, TRUE)
    assert len(scene.facts().last.own) == 2
    dead = FitnessEvidence(dead_resolvers=("", OWN.address))
    hop = scene.facts(evidence=dead).last
    assert hop.own == ()
    assert hop.own_is_dead
    assert hop.trusted_addresses == {TRUE}


def test_where_only_doh_is_left_nothing_stands_in_for_a_silent_resolver() -> None:
    scene = Scene().asked(OWN, failure=K.TIMEOUT).asked(OTHER, failure=K.TIMEOUT).asked(DOH, TRUE)
    hop = scene.facts(evidence=FitnessEvidence(dead_resolvers=(OWN.address, OTHER.address))).last
    assert not hop.own_is_dead


def test_doh_is_believed_before_plain_resolvers_and_a_silent_doh_is_not() -> None:
    both = Scene().asked(OWN, FORGED).asked(OTHER, FORGED).asked(DOH, TRUE)
    assert both.facts().last.trusted_addresses == {TRUE}
    silent = Scene().asked(OWN, FORGED).asked(OTHER, TRUE).asked(DOH, failure=K.TIMEOUT)
    assert silent.facts().last.trusted_addresses == {TRUE}


def test_a_plain_resolver_whose_question_had_two_answers_is_not_believed() -> None:
    scene = Scene().asked(OWN, FORGED).asked(OTHER, FORGED, replies=(reply(FORGED), reply(TRUE, t=0.2)))
    hop = scene.facts().last
    assert hop.trusted == ()
    assert hop.late_addresses == {TRUE}


def test_answers_conflict_by_what_they_say_and_not_by_their_number() -> None:
    def lookup(*replies: DNSReply) -> DNSLookup:
        seen = Scene().asked(OWN, TRUE, replies=replies).observations[0]
        assert isinstance(seen, DNSLookup)
        return seen

    assert not conflicting(lookup(reply(TRUE), reply(TRUE, t=0.2, ttl=44)))
    assert not conflicting(lookup(reply(TRUE, FORGED), reply(FORGED, TRUE)))
    assert conflicting(lookup(reply(TRUE), reply(FORGED)))
    assert conflicting(lookup(reply(rcode="NXDOMAIN"), reply(TRUE)))
    assert word(reply(TRUE, FORGED)) == ("NOERROR", tuple(sorted((TRUE, FORGED))))


@pytest.mark.parametrize(
    ("own", "other", "disjoint"),
    [
        ((TRUE,), (TRUE,), False),
        ((TRUE,), ("104.16.200.9",), False),  # the same operator's neighbourhood
        ((FORGED,), (TRUE,), True),
        ((FORGED, TRUE), (TRUE,), False),
        ((), (TRUE,), False),
        ((TRUE,), (), False),
        (("2606:4700::9",), (TRUE_SIX,), False),
        (("2a01:4f8::1",), (TRUE_SIX,), True),
    ],
)
def test_answers_are_disjoint_only_if_not_even_a_network_is_shared(
    own: tuple[str, ...], other: tuple[str, ...], disjoint: bool
) -> None:
    def missing(found: tuple[str, ...]) -> K | None:
        return None if found else K.DNS_NXDOMAIN

    scene = Scene().asked(OWN, *own, failure=missing(own)).asked(OTHER, *other, failure=missing(other))
    assert scene.facts().last.disjoint is disjoint


def test_an_address_that_proves_itself_is_not_suspect_however_the_answers_differ() -> None:
    forged = Scene().asked(OWN, FORGED).asked(OTHER, TRUE).flow(FORGED, tls=K.SSL_INVALID_HOSTNAME)
    assert forged.facts().last.suspected_false(FORGED)
    proven = Scene().asked(OWN, FORGED).asked(OTHER, TRUE).flow(FORGED)
    assert not proven.facts().last.suspected_false(FORGED)


def test_stray_observations_break_nothing() -> None:
    scene = Scene().flow()
    case = scene.case()
    alone = case._replace(observations=case.observations[1:])  # a handshake and an answer without their connect
    assert gather(alone).last.flows == ()
    odd = scene.case("no url at all")
    assert gather(odd).last.flows
