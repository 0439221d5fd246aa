"""Which blocks began together: endpoint -> target -> vantage -> network -> country. Pure; knows episodes, not rows.

Beginnings are together if their CERTAIN onset intervals overlap: nothing we measured tells them apart. Where chance is
no explanation (three targets or more, one target on several networks) they may also lie a bounded time apart, and the
event says how far at least. Nothing is said more sharply than the intervals allow: an event tells between which moments
its first and its last beginning lie, and the order of networks only where the intervals prove it. A series that was
blocked at its first measurement has no onset and is in no event. Whether a single failure counts is settled before
(`series.evidence_of`: control reached, references good); what is joined here is evidence of different places, which
adds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec
import numpy as np

from probe.model.episode import Episode, EpisodeState, Interval, SeriesKey
from probe.model.event import Beginning, Event, EventKind, NetworkBeginning
from probe.timeline.cadence import schedule_of
from probe.timeline.certainty import rank
from probe.timeline.ledger import highest, limits_for, onset_increments, run
from probe.timeline.noise import Noise
from probe.timeline.onset import noise_outside_blocks, telling_of, times_of
from probe.timeline.series import Series

DAY = 86400.0
WAVE_WITHIN = DAY
WAVE_TARGETS = 3
"""So many targets of one country or more that began within a day are one wave, whatever their order: people date waves
by the day. Fewer than that may be chance, and are joined by overlap alone."""
ROLLOUT_WITHIN = 7 * DAY
"""One target on several networks: providers follow an order one by one, over days."""


class _Known(NamedTuple):
    """An episode with a known onset interval."""

    earliest: float
    latest: float
    episode: Episode


def events(
    episodes: Iterable[Episode],
    carried: Iterable[Episode] = (),
    *,
    wave_within: float = WAVE_WITHIN,
    rollout_within: float = ROLLOUT_WITHIN,
) -> tuple[Event, ...]:
    """The events among these episodes, in order of their first beginning. The order of the episodes does not matter.

    Suspected episodes are left out, except those in `carried`, which `added` has found. Bounds are in seconds.
    """
    sure = [one for one in episodes if one.state == EpisodeState.CONFIRMED]
    known = [one for one in map(_known, (*sure, *carried)) if one is not None]
    known.sort(key=lambda one: (one.episode.series.country, one.latest, one.earliest, one.episode.series))
    found: list[tuple[EventKind, Sequence[_Known]]] = []
    for _, group in groupby(known, key=lambda one: one.episode.series.country):
        here = list(group)
        groups = [*_close(here, wave_within, _is_wave), *_rollouts(here, rollout_within)]
        found += [(kind, members) for members in groups if (kind := _kind(members)) is not None]
    made = [_event(kind, members) for kind, members in _outermost(found)]
    return tuple(sorted(made, key=lambda one: (one.first.latest, one.country, one.targets)))


def added(
    series: Mapping[SeriesKey, Series],
    found: Mapping[SeriesKey, Sequence[Episode]],
    weigh: Callable[[Series], float],
) -> tuple[Episode, ...]:
    """The standing suspicions that the evidence of different vantage points together confirms.

    Of one endpoint in one country at least two vantage points must be suspected each by its own measurements, with
    overlapping onsets. Their ledgers then add, for the failures of different places are independent while nothing is
    blocked; the sum must pass the limit of the densest schedule among them. `weigh` is `standing` with the noise of
    the series' vantage point.
    """
    raised: list[Episode] = []
    for group in _suspects(found):
        members = [series[one.series] for one in group]
        limit = limits_for(min(map(_schedule, members))).confirmed
        if sum(map(weigh, members)) > limit:
            raised += group
    return tuple(raised)


def standing(series: Series, vantage_noise: Noise) -> float:
    """Where the ledger of a series stands at its last measurement, in nats (`ledger`)."""
    telling = telling_of(series.points)
    if not telling.bad.size:
        return 0.0
    schedule = _schedule(series)
    noise = noise_outside_blocks(telling.times, telling.bad, schedule, vantage_noise, limits_for(schedule))
    increments = onset_increments(telling.bad, noise)
    return float(highest(run(increments, np.zeros(increments.shape[0])))[-1])


def _schedule(series: Series) -> float:
    return schedule_of(times_of(series.points))


def _suspects(found: Mapping[SeriesKey, Sequence[Episode]]) -> Iterator[list[Episode]]:
    """Standing suspicions of one endpoint in one country whose onsets share a moment, from two places or more."""
    last = [one[-1] for one in found.values() if one and one[-1].end is None]
    known = [one for one in map(_known, last) if one and one.episode.state == EpisodeState.SUSPECTED]
    known.sort(key=lambda one: (_asked(one), one.latest, one.earliest, one.episode.series))
    for _, group in groupby(known, key=_asked):
        for members in _together(list(group), 0.0):
            if len({one.episode.series.vantage for one in members}) > 1:
                yield [one.episode for one in members]


def _asked(one: _Known) -> tuple[str, str, str]:
    key = one.episode.series
    return key.country, key.target, key.endpoint


def _known(episode: Episode) -> _Known | None:
    """The episode with its CERTAIN onset (OBSERVED where it has none); None if it may have begun at any time before."""
    onset = episode.certain_onset or episode.onset
    return None if onset.earliest is None else _Known(onset.earliest, onset.latest, episode)


def _together(known: Sequence[_Known], within: float) -> Iterator[list[_Known]]:
    """The fewest groups that explain all beginnings, sorted by `latest`: in each, all may lie `within` seconds.

    Every interval of a group begins before the group's first `latest` plus `within` and ends at it or later: the
    classical stabbing of intervals. A series is in a group once: a block that comes again begins another.
    """
    group: list[_Known] = []
    inside: set[SeriesKey] = set()
    for one in known:
        if group and (one.episode.series in inside or one.earliest >= group[0].latest + within):
            yield group
            group, inside = [], set()
        group.append(one)
        inside.add(one.episode.series)
    if group:
        yield group


def _close(
    known: Sequence[_Known], within: float, enough: Callable[[Sequence[_Known]], bool]
) -> Iterator[Sequence[_Known]]:
    """Groups that lie `within` seconds where they are `enough`; those that are not, by overlap alone."""
    for group in _together(known, within):
        yield from [group] if enough(group) else _together(group, 0.0)


def _is_wave(members: Sequence[_Known]) -> bool:
    return len({one.episode.series.target for one in members}) >= WAVE_TARGETS


def _spans_networks(members: Sequence[_Known]) -> bool:
    return len({one.episode.series.asn for one in members}) > 1


def _rollouts(known: Sequence[_Known], within: float) -> Iterator[Sequence[_Known]]:
    """The same, for each target alone."""
    by_target = sorted(known, key=lambda one: one.episode.series.target)  # stable: still by `latest` within
    for _, group in groupby(by_target, key=lambda one: one.episode.series.target):
        yield from _close(list(group), within, _spans_networks)


def _kind(members: Sequence[_Known]) -> EventKind | None:
    """What a group is; None if it is one target at one place, which is an episode and no event."""
    keys = [one.episode.series for one in members]
    if len({key.target for key in keys}) > 1:
        return EventKind.WAVE
    if _spans_networks(members):
        return EventKind.ROLLOUT
    return EventKind.WITNESSED if len({key.vantage for key in keys}) > 1 else None


def _outermost(found: Sequence[tuple[EventKind, Sequence[_Known]]]) -> Iterator[tuple[EventKind, Sequence[_Known]]]:
    """The groups that lie in no other one: a rollout that is a part of a wave is told with the wave."""
    sets = [frozenset(id(one.episode) for one in members) for _, members in found]
    holders: dict[int, list[int]] = {}
    for at, members in enumerate(sets):
        for member in members:
            holders.setdefault(member, []).append(at)
    for at, pair in enumerate(found):
        rivals = holders[next(iter(sets[at]))]
        if not any(sets[at] < sets[other] or (sets[at] == sets[other] and other < at) for other in rivals):
            yield pair


def _event(kind: EventKind, members: Sequence[_Known]) -> Event:
    places = sorted(_beginnings(members), key=lambda one: (one.onset.latest, one.target, one.vantage, one.asn))
    lows, highs = [_low(one.onset) for one in places], [one.onset.latest for one in places]
    shared = Interval(max(lows), min(highs)) if max(lows) < min(highs) else None
    return Event(
        kind=kind,
        country=members[0].episode.series.country,
        first=Interval(min(lows), min(highs)),
        last=Interval(max(lows), max(highs)),
        shared=shared,
        apart=(max(0.0, max(lows) - min(highs)), max(highs) - min(lows)),
        targets=tuple(dict.fromkeys(one.target for one in places)),
        networks=_ranked(places),
        beginnings=tuple(places),
        series=tuple(sorted(one.episode.series for one in members)),
    )


def _beginnings(members: Sequence[_Known]) -> Iterator[Beginning]:
    """From endpoints to a target at a place: its beginning is that of the first endpoint to be cut off."""

    def place(one: _Known) -> tuple[str, str, int, str]:
        key = one.episode.series
        return key.vantage, key.country, key.asn, key.target

    for (vantage, country, asn, target), group in groupby(sorted(members, key=place), key=place):
        here = list(group)
        surest = max((one.episode for one in here), key=_sure)
        yield Beginning(
            vantage=vantage,
            country=country,
            asn=asn,
            target=target,
            endpoints=tuple(one.episode.series.endpoint for one in here),
            onset=_first((one.earliest, one.latest) for one in here),
            mechanisms=_united(one.episode.mechanisms for one in here),
            state=surest.state,
            certainty=surest.certainty,
        )


def _sure(episode: Episode) -> tuple[bool, int]:
    return episode.state == EpisodeState.CONFIRMED, rank(episode.certainty)


def _ranked(places: Sequence[Beginning]) -> tuple[NetworkBeginning, ...]:
    """From places to networks, in the order in which they were cut off as far as the intervals prove one."""
    networks = [_network(asn, [one for one in places if one.asn == asn]) for asn in {one.asn for one in places}]
    networks.sort(key=lambda one: (one.onset.latest, one.onset.earliest, one.asn))
    ranked: list[NetworkBeginning] = []
    order, reached = 1, float("-inf")
    for place, one in enumerate(networks):
        if place and all(_low(later.onset) >= reached for later in networks[place:]):
            order += 1
        reached = max(reached, one.onset.latest)
        ranked.append(msgspec.structs.replace(one, rank=order))
    return tuple(ranked)


def _network(asn: int, places: Sequence[Beginning]) -> NetworkBeginning:
    return NetworkBeginning(
        rank=1,
        asn=asn,
        vantages=tuple(sorted({one.vantage for one in places})),
        targets=tuple(dict.fromkeys(one.target for one in places)),
        onset=_first((_low(one.onset), one.onset.latest) for one in places),
        mechanisms=_united(one.mechanisms for one in places),
    )


def _first(intervals: Iterable[tuple[float, float]]) -> Interval:
    """Where the first of several beginnings lies: none had begun at the least `earliest`, one at the least `latest`."""
    lows, highs = zip(*intervals, strict=True)
    return Interval(min(lows), min(highs))


def _low(interval: Interval) -> float:
    """The earliest of an interval that is known to have one (`_known`)."""
    return float("-inf") if interval.earliest is None else interval.earliest


def _united(many: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for words in many for word in words))
