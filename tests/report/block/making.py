"""The way from measurements to a page that `probe report --target` takes, through files in a folder."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from probe.model.claim import Claim, Says, When
from probe.model.measurement import Measurement
from probe.model.note import Note
from probe.model.target import Role, TargetKind
from probe.report.block.build import build
from probe.report.block.choose import Chosen, scope_event, scope_target
from probe.report.block.collect import Dossier, collect
from probe.report.block.view import Block
from probe.report.dating import dater
from probe.report.gather import gather
from probe.report.joined import Outside
from probe.report.view import Reading, View, Window
from probe.report.view import build as build_view
from probe.store.layout import Source, find
from probe.store.reader import Tally, rows
from tests.report.story import BLOCKED_API, CYCLES, RESET, START, STEP, clock
from tests.report.viewing import write
from tests.store.records import measurement


def stored(folder: Path, measurements: Iterable[Measurement]) -> tuple[Source, ...]:
    """The measurements as a run writes them: a file a run, below vantage and day."""
    runs: dict[str, list[Measurement]] = {}
    for one in measurements:
        runs.setdefault(one.run_id, []).append(one)
    for run, kept in runs.items():
        where = folder / kept[0].vantage / kept[0].time[:10]
        where.mkdir(parents=True, exist_ok=True)
        write(where / f"{run}.jsonl", kept)
    return find([str(folder)]).sources


def seen(
    sources: tuple[Source, ...], zone: str = "Asia/Shanghai", outside: Outside | None = None, since: float | None = None
) -> View:
    """The report's view of the sources."""
    tally = Tally()
    gathered = gather(rows(sources, tally))
    reading = Reading(tally.files, tally.records, tally.malformed + tally.newer + tally.torn, tally.duplicates)
    find_episodes = dater(gathered.series, zone)
    return build_view(
        gathered, find_episodes, zone=zone, window=Window(since), reading=reading, outside=outside
    )  # fmt: skip


def page(
    folder: Path,
    measurements: Iterable[Measurement],
    target: str = "clubhouse",
    *,
    event: str = "",
    lang: str = "en",
    zone: str = "Asia/Shanghai",
    outside: Outside | None = None,
) -> Block:
    """The page of a target or an event."""
    sources = stored(folder, measurements)
    view = seen(sources, zone, outside)
    chosen = scope_event(view, event) if event else scope_target(view, target)
    return build(view, collect(sources, view, [chosen]), chosen, lang=lang)


def unread(view: View, chosen: Chosen, lang: str = "en") -> Block:
    """The page made without reading anything more: what cannot be said then must be said to be missing."""
    return build(view, Dossier({}, {}, {}, {}, ()), chosen, lang=lang)


def series(
    *said: tuple[int, dict[str, Any]], at: float = START, step: float = STEP, **changes: Any
) -> list[Measurement]:
    """So many measurements of each kind, one after another."""
    kinds = [kind for count, kind in said for _ in range(count)]
    return [measurement(at + n * step, **{**changes, **kind}) for n, kind in enumerate(kinds)]


NETWORKS = (("sha-ct", 4134, "10:50", BLOCKED_API), ("sha-cu", 4837, "11:20", RESET), ("gz-cm", 9808, "23:00", RESET))


def wave() -> Iterator[Measurement]:
    """Three vantage points on three networks: Clubhouse's API on one, then on another; two instances on both at once;
    the third network reaches all of it. `sha-cu` does not measure from 14:00 to 16:00."""
    endpoints = (("clubhouse", "api", Role.API), ("clubhouse", "web", Role.WEB), ("douchi.space", "web", Role.WEB),
                 ("m.cmx.im", "web", Role.WEB), ("gstatic", "204", Role.REFERENCE))  # fmt: skip
    for vantage, asn, when, kind in NETWORKS:
        for cycle in range(CYCLES):
            at = START + cycle * STEP + asn % 7
            if vantage == "sha-cu" and clock("14:00") < at < clock("16:00"):
                continue
            for target, endpoint, role in endpoints:
                told = dict(kind) if (target, endpoint) == ("clubhouse", "api") and at > clock(when) else {}
                if target in ("m.cmx.im", "douchi.space") and at > clock("12:05") and vantage != "gz-cm":
                    told = dict(RESET)
                what = TargetKind.REFERENCE if role is Role.REFERENCE else TargetKind.APP
                yield measurement(
                    at, target=target, endpoint=endpoint, role=role, kind=what, vantage=vantage, asn=asn, **told
                )


def claim(**changes: Any) -> Claim:
    """GreatFire on Clubhouse's API: about 19:00 in Beijing."""
    when = When(text="2021-02-08T19:00", zone="Asia/Shanghai", first=clock("10:50"), last=clock("11:10"))
    values: dict[str, Any] = {
        "id": "clubhouse-cn-greatfire", "by": "GreatFire", "says": Says.BEGAN, "target": "clubhouse",
        "endpoint": "api", "country": "CN", "networks": (), "when": when, "link": "", "evidence": "About 19:00.",
        "mechanism": "",
    }  # fmt: skip
    return Claim(**{**values, **changes})


def note(**changes: Any) -> Note:
    """Somebody saw that the SMS did not come."""
    values: dict[str, Any] = {
        "id": "n1", "time": "2021-02-08T11:05:00.000Z", "written": "2021-02-08T11:06:00.000Z", "vantage": "sha-ct",
        "target": "clubhouse", "endpoint": "api", "by": "an engineer", "text": "SMS not received",
    }  # fmt: skip
    return Note(**{**values, **changes})
