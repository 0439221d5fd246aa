"""Checks before a run: what each says of a machine, and what the network shows, in a small world with faults."""

import asyncio
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from probe.lab.loopback import LoopbackLab
from probe.measure.plan import make
from probe.model.diagnosis import Fitness
from probe.model.measurement import ControlHealth, EgressCheck, EgressOutcome, EgressWay, FitnessEvidence
from probe.model.observation import Resolver, ResolverKind
from probe.model.vantage import Vantage
from probe.net.real import RealNetwork
from probe.net.remap import RemapNetwork, Unmapped
from probe.schedule import checkup
from probe.schedule.checkup import Check, Look, State
from tests.world import (
    DAY,
    VANTAGE,
    Call,
    Noting,
    http_host,
    https_host,
    listed,
    reference,
    settings,
    target,
    tiny_world,
    trust_in,
)


class Seen(NamedTuple):
    look: Look
    calls: list[Call]


def seen(*, down: tuple[str, ...] = (), seconds: float = 5.0, proxy: bool = True) -> Seen:
    """A look in a world of one site and two references, with these hosts down."""
    names = ("r.example", "s.example")
    places = [http_host(name, f"104.16.2.{number}") for number, name in enumerate(names, start=1)]
    world = tiny_world(*places, https_host("site.example", "104.16.1.1"))
    with LoopbackLab(world) as lab:
        lab.apply((), down)

        async def scenario() -> Seen:
            inside = RemapNetwork(
                RealNetwork(), lab.client_table, resolvers=lab.world.client.resolvers, unmapped=Unmapped.UNREACHABLE
            )
            network = Noting(inside)
            plan = make(listed(target("https://site.example/"), *map(reference, names)), DAY)
            chosen = settings(network, proxy=proxy)
            found = await checkup.look(chosen, VANTAGE, plan, network, trust_in(lab.ca_pem), seconds)
            return Seen(found, network.calls)

        return asyncio.run(scenario())


def test_a_look_asks_references_and_controls_and_nobody_else() -> None:
    found = seen()
    assert (found.look.fitness, found.look.cut) == (Fitness.FIT, False)
    assert [one.reached for one in found.look.evidence.controls] == [2]
    assert "104.16.1.1" not in {call.host for call in found.calls}
    assert "site.example" not in {call.host for call in found.calls}
    by_name = {check.name: check for check in checkup.of_look(found.look, ["socks5://a:1"])}
    assert by_name["references"] == Check("references", State.OK, "2 of 2 reached: fit")
    assert by_name["control"] == Check("control", State.OK, "socks5://a:1: reaches 2 of 2 references")


def test_an_offline_vantage_and_a_dead_control_fail_with_what_to_do() -> None:
    found = seen(down=("r.example", "s.example"))
    checks = {check.name: check for check in checkup.of_look(found.look, ["socks5://a:1"])}
    assert checks["references"].state is State.FAIL
    assert checks["references"].said.startswith("0 of 2 reached: offline")
    assert (checks["control"].state, bool(checks["control"].fix)) == (State.FAIL, True)


def test_a_look_that_takes_too_long_is_cut_and_says_so() -> None:
    found = seen(seconds=0.0)
    assert found.look.cut
    references, *_ = checkup.of_look(found.look, [])
    assert references.said.endswith("not all had answered in time")
    assert references.state is State.WARN


