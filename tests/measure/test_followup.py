"""Experiments after an anomaly: which, in what order, from where, and when none; a small internet on loopback.

What they mean is the rules' matter; here only what was done and written down.
"""

import re
from typing import Any

import pytest

from probe.lab.rule import Blockpage, Close, Drop, ForgeDNS, Match, Reset, Rule, Stage
from probe.lab.world import Answer, Fault, Host, Lie, Response, Route, Service, ServiceKind, Site, World, addresses
from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup, HTTPRoundTrip, Observation, Purpose, TCPConnect, TLSHandshake
from probe.net.network import Network
from tests.world import (
    OWN_RESOLVER,
    Noting,
    Place,
    Ran,
    http_host,
    https_host,
    listed,
    reference,
    run_in,
    target,
    tiny_world,
)

SITE, HERE, THERE = "a.example", "104.16.1.1", "104.16.1.2"
REFERENCE, INNOCENT = "r.example", "104.16.2.1"
CANARY = "198.41.0.200"
URL = f"https://{SITE}/"
BY_NAME = Match(stage=Stage.TLS, names=(SITE,))
OURS = {Purpose.MAIN, Purpose.RETRY, Purpose.CONTROL}


def both(name: str, *places: str, port: int = 443) -> Place:
    """A site over http and https."""
    clear, zone = http_host(name, *places)
    secure, _ = https_host(name, *places)
    services = tuple(Service(port=port, kind=s.kind, sites=s.sites) for s in secure.services)
    return Host(name=name, addresses=places, services=(*clear.services, *services)), zone


def world_of(*places: Place, **more: Any) -> World:
    """These and a reference that also speaks TLS."""
    return tiny_world(*(places or (both(SITE, HERE),)), both(REFERENCE, INNOCENT), **more)


def looked(url: str = URL, *rules: Rule, world: World | None = None, **changes: Any) -> Ran:
    """A run of one endpoint beside one reference, with a control."""
    targets = listed(reference(REFERENCE), target(url))
    return run_in(world or world_of(), targets, rules=rules, **{"proxy": True, **changes})


def experiments(line: Measurement, *kinds: type[Observation]) -> list[Observation]:
    """What was done beyond tries and controls, of these kinds, in the order in which it began."""
    found = [o for o in line.observations if o.purpose not in OURS and isinstance(o, kinds or (TCPConnect,))]
    return sorted(found, key=lambda o: o.t0)


def shaken(line: Measurement) -> list[tuple[Purpose, str, str | None]]:
    """Handshakes beyond tries and controls, with the SNI of each; those through a proxy aside."""
    found = [o for o in experiments(line, TLSHandshake) if isinstance(o, TLSHandshake) and not o.via]
    return [(o.purpose, o.address, o.sni) for o in found]


def test_a_healthy_endpoint_costs_one_connection_and_no_more() -> None:
    ran = looked()
    assert {o.purpose for o in ran.line.observations} == {Purpose.MAIN}
    assert [place for place in ran.connects() if place[0] == HERE] == [(HERE, 443)]


@pytest.mark.parametrize("effect", [Reset(), Close()])
def test_after_a_broken_handshake_the_innocent_questions_come_first(effect: Reset | Close) -> None:
    line = looked(URL, Rule(id="sni", match=BY_NAME, effect=effect)).line
    assert shaken(line) == [
        (Purpose.CONTROL_SNI, HERE, REFERENCE),
        (Purpose.NO_SNI, HERE, None),
        (Purpose.CONTROL_SNI, INNOCENT, REFERENCE),
        (Purpose.SNI_ELSEWHERE, INNOCENT, SITE),
        (Purpose.SPLIT_HELLO, HERE, SITE),
        (Purpose.SECOND_TRY, HERE, SITE),
    ]
    assert line.diagnosis.rule.startswith("tls.")
    split = [o.purpose for o in experiments(line, TLSHandshake) if isinstance(o, TLSHandshake) and o.split]
    assert split == [Purpose.SPLIT_HELLO]


