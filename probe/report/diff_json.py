"""A comparison as data: the same view, nothing worded, nothing rounded. Pure: `render(view) -> str`.

Times, names and the shape of keys are those of the report's data (`jsonout`). `diff` is the version of this document's
shape; docs/diff.md describes it.
"""

from typing import Any

from probe.model.clock import rfc3339
from probe.report.diff_gather import Extent
from probe.report.diff_view import DiffView, SideView
from probe.report.diff_words import rung_of_state
from probe.report.escape import json_text
from probe.report.ladder import Rung
from probe.timeline.diff import Change, Facts, Key, Leaf, Pair, Setting

DIFF_VERSION = 1

Json = dict[str, Any]


def render(view: DiffView) -> str:
    """One JSON object, indented, ending in a newline."""
    found = view.comparison
    document = {
        "diff": DIFF_VERSION,
        "zone": view.zone,
        "compared": "vantages" if view.across else "times",
        "raw": view.raw,
        "differs": view.differs,
        "a": _side(view.a),
        "b": _side(view.b),
        "left_out": list(view.left_out),
        "around": [
            {"about": one.about, "vantage": one.vantage or None, "field": one.field, "a": one.a, "b": one.b}
            for one in view.shifts
        ],
        "changes": [_change(one) for one in found.changes],
        "certificates": [
            {**_key(one.key), "a": _leaves(one.a), "b": _leaves(one.b)} for one in found.certificates
        ],
        "addresses": [
            {**_key(one.key), "a": sorted(one.a.addresses), "b": sorted(one.b.addresses)} for one in found.addresses
        ],
        "not_comparable": [_pair(one) for one in found.incomparable],
        "unchanged": [_pair(one) for one in found.unchanged],
    }  # fmt: skip
    return json_text(document)


def _time(epoch: float) -> Json:
    return {"utc": rfc3339(epoch), "epoch": epoch}


def _side(side: SideView) -> Json:
    return {
        "name": side.name,
        "meaning": side.meaning,
        "first": _time(side.first),
        "last": _time(side.last),
        "vantages": [_extent(one, side) for one in side.extents],
    }


def _extent(one: Extent, side: SideView) -> Json:
    setting = side.settings.get(one.place.vantage) or side.settings.get("") or Setting()
    return {
        **one.place._asdict(),
        "runs": len(one.runs),
        "run": one.runs[0] if len(one.runs) == 1 else None,
        "measurements": one.measurements,
        "first": _time(one.first),
        "last": _time(one.last),
        "around": {name: list(words) for name, words in setting._asdict().items()},
    }


def _key(key: Key) -> Json:
    return {"vantage": key.vantage or None, "target": key.target, "endpoint": key.endpoint}


def _change(one: Change) -> Json:
    return {"kind": one.kind, **_key(one.key), "a": _facts(one.a), "b": _facts(one.b)}


def _pair(one: Pair) -> Json:
    return {**_key(one.key), "a": _facts(one.a), "b": _facts(one.b)}


def _facts(facts: Facts | None) -> Json | None:
    if facts is None:
        return None
    state = facts.state
    return {
        "standing": state.standing,
        "rung": None if (rung := rung_of_state(state)) is Rung.NONE else str(rung),
        **{name: word or None for name, word in state.said._asdict().items()},
        "role": facts.role,
        "as_of": _time(state.as_of),
        "id": state.id,
        "measurements": state.measurements,
        "uncounted": state.uncounted,
    }


def _leaves(facts: Facts) -> list[Json]:
    return [_leaf(one) for one in sorted(facts.leaves)]


def _leaf(leaf: Leaf) -> Json:
    return {**leaf._asdict(), "problems": list(leaf.problems)}
