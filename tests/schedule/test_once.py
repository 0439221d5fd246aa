"""A run from its settings to its file: every line on disk before anybody hears of it, and a disk that is full."""

import asyncio
import errno
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import Drop, Match, Rule, Stage
from probe.lab.world import Fault, Response, Route, World
from probe.measure.plan import make
from probe.model.codec import decode_line
from probe.model.diagnosis import Fitness
from probe.model.measurement import FitnessEvidence, Measurement
from probe.model.target import TargetList
from probe.net.real import RealNetwork
from probe.net.remap import RemapNetwork
from probe.schedule.lock import LockedError, results_lock
from probe.schedule.once import Bounds, Finished, Job, Progress, run_once
from probe.schedule.resume import Resumed, find_run
from probe.store.journal import JournalError
from probe.store.neighbours import Neighbours
from tests.world import (
    DAY,
    VANTAGE,
    http_host,
    https_host,
    listed,
    reference,
    settings,
    target,
    tiny_world,
    trust_in,
)

NAMES = ("a.example", "b.example")


def world() -> World:
    sites = [https_host(name, f"104.16.1.{number}") for number, name in enumerate(NAMES, start=1)]
    return tiny_world(*sites, http_host("r.example", "104.16.2.1"))


def targets(names: Sequence[str] = NAMES) -> TargetList:
    return listed(*(target(f"https://{name}/", id=name) for name in names), reference("r.example"))


def once(
    lab: LoopbackLab,
    out: Path,
    progress: Progress,
    *,
    timeout: float = 0.4,
    cut: asyncio.Event | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 - a value, never changed
    resumed: Resumed | None = None,
    names: Sequence[str] = NAMES,
) -> Finished:
    """One run into `out`; cancelled once `cut` is set."""

    async def scenario() -> Finished:
        network = RemapNetwork(RealNetwork(), lab.client_table, resolvers=lab.world.client.resolvers)
        plan, chosen = make(targets(names), DAY), settings(network, timeout=timeout)
        job = Job(plan, VANTAGE, chosen, out, "0" * 64, bounds, resumed)
        run = asyncio.ensure_future(run_once(job, network, trust_in(lab.ca_pem), Neighbours(()), progress))
        if cut is not None:
            await cut.wait()
            run.cancel()
        return await run

    return asyncio.run(scenario())


def lines_of(out: Path) -> list[Measurement]:
    [path] = out.rglob("*.jsonl")
    return [decode_line(line) for line in path.read_bytes().splitlines()]


def test_a_run_leaves_one_file_with_a_line_for_each_task_and_tells_of_each(tmp_path: Path) -> None:
    started: list[tuple[str, Path]] = []
    told: list[Measurement] = []
    on_disk: list[int] = []
    judged: list[tuple[Fitness, FitnessEvidence]] = []

    def hear(line: Measurement) -> None:
        told.append(line)
        on_disk.append(started[0][1].read_bytes().count(b"\n"))

    progress = Progress(
        on_start=lambda run, path: started.append((run, path)),
        on_fitness=lambda fitness, evidence: judged.append((fitness, evidence)),
        on_measurement=hear,
    )
    with LoopbackLab(world()) as lab:
        assert once(lab, tmp_path, progress).fitness is Fitness.FIT
    [(run, path)] = started
    assert path == tmp_path / "lab" / f"{run[:4]}-{run[4:6]}-{run[6:8]}" / f"{run}.jsonl"
    assert lines_of(tmp_path) == told
    assert on_disk == [1, 2, 3]  # written before it is told
    assert {line.run_id for line in told} == {run}
    assert [fitness for fitness, _ in judged] == [Fitness.FIT]


def test_a_run_that_is_cancelled_has_written_what_it_told_and_ends_its_threads(tmp_path: Path) -> None:
    hush = Rule(id="hush", match=Match(stage=Stage.TLS, names=NAMES[:1]), effect=Drop())
    told: list[Measurement] = []
    with LoopbackLab(world(), [hush]) as lab:
        before = set(threading.enumerate())
        cut = asyncio.Event()

        def hear(line: Measurement) -> None:
            told.append(line)
            if line.target == NAMES[1]:
                cut.set()

        with pytest.raises(asyncio.CancelledError):
            once(lab, tmp_path, Progress(on_measurement=hear), timeout=30.0, cut=cut)
        left = {one for one in set(threading.enumerate()) - before if one.name.startswith("journal")}
    assert [line.target for line in told] == ["r.example", NAMES[1]]
    assert lines_of(tmp_path) == told
    assert left == set()


@pytest.mark.parametrize("written_before", [0, 1, 2])
def test_a_full_disk_ends_the_run_with_the_journals_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written_before: int
) -> None:
    real, calls = os.write, []

    def write(fd: int, data: bytes) -> int:
        if b'"schema"' in bytes(data[:20]):
            calls.append(fd)
            if len(calls) > written_before:
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data)

    with LoopbackLab(world()) as lab:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(JournalError, match="the disk is full"):
            once(lab, tmp_path, Progress())
        monkeypatch.undo()
    assert len(lines_of(tmp_path)) == written_before


def test_a_results_folder_that_is_a_file_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("", encoding="utf-8")
    with LoopbackLab(world()) as lab, pytest.raises(JournalError, match="cannot be opened"):
        once(lab, tmp_path / "results", Progress())


