"""A place behind rsync: `user@host:path` over ssh, `rsync://host/module/path` (or `host::module/path`) at a daemon.

The rsync binary does all: temporary names, resumption, what is already there; passwords and keys are its own and ssh's
affair.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from probe.store.fleet import PlaceError

_LISTED = re.compile(r"-\S+\s+([\d,.]+)\s+\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (.+)")
_NO_SUCH = 23  # "partial transfer due to error": what rsync ends with when it lists a folder that is not there
_SILENCE = 120
"""Seconds without a byte after which rsync gives up."""
_LAST_WORDS = 3
_DAEMON = re.compile(r"(?:rsync://(?P<host>[^/]*)/|(?P<short>[^/:]+)::)(?P<module>[^/]+)(?P<path>.*)", re.DOTALL)


class Rsync:
    """The place `where`, in rsync's own spelling."""

    batch = 500

    def __init__(self, where: str) -> None:
        """Raises PlaceError for what names no module of a daemon, or holds a password."""
        self.name, self._where = where, where.rstrip("/") + "/"
        self._root, self._inside = self._where, ""
        if where.startswith("rsync://") or "::" in where.partition("/")[0]:
            self._root, self._inside = _module(where)

    def names(self) -> Mapping[str, int]:
        """The files that are there; none if the folder is not."""
        done = self._run(["--recursive", "--list-only", "--no-human-readable", "--exclude=.*", "--", self._where], "")
        if done.returncode == _NO_SUCH and "No such file or directory" in done.stderr:
            return {}
        self._check(done)
        found = (_LISTED.fullmatch(line) for line in done.stdout.splitlines())
        return {line[2]: int(re.sub(r"\D", "", line[1])) for line in found if line is not None}

    def put(self, root: Path, names: Sequence[str], *, ordered: bool = False) -> None:  # noqa: ARG002 - it is
        """Send files in the order of their names, which begin with times; each whole before it has its name."""
        self._move(names, f"{root}/", self._where)

    def get(self, names: Sequence[str], root: Path) -> None:
        """Fetch files."""
        root.mkdir(parents=True, exist_ok=True)
        self._move([self._inside + name for name in names], self._root, f"{root}/")

    def _move(self, names: Sequence[str], source: str, place: str) -> None:
        """Without --links: a link at a place that is not ours might lead anywhere."""
        if names:
            options = ["--times", "--partial-dir=.rsync-partial", "--from0", "--files-from=-"]
            self._check(self._run([*options, "--", source, place], "\0".join(names)))

    def _run(self, arguments: Sequence[str], said: str) -> subprocess.CompletedProcess[str]:
        binary = shutil.which("rsync")
        if binary is None:
            raise PlaceError(f"{self.name}: there is no rsync on this machine; install it (apt install rsync)")
        command = [binary, "--protect-args", f"--timeout={_SILENCE}", *arguments]
        environment = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(  # noqa: S603 - no shell; the place is behind `--`
            command, input=said, env=environment, capture_output=True, text=True, errors="replace", check=False
        )

    def _check(self, done: subprocess.CompletedProcess[str]) -> None:
        if done.returncode:
            raise PlaceError(f"{self.name}: rsync: {_told(done.stderr) or f'ended with {done.returncode}'}")


def _module(where: str) -> tuple[str, str]:
    """The URL of a daemon's module, and what stands before the names of files in it; `/./` keeps that out of the names
    they get here. (rsync 3.4.3 to 3.5.0 find no file of a list below a folder of a module without chroot.)"""
    found = _DAEMON.fullmatch(where)
    if found is None:
        raise PlaceError(f"{where!r} names no module of a daemon; write rsync://HOST/MODULE/PATH")
    host, path = found["host"] or found["short"] or "", found["path"].strip("/")
    if ":" in host.rpartition("@")[0]:
        raise PlaceError("a password does not belong in a URL; set RSYNC_PASSWORD")
    return f"rsync://{host}/{found['module']}/", f"{path}/./" if path else ""


def _told(said: str) -> str:
    """What rsync said, in a line: what it calls errors before what came of them."""
    lines = [line.strip().removeprefix("rsync: ") for line in said.splitlines() if line.strip()]
    words = [line for line in lines if not line.startswith(("rsync error", "rsync warning"))] or lines
    errors = [line[line.index("ERROR") :] for line in words if "ERROR:" in line]
    told = "; ".join((errors or words)[-_LAST_WORDS:]).removeprefix("ERROR: ")
    return f"{told}; put its password in RSYNC_PASSWORD" if told.startswith("auth failed") else told
