"""Seals: what is in one, how the chain goes on, runs that are resumed or killed, and disks that refuse."""

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from probe.model.clock import rfc3339
from probe.store.durable import hidden
from probe.store.layout import find
from probe.store.reader import Tally, rows
from probe.store.seal import SEAL_LIMIT, Ended, SealError, SealName, line_hash, named, read_seal
from probe.store.sealing import seal
from tests.store.records import T0
from tests.store.sealed import ENDPOINTS, file_of, sealed_run, sealed_runs, write_run


def test_a_seal_says_what_the_file_holds_and_its_hash_is_that_of_sha256sum(tmp_path: Path) -> None:
    path = write_run(tmp_path, 0)
    data = path.read_bytes()
    kept = seal(path, Ended.FINISHED, now=T0 + 60)
    said = kept.seal
    assert (said.run_id, said.vantage, said.file) == (path.stem, "sha-ct", path.name)
    assert (said.number, said.previous, said.replaces, said.ended, said.resumed) == (1, None, None, "finished", False)
    assert (said.bytes, said.records, said.verdicts) == (len(data), 3, {"ok": 3})
    assert (said.first, said.last, said.sealed) == (rfc3339(T0 + 1), rfc3339(T0 + 1), rfc3339(T0 + 60))
    assert (said.target_lists, [one.name for one in said.software]) == (("0" * 64,), ["probe"])
    assert said.sha256 == said.records_sha256 == hashlib.sha256(data).hexdigest()
    assert said.lines == tuple(line_hash(line) for line in data.splitlines(keepends=True))
    assert path.read_bytes() == data


def test_the_name_of_a_seal_carries_the_beginning_of_its_own_hash(tmp_path: Path) -> None:
    kept = sealed_run(tmp_path, 0)
    digest = hashlib.sha256(kept.path.read_bytes()).hexdigest()
    assert kept.sha256 == digest
    assert kept.path.name == f"{kept.seal.run_id}.1.{digest[:16]}.seal"
    assert read_seal(kept.path) == kept


def test_each_seal_names_the_one_before_it_and_each_vantage_has_a_chain_of_its_own(tmp_path: Path) -> None:
    first, second, third = sealed_runs(tmp_path, 3)
    other = sealed_run(tmp_path, 0, vantage="bj-cu")
    assert [one.seal.number for one in (first, second, third)] == [1, 2, 3]
    assert [one.seal.previous for one in (first, second, third)] == [None, first.sha256, second.sha256]
    assert (other.seal.number, other.seal.previous) == (1, None)


def test_a_resumed_run_gets_a_new_seal_that_names_the_one_it_replaces_and_the_old_one_stays(tmp_path: Path) -> None:
    path = write_run(tmp_path, 0, only=ENDPOINTS[:1])
    cut = seal(path, Ended.INTERRUPTED, now=T0 + 60)
    between = sealed_run(tmp_path, 1)
    write_run(tmp_path, 0, only=ENDPOINTS[1:])
    whole = seal(path, Ended.FINISHED, now=T0 + 900, resumed=True)
    assert (whole.seal.number, whole.seal.previous, whole.seal.replaces) == (3, between.sha256, cut.sha256)
    assert (whole.seal.resumed, whole.seal.records) == (True, 3)
    assert read_seal(cut.path) == cut


def test_a_killed_run_is_sealed_by_the_next_one_as_of_unknown_end_and_its_torn_line_is_ended(tmp_path: Path) -> None:
    killed = write_run(tmp_path, 0)
    with killed.open("ab") as file:
        file.write(b'{"schema":1,"id":"20210208')
    kept = sealed_run(tmp_path, 1)
    [found] = [read_seal(path) for path in killed.parent.glob(f"{killed.stem}.*.seal")]
    assert (found.seal.number, found.seal.ended, kept.seal.previous) == (1, "unknown", found.sha256)
    assert (found.seal.records, len(found.seal.lines)) == (3, 4)
    assert killed.read_bytes().endswith(b"20210208\n")
    assert found.seal.sha256 != found.seal.records_sha256
    sound = b"".join(killed.read_bytes().splitlines(keepends=True)[:3])
    assert found.seal.records_sha256 == hashlib.sha256(sound).hexdigest()


def test_a_run_of_which_nothing_was_measured_is_sealed_too(tmp_path: Path) -> None:
    said = seal(write_run(tmp_path, 0, only=()), Ended.INTERRUPTED, now=T0).seal
    assert (said.records, said.bytes, said.first, said.last, said.lines) == (0, 0, None, None, ())