def test_every_experiment_has_a_source_port_of_its_own() -> None:
    line = looked(URL, Rule(id="sni", match=BY_NAME, effect=Reset())).line
    ports = [o.source_port for o in line.observations if isinstance(o, TCPConnect) and not o.via]
    assert None not in ports
    assert len(ports) == len(set(ports)) == 3 + 6  # three tries, six experiments


def test_without_followup_nothing_is_tried_but_tries_and_controls() -> None:
    line = looked(URL, Rule(id="sni", match=BY_NAME, effect=Reset()), followup=False).line
    assert {o.purpose for o in line.observations} == {Purpose.MAIN, Purpose.RETRY, Purpose.CONTROL}


class Clocked(Noting):
    """A Network that also notes how long it was asked to sleep."""

    def __init__(self, inner: Network) -> None:
        super().__init__(inner)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)


@pytest.mark.parametrize(("rules", "times"), [((), 0), ((Rule(id="sni", match=BY_NAME, effect=Reset()),), 1)])
def test_one_cool_down_comes_before_the_first_experiment_and_none_where_all_is_well(
    rules: tuple[Rule, ...], times: int
) -> None:
    made: list[Clocked] = []

    def wrap(network: Network) -> Network:
        made.append(Clocked(network))
        return made[-1]

    looked(URL, *rules, cooldown=0.037, wrap=wrap)
    assert made[0].slept.count(0.037) == times


def test_an_innocent_name_that_fails_at_its_own_address_keeps_the_forbidden_one_away_from_there() -> None:
    everything = Rule(id="tls", match=Match(stage=Stage.TLS), effect=Reset())
    line = looked(URL, everything).line
    assert Purpose.SNI_ELSEWHERE not in {purpose for purpose, _, _ in shaken(line)}


def test_where_no_reference_answered_nobody_else_is_contacted() -> None:
    rules = [Rule(id="sni", match=BY_NAME, effect=Reset())]
    ran = run_in(world_of(), listed(target(URL)), rules=rules)
    assert {host for host, _ in ran.connects()} == {HERE}
    assert [purpose for purpose, _, _ in shaken(ran.line)] == [Purpose.NO_SNI, Purpose.SPLIT_HELLO]


def test_a_reference_is_asked_where_it_speaks_tls_whatever_the_port_of_the_target() -> None:
    world = world_of(both(SITE, HERE, port=8443))
    ran = looked(f"https://{SITE}:8443/", Rule(id="sni", match=BY_NAME, effect=Reset()), world=world)
    assert (INNOCENT, 443) in ran.connects()
    assert (INNOCENT, 8443) not in ran.connects()
    assert ran.line.diagnosis.rule == "tls.reset.other_sni_passes"
    assert (Purpose.SNI_ELSEWHERE, INNOCENT, SITE) in shaken(ran.line)


def test_after_a_strange_page_the_same_request_goes_to_an_unrelated_server() -> None:
    page = Blockpage(response=Response(body=b"<title>No</title>this site is blocked by order of the court"))
    rule = Rule(id="page", match=Match(stage=Stage.HTTP, names=(SITE,)), effect=page)
    line = looked(f"http://{SITE}/", rule).line
    [elsewhere] = [o for o in experiments(line, HTTPRoundTrip) if o.purpose is Purpose.SNI_ELSEWHERE]
    assert isinstance(elsewhere, HTTPRoundTrip)
    assert (elsewhere.address, elsewhere.url) == (INNOCENT, f"http://{SITE}/")
    assert line.diagnosis.rule == "http.blockpage.elsewhere"


