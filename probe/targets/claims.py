"""claims.yaml: what outside sources say about blocks, read to `model.claim`, or every mistake in it at once.

The same doors, marks and messages as the target list (`load`): `file:line: what; fix`. A time is written as sharply as
the source gives it (a year, a month, a day, a minute), in the zone of the source; `give_or_take` widens it. Whether a
target exists is asked only if a target list is given: claims may speak of what is not measured here.
"""

import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from probe.model.claim import Claim, ClaimList, Says, When
from probe.model.diagnosis import Mechanism
from probe.targets.fields import ID, PROSE, VERSION
from probe.targets.files import Kind, read_bytes, read_root
from probe.targets.marks import Node
from probe.targets.problems import Report, TargetListError, nearest, quote
from probe.targets.records import Field, ListOf, Record, Row
from probe.targets.rules import check_ids
from probe.targets.shapes import At, Choice, Country, JSONSchema, Text, Whole, scalar_at

DEFAULT_PATH = Path("claims.yaml")
"""The claims of the current directory."""
_THIS = Kind("file of claims", DEFAULT_PATH.name, "name a file, or write one as docs/claims.md shows")
MAX_ASN = 2**32 - 1

_SPELLINGS = (
    (re.compile(r"[0-9]{4}"), "%Y"),
    (re.compile(r"[0-9]{4}-[0-9]{2}"), "%Y-%m"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "%Y-%m-%d"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"), "%Y-%m-%dT%H:%M"),
)
"""How a time may be written, from the vaguest to the sharpest."""
_UNITS = {"min": 60.0, "h": 3600.0, "d": 86400.0}
_YEARS = (1990, 2999)


@dataclass(frozen=True)
class Moment:
    """A time as sharp as it is written: `2018-09`, `2021-02-08`, `2021-02-08T19:00`. No offset: that is `zone`'s."""

    def read(self, node: Node, at: At) -> str | None:
        """The text, or None with the mistake reported."""
        scalar = scalar_at(node, at, 'a time as in "2021-02-08" or "2021-02-08T19:00"')
        if scalar is None:
            return None
        if stretch(scalar.text, "UTC") is not None:
            return scalar.text
        offset = re.search(r"(Z|[+-][0-9]{2}:?[0-9]{2})$", scalar.text) and ":" in scalar.text
        fix = (
            'leave the offset out and name the zone of the source beside it, as in "zone: Asia/Shanghai"'
            if offset
            else 'write it as sharply as the source does: "2018-09", "2021-02-08" or "2021-02-08T19:00"'
        )
        at.wrong(scalar.line, f"{at.key} {quote(scalar.text)} is no time", fix)
        return None

    def schema(self) -> JSONSchema:
        """The same as JSON Schema."""
        return {"type": ["string", "integer"], "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}:[0-9]{2})?)?)?$"}


@dataclass(frozen=True)
class Zone:
    """An IANA time zone."""

    def read(self, node: Node, at: At) -> str | None:
        """The name, or None with the mistake reported."""
        scalar = scalar_at(node, at, 'a time zone as in "Asia/Shanghai"')
        if scalar is None or zone_named(scalar.text) is not None:
            return scalar.text if scalar else None
        fix = 'use an IANA name, as in "Asia/Shanghai", "Asia/Amman" or "UTC"'
        at.wrong(scalar.line, f"unknown {at.key} {quote(scalar.text)}", fix)
        return None

    def schema(self) -> JSONSchema:
        """The same as JSON Schema."""
        return {"type": "string"}


CLAIM = Record(
    "claim",
    (
        Field("id", ID, "Unique over the file; kept for ever.", missing="give it a name that stays"),
        Field("by", PROSE, "Who says it.", missing='name the source, as in "by: GreatFire"'),
        Field("says", Choice(tuple(Says)), "What of that time.", missing=f"write one of {', '.join(Says)}"),
        Field("target", ID, "The target's id in the target list.", missing="name the target it speaks of"),
        Field("endpoint", ID, "The endpoint's id, if the source speaks of one."),
        Field("country", Country(), "Where (ISO 3166-1 alpha-2).", missing='say where, as in "country: CN"'),
        Field(
            "networks",
            ListOf(Whole(1, MAX_ASN), or_one=True),
            "Numbers of the networks (ASN) it speaks of. Default: the whole country.",
        ),
        Field("when", Moment(), "The time, as sharp as the source gives it.", missing="say when, as in 2021-02-08"),
        Field("zone", Zone(), "The zone of `when`.", missing='name the zone of the time, as in "zone: Asia/Shanghai"'),
        Field(
            "give_or_take",
            Text(pattern=r"[1-9][0-9]{0,3}(min|h|d)", rule='a span as in "30min", "2h" or "1d"'),
            'How far off it may be either way, as in "30min"; for "about".',
        ),
        Field("mechanism", Choice(tuple(Mechanism)), "The method, if the source names one of ours."),
        Field("link", Text(pattern=r"https?://\S+", rule="a link that begins with https://", longest=2000), "Where."),
        Field("evidence", PROSE, "What it rests on, in the source's words.", missing="say where it was read"),
    ),
    doc="What one source says about one target at one time.",
)

FILE = Record(
    "",
    (
        Field(
            "version",
            Whole(VERSION, VERSION),
            "The version of this format.",
            missing=f'write "version: {VERSION}" on the first line',
        ),
        Field("claims", ListOf(CLAIM), CLAIM.doc, missing="add a list with at least one claim"),
    ),
    doc="Claims of outside sources, for probe to draw beside its own onsets.",
)


def load_claims(path: Path = DEFAULT_PATH, targets: Collection[str] = ()) -> ClaimList:
    """The claims in the file at `path`. `targets`: the ids that are known; empty: not checked.

    Raises TargetListError with every mistake; a file that cannot be read is one.
    """
    report = Report(str(path))
    data = read_bytes(path, _THIS, report)
    if data is None:
        raise TargetListError(report.problems)
    return parse_claims(data, str(path), targets)


def parse_claims(data: bytes, source: str, targets: Collection[str] = ()) -> ClaimList:
    """The claims in `data`, the bytes of a file called `source`. Raises TargetListError with every mistake."""
    report = Report(source)
    root = read_root(data, _THIS, report)
    file = FILE.read(root, At(report)) if root is not None else None
    rows: list[Row] = file.values.get("claims", []) if file is not None else []
    check_ids(rows, report, "the file")
    for row in rows:
        _check(row, report, targets)
    if report.problems:
        raise TargetListError(report.problems)
    return ClaimList(claims=tuple(_claim(row.values) for row in rows), source=source)


def stretch(text: str, zone: str, give_or_take: float = 0.0) -> When | None:
    """The time that `text` means in `zone`, widened by so many seconds either way; None if it is no time.

    A day is all of that day there: `2021-02-08` in Asia/Shanghai is from 7 Feb 16:00 to 8 Feb 16:00 UTC.
    """
    place = zone_named(zone)
    form = next((form for pattern, form in _SPELLINGS if pattern.fullmatch(text)), None)
    if form is None or place is None:
        return None
    try:
        naive = datetime.strptime(text.replace(" ", "T"), form)  # noqa: DTZ007 - the zone is given beside it
    except ValueError:
        return None
    if not _YEARS[0] <= naive.year <= _YEARS[1]:
        return None
    after = _next(naive, form)
    first, last = (moment.replace(tzinfo=place).timestamp() for moment in (naive, after))
    return When(text=text, zone=zone, first=first - give_or_take, last=last + give_or_take)


def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, None if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown name, a path, a folder of the zone database
        return None


def _next(moment: datetime, form: str) -> datetime:
    """Where the year, month, day or minute that was written ends."""
    if form == "%Y":
        return moment.replace(year=moment.year + 1)
    if form == "%Y-%m":
        return moment + timedelta(days=monthrange(moment.year, moment.month)[1])
    return moment + (timedelta(days=1) if form == "%Y-%m-%d" else timedelta(minutes=1))


def _check(row: Row, report: Report, targets: Collection[str]) -> None:
    """What no single field can tell: whether the target is known."""
    target = row.values.get("target")
    if targets and target is not None and target not in targets:
        close = nearest(target, targets)
        fix = f'did you mean "{close}"?' if close else "add it to the target list, or name one that is there"
        report.add(row.line_of("target"), f"{row.place}: no target {quote(target)} in the target list", fix)


def _claim(values: dict[str, Any]) -> Claim:
    """The claim of a row without mistakes."""
    span = re.fullmatch(r"([0-9]+)([a-z]+)", values.get("give_or_take", ""))
    when = stretch(values["when"], values["zone"], float(span[1]) * _UNITS[span[2]] if span else 0.0)
    blank = {"endpoint": "", "networks": (), "link": "", "mechanism": ""}
    kept = {key: value for key, value in values.items() if key not in ("when", "zone", "give_or_take")}
    return msgspec.convert({**blank, **kept, "when": msgspec.to_builtins(when)}, Claim)
