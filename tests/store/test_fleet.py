"""The fleet: results that meet in a folder, behind rsync, in a bucket; deliveries late, cut, wrong or hostile."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from probe.store.durable import hidden
from probe.store.fleet import INCOMING, Moved, Place, PlaceError, pull, push
from probe.store.fleet_folder import Folder
from probe.store.fleet_rsync import Rsync
from probe.store.fleet_s3 import Bucket
from probe.store.layout import find
from probe.store.reader import Tally, rows
from probe.store.seal import Ended
from probe.store.sealing import seal
from probe.store.verify import verify
from tests.store.places import KEY, SECRET, Cutting, bucket, everything, rsync_shell
from tests.store.records import T0
from tests.store.sealed import ENDPOINTS, file_of, sealed_run, sealed_runs, write_run


def pushed(results: Path, place: Place) -> Moved:
    moved = Moved()
    push(results, place, moved)
    return moved


def pulled(place: Place, results: Path) -> Moved:
    moved = Moved()
    pull(place, results, moved)
    return moved


def folder(path: Path) -> Folder:
    path.mkdir(exist_ok=True)
    return Folder(path)


@pytest.fixture(params=["folder", "rsync", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """An empty place of each kind."""
    if request.param == "folder":
        yield folder(tmp_path / "hub")
    elif request.param == "rsync":
        rsync_shell(tmp_path, monkeypatch)
        yield Rsync(f"anyhost:{tmp_path / 'hub'}")
    else:
        with bucket(monkeypatch) as url:
            yield Bucket("s3://fleet/results", url)


def test_two_vantages_meet_and_the_report_reads_what_they_measured(place: Place, tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 3)
    sealed_runs(tmp_path / "b", 2, vantage="bj-cu")
    first, second = pushed(tmp_path / "a", place), pushed(tmp_path / "b", place)
    assert ((first.runs, first.records, first.before), (second.runs, second.before)) == ((3, 9, 0), (2, 0))
    got = pulled(place, tmp_path / "all")
    assert (got.runs, got.records, got.before, got.faults) == (5, 15, 0, [])
    assert everything(tmp_path / "all") == {**everything(tmp_path / "a"), **everything(tmp_path / "b")}
    assert verify([str(tmp_path / "all")]).faults == []
    tally = Tally()
    assert {row.vantage for row in rows(find([str(tmp_path / "all")]).sources, tally)} == {"sha-ct", "bj-cu"}
    assert (tally.records, tally.duplicates) == (15, 0)


def test_the_same_again_moves_nothing_and_what_is_new_later_is_all_that_moves(place: Place, tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 2)
    pushed(tmp_path / "a", place)
    pulled(place, tmp_path / "all")
    assert (pushed(tmp_path / "a", place), pulled(place, tmp_path / "all")) == (Moved(before=2), Moved(before=2))
    sealed_run(tmp_path / "a", 2000)  # two weeks later
    assert pushed(tmp_path / "a", place).runs == 1
    late = pulled(place, tmp_path / "all")
    assert (late.runs, late.before) == (1, 2)
    assert verify([str(tmp_path / "all")]).faults == []


def test_a_resumed_run_is_delivered_again_with_both_its_seals(place: Place, tmp_path: Path) -> None:
    path = write_run(tmp_path / "a", 0, only=ENDPOINTS[:1])
    seal(path, Ended.INTERRUPTED, now=T0 + 60)
    pushed(tmp_path / "a", place)
    pulled(place, tmp_path / "all")
    write_run(tmp_path / "a", 0, only=ENDPOINTS[1:])
    seal(path, Ended.FINISHED, now=T0 + 900, resumed=True)
    assert pushed(tmp_path / "a", place).runs == 1
    assert pulled(place, tmp_path / "all").runs == 1
    assert everything(tmp_path / "all") == everything(tmp_path / "a")
    assert verify([str(tmp_path / "all")]).faults == []


def test_a_run_without_a_seal_stays_where_it_is_and_is_counted(place: Place, tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 1)
    write_run(tmp_path / "a", 5)
    moved = pushed(tmp_path / "a", place)
    assert (moved.runs, moved.unsealed) == (1, 1)
    assert len(place.names()) == 2


def test_what_is_not_what_was_sealed_is_not_sent_and_the_rest_is(place: Place, tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "a", 4)
    changed, gone, damaged = (file_of(kept[0]), file_of(kept[1]), kept[2].path)
    changed.write_bytes(changed.read_bytes().replace(b'"ok"', b'"no"', 1))
    gone.unlink()
    damaged.write_bytes(b"{}")
    moved = pushed(tmp_path / "a", place)
    assert moved.runs == 1
    assert [fault.where for fault in moved.faults] == [str(gone), f"{changed}:1", str(damaged)]
    assert len(place.names()) == 2


def test_what_was_changed_on_the_way_is_not_taken_and_is_fetched_anew_when_it_is_right(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "a", 2)
    place = folder(tmp_path / "hub")
    pushed(tmp_path / "a", place)
    there = place.path / file_of(kept[0]).relative_to(tmp_path / "a")
    true = there.read_bytes()
    there.write_bytes(true.replace(b'"ok"', b'"no"', 1))
    moved = pulled(place, tmp_path / "all")
    assert (moved.runs, [fault.what.split(" (")[0] for fault in moved.faults]) == (1, ["not the line that was sealed"])
    assert len(everything(tmp_path / "all")) == 2
    there.write_bytes(true)
    assert pulled(place, tmp_path / "all") == Moved(runs=1, records=3, bytes=len(true), before=1)
    assert everything(tmp_path / "all") == everything(tmp_path / "a")


def test_a_place_cannot_replace_a_run_that_is_here_by_another_one(tmp_path: Path) -> None:
    """A forged file with a forged seal: the seal that is here already must hold too."""
    kept = sealed_run(tmp_path / "mine", 0)
    path = write_run(tmp_path / "forged", 0, only=("blocked",))
    assert path.name == file_of(kept).name
    seal(path, Ended.FINISHED, now=T0 + 999)
    before = everything(tmp_path / "mine")
    moved = pulled(Folder(tmp_path / "forged"), tmp_path / "mine")
    assert (moved.runs, len(moved.faults)) == (0, 1)
    assert everything(tmp_path / "mine") == before


HOSTILE = (
    "../../etc/20210208T090000Z-sha-ct-0000.1.00112233445566ff.seal",
    "sha-ct/../20210208T090000Z-sha-ct-0000.1.00112233445566ff.seal",
    "/sha-ct/2021-02-08/20210208T090000Z-sha-ct-0000.1.00112233445566ff.seal",
    "sha-ct//2021-02-08/20210208T090000Z-sha-ct-0000.1.00112233445566ff.seal",
    "sha-ct/2021-02-09/20210208T090000Z-sha-ct-0000.1.00112233445566ff.seal",
    "bj-cu/2021-02-08/20210208T090000Z-sha-ct-0000.1.00112233445566ff.seal",
    "sha-ct/2021-02-08/deeper/20210208T090000Z-sha-ct-0000.1.00112233445566ff.seal",
    ".ssh/2021-02-08/20210208T090000Z-.ssh-0000.1.00112233445566ff.seal",
)


class Lying:
    """A place that says it has whatever it likes, and notes what it is asked for."""

    name, batch = "a liar", 10

    def __init__(self, **names: int) -> None:
        self.said, self.asked = names, list[str]()

    def names(self) -> dict[str, int]:
        return self.said

    def put(self, root: Path, names: Sequence[str], *, ordered: bool = False) -> None:
        raise AssertionError((root, names, ordered))

    def get(self, names: Sequence[str], root: Path) -> None:
        self.asked += names
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(b"{}")


def test_names_that_lead_elsewhere_are_never_asked_for(tmp_path: Path) -> None:
    liar = Lying(**dict.fromkeys(HOSTILE, 2), **{HOSTILE[0].rpartition("/")[2]: 2, "notes.jsonl": 2})
    assert pulled(liar, tmp_path / "all") == Moved()
    assert liar.asked == []


def test_a_seal_that_is_none_and_a_file_that_is_far_too_long_are_refused(tmp_path: Path) -> None:
    kept = sealed_run(tmp_path / "a", 0)
    seal_path, path = (one.relative_to(tmp_path / "a").as_posix() for one in (kept.path, file_of(kept)))
    liar = Lying(**{seal_path: 2, path: 5})
    moved = pulled(liar, tmp_path / "all")
    assert (moved.runs, len(moved.faults), liar.asked) == (0, 1, [seal_path])
    endless = Lying(**{seal_path: 2, path: 10**12})
    endless.get = lambda names, root: Folder(tmp_path / "a").get(names, root)  # type: ignore[method-assign]
    [fault] = pulled(endless, tmp_path / "all").faults
    assert fault.what.startswith(f"{10**12} bytes, where its seal says")
    assert pulled(Lying(**{seal_path: 10**9}), tmp_path / "all") == Moved()
    assert everything(tmp_path / "all") == {}


def test_a_file_that_is_packed_or_only_here_is_moved_as_it_is(tmp_path: Path) -> None:
    import gzip

    kept = sealed_runs(tmp_path / "a", 1)
    path = file_of(kept[0])
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    place = folder(tmp_path / "hub")
    assert pushed(tmp_path / "a", place).runs == 1
    assert pulled(place, tmp_path / "all").runs == 1
    assert verify([str(tmp_path / "all")]).faults == []


# Cut transfers


def whole_runs(hub: Path) -> int:
    """How many runs count at a place; every one of them must be what was sealed."""
    if not any(hub.rglob("*.seal")):
        return 0
    told = verify([str(hub)])
    assert told.faults == []
    return sum(chain.runs for chain in told.chains)


def test_a_copy_that_the_disk_cuts_leaves_no_half_run_and_the_next_push_goes_on(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 3)
    big = write_run(tmp_path / "a", 3, only=tuple(f"e{number}" for number in range(400)))
    seal(big, Ended.FINISHED, now=T0 + 9000)
    place = folder(tmp_path / "hub")
    moved = Moved()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(PlaceError, match="largest size allowed"):
            push(tmp_path / "a", place, moved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (moved.runs, whole_runs(place.path)) == (3, 3)
    cut = hidden(place.path / big.relative_to(tmp_path / "a"))
    assert cut.stat().st_size == 100_000
    assert pushed(tmp_path / "a", place).runs == 1
    assert everything(place.path) == everything(tmp_path / "a")
    assert not cut.exists()


KILLED_WHILE_IT_PUSHES = """\
import pathlib, sys, time, shutil
from probe.store.fleet import Moved, push
from probe.store.fleet_folder import Folder
real = shutil.copyfileobj
def slowly(reading, writing, _length):
    while data := reading.read(500):
        writing.write(data)
        writing.flush()
        time.sleep(0.002)