def test_the_end_is_told_while_the_folder_is_still_locked(tmp_path: Path) -> None:
    told: list[Finished] = []

    def over(finished: Finished) -> None:
        told.append(finished)
        with pytest.raises(LockedError), results_lock(tmp_path, "somebody", 0.0):
            pytest.fail("the lock was given back too early")

    with LoopbackLab(world()) as lab:
        finished = once(lab, tmp_path, Progress(on_finished=over))
    assert told == [finished]
    assert (finished.planned, finished.measured, finished.complete, finished.errors) == (3, 3, True, 0)
    assert finished.bytes > 500
    assert finished.ended >= finished.began
    with results_lock(tmp_path, "somebody", 0.0):
        pass


def test_a_run_that_is_cancelled_tells_what_it_did_not_make(tmp_path: Path) -> None:
    hush = Rule(id="hush", match=Match(stage=Stage.TLS, names=NAMES[:1]), effect=Drop())
    told: list[Finished] = []
    with LoopbackLab(world(), [hush]) as lab:
        cut = asyncio.Event()

        def hear(line: Measurement) -> None:
            if line.target == NAMES[1]:
                cut.set()

        with pytest.raises(asyncio.CancelledError):
            once(lab, tmp_path, Progress(on_measurement=hear, on_finished=told.append), timeout=30.0, cut=cut)
    [finished] = told
    assert (finished.interrupted, finished.complete, finished.measured) == (True, False, 2)
    assert finished.not_made == ((f"{NAMES[0]}/main", "the run was interrupted"),)


def test_a_folder_in_use_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    with LoopbackLab(world()) as lab, results_lock(tmp_path, "somebody", 0.0), pytest.raises(LockedError):
        once(lab, tmp_path, Progress())
    assert list(tmp_path.rglob("*.jsonl")) == []


@pytest.mark.parametrize(
    ("bounds", "why"), [(Bounds(seconds=0.4), "its 0.4 seconds"), (Bounds(bytes=2000), "its 2000 bytes")]
)
def test_a_budget_that_is_spent_leaves_measurements_unmade_and_blames_nobody(
    tmp_path: Path, bounds: Bounds, why: str
) -> None:
    # Silence after the budget is spent: what lies in the kernel by then may still be read to its end.
    big = Route(response=Response(body=b"x" * 200_000, fault=Fault.SILENT_BODY, fault_after=1500))
    slow = tiny_world(https_host("a.example", "104.16.1.1", routes=[big]), http_host("r.example", "104.16.2.1"))
    with LoopbackLab(slow) as lab:
        finished = once(lab, tmp_path, Progress(), timeout=30.0, bounds=bounds, names=NAMES[:1])
    assert [line.target for line in lines_of(tmp_path)] == ["r.example"]
    assert bounds.bytes is None or finished.bytes > bounds.bytes
    assert finished.not_made == ((f"{NAMES[0]}/main", f"the run had used {why}"),)
    assert (finished.interrupted, finished.bugs, finished.fitness) == (False, {}, Fitness.FIT)


def test_a_byte_budget_is_passed_by_one_read_at_most_however_much_lies_ready(tmp_path: Path) -> None:
    big = Route(response=Response(body=b"x" * 900_000))
    sites = [https_host(name, f"104.16.1.{number}", routes=[big]) for number, name in enumerate(NAMES, start=1)]
    with LoopbackLab(tiny_world(*sites, http_host("r.example", "104.16.2.1"))) as lab:
        finished = once(lab, tmp_path, Progress(), timeout=30.0, bounds=Bounds(bytes=30_000))
    assert 30_000 < finished.bytes <= 30_000 + 64 * 1024
    assert {one.reason for one in finished.not_made} == {"the run had used its 30000 bytes"}


@pytest.mark.parametrize("bounds", [Bounds(bytes=1), Bounds(seconds=0.0)])
def test_a_run_whose_budget_ends_before_its_first_line_leaves_no_file(tmp_path: Path, bounds: Bounds) -> None:
    with LoopbackLab(world()) as lab:
        finished = once(lab, tmp_path, Progress(), bounds=bounds)
    assert (finished.measured, finished.kept, finished.path.exists()) == (0, False, False)
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".jsonl", ".seal")] == []
    said = "its 1 byte" if bounds.bytes else "its 0 seconds"
    assert {one.reason for one in finished.not_made} == {f"the run had used {said}"}


def test_a_resumed_run_measures_what_is_missing_into_the_same_file(tmp_path: Path) -> None:
    with LoopbackLab(world()) as lab:
        first = once(lab, tmp_path, Progress())
        [path] = tmp_path.rglob("*.jsonl")
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(line for line in lines if NAMES[0].encode() not in line[:300]))
        for seal in path.parent.glob("*.seal"):
            seal.unlink()
        found = find_run(tmp_path, first.run_id, VANTAGE, "0" * 64)
        second = once(lab, tmp_path, Progress(), resumed=found)
    assert (second.run_id, second.path, second.planned, second.measured) == (first.run_id, path, 1, 1)
    assert sorted(line.target for line in lines_of(tmp_path)) == [*NAMES, "r.example"]
    assert len({line.id for line in lines_of(tmp_path)}) == 3
