"""A whole run: references first, then everything else at once, each measurement judged and handed to a sink.

Knows concurrency and pace; what an endpoint's measurement consists of is `endpoint`, what it means `diagnose`. A sink
gets each measurement as soon as it is complete, so that nothing finished is lost when the run is cut short.
"""

import asyncio
import platform
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import msgspec

from probe import __version__
from probe.diagnose.facts import Case, Facts, gather
from probe.diagnose.rejudge import UNJUDGED, rejudge
from probe.measure import control, egress, endpoint, fitness, flow, followup, http3
from probe.measure.bound import bounded
from probe.measure.flow import Errand
from probe.measure.innocent import Innocents
from probe.measure.log import Log, Tools
from probe.measure.plan import Plan, Task
from probe.measure.scrub import scrub
from probe.measure.suspicion import wants_control
from probe.model.clock import rfc3339
from probe.model.diagnosis import ControlState, Fitness
from probe.model.failure import FailureKind
from probe.model.measurement import ControlRecord, FitnessEvidence, Measurement, Software
from probe.model.observation import Purpose, TCPConnect, TLSHandshake
from probe.model.target import Expect, spelt_rollup
from probe.model.vantage import Vantage
from probe.net.url import Where

_UNTRUSTED = (FailureKind.SSL_UNKNOWN_AUTHORITY, FailureKind.SSL_SELF_SIGNED)

Sink = Callable[[Measurement], None]
Records = Callable[[str, float], tuple[ControlRecord, ...]]


def software() -> Software:
    """What measures: the version of everything that shapes what is on the wire."""
    return Software(name="probe", version=__version__, python=platform.python_version(), openssl=ssl.OPENSSL_VERSION)


@dataclass(slots=True)
class _Seen:
    task: Task
    log: Log
    tries: int


