"""A whole run: every task one line, lines as they complete, fitness in each, concurrency by the clock, an early end."""

import asyncio
import errno
import importlib
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec
import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import Drop, Match, Reset, Rule, Stage
from probe.lab.world import Response, Route, World
from probe.measure import control
from probe.measure.log import Tools
from probe.measure.plan import Task, make
from probe.measure.runner import Run, software
from probe.measure.settings import budget
from probe.model.codec import decode_line, encode_line
from probe.model.diagnosis import Fitness
from probe.model.failure import FailureKind
from probe.model.measurement import ControlHealth, Measurement
from probe.model.target import Expect, Need, Role, RollupRule, Target, TargetKind, TargetList
from probe.net.doh import DohClient
from probe.net.network import Network, Stream
from probe.net.real import RealNetwork
from probe.net.remap import RemapNetwork, Unmapped
from probe.net.scripted import After, ScriptedNetwork
from probe.net.url import Where
from tests.world import (
    DAY,
    VANTAGE,
    http_host,
    https_host,
    listed,
    reference,
    run_in,
    run_over,
    settings,
    target,
    tiny_world,
    trust_in,
)

NAMES = tuple(f"s{number}.example" for number in range(6))
REFERENCES = ("r1.example", "r2.example")


def many() -> tuple[Target, ...]:
    """Six sites, each over https, tcp and dns, and two references."""
    urls = [url for name in NAMES for url in (f"https://{name}/", f"tcp://{name}:443", f"dns://{name}")]
    targets = [target(url, id=f"t{number}") for number, url in enumerate(urls)]
    return (*targets, *(reference(name) for name in REFERENCES))


def world_of_many() -> World:
    sites = [https_host(name, f"104.16.1.{number}") for number, name in enumerate(NAMES, start=1)]
    return tiny_world(*sites, *(http_host(name, f"104.16.2.{n}") for n, name in enumerate(REFERENCES, start=1)))


@pytest.mark.parametrize("concurrency", [1, 512])
def test_every_task_of_the_plan_gives_exactly_one_line_whatever_becomes_of_it(concurrency: int) -> None:
    rules = [
        Rule(id="reset", match=Match(stage=Stage.TLS, names=NAMES[1:2]), effect=Reset()),
        Rule(id="drop", match=Match(stage=Stage.TCP, addresses=("104.16.1.3",)), effect=Drop()),
    ]
    ran = run_in(world_of_many(), listed(*many()), rules=rules, down=NAMES[3:4], proxy=True, timeout=0.6,
                 concurrency=concurrency)  # fmt: skip
    plan = make(listed(*many()), DAY)
    assert Counter(f"{m.target}/{m.endpoint}" for m in ran.lines) == Counter(
        task.name for task in (*plan.references, *plan.tasks)
    )
    assert len({m.id for m in ran.lines}) == plan.size == 20
    verdicts = {m.input: m.verdict for m in ran.lines}
    assert verdicts[f"https://{NAMES[0]}/"] == "ok"
    assert verdicts[f"https://{NAMES[1]}/"] == "blocked"
    assert verdicts[f"https://{NAMES[3]}/"] == "down"


def test_a_line_says_what_it_is_of_and_survives_the_disk() -> None:
    ran = run_in(world_of_many(), listed(*many()))
    for line in ran.lines:
        assert decode_line(encode_line(line)) == line
        assert (line.vantage, line.country, line.asn, line.target_list) == ("lab", "CN", 4134, "0" * 64)
        assert (line.fitness, line.fitness_evidence.foreign) == (Fitness.FIT, (2, 2))
        assert line.software == software()
        assert line.runtime >= max(o.t for o in line.observations)
        numbers = [o.transaction_id for o in line.observations]
        assert min(numbers) == 1


