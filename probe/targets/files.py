"""The bytes of a file that a user wrote, and the tree in them; whatever is wrong is a Problem. Knows no field of any.

Shared by all files of this room (`load`, `claims`): a missing file, a folder, a disk image, bytes that are no text.
"""

from pathlib import Path
from typing import NamedTuple

from probe.targets.marks import Node, read_yaml
from probe.targets.problems import Report, nearest

MAX_BYTES = 1024 * 1024
"""Bytes of a file. This project's own target list has some 30,000; whoever names a disk image should be told."""


class Kind(NamedTuple):
    """What a file is called in messages, the name it is found by, and how to begin one."""

    noun: str
    name: str
    start: str


def read_bytes(path: Path, kind: Kind, report: Report) -> bytes | None:
    """The bytes of the file at `path`; None with the mistake reported."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        close = nearest(path.name, _neighbours(path))
        report.add(0, "there is no such file", f'did you mean "{path.with_name(close)}"?' if close else kind.start)
    except IsADirectoryError:
        inside = path / kind.name
        fix = f'did you mean "{inside}"?' if inside.is_file() else "name a file in it"
        report.add(0, f"this is a directory, not a {kind.noun}", fix)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        report.add(
            0, f"cannot be read ({getattr(error, 'strerror', None) or error})", "check the name and its permissions"
        )
    else:
        if len(data) <= MAX_BYTES:
            return data
        report.add(0, f"longer than {MAX_BYTES // 1024} KiB", f"is this a {kind.noun}? If so, split it")
    return None


def read_root(data: bytes, kind: Kind, report: Report) -> Node | None:
    """The tree in `data`; None with the mistake reported."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        report.add(line, f"byte 0x{data[error.start]:02x} is not UTF-8", "save the file as UTF-8")
        return None
    root = read_yaml(text, report)
    if root is None and not report.problems:
        report.add(1, "nothing in it", kind.start)
    return root


def _neighbours(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except OSError:
        return []
