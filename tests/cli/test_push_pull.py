"""`probe push` and `probe pull` as their users run them: words, exit codes, mistakes, settings, no secret anywhere."""

import json
from pathlib import Path

import pytest

from tests.cli.command import environment, probe
from tests.store.places import KEY, SECRET, bucket, everything, rsync_shell
from tests.store.sealed import file_of, sealed_run, sealed_runs, write_run


def test_over_a_folder_twice_and_then_a_report_of_all(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "results", 2)
    write_run(tmp_path / "results", 7)
    (tmp_path / "hub").mkdir()
    first = probe("push", "hub", cwd=tmp_path)
    size = sum(len(data) for name, data in everything(tmp_path / "hub").items() if name.endswith(".jsonl"))
    assert (first.code, first.out) == (
        0,
        f"sent 2 runs (6 records, {size / 1000:.1f} kB) to hub; 0 were there before\n",
    )
    assert first.err == "note: 1 run without a seal (going on, or killed); the vantage's next run seals it\n"
    again = probe("push", "hub", cwd=tmp_path)
    assert again.out == "sent 0 runs (0 records, 0 bytes) to hub; 2 were there before\n"
    sealed_run(tmp_path / "other", 0, vantage="bj-cu")
    assert probe("push", "hub", "other", cwd=tmp_path).code == 0
    pulled = probe("pull", "hub", "all", "--json", cwd=tmp_path)
    told = json.loads(pulled.out)
    assert (told["runs"], told["records"], told["before"], told["refused"]) == (3, 9, 0, [])
    report = probe("report", "all", cwd=tmp_path)
    assert "bj-cu" in report.out
    assert "sha-ct" in report.out


def test_what_was_changed_is_refused_with_3(tmp_path: Path) -> None:
    kept = sealed_runs(tmp_path / "results", 2)
    path = file_of(kept[0])
    path.write_bytes(path.read_bytes()[:-30])
    (tmp_path / "hub").mkdir()
    done = probe("push", "hub", cwd=tmp_path)
    assert (done.code, done.out.split(" (")[0]) == (3, "sent 1 run")
    assert done.err.startswith(f"refused: {path.relative_to(tmp_path)}:3: not the line that was sealed")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("push", "hub"), "hub: no such folder; make it first (is the share mounted?)"),
        (("push", "results"), "results is the results folder itself; name another place"),
        (("push", "ftp://host/x"), "ftp://host/x: ftp:// is not known; write a folder,"),
        (("push", "s3://"), "'s3://' names no bucket; write s3://BUCKET/PREFIX"),
        (("push", "hub", "nowhere"), "nowhere: no such folder; name the results folder after DEST"),
        (("pull", "hub"), "hub: no such folder; make it first"),
        (("push", "s3://b/x", "--endpoint-url", "https://a:hunter2@h"), "--endpoint-url is no plain https:// URL"),
    ],
)
def test_mistakes_end_with_2_in_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    sealed_runs(tmp_path / "results", 1)
    done = probe(*arguments, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said)
    assert "hunter2" not in done.err


def test_a_place_that_cannot_be_reached_ends_with_1_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rsync_shell(tmp_path, monkeypatch, cut_after=0)
    monkeypatch.setenv("RSYNC_RSH", "/bin/false")
    sealed_runs(tmp_path / "results", 1)
    done = probe("push", "me@anyhost:results", cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    first, last = done.err.splitlines()
    assert first.startswith("me@anyhost:results: rsync: ")
    assert last == "nothing half-moved counts; the same command again goes on from here"


def test_a_bucket_named_in_settings_and_nothing_of_the_credentials_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_runs(tmp_path / "results", 2)
    with bucket(monkeypatch) as url:
        (tmp_path / "probe.toml").write_text(f'[push]\ndest = "s3://fleet/a"\nendpoint-url = "{url}"\n', "utf-8")
        pushed = probe("push", cwd=tmp_path, env=environment())
        pulled = probe("pull", "s3://fleet/a", "all", "--endpoint-url", url, cwd=tmp_path, env=environment())
    assert (pushed.code, pulled.code) == (0, 0), pushed.err + pulled.err
    assert everything(tmp_path / "all") == everything(tmp_path / "results")
    for secret in (KEY, SECRET):
        assert secret not in pushed.out + pushed.err + pulled.out + pulled.err
        assert not any(secret.encode() in data for data in everything(tmp_path).values())
