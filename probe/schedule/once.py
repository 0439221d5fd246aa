"""One run, from its settings to the file it leaves behind. Prints nothing: callers hear of each measurement.

Every measurement is in the journal before anybody else hears of it, so a run that is cut short has lost only what was
not yet complete. The results folder is locked from before the file is opened until after `on_finished` has heard.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from probe.measure.log import Tools
from probe.measure.plan import Plan
from probe.measure.runner import Run
from probe.measure.settings import Settings, budget
from probe.model.diagnosis import Fitness
from probe.model.measurement import FitnessEvidence, Measurement
from probe.model.vantage import Vantage
from probe.net.certificate import TrustStore
from probe.net.doh import DohClient
from probe.net.metered import Meter, MeteredNetwork
from probe.net.network import Network
from probe.schedule.lock import results_lock
from probe.schedule.resume import Resumed
from probe.store.journal import Journal, JournalError
from probe.store.layout import run_id, run_path
from probe.store.neighbours import Neighbours
from probe.store.seal import Ended
from probe.store.sealing import seal


class Bounds(NamedTuple):
    """What a run may cost: payload bytes both ways, and seconds. None: no bound."""

    bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """All that a run needs to know. `out` is the results folder; `resumed` a run that this one completes."""

    plan: Plan
    vantage: Vantage
    settings: Settings
    out: Path
    target_list: str
    bounds: Bounds = field(default_factory=Bounds)
    resumed: Resumed | None = None


class NotMade(NamedTuple):
    """A measurement that was planned and not made (`target/endpoint`), and why. It says nothing about the endpoint."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over: its file, which is closed and on the disk, and what became of its plan.

    `began` and `ended` are epoch seconds, `measured` the lines written, `planned` those asked for (a resumed run counts
    those it found on disk in neither), `bugs` errors of our own by endpoint, `bytes` what it cost. `kept`: the file is
    there; one that holds no line is not kept.
    """

    run_id: str
    path: Path
    out: Path
    vantage: Vantage
    began: float
    ended: float
    fitness: Fitness
    evidence: FitnessEvidence
    planned: int
    measured: int
    not_made: tuple[NotMade, ...] = ()
    bugs: dict[str, Exception] = field(default_factory=dict)
    interrupted: bool = False
    bytes: int = 0
    kept: bool = True

    @property
    def complete(self) -> bool:
        """Whether every planned endpoint has its line."""
        return not self.not_made

    @property
    def errors(self) -> int:
        """How many endpoints have no line because of a bug of ours."""
        return len(self.bugs)


@dataclass(slots=True)
class Progress:
    """What the caller hears: the file, the fitness, each measurement once it is on its way to disk, and the end.

    `on_finished` hears of every run whose file could be kept, also of one cut short, while the lock is still held.
    """

    on_start: Callable[[str, Path], None] = lambda _run, _path: None
    on_fitness: Callable[[Fitness, FitnessEvidence], None] = lambda _fitness, _evidence: None
    on_measurement: Callable[[Measurement], None] = lambda _measurement: None
    on_finished: Callable[[Finished], None] = lambda _finished: None


async def run_once(
    job: Job, network: Network, trust: TrustStore, neighbours: Neighbours, progress: Progress
) -> Finished:
    """Measure the plan once.

    Raises JournalError if the results cannot be written; everything measured before is on disk. LockedError: another
    run writes to the folder. Cancelling ends the run cleanly; `on_finished` still hears of it.
    """
    began = network.now()
    run = run_id(began, job.vantage.name, secrets.token_hex(2)) if job.resumed is None else job.resumed.run_id
    with results_lock(job.out, f"run {run}", began):
        return await _Once(job, trust, neighbours, progress, run, began).go(network)


@dataclass(slots=True)
class _Once:
    """The run while it goes on."""

    job: Job
    trust: TrustStore
    neighbours: Neighbours
    progress: Progress
    run: str
    began: float
    made: set[str] = field(default_factory=set)
    runner: Run | None = None

    async def go(self, network: Network) -> Finished:
        meter = Meter(self.job.bounds.bytes, self._bytes_are_spent)
        try:
            await self._measure(network, MeteredNetwork(network, meter))
        except asyncio.CancelledError:
            self._over(network.now(), meter, interrupted=True)
            raise
        return self._over(network.now(), meter, interrupted=False)

    @property
    def path(self) -> Path:
        return self.job.resumed.path if self.job.resumed else run_path(self.job.out, self.job.vantage.name, self.run)

    @property
    def there(self) -> frozenset[str]:
        """The endpoints whose lines the file holds already."""
        return self.job.resumed.names if self.job.resumed else frozenset()

    async def _measure(self, network: Network, metered: Network) -> None:
        """Run to the end of the plan or of its time."""
        async with DohClient(metered, self.trust) as doh:
            with Journal(self.path) as journal:
                self.progress.on_start(self.run, self.path)
                self.runner = self._runner(metered, doh, journal)
                async with _timed(network, self.job.bounds.seconds, self.runner):
                    await _go(self.runner)

    def _runner(self, network: Network, doh: DohClient, journal: Journal) -> Run:
        job = self.job

        def sink(measurement: Measurement) -> None:
            name = f"{measurement.target}/{measurement.endpoint}"
            if name in self.there:  # a reference, asked once more to judge the vantage: its line is there already
                return
            journal.append(measurement)
            self.made.add(name)
            self.progress.on_measurement(measurement)

        limits = budget(job.settings.concurrency, len(job.settings.resolvers))
        return Run(
            run_id=self.run,
            vantage=job.vantage,
            plan=job.plan._replace(tasks=tuple(task for task in job.plan.tasks if task.name not in self.there)),
            tools=Tools(network, self.trust, doh, job.settings, limits),
            sink=sink,
            target_list=job.target_list,
            records=self.neighbours.near,
            on_fitness=self.progress.on_fitness,
        )

    def _bytes_are_spent(self) -> None:
        if self.runner is not None:
            most = self.job.bounds.bytes
            self.runner.halt(f"the run had used its {most} byte{'' if most == 1 else 's'}")

    def _over(self, ended: float, meter: Meter, *, interrupted: bool) -> Finished:
        """Sum up, and let the caller know before the lock is given back."""
        runner, planned = self.runner, [task.name for task in (*self.job.plan.references, *self.job.plan.tasks)]
        bugs = runner.bugs if runner else {}
        why = (runner.halted if runner else "") or "the run was interrupted"
        asked = [name for name in planned if name not in self.there]
        finished = Finished(
            run_id=self.run,
            path=self.path,
            out=self.job.out,
            vantage=self.job.vantage,
            began=self.began,
            ended=ended,
            fitness=runner.fitness if runner else Fitness.UNKNOWN,
            evidence=runner.evidence if runner else FitnessEvidence(),
            planned=len(asked),
            measured=len(self.made),
            not_made=tuple(
                NotMade(name, f"an error of probe itself: {bugs[name]!r}" if name in bugs else why)
                for name in asked
                if name not in self.made
            ),
            bugs=bugs,
            interrupted=interrupted,
            bytes=meter.total,
            kept=bool(self.made or self.there),
        )
        try:
            self._seal(finished)
        finally:
            self.progress.on_finished(finished)
        return finished

    def _seal(self, finished: Finished) -> None:
        """Seal the file; one of a run that has measured nothing is taken away."""
        if not finished.kept:
            finished.path.unlink(missing_ok=True)
        whole = Ended.FINISHED if finished.complete else Ended.INCOMPLETE
        if finished.path.exists():
            how = Ended.INTERRUPTED if finished.interrupted else whole
            seal(finished.path, how, now=finished.ended, resumed=self.job.resumed is not None)


@asynccontextmanager
async def _timed(network: Network, seconds: float | None, runner: Run) -> AsyncIterator[None]:
    """Halt the run when its time is up."""
    if seconds is None:
        yield
        return

    async def watch() -> None:
        await network.sleep(seconds)
        runner.halt(f"the run had used its {seconds:g} seconds")

    watching = asyncio.ensure_future(watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _go(runner: Run) -> None:
    """Run to the end. Tasks fail in groups (PEP 654); a journal that cannot be written is told as itself."""
    try:
        await runner.go()
    except ExceptionGroup as group:
        unwritten = group.subgroup(JournalError)
        if unwritten is None:
            raise
        raise _first(unwritten) from None


def _first(group: BaseExceptionGroup[JournalError]) -> JournalError:
    """The first error of a group of groups."""
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
