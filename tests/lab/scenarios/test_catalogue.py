"""The table of scenarios: complete, consistent, and playable."""

import msgspec
import pytest

from probe.lab.path import supports
from probe.lab.scenarios import base
from probe.lab.scenarios.catalogue import catalogue, find
from probe.lab.scenarios.scenario import Scenario, Section, Substrate, mismatches
from probe.lab.world import ServiceKind, World
from probe.model.diagnosis import Certainty, Diagnosis, Finding, Fitness, Layer, Mechanism, Verdict

EVERY = catalogue()
BLOCKED, OK = Verdict.BLOCKED, Verdict.OK


def test_every_number_of_the_list_is_there_in_its_section() -> None:
    ends = {"A": 35, "B": 55, "C": 61, "D": 74, "E": 86, "F": 95, "G": 98}
    assert {each.number for each in EVERY} == set(range(1, 99))
    for each in EVERY:
        assert each.section.value == next(letter for letter, end in ends.items() if each.number <= end)


def test_names_are_unique_slugs() -> None:
    names = [each.name for each in EVERY]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in names)


def test_nothing_innocent_is_expected_or_allowed_to_be_blocked() -> None:
    for each in EVERY:
        if each.section is Section.INNOCENT:
            assert BLOCKED not in (each.verdict, *each.also), each.name


def test_a_verdict_of_blocking_says_where_and_how() -> None:
    for each in EVERY:
        if each.verdict in (BLOCKED, Verdict.INTERFERED):
            assert each.layers, each.name
            assert each.mechanisms or each.never_mechanisms or each.claims, each.name
            assert each.rules or _lies(each.world), each.name


def _lies(world: World) -> bool:
    return any(service.lies for host in world.hosts for service in host.services)


def test_whoever_else_may_be_right_is_argued() -> None:
    for each in EVERY:
        assert each.note or not each.also or each.name == "ghost-https", each.name


def test_rules_can_be_carried_out_where_the_scenario_is_played() -> None:
    for each in EVERY:
        if Substrate.LOOPBACK in each.substrates:
            rules = (*each.rules, *(rule for phase in each.script for rule in phase.rules))
            assert all(supports(rule) for rule in rules), each.name


def test_rule_ids_are_unique_in_a_scenario() -> None:
    for each in EVERY:
        ids = [rule.id for rule in each.rules]
        assert len(set(ids)) == len(ids), each.name


def test_worlds_are_whole() -> None:
    for each in EVERY:
        world = each.world
        names = [host.name for host in world.hosts]
        addresses = [address for host in world.hosts for address in host.addresses]
        assert len(set(names)) == len(names), each.name
        assert len(set(addresses)) == len(addresses), each.name
        assert world.host(world.control), each.name
        for resolver in world.client.resolvers:
            asked = world.host_at(resolver)
            assert asked is not None, each.name
            assert any(service.kind is ServiceKind.NAMESERVER for service in asked.services), each.name
        canary = world.host_at(base.CANARY)
        assert canary is not None, each.name
        assert all(service.kind is ServiceKind.SILENT for service in canary.services), each.name


def test_the_truth_is_slower_than_any_forger() -> None:
    for each in EVERY:
        for host in each.world.hosts:
            for service in host.services:
                if service.kind is ServiceKind.NAMESERVER:
                    assert service.delay > 0, f"{each.name}: {host.name}"


def test_scenarios_survive_their_way_through_json() -> None:
    for each in EVERY:
        assert msgspec.json.decode(msgspec.json.encode(each), type=Scenario) == each


def test_finding_by_number_name_and_section() -> None:
    assert [each.name for each in find("63")] == ["sni-reset-and-forged-dns"]
    assert [each.name for each in find("61")] == ["control-blocked-too", "control-dies-midway"]
    assert [each.number for each in find("split-hello-passes")] == [72]
    assert {each.number for each in find("c")} == set(range(56, 62))
    with pytest.raises(KeyError, match="did you mean"):
        find("blockpage-")


def diagnosis(verdict: Verdict, *findings: Finding, certainty: Certainty | None = None) -> Diagnosis:
    """A diagnosis whose first finding decides."""
    first = findings[0] if findings else None
    return Diagnosis(
        verdict=verdict,
        ruleset_version="test",
        certainty=certainty,
        layer=first.layer if first else None,
        hop=first.hop if first else 0,
        mechanism=first.mechanism if first else None,
        findings=findings,
    )


def finding(layer: Layer, mechanism: Mechanism, hop: int = 0) -> Finding:
    """A finding of blocking."""
    return Finding(rule="test", layer=layer, verdict=BLOCKED, mechanism=mechanism, hop=hop)


SNI = finding(Layer.TLS, Mechanism.SNI_RESET)


def test_as_expected() -> None:
    (scenario,) = find("sni-reset")
    assert mismatches(scenario, diagnosis(BLOCKED, SNI), Fitness.FIT) == ()


def test_each_way_to_be_wrong_is_named() -> None:
    (scenario,) = find("hop1-sni-reset")
    at_hop_0 = mismatches(scenario, diagnosis(BLOCKED, SNI), Fitness.FIT)
    assert at_hop_0 == ("hop 0, not 1",)
    wrong = mismatches(scenario, diagnosis(OK, finding(Layer.TCP, Mechanism.IP_TIMEOUT, 1)), Fitness.OFFLINE)
    assert wrong == (
        "verdict ok, not blocked",
        "layer tcp, not tls",
        "mechanism ip_timeout, not sni_reset",
        "fitness offline, not fit",
    )


def test_claims_certainty_and_what_must_not_be_said() -> None:
    (two,) = find("sni-reset-and-forged-dns")
    assert mismatches(two, diagnosis(BLOCKED, SNI), Fitness.FIT) == ("no finding dns at hop 0",)
    forged = finding(Layer.DNS, Mechanism.DNS_INJECTION)
    assert mismatches(two, diagnosis(BLOCKED, forged, SNI), Fitness.FIT) == ()
    (impostor,) = find("forged-to-impostor")
    assert mismatches(impostor, diagnosis(BLOCKED, forged, certainty=Certainty.LIKELY), Fitness.FIT) == (
        "certainty likely, not confirmed",
    )
    (closed,) = find("forged-to-closed-port")
    refused = finding(Layer.TCP, Mechanism.TCP_REFUSED)
    assert mismatches(closed, diagnosis(BLOCKED, forged, refused), Fitness.FIT) == ("tcp_refused claimed on tcp",)
    (empty,) = find("isp-no-data")
    nxdomain = finding(Layer.DNS, Mechanism.DNS_NXDOMAIN)
    assert mismatches(empty, diagnosis(BLOCKED, nxdomain), Fitness.FIT) == (
        "mechanism dns_nxdomain, not dns_no_answer",
        "mechanism dns_nxdomain",
    )
