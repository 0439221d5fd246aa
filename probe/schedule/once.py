"""One run, from its settings to the file it leaves behind. Prints nothing: callers hear of each measurement.

Every measurement is in the journal before anybody else hears of it, so a run that is cut short has lost only what was
not yet complete.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from probe.measure.log import Tools
from probe.measure.plan import Plan
from probe.measure.runner import Run
from probe.measure.settings import Settings, budget
from probe.model.diagnosis import Fitness
from probe.model.measurement import FitnessEvidence, Measurement
from probe.model.vantage import Vantage
from probe.net.certificate import TrustStore
from probe.net.doh import DohClient
from probe.net.network import Network
from probe.store.journal import Journal, JournalError
from probe.store.layout import run_id, run_path
from probe.store.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class Job:
    """All that a run needs to know. `out` is the results folder."""

    plan: Plan
    vantage: Vantage
    settings: Settings
    out: Path
    target_list: str


@dataclass(slots=True)
class Progress:
    """What the caller hears: the file, the fitness, each measurement once it is on its way to disk."""

    on_start: Callable[[str, Path], None] = lambda _run, _path: None
    on_fitness: Callable[[Fitness, FitnessEvidence], None] = lambda _fitness, _evidence: None
    on_measurement: Callable[[Measurement], None] = lambda _measurement: None


async def run_once(
    job: Job, network: Network, trust: TrustStore, neighbours: Neighbours, progress: Progress
) -> Fitness:
    """Measure the plan once and return the fitness of the vantage at the end.

    Raises JournalError if the results cannot be written; everything measured before is on disk.
    """
    run = run_id(network.now(), job.vantage.name, secrets.token_hex(2))
    path = run_path(job.out, job.vantage.name, run)
    limits = budget(job.settings.concurrency, len(job.settings.resolvers))
    async with DohClient(network, trust) as doh:
        with Journal(path) as journal:
            progress.on_start(run, path)

            def sink(measurement: Measurement) -> None:
                journal.append(measurement)
                progress.on_measurement(measurement)

            runner = Run(
                run_id=run,
                vantage=job.vantage,
                plan=job.plan,
                tools=Tools(network, trust, doh, job.settings, limits),
                sink=sink,
                target_list=job.target_list,
                records=neighbours.near,
                on_fitness=progress.on_fitness,
            )
            await _go(runner)
    return runner.fitness


async def _go(runner: Run) -> None:
    """Run to the end. Tasks fail in groups (PEP 654); a journal that cannot be written is told as itself."""
    try:
        await runner.go()
    except ExceptionGroup as group:
        unwritten = group.subgroup(JournalError)
        if unwritten is None:
            raise
        raise unwritten.exceptions[0] from None
