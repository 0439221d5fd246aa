"""What another vantage saw of the same endpoint at about the same time: `--control-vantage DIR`.

Reads that vantage's results once, keeps a short summary of each measurement, and finds the nearest in time within a
bound. Whether it proves anything is `diagnose`'s to say.
"""

import bisect
from collections.abc import Sequence

from probe.model.clock import parse_rfc3339
from probe.model.measurement import ControlRecord, Measurement
from probe.model.observation import DNSLookup, HTTPRoundTrip, Purpose
from probe.store.layout import find
from probe.store.reader import Tally, measurements

BOUND = 3600.0
"""Seconds that two measurements may lie apart and still speak of the same state."""
_OURS = (Purpose.MAIN, Purpose.RETRY)


class Neighbours:
    """The measurements of control vantages, by endpoint and time."""

    def __init__(self, folders: Sequence[str], *, bound: float = BOUND) -> None:
        self._bound = bound
        self._known: dict[str, list[tuple[float, ControlRecord]]] = {}
        found = find(folders) if folders else None
        self.problems = () if found is None else found.problems
        for one in measurements(found.sources, Tally()) if found is not None else ():
            name = f"{one.target}/{one.endpoint}"
            self._known.setdefault(name, []).append((parse_rfc3339(one.time), _summary(one)))
        for series in self._known.values():
            series.sort(key=lambda item: item[0])

    def near(self, name: str, epoch: float) -> tuple[ControlRecord, ...]:
        """The nearest measurement of `target/endpoint` by each control vantage, if within the bound."""
        series = self._known.get(name, [])
        first = bisect.bisect_left(series, epoch - self._bound, key=lambda item: item[0])
        last = bisect.bisect_right(series, epoch + self._bound, key=lambda item: item[0])
        nearest: dict[str, tuple[float, ControlRecord]] = {}
        for time, record in series[first:last]:
            age = abs(time - epoch)
            if record.vantage not in nearest or age < nearest[record.vantage][0]:
                nearest[record.vantage] = (age, record)
        return tuple(_aged(record, age) for age, record in nearest.values())


def _aged(record: ControlRecord, age: float) -> ControlRecord:
    import msgspec

    return msgspec.structs.replace(record, age=round(age, 3))


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
    )
