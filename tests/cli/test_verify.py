"""`probe verify` as its users run it: its words, its exit codes, other folders, wrong input."""

import json
from pathlib import Path

from tests.cli.command import probe
from tests.store.sealed import file_of, sealed_runs, write_run


def test_valid_results_end_with_0_and_tell_the_head_of_each_chain(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "results", 2)
    other = sealed_runs(tmp_path / "results", 1, vantage="bj-cu")
    done = probe("verify", cwd=tmp_path)
    assert done.code == 0
    assert done.out.splitlines() == [
        f"bj-cu  1 run, 3 records, 2021-02-08; seals 1 to 1, head {other[-1].sha256[:16]}",
        f"sha-ct  2 runs, 6 records, 2021-02-08; seals 1 to 2, head {kept[-1].sha256[:16]}",
        "valid: everything sealed is as it was sealed",
    ]
    assert done.err == ""


def test_changed_results_end_with_3_and_name_the_line_also_as_data(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "results", 2)
    path = file_of(kept[0])
    path.write_bytes(path.read_bytes().replace(b"/web", b"/wob", 1))
    done = probe("verify", path.parent, cwd=tmp_path)
    assert done.code == 3
    assert done.out.startswith(f"BAD  {path}:2: not the line that was sealed")
    assert done.out.endswith("NOT VALID: 1 fault\n")
    data = probe("verify", path.parent, "--json", cwd=tmp_path)
    told = json.loads(data.out)
    assert (data.code, told["valid"], told["faults"][0]["where"]) == (3, False, f"{path}:2")


def test_a_hash_noted_earlier_must_be_in_the_chain(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "results", 2)
    assert probe("verify", "--has", kept[0].sha256.upper(), "--has", kept[1].sha256[:16], cwd=tmp_path).code == 0
    done = probe("verify", "--has", "00" * 8, cwd=tmp_path)
    assert (done.code, done.out.splitlines()[0]) == (3, f"BAD  no seal here has the hash {'00' * 8}")


def test_records_without_a_seal_are_said_and_fail_only_when_asked_to(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "results", 1)
    running = write_run(tmp_path / "results", 5)
    done = probe("verify", cwd=tmp_path)
    assert (done.code, done.err) == (0, f"not sealed: {running.relative_to(tmp_path)}: no seal\n")
    strict = probe("verify", "--strict", cwd=tmp_path)
    assert (strict.code, strict.out.splitlines()[-1]) == (
        3,
        "NOT VALID: there are records that no seal covers (--strict)",
    )


def test_results_of_a_time_before_seals_are_not_called_valid(tmp_path: Path) -> None:
    write_run(tmp_path / "results", 0)
    done = probe("verify", cwd=tmp_path)
    assert (done.code, done.out) == (0, "nothing is sealed here; 1 file without a seal\n")


def test_mistakes_end_with_2_and_name_the_thing(tmp_path: Path) -> None:
    done = probe("verify", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (2, "", "results: no such file or folder\n")
    done = probe("verify", "--has", "abc", cwd=tmp_path)
    assert (done.code, done.err) == (2, "--has 'abc' is no hash; write 16 to 64 hexadecimal digits\n")


def test_what_a_forger_wrote_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "results", 1)
    path = file_of(kept[0])
    path.write_bytes(path.read_bytes().replace(b'"verdict":"ok"', b'"verdict":"ok\\u001b[2J\\u202e"', 1))
    done = probe("verify", cwd=tmp_path)
    assert done.code == 3
    assert "\\u001b[2J\\u202e" in done.out
    assert "\x1b" not in done.out
