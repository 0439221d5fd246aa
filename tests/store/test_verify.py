"""What verify finds: each way in which results can be changed, and the line that it names."""

import gzip
from pathlib import Path

import pytest

from probe.store.compact import make, plan
from probe.store.layout import find
from probe.store.seal import Ended, Kept
from probe.store.sealing import seal
from probe.store.verify import Verified, verify
from tests.store.records import T0
from tests.store.sealed import ENDPOINTS, file_of, sealed_run, sealed_runs, write_run


def found(*names: Path) -> Verified:
    return verify([str(name) for name in names])


def faults(*names: Path) -> list[str]:
    return [str(fault) for fault in found(*names).faults]


def rewrite(kept: Kept, *lines: int | bytes) -> Path:
    """The file of a run made anew of these of its lines (counted from 0) and other bytes."""
    path = file_of(kept)
    old = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(old[line] if isinstance(line, int) else line for line in lines))
    return path


def test_untouched_results_are_valid_and_their_chain_is_told(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 3)
    told = found(tmp_path)
    [chain] = told.chains
    assert (told.faults, told.unsealed, told.notes) == ([], [], [])
    assert (chain.vantage, chain.runs, chain.records, chain.low, chain.high) == ("sha-ct", 3, 9, 1, 3)
    assert chain.head == kept[-1].sha256
    assert told.has(kept[0].sha256[:16])
    assert not told.has("0" * 16)


def test_a_changed_record_is_named_with_its_line_and_what_it_says_now(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 3)
    path = file_of(kept[1])
    changed = path.read_bytes().splitlines(keepends=True)[1].replace(b'"verdict":"ok"', b'"verdict":"blocked"')
    rewrite(kept[1], 0, changed, 2)
    run = kept[1].seal.run_id
    assert faults(tmp_path) == [
        f"{path}:2: not the line that was sealed (it says {run}/clubhouse/web is blocked); "
        "verdicts when sealed → now: blocked 0 → 1, ok 3 → 2"
    ]


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ((0, 2), 2, "1 sealed line before this one is missing"),
        ((2,), 1, "2 sealed lines before this one are missing"),
        ((0, 1), 3, "the file ends here; 1 of 3 sealed lines are missing"),
        ((), 1, "the file ends here; 3 of 3 sealed lines are missing"),
        ((0, b"rubbish\n", 1, 2), 2, "not the line that was sealed (it is no record)"),
        ((0, b"\n", 1, 2), 2, "not the line that was sealed (it is no record)"),
    ],
)
def test_lines_cut_out_cut_off_and_put_in_are_named(
    tmp_path: Path, lines: tuple[int | bytes, ...], line: int, what: str
) -> None:
    [kept] = sealed_runs(tmp_path, 1)
    path = rewrite(kept, *lines)
    [fault] = faults(tmp_path)
    assert fault.startswith(f"{path}:{line}: {what}")


def test_a_last_line_without_its_newline_is_not_the_sealed_one(tmp_path: Path) -> None:
    [kept] = sealed_runs(tmp_path, 1)
    path = file_of(kept)
    path.write_bytes(path.read_bytes()[:-1])
    assert faults(tmp_path)[0].startswith(f"{path}:3: not the line that was sealed")


def test_a_missing_file_is_named_with_what_it_held(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 2)
    file_of(kept[0]).unlink()
    assert faults(tmp_path) == [f"{file_of(kept[0])}: missing; seal 1 says it had 3 records"]


def test_a_missing_seal_breaks_the_chain_at_its_beginning_and_in_its_middle(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 5)
    kept[0].path.unlink()
    kept[2].path.unlink()
    told = found(tmp_path)
    assert [str(fault) for fault in told.faults] == [
        f"{kept[1].path}: seal 1 is missing: the chain of sha-ct has no beginning",
        f"{kept[3].path}: seal 3 is missing before this one: the chain is broken",
    ]
    assert told.unsealed == [f"{file_of(kept[0])}: no seal", f"{file_of(kept[2])}: no seal"]


