"""Alerts as the watch has them: the hooks, the files they keep, what goes out and what is only shown, and mistakes."""

import json
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import typer

from probe.cli.alerting import Alerting, alerting
from probe.model.diagnosis import Fitness
from probe.model.measurement import FitnessEvidence, Measurement
from probe.model.vantage import Vantage
from probe.schedule.loop import Hooks
from probe.schedule.once import Finished
from probe.store.journal import Journal
from probe.store.layout import run_path
from tests.alert.story import TEN, runs_of
from tests.cli.command import probe, served, write_list

API = "clubhouse/api"
BLOCK = {API: "." * 30 + "#" * 30}
NOTHING = Alerting([], None, None, dry=False)


def hook(folder: Path) -> str:
    """A command that keeps what it is told, a line each."""
    path = folder / "hook"
    path.write_text(f"#!{sys.executable}\nimport sys\nopen({str(folder / 'heard')!r}, 'a').write(sys.stdin.read())\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def heard(folder: Path, count: int) -> list[str]:
    """The kinds that the hook was told, once there are `count` of them (or half a minute is over)."""
    path = folder / "heard"
    for _ in range(3000):
        if path.exists() and len(path.read_bytes().splitlines()) >= count:
            break
        time.sleep(0.01)
    return [json.loads(line)["kind"] for line in path.read_bytes().splitlines()]


def finished(out: Path, run: list[Measurement]) -> Finished:
    began = 1_612_774_800.0
    return Finished(
        run_id=run[0].run_id, path=run_path(out, "sha-ct", run[0].run_id), out=out, vantage=Vantage(name="sha-ct"),
        began=began, ended=began + 1.5, fitness=Fitness.FIT, evidence=FitnessEvidence(), planned=len(run),
        measured=len(run),
    )  # fmt: skip


def watched(out: Path, hooks: Iterable[Hooks], runs: Iterable[list[Measurement]]) -> None:
    """What the loop does with the hooks, and its journal on disk before they hear."""
    for run in runs:
        with Journal(run_path(out, "sha-ct", run[0].run_id), sync=lambda _fd: None) as journal:
            for one in run:
                journal.append(one)
                for each in hooks:
                    each.on_measurement(one)
        for each in hooks:
            each.on_run_finished(finished(out, run))


def test_nothing_asked_for_is_no_hook_and_no_file(tmp_path: Path) -> None:
    with alerting(NOTHING, tmp_path, "sha-ct", TEN) as hooks:
        assert hooks == []
    assert list(tmp_path.iterdir()) == []


def test_a_command_hears_each_alert_once_over_restarts(tmp_path: Path) -> None:
    out = tmp_path / "results"
    asked = Alerting([], hook(tmp_path), None, dry=False)
    runs = list(runs_of(BLOCK))
    for low in range(0, len(runs), 10):
        with alerting(asked, out, "sha-ct", TEN) as hooks:
            watched(out, hooks, runs[low : low + 10])
            if low == 50:
                assert heard(tmp_path, 2) == ["suspected", "confirmed"]
    assert heard(tmp_path, 2) == ["suspected", "confirmed"]
    kept = {path.name for path in (out / "sha-ct").iterdir() if path.is_file()}
    assert kept == {"alerts-ledger.json", "alerts-outbox.json"}


def test_a_watch_that_never_gets_to_its_work_touches_nothing(tmp_path: Path) -> None:
    """Another watch holds the lock: it must not read the other's outbox, nor send from it."""
    with alerting(Alerting([], hook(tmp_path), None, dry=False), tmp_path / "results", "sha-ct", TEN) as hooks:
        assert len(hooks) == 1
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("as_json", [False, True])
def test_dry_alerts_are_shown_and_neither_sent_nor_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    out = tmp_path / "results"
    asked = Alerting([], hook(tmp_path), None, dry=True, json=as_json)
    with alerting(asked, out, "sha-ct", TEN) as hooks:
        watched(out, hooks, runs_of(BLOCK))
    said = capsys.readouterr()
    shown, other = (said.err, said.out) if as_json else (said.out, said.err)
    assert other == ""
    lines = [line.split("\t") for line in shown.splitlines()]
    assert [line[1:3] for line in lines] == [["would send", "suspected"], ["would send", "confirmed"]]
    assert "blocked since 8 Feb 13:50–14:00 UTC, reset after this name in TLS, confirmed" in lines[1][3]
    assert not (tmp_path / "heard").exists()
    assert [path.name for path in (out / "sha-ct").iterdir() if path.is_file()] == []


def test_gauges_are_kept_in_the_file(tmp_path: Path) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    file = tmp_path / "probe.prom"
    with alerting(Alerting([], None, file, dry=False), tmp_path / "results", "sha-ct", TEN) as hooks:
        watched(tmp_path / "results", hooks, runs_of(BLOCK))
    families = {one.name: one.samples for one in parser.text_string_to_metric_families(file.read_text())}
    assert [one.value for one in families["probe_endpoint_blocked"]] == [1.0]
    assert [one.value for one in families["probe_endpoint_up"]] == [0.0]
    assert [one.value for one in families["probe_last_run_timestamp_seconds"]] == [1_612_774_801.5]
    assert "probe_alerts_waiting" not in families
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["probe.prom"]


def test_files_that_cannot_be_written_are_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "probe.prom"
    file.mkdir()
    with alerting(Alerting([], None, file, dry=False), tmp_path / "results", "sha-ct", TEN) as hooks:
        watched(tmp_path / "results", hooks, runs_of({API: "."}))
    assert "probe.prom: cannot be written" in capsys.readouterr().err


def test_a_damaged_ledger_is_told_and_read_again_from_the_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results"
    asked = Alerting([], hook(tmp_path), None, dry=False)
    with alerting(asked, out, "sha-ct", TEN) as hooks:
        watched(out, hooks, runs_of({API: "..."}))
    (out / "sha-ct" / "alerts-ledger.json").write_text("{")
    with alerting(asked, out, "sha-ct", TEN) as hooks:
        watched(out, hooks, runs_of({API: "."}, start=1_700_000_000.0))
    assert "alerts-ledger.json: damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--on-alert", ""), "--on-alert names no command"),
        (("--on-alert", "no-such-program-anywhere"), "no shell is used"),
        (("--alert-to", "hunter2"), "--alert-to: what was given is none that apprise can use"),
        (("--prometheus", "no/such/folder/x.prom"), "no such folder"),
    ],
)
def test_mistakes_are_told_before_anything_is_probed(tmp_path: Path, flags: tuple[str, str], said: str) -> None:
    write_list(tmp_path)
    done = probe("watch", "--runs", "1", *flags, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err
    assert done.err.endswith("nothing was probed\n")
    assert "hunter2" not in done.err
    assert not (tmp_path / "results").exists()


def test_a_mistake_ends_the_command_with_usage() -> None:
    with pytest.raises(typer.Exit), alerting(Alerting([], "", None, dry=False), Path("x"), "v", TEN):
        pass


def test_probe_watch_keeps_the_gauges_of_what_it_measures(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    done = probe("watch", "--every", "1s", "--runs", "2", "--prometheus", "p.prom", "--dry-alerts", cwd=tmp_path)
    assert done.code == 0
    assert 'target="app",endpoint="web",role="web"} 1' in (tmp_path / "p.prom").read_text()
