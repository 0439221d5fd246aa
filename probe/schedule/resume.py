"""Taking up a run that was cut short: which of its lines are on disk, and whether today's options would go on with it.

Reads the run's file and compares; measuring what is missing is `once`. A run is one vantage and one target list: both
must be those of the lines that are there, or the file would hold two runs under one name.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from probe.model.clock import parse_rfc3339
from probe.model.measurement import Measurement
from probe.model.vantage import Vantage
from probe.store.layout import Source, run_path
from probe.store.reader import Tally, measurements

_RUN = re.compile(r"\d{8}T\d{6}Z-(?P<vantage>[A-Za-z0-9][A-Za-z0-9._-]*)-[0-9a-f]{4}", re.ASCII)


class ResumeError(Exception):
    """A run that cannot be resumed; the message says why and what to write instead."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run on disk: its file, the endpoints whose lines are whole (`target/endpoint`), when the last was measured
    (epoch seconds, None if there is none) and how many lines are torn."""

    run_id: str
    path: Path
    names: frozenset[str]
    last: float | None
    torn: int


def find_run(out: Path, run: str, vantage: Vantage, target_list: str, *, other_list: bool = False) -> Resumed:
    """The run `run` below the results folder `out`, to be completed by `vantage` with `target_list` (its SHA-256).

    `other_list` allows the list to have changed. Raises ResumeError.
    """
    path = _path(out, run, vantage)
    tally = Tally()
    lines = [one for one in measurements([Source(str(path), path)], tally) if one.run_id == run]
    if tally.unreadable:
        raise ResumeError(f"--resume {run}: {'; '.join(tally.problems)}")
    if lines:
        _check(lines[0], run, vantage, target_list, other_list=other_list)
    names = frozenset(f"{one.target}/{one.endpoint}" for one in lines)
    last = max((parse_rfc3339(one.time) for one in lines), default=None)
    return Resumed(run, path, names, last, tally.torn + tally.malformed)


def _path(out: Path, run: str, vantage: Vantage) -> Path:
    match = _RUN.fullmatch(run)
    if match is None:
        raise ResumeError(f"--resume {run!r} is no run id; write one such as 20210208T110000Z-sha-ct-91f3")
    if match["vantage"] != vantage.name:
        raise ResumeError(
            f"--resume {run}: that run was made from {match['vantage']}, this would be {vantage.name}; "
            f"add --vantage {match['vantage']}"
        )
    path = run_path(out, vantage.name, run)
    if path.is_file():
        return path
    packed = [name for suffix in (".gz", ".zst") if (name := path.with_name(path.name + suffix)).exists()]
    if packed:
        raise ResumeError(f"--resume {run}: {packed[0]} is packed away; a packed run is not added to")
    raise ResumeError(f"--resume {run}: there is no {path}; --out names the results folder")


def _check(line: Measurement, run: str, vantage: Vantage, target_list: str, *, other_list: bool) -> None:
    was = Vantage(name=line.vantage, country=line.country, asn=line.asn, network=line.network)
    now = Vantage(name=vantage.name, country=vantage.country, asn=vantage.asn, network=vantage.network)
    if was != now:
        network = f" --network {was.network!r}" if was.network else ""
        raise ResumeError(
            f"--resume {run}: that run was made with --country {was.country} --asn {was.asn}{network}; write the same"
        )
    if line.target_list != target_list and not other_list:
        raise ResumeError(
            f"--resume {run}: the target list has changed since (it was {line.target_list[:12]}…, "
            f"now {target_list[:12]}…); name the old list, or add --other-list to go on with this one"
        )
