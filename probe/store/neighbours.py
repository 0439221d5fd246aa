"""What another vantage saw of the same endpoint at about the same time: `--control-vantage DIR`.

Reads that vantage's results once, keeps a short summary of each measurement, and finds the nearest in time within a
bound, before and after; and, if told where our own results lie, since when we ourselves had failed there. Whether it
proves anything is `diagnose`'s to say.
"""

import bisect
from collections.abc import Sequence
from pathlib import Path

from probe.model.clock import parse_rfc3339
from probe.model.diagnosis import Verdict
from probe.model.measurement import ControlRecord, Measurement
from probe.model.observation import DNSLookup, HTTPRoundTrip, Purpose
from probe.store.layout import find
from probe.store.reader import Tally, measurements

BOUND = 3600.0
"""Seconds that two measurements may lie apart and still speak of the same state."""
_OURS = (Purpose.MAIN, Purpose.RETRY)
_FAILED = (Verdict.BLOCKED, Verdict.ANOMALY, Verdict.DOWN)


class Neighbours:
    """The measurements of control vantages, by endpoint and time. `own`: files of our own, `vantage`."""

    def __init__(
        self, folders: Sequence[str], *, bound: float = BOUND, own: Sequence[str] = (), vantage: str = ""
    ) -> None:
        self._bound = bound
        self._known: dict[str, list[tuple[float, ControlRecord]]] = {}
        self._own = _own_lines(own, vantage)
        found = find(folders) if folders else None
        self.problems = () if found is None else found.problems
        for one in measurements(found.sources, Tally()) if found is not None else ():
            name = f"{one.target}/{one.endpoint}"
            self._known.setdefault(name, []).append((parse_rfc3339(one.time), _summary(one)))
        for series in self._known.values():
            series.sort(key=lambda item: item[0])

    def near(self, name: str, epoch: float) -> tuple[ControlRecord, ...]:
        """The nearest measurements of `target/endpoint` by each control vantage, before and after, within the bound.

        The later one first: what was well only before we failed may have failed since.
        """
        series = self._known.get(name, [])
        first = bisect.bisect_left(series, epoch - self._bound, key=lambda item: item[0])
        last = bisect.bisect_right(series, epoch + self._bound, key=lambda item: item[0])
        nearest: dict[tuple[str, bool], tuple[float, ControlRecord]] = {}
        for time, record in series[first:last]:
            lag = time - epoch
            side = (record.vantage, lag < 0)
            if side not in nearest or abs(lag) < abs(nearest[side][0]):
                nearest[side] = (lag, record)
        ordered = sorted(nearest.items(), key=lambda item: item[0])
        failing = self._failing(name, epoch) if ordered else None
        return tuple(_lagging(record, lag, failing) for _, (lag, record) in ordered)

    def _failing(self, name: str, epoch: float) -> float | None:
        """Seconds before `epoch` our first line had ended that failed, of those in a row until then.

        What was insufficient ends the row as a success does: nothing was learnt. So does a gap longer than the bound.
        """
        since, last = None, epoch
        for began, ended, failed in reversed(self._own.get(name, [])):
            if ended > epoch:
                continue
            if not failed or last - ended > self._bound:
                break
            since, last = ended, began
        return None if since is None else round(epoch - since, 3)


def recent(folders: Sequence[str], now: float) -> list[str]:
    """The result files that can hold what is near in time to `now`: those written within twice the bound."""
    files = (source.path for source in find(folders).sources)
    return [str(path) for path in files if path is not None and _written(path) > now - 2 * BOUND]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _own_lines(files: Sequence[str], vantage: str) -> dict[str, list[tuple[float, float, bool]]]:
    """When each of our measurements of an endpoint began and ended, and whether it failed; in order."""
    lines: dict[str, list[tuple[float, float, bool]]] = {}
    for one in measurements(find(files).sources, Tally()) if files else ():
        if one.vantage == vantage:
            began = parse_rfc3339(one.time)
            found = (began, began + one.runtime, one.verdict in _FAILED)
            lines.setdefault(f"{one.target}/{one.endpoint}", []).append(found)
    for series in lines.values():
        series.sort()
    return lines


def _lagging(record: ControlRecord, lag: float, failing: float | None) -> ControlRecord:
    import msgspec

    return msgspec.structs.replace(record, age=round(abs(lag), 3), lag=round(lag, 3), failing=failing)


def _summary(one: Measurement) -> ControlRecord:
    pages = [o for o in one.observations if isinstance(o, HTTPRoundTrip) and o.purpose in _OURS and o.status]
    addresses = [a for o in one.observations if isinstance(o, DNSLookup) and o.purpose in _OURS for a in o.addresses]
    page = pages[-1] if pages else None
    return ControlRecord(
        id=one.id,
        vantage=one.vantage,
        country=one.country,
        asn=one.asn,
        age=0.0,
        verdict=one.verdict,
        status=page.status if page else 0,
        title=page.title if page else "",
        body_bytes=page.body_bytes if page else 0,
        body_sha256=page.body_sha256 if page else "",
        addresses=tuple(dict.fromkeys(addresses)),
        clock=one.fitness_evidence.clock_offset,
        input=one.input,
    )