shutil.copyfileobj = slowly
push(pathlib.Path(sys.argv[1]), Folder(pathlib.Path(sys.argv[2])), Moved())
"""


def test_a_push_that_is_killed_again_and_again_delivers_everything_in_the_end(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 8)
    place = folder(tmp_path / "hub")
    for wanted in (1, 3, 5):
        pushing = subprocess.Popen([sys.executable, "-c", KILLED_WHILE_IT_PUSHES, str(tmp_path / "a"), str(place.path)])
        deadline = time.monotonic() + 60
        while len(list(place.path.rglob("*.seal"))) < wanted and time.monotonic() < deadline:
            time.sleep(0.001)
        pushing.send_signal(signal.SIGKILL)
        assert pushing.wait() == -signal.SIGKILL
        assert wanted <= whole_runs(place.path) < 8
    pushed(tmp_path / "a", place)
    assert everything(place.path) == everything(tmp_path / "a")


def test_an_rsync_whose_line_is_cut_leaves_no_half_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = write_run(tmp_path / "a", 0, only=tuple(f"e{number}" for number in range(400)))
    seal(big, Ended.FINISHED, now=T0 + 60)
    big.write_bytes(big.read_bytes())
    hub, place = tmp_path / "hub", Rsync(f"anyhost:{tmp_path / 'hub'}")
    rsync_shell(tmp_path, monkeypatch, cut_after=5000)
    with pytest.raises(PlaceError, match="rsync"):
        pushed(tmp_path / "a", place)
    assert whole_runs(hub) == 0
    assert not any(name.endswith((".seal", ".jsonl")) for name in everything(hub))
    rsync_shell(tmp_path, monkeypatch)
    assert pushed(tmp_path / "a", place).runs == 1
    assert everything(hub) == everything(tmp_path / "a")
    assert not any(".rsync-partial" in name for name in place.names())


def test_a_bucket_whose_line_is_cut_shows_no_half_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed_runs(tmp_path / "a", 6)
    monkeypatch.setattr("probe.store.fleet_s3._WAIT", {"retries": {"max_attempts": 1, "mode": "standard"}})
    with bucket(monkeypatch) as url:
        link = Cutting(url, 9000)
        try:
            with pytest.raises(PlaceError):
                pushed(tmp_path / "a", Bucket("s3://fleet/x", link.url))
            direct = Bucket("s3://fleet/x", url)
            half = len(direct.names())
            assert half < 12
            pulled(direct, tmp_path / "half")
            assert whole_runs(tmp_path / "half") * 2 <= half
            link.limit = None
            assert pushed(tmp_path / "a", Bucket("s3://fleet/x", link.url)).faults == []
        finally:
            link.close()
        pulled(direct, tmp_path / "all")
    assert everything(tmp_path / "all") == everything(tmp_path / "a")


def test_a_pull_that_is_cut_shows_readers_nothing_half_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sealed_runs(tmp_path / "a", 3)
    place = folder(tmp_path / "hub")
    pushed(tmp_path / "a", place)
    cut_at = file_of(kept[1]).name

    def cut(source: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        if source.name == cut_at:
            hidden(to).write_bytes(source.read_bytes()[:100])
            raise PlaceError("the stick was pulled out")
        shutil.copyfile(source, to)

    with monkeypatch.context() as patch:
        patch.setattr("probe.store.fleet_folder.copy", cut)
        with pytest.raises(PlaceError, match="pulled out"):
            pulled(place, tmp_path / "all")
    assert whole_runs(tmp_path / "all") == 1
    assert (tmp_path / "all" / INCOMING).is_dir()
    assert len(find([str(tmp_path / "all")]).sources) == 1
    assert pulled(place, tmp_path / "all").runs == 2
    assert everything(tmp_path / "all") == everything(tmp_path / "a")
    assert not (tmp_path / "all" / INCOMING).exists()


# Places that cannot be used


def test_a_folder_that_is_not_there_is_not_made_silently(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "a", 1)
    with pytest.raises(PlaceError, match="no such folder; make it first"):
        pushed(tmp_path / "a", Folder(tmp_path / "mnt" / "stick"))
    assert not (tmp_path / "mnt").exists()


def test_what_rsync_says_of_a_place_that_cannot_be_reached_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = tmp_path / "refusing"
    shell.write_text("#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n", encoding="ascii")
    shell.chmod(0o755)
    monkeypatch.setenv("RSYNC_RSH", str(shell))
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    with pytest.raises(PlaceError, match=r"^anyhost:x: rsync: Permission denied \(publickey\)"):
        Rsync("anyhost:x").names()


def test_a_machine_without_rsync_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlaceError, match="there is no rsync on this machine"):
        Rsync("anyhost:x").names()


def test_a_place_that_looks_like_an_option_is_none_for_rsync(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rsync_shell(tmp_path, monkeypatch)
    with pytest.raises(PlaceError):
        pushed(_one_run(tmp_path), Rsync("--rsh=touch bad:x"))
    assert not (Path.cwd() / "bad").exists()


def _one_run(folder: Path) -> Path:
    sealed_runs(folder / "a", 1)
    return folder / "a"


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://key:secret@bucket/x", "s3://bucket/x?a=b", "https://bucket"])
def test_what_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(PlaceError, match="names no bucket"):
        Bucket(url)


def test_an_endpoint_with_a_password_in_it_is_refused_and_not_repeated() -> None:
    with pytest.raises(PlaceError) as caught:
        Bucket("s3://bucket/x", "https://me:hunter2@store.example")
    assert "hunter2" not in str(caught.value)


def test_a_bucket_that_is_not_there_or_not_ours_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs")
    monkeypatch.setattr("probe.store.fleet_s3._WAIT", {"retries": {"max_attempts": 1, "mode": "standard"}})
    with bucket(monkeypatch) as url, pytest.raises(PlaceError) as caught:
        Bucket("s3://nowhere/x", url).names()
    assert str(caught.value) == "s3://nowhere/x: The specified bucket does not exist"
    with pytest.raises(PlaceError, match="Could not connect") as refused:
        Bucket("s3://fleet/x", "http://127.0.0.1:9").names()
    assert KEY not in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_machine_without_credentials_is_told_where_they_belong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("s3fs")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(PlaceError, match="no credentials; set AWS_ACCESS_KEY_ID"):
        Bucket("s3://fleet/x", "http://127.0.0.1:9").names()