def test_a_line_says_what_the_list_asked_for_then() -> None:
    rules = (RollupRule(role=Role.WEB, need=Need.ANY),)
    asked = target("https://s0.example/", rollup=rules)
    loose = msgspec.structs.replace(asked, id="loose", endpoints=(
        msgspec.structs.replace(asked.endpoints[0], required=False),
    ))  # fmt: skip
    ran = run_in(world_of_many(), listed(asked, loose, reference(REFERENCES[0])))
    said = {line.target: (line.required, line.rollup) for line in ran.lines}
    assert said == {"site": (True, "web:any"), "loose": (False, "web:any"), REFERENCES[0]: (True, "all")}


def test_references_come_first_and_judge_the_rest() -> None:
    ran = run_in(world_of_many(), listed(*many()), down=REFERENCES, retry_pauses=())
    kinds = [line.kind for line in ran.lines]
    assert kinds[:2] == [TargetKind.REFERENCE] * 2
    assert ran.fitness is Fitness.OFFLINE
    assert {line.fitness for line in ran.lines} == {Fitness.OFFLINE}


def test_the_sink_hears_of_each_measurement_as_it_completes() -> None:
    slow = Route(response=Response(body=b"hello", delay=0.3))
    world = tiny_world(
        https_host("slow.example", "104.16.1.1", routes=[slow]), https_host("quick.example", "104.16.1.2")
    )
    targets = listed(target("https://slow.example/", id="slow"), target("https://quick.example/", id="quick"))
    ran = run_in(world, targets)
    assert [line.target for line in ran.lines] == ["quick", "slow"]


def test_a_line_that_dies_in_the_middle_of_the_run_is_the_vantages_trouble_and_no_targets() -> None:
    class Dies(RemapNetwork):
        """The line goes dead once the references have been measured."""

        dead = False

        async def connect(self, address: str, port: int, deadline: float) -> Stream:
            if port == 443:
                self.dead = True
            if self.dead:
                raise OSError(errno.EHOSTUNREACH, "the line is dead")
            return await super().connect(address, port, deadline)

    world = tiny_world(https_host("a.example", "104.16.1.1"), http_host("r1.example", "104.16.2.1"))
    with LoopbackLab(world) as lab:

        async def scenario() -> list[Measurement]:
            network = Dies(RealNetwork(), lab.client_table, resolvers=world.client.resolvers)
            lines: list[Measurement] = []
            targets = listed(target("https://a.example/"), reference("r1.example"))
            await run_over(network, targets, trust_in(lab.ca_pem), settings(network), lines.append)
            return lines

        first, second = asyncio.run(scenario())
    assert (first.kind, first.verdict, first.fitness) == (TargetKind.REFERENCE, "ok", Fitness.FIT)
    assert (second.verdict, second.fitness) == ("insufficient", Fitness.OFFLINE)