@dataclass(slots=True)
class Run:
    """One run. `records(name, epoch)` finds what other vantages saw of an endpoint at about that time.

    `bugs` are errors of our own by endpoint: it has no line then, and all others go on. `halted` says why the run was
    cut short, empty if it was not.
    """

    run_id: str
    vantage: Vantage
    plan: Plan
    tools: Tools
    sink: Sink
    target_list: str
    records: Records = lambda _name, _epoch: ()
    fitness: Fitness = Fitness.UNKNOWN
    evidence: FitnessEvidence = field(default_factory=FitnessEvidence)
    on_fitness: Callable[[Fitness, FitnessEvidence], None] = lambda _fitness, _evidence: None
    bugs: dict[str, Exception] = field(default_factory=dict)
    halted: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _checked: float = 0.0
    _checked_tls: float = -1.0
    _innocents: Innocents = field(init=False)
    _egress: egress.Egress = egress.UNASKED
    _recheck: asyncio.Lock = field(default_factory=asyncio.Lock)
    _checked_controls: float = -1.0
    _recheck_controls: asyncio.Lock = field(default_factory=asyncio.Lock)
    _software: Software = field(default_factory=software)

    def __post_init__(self) -> None:
        self._innocents = Innocents(self.tools.network)

    async def go(self) -> None:
        """Measure everything in the plan. Cancelling loses only what is not yet complete."""
        async with asyncio.TaskGroup() as group:
            self._start(group, self._everything(group))

    def halt(self, why: str) -> None:
        """End early, as a run does whose budget is spent: what is in hand is dropped and `go` returns."""
        self.halted = self.halted or why
        for task in tuple(self._tasks):
            task.cancel()

    def _start(self, group: asyncio.TaskGroup, work: Coroutine[None, None, None]) -> None:
        task = group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _everything(self, group: asyncio.TaskGroup) -> None:
        """The references, and once they are judged every other endpoint in a task of its own."""
        seen = await self._references()
        foreign = self.vantage.country
        for one in seen:
            self._innocents.learn(one.task, one.log.observations, foreign=one.task.target.country != foreign)
        controls = await control.health(self.tools, self._asked())
        self.evidence = msgspec.structs.replace(self.evidence, controls=controls)
        self.on_fitness(self.fitness, self.evidence)
        for one in seen:
            self._keep(one)
        pace = _Pace(self.tools)
        for task in self.plan.tasks:
            await pace.wait()
            self._start(group, self._guarded(task))

    async def _guarded(self, task: Task) -> None:
        """One endpoint. A bug that shows there is counted against us and ends no other endpoint's measurement."""
        try:
            seen = await self._one(task)
        except Exception as bug:  # noqa: BLE001 - kept by name, told at the end, exit 1
            self.bugs[task.name] = bug
        else:
            self._keep(seen)

    def _keep(self, seen: _Seen) -> None:
        """Judge, and give to the sink. A fault of the sink itself ends the run: nothing could be kept."""
        try:
            measurement = self._measurement(seen)
        except Exception as bug:  # noqa: BLE001 - kept by name, told at the end, exit 1
            self.bugs[seen.task.name] = bug
            return
        self.sink(measurement)

    async def _references(self, *, with_tls: bool = False, pauses: tuple[float, ...] | None = None) -> list[_Seen]:
        """Measure the references and judge the vantage by them."""
        self._checked = self.tools.network.monotonic()
        looks = await asyncio.gather(*(self._safe_look(task, pauses) for task in self.plan.references))
        seen = [one for one in looks if one is not None]
        if with_tls:
            await asyncio.gather(*(self._shake(one) for one in seen))
        readings = [fitness.Seen(s.task.target.country, s.log.started, s.log.observations) for s in seen]
        self._egress = await egress.find(self.tools)
        controls = self.evidence.controls
        self.fitness, self.evidence = fitness.judge(readings, self.vantage, self._egress)
        self.evidence = msgspec.structs.replace(self.evidence, controls=controls)
        return seen

    async def _safe_look(self, task: Task, pauses: tuple[float, ...] | None) -> _Seen | None:
        """A reference; None after a bug that shows there."""
        try:
            return await self._look(task, pauses)
        except Exception as bug:  # noqa: BLE001 - kept by name, told at the end, exit 1
            self.bugs[task.name] = bug
            return None

    async def _shake(self, one: _Seen) -> None:
        """A handshake with the reference's own name: is somebody breaking into everybody's TLS?"""
        host = one.task.where.host
        where = Where(f"https://{host}/", "https", host, 443)
        addresses = dict.fromkeys(o.address for o in one.log.observations if isinstance(o, TCPConnect))
        for address in list(addresses)[:1]:
            await flow.run(one.log, self.tools, Errand(where, address, 0, 0, Purpose.CONTROL_SNI, "tls"))

    async def _one(self, task: Task) -> _Seen:
        seen = await self._look(task)
        facts = self._facts(seen)
        if wants_control(facts):
            failed_at = self.tools.network.monotonic()
            reached = await control.through_all(seen.log, self.tools, task.where, task.endpoint.expect)
            if not reached and task.where.scheme not in ("dns", "quic"):
                await self._controls_still_well(failed_at)
            if self.tools.settings.followup:
                await followup.run(seen.log, self.tools, task, self._innocents, self._facts(seen))
            await self._still_fit(failed_at, with_tls=_untrusted(seen.log))
        if self.tools.settings.quic:
            await http3.ask(seen.log, self.tools, task, facts, self._innocents)
        return seen

    def _facts(self, seen: _Seen) -> Facts:
        """What is known so far of one endpoint."""
        records = self.records(seen.task.name, seen.log.started)
        case = Case(seen.task.endpoint.url, tuple(seen.log.observations), self.fitness, self.evidence, records)
        return gather(case._replace(vantage=self.vantage.name, country=self.vantage.country))

    async def _look(self, task: Task, pauses: tuple[float, ...] | None = None) -> _Seen:
        log = Log.begin(self.tools.network)
        dead = frozenset(self.evidence.dead_resolvers)
        tries = await endpoint.measure(
            log, self.tools, task.where, task.endpoint.expect, dead_resolvers=dead, pauses=pauses
        )
        return _Seen(task, log, tries)

    async def _still_fit(self, failed_at: float, *, with_tls: bool) -> None:
        """Make sure that the references were seen after a failure; one look serves all that failed before it."""
        if not self.plan.references:
            return
        async with self._recheck:
            if self._checked >= failed_at and (self._checked_tls >= failed_at or not with_tls):
                return
            pause = self._checked + self.tools.settings.recheck_seconds - self.tools.network.monotonic()
            if pause > 0:
                await self.tools.network.sleep(pause)
            before = self.fitness
            await self._references(with_tls=with_tls, pauses=self.tools.settings.retry_pauses[:1])
            if with_tls:
                self._checked_tls = self._checked
            if self.fitness is not before:
                self.on_fitness(self.fitness, self.evidence)

    async def _controls_still_well(self, failed_at: float) -> None:
        """A control that failed may have lost its own line since the run began: it is asked for references again."""
        async with self._recheck_controls:
            if not self.tools.settings.proxies or self._checked_controls >= failed_at or not self.plan.references:
                return
            self._checked_controls = self.tools.network.monotonic()
            controls = await control.health(self.tools, self._asked())
            self.evidence = msgspec.structs.replace(self.evidence, controls=controls)

    def _asked(self) -> list[tuple[Where, Expect]]:
        """The references, as a control is asked for them."""
        return [(task.where, task.endpoint.expect) for task in self.plan.references]

    def _evidence(self) -> FitnessEvidence:
        """What is known of the vantage, QUIC included, which only the endpoints tell."""
        state = self.tools.quic.state
        return self.evidence if state == self.evidence.quic else msgspec.structs.replace(self.evidence, quic=state)

    def _measurement(self, seen: _Seen) -> Measurement:
        task, log = seen.task, seen.log
        ours = self.tools.settings.own_addresses | self._egress.addresses
        observations = bounded(scrub(log.observations, ours))
        records = self.records(task.name, log.started)
        unjudged = Measurement(
            id=f"{self.run_id}/{task.name}",
            run_id=self.run_id,
            time=rfc3339(log.started),
            vantage=self.vantage.name,
            country=self.vantage.country,
            asn=self.vantage.asn,
            target=task.target.id,
            endpoint=task.endpoint.id,
            role=task.endpoint.role,
            verdict=UNJUDGED.verdict,
            certainty=None,
            layer=None,
            mechanism=None,
            failure=None,
            control=ControlState.NONE,
            fitness=self.fitness,
            required=task.endpoint.required,
            rollup=spelt_rollup(task.target.rollup),
            runtime=log.elapsed(),
            kind=task.target.kind,
            input=task.endpoint.url,
            tries=seen.tries,
            network=self.vantage.network,
            target_list=self.target_list,
            diagnosis=UNJUDGED,
            fitness_evidence=self._evidence(),
            control_records=records,
            observations=observations,
            software=self._software,
        )
        return rejudge(unjudged, self.tools.settings.marks)


def _untrusted(log: Log) -> bool:
    """Whether somebody showed a certificate of an authority that nobody trusts."""
    return any(kind in _UNTRUSTED for o in log.observations if isinstance(o, TLSHandshake) for kind in o.problems)


class _Pace:
    """Spaces the starts of endpoints evenly, without sleeping for less than a tick."""

    def __init__(self, tools: Tools) -> None:
        self._network = tools.network
        self._gap = 1.0 / tools.settings.starts_per_second
        self._next = tools.network.monotonic()

    async def wait(self) -> None:
        now = self._network.monotonic()
        self._next = max(self._next, now - 0.05) + self._gap
        if self._next - now > 0.01:
            await self._network.sleep(self._next - now)