def test_a_run_that_was_rewritten_and_sealed_anew_breaks_the_chain_after_it(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "true", 3)
    forged = tmp_path / "forged"
    sealed_run(forged, 0)
    path = write_run(forged, 1, only=("blocked",))
    forger = seal(path, Ended.FINISHED, now=T0 + 660)
    file_of(kept[1]).write_bytes(path.read_bytes())
    kept[1].path.unlink()
    (kept[1].path.parent / forger.path.name).write_bytes(forger.path.read_bytes())
    assert faults(tmp_path / "true") == [
        f"{kept[2].path}: does not follow seal 2, {forger.path.name}: the chain is broken"
    ]


def test_two_machines_under_one_vantage_name_are_two_chains(tmp_path: Path) -> None:
    sealed_run(tmp_path, 0)
    other = sealed_run(tmp_path / "other", 1)
    moved = tmp_path / "sha-ct" / other.path.parent.name
    for path in (other.path, file_of(other)):
        path.rename(moved / path.name)
    [fault] = faults(tmp_path / "sha-ct")
    assert "there is another seal 1 of sha-ct" in fault


def test_a_changed_seal_is_named_and_its_file_is_not_called_unsealed(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 1)
    kept[0].path.write_bytes(kept[0].path.read_bytes().replace(b'"records":3', b'"records":4'))
    told = found(tmp_path)
    [fault] = told.faults
    assert fault.where == str(kept[0].path)
    assert fault.what.startswith("the seal was changed")
    assert told.unsealed == []


def resumed(results: Path) -> tuple[Kept, Kept]:
    """A run cut short after one endpoint, another run, and the first one completed."""
    path = write_run(results, 0, only=ENDPOINTS[:1])
    cut = seal(path, Ended.INTERRUPTED, now=T0 + 60)
    sealed_run(results, 1)
    write_run(results, 0, only=ENDPOINTS[1:])
    return cut, seal(path, Ended.FINISHED, now=T0 + 900, resumed=True)


def test_a_resumed_run_is_valid_and_counts_once(tmp_path: Path) -> None:
    resumed(tmp_path)
    told = found(tmp_path)
    [chain] = told.chains
    assert told.faults == []
    assert (chain.seals, chain.runs, chain.records) == (3, 2, 6)


def test_a_resume_that_rewrote_what_was_there_is_found_though_it_was_sealed(tmp_path: Path) -> None:
    path = write_run(tmp_path, 0, only=ENDPOINTS[:1])
    seal(path, Ended.INTERRUPTED, now=T0 + 60)
    path.write_bytes(path.read_bytes().replace(b'"ok"', b'"down"'))
    write_run(tmp_path, 0, only=ENDPOINTS[1:])
    seal(path, Ended.FINISHED, now=T0 + 900, resumed=True)
    assert faults(tmp_path) == [f"{path}: its first 1 lines are not those of seal 1"]


def test_a_resume_that_was_killed_leaves_lines_that_no_seal_covers_and_no_fault(tmp_path: Path) -> None:
    [kept] = sealed_runs(tmp_path, 1)
    write_run(tmp_path, 0, only=("more", "most"))
    told = found(tmp_path)
    assert (told.faults, told.unsealed) == ([], [f"{file_of(kept)}:4: 2 lines after the sealed ones"])


def test_files_without_a_seal_are_said_and_are_no_fault(tmp_path: Path) -> None:
    sealed_runs(tmp_path, 1)
    running = write_run(tmp_path, 7)
    told = found(tmp_path)
    assert (told.faults, told.unsealed) == ([], [f"{running}: no seal"])


def test_a_copy_and_a_packed_file_are_as_valid_as_the_original(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "a", 2)
    packed = tmp_path / "a" / "packed" / kept[0].path.parent.parent.name / kept[0].path.parent.name
    packed.mkdir(parents=True)
    for one in kept:
        (packed / one.path.name).write_bytes(one.path.read_bytes())
        (packed / f"{one.seal.file}.gz").write_bytes(gzip.compress(file_of(one).read_bytes()))
    assert faults(tmp_path / "a" / "packed") == []
    assert faults(tmp_path) == []
    broken = packed / f"{kept[1].seal.file}.gz"
    broken.write_bytes(broken.read_bytes()[:-12])
    assert "the file breaks off here" in faults(tmp_path / "a" / "packed")[0]


