"""`probe schedule` and settings: what it takes from probe.toml, and what the run that is started reads itself."""

import plistlib
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.command import Done, environment, probe, served, write_list

TOML = """\
vantage = "sha-ct"
country = "CN"
out = "measured"
[run]
timeout = 3
followup = false
control-vantage = ["beside"]
ca-file = "ca.pem"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with settings, apart from its user's home."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "probe.toml").write_text(TOML, encoding="utf-8")
    return work


def schedule(folder: Path, *words: str, **changes: str) -> Done:
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    env = environment(HOME=str(home), XDG_CONFIG_HOME=str(home / "config"), **changes)
    return probe("schedule", *words, cwd=folder, env=env)


def command(done: Done) -> list[str]:
    """The words of the unit's command, after `run`."""
    [line] = [line for line in done.out.splitlines() if line.startswith("ExecStart=")]
    words = shlex.split(line.partition("=")[2])
    return words[words.index("run") + 1 :]


def test_the_schedules_name_and_its_results_are_those_of_probe_toml(folder: Path) -> None:
    done = schedule(folder, "print", "--kind", "systemd")
    assert done.code == 0, done.err
    assert "probe-sha-ct.service" in done.err
    assert f"ReadWritePaths={folder}/measured" in done.out.splitlines()
    assert f"WorkingDirectory={folder}" in done.out.splitlines()
    assert command(done) == []  # the run reads probe.toml itself, each time


def test_an_option_after_the_dashes_counts_before_probe_toml(folder: Path) -> None:
    done = schedule(folder, "print", "--kind", "systemd", "--", "--out", "elsewhere", "--vantage", "ber")
    assert "probe-ber.service" in done.err
    assert f"ReadWritePaths={folder}/elsewhere" in done.out.splitlines()
    assert command(done) == ["--out", "elsewhere", "--vantage", "ber"]


def test_the_run_that_a_scheduler_starts_reads_probe_toml_in_its_folder(folder: Path, hello: int) -> None:
    """As cron does it: the line of the crontab through sh, from another folder, with an environment of its own."""
    write_list(folder, served(hello))
    (folder / "probe.toml").write_text('vantage = "sha-ct"\nout = "measured"\ncountry = "CN"\n', encoding="utf-8")
    line = schedule(folder, "print", "--kind", "cron").out.splitlines()[1].split(" ", 5)[5]
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "PYTHONPATH": environment()["PYTHONPATH"]}
    done = subprocess.run(["/bin/sh", "-c", line.replace("| logger -t probe", "")], cwd="/", env=env, timeout=60)
    assert done.returncode == 0
    assert len(list((folder / "measured" / "sha-ct").rglob("*.jsonl"))) == 1


def test_what_is_for_the_whole_machine_says_everything_in_its_command(folder: Path) -> None:
    """It runs in /var/lib/probe, as a user of its own: no probe.toml of ours is there."""
    done = schedule(folder, "print", "--kind", "systemd", "--system", "--", "--asn", "4134", "my.yaml")
    assert done.code == 0, done.err
    words = command(done)
    assert {
        ("--vantage", "sha-ct"), ("--country", "CN"), ("--out", "measured"), ("--timeout", "3.0"), ("--asn", "4134"),
        ("--ca-file", f"{folder}/ca.pem"), ("--control-vantage", f"{folder}/beside"),
    } <= set(pairwise(words))  # fmt: skip
    assert "--no-followup" in words
    assert words[-1] == f"{folder}/my.yaml"
    again = probe("run", "--dry-run", *words, cwd=folder)
    assert "No such option" not in again.err  # `probe run` understands the words


def test_what_launchd_starts_for_the_whole_machine_is_its_folders_owner(folder: Path) -> None:
    import os
    import pwd

    done = schedule(folder, "print", "--kind", "launchd", "--system")
    told = plistlib.loads(done.out.encode())
    assert told["UserName"] == pwd.getpwuid(os.getuid()).pw_name
    assert told["WorkingDirectory"] == str(folder)


