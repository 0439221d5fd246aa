"""A watch on a clock wound by hand: a world of verdicts by time, and everything that was done in it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from probe.measure.plan import Plan, make
from probe.model.diagnosis import ControlState, Fitness, Verdict
from probe.model.measurement import FitnessEvidence, Measurement
from probe.model.observation import HTTPRoundTrip
from probe.model.target import Endpoint, Role, Target, TargetKind
from probe.net.scripted import ScriptedNetwork
from probe.schedule.due import Grid, grid
from probe.schedule.loop import Cycle, Hooks, Watch
from probe.schedule.once import Finished
from probe.schedule.pace import Change, Pace
from probe.schedule.state import State
from probe.store.layout import run_id, run_path
from tests.store.records import measurement
from tests.world import DAY, VANTAGE, listed, reference

APP, INSTANCE = "app", "small.example"
Look = Callable[[str, float], dict[str, Any]]
"""What a measurement of `target/endpoint` at a time is: changes to a fine one."""


def fine(_name: str, _at: float) -> dict[str, Any]:
    """A world in which all is well."""
    return {}


BLOCKED: dict[str, Any] = {"verdict": Verdict.BLOCKED, "control": ControlState.REACHED, "fitness": Fitness.FIT}


def page(status: int, **headers: str) -> HTTPRoundTrip:
    """An answer; headers with `_` for `-`."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HTTPRoundTrip(
        transaction_id=1, address="104.16.1.1", port=443, method="GET", url="https://a.example/", status=status,
        headers=pairs,
    )  # fmt: skip


def things() -> Plan:
    """An app, an instance and a reference."""
    api = Endpoint(id="api", role=Role.API, url="https://a.example/", required=True)
    app = Target(id=APP, kind=TargetKind.APP, name="App", endpoints=(api,))
    small = Target(id=INSTANCE, kind=TargetKind.INSTANCE, name="Small", endpoints=(api,))
    return make(listed(app, small, reference("r.example")), DAY)


@dataclass
class Told:
    """What a watch did and told, in order. `runs`: when each began, and what it measured."""

    runs: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    saved: list[State] = field(default_factory=list)
    measured: list[Measurement] = field(default_factory=list)

    def times_of(self, name: str) -> list[float]:
        """When an endpoint was measured."""
        return [at for at, names in self.runs if name in names]

    def hooks(self) -> Hooks:
        """Hooks that keep everything."""
        return Hooks(
            on_cycle=self.cycles.append, on_measurement=self.measured.append, on_change=self.changes.append,
            on_run_finished=self.finished.append, on_note=self.notes.append,
        )  # fmt: skip


Fault = Callable[[int], BaseException | None]
"""What befalls the n-th run, if anything."""


def watched(
    seconds: float,
    *,
    every: float = 600.0,
    look: Look = fine,
    takes: float = 20.0,
    fault: Fault = lambda _number: None,
    events: Sequence[tuple[float, Callable[[ScriptedNetwork], None]]] = (),
    state: State | None = None,
    hooks: Sequence[Hooks] = (),
    tick: float = 15.0,
    network: ScriptedNetwork | None = None,
    save: Callable[[State], None] = lambda _state: None,
) -> Told:
    """Watch for so many seconds of a hand-wound clock. `events` happen to the world, `(seconds, what)`."""
    told, network = Told(), network or ScriptedNetwork()
    schedule: Grid = grid(every, "lab")

    async def measure(plan: Plan, heard: Callable[[Measurement], None]) -> Finished:
        began = network.now()
        names = tuple(task.name for task in plan.tasks)
        told.runs.append((began, names))
        await network.sleep(takes / 2)
        if (error := fault(len(told.runs) - 1)) is not None:
            raise error
        run = run_id(began, VANTAGE.name, "0000")
        for task in (*plan.references, *plan.tasks):
            what = look(task.name, network.now())
            heard(measurement(network.now(), run_id=run, vantage="lab", target=task.target.id,
                              endpoint=task.endpoint.id, kind=task.target.kind, **what))  # fmt: skip
        await network.sleep(takes / 2)
        return finished(run, began, network.now(), plan.size)

    def kept(now: State) -> None:
        save(now)
        told.saved.append(msgspec.json.decode(msgspec.json.encode(now), type=State))

    async def scenario() -> None:
        watch = Watch(
            network=network, grid=schedule, pace=Pace(every, schedule.jitter), state=state or State(),
            plan=lambda _now: things(), measure=measure, save=kept, hooks=(told.hooks(), *hooks), tick=tick,
        )  # fmt: skip
        running = asyncio.ensure_future(watch.go())
        end = network.monotonic() + seconds
        for after, what in events:
            await network.advance(after - network.monotonic())
            what(network)
        await network.advance(end - network.monotonic())
        assert not running.done(), running.exception()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(scenario())
    return told


def finished(run: str, began: float, ended: float, size: int) -> Finished:
    """A run that went well."""
    out = Path("results")
    return Finished(
        run_id=run, path=run_path(out, VANTAGE.name, run), out=out, vantage=VANTAGE, began=began, ended=ended,
        fitness=Fitness.FIT, evidence=FitnessEvidence(), planned=size, measured=size,
    )  # fmt: skip
