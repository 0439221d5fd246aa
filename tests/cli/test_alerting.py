"""Alerts as the watch has them: the hooks, the files they keep, what goes out and what is only shown, and mistakes."""

import json
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import typer

from probe.cli.alerting import Alerting, Plugged, alerting
from probe.model.diagnosis import Fitness
from probe.model.measurement import FitnessEvidence, Measurement
from probe.model.vantage import Vantage
from probe.schedule.due import Why
from probe.schedule.loop import Cycle, Hooks
from probe.schedule.once import Finished
from probe.store.journal import Journal
from probe.store.layout import run_path
from tests.alert.story import TEN, runs_of
from tests.cli.command import environment, probe, served, write_list

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


def cycle(run: list[Measurement], why: Why = Why.DUE) -> Cycle:
    names = tuple(f"{one.target}/{one.endpoint}" for one in run)
    return Cycle(0, 0.0, why, 0, names, (), len(run))


def watched(out: Path, plugged: Plugged, runs: Iterable[list[Measurement]], why: Why = Why.DUE) -> None:
    """What the watch does with the hooks, and its journal on disk before they hear."""
    plugged.open()
    hooks: list[Hooks] = plugged.hooks
    for run in runs:
        for each in hooks:
            each.on_cycle(cycle(run, why))
        with Journal(run_path(out, "sha-ct", run[0].run_id), sync=lambda _fd: None) as journal:
            for one in run:
                journal.append(one)
                for each in hooks:
                    each.on_measurement(one)
        for each in hooks:
            each.on_run_finished(finished(out, run))


def test_nothing_asked_for_is_no_hook_and_no_file(tmp_path: Path) -> None:
    with alerting(NOTHING, tmp_path, "sha-ct", TEN) as plugged:
        assert plugged.hooks == []
    assert list(tmp_path.iterdir()) == []


def test_a_command_hears_each_alert_once_over_restarts(tmp_path: Path) -> None:
    out = tmp_path / "results"
    asked = Alerting([], hook(tmp_path), None, dry=False)
    runs = list(runs_of(BLOCK))
    for low in range(0, len(runs), 10):
        with alerting(asked, out, "sha-ct", TEN) as plugged:
            watched(out, plugged, runs[low : low + 10])
            if low == 50:
                assert heard(tmp_path, 2) == ["suspected", "confirmed"]
    assert heard(tmp_path, 2) == ["suspected", "confirmed"]
    kept = {path.name for path in (out / "sha-ct").iterdir() if path.is_file()}
    assert kept == {"alerts-ledger.json", "alerts-outbox.json"}


def test_a_watch_that_never_gets_to_its_work_touches_nothing(tmp_path: Path) -> None:
    """Another watch holds the lock: it must not read the other's outbox, nor send from it."""
    with alerting(Alerting([], hook(tmp_path), None, dry=False), tmp_path / "results", "sha-ct", TEN) as plugged:
        assert len(plugged.hooks) == 1
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("as_json", [False, True])
def test_dry_alerts_are_shown_and_neither_sent_nor_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    out = tmp_path / "results"
    asked = Alerting([], hook(tmp_path), None, dry=True, json=as_json)
    with alerting(asked, out, "sha-ct", TEN) as plugged:
        watched(out, plugged, runs_of(BLOCK))
    said = capsys.readouterr()
    shown, other = (said.err, said.out) if as_json else (said.out, said.err)
    assert other == ""
    lines = [line.split("\t") for line in shown.splitlines()]
    assert [line[1:3] for line in lines] == [["would send", "suspected"], ["would send", "confirmed"]]
    assert "likely blocked since 8 Feb 13:50–14:00 UTC, reset after this name in TLS, beyond" in lines[1][3]
    assert not (tmp_path / "heard").exists()
    assert [path.name for path in (out / "sha-ct").iterdir() if path.is_file()] == []


def test_gauges_are_kept_in_the_file(tmp_path: Path) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    file = tmp_path / "probe.prom"
    with alerting(Alerting([], None, file, dry=False), tmp_path / "results", "sha-ct", TEN) as plugged:
        watched(tmp_path / "results", plugged, runs_of(BLOCK))
    families = {one.name: one.samples for one in parser.text_string_to_metric_families(file.read_text())}
    assert [one.value for one in families["probe_endpoint_blocked"]] == [1.0]
    assert [one.value for one in families["probe_endpoint_up"]] == [0.0]
    assert [one.value for one in families["probe_last_run_timestamp_seconds"]] == [1_612_774_801.5]
    assert "probe_alerts_waiting" not in families
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["probe.prom"]


def test_files_that_cannot_be_written_are_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "probe.prom"
    with alerting(Alerting([], None, file, dry=False), tmp_path / "results", "sha-ct", TEN) as plugged:
        file.mkdir()
        watched(tmp_path / "results", plugged, runs_of({API: "."}))
    assert "probe.prom: cannot be written" in capsys.readouterr().err


def up(file: Path) -> list[str]:
    """The endpoints of which the file says whether they are up."""
    parser = pytest.importorskip("prometheus_client.parser")
    families = {one.name: one.samples for one in parser.text_string_to_metric_families(file.read_text())}
    return [one.labels["endpoint"] for one in families["probe_endpoint_up"]]


