"""What host schedulers are told: valid for the scheduler itself, hardened, and nothing in a path or option acts."""

import itertools
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.schedule.units import (
    MARKER,
    Kind,
    ScheduleError,
    Spec,
    _systemd_quoted,
    cron,
    crontab_marks,
    launchd,
    orders,
    systemd,
    with_block,
)

PROGRAM = str(Path(sys.executable).resolve())
"""What a unit runs: no link in an environment below /tmp, which the unit would then have to see."""
ODD = "a b'c\"d%e$HOME\\f;g#h`i"


def spec(*words: str, every: int = 600, system: bool = False, folder: Path = Path("/srv/probe")) -> Spec:
    command = (PROGRAM, "-m", "probe", "run", *words)
    return Spec("sha-ct", every, command, folder, folder / "results", Path("/home/me"), system)


analyze = shutil.which("systemd-analyze")


@pytest.mark.skipif(analyze is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("system", [False, True])
@pytest.mark.parametrize("words", [(), ("--vantage", "sha-ct", "--network", ODD)])
def test_systemd_itself_finds_nothing_wrong_with_the_units(
    tmp_path: Path, system: bool, words: tuple[str, ...]
) -> None:
    for file in systemd(spec(*words, system=system)).files:
        (tmp_path / file.path.name).write_text(file.text, encoding="utf-8")
    done = subprocess.run(
        [str(analyze), "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "probe-sha-ct" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.skipif(analyze is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("minutes", [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440])
def test_systemd_reads_the_calendar_as_it_is_meant(minutes: int) -> None:
    [line] = [line for line in _timer(minutes).splitlines() if line.startswith("OnCalendar=")]
    asked = [str(analyze), "calendar", "--iterations=3", "--base-time=2021-02-08 00:00:30 UTC", line.partition("=")[2]]
    done = subprocess.run(asked, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    seen = [_seconds(found) for found in re.findall(r"(?:Next elapse|Iteration #\d|Iter\. #\d): (.*)", done.stdout)]
    assert [b - a for a, b in itertools.pairwise(seen)] == [minutes * 60] * 2


def _timer(minutes: int) -> str:
    return systemd(spec(every=minutes * 60)).files[1].text


def _seconds(text: str) -> float:
    from datetime import datetime

    day, clock = text.split()[1:3]
    return datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp()


def test_the_service_is_hardened_and_may_write_to_its_results_only() -> None:
    mine, machine = systemd(spec()).files[0].text, systemd(spec(system=True)).files[0].text
    for text in (mine, machine):
        lines = text.splitlines()
        for wanted in ("Type=oneshot", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes",
                       "RestrictNamespaces=yes", "SystemCallFilter=@system-service"):  # fmt: skip
            assert wanted in lines
    assert "ReadWritePaths=/srv/probe/results" in mine.splitlines()
    assert {"DynamicUser=yes", "StateDirectory=probe", "CapabilityBoundingSet="} <= set(machine.splitlines())
    assert "User=root" not in machine


def test_the_timer_makes_up_for_one_missed_run_and_spreads_the_vantage_points() -> None:
    lines = systemd(spec()).files[1].text.splitlines()
    assert {"Persistent=true", "RandomizedDelaySec=60", "WantedBy=timers.target"} <= set(lines)


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=30))
def test_no_word_of_a_command_acts_in_a_unit_file(word: str) -> None:
    quoted = _systemd_quoted(word)
    inner = quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\") if quoted.startswith('"') else quoted
    assert inner.replace("%%", "%").replace("$$", "$") == word
    assert quoted.startswith('"') or not set(quoted) & set(" \t\"'\\;#")


def test_a_crontab_line_gives_the_shell_exactly_the_words(tmp_path: Path) -> None:
    """As cron does: `\\%` becomes `%`, and what is left goes to sh."""
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "logger").write_text("#!/bin/sh\ncat\n")
    (fake / "logger").chmod(0o755)
    folder = tmp_path / "a folder, 100%"
    folder.mkdir()
    show = "import os, sys; print([os.getcwd(), *sys.argv[1:]], file=sys.stderr)"
    one = Spec("x", 600, (sys.executable, "-c", show, ODD, "100%"), folder, folder, tmp_path)
    line = cron(one).crontab.splitlines()[1].split(" ", 5)[5]
    assert "%" not in line.replace("\\%", "")
    done = subprocess.run(["/bin/sh", "-c", line.replace("\\%", "%")], capture_output=True, text=True,
                          env={"PATH": f"{fake}:/usr/bin:/bin"})  # fmt: skip
    assert done.stdout.strip() == repr([str(folder), ODD, "100%"])


@pytest.mark.parametrize(
    ("every", "when"),
    [
        (60, "0-59/1 * * * *"),
        (600, "6-59/10 * * * *"),
        (3600, "56 * * * *"),
        (6 * 3600, "56 */6 * * *"),
        (86400, "56 0 * * *"),
    ],
)
def test_cron_says_when(every: int, when: str) -> None:
    line = cron(spec(every=every)).crontab.splitlines()[1]
    assert line.startswith(when + " cd ")


@pytest.mark.parametrize("kind", [Kind.SYSTEMD, Kind.CRON])
@pytest.mark.parametrize("every", [1, 30, 90, 7 * 60, 45 * 60, 5 * 3600, 2 * 86400])
def test_what_a_calendar_cannot_keep_is_refused_with_what_it_can(kind: Kind, every: int) -> None:
    with pytest.raises(ScheduleError, match=r"a calendar cannot keep every .*; use 1, 2, 3"):
        orders(kind, spec(every=every))


@pytest.mark.parametrize("kind", list(Kind))
def test_control_characters_are_refused(kind: Kind) -> None:
    with pytest.raises(ScheduleError, match="control character"):
        orders(kind, spec("--network", "a\nb"))


def test_launchd_gets_a_property_list_with_the_words_as_they_are() -> None:
    [file] = launchd(spec("--network", ODD + "<&>--")).files
    told = plistlib.loads(file.text.encode())
    assert told["ProgramArguments"] == [PROGRAM, "-m", "probe", "run", "--network", ODD + "<&>--"]
    assert (told["StartInterval"], told["Label"], told["WorkingDirectory"]) == (600, "probe.sha-ct", "/srv/probe")
    assert file.path == Path("/home/me/Library/LaunchAgents/probe.sha-ct.plist")


@pytest.mark.parametrize("kind", list(Kind))
def test_everything_we_write_carries_our_mark(kind: Kind) -> None:
    told = orders(kind, spec())
    texts = [file.text for file in told.files] or [told.crontab]
    assert all(MARKER in text for text in texts)


LINES = st.lists(st.sampled_from(["", "# a comment", "*/5 * * * * backup\\%", "MAILTO=me"]), max_size=6)


@given(LINES, LINES)
def test_a_crontabs_other_lines_stay_as_they_are(before: list[str], after: list[str]) -> None:
    block = cron(spec()).crontab
    plain = "".join(f"{line}\n" for line in (*before, *after))
    with_it = "".join(f"{line}\n" for line in before) + block + "".join(f"{line}\n" for line in after)
    assert with_block(with_it, "sha-ct", "") == plain
    once = with_block(plain, "sha-ct", block)
    assert with_block(once, "sha-ct", block) == once
    assert with_block(once, "sha-ct", "") == plain
    assert with_block(once, "other", "") == once


def test_a_crontab_without_a_last_newline_swallows_nothing() -> None:
    block = cron(spec()).crontab
    assert with_block("0 0 * * * x", "sha-ct", block) == "0 0 * * * x\n" + block


@pytest.mark.parametrize("text", ["{begin}\nx\n", "x\n{end}\n", "{begin}\n{end}\n{begin}\n{end}\n"])
def test_a_crontab_whose_marks_do_not_match_is_left_to_its_owner(text: str) -> None:
    begin, end = crontab_marks("sha-ct")
    with pytest.raises(ScheduleError, match="put it right with crontab -e"):
        with_block(text.format(begin=begin, end=end), "sha-ct", "")


def test_cron_has_no_system_schedule() -> None:
    with pytest.raises(ScheduleError, match="--system is for systemd and launchd"):
        cron(spec(system=True))


def test_the_quoted_words_are_those_a_shell_reads_back() -> None:
    line = cron(spec("--network", ODD)).crontab.splitlines()[1]
    words = shlex.split(line.replace("\\%", "%").split(" && ")[1].split(" 2>&1 ")[0])
    assert words == list(spec("--network", ODD).command)


def test_a_users_service_is_kept_from_everything_but_its_results_where_users_have_namespaces() -> None:
    """A user's manager ignores ProtectSystem where PrivateUsers is not set, and ProtectSystem leaves /home alone."""
    lines = set(systemd(spec()).files[0].text.splitlines())
    assert {"PrivateUsers=yes", "ProtectSystem=strict", "ProtectHome=read-only", "PrivateTmp=yes"} <= lines
    without = systemd(spec()._replace(namespaces=False)).files[0].text
    assert "what it may write to cannot be bounded" in without
    assert "NoNewPrivileges=yes" in without.splitlines()
    assert not {"PrivateUsers=yes", "ProtectSystem=strict", "PrivateTmp=yes"} & set(without.splitlines())


@pytest.mark.parametrize("folder", ["/tmp/me", "/var/tmp/me"])  # noqa: S108 - nothing is written there
def test_what_lies_in_everybodys_tmp_is_not_hidden_from_its_own_service(folder: str) -> None:
    assert "PrivateTmp=yes" not in systemd(spec(folder=Path(folder))).files[0].text.splitlines()


def test_removing_takes_away_when_the_timer_last_fired_too() -> None:
    told = systemd(spec()).before_removal
    assert told[-1] == ("systemctl", "--user", "clean", "--what=state", "probe-sha-ct.timer")


EXPOSURE = 15
"""Tenths: what `systemd-analyze security` may find for the machine's service (seen: 13, of 100)."""


@pytest.mark.skipif(analyze is None, reason="needs systemd-analyze")
def test_systemd_finds_the_machines_service_little_exposed(tmp_path: Path) -> None:
    path = tmp_path / "probe-sha-ct.service"
    path.write_text(systemd(spec(system=True)).files[0].text, encoding="utf-8")
    asked = [str(analyze), "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE}", str(path)]
    done = subprocess.run(asked, capture_output=True, text=True)
    if "unrecognized option" in done.stderr:
        pytest.skip("systemd before 250 judges running services only")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


LAUNCHD_KEYS = {
    "Label": str, "ProgramArguments": list, "WorkingDirectory": str, "StartInterval": int, "StandardOutPath": str,
    "StandardErrorPath": str, "UserName": str,
}  # fmt: skip
"""Of launchd.plist(5), with their types."""


@pytest.mark.parametrize("system", [False, True])
def test_launchd_is_told_in_keys_it_knows(system: bool) -> None:
    [file] = launchd(spec(system=system)._replace(user="me" if system else "")).files
    told = plistlib.loads(file.text.encode())
    assert {key: type(value) for key, value in told.items()} == {key: LAUNCHD_KEYS[key] for key in told}
    assert told.get("UserName") == ("me" if system else None)
    assert Path(told["StandardErrorPath"]).parent == Path("/srv/probe" if system else "/srv/probe/results")


def test_launchd_lets_go_of_what_it_holds_before_it_is_told_anew() -> None:
    told = launchd(spec())
    assert told.renew == (("launchctl", "bootout", "gui/$UID/probe.sha-ct"),) == told.before_removal
