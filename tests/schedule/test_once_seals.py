"""A run leaves a seal beside its file: when it finishes, when it is cut short, and not on a disk that refuses."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from probe.lab.loopback import LoopbackLab
from probe.lab.rule import Drop, Match, Rule, Stage
from probe.model.measurement import Measurement
from probe.schedule.once import Progress
from probe.store.layout import SEAL
from probe.store.seal import Seal, SealError, read_seal
from probe.store.verify import verify
from tests.schedule.test_once import NAMES, once, world


def seals(out: Path) -> list[Seal]:
    """The seals of all runs, in the order of the chain."""
    return sorted((read_seal(path).seal for path in out.rglob(f"*{SEAL}")), key=lambda seal: seal.number)


def test_each_finished_run_is_sealed_before_anybody_hears_that_it_is_over(tmp_path: Path) -> None:
    heard: list[int] = []
    with LoopbackLab(world()) as lab:
        for _ in range(2):
            once(lab, tmp_path, Progress(on_finished=lambda _finished: heard.append(len(seals(tmp_path)))))
    first, second = seals(tmp_path)
    assert heard == [1, 2]
    assert [(one.ended, one.resumed, one.records) for one in (first, second)] == [("finished", False, 3)] * 2
    told = verify([str(tmp_path)])
    assert (told.faults, told.unsealed, [chain.runs for chain in told.chains]) == ([], [], [2])


def test_a_run_that_is_cancelled_is_sealed_as_interrupted(tmp_path: Path) -> None:
    hush = Rule(id="hush", match=Match(stage=Stage.TLS, names=NAMES[:1]), effect=Drop())
    with LoopbackLab(world(), [hush]) as lab:
        cut = asyncio.Event()

        def hear(line: Measurement) -> None:
            if line.target == NAMES[1]:
                cut.set()

        with pytest.raises(asyncio.CancelledError):
            once(lab, tmp_path, Progress(on_measurement=hear), timeout=30.0, cut=cut)
    [seal] = seals(tmp_path)
    assert (seal.ended, seal.records) == ("interrupted", 2)
    assert verify([str(tmp_path)]).faults == []


def test_a_disk_that_takes_the_records_and_no_seal_is_told_and_the_next_run_seals_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def full(fd: int) -> None:
        if os.readlink(f"/proc/self/fd/{fd}").endswith(".part"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd)

    with LoopbackLab(world()) as lab:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(SealError, match="not sealed: the disk is full; its records are kept"):
                once(lab, tmp_path, Progress())
        assert seals(tmp_path) == []
        once(lab, tmp_path, Progress())
    assert [(one.ended, one.records) for one in seals(tmp_path)] == [("unknown", 3), ("finished", 3)]
