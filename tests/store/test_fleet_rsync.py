"""Results over a real rsync daemon on this machine: one that refuses, is full, gone, killed in the middle; and URLs."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probe.store.fleet import Moved, PlaceError, pull, push
from probe.store.fleet_rsync import Rsync, _module
from probe.store.seal import Ended
from probe.store.sealing import seal
from probe.store.verify import verify
from tests.store.places import everything
from tests.store.records import T0
from tests.store.sealed import sealed_run, sealed_runs, write_run

RSYNC = shutil.which("rsync")
needs_rsync = pytest.mark.skipif(RSYNC is None, reason="rsync is not installed")

MODULES = """\
use chroot = no
address = 127.0.0.1
port = {port}
{as_root}
log file = {folder}/log
[fleet]
path = {folder}/hub
read only = no
[shown]
path = {folder}/hub
[thrown]
path = {folder}/hub
read only = no
write only = yes
[locked]
path = {folder}/hub
read only = no
auth users = me
secrets file = {folder}/secrets
[gone]
path = {folder}/gone
read only = no
"""


class Daemon:
    """An rsync daemon of this test alone."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.hub = folder, folder / "hub"
        (folder / "hub").mkdir(parents=True)
        (folder / "secrets").write_text("me:hunter2\n", encoding="ascii")
        (folder / "secrets").chmod(0o600)
        self._running: subprocess.Popen[bytes] | None = None

    def url(self, path: str) -> str:
        """A place there."""
        return f"rsync://127.0.0.1:{self.port}/{path}"

    def start(self, *, largest: int | None = None, slow: int | None = None) -> "Daemon":
        """Begin to listen. `largest`: no file may grow beyond that; `slow`: bytes a second that it takes."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        as_root = "uid = root\ngid = root" if os.getuid() == 0 else ""
        text = MODULES.format(port=self.port, folder=self.folder, as_root=as_root)
        (self.folder / "conf").write_text(text, encoding="utf-8")
        bounded = [] if largest is None else ["prlimit", f"--fsize={largest}"]
        slowed = [] if slow is None else [f"--bwlimit={slow // 1024}"]
        daemon = ["rsync", "--daemon", "--no-detach", f"--config={self.folder / 'conf'}", *slowed]
        self._running = subprocess.Popen([*bounded, *daemon], start_new_session=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise AssertionError("the daemon does not listen")

    def kill(self) -> None:
        """End it and whatever it serves, at once."""
        if self._running is not None:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()
            self._running = None


@contextmanager
def daemon(folder: Path) -> Iterator[Daemon]:
    made = Daemon(folder / "daemon")
    try:
        yield made.start()
    finally:
        made.kill()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that listens."""
    with daemon(tmp_path) as listening:
        yield listening


def pushed(results: Path, url: str) -> Moved:
    moved = Moved()
    push(results, Rsync(url), moved)
    return moved


def pulled(url: str, results: Path) -> Moved:
    moved = Moved()
    pull(Rsync(url), results, moved)
    return moved


def whole_runs(folder: Path) -> int:
    """How many runs count there; every one of them must be what was sealed."""
    if not any(folder.rglob("*.seal")):
        return 0
    told = verify([str(folder)])
    assert told.faults == []
    return sum(chain.runs for chain in told.chains)


def big_run(results: Path, number: int) -> Path:
    path = write_run(results, number, only=tuple(f"e{each}" for each in range(400)))
    seal(path, Ended.FINISHED, now=T0 + 9000)
    return path


@needs_rsync
@pytest.mark.parametrize("inside", ["", "/sub", "/a folder/sub"])
def test_there_and_back_twice_by_a_module_and_by_folders_in_it(there: Daemon, tmp_path: Path, inside: str) -> None:
    sealed_runs(tmp_path / "a", 2)
    (there.hub / inside.strip("/")).parent.mkdir(exist_ok=True)
    (there.hub / inside.strip("/")).mkdir(exist_ok=True)
    url = there.url(f"fleet{inside}")
    assert (pushed(tmp_path / "a", url).runs, pulled(there.url(f"shown{inside}"), tmp_path / "all").runs) == (2, 2)
    assert everything(tmp_path / "all") == everything(tmp_path / "a")
    assert (pushed(tmp_path / "a", url), pulled(url, tmp_path / "all")) == (Moved(before=2), Moved(before=2))
    sealed_run(tmp_path / "a", 9)
    assert (pushed(tmp_path / "a", url + "/").runs, pulled(url, tmp_path / "all").runs) == (1, 1)


@needs_rsync
@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("shown", "module is read only"),
        ("thrown", "module is write only"),
        ("locked", "auth failed on module locked; put its password in RSYNC_PASSWORD"),
        ("gone", "chdir failed"),
        ("nosuch", "Unknown module 'nosuch'"),
        ("fleet/not/there", 'mkdir "not/there" (in fleet) failed: No such file or directory (2)'),
    ],
)
def test_a_module_that_refuses_is_told_in_a_line(
    there: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, said: str
) -> None:
    monkeypatch.delenv("RSYNC_PASSWORD", raising=False)
    sealed_runs(tmp_path / "a", 1)
    with pytest.raises(PlaceError) as caught:
        pushed(tmp_path / "a", there.url(module))
    told = str(caught.value)
    assert told.startswith(f"{there.url(module)}: rsync: ")
    assert told.endswith(said)
    assert "\n" not in told
    assert everything(there.hub) == {}