def test_a_day_and_a_file_alone_can_be_verified_where_the_rest_of_the_chain_is_elsewhere(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path, 4)
    day = kept[0].path.parent
    kept[0].path.unlink()
    file_of(kept[0]).unlink()
    assert faults(tmp_path / "sha-ct") != []
    told = found(day)
    assert told.faults == []
    assert told.notes == ["sha-ct: the chain begins here at seal 2; what was before is not here"]
    assert faults(file_of(kept[2])) == []
    rewrite(kept[2], 1, 2)
    assert faults(file_of(kept[2])) == [f"{file_of(kept[2])}:1: 1 sealed line before this one is missing"]


def test_a_line_that_keeps_its_short_hash_only_is_found_by_the_whole_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can make such a line today; the proof must not rest on the short hashes."""
    [kept] = sealed_runs(tmp_path, 1)
    path = file_of(kept)
    path.write_bytes(path.read_bytes().replace(b'"ok"', b'"down"'))
    sealed = iter(kept.seal.lines)
    monkeypatch.setattr("probe.store.verify.line_hash", lambda _line: next(sealed))
    assert faults(tmp_path) == [f"{path}: its first 3 lines are not those of seal 1"]


def test_a_name_that_leads_nowhere_is_a_mistake_and_not_a_valid_result(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file or folder"):
        found(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no results in this folder"):
        found(tmp_path)


def test_a_file_that_was_cut_and_sealed_anew_is_found_though_its_newest_seal_holds(tmp_path: Path) -> None:
    [kept] = sealed_runs(tmp_path, 1)
    path = rewrite(kept, 0)
    seal(path, Ended.FINISHED, now=T0 + 900)
    assert faults(tmp_path) == [f"{path}: its first 3 lines are not those of seal 1"]


def packed(results: Path, out: Path) -> Path:
    """Results made into one Parquet file, as `probe compact` does."""
    wanted = plan(find([str(results)]).sources, out, partition=False, now=T0)
    [one] = wanted.files
    make(one)
    return one.path


def test_compacted_runs_are_as_valid_as_their_files_were_also_without_them(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "r", 3)
    packed(tmp_path / "r", tmp_path / "r")
    assert faults(tmp_path / "r") == []
    for one in kept:
        file_of(one).unlink()
    told = found(tmp_path / "r")
    [chain] = told.chains
    assert (told.faults, told.unsealed, chain.records) == ([], [], 9)


def test_a_line_that_was_changed_in_parquet_is_named_with_its_run_and_its_place_there(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "r", 3)
    path = file_of(kept[1])
    true = path.read_bytes()
    path.write_bytes(true.replace(b"/web", b"/wab", 1))
    parquet = packed(tmp_path / "r", tmp_path / "r")
    path.write_bytes(true)
    [fault] = faults(tmp_path / "r")
    assert fault.startswith(
        f"{parquet}: {path.name}:2: not the line that was sealed (it says {path.stem}/clubhouse/wab"
    )
    path.unlink()
    assert len(faults(tmp_path / "r")) == 2


def test_a_run_that_went_on_after_it_was_compacted_is_said_and_no_fault(tmp_path: Path) -> None:
    path = write_run(tmp_path / "r", 0, only=ENDPOINTS[:1])
    seal(path, Ended.INTERRUPTED, now=T0 + 60)
    parquet = packed(tmp_path / "r", tmp_path / "r")
    write_run(tmp_path / "r", 0, only=ENDPOINTS[1:])
    seal(path, Ended.FINISHED, now=T0 + 900, resumed=True)
    told = found(tmp_path / "r")
    assert (told.faults, told.notes) == ([], [f"{parquet}: {path.stem} as it was at seal 1; it went on since"])


def test_parquet_without_its_seals_and_parquet_that_is_none(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "r", 1)
    parquet = packed(tmp_path / "r", tmp_path / "p")
    told = found(tmp_path / "p")
    assert (told.faults, told.unsealed) == ([], [f"{parquet}: {kept[0].seal.run_id}: no seal here"])
    assert faults(tmp_path / "r", tmp_path / "p") == []
    parquet.write_bytes(parquet.read_bytes()[:100])
    [fault] = faults(tmp_path / "p")
    assert fault.startswith(f"{parquet}: not readable as Parquet")
