"""A real `probe watch` with alerts that gets SIGKILL: in the middle of a run with news, and of a delivery.

The past is written beforehand, into the ledger: an endpoint that has been blocked. What is measured is served by this
machine and reached, so that after a few runs the block is over and there is something to tell.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from probe.alert.alerts import Alerts
from probe.alert.memory import LEDGER, Memory, load, save
from probe.alert.outbox import OUTBOX
from tests.alert.story import played, run_of
from tests.cli.command import served, write_list
from tests.cli.conftest import Hello, Server
from tests.faults.doomed import begin, end, kept, wait_for

WEB = "app/web"
HOOK = """\
#!{python}
import json, os, sys, time
from pathlib import Path
heard = json.loads(sys.stdin.read())
with open({folder!r} + "/begun", "a") as file:
    print(os.getpid(), heard["id"], file=file)
while heard["kind"] == Path({folder!r}, "hold").read_text():
    time.sleep(0.05)
with open({folder!r} + "/heard", "a") as file:
    print(heard["id"], file=file)
"""
"""Takes an alert; one of the kind that the file `hold` names is under way for as long as it does."""


class Gate(Server):
    """Says hello to the first `open_for` requests, and to later ones nothing until `opened`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AtTheGate)
        self.open_for, self.asked = 1_000_000, count(1)
        self.opened = threading.Event()


class AtTheGate(Hello):
    """One who asks."""

    server: Gate

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """Answer, or keep waiting."""
        if next(self.server.asked) > self.server.open_for:
            self.server.opened.wait(60)
        with suppress(OSError):  # whoever asked was killed
            super().do_GET()


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.opened.set()
        server.shutdown()
        thread.join()


def past(folder: Path, *, overdue: bool = False) -> int:
    """A block of `app/web` that stands, measured and told; and after how many runs from now on it will be over.

    `overdue`: that the watch was overdue has been told too, so the first run will tell that it measures again.
    """
    began = time.time() - 3600
    runs = [
        run_of({WEB: sign}, began + number * 10, vantage="local", country="ZZ", asn=0, network="")
        for number, sign in enumerate("." * 60 + "#" * 60)
    ]
    alerts = Alerts(Memory(), every=1.0)
    assert [str(one.kind) for one in played(alerts, runs)] == ["suspected", "confirmed"]
    memory = alerts.remember()
    memory.places["local"].late_told = overdue
    save(folder / "results/local" / LEDGER, memory)
    for number in count(1):
        reached = run_of({WEB: "."}, began + 3000 + number, vantage="local", country="ZZ", asn=0)
        if "ended" in [str(one.kind) for one in played(alerts, [reached])]:
            return number
    raise AssertionError


def hook(folder: Path, hold: str = "") -> str:
    """The command, in a file."""
    path = folder / "hook"
    path.write_text(HOOK.format(python=sys.executable, folder=str(folder)))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (folder / "hold").write_text(hold)
    return str(path)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def watching(folder: Path) -> "subprocess.Popen[bytes]":
    return begin(folder, "watch", "--every", "1s", "--timeout", "30", "--on-alert", str(folder / "hook"))


def reached(folder: Path) -> list[str]:
    """The ids of the measurements that reached `app/web`, in order."""
    return [one.id for one in kept(folder) if (one.endpoint, one.verdict) == ("web", "ok")]


def the_ledger_is_whole(folder: Path) -> None:
    memory = load(folder / "results/local" / LEDGER)
    assert memory is not None
    assert WEB in {f"{one.key.target}/{one.key.endpoint}" for one in memory.series}


def more_runs(folder: Path, running: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Let it make two runs more, and end it; exit code and stderr."""
    before = len(reached(folder))
    wait_for(lambda: len(reached(folder)) >= before + 2)
    code, _, err = end(running, signal.SIGTERM)
    return code, err


def test_what_a_run_that_was_killed_had_measured_is_told_once_by_the_next_watch(
    tmp_path: Path, hello: int, gate: Gate
) -> None:
    gate.open_for = past(tmp_path) - 1  # in the run that ends the block, one endpoint gives no answer
    write_list(tmp_path, served(hello, silent=int(gate.server_address[1])))
    hook(tmp_path)
    doomed = watching(tmp_path)
    wait_for(lambda: len(reached(tmp_path)) == gate.open_for + 1)
    assert end(doomed, signal.SIGKILL)[0] == -9
    news = reached(tmp_path)[-1]
    assert [one.endpoint for one in kept(tmp_path) if one.run_id == news.partition("/")[0]].count("quiet") == 0
    assert lines(tmp_path / "heard") == []
    the_ledger_is_whole(tmp_path)
    gate.opened.set()
    again = watching(tmp_path)
    wait_for(lambda: lines(tmp_path / "heard") != [])
    code, err = more_runs(tmp_path, again)
    assert (code, "alert" in err, "Traceback" in err) == (130, False, False)
    assert more_runs(tmp_path, watching(tmp_path))[0] == 130
    assert lines(tmp_path / "heard") == [f"ended/{news}"]
    the_ledger_is_whole(tmp_path)


def test_a_delivery_that_was_killed_is_named_and_not_repeated_and_what_waited_behind_it_is_told_once(
    tmp_path: Path, hello: int
) -> None:
    past(tmp_path, overdue=True)
    write_list(tmp_path, served(hello))
    hook(tmp_path, hold="resumed")
    doomed = watching(tmp_path)
    outbox = tmp_path / "results/local" / OUTBOX
    wait_for(lambda: outbox.exists() and b'"ended/' in outbox.read_bytes())
    doomed.kill()
    [begun] = lines(tmp_path / "begun")
    os.kill(int(begun.split()[0]), signal.SIGKILL)  # it is in a session of its own, and would go on
    assert end(doomed)[0] == -9
    waiting = [one["message"] for one in json.loads(outbox.read_bytes())["waiting"]]
    assert [one["kind"] for one in waiting] == ["resumed", "ended"]
    the_ledger_is_whole(tmp_path)
    (tmp_path / "hold").write_text("")
    code, err = more_runs(tmp_path, watching(tmp_path))
    assert code == 130
    assert more_runs(tmp_path, watching(tmp_path))[0] == 130
    [told] = [line for line in err.splitlines() if "alert" in line]
    assert "alert perhaps not sent by command hook" in told
    assert told.endswith(f"the watch was killed meanwhile: {waiting[0]['title']}")
    assert lines(tmp_path / "heard") == [waiting[1]["id"]]
    the_ledger_is_whole(tmp_path)
