"""`probe schedule` against schedulers that are scripts: shown before it is done, ours alone touched, status told."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from probe.model.codec import encode_line
from probe.store.layout import run_id, run_path
from tests.cli.command import Done, environment, probe
from tests.store.records import T0, measurement

CRONTAB = """#!/bin/sh
case "$1" in
  -l) test -f "$HOME/crontab" && cat "$HOME/crontab" || { echo "no crontab for me" >&2; exit 1; };;
  -) cat > "$HOME/crontab";;
esac
"""
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$HOME/asked"
exit ${SYSTEMCTL_ENDS:-0}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with schedulers of its own."""
    folder = tmp_path / "home"
    (folder / "bin").mkdir(parents=True)
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL), ("launchctl", SYSTEMCTL)):
        script = folder / "bin" / name
        script.write_text(text)
        script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return folder


def schedule(home: Path, *words: str, **changes: str) -> Done:
    env = environment(HOME=str(home), PATH=f"{home}/bin:{os.environ['PATH']}", **changes)
    return probe("schedule", *words, cwd=home, env=env)


def units(home: Path) -> list[str]:
    return sorted(path.name for path in (home / ".config/systemd/user").glob("*"))


def test_print_touches_nothing_and_says_all_that_install_would_do(home: Path) -> None:
    done = schedule(home, "print", "--kind", "systemd", "--every", "1h", "--", "--vantage", "sha-ct")
    assert done.code == 0
    assert "OnCalendar=hourly" in done.out
    assert "--vantage sha-ct" in done.out
    assert f"# to {home}/.config/systemd/user/probe-sha-ct.service:" in done.err
    assert "# then: systemctl --user enable --now probe-sha-ct.timer" in done.err
    assert os.listdir(home) == ["bin"]


def test_install_without_a_yes_shows_and_does_nothing(home: Path) -> None:
    done = schedule(home, "install", "--kind", "systemd")
    assert (done.code, "OnCalendar=" in done.out) == (2, True)
    assert done.err.endswith("nothing was done; add --yes to do it\n")
    assert os.listdir(home) == ["bin"]


def test_install_and_remove_with_systemd(home: Path) -> None:
    done = schedule(home, "install", "--kind", "systemd", "--yes", "--", "--vantage", "sha-ct")
    assert (done.code, units(home)) == (0, ["probe-sha-ct.service", "probe-sha-ct.timer"])
    assert (home / "asked").read_text().splitlines() == [
        "--user daemon-reload", "--user enable --now probe-sha-ct.timer"
    ]  # fmt: skip
    assert (home / "results").is_dir()  # systemd lets us write only where something is
    printed = schedule(home, "print", "--kind", "systemd", "--", "--vantage", "sha-ct").out
    text = "".join((home / ".config/systemd/user" / name).read_text() + "\n" for name in units(home))
    assert text == printed
    gone = schedule(home, "remove", "--kind", "systemd", "--name", "sha-ct", "--yes")
    assert (gone.code, units(home)) == (0, [])
    assert "--user disable --now probe-sha-ct.timer" in (home / "asked").read_text()


def test_install_and_remove_with_cron_leave_other_lines_alone(home: Path) -> None:
    (home / "crontab").write_text("MAILTO=me\n0 0 * * * backup 100\\%\n")
    before = (home / "crontab").read_text()
    assert schedule(home, "install", "--kind", "cron", "--yes", "--every", "30m").code == 0
    installed = (home / "crontab").read_text()
    assert installed.startswith(before)
    assert "begin probe-local" in installed
    again = schedule(home, "install", "--kind", "cron", "--yes", "--every", "1h")
    assert (again.code, (home / "crontab").read_text().count("begin probe-local")) == (0, 1)
    assert schedule(home, "remove", "--kind", "cron", "--yes").code == 0
    assert (home / "crontab").read_text() == before


def test_a_first_crontab(home: Path) -> None:
    assert schedule(home, "install", "--kind", "cron", "--yes").code == 0
    assert "begin probe-local" in (home / "crontab").read_text()


def test_install_and_remove_with_launchd(home: Path) -> None:
    assert schedule(home, "install", "--kind", "launchd", "--yes", "--every", "90s").code == 0
    [path] = (home / "Library/LaunchAgents").iterdir()
    assert path.name == "probe.local.plist"
    assert (home / "asked").read_text().startswith(f"bootstrap gui/{os.getuid()} ")
    assert schedule(home, "remove", "--kind", "launchd", "--yes").code == 0
    assert not path.exists()


