"""The command as its users run it: a process of its own, in a folder of its own, its output in pipes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0

UNREACHABLE = """\
version: 1
apps:
  - id: app
    name: App
    endpoints:
      - {id: api, role: api, url: "https://api.invalid/", required: true}
      - {id: web, role: web, url: "http://web.invalid/"}
      - {id: door, role: realtime, url: "tcp://127.0.0.1:9"}
  - id: risky
    name: Risky
    risk: high
    endpoints:
      - {id: web, role: web, url: "https://risky.invalid/"}
references:
  - id: ref
    name: Reference
    country: US
    endpoints:
      - {id: check, url: "http://ref.invalid/generate_204", expect: {status: 204}}
"""
"""A list whose names cannot exist (RFC 6761) and whose one address is this machine's: it never leaves the machine."""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """The environment for a command: ours, and where the package is."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def probe(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
    """Run `probe` to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "probe", *map(str, arguments)],
        cwd=cwd, env=environment() if env is None else dict(env), input=stdin, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def write_list(folder: Path, text: str = UNREACHABLE) -> Path:
    """A target list in `folder`, under the name that is found by itself."""
    path = folder / "targets.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def served(port: int, *, silent: int = 0, blocked: str = "") -> str:
    """A list whose one app and one reference are this machine's own servers, by literal address."""
    hello = "expect: {contains: hello}"
    quiet = f'\n      - {{id: quiet, role: api, url: "http://127.0.0.1:{silent}/", {hello}}}' if silent else ""
    return f"""\
version: 1
apps:
  - id: app
    name: "App {blocked}"
    endpoints:
      - {{id: web, role: web, url: "http://127.0.0.1:{port}/", required: true, expect: {{contains: hello}}}}
      - {{id: door, role: realtime, url: "tcp://127.0.0.1:{port}"}}{quiet}
references:
  - id: ref
    name: Reference
    country: US
    endpoints:
      - {{id: check, url: "http://127.0.0.1:{port}/", expect: {{status: 200, body: "hello"}}}}
"""