def test_readers_of_results_never_take_a_seal_for_records(tmp_path: Path) -> None:
    kept = sealed_run(tmp_path, 0)
    tally = Tally()
    assert len(list(rows(find([str(tmp_path), str(kept.path), f"{kept.path.parent}/*"]).sources, tally))) == 3
    assert tally.problems == []


def test_a_seal_on_a_full_disk_leaves_the_records_alone_and_no_half_seal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_run(tmp_path, 0)
    data = path.read_bytes()

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(SealError, match=r"not sealed: the disk is full; its records are kept"):
            seal(path, Ended.FINISHED, now=T0)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == data
    assert seal(path, Ended.FINISHED, now=T0).seal.number == 1


KILL_WHILE_SEALING = """\
import os, pathlib, sys
from probe.store.seal import Ended
from probe.store.sealing import seal
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), 9)
seal(pathlib.Path(sys.argv[1]), Ended.FINISHED, now=1612774800.0)
"""


def test_a_process_killed_while_it_seals_leaves_no_seal_and_the_next_one_goes_on(tmp_path: Path) -> None:
    path = write_run(tmp_path, 0)
    done = subprocess.run([sys.executable, "-c", KILL_WHILE_SEALING, str(path)], check=False)
    assert done.returncode == -9
    left = [entry.name for entry in path.parent.iterdir() if named(entry.name) is not None]
    assert left == []
    assert any(entry.name.endswith(".part") for entry in path.parent.iterdir())
    assert seal(path, Ended.FINISHED, now=T0).seal.number == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("20210208T090000Z-sha-ct-0000.12.00112233445566ff.seal", ("20210208T090000Z-sha-ct-0000", 12, "sha-ct")),
        ("20210208T090000Z-a.b-c-0000.1.00112233445566ff.seal", ("20210208T090000Z-a.b-c-0000", 1, "a.b-c")),
        ("20210208T090000Z-sha-ct-0000.0.00112233445566ff.seal", None),
        ("20210208T090000Z-../../x-0000.1.00112233445566ff.seal", None),
        ("20210208T090000Z-sha-ct-0000.1.00112233445566FF.seal", None),
        ("20210208T090000Z-sha-ct-0000.jsonl", None),
    ],
)
def test_only_names_that_are_safe_in_a_path_are_names_of_seals(name: str, said: tuple[str, int, str] | None) -> None:
    parsed = named(name)
    assert (None if parsed is None else (parsed.run_id, parsed.number, parsed.vantage)) == said
    assert parsed is None or str(parsed) == name


def refused(path: Path, data: bytes) -> str:
    """Why these bytes are no seal, under a name that fits them."""
    name = named(path.name)
    assert name is not None
    digits = hashlib.sha256(data).hexdigest()[:16]
    fitting = path.with_name(str(SealName(name.run_id, name.number, digits)))
    fitting.write_bytes(data)
    with pytest.raises(SealError) as caught:
        read_seal(fitting)
    return caught.value.reason


def test_a_seal_that_is_none_is_refused_with_the_reason(tmp_path: Path) -> None:
    kept = sealed_run(tmp_path, 0)
    fields = msgspec.json.decode(kept.path.read_bytes())

    def with_(**changes: object) -> bytes:
        return msgspec.json.encode({**fields, **changes})

    assert "not a seal" in refused(kept.path, b"{")
    assert "not a seal" in refused(kept.path, b"[" * 100_000)
    assert "`$.sha256`" in refused(kept.path, with_(sha256="ffff"))
    assert "seal version 2" in refused(kept.path, with_(seal=2))
    assert "of another run" in refused(kept.path, with_(vantage="bj-cu"))
    assert "of another run" in refused(kept.path, with_(file="../../../etc/passwd"))
    kept.path.write_bytes(with_(records=2))
    with pytest.raises(SealError, match="the seal was changed"):
        read_seal(kept.path)
    with kept.path.open("wb") as file:
        file.truncate(SEAL_LIMIT + 1)
    with pytest.raises(SealError, match="longer than"):
        read_seal(kept.path)


def test_what_is_not_yet_whole_lies_hidden_beside_its_place(tmp_path: Path) -> None:
    assert hidden(file_of(sealed_run(tmp_path, 0))).name.startswith(".")
