"""Places for tests of the fleet: an S3 on loopback, an rsync whose other end is this machine, links that are cut."""

import os
import shutil
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

KEY, SECRET = "AKIDEXAMPLE", "not-a-secret-of-anybody"


@contextmanager
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an S3 with an empty bucket `fleet`, and credentials for it in the environment."""
    for package in ("moto", "s3fs"):
        pytest.importorskip(package)
    from moto.server import ThreadedMotoServer

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        _ask(f"{url}/moto-api/reset", "POST")  # one process, one store: whatever another test left
        _ask(f"{url}/fleet", "PUT")
        yield url
    finally:
        server.stop()


def _ask(url: str, method: str) -> None:
    import urllib.request

    request = urllib.request.Request(url, method=method)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


def rsync_shell(folder: Path, monkeypatch: pytest.MonkeyPatch, *, cut_after: int | None = None) -> None:
    """Let rsync reach `anyhost:` by running its other end here; with `cut_after`, that many bytes reach it, no more."""
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    shell = folder / ("shell-that-cuts" if cut_after is not None else "shell")
    some = "" if cut_after is None else f"dd bs=1 count={cut_after} status=none | "  # byte by byte: nothing is buffered
    whole = 'case "$*" in *--sender*) exec sh -c "$*";; esac'  # what comes from there is not cut
    shell.write_text(f'#!/bin/sh\nshift\n{whole}\n{some}sh -c "$*"\n', encoding="ascii")
    shell.chmod(shell.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("RSYNC_RSH", str(shell))


class Cutting:
    """A link to a server on this machine that breaks once `limit` bytes have gone towards it; None: never."""

    def __init__(self, url: str, limit: int | None) -> None:
        self._target = ("127.0.0.1", int(url.rpartition(":")[2]))
        self.limit, self.passed = limit, 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(4096):
                if counted:
                    self.passed += len(data)
                if self.limit is not None and self.passed > self.limit:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def everything(folder: Path) -> dict[str, bytes]:
    """The files below a folder that readers see."""
    found = (path for path in folder.rglob("*") if path.is_file())
    named = ((path.relative_to(folder).as_posix(), path) for path in found)
    return {name: path.read_bytes() for name, path in named if not any(p.startswith(".") for p in name.split(os.sep))}
