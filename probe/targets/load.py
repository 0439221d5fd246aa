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
from probe.targets.files import MAX_BYTES, Kind, read_bytes, read_root
from probe.targets.problems import Problem, Report, TargetListError
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

_THIS = Kind("target list", DEFAULT_PATH.name, "name a file, or write one as docs/targets.md shows")


def load_targets(path: Path = DEFAULT_PATH) -> TargetList:
    """The target list in the file at `path`; `sha256` is over the file's bytes.

    Raises TargetListError with every mistake; a file that cannot be read is one.
    """
    report = Report(str(path))
    data = read_bytes(path, _THIS, report)
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


def _targets(data: bytes, report: Report) -> tuple[Target, ...]:
    root = read_root(data, _THIS, report)
    file = FILE.read(root, At(report)) if root is not None else None
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