def test_a_unit_that_is_not_ours_is_neither_overwritten_nor_removed(home: Path) -> None:
    theirs = home / ".config/systemd/user/probe-local.service"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("[Service]\nExecStart=/bin/true\n")
    done = schedule(home, "install", "--kind", "systemd", "--yes")
    assert done.code == 2
    assert "probe-local.service is there and is not ours; move it away, or choose another --name" in done.err
    gone = schedule(home, "remove", "--kind", "systemd", "--yes")
    assert (gone.code, units(home)) == (2, ["probe-local.service"])


def test_a_scheduler_that_refuses_is_told_with_its_own_words(home: Path) -> None:
    done = schedule(home, "install", "--kind", "systemd", "--yes", SYSTEMCTL_ENDS="5")
    assert done.code == 1
    assert "nothing was installed: `systemctl --user daemon-reload` failed: ended with 5" in done.err
    assert units(home) == []


def test_a_scheduler_that_is_not_there(home: Path) -> None:
    (home / "bin" / "launchctl").unlink()
    done = schedule(home, "install", "--kind", "launchd", "--yes")
    assert done.code == 1
    assert "there is no `launchctl` here; --kind names another scheduler" in done.err
    assert "Traceback" not in done.err


WRONG = {
    ("--every", "soon"): "--every 'soon' is no time; write one such as 10m",
    ("--every", "7m"): "a calendar cannot keep every 7 min; use 1, 2, 3",
    ("--kind", "at"): "--kind 'at' is none we know; use systemd, cron, launchd",
    ("--name", "../x"): "--name: vantage name '../x' cannot name a folder",
    ("--", "--nosuch"): "No such option: --nosuch",
    ("--", "--timeout", "soon"): "Invalid value for '--timeout'",
    ("--system", "--kind", "cron"): "--system is for systemd and launchd",
    ("--system", "--kind", "systemd", "--", "--out", "/srv/x"): "a system service keeps its results in /var/lib/probe",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_mistake_is_told_and_nothing_is_printed(home: Path, words: tuple[str, ...]) -> None:
    done = schedule(home, "print", *(() if "--kind" in words else ("--kind", "systemd")), *words)
    assert (done.code, done.out) == (2, "")
    assert WRONG[words] in done.err


def test_a_system_service_names_its_list_in_full(home: Path) -> None:
    done = schedule(home, "print", "--kind", "systemd", "--system", "--", "--vantage", "sha-ct", "my.yaml")
    [line] = [line for line in done.out.splitlines() if line.startswith("ExecStart=")]
    assert line.endswith(f" run --vantage sha-ct {home}/my.yaml")
    bare = schedule(home, "print", "--kind", "systemd", "--system")
    assert f" run {home}/targets.yaml\n" in bare.out


def results(home: Path, vantage: str, *times: float) -> None:
    for at in times:
        one = measurement(at, vantage=vantage, run_id=run_id(at, vantage, "0000"))
        path = run_path(home / "results", vantage, one.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_line(one))


def test_status_says_when_each_vantage_measured_last_and_that_it_is_overdue(home: Path) -> None:
    results(home, "sha-ct", T0, T0 + 600.0, T0 + 1200.0)
    results(home, "ber", T0)
    done = schedule(home, "status")
    assert done.code == 0
    ber, sha = [line.split("\t") for line in done.out.splitlines()]
    assert ber[0] == "ber"
    assert ber[-2:] == ["-", "one run, no schedule known"]
    assert sha[:6] == [
        "sha-ct",
        "20210208T092000Z-sha-ct-0000",
        "2021-02-08T09:20:00Z",
        "1",
        "fit",
        "10 min (by its runs)",
    ]
    assert sha[6].startswith("overdue by ")
    assert schedule(home, "status", "--exit-code").code == 3


def test_status_of_a_vantage_that_is_in_time(home: Path) -> None:
    import time

    now = time.time()
    results(home, "sha-ct", now - 700.0, now - 100.0)
    done = schedule(home, "status", "--exit-code", "--json", "--every", "10m")
    assert done.code == 0
    one = json.loads(done.out)
    assert (one["vantage"], one["every"], one["by"], one["state"]) == ("sha-ct", 600.0, "--every", "in time")


def test_status_where_there_is_nothing(home: Path) -> None:
    for words in (("status",), ("status", "bin")):
        done = schedule(home, *words)
        assert (done.code, done.out, "Traceback" in done.err) == (2, "", False)


def test_python_is_named_in_full() -> None:
    from probe.cli.scheduling import _probe

    assert Path(_probe()[0]).is_absolute()
    assert Path(_probe()[0]).parent == Path(sys.executable).parent
