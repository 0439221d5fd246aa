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


def test_notes_go_along_unless_they_are_to_stay(tmp_path: Path) -> None:
    sealed_runs(tmp_path / "results", 1)
    words = ("note", "add", "clubhouse/api", "SMS not received", "--by", "tester", "--vantage", "sha-ct")
    assert probe(*words, cwd=tmp_path).code == 0
    (tmp_path / "hub").mkdir()
    assert " note" not in probe("push", "hub", "--no-notes", cwd=tmp_path).out
    sent = probe("push", "hub", cwd=tmp_path)
    assert sent.out == "sent 0 runs (0 records, 0 bytes) and 1 note to hub; 1 was there before\n"
    told = json.loads(probe("pull", "hub", "all", "--json", cwd=tmp_path).out)
    assert (told["runs"], told["notes"]) == (1, 1)
    here, there = (probe("note", "list", folder, cwd=tmp_path).out for folder in ("results", "all"))
    assert here == there
    assert "SMS not received" in there
    reports = [json.loads(probe("report", folder, "--json", cwd=tmp_path).out) for folder in ("results", "all", "hub")]
    assert [len(one["notes"]) for one in reports] == [1, 1, 1]
    assert reports[0] == reports[1]


def test_a_place_with_nothing_at_it_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    done = probe("pull", "hub", "all", cwd=tmp_path)
    assert (done.code, done.err) == (0, "note: nothing is at hub; is that the place?\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("push", "hub"), "hub: no such folder; make it first (is the share mounted?)"),
        (("push", "results"), "results is the results folder itself; name another place"),
        (("push", "ftp://host/x"), "ftp://host/x: ftp:// is not known; write a folder,"),
        (("push", "s3://"), "'s3://' names no bucket; write s3://BUCKET/PREFIX"),
        (("push", "hub", "nowhere"), "nowhere: no such folder; name the results folder after DEST"),
        (("pull", "hub"), "hub: no such folder; make it first"),
        (("push", "rsync://host/"), "'rsync://host/' names no module of a daemon; write rsync://HOST/MODULE/PATH"),
        (("pull", "host::"), "'host::' names no module of a daemon; write rsync://HOST/MODULE/PATH"),
        (("push", "rsync://me:hunter2@host/x"), "a password does not belong in a URL; set RSYNC_PASSWORD"),
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