def test_a_control_that_lost_its_line_in_the_middle_of_the_run_does_not_make_a_site_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its proxy still answers; it reached every reference at first, and none once it had failed."""
    asked: list[int] = []

    async def health(_tools: Tools, references: Sequence[object]) -> tuple[ControlHealth, ...]:
        asked.append(len(references))
        return (ControlHealth("proxy-1", 1 if len(asked) == 1 else 0, 1),)

    monkeypatch.setattr(control, "health", health)
    world = tiny_world(https_host("a.example", "104.16.1.1"), http_host("r1.example", "104.16.2.1"))
    gone = msgspec.structs.replace(world, hosts=tuple(h for h in world.hosts if h.name != "a.example"))
    dark = Rule(id="dark", match=Match(stage=Stage.TCP, addresses=("104.16.1.1",)), effect=Reset())
    targets = listed(target("https://a.example/"), reference("r1.example"))
    line = run_in(gone, targets, rules=[dark], proxy=True).line
    assert asked == [1, 1]
    assert (line.verdict, line.diagnosis.rule) == ("insufficient", "control.unusable")


def test_cancelling_keeps_what_is_complete_and_leaves_nothing_running() -> None:
    silent = Rule(id="hush", match=Match(stage=Stage.TLS, names=("slow.example",)), effect=Drop())
    world = tiny_world(https_host("slow.example", "104.16.1.1"), https_host("quick.example", "104.16.1.2"))
    targets = listed(target("https://slow.example/", id="slow"), target("https://quick.example/", id="quick"))
    lines: list[Measurement] = []
    with LoopbackLab(world, [silent]) as lab:

        async def scenario() -> None:
            network = RemapNetwork(RealNetwork(), lab.client_table, resolvers=world.client.resolvers)
            heard = asyncio.Event()

            def sink(line: Measurement) -> None:
                lines.append(line)
                heard.set()

            chosen = settings(network, timeout=30.0)
            run = asyncio.ensure_future(run_over(network, targets, trust_in(lab.ca_pem), chosen, sink))
            await heard.wait()
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(scenario())
    assert [line.target for line in lines] == ["quick"]


SILENT = 300
BLACKHOLES = tuple(f"93.184.{number // 250}.{number % 250 + 1}" for number in range(SILENT))


def scripted(targets: Sequence[Target], network: ScriptedNetwork, **changes: object) -> list[Measurement]:
    """A run on a clock that is wound by hand."""
    lines: list[Measurement] = []

    async def scenario() -> None:
        plain = settings(network, timeout=10.0, retry_pauses=(2.0, 4.0), resolvers=(), **changes)
        await network.run(run_over(network, listed(*targets), trust_in(""), plain, lines.append))

    asyncio.run(scenario())
    return lines


def test_three_hundred_silent_targets_cost_one_timeout_a_try_and_not_three_hundred() -> None:
    network = ScriptedNetwork()
    lines = scripted([target(f"tcp://{a}:443", id=f"t{n}") for n, a in enumerate(BLACKHOLES)], network)
    assert len(lines) == SILENT
    assert {line.failure for line in lines} == {FailureKind.TIMEOUT}
    firsts = [call.t for call in network.calls[:SILENT]]
    assert max(firsts) < 10.0  # all were under way before the first gave up
    assert len(network.calls) == 3 * SILENT
    assert network.monotonic() < 3 * 10.0 + 2.0 + 4.0 + 2.0  # tries, pauses, the pause before experiments, pacing


def test_targets_that_are_silent_do_not_hold_up_those_that_answer() -> None:
    network = ScriptedNetwork(rtt=0.1, tcp={("93.185.0.1", 443): lambda _data: ()})
    blackholes = [target(f"tcp://{a}:443", id=f"t{n}") for n, a in enumerate(BLACKHOLES)]
    lines = scripted([*blackholes, target("tcp://93.185.0.1:443", id="alive")], network, concurrency=1)
    assert (lines[0].target, lines[0].verdict) == ("alive", "ok")
    assert lines[0].runtime < 1.0


def test_starts_are_paced() -> None:
    peers = dict.fromkeys(((address, 443) for address in BLACKHOLES), lambda _data: ())
    network = ScriptedNetwork(tcp=peers)
    targets = [target(f"tcp://{a}:443", id=f"t{n}") for n, a in enumerate(BLACKHOLES)]
    scripted(targets, network, starts_per_second=100.0)
    times = [call.t for call in network.calls]
    assert times == sorted(times)
    within_a_second = max(sum(start <= t < start + 1.0 for t in times) for start in times)
    assert 90 <= within_a_second <= 110


def test_a_page_that_stalls_is_timed_out_by_its_own_stage() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    peer = lambda data: [After(0.1, answer)] if data else []  # noqa: E731 - a peer in a line
    network = ScriptedNetwork(tcp={("93.185.0.1", 80): peer})
    [line] = scripted([target("http://93.185.0.1/", Expect(status=(200,)))], network, followup=False)
    assert (line.failure, line.tries) == (FailureKind.TIMEOUT, 3)
    assert line.runtime == pytest.approx(3 * 10.0 + 6.0, abs=0.5)


def test_a_network_that_maps_nowhere_is_offline_and_blames_nobody() -> None:
    def nowhere(_network: Network) -> Network:
        return RemapNetwork(RealNetwork(), {}, unmapped=Unmapped.UNREACHABLE)

    ran = run_in(world_of_many(), listed(*many()), wrap=nowhere, retry_pauses=(), resolvers=())
    assert ran.fitness is Fitness.OFFLINE
    assert {line.verdict for line in ran.lines} == {"insufficient"}


def test_a_run_without_anything_to_do_ends() -> None:
    assert run_in(tiny_world(), listed()).lines == []


@pytest.mark.parametrize("where", ["probe.measure.endpoint.measure", "probe.measure.runner.rejudge"])
@pytest.mark.parametrize("victim", [NAMES[0], REFERENCES[0]])
def test_a_bug_at_one_endpoint_costs_that_endpoint_and_no_other(
    monkeypatch: pytest.MonkeyPatch, where: str, victim: str
) -> None:
    module, _, name = where.rpartition(".")
    real = getattr(importlib.import_module(module), name)

    def breaks(*given: Any, **named: Any) -> Any:
        told = [
            one.host if isinstance(one, Where) else one.input for one in given if isinstance(one, Where | Measurement)
        ]
        if any(victim in one for one in told):
            raise ZeroDivisionError(victim)
        return real(*given, **named)

    monkeypatch.setattr(where, breaks)
    ran, run = run_with_runner(world_of_many(), listed(*many()))
    hit = {f"{one.target}/{one.endpoint}" for one in ran} ^ {task.name for task in plan_of_many()}
    expected = {task.name for task in plan_of_many() if victim in task.where.host}
    assert hit == set(run.bugs) == expected
    assert {str(bug) for bug in run.bugs.values()} == {victim}


def plan_of_many() -> tuple[Task, ...]:
    plan = make(listed(*many()), DAY)
    return (*plan.references, *plan.tasks)


def run_with_runner(world: World, targets: TargetList) -> tuple[list[Measurement], Run]:
    """A run that gives its runner back."""
    lines: list[Measurement] = []
    with LoopbackLab(world) as lab:

        async def scenario() -> Run:
            network = RemapNetwork(RealNetwork(), lab.client_table, resolvers=world.client.resolvers)
            return await run_over(network, targets, trust_in(lab.ca_pem), settings(network), lines.append)

        return lines, asyncio.run(scenario())


def test_a_sink_that_fails_ends_the_run() -> None:
    def full(_line: Measurement) -> None:
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(ExceptionGroup) as told:
        asyncio.run(_into(full))
    assert told.value.subgroup(OSError) is not None


async def _into(sink: Callable[[Measurement], None]) -> Run:
    network = ScriptedNetwork(tcp={("93.185.0.1", 443): lambda _data: ()})
    plain = settings(network, retry_pauses=(), resolvers=())
    return await network.run(run_over(network, listed(target("tcp://93.185.0.1:443")), trust_in(""), plain, sink))


def test_a_run_that_is_halted_ends_at_once_and_drops_what_is_in_hand() -> None:
    network = ScriptedNetwork(rtt=0.1, tcp={("93.185.0.1", 443): lambda _data: ()})
    lines: list[Measurement] = []
    runs: list[Run] = []

    async def scenario() -> None:
        targets = listed(target("tcp://93.185.0.1:443", id="quick"), target("tcp://93.185.0.9:443", id="silent"))
        async with DohClient(network, trust_in("")) as doh:
            chosen = settings(network, timeout=10.0, resolvers=())
            tools = Tools(network, trust_in(""), doh, chosen, budget(8, 1, 1024))
            run = Run(run_id="r", vantage=VANTAGE, plan=make(targets, DAY), tools=tools, sink=lines.append,
                      target_list="")  # fmt: skip
            runs.append(run)
            going = asyncio.ensure_future(run.go())
            await network.sleep(1.0)
            run.halt("enough")
            run.halt("and again")
            await going
            assert len(asyncio.all_tasks()) == 2  # this one, and the one that winds the clock

    asyncio.run(drive(network, scenario()))
    assert [line.target for line in lines] == ["quick"]
    assert (runs[0].halted, runs[0].bugs) == ("enough", {})
    assert network.monotonic() < 2.0


async def drive(network: ScriptedNetwork, main: Coroutine[Any, Any, None]) -> None:
    """Run `main` while the clock is wound."""
    task = asyncio.ensure_future(main)
    await network.advance(1.5)
    await task
