"""Blocks that began together, worded for a terminal and as data. Knows `model.event` and the report's times and words.

Says how far apart the beginnings may lie and never that one act caused them; networks are in the order that the
intervals prove, and those of one rank are given as one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from probe.model.episode import EpisodeState, Interval
from probe.model.event import Beginning, Event, NetworkBeginning
from probe.report import times, words
from probe.report.block.ids import event_ids
from probe.report.ladder import BLOCKS, rung
from probe.report.times import Times

TITLE = "Began together"
NAMED = 12
"""So many targets or networks are named one by one; more are counted."""


def entries(events: Sequence[Event], clock: Times) -> Iterator[tuple[str, ...]]:
    """One entry an event: what, where, when, how."""
    for name, one in event_ids(events).items():
        several = len(one.networks) > 1
        yield (
            one.targets[0] if len(one.targets) == 1 else f"{len(one.targets)} targets",
            _place(one),
            *_when(one, clock),
            *([f"they are {_listed(one.targets)}"] if len(one.targets) > 1 else []),
            *(_rollout(one, clock) if several else [words.mechanisms(one.networks[0].mechanisms)]),
            *_carried(one),
            f"page: --event {name}",
        )


def _place(one: Event) -> str:
    country = one.country if one.country != "ZZ" else ""
    if len(one.networks) > 1:
        return f"{country} {len(one.networks)} networks".strip()
    places = one.networks[0]
    seen = f"from {len(places.vantages)} vantage points" if len(places.vantages) > 1 else places.vantages[0]
    return " ".join(part for part in (country, _network(places.asn), seen) if part)


def _network(asn: int) -> str:
    return f"AS{asn}" if asn else ""


def _when(one: Event, clock: Times) -> Iterator[str]:
    """Overlapping onsets give one interval; others the first, the last, and what certainly lies between."""
    if one.shared is not None:
        yield f"onsets overlap {times.interval(clock, one.shared)}"
        return
    yield f"first {times.interval(clock, one.first)}"
    yield f"last {times.interval(clock, one.last)}"
    yield f"at least {times.duration(one.apart[0])} apart"


def _rollout(one: Event, clock: Times) -> Iterator[str]:
    """Network by network, in the order of the rollout."""
    for network in one.networks[:NAMED]:
        name = _network(network.asn) or "undeclared network"
        when = "" if one.shared else f", {times.interval(clock, network.onset)}"
        yield f"{network.rank}. {name}: {words.mechanisms(network.mechanisms)}{when}"
    if len(one.networks) > NAMED:
        yield f"and {len(one.networks) - NAMED} more networks"
    if one.networks[-1].rank < len(one.networks):
        yield "networks of one number: the intervals do not tell their order"


def _carried(one: Event) -> Iterator[str]:
    """Where no place alone carries the block, and where none is spoken of."""
    weak = sum(place.state == EpisodeState.SUSPECTED for place in one.beginnings)
    if weak == len(one.beginnings):
        yield f"suspected at {weak} places; together their evidence confirms it"
    elif weak:
        yield f"{weak} of {len(one.beginnings)} only suspected on their own"
    unsettled = sum(rung(place.state, place.certainty) not in BLOCKS for place in one.beginnings)
    if unsettled == len(one.beginnings):
        yield "unreachable: no block is claimed"
    elif unsettled:
        yield f"{unsettled} of {len(one.beginnings)} unreachable, why is not settled"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def as_data(name: str, one: Event, interval: Callable[[Interval | None], Any]) -> dict[str, Any]:
    """The event as JSON, with its id `name`, times written by `interval`."""
    return {
        "id": name,
        "kind": str(one.kind),
        "country": one.country,
        "first": interval(one.first),
        "last": interval(one.last),
        "shared": interval(one.shared),
        "apart": {"least": one.apart[0], "most": one.apart[1]},
        "targets": list(one.targets),
        "networks": [_with_onset(network, interval) for network in one.networks],
        "beginnings": [_with_onset(place, interval) for place in one.beginnings],
        "series": msgspec.to_builtins(one.series),
    }


def _with_onset(one: NetworkBeginning | Beginning, interval: Callable[[Interval | None], Any]) -> dict[str, Any]:
    """A NetworkBeginning or Beginning as JSON."""
    return {**msgspec.to_builtins(one), "onset": interval(one.onset)}
