"""The same question through a proxy: what is asked there, how it is named, what a proxy that fails is worth."""

import pytest

from probe.lab.rule import Drop, Match, Reset, Rule, Stage
from probe.lab.world import Route, redirect
from probe.model.failure import FailureKind
from probe.model.measurement import ControlHealth
from probe.model.observation import HTTPRoundTrip, Purpose, TCPConnect, TLSHandshake
from tests.world import CONTROL, http_host, https_host, listed, measured, reference, run_in, target, tiny_world

HERE = "104.16.1.1"
RESET = Rule(id="sni", match=Match(stage=Stage.TLS, names=("a.example",)), effect=Reset())


def test_a_failure_is_asked_again_through_the_proxy_to_the_last_stage() -> None:
    world = tiny_world(https_host("a.example", HERE))
    ran = measured(world, "https://a.example/", rules=[RESET], proxy=True, followup=False)
    seen = [o for o in ran.line.observations if o.via]
    assert [type(o) for o in seen] == [TCPConnect, TLSHandshake, HTTPRoundTrip]
    assert {(o.via, o.purpose, o.failure) for o in seen} == {("proxy-1", Purpose.CONTROL, None)}
    assert isinstance(seen[0], TCPConnect)
    assert seen[0].address == "a.example"  # the proxy resolves; its own address is nobody's business
    assert ran.line.control == "reached"
    assert (CONTROL, 1080) in ran.connects()


def test_a_control_follows_redirects_by_itself() -> None:
    routes = [Route(path="/", response=redirect("https://b.example/"))]
    world = tiny_world(https_host("a.example", HERE, routes=routes), https_host("b.example", "104.16.1.2"))
    line = measured(world, "https://a.example/", rules=[RESET], proxy=True, followup=False).line
    assert [o.url for o in line.observations if isinstance(o, HTTPRoundTrip) and o.via] == [
        "https://a.example/", "https://b.example/"
    ]  # fmt: skip


def test_a_server_that_is_down_is_down_for_the_control_too() -> None:
    world = tiny_world(https_host("a.example", HERE))
    line = measured(world, "https://a.example/", down=["a.example"], proxy=True).line
    assert (line.verdict, line.control) == ("down", "failed")


@pytest.mark.parametrize("effect", [Reset(), Drop()])
def test_a_proxy_that_is_out_of_reach_says_nothing_of_the_target(effect: Reset | Drop) -> None:
    blocked = Rule(id="proxy", match=Match(stage=Stage.TCP, addresses=(CONTROL,)), effect=effect)
    world = tiny_world(https_host("a.example", HERE))
    line = measured(world, "https://a.example/", rules=[RESET, blocked], proxy=True, timeout=0.2, followup=False).line
    [seen] = [o for o in line.observations if o.via]
    assert seen.failure is not None
    assert seen.failure.kind is FailureKind.PROXY_FAILED
    assert line.control == "unusable"
    assert line.verdict == "insufficient"


def test_the_controls_own_health_is_measured_on_the_references_and_stands_in_every_line() -> None:
    world = tiny_world(http_host("r.example", "104.16.2.1"), http_host("s.example", "104.16.2.2"),
                       https_host("a.example", HERE))  # fmt: skip
    targets = listed(reference("r.example"), reference("s.example"), target("https://a.example/"))
    ran = run_in(world, targets, proxy=True)
    assert [one.fitness_evidence.controls for one in ran.lines] == [(ControlHealth("proxy-1", 2, 2),)] * 3
    assert not [o for one in ran.lines for o in one.observations if o.via]  # how it did is kept, not each try


def test_a_tcp_endpoint_is_only_connected_to_through_the_proxy() -> None:
    refuse = Rule(id="syn", match=Match(stage=Stage.TCP, addresses=(HERE,)), effect=Reset())
    world = tiny_world(https_host("a.example", HERE))
    line = measured(world, "tcp://a.example:443", rules=[refuse], proxy=True, followup=False).line
    [seen] = [o for o in line.observations if o.via]
    assert isinstance(seen, TCPConnect)
    assert (seen.failure, line.control, line.mechanism) == (None, "reached", "tcp_refused")
