"""A target list from its file: `load_targets` gives the list, or every mistake in it at once as TargetListError.

The exception is the one door for bad input, whatever it is (no file, no YAML, no sense), so that a caller cannot run a
list it forgot to check. `parse_targets` is the same without a file. Lines and messages are made in the rooms beside.
"""

import hashlib
from datetime import date
from pathlib import Path

from probe.model.target import Endpoint, Target, TargetList
from probe.targets import rules
from probe.targets.build import target_of
from probe.targets.fields import FILE, KINDS
from probe.targets.marks import read_yaml
from probe.targets.problems import Problem, Report, TargetListError, nearest
from probe.targets.shapes import At

__all__ = [
    "DEFAULT_PATH",
    "MAX_BYTES",
    "Problem",
    "TargetListError",
    "active_endpoints",
    "load_targets",
    "parse_targets",
]

DEFAULT_PATH = Path("targets.yaml")
"""The list of the current directory."""
MAX_BYTES = 1024 * 1024
"""Bytes of a target list. This project's own has some 30,000; whoever names a disk image should be told."""

_HOW_TO_START = "name a file, or write one as docs/targets.md shows"


def load_targets(path: Path = DEFAULT_PATH) -> TargetList:
    """The target list in the file at `path`; `sha256` is over the file's bytes.

    Raises TargetListError with every mistake; a file that cannot be read is one.
    """
    report = Report(str(path))
    data = _read(path, report)
    if data is None:
        raise TargetListError(report.problems)
    return parse_targets(data, str(path))


def parse_targets(data: bytes, source: str) -> TargetList:
    """The target list in `data`, the bytes of a file called `source`. Raises TargetListError with every mistake."""
    report = Report(source)
    targets = _targets(data, report)
    if report.problems:
        raise TargetListError(report.problems)
    return TargetList(targets=targets, source=source, sha256=hashlib.sha256(data).hexdigest())


def active_endpoints(target: Target, day: date) -> tuple[Endpoint, ...]:
    """The endpoints of `target` that are measured on `day` (UTC), in the order of the list."""
    return tuple(endpoint for endpoint in target.endpoints if rules.valid_on(endpoint, day.isoformat()))


def _read(path: Path, report: Report) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        close = nearest(path.name, _neighbours(path))
        report.add(0, "there is no such file", f'did you mean "{path.with_name(close)}"?' if close else _HOW_TO_START)
    except IsADirectoryError:
        inside = path / DEFAULT_PATH.name
        fix = f'did you mean "{inside}"?' if inside.is_file() else "name a file in it"
        report.add(0, "this is a directory, not a target list", fix)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        report.add(
            0, f"cannot be read ({getattr(error, 'strerror', None) or error})", "check the name and its permissions"
        )
    else:
        if len(data) <= MAX_BYTES:
            return data
        report.add(0, f"longer than {MAX_BYTES // 1024} KiB", "is this a target list? If so, split it")
    return None


def _neighbours(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except OSError:
        return []


def _targets(data: bytes, report: Report) -> tuple[Target, ...]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        report.add(line, f"byte 0x{data[error.start]:02x} is not UTF-8", "save the file as UTF-8")
        return ()
    root = read_yaml(text, report)
    if root is None:
        if not report.problems:
            report.add(1, "nothing in it", _HOW_TO_START)
        return ()
    file = FILE.read(root, At(report))
    if file is None:
        return ()
    rows = [(kind, row) for key, kind in KINDS.items() for row in file.values.get(key, ())]
    rules.check_ids((row for _, row in rows), report, "the whole list")
    for kind, row in rows:
        rules.check_row(kind, row, report)
    targets = [(row, target_of(kind, row)) for kind, row in rows]
    for row, target in targets:
        if target is not None:
            rules.check_rollup(row, target, report)
    return tuple(target for _, target in targets if target is not None)
