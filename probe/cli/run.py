"""`probe run`: measure a target list once, or complete a run that was cut short. Shows progress; measuring is below.

What the options mean is understood in `asking`.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.console import Exit, clean, fail, nobody_reads
from probe.cli.options import DryRun, Json, Options, measuring

if TYPE_CHECKING:
    from probe.cli.asking import Asked
    from probe.cli.live import Bar
    from probe.model.measurement import Measurement
    from probe.model.target import Target
    from probe.schedule.once import Finished, Job

MOST_NAMED = 5
"""Endpoints that were not measured and are named; of more, only how many."""


@measuring
def run(
    wanted: Options,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN_ID", help="Measure what is missing in this run, into its file.")
    ] = None,
    other_list: Annotated[
        bool, typer.Option("--other-list", help="With --resume: although the target list has changed since.")
    ] = False,
    json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Measure every endpoint of a target list once; append a JSON line for each to DIR/<vantage>/<date>/<run>.jsonl."""
    from probe.cli.asking import asked_or_fail
    from probe.cli.signals import ended_softly

    mistakes = ["--other-list says something only with --resume"] if other_list and resume is None else []
    with ended_softly():
        asked = asked_or_fail(wanted, mistakes)
        if dry_run:
            from probe.cli.dryrun import show

            show(asked.plan, asked.settings, json=json)
            return
        job = asked.job() if resume is None else _resumed(asked, resume, other_list=other_list)
        _go(job, asked, json=json)


def _resumed(asked: "Asked", run_id: str, *, other_list: bool) -> "Job":
    """The job that completes a run; ends the command where there is nothing to complete, or it cannot be."""
    import time
    from dataclasses import replace

    from probe.cli.amounts import spoken
    from probe.cli.live import say
    from probe.schedule.resume import ResumeError, find_run

    job = asked.job()
    try:
        found = find_run(job.out, run_id, job.vantage, job.target_list, other_list=other_list)
    except ResumeError as error:
        fail([clean(str(error)), "nothing was probed"])
    missing = {task.name for task in (*job.plan.references, *job.plan.tasks)} - found.names
    if not missing:
        say(f"nothing is missing: {len(found.names)} lines are in {clean(str(found.path))}")
        raise typer.Exit
    age = "" if found.last is None else f", the last {spoken(max(0.0, time.time() - found.last))} ago"
    say(f"{len(found.names)} lines are there{age}; {len(missing)} are missing and are measured now")
    return replace(job, resumed=found)


def _go(job: "Job", asked: "Asked", *, json: bool) -> None:
    from probe.cli.live import Bar
    from probe.schedule.lock import LockedError
    from probe.store.journal import JournalError

    missing = job.plan.size - (len(job.resumed.names) if job.resumed else 0)
    bar = Bar(missing, f"Probing {missing} endpoints")
    shown = Shown(bar, json)
    try:
        _until_done(job, asked, shown)
    except LockedError as error:
        bar.close()
        fail([clean(str(error)), "one run at a time writes to a results folder; nothing was probed"], Exit.LOCKED)
    except JournalError as error:
        bar.close()
        fail(clean(str(error)), Exit.INTERNAL)
    finally:
        bar.close()
    _told(asked.listed.targets, shown, json=json)


def _told(targets: "Sequence[Target]", shown: "Shown", *, json: bool) -> None:
    """What the run gave, and the exit code that says how it ended."""
    from probe.cli.amounts import many
    from probe.cli.live import say, summary
    from probe.model.diagnosis import Fitness

    if not json:
        try:
            summary(targets, shown.measured)
        except BrokenPipeError:  # how the run ended is told all the same
            nobody_reads()
    done = shown.finished
    if done is None or (done.interrupted and not done.kept):
        fail("interrupted before anything was measured", Exit.INTERRUPTED)
    if done.kept:
        say(f"{many(done.measured, 'line')} → {clean(str(done.path))}   {shown.bar.counts()}")
    if done.interrupted:
        fail(
            [f"interrupted: {done.measured} of {done.planned} endpoints are on disk",
             f"to measure the rest: probe run --resume {done.run_id}, with the same options"], Exit.INTERRUPTED
        )  # fmt: skip
    for line in not_made(done):
        say(line)
    if done.bugs:
        fail([*bug_of(done), f"{len(done.bugs)} of {done.planned} endpoints have no line: probe itself failed there"],
             Exit.INTERNAL)  # fmt: skip
    if not done.kept:
        fail("nothing was measured, so no file was written; allow a run more (--max-bytes, --max-time)")
    if done.fitness not in (Fitness.FIT, Fitness.UNKNOWN, Fitness.IPV6_BROKEN):
        fail(f"the vantage is unfit ({done.fitness}): nothing can be concluded from this run", Exit.UNFIT)


def not_made(done: "Finished") -> list[str]:
    """What was planned and cut short, by reason; not what our own errors took, which `bug_of` tells."""
    by_reason: dict[str, list[str]] = {}
    for one in done.not_made:
        if one.name not in done.bugs:
            by_reason.setdefault(one.reason, []).append(one.name)
    return [f"not measured, {why}: {_some(names)}" for why, names in by_reason.items()]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return clean(", ".join(names[:MOST_NAMED]) + more)


def bug_of(done: "Finished") -> list[str]:
    """The first of our own errors in full, for the report that we ask for; the names of the others."""
    import traceback

    name, bug = next(iter(done.bugs.items()))
    lines = [line for part in traceback.format_exception(bug) for line in part.rstrip().splitlines()]
    others = [each for each in done.bugs if each != name]
    told = [f"also at {_some(others)}"] if others else []
    return [f"an error in probe itself at {clean(name)}; please report it:", *map(clean, lines), *told]


class Shown:
    """What the run has told so far, and where it is shown."""

    def __init__(self, bar: "Bar", json: bool) -> None:
        self.bar, self._json = bar, json
        self.measured: list[Measurement] = []
        self.finished: Finished | None = None

    def measurement(self, one: "Measurement") -> None:
        """Count it, and print it if lines were asked for."""
        self.measured.append(one)
        self.bar.count(one)
        self.bar.advance()
        if self._json:
            self._json = print_line(one)

    def over(self, finished: "Finished") -> None:
        """The run is over."""
        self.finished = finished


def print_line(one: "Measurement") -> bool:
    """One JSON line on stdout. A reader who has left does not end the run, the file is what it is for: then False."""
    from probe.model.codec import encode_line

    try:
        sys.stdout.buffer.write(encode_line(one))
        sys.stdout.flush()
    except BrokenPipeError:
        nobody_reads()
        return False
    return True


def _until_done(job: "Job", asked: "Asked", shown: Shown) -> None:
    """Run to the end, or until the user or the system ends it."""
    from probe.cli.signals import until_signal
    from probe.net.real import RealNetwork
    from probe.schedule.once import Progress, run_once

    progress = Progress(on_measurement=shown.measurement, on_finished=shown.over)

    until_signal(run_once(job, RealNetwork(), asked.trust, asked.neighbours, progress))
