"""The ways out: a command without a shell, and apprise's services; what they are given, and how they fail."""

import contextlib
import json
import os
import stat
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from probe.alert.alert import Alert, Kind, Message, Proof
from probe.alert.outbox import SendError
from probe.alert.senders import Command, SenderError, Service, senders

needs_apprise = pytest.mark.skipif(find_spec("apprise") is None, reason="the extra alerts is not installed")
HOSTILE = "x'; touch pwned; echo \"$(touch pwned)`touch pwned`"


def message(text: str = "text", target: str = "clubhouse") -> Message:
    proof = Proof(measurement="run/t/e", explain="probe explain run/t/e", file="a/b.jsonl", line=3)
    alert = Alert(
        id="confirmed/run/t/e", kind=Kind.CONFIRMED, time="2021-02-08T11:00:00.000Z", vantage="sha-ct", country="CN",
        asn=4134, text=text, target=target, endpoint="api", proof=proof, rung="confirmed",
    )  # fmt: skip
    return Message(
        id=alert.id, kind=alert.kind, time=alert.time, vantage="sha-ct", country="CN", asn=4134, title=text, text=text,
        alerts=(alert,),
    )  # fmt: skip


def script(folder: Path, text: str) -> Path:
    path = folder / "hook"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


KEEP = """\
import json, os, sys
mine = {name: value for name, value in os.environ.items() if name.startswith(("ALERT_", "PROBE_"))}
json.dump({"stdin": sys.stdin.read(), "env": mine, "argv": sys.argv[1:]}, open(sys.argv[1], "w"))
"""


def kept(folder: Path, sent: Message) -> dict[str, Any]:
    Command(f"{script(folder, KEEP)} {folder / 'kept.json'} 'two words'").send(sent)
    told: dict[str, Any] = json.loads((folder / "kept.json").read_text())
    return told


def test_a_command_gets_json_on_its_stdin_and_the_facts_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_ALERT_TO", "tgram://secret")
    told = kept(tmp_path, message())
    record = json.loads(told["stdin"])
    assert told["stdin"].endswith("\n")
    assert (record["schema"], record["kind"]) == ("probe-alert/1", "confirmed")
    assert record["alerts"][0]["proof"] == {
        "measurement": "run/t/e",
        "explain": "probe explain run/t/e",
        "file": "a/b.jsonl",
        "line": 3,
    }
    assert told["argv"][1] == "two words"
    assert told["env"] == {
        "ALERT_ID": "confirmed/run/t/e",
        "ALERT_KIND": "confirmed",
        "ALERT_TIME": "2021-02-08T11:00:00.000Z",
        "ALERT_VANTAGE": "sha-ct",
        "ALERT_TITLE": "text",
        "ALERT_TEXT": "text",
        "ALERT_COUNT": "1",
        "ALERT_TARGET": "clubhouse",
        "ALERT_ENDPOINT": "api",
        "ALERT_EXPLAIN": "probe explain run/t/e",
    }


def test_hostile_text_reaches_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = kept(tmp_path, message(HOSTILE, HOSTILE))
    assert told["env"]["ALERT_TARGET"] == HOSTILE
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("command", ["true; touch pwned", "true && touch pwned", "touch $(touch pwned)"])
def test_what_only_a_shell_would_understand_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(SenderError, SendError):
        Command(command).send(message())
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "--on-alert names no command"),
        ("'open", '--on-alert "\'open" cannot be read as a command'),
        ("no-such-program-anywhere --x", "'no-such-program-anywhere' is no program that can be run; no shell is used"),
    ],
)
def test_a_command_that_cannot_be_is_told_at_the_start(command: str, said: str) -> None:
    with pytest.raises(SenderError) as told:
        Command(command)
    assert said in str(told.value)


def test_a_command_that_fails_has_not_sent(tmp_path: Path) -> None:
    with pytest.raises(SendError, match="ended with 3"):
        Command(str(script(tmp_path, "raise SystemExit(3)"))).send(message())


def test_a_command_that_does_not_read_its_stdin_may_succeed(tmp_path: Path) -> None:
    Command(str(script(tmp_path, "raise SystemExit(0)"))).send(message("long " * 100_000))


def ended(status: Path) -> bool:
    """Whether a process that was killed is gone, or waits only to be reaped, within 30 s."""
    for _ in range(3000):
        try:
            if "State:\tZ" in status.read_text():
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_command_that_hangs_is_ended_with_all_it_began(tmp_path: Path) -> None:
    text = f"""\
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
child.wait()
"""
    with pytest.raises(SendError, match="took longer than 2 s and was ended"):
        Command(str(script(tmp_path, text)), seconds=2.0).send(message())
    pid = (tmp_path / "pid").read_text()
    assert ended(Path(f"/proc/{pid}/status"))


def test_a_command_that_vanished_is_a_failure(tmp_path: Path) -> None:
    path = script(tmp_path, "")
    command = Command(str(path))
    path.unlink()
    with pytest.raises(SendError, match="cannot be run: No such file"):
        command.send(message())


@needs_apprise
def test_a_url_that_apprise_cannot_use_is_told_without_its_secret() -> None:
    for url in ("tgram://hunter2", "hunter2", "hunter2:token"):
        with pytest.raises(SenderError, match="is none that apprise can use") as told:
            Service(url)
        assert "hunter2" not in str(told.value)


@needs_apprise
def test_names_hold_no_secret_and_tell_two_of_a_kind_apart() -> None:
    one, other = senders(["json://localhost/hunter2", "json://localhost/hunter3", "json://localhost/hunter2"], None)
    assert one.name != other.name
    assert "hunter" not in one.name + other.name
    assert one.name.startswith("json ")


def test_without_apprise_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SenderError, match=r"pip install 'probe\[alerts\]'"):
        senders(["tgram://x"], None)


def test_without_urls_apprise_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    [command] = senders([], "true")
    command.send(message())
    assert os.environ.get("ALERT_ID") is None
