"""The report as data: the same view, nothing worded, nothing rounded. Pure: `render(view, page) -> str`.

Every time is `{"utc": RFC 3339, "epoch": seconds}`; an interval has both ends, `earliest` null where it is not known.
Names are those of the record and of docs/record.md. `report` is the version of this document's shape.
"""

from typing import Any

import msgspec

from probe.model.clock import rfc3339
from probe.model.episode import Episode, Interval, SeriesKey
from probe.report import beside, together
from probe.report.block.ids import event_ids
from probe.report.escape import json_text
from probe.report.gather import VantageKey
from probe.report.ladder import rung_of
from probe.report.paper import Page
from probe.report.view import SeriesView, Stretch, TargetView, VantageView, View
from probe.report.whole import Whole

REPORT_VERSION = 1

Json = dict[str, Any]


def render(view: View, page: Page) -> str:
    """One JSON object, indented, ending in a newline. JSON escapes by itself, so `page` is not asked."""
    del page
    document = {
        "report": REPORT_VERSION,
        "zone": view.zone,
        "first": _time(view.first),
        "last": _time(view.last),
        "reading": view.reading._asdict(),
        "vantages": [_vantage_view(one) for one in view.vantages],
        "targets": [_target(one) for one in view.targets],
        "series": [_series(one) for one in view.series],
        "events": [together.as_data(name, one, _interval) for name, one in event_ids(view.joined.events).items()],
        "claims": [beside.claim_data(one, _interval) for one in view.joined.compared],
        "notes": [msgspec.to_builtins(one) for one in view.joined.notes],
    }
    return json_text(document)


def _time(epoch: float) -> Json:
    return {"utc": rfc3339(epoch), "epoch": epoch}


def _maybe(epoch: float | None) -> Json | None:
    return None if epoch is None else _time(epoch)


def _interval(between: Interval | None) -> Json | None:
    if between is None:
        return None
    return {"earliest": _maybe(between.earliest), "latest": _time(between.latest)}


def _stretch(stretch: Stretch) -> Json:
    return {"first": _time(stretch.first), "last": _time(stretch.last), "count": stretch.size}


def _key(key: SeriesKey) -> Json:
    return {name: getattr(key, name) for name in SeriesKey.__struct_fields__}


def _vantage(key: VantageKey) -> Json:
    return {"vantage": key.name, "country": key.country, "asn": key.asn}


def _vantage_view(one: VantageView) -> Json:
    return {
        **_vantage(one.key),
        "runs": one.runs,
        "measurements": one.measurements,
        "first": _time(one.first),
        "last": _time(one.last),
        "unfit": [{"fitness": stretch.what, **_stretch(stretch)} for stretch in one.unfit],
        "silent": [_interval(gap) for gap in one.silent],
    }


def _target(one: TargetView) -> Json:
    return {
        **_vantage(one.vantage),
        "target": one.target,
        "blocked": one.blocked,
        "endpoints": {str(state): list(ids) for state, ids in one.endpoints.items()},
        "state": str(one.wholes[-1].state) if one.wholes else None,
        "wholes": [_whole(whole) for whole in one.wholes],
    }


def _whole(one: Whole) -> Json:
    return {
        "since": _interval(one.since),
        "state": str(one.state),
        "rung": str(one.rung),
        "blocked": list(one.blocked),
        "failing": list(one.failing),
        "enough": one.enough,
        "rollup": one.rule.rollup,
        "required": list(one.rule.required),
    }


def _series(one: SeriesView) -> Json:
    return {
        **_key(one.key),
        "role": one.role,
        "state": str(one.state),
        "verdicts": one.verdicts,
        "evidence": {"good": one.good, "bad": one.bad, "void": one.void},
        "first": _time(one.first),
        "last": _time(one.last),
        "as_of": _maybe(one.as_of),
        "schedule": one.schedule,
        "failing": one.failing,
        "episodes": [_episode(episode) for episode in one.episodes],
        "down": [_stretch(stretch) for stretch in one.downs],
    }


def _episode(episode: Episode) -> Json:
    return {
        "state": str(episode.state),
        "certainty": episode.certainty or None,
        "rung": str(rung_of(episode)),
        "mechanisms": list(episode.mechanisms),
        "onset": _interval(episode.onset),
        "certain_onset": _interval(episode.certain_onset),
        "end": _interval(episode.end),
        "certain_end": _interval(episode.certain_end),
        "suspected_at": _maybe(episode.suspected_at),
        "confirmed_at": _maybe(episode.confirmed_at),
        "counts": msgspec.to_builtins(episode.counts),
        "flapping": episode.flapping,
        "profile": msgspec.to_builtins(episode.profile),
        "phases": [
            {"mechanism": one.mechanism, "first": _time(one.first), "last": _time(one.last), "count": one.count}
            for one in episode.phases
        ],
        "witnesses": list(episode.witnesses),
    }
