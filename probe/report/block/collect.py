"""Reads once more what a page cites and a report's rows do not hold: what backed each failed measurement, the lines to
show whole, and the hashes of the files. One pass over the sources serves every page of a view. Judges nothing.

Of a line only what is counted here is built; the rest is skipped. A line that cannot be read was told when the view was
read, and is passed over here.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np

from probe.diagnose.rejudge import Judge
from probe.model.clock import parse_rfc3339
from probe.model.codec import decode_line, encode_line
from probe.model.episode import SeriesKey
from probe.report.block.choose import Chosen
from probe.report.block.egress import Egress, Way
from probe.report.block.origin import TOGETHER, From, Origin, Software, settle
from probe.report.view import View
from probe.store.layout import Source
from probe.store.lines import UNREADABLE, Line, UnreadableError, lines, opened
from probe.store.lookup import Kept
from probe.timeline.points import Points
from probe.timeline.series import Evidence

_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)
RESOLVER_EXPLANATION = "dead resolver"
"""What `diagnose.considered` calls it; a test keeps the two equal."""
CERTIFICATE_DATES = frozenset({"ssl_certificate_expired", "ssl_certificate_not_yet_valid"})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _Considered(msgspec.Struct):
    explanation: str = ""
    ruled_out: bool = False


class _Diagnosis(msgspec.Struct):
    ruleset_version: str = ""
    considered: list[_Considered] = []


class _Egress(msgspec.Struct):
    outcome: str = ""
    table: str = ""
    page: str = ""


class _Evidence(msgspec.Struct):
    domestic: tuple[int, int] = (0, 0)
    foreign: tuple[int, int] = (0, 0)
    clock_offset: float | None = None
    egress: _Egress | None = None


class _Line(msgspec.Struct):
    """What is counted of a line."""

    id: str
    time: str
    vantage: str
    country: str
    asn: int
    target: str
    endpoint: str
    certainty: str | None
    failure: str | None
    control: str
    fitness: str
    tries: int = 0
    network: str = ""
    target_list: str = ""
    input: str = ""
    diagnosis: _Diagnosis = msgspec.field(default_factory=_Diagnosis)
    fitness_evidence: _Evidence = msgspec.field(default_factory=_Evidence)
    control_records: list[msgspec.Raw] = []
    software: Software = Software()

    @property
    def series(self) -> SeriesKey:
        return SeriesKey(self.vantage, self.country, self.asn, self.target, self.endpoint)

    @property
    def origin(self) -> From:
        rules = self.diagnosis.ruleset_version
        return From(self.target, self.endpoint, self.input, self.software, rules, self.target_list, self.network)


_decoder = msgspec.json.Decoder(_Line)


@dataclass
class Backing:
    """What backed the failed measurements (BAD) of one series, counted; `failed` of them were found on disk.

    `artefacts` hold a confirmed artefact; `not_outage` that or a control that reached the server, `not_dns` that or a
    resolver that answered other names. `domestic` and `foreign` are references, `[reached, measured]`, over all of
    them; `clock_worst` is the largest offset seen, in seconds; `egress` is what the checks of the network came to.
    """

    failed: int = 0
    control_reached: int = 0
    not_outage: int = 0
    not_dns: int = 0
    control_vantage: int = 0
    artefacts: int = 0
    fit: int = 0
    resolver_alive: int = 0
    certificate_dates: int = 0
    retried: int = 0
    clock_known: int = 0
    clock_right: int = 0
    clock_worst: float = 0.0
    domestic: tuple[int, int] = (0, 0)
    foreign: tuple[int, int] = (0, 0)
    egress: Egress = field(default_factory=Egress)


class Hashed(NamedTuple):
    """A source as it was read, by the name it is `shown` under: its hash and size ("" and 0: it is no file), and how
    many measurements of each target it holds."""

    name: str
    sha256: str
    size: int
    measurements: Counter[str]


class Dossier(NamedTuple):
    """Everything read for the pages of one view."""

    backing: dict[SeriesKey, Backing]
    origins: dict[str, Origin]
    kept: dict[str, Kept]
    places: dict[str, str]
    files: tuple[Hashed, ...]


def collect(sources: Iterable[Source], view: View, chosen: Iterable[Chosen], judge: Judge | None = None) -> Dossier:
    """Read the sources once for these pages. `judge` is what judged the view's measurements anew, if anything did.

    `places` in the dossier says in which source each cited measurement lies.
    """
    pages = list(chosen)
    series = {one.key: one for page in pages for one in page.series}
    failed = {name for one in series.values() for name in _failed(Points.of(one.points))}
    witnesses = {name for one in series.values() for episode in one.episodes for name in episode.witnesses}
    shown = {name for page in pages for name in page.exhibited if name}
    dossier = Dossier({key: Backing() for key in series}, {}, {}, {}, ())
    wanted = _Wanted(view.first, view.last, failed, witnesses | shown, shown, set())
    files = tuple(_read(source, dossier, wanted, judge) for source in sources)
    return dossier._replace(files=tuple(one for one in files if one.measurements))


def _failed(points: Points) -> Iterator[str]:
    return points.ids(np.flatnonzero(points.evidence() == Evidence.BAD))


class _Wanted(NamedTuple):
    """The window in epoch seconds, and ids: failed ones to count, cited ones to place, shown ones to keep, and those
    that were seen."""

    first: float
    last: float
    failed: set[str]
    cited: set[str]
    shown: set[str]
    seen: set[str]


def _read(source: Source, dossier: Dossier, wanted: _Wanted, judge: Judge | None) -> Hashed:
    """One source: its lines counted, its bytes hashed."""
    said: Counter[From] = Counter()
    measured: Counter[str] = Counter()
    try:
        with opened(source) as stream:
            for line in lines(stream):
                found = None if line.overlong else _line(line.data, judge, wanted)
                backing = None if found is None else dossier.backing.get(found.series)
                if found is None or backing is None:
                    continue
                measured[found.target] += 1
                said[found.origin] += 1
                if len(said) > TOGETHER:
                    settle(said, dossier.origins)
                    said.clear()
                if found.id in wanted.failed and found.id not in wanted.seen:
                    wanted.seen.add(found.id)
                    _back(backing, found)
                _cite(found.id, line, source, dossier, wanted, judge)
    except (UnreadableError, *UNREADABLE):
        pass  # told when the view was read; what was read up to there counts
    settle(said, dossier.origins)
    return Hashed(shown(source), *_hash(source), measured)


def _line(data: bytes, judge: Judge | None, wanted: _Wanted) -> _Line | None:
    """What is counted of a line, judged anew if a judge is given; None if it is no record, or not of this time."""
    try:
        found = _decoder.decode(data if judge is None else encode_line(judge(decode_line(data))))
        within = wanted.first <= parse_rfc3339(found.time) <= wanted.last
    except _UNDECODABLE:
        return None
    return found if within else None


def _cite(name: str, line: Line, source: Source, dossier: Dossier, wanted: _Wanted, judge: Judge | None) -> None:
    """Place a cited measurement, and keep a shown one whole; one that is damaged behind its columns cannot be shown."""
    if name in wanted.cited:
        dossier.places.setdefault(name, shown(source))
    if name in wanted.shown and name not in dossier.kept:
        with suppress(*_UNDECODABLE):
            whole = decode_line(line.data)
            dossier.kept[name] = Kept(judge(whole) if judge else whole, line.data, source, line.number)


def shown(source: Source) -> str:
    """The name of a source from the folder of results on, `sha-ct/2021-02-08/20210208T110000Z-sha-ct-91f3.jsonl`; of a
    file elsewhere just its own name. The folders above say who measured, and a page may be published."""
    if source.path is None:
        return source.name
    *_, vantage, day, name = ("", "", *source.path.absolute().parts)
    return f"{vantage}/{day}/{name}" if _DAY.fullmatch(day) else name


def _hash(source: Source) -> tuple[str, int]:
    """SHA-256 and size of the bytes as they lie on disk."""
    if source.path is None:
        return "", 0
    try:
        with source.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return digest, stream.tell()
    except OSError:
        return "", 0


def _back(backing: Backing, line: _Line) -> None:
    """Add one failed measurement."""
    evidence, offset = line.fitness_evidence, line.fitness_evidence.clock_offset
    considered = {one.explanation: one.ruled_out for one in line.diagnosis.considered}
    artefact = line.certainty == "confirmed"
    backing.failed += 1
    backing.control_reached += line.control == "reached"
    backing.control_vantage += bool(line.control_records)
    backing.artefacts += artefact
    backing.not_outage += artefact or line.control == "reached"
    backing.not_dns += artefact or considered.get(RESOLVER_EXPLANATION, False)
    backing.fit += line.fitness == "fit"
    backing.resolver_alive += considered.get(RESOLVER_EXPLANATION, False)
    backing.certificate_dates += line.failure in CERTIFICATE_DATES
    backing.retried += line.tries > 1
    if offset is not None:
        backing.clock_known += 1
        backing.clock_right += line.fitness != "clock_wrong"
        backing.clock_worst = max(backing.clock_worst, abs(offset))
    backing.domestic = _plus(backing.domestic, evidence.domestic)
    backing.foreign = _plus(backing.foreign, evidence.foreign)
    checked = evidence.egress or _Egress()
    backing.egress.add(checked.outcome, Way(line.asn, checked.table, checked.page))


def _plus(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return a[0] + b[0], a[1] + b[1]
