"""Stories as recorded lines: drawn series by series, written as a run writes them, read back as `probe report` does.

One sign a run: `.` reached, `#` reset after the name in TLS, `d` forged DNS answer (an artefact), `n` name denied,
`t` silence after the name in TLS, `o` down for the control too, `x` vantage offline, `r` turned away by the server
itself, a space for no run. A reference stands beside every run, so that each line is one that a real run could have
written.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from probe.model.codec import encode_line
from probe.model.diagnosis import Certainty, ControlState, Fitness, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.measurement import Measurement
from probe.model.target import Role, TargetKind
from probe.report.dating import dater
from probe.report.gather import gather
from probe.report.joined import Outside
from probe.report.view import SeriesView, View, build
from probe.store.layout import find, run_path
from probe.store.reader import Tally, rows
from tests.store.records import measurement

HOUR, DAY = 3600.0, 86400.0
MONDAY = 1_612_742_400.0
"""Monday 8 February 2021, 00:00 UTC."""


def _cut(layer: Layer, mechanism: Mechanism, failure: FailureKind, certainty: Certainty) -> dict[str, Any]:
    return {
        "verdict": Verdict.BLOCKED,
        "certainty": certainty,
        "layer": layer,
        "mechanism": mechanism,
        "failure": failure,
    }


SIGNS: dict[str, dict[str, Any]] = {
    ".": {},
    "#": _cut(Layer.TLS, Mechanism.SNI_RESET, FailureKind.RESET, Certainty.LIKELY),
    "d": _cut(Layer.DNS, Mechanism.DNS_INJECTION, FailureKind.SSL_INVALID_HOSTNAME, Certainty.CONFIRMED),
    "n": _cut(Layer.DNS, Mechanism.DNS_NXDOMAIN, FailureKind.DNS_NXDOMAIN, Certainty.LIKELY),
    "t": _cut(Layer.TLS, Mechanism.SNI_TIMEOUT, FailureKind.TIMEOUT, Certainty.LIKELY),
    "o": {"verdict": Verdict.DOWN, "failure": FailureKind.REFUSED, "control": ControlState.FAILED},
    "x": {
        "verdict": Verdict.INSUFFICIENT,
        "failure": FailureKind.TIMEOUT,
        "control": ControlState.UNUSABLE,
        "fitness": Fitness.OFFLINE,
    },
    "r": {"verdict": Verdict.RESTRICTED, "layer": Layer.HTTP},
}

ROLES = {"api": Role.API, "web": Role.WEB, "realtime": Role.REALTIME, "telemetry": Role.TELEMETRY}
"""Endpoints of these stories are called by their role."""


def drawn(
    pictures: Mapping[str, str],
    *,
    every: float = HOUR,
    start: float = MONDAY,
    vantage: str = "sha-ct",
    country: str = "CN",
    asn: int = 4134,
) -> Iterator[Measurement]:
    """The lines of one vantage point: a picture for each `target/endpoint`."""
    place = {"vantage": vantage, "country": country, "asn": asn}
    for run in range(max(map(len, pictures.values()))):
        at = start + run * every
        signs = {name: picture[run] for name, picture in pictures.items() if run < len(picture) and picture[run] != " "}
        for name, sign in signs.items():
            target, endpoint = name.split("/")
            kind = TargetKind.INSTANCE if "." in target else TargetKind.APP
            yield measurement(
                at, target=target, endpoint=endpoint, role=ROLES[endpoint], kind=kind, **place, **SIGNS[sign]
            )
        if signs:
            offline = "x" in signs.values()
            yield measurement(
                at,
                target="gstatic",
                endpoint="http",
                role=Role.REFERENCE,
                kind=TargetKind.REFERENCE,
                **place,
                **SIGNS["x" if offline else "."],
            )


def write(results: Path, lines: Iterable[Measurement]) -> Path:
    """The lines as result files below `results`, one a run."""
    for line in lines:
        path = run_path(results, line.vantage, line.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(encode_line(line))
    return results


def told(folder: Path, lines: Iterable[Measurement], outside: Outside | None = None, zone: str = "UTC") -> View:
    """The view of a report on these lines, written to disk and read back in another order."""
    found = find([str(write(folder / "results", lines))])
    assert not found.problems
    sources = list(found.sources)
    random.Random(4).shuffle(sources)  # noqa: S311 - any order will do
    tally = Tally(strict=True)
    gathered = gather(rows(sources, tally))
    assert tally.records
    return build(gathered, dater(gathered.series, zone), zone=zone, outside=outside)


def one(view: View, name: str, vantage: str = "sha-ct") -> SeriesView:
    """The series of `target/endpoint` from a vantage point."""
    target, endpoint = name.split("/")
    (found,) = (s for s in view.series if (s.key.target, s.key.endpoint, s.key.vantage) == (target, endpoint, vantage))
    return found
