"""Sealing as it goes on from run to run: after crashes, beside other writers, over torn files and clocks set back."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probe.store import sealing
from probe.store.layout import SEAL
from probe.store.seal import Ended, Kept, SealError, named, read_seal
from probe.store.sealing import seal
from probe.store.verify import verify
from tests.cli.command import ROOT
from tests.store.records import T0
from tests.store.sealed import file_of, sealed_run, sealed_runs, write_run


def seals(results: Path) -> list[Kept]:
    """All seals below a folder, in the order of the chain."""
    return sorted((read_seal(path) for path in results.rglob(f"*{SEAL}")), key=lambda one: one.seal.number)


def valid(results: Path) -> bool:
    """Whether everything agrees, and nothing is without a seal."""
    told = verify([str(results)])
    return (told.faults, told.unsealed) == ([], [])


def python(program: str, *arguments: str | Path) -> int:
    """How a process ended that ran this."""
    words = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(words, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60).returncode


# The chain


def test_the_chain_is_of_the_hashes_of_the_files_that_lie_there(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 4)
    digests = [hashlib.sha256(one.path.read_bytes()).hexdigest() for one in kept]
    assert [one.seal.previous for one in kept] == [None, *digests[:-1]]
    assert [one.sha256 for one in kept] == digests


def test_a_clock_that_was_set_back_does_not_turn_the_chain_round(tmp_path: Path) -> None:
    later = seal(write_run(tmp_path, 500), Ended.FINISHED, now=T0 + 300_060)
    earlier = seal(write_run(tmp_path, 3), Ended.FINISHED, now=T0 + 1860)
    again = seal(write_run(tmp_path, 4), Ended.FINISHED, now=T0 + 2460)
    assert later.path.parent != earlier.path.parent  # days apart
    assert [one.seal.number for one in (later, earlier, again)] == [1, 2, 3]
    assert (earlier.seal.previous, again.seal.previous) == (later.sha256, earlier.sha256)
    assert earlier.seal.sealed < later.seal.sealed
    assert valid(tmp_path)


def test_files_that_only_look_like_seals_do_not_move_the_chain(tmp_path: Path) -> None:
    first = sealed_run(tmp_path, 0)
    for name in ("x.7.00112233445566ff.seal", f"{first.seal.run_id}.99.short.seal", f".{first.path.name}.part",
                 f"{first.seal.run_id}.12345678901.00112233445566ff.seal", "notes.seal"):  # fmt: skip
        (first.path.parent / name).write_bytes(b"{}")
    second = sealed_run(tmp_path, 1)
    assert (second.seal.number, second.seal.previous) == (2, first.sha256)


def test_a_seal_that_was_damaged_stands_in_the_chain_as_it_lies_there_and_is_found_out(tmp_path: Path) -> None:
    first = sealed_run(tmp_path, 0)
    first.path.write_bytes(b"{}")
    second = sealed_run(tmp_path, 1)
    assert second.seal.previous == hashlib.sha256(b"{}").hexdigest()
    assert str(first.path) in {fault.where for fault in verify([str(tmp_path)]).faults}


# Crashes

CUT_BEFORE_THE_SEAL = """\
import os, signal, sys
from pathlib import Path
from tests.store.sealed import write_run
write_run(Path(sys.argv[1]), 0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_crash_between_the_journals_end_and_the_seal_loses_nothing(tmp_path: Path) -> None:
    assert python(CUT_BEFORE_THE_SEAL, tmp_path) == -signal.SIGKILL
    assert seals(tmp_path) == []
    sealed_run(tmp_path, 1)
    found, own = seals(tmp_path)
    assert (found.seal.number, found.seal.ended, found.seal.records) == (1, "unknown", 3)
    assert (own.seal.number, own.seal.ended, own.seal.previous) == (2, "finished", found.sha256)
    assert valid(tmp_path)


CUT_AT_THE_SECOND_SEAL = """\
import os, pathlib, signal, sys
from probe.store.seal import Ended
from probe.store.sealing import seal
from tests.store.sealed import write_run
real, made = pathlib.Path.replace, []
def replace(self, target):
    made.append(target)
    if len(made) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
pathlib.Path.replace = replace
seal(write_run(pathlib.Path(sys.argv[1]), 3), Ended.FINISHED, now=1612774800.0)
"""


def test_a_crash_while_the_seals_of_others_are_made_up_for_is_gone_on_from(tmp_path: Path) -> None:
    for number in range(3):
        write_run(tmp_path, number)
    assert python(CUT_AT_THE_SECOND_SEAL, tmp_path) == -signal.SIGKILL
    assert [one.seal.number for one in seals(tmp_path)] == [1]
    sealed_run(tmp_path, 4)
    assert [(one.seal.number, str(one.seal.ended)) for one in seals(tmp_path)] == [
        (1, "unknown"), (2, "unknown"), (3, "unknown"), (4, "unknown"), (5, "finished")
    ]  # fmt: skip
    assert [one.seal.run_id for one in seals(tmp_path)] == sorted(one.seal.run_id for one in seals(tmp_path))
    assert valid(tmp_path)


def test_an_older_run_without_a_seal_is_sealed_after_newer_ones_that_have_theirs(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 3)
    older = kept[1]
    for one in kept[1:]:
        one.path.unlink()
    file_of(kept[2]).unlink()
    last = sealed_run(tmp_path, 9)
    _, found, own = seals(tmp_path)
    assert (found.seal.run_id, found.seal.ended) == (older.seal.run_id, "unknown")
    assert (own, own.seal.number) == (last, 3)
    assert valid(tmp_path)


def test_a_run_without_a_line_that_was_killed_is_sealed_as_empty(tmp_path: Path) -> None:
    write_run(tmp_path, 0, only=())
    sealed_run(tmp_path, 1)
    found, _ = seals(tmp_path)
    assert (found.seal.ended, found.seal.records, found.seal.bytes) == ("unknown", 0, 0)
    assert valid(tmp_path)


def test_so_many_without_a_seal_are_sealed_by_one_run_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST_FOUND", 2)
    for number in range(5):
        write_run(tmp_path, number)
    counts = []
    for number in (10, 11, 12):
        sealed_run(tmp_path, number)
        counts.append(len(seals(tmp_path)))
    assert counts == [3, 6, 8]
    assert valid(tmp_path)


def test_what_is_no_run_of_ours_is_never_sealed(tmp_path: Path) -> None:
    day = write_run(tmp_path, 0).parent
    for name in ("mine.jsonl", "20210208T090000Z-..-0000.jsonl", "20210208T091000Z-sha-ct-0001.jsonl.gz"):
        (day / name).write_bytes(b"{}\n")
    sealed_run(tmp_path, 5)
    assert {one.seal.run_id[-4:] for one in seals(tmp_path)} == {"0000", "0005"}
    assert all(named(one.path.name) is not None for one in seals(tmp_path))


# Torn files


@pytest.mark.parametrize("cut", [1, 40, 500])
def test_a_torn_file_is_sealed_as_it_lies_there_its_last_line_ended(tmp_path: Path, cut: int) -> None:
    path = write_run(tmp_path, 0)
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    kept = seal(path, Ended.INTERRUPTED, now=T0 + 60)
    there = path.read_bytes()
    assert there == data[:-cut] + b"\n"
    assert (kept.seal.sha256, kept.seal.bytes) == (hashlib.sha256(there).hexdigest(), len(there))
    # Where only the newline was lost the record is whole.
    assert (kept.seal.records, len(kept.seal.lines)) == (3 if cut == 1 else 2, 3)
    assert (kept.seal.sha256 == kept.seal.records_sha256) is (cut == 1)
    assert valid(tmp_path)


def test_a_torn_line_is_ended_once_and_the_resumed_runs_seal_holds_of_both_parts(tmp_path: Path) -> None:
    path = write_run(tmp_path, 0, only=("api",))
    with path.open("ab") as file:
        file.write(b'{"schema":1,"id":"2021')
    first = seal(path, Ended.INTERRUPTED, now=T0 + 60)
    before = path.read_bytes()
    write_run(tmp_path, 0, only=("web",))
    second = seal(path, Ended.FINISHED, now=T0 + 120, resumed=True)
    assert path.read_bytes().startswith(before)
    assert (second.seal.replaces, second.seal.records, len(second.seal.lines)) == (first.sha256, 2, 3)
    assert valid(tmp_path)


def test_a_file_that_is_gone_is_told_and_the_chain_stands_where_it_was(tmp_path: Path) -> None:
    first = sealed_run(tmp_path, 0)
    path = write_run(tmp_path, 1)
    path.unlink()
    with pytest.raises(SealError, match="not sealed: No such file or directory; its records are kept"):
        seal(path, Ended.FINISHED, now=T0)
    assert seals(tmp_path) == [first]
    assert sealed_run(tmp_path, 2).seal.previous == first.sha256


# Several at once

WRITER = """\
import sys
from pathlib import Path
from tests.store.sealed import sealed_run
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    sealed_run(Path(sys.argv[1]), number)
"""


def test_writers_at_the_same_time_make_one_chain(tmp_path: Path) -> None:
    """A file that one of them has closed and not yet sealed may be sealed by another first, as of unknown end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(at), str(at + 8)], env=environment)
        for at in (0, 100, 200)
    ]
    assert [one.wait(timeout=60) for one in writers] == [0, 0, 0]
    kept = seals(tmp_path)
    assert [one.seal.number for one in kept] == list(range(1, len(kept) + 1))
    newest = {one.seal.run_id: str(one.seal.ended) for one in kept}
    assert (len(newest), set(newest.values())) == (24, {"finished"})
    assert valid(tmp_path)


def test_vantages_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    for number in range(3):
        sealed_run(tmp_path, number, vantage="sha-ct")
        sealed_run(tmp_path, number, vantage="bj-cu")
    chains = {chain.vantage: (chain.low, chain.high) for chain in verify([str(tmp_path)]).chains}
    assert chains == {"sha-ct": (1, 3), "bj-cu": (1, 3)}