def test_a_canary_hears_the_innocent_name_before_the_forbidden_one() -> None:
    forged = ForgeDNS(answers=(Answer(addresses=("10.10.34.35",)),))
    rule = Rule(id="dns", match=Match(stage=Stage.DNS, names=(SITE,)), effect=forged)
    silent = Host(name="canary", addresses=(CANARY,), services=(Service(port=53, kind=ServiceKind.SILENT),))
    line = looked(URL, rule, world=world_of(both(SITE, HERE), (silent, ())), canaries=(CANARY,)).line
    asked = [o for o in experiments(line, DNSLookup) if isinstance(o, DNSLookup)]
    at_canary = [(o.name, bool(o.replies)) for o in asked if o.resolver.address == f"{CANARY}:53"]
    assert at_canary == [(REFERENCE, False), (SITE, True)]
    assert line.diagnosis.rule == "dns.injected.canary"


def test_the_true_address_is_tried_where_the_own_resolver_leads_astray() -> None:
    lies = (Lie(names=(SITE,), answer=Answer(addresses=("10.10.34.35",))),)
    line = looked(world=world_of(both(SITE, HERE), lies=lies)).line
    found = {(o.purpose, o.address) for o in experiments(line) if isinstance(o, TCPConnect) and not o.via}
    assert (Purpose.TRUE_ADDRESS, HERE) in found
    assert OWN_RESOLVER not in {address for _, address in found}


def test_addresses_that_fail_while_others_are_reached_are_tried_again_after_each_pause() -> None:
    drop = Rule(id="syn", match=Match(stage=Stage.TCP, addresses=(HERE,)), effect=Drop())
    line = looked(URL, drop, world=world_of(both(SITE, HERE, THERE))).line
    again = [o.address for o in experiments(line) if isinstance(o, TCPConnect) and o.purpose is Purpose.SECOND_TRY]
    assert again == [HERE, HERE]
    assert (line.verdict, line.tries) == ("interfered", 1)


def test_an_address_that_falls_silent_after_the_name_is_still_asked_about_the_name() -> None:
    """Residual blocking: the retries do not even connect, and what failed first is the handshake."""
    rule = Rule(id="sni", match=BY_NAME, effect=Drop(), residual=60.0)
    line = looked(URL, rule, timeout=0.25).line
    assert (Purpose.SNI_ELSEWHERE, INNOCENT, SITE) in shaken(line)
    assert (line.verdict, line.layer, line.mechanism) == ("blocked", "tls", "sni_timeout")
    assert line.diagnosis.rule == "tls.timeout.fails_elsewhere"


OTHER_REFERENCE, ELSEWHERE = "s.example", "104.16.3.1"


def beside_two(url: str, *rules: Rule, turned_down: Fault = Fault.NONE, **more: Any) -> Measurement:
    """A run beside two references with unlike answers, whose servers do this to every name but their own."""
    places = []
    for name, where, body in ((REFERENCE, INNOCENT, b"one"), (OTHER_REFERENCE, ELSEWHERE, b"two")):
        own = Site(names=(name,), routes=(Route(response=Response(body=body)),))
        rest = (Site(names=("*",), fault=turned_down),) if turned_down else ()
        kinds = ((80, ServiceKind.HTTP), (443, ServiceKind.HTTPS))
        services = tuple(Service(port=port, kind=kind, sites=(own, *rest)) for port, kind in kinds)
        places.append((Host(name=name, addresses=(where,), services=services), addresses(name, (where,))))
    references = (reference(REFERENCE, body="one"), reference(OTHER_REFERENCE, body="two"))
    world = tiny_world(both(SITE, HERE), *places)
    return run_in(world, listed(*references, target(url)), rules=rules, **{"proxy": True, **more}).line


def test_a_stranger_is_asked_for_at_the_unrelated_server_before_the_forbidden_name() -> None:
    line = beside_two(URL, Rule(id="sni", match=BY_NAME, effect=Reset()))
    there = [(purpose, sni) for purpose, address, sni in shaken(line) if address in (INNOCENT, ELSEWHERE)]
    own, other = (REFERENCE, OTHER_REFERENCE) if there[0][1] == REFERENCE else (OTHER_REFERENCE, REFERENCE)
    assert there == [
        (Purpose.CONTROL_SNI, own),
        (Purpose.CONTROL_SNI, other),
        (Purpose.SNI_ELSEWHERE, SITE),
    ]


