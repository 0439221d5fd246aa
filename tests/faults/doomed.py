"""Commands that will not end well: begun, watched for a line, killed; and what they leave on disk."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from probe.model.codec import decode_line
from probe.model.measurement import Measurement
from tests.cli.command import environment


def begin(folder: Path, *arguments: str, preexec: Callable[[], None] | None = None) -> "subprocess.Popen[bytes]":
    """`probe ARGUMENTS` in `folder`, its output in pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "probe", *arguments], cwd=folder, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, preexec_fn=preexec,
    )  # fmt: skip


def lines_told(running: "subprocess.Popen[bytes]", count: int) -> list[bytes]:
    """The first lines of its standard output."""
    assert running.stdout is not None
    return [running.stdout.readline() for _ in range(count)]


def end(running: "subprocess.Popen[bytes]", number: signal.Signals | None = None) -> tuple[int, bytes, str]:
    """Send a signal if any, wait; exit code, what else came on stdout, and stderr."""
    if number is not None:
        running.send_signal(number)
    out, err = running.communicate(timeout=30)
    return running.returncode, out, err.decode()


def files(folder: Path) -> list[Path]:
    """The result files, by name."""
    return sorted(folder.rglob("*.jsonl"))


def kept(folder: Path) -> list[Measurement]:
    """Every whole record on disk; a line that is none is one we do not count on."""
    found = []
    for path in files(folder):
        for line in path.read_bytes().splitlines():
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                found.append(decode_line(line))
    return found


def limited(what: int, soft: int, hard: int | None = None) -> Callable[[], None]:
    """For `preexec`: a limit on what the process may use."""

    def set_it() -> None:
        resource.setrlimit(what, (soft, soft if hard is None else hard))

    return set_it


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds, 20 s at most."""
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up, "did not happen within 20 s"
        time.sleep(0.02)


def mounted(folder: Path, *options: str) -> bool:
    """A tmpfs on `folder`; False where that is not allowed."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        return False
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)], capture_output=True)
    return done.returncode == 0


def unmount(folder: Path) -> None:
    """Take it away, whoever still has files open there."""
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)