@needs_rsync
def test_a_password_comes_from_the_environment_and_is_told_nowhere(
    there: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_runs(tmp_path / "a", 1)
    url = there.url("locked").replace("//", "//me@")
    monkeypatch.setenv("RSYNC_PASSWORD", "wrong-hunter")
    with pytest.raises(PlaceError, match="auth failed") as caught:
        pushed(tmp_path / "a", url)
    assert "wrong-hunter" not in str(caught.value)
    monkeypatch.setenv("RSYNC_PASSWORD", "hunter2")
    assert pushed(tmp_path / "a", url).runs == 1


@needs_rsync
@pytest.mark.skipif(shutil.which("prlimit") is None, reason="needs prlimit")
def test_a_daemon_with_no_room_shows_no_half_run_and_takes_it_once_there_is_room(tmp_path: Path) -> None:
    there = Daemon(tmp_path / "daemon")
    big_run(tmp_path / "a", 0)
    try:
        there.start(largest=50_000)
        with pytest.raises(PlaceError, match=r"File too large|Connection reset|connection unexpectedly closed"):
            pushed(tmp_path / "a", there.url("fleet"))
        assert whole_runs(there.hub) == 0
        assert whole(there.hub, tmp_path / "a")
        there.kill()
        there.start()
        assert pushed(tmp_path / "a", there.url("fleet")).runs == 1
        assert everything(there.hub) == everything(tmp_path / "a")
    finally:
        there.kill()


def whole(hub: Path, source: Path) -> bool:
    """Whether every file that readers of the place see is the whole of what was sent."""
    return everything(hub).items() <= everything(source).items()


PUSH = """\
import pathlib, sys
from probe.store.fleet import Moved, push
from probe.store.fleet_rsync import Rsync
push(pathlib.Path(sys.argv[1]), Rsync(sys.argv[2]), Moved())
"""


@needs_rsync
def test_a_daemon_that_is_killed_in_the_middle_leaves_no_half_run_and_the_next_push_goes_on(tmp_path: Path) -> None:
    there = Daemon(tmp_path / "daemon")
    big_run(tmp_path / "a", 0)
    try:
        there.start(slow=64 * 1024)
        command = [sys.executable, "-c", PUSH, str(tmp_path / "a"), there.url("fleet")]
        pushing = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while not any(there.hub.rglob("*.jsonl*")) and pushing.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        there.kill()
        _, said = pushing.communicate(timeout=60)
        assert pushing.returncode == 1
        assert "PlaceError: rsync://127.0.0.1" in said
        assert whole_runs(there.hub) == 0
        assert whole(there.hub, tmp_path / "a")
        with pytest.raises(PlaceError, match="Connection refused"):
            pushed(tmp_path / "a", there.url("fleet"))
        there.start()
        assert pushed(tmp_path / "a", there.url("fleet")).runs == 1
        assert everything(there.hub) == everything(tmp_path / "a")
    finally:
        there.kill()


@needs_rsync
def test_a_module_that_lost_its_files_after_it_listed_them_is_told_and_nothing_half_is_here(
    there: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_runs(tmp_path / "a", 2)
    pushed(tmp_path / "a", there.url("fleet"))
    place = Rsync(there.url("fleet"))
    listed = place.names()
    shutil.rmtree(there.hub / "sha-ct")
    monkeypatch.setattr(place, "names", lambda: listed)
    with pytest.raises(PlaceError):
        pull(place, tmp_path / "all", Moved())
    assert everything(tmp_path / "all") == {}


@pytest.mark.parametrize(
    ("where", "root", "inside"),
    [
        ("rsync://hub/fleet", "rsync://hub/fleet/", ""),
        ("rsync://hub/fleet/", "rsync://hub/fleet/", ""),
        ("rsync://me@hub:8730/fleet/2021/a", "rsync://me@hub:8730/fleet/", "2021/a/./"),
        ("me@hub::fleet/2021/", "rsync://me@hub/fleet/", "2021/./"),
    ],
)
def test_a_daemons_module_and_what_is_inside_it(where: str, root: str, inside: str) -> None:
    assert _module(where) == (root, inside)


@pytest.mark.parametrize("where", ["rsync://hub", "rsync://hub/", "rsync:///", "hub::", "rsync://"])
def test_what_names_no_module_is_refused_before_rsync_calls_it_done(where: str) -> None:
    """rsync itself ends with 0 when it is to send files to `rsync://host/`, and sends none."""
    with pytest.raises(PlaceError, match="names no module of a daemon; write rsync://HOST/MODULE/PATH"):
        Rsync(where)


@pytest.mark.parametrize("where", ["rsync://me:hunter2@hub/fleet", "rsync://:hunter2@hub/fleet"])
def test_a_password_in_a_url_is_refused_and_not_repeated(where: str) -> None:
    with pytest.raises(PlaceError, match="set RSYNC_PASSWORD") as caught:
        Rsync(where)
    assert "hunter2" not in str(caught.value)