def evidence(**changes: object) -> FitnessEvidence:
    fields: dict[str, object] = {"domestic": (1, 2), "foreign": (3, 3), **changes}
    return FitnessEvidence(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("fitness", list(Fitness))
def test_every_fitness_has_words_and_only_a_fit_vantage_needs_no_fix(fitness: Fitness) -> None:
    references, *_ = checkup.of_look(Look(fitness, evidence(), cut=False), [])
    assert references.said.startswith("4 of 5 reached: ")
    assert bool(references.fix) is (fitness is not Fitness.FIT)
    may_run = {Fitness.FIT, Fitness.UNKNOWN, Fitness.IPV6_BROKEN}  # those with which `probe run` ends with 0
    assert (references.state is State.FAIL) is (fitness not in may_run)


@pytest.mark.parametrize(
    ("offset", "state"), [(None, "warn"), (0.4, "ok"), (-29.0, "ok"), (31.0, "warn"), (299.0, "warn"), (-301.0, "fail")]
)
def test_the_clock(offset: float | None, state: str) -> None:
    checks = checkup.of_look(Look(Fitness.FIT, evidence(clock_offset=offset), cut=False), [])
    [clock] = [check for check in checks if check.name == "clock"]
    assert clock.state == state
    assert (offset is None) is ("not known" in clock.said)


@pytest.mark.parametrize(("state", "mark"), [("ok", "ok"), ("none", "ok"), ("broken", "warn")])
def test_ipv6(state: str, mark: str) -> None:
    checks = checkup.of_look(Look(Fitness.FIT, evidence(ipv6=state), cut=False), [])
    assert [check.state for check in checks if check.name == "IPv6"] == [mark]


def test_a_mismatch_and_an_unknown_way_out_are_told_in_the_words_of_the_evidence() -> None:
    told = Look(Fitness.VANTAGE_MISMATCH, evidence(note="declared AS4134, seen from AS9009"), cut=False)
    [egress] = [check for check in checkup.of_look(told, []) if check.name == "egress"]
    assert (egress.state, egress.said) == (State.FAIL, "declared AS4134, seen from AS9009")


def egress(outcome: EgressOutcome, *found: int, note: str = "") -> list[Check]:
    ways = () if outcome is EgressOutcome.NOT_ASKED else (EgressWay.ASN_TABLE,)
    check = EgressCheck(outcome=outcome, ways=ways, table="ip2asn.tsv" if ways else "", found=found)
    told = Look(Fitness.FIT, evidence(egress=check, note=note), cut=False)
    return [check for check in checkup.of_look(told, []) if check.name == "egress"]


def test_by_which_network_a_run_leaves_is_one_line_whatever_came_of_it() -> None:
    assert egress(EgressOutcome.AGREED, 4134) == [
        Check("egress", State.OK, "AS4134, as declared and no other (by ip2asn.tsv)")
    ]
    assert egress(EgressOutcome.MIXED, 4134, 9009, note="seen from AS9009 as well as from AS4134") == [
        Check("egress", State.WARN, "seen from AS9009 as well as from AS4134")
    ]
    [undeclared] = egress(EgressOutcome.UNKNOWN, 4134)
    assert (undeclared.state, undeclared.fix) == (State.WARN, "set asn: AS4134")
    [unasked] = egress(EgressOutcome.NOT_ASKED)
    assert (unasked.state, "--egress-url" in unasked.fix) == (State.WARN, True)


def test_a_look_that_did_not_come_to_the_egress_says_nothing_of_it() -> None:
    assert not [check for check in checkup.of_look(Look(Fitness.FIT, evidence(), cut=True), []) if "egress" in check]


def test_a_control_that_there_was_nothing_to_ask_for_is_not_called_dead() -> None:
    unasked = Look(Fitness.UNKNOWN, evidence(), cut=False)
    [control] = [check for check in checkup.of_look(unasked, ["http://a:1"]) if check.name == "control"]
    assert control.state is State.WARN
    alive = evidence(controls=(ControlHealth("proxy-1", 0, 2), ControlHealth("proxy-2", 2, 2)))
    checks = list(checkup.of_look(Look(Fitness.FIT, alive, cut=False), ["http://a:1", "http://b:1"]))
    assert [check.state for check in checks if check.name == "control"] == ["fail", "ok"]


OWN = Resolver(kind=ResolverKind.UDP, address="10.0.0.1:53", own=True)
SYSTEM = Resolver(kind=ResolverKind.SYSTEM, own=True)
OTHER = Resolver(kind=ResolverKind.UDP, address="9.9.9.9:53")


def test_resolvers_that_answered_nothing_are_named() -> None:
    told = Look(Fitness.FIT, evidence(dead_resolvers=("9.9.9.9:53",)), cut=False)
    assert [(check.state, check.said) for check in checkup.of_resolvers((SYSTEM, OWN, OTHER), told)] == [
        ("ok", "system"),
        ("ok", "udp 10.0.0.1:53"),
        ("warn", "udp 9.9.9.9:53: no answer for any reference"),
    ]
    first, *_ = checkup.of_resolvers((SYSTEM, OTHER), None)
    assert "/etc/resolv.conf" in first.said


@pytest.mark.parametrize(
    ("vantage", "state", "said"),
    [
        (Vantage(name="sha-ct", country="CN", asn=4134, network="Telecom"), "ok", "sha-ct, CN, AS4134 Telecom"),
        (Vantage(name="local"), "warn", "local; country and network not told"),
        (Vantage(name="sha-ct", country="CN"), "warn", "sha-ct; network not told"),
    ],
)
def test_what_the_operator_declared(vantage: Vantage, state: str, said: str) -> None:
    check = checkup.of_vantage(vantage)
    assert (check.state, check.said, bool(check.fix)) == (state, said, state == "warn")


@pytest.mark.parametrize(
    ("own", "state"), [({"10.0.0.5"}, "ok"), ({"10.0.0.5", "2a00::1"}, "ok"), ({"2a00::1"}, "ok"), (set(), "fail")]
)
def test_ways_out_are_told_without_our_addresses(own: set[str], state: str) -> None:
    check = checkup.of_addresses(frozenset(own))
    assert check.state == state
    assert not any(address in check.said for address in own)


def test_a_limit_on_open_files_that_is_low_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "raise_file_limit", lambda: 256)
    assert checkup.of_files().state is State.WARN
    monkeypatch.setattr(checkup, "raise_file_limit", lambda: 4096)
    assert checkup.of_files().state is State.OK


def test_a_results_folder_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    results, space = checkup.of_results(tmp_path / "a" / "results")
    assert (results.state, results.said.endswith("made by the first run"), space.name) == (State.OK, True, "space")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("", encoding="utf-8")
    [refused] = checkup.of_results(tmp_path / "file")
    assert (refused.state, "cannot be written" in refused.said) == (State.FAIL, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_results_folder_of_somebody_else_fails(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    [refused] = checkup.of_results(tmp_path)
    assert "permission denied" in refused.said


@pytest.mark.parametrize(("free", "state"), [(5e9, "ok"), (5e8, "warn"), (1e7, "fail")])
def test_free_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    class Usage(NamedTuple):
        free: float

    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(free))
    _, space = checkup.of_results(tmp_path)
    assert (space.state, bool(space.fix)) == (state, state != "ok")


def test_extras_that_are_missing_say_what_is_missing_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_there", lambda module: module == "aioquic")
    said = checkup.of_extras().said
    assert said.startswith("installed: quic; not installed: zstd: .jsonl.zst cannot be read; s3: ")