def test_after_a_restart_a_look_at_one_endpoint_takes_no_other_out_of_the_file(tmp_path: Path) -> None:
    """What vanishes from Prometheus resolves its alerts, and that would say that a block is over."""
    out, file = tmp_path / "results", tmp_path / "probe.prom"
    asked = Alerting([], None, file, dry=False)
    now = time.time()
    for why, pictures, ago in ((Why.DUE, {API: "#", "clubhouse/web": "."}, 300.0), (Why.LOOK, {API: "#"}, 200.0)):
        with alerting(asked, out, "sha-ct", TEN) as plugged:
            watched(out, plugged, runs_of(pictures, start=now - ago), why)
        assert up(file) == ["api", "web"]


def test_an_endpoint_that_is_no_longer_listed_leaves_the_file(tmp_path: Path) -> None:
    out, file = tmp_path / "results", tmp_path / "probe.prom"
    start = 1_612_774_800.0  # when `finished` says that runs began
    with alerting(Alerting([], None, file, dry=False), out, "sha-ct", TEN) as plugged:
        watched(out, plugged, runs_of({API: ".", "clubhouse/web": "."}, start=start - TEN))
        assert up(file) == ["api", "web"]
        watched(out, plugged, runs_of({API: "."}, start=start))
    assert up(file) == ["api"]


def test_a_damaged_ledger_is_told_and_read_again_from_the_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results"
    asked = Alerting([], hook(tmp_path), None, dry=False)
    with alerting(asked, out, "sha-ct", TEN) as plugged:
        watched(out, plugged, runs_of({API: "..."}))
    (out / "sha-ct" / "alerts-ledger.json").write_text("{")
    with alerting(asked, out, "sha-ct", TEN) as plugged:
        watched(out, plugged, runs_of({API: "."}, start=1_700_000_000.0))
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


def test_a_dry_run_says_where_alerts_would_go_and_gives_no_secret_away(tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    write_list(tmp_path)
    command = hook(tmp_path)
    words = ("watch", "--dry-run", "--on-alert", f"{command} --token hunter2", "--prometheus", "p.prom")
    env = environment(PROBE_ALERT_TO="json://user:hunter2@localhost/hunter2 ntfy://localhost/hunter2")
    done = probe(*words, cwd=tmp_path, env=env)
    rows = [line.split("\t") for line in done.out.splitlines()]
    ways = [[option, way.partition(" ")[0]] for option, way, *_ in rows if option in ("alert-to", "on-alert")]
    assert ways == [["alert-to", "json"], ["alert-to", "ntfy"], ["on-alert", command]]
    assert ["prometheus", str(tmp_path / "p.prom")] in rows
    told = json.loads(probe(*words, "--json", cwd=tmp_path, env=env).out)["alerts"]
    assert [len(told[name]) for name in ("alert_to", "on_alert", "prometheus")] == [2, 1, 1]
    assert "hunter2" not in done.out + done.err + json.dumps(told)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("flags", [("--alert-to", "nosuch://hunter2"), ("--on-alert", "./targets.yaml x")])
def test_a_dry_run_tells_a_way_out_that_cannot_be_used(tmp_path: Path, flags: tuple[str, str]) -> None:
    write_list(tmp_path)
    done = probe("watch", "--dry-run", *flags, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert flags[0] in done.err
    assert "hunter2" not in done.err


def test_alerts_are_worded_in_the_clock_that_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = Alerting([], None, None, dry=True, zone="Asia/Shanghai")
    with alerting(asked, tmp_path / "results", "sha-ct", TEN) as plugged:
        watched(tmp_path / "results", plugged, runs_of(BLOCK))
    assert "blocked since 8 Feb 21:50–22:00 (13:50–14:00 UTC)" in capsys.readouterr().out


def test_a_zone_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = probe("watch", "--tz", "Asia/Shangai", "--runs", "1", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "--tz 'Asia/Shangai' is no time zone" in done.err


def test_what_was_sent_between_two_runs_no_longer_waits_in_the_file(tmp_path: Path) -> None:
    """At `--every 1h` the file would say for an hour that an alert could not be sent, long after it was."""
    file, go = tmp_path / "probe.prom", tmp_path / "go"
    command = tmp_path / "slow"
    command.write_text(
        f"#!{sys.executable}\nimport os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    )
    command.chmod(0o700)

    def waiting() -> str:
        [line] = [line for line in file.read_text().splitlines() if line.startswith("probe_alerts_waiting{")]
        return line.rpartition(" ")[2]

    with alerting(Alerting([], str(command), file, dry=False), tmp_path / "results", "sha-ct", TEN) as plugged:
        watched(tmp_path / "results", plugged, runs_of(BLOCK))
        assert waiting() == "2"
        go.touch()
        [hooks] = plugged.hooks
        for _ in range(1000):
            hooks.on_wait(0.0, 0.0)
            if waiting() == "0":
                break
            time.sleep(0.01)
    assert waiting() == "0"