def test_servers_that_turn_strangers_down_are_not_asked_for_the_forbidden_name() -> None:
    line = beside_two(URL, Rule(id="sni", match=BY_NAME, effect=Reset()), turned_down=Fault.RESET_HELLO)
    asked = [address for purpose, address, _ in shaken(line) if purpose is Purpose.CONTROL_SNI]
    assert {INNOCENT, ELSEWHERE} < set(asked)  # the next place is tried after the first
    assert Purpose.SNI_ELSEWHERE not in {purpose for purpose, _, _ in shaken(line)}


def test_a_strangers_request_goes_before_the_forbidden_one_in_the_clear_too() -> None:
    page = Blockpage(response=Response(body=b"<title>No</title>this site is blocked by order of the court"))
    line = beside_two(f"http://{SITE}/", Rule(id="page", match=Match(stage=Stage.HTTP, names=(SITE,)), effect=page))
    found = [o for o in experiments(line, HTTPRoundTrip) if isinstance(o, HTTPRoundTrip) and not o.via]
    assert [o.purpose for o in found] == [Purpose.CONTROL_SNI, Purpose.SNI_ELSEWHERE]
    assert found[0].address == found[1].address
    assert [e.held for e in found[0].expectations] == [True, False]  # answered, and not by its own server
    assert (line.diagnosis.rule, line.certainty) == ("http.blockpage.elsewhere", "confirmed")


def test_what_all_failed_is_tried_once_more_at_the_very_end() -> None:
    """A server that was overloaded while we tried, and well when the control was asked."""
    while_we_tried = Match(stage=Stage.TLS, addresses=(HERE,), nth=(0, 1, 2))
    line = looked(URL, Rule(id="busy", match=while_we_tried, effect=Reset())).line
    assert shaken(line)[-1] == (Purpose.SECOND_TRY, HERE, SITE)
    assert (line.verdict, line.tries) == ("ok", 3)


def test_a_resolver_that_was_silent_on_this_name_is_given_more_time() -> None:
    late = (Lie(names=(SITE,), answer=Answer(rcode="SERVFAIL", delay=0.8)),)
    line = looked(world=world_of(both(SITE, HERE), lies=late), timeout=0.5).line
    again = [o for o in experiments(line, DNSLookup) if o.purpose is Purpose.SECOND_TRY]
    assert [isinstance(o, DNSLookup) and [r.rcode for r in o.replies] for o in again] == [["SERVFAIL"]]
    assert line.verdict == "anomaly"
    silent = (Lie(names=(SITE,), answer=Answer(silent=True)),)
    line = looked(world=world_of(both(SITE, HERE), lies=silent), timeout=0.3).line
    assert line.diagnosis.rule == "dns.timeout"


@pytest.mark.parametrize("rewrites", [True, False])
def test_a_resolver_that_alone_knows_a_name_is_asked_for_one_that_nobody_ever_had(rewrites: bool) -> None:
    """Below a reference's name, and never twice the same: what it makes of that it makes of every missing name."""
    gone = "gone.example"
    names = (gone, f"nx-*.{REFERENCE}") if rewrites else (gone,)
    world = world_of(both(SITE, HERE), lies=(Lie(names=names, answer=Answer(addresses=(HERE,))),))
    line = looked(f"https://{gone}/", world=world).line
    asked = [o for o in line.observations if isinstance(o, DNSLookup) and o.purpose is Purpose.RESOLVER_HEALTH]
    told = [(o.resolver.address, o.resolver.own, bool(o.addresses)) for o in asked]
    assert told == [(f"{OWN_RESOLVER}:53", True, rewrites)]
    assert re.fullmatch(rf"nx-[0-9a-f]{{12}}\.{REFERENCE}", asked[0].name)
    assert line.diagnosis.rule == ("control.fails_too" if rewrites else "dns.invented")