def test_variables_that_are_set_here_will_not_be_there_and_that_is_said(folder: Path) -> None:
    done = schedule(folder, "print", "--kind", "systemd", PROBE_VANTAGE="ber", PROBE_OUT="x")
    assert "probe-sha-ct.service" in done.err
    said = "PROBE_OUT, PROBE_VANTAGE: set here, but not where the scheduler starts runs; write them into probe.toml"
    assert f"note: {said}, or after --" in done.err


def test_what_the_runs_need_and_is_not_there_is_said_and_printed_all_the_same(folder: Path) -> None:
    done = schedule(folder, "print", "--kind", "systemd")
    assert done.code == 0
    for name in ("targets.yaml", "ca.pem", "beside"):
        assert f"note: {folder}/{name}: not there; until it is, each run fails" in done.err


def test_what_is_closed_to_the_machines_service_is_said(folder: Path) -> None:
    (folder / "probe.toml").unlink()
    write_list(folder)
    folder.chmod(0o700)
    done = schedule(folder, "print", "--kind", "systemd", "--system")
    assert done.code == 0
    assert ": closed to other users, and the service is one" in done.err


WRONG = {
    ('vantge = "x"\n', ()): 'probe.toml:1: unknown key "vantge"; did you mean "vantage"?',
    ("[run]\ntimeout = true\n", ()): "probe.toml:2: timeout: takes text or a number",
    ("", ("--", "--resume", "20210208T110000Z-x-91f3")): "--resume is for one occasion, not for a schedule",
    ("", ("--", "--country", "UK")): "--country 'UK' is no country code; did you mean GB?",
    ("", ("--", "--max-bytes", "lots")): "--max-bytes 'lots' is no amount of data",
    ("", ("--", "--resolver", "x y")): "--resolver: ",
    ('asn = "x"\n', ()): "--asn 'x' is no network number; write 4134 or AS4134",
    ("", ("--", "--vantage", "a/b")): "--vantage: vantage name 'a/b' cannot name a folder",
    ("", ("--", "--out", "probe.toml/x")): "probe.toml is a file; name a folder",
    ("", ("--", "probe.toml")): "probe.toml:1: ",
    ("", ("--", "--dry-run")): "--dry-run is for one occasion, not for a schedule",
    ('out = "/srv/x"\n', ("--system",)): "a system service keeps its results in /var/lib/probe",
}


@pytest.mark.parametrize(("toml", "words"), WRONG)
def test_mistakes_in_settings_end_with_2_before_anything_is_shown(
    folder: Path, toml: str, words: tuple[str, ...]
) -> None:
    (folder / "probe.toml").write_text(toml, encoding="utf-8")
    done = schedule(folder, "print", "--kind", "systemd", *words)
    assert (done.code, done.out) == (2, "")
    assert WRONG[toml, words] in done.err
    assert "Traceback" not in done.err


def test_a_mistake_of_the_runs_is_told_before_anything_is_installed(folder: Path) -> None:
    write_list(folder)
    (folder / "probe.toml").unlink()
    words = ("install", "--yes", "--kind", "systemd", "--", "--country", "UK", "--only", "nosuch")
    done = schedule(folder, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "--country 'UK' is no country code; did you mean GB?",
        "--only nosuch: no such target or endpoint; `probe targets list` prints them",
    ]
    assert not list((folder.parent / "home").rglob("*.service"))


def test_a_schedule_whose_runs_would_fail_can_still_be_removed(folder: Path) -> None:
    (folder / "probe.toml").write_text('country = "UK"\n', encoding="utf-8")
    done = schedule(folder, "remove", "--kind", "systemd", "--yes")
    assert "there is no schedule 'local' of ours" in done.err


def test_a_mistake_in_the_settings_of_another_command_stops_no_schedule(folder: Path) -> None:
    (folder / "probe.toml").write_text("[report]\nnosuch = 1\n", encoding="utf-8")
    assert schedule(folder, "print", "--kind", "systemd").code == 0
