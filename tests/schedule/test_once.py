"""A run from its settings to its file: every line on disk before anybody hears of it, and a disk that is full."""

import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import Drop, Match, Rule, Stage
from probe.lab.world import World
from probe.measure.plan import make
from probe.model.codec import decode_line
from probe.model.diagnosis import Fitness
from probe.model.measurement import FitnessEvidence, Measurement
from probe.model.target import TargetList
from probe.net.real import RealNetwork
from probe.net.remap import RemapNetwork
from probe.schedule.once import Job, Progress, run_once
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


def targets() -> TargetList:
    return listed(*(target(f"https://{name}/", id=name) for name in NAMES), reference("r.example"))


def once(
    lab: LoopbackLab, out: Path, progress: Progress, *, timeout: float = 0.4, cut: asyncio.Event | None = None
) -> Fitness:
    """One run into `out`; cancelled once `cut` is set."""

    async def scenario() -> Fitness:
        network = RemapNetwork(RealNetwork(), lab.client_table, resolvers=lab.world.client.resolvers)
        job = Job(make(targets(), DAY), VANTAGE, settings(network, timeout=timeout), out, "0" * 64)
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
        assert once(lab, tmp_path, progress) is Fitness.FIT
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
