"""From measurements, one at a time, to messages: what a watch asks at each measurement, each run and each tick.

A pure function of the measurements in the order they came, and of the ticks: played again, they give the same messages
with the same ids. News of one run is held until the run is over and told by kind, so that a wave is one message. Sends
nothing and keeps no file; `outbox` and `memory` do.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from shlex import quote
from typing import NamedTuple
from zoneinfo import ZoneInfo

from probe.alert import places, watched, words
from probe.alert.alert import Alert, Between, Kind, Message, Proof
from probe.alert.memory import FORGOTTEN_AFTER, RUNS_KEPT, Kept, Memory
from probe.alert.places import Place, Turn
from probe.alert.proof import lines_of
from probe.alert.watched import Change, Watched
from probe.alert.words import Told
from probe.model.clock import parse_rfc3339, rfc3339
from probe.model.episode import Interval, SeriesKey
from probe.model.measurement import Measurement
from probe.model.target import Role
from probe.report.gather import VantageKey
from probe.report.ladder import BLOCKS
from probe.report.times import Times
from probe.store import reader
from probe.timeline.ledger import limits_for
from probe.timeline.noise import DEFAULT, pooled
from probe.timeline.series import Row, point_of

MOST_SERIES = 20_000
"""Series beyond these are measured and reported, and not watched; about 5 kB of memory each."""
MESSAGE_ALERTS = 100
"""Alerts of one message; a larger wave is told in several."""
_DECIDES_NOTHING = frozenset({str(Role.TELEMETRY), str(Role.REFERENCE)})


class News(NamedTuple):
    """A change, of which measurement of which series, not yet told."""

    key: SeriesKey
    change: Change
    measurement: str
    time: float


class Standing(NamedTuple):
    """What the ledger says of a series now: beyond chance, and then blocked or, where nothing measured settles why,
    unreachable; or suspected and told; and since when at the latest."""

    blocked: bool
    unreachable: bool
    suspected: bool
    since: float | None


class Alerts:
    """The alerts of a watch that measures every `every` seconds. `zone`: IANA name; `results`: to point at lines."""

    def __init__(self, memory: Memory, *, every: float, zone: str = "UTC", results: Path | None = None) -> None:
        self.every, self.results = every, results
        self.left_out = 0
        self._series = {one.key: one.watched for one in memory.series}
        for one in self._series.values():
            watched.adopt(one)
        self._places, self._runs = memory.places, memory.runs
        self._zone = ZoneInfo(zone)
        self._news: list[News] = []

    def measured(self, measurement: Measurement) -> tuple[Message, ...]:
        """Take a measurement in. Messages come only if it begins another run while one was never finished."""
        return self.take(row_of(measurement), measurement.run_id)

    def take(self, row: Row, run: str, *, late: bool = False) -> tuple[Message, ...]:
        """The same from a row of the results. `late`: read afterwards, so a series that is further on ignores it."""
        place = self._places.setdefault(row.vantage, Place(row.country, row.asn))
        place.country, place.asn = row.country, row.asn
        told = self._close(row.vantage) if place.run not in ("", run) else ()
        place.run = run
        self._count(run)
        places.measure(place, row.time, row.fitness)
        if row.role not in _DECIDES_NOTHING:
            self._feed(row, late)
        return told

    def run_finished(self, vantage: str) -> tuple[Message, ...]:
        """The run under way of this vantage is over, or broken off: its news."""
        return self._close(vantage) if vantage in self._places else ()

    def tick(self, now: float) -> tuple[Message, ...]:
        """Called now and then with the time (epoch seconds): whether a vantage is overdue."""
        turns = ((name, place, places.tick(name, place, self.every, now)) for name, place in self._places.items())
        return tuple(self._turned(name, place, turn, now) for name, place, turn in turns if turn is not None)

    def remember(self) -> Memory:
        """What must survive a restart; it shares its parts with this object. News of a run under way is left out, and
        comes again when that run is played again: call it between runs."""
        newest = max((one.last for one in self._series.values()), default=0.0)
        for key in [key for key, one in self._series.items() if newest - one.last > FORGOTTEN_AFTER]:
            del self._series[key]
        return Memory(series=[Kept(*pair) for pair in self._series.items()], places=self._places, runs=self._runs)

    def standing(self) -> dict[SeriesKey, Standing]:
        """What the ledger says of each series now."""
        return {key: _standing(one) for key, one in self._series.items()}

    def _count(self, run: str) -> None:
        self._runs[run] = self._runs.pop(run, 0) + 1
        if len(self._runs) > RUNS_KEPT:
            del self._runs[next(iter(self._runs))]

    def _feed(self, row: Row, late: bool) -> None:
        key = SeriesKey(row.vantage, row.country, row.asn, row.target, row.endpoint)
        one = self._series.get(key)
        if one is None:
            if len(self._series) >= MOST_SERIES:
                self.left_out += 1
                return
            one = self._series[key] = watched.begin(DEFAULT, self.every)
        if late and row.time <= one.last:
            return
        change = watched.take(one, point_of(row))
        if change is not None:
            self._news.append(News(key, change, row.id, row.time))

    def _close(self, vantage: str) -> tuple[Message, ...]:
        place = self._places[vantage]
        mine = [one for one in self._news if one.key.vantage == vantage]
        self._news = [one for one in self._news if one.key.vantage != vantage]
        at = place.last or 0.0
        turned = [self._turned(vantage, place, turn, at) for turn in places.finish(place)]
        self._learn(vantage)
        return (*turned, *self._messages(mine))

    def _learn(self, vantage: str) -> None:
        """What the run taught of ordinary failures here, for series at rest."""
        here = [one for key, one in self._series.items() if key.vantage == vantage]
        prior = pooled([one.counted.quiet() for one in here if one.counted.chances])
        limits = limits_for(self.every)
        for one in here:
            watched.retune(one, prior, limits, self.every)

    def _messages(self, news: Sequence[News]) -> Iterable[Message]:
        def together(one: News) -> tuple[str, ...]:
            block = str(one.change.rung in BLOCKS)  # what is merely unreachable is told apart from what is blocked
            return (one.change.kind, block, one.key.vantage, one.key.country, str(one.key.asn))

        where = self._proofs(news)
        for _, group in groupby(sorted(news, key=lambda one: (together(one), one.key)), key=together):
            members = list(group)
            for low in range(0, len(members), MESSAGE_ALERTS):
                yield self._message(members[low : low + MESSAGE_ALERTS], where)

    def _proofs(self, news: Sequence[News]) -> dict[str, tuple[str, int]]:
        if self.results is None or not news:
            return {}
        return lines_of(self.results, news[0].key.vantage, (one.change.proof for one in news))

    def _message(self, members: Sequence[News], where: dict[str, tuple[str, int]]) -> Message:
        told = [Told(one.key, one.change, _explain(one.change.proof)) for one in members]
        clock = self._clock(members)
        alerts = tuple(
            _alert(one, words.line(line, clock), line.explain, where) for one, line in zip(members, told, strict=True)
        )
        first = alerts[0]
        title, text = (words.subject(first), first.text) if len(alerts) == 1 else words.several(told, clock)
        return Message(
            id=first.id, kind=first.kind, time=first.time, vantage=first.vantage, country=first.country, asn=first.asn,
            title=title, text=text, alerts=alerts,
        )  # fmt: skip

    def _turned(self, vantage: str, place: Place, turn: Turn, now: float) -> Message:
        key = VantageKey(vantage, place.country, place.asn)
        text = words.turn(key, turn, self.every, Times(self._zone))
        id_ = f"{turn.kind}/{vantage}/{rfc3339(turn.since)}"
        alert = Alert(
            id=id_, kind=turn.kind, time=rfc3339(now), vantage=vantage, country=place.country, asn=place.asn, text=text,
            fitness=turn.fitness,
        )  # fmt: skip
        return Message(
            id=id_, kind=turn.kind, time=alert.time, vantage=vantage, country=place.country, asn=place.asn, title=text,
            text=text, alerts=(alert,),
        )  # fmt: skip

    def _clock(self, members: Sequence[News]) -> Times:
        """Years are written where an onset is of another year than the news."""
        years = {
            datetime.fromtimestamp(at, self._zone).year for one in members for at in (one.time, one.change.onset.latest)
        }
        return Times(self._zone, len(years) > 1)


def row_of(one: Measurement | reader.Row) -> Row:
    """The columns that decide, of a measurement or of a row of the results."""
    if isinstance(one, reader.Row):  # weeks of these are read at a first start
        return Row(
            one.id, one.time.timestamp(), one.vantage, one.country, one.asn, one.target, one.endpoint, one.role,
            one.verdict, one.certainty or "", one.layer or "", one.mechanism or "", one.failure or "", one.control,
            one.fitness,
        )  # fmt: skip
    told = (one.role, one.verdict, one.certainty, one.layer, one.mechanism, one.failure, one.control, one.fitness)
    said = (str(word or "") for word in told)
    return Row(one.id, parse_rfc3339(one.time), one.vantage, one.country, one.asn, one.target, one.endpoint, *said)


def _standing(one: Watched) -> Standing:
    beyond, block = one.told == Kind.CONFIRMED, watched.rung_of(one) in BLOCKS
    return Standing(beyond and block, beyond and not block, one.told == Kind.SUSPECTED, one.since if beyond else None)


def _explain(measurement: str) -> str:
    return f"probe explain {quote(measurement)}"


def _alert(one: News, text: str, explain: str, where: dict[str, tuple[str, int]]) -> Alert:
    key, change = one.key, one.change
    told = change.kind != Kind.WITHDRAWN
    file, number = where.get(change.proof, ("", 0))
    return Alert(
        id=f"{change.kind}/{one.measurement}",
        kind=change.kind,
        time=rfc3339(one.time),
        vantage=key.vantage,
        country=key.country,
        asn=key.asn,
        text=text,
        target=key.target,
        endpoint=key.endpoint,
        onset=_between(change.onset if told else None),
        certain_onset=_between(change.certain_onset if told else None),
        end=_between(change.end),
        certain_end=_between(change.certain_end),
        mechanisms=change.mechanisms,
        certainty=change.certainty,
        rung=str(change.rung) if told else "",
        raised=change.raised,
        runs=change.runs,
        repeating=change.repeating,
        proof=Proof(measurement=change.proof, explain=explain, file=file, line=number),
    )


def _between(interval: Interval | None) -> Between | None:
    if interval is None:
        return None
    earliest = None if interval.earliest is None else rfc3339(interval.earliest)
    return Between(earliest=earliest, latest=rfc3339(interval.latest))
