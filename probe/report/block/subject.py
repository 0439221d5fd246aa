"""The subject of a sentence: which endpoints of which targets, on which networks, in words. Pure.

A network is named without more only if every vantage point on it that measured these endpoints is meant; otherwise the
vantage points are named, for others on the same network may have seen another thing.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from probe.model.episode import SeriesKey
from probe.report.block.choose import deciding
from probe.report.block.draft import NAMED, Draft, network

_ORDER = ("api", "web", "realtime", "streaming", "media", "cdn", "status", "store", "nodeinfo", "telemetry")


def subject(draft: Draft, keys: Sequence[SeriesKey]) -> str:
    """`Clubhouse's API and website`; just `Clubhouse` where all that decides is meant; several targets are named."""
    targets = _targets(keys)
    if len(targets) > 1:
        return draft.words.listed([_of(draft, one, keys) for one in targets], NAMED)
    if _whole(draft, targets[0], keys) and len({key.endpoint for key in keys}) > 1:
        return draft.chosen.titles[targets[0]]
    return _part(draft, targets[0], keys)


def further(draft: Draft, keys: Sequence[SeriesKey]) -> str:
    """The same in a later clause: `its website`; with several targets their names."""
    if len({one.key.target for one in draft.chosen.series}) > 1:
        return draft.words.listed([_of(draft, one, keys) for one in _targets(keys)], NAMED)
    return draft.words.say("subject.its", endpoints=_endpoints(draft, keys))


def _targets(keys: Sequence[SeriesKey]) -> list[str]:
    return list(dict.fromkeys(key.target for key in keys))


def _of(draft: Draft, target: str, keys: Sequence[SeriesKey]) -> str:
    """One of several targets: by its name alone only where all of it is meant."""
    return draft.chosen.titles[target] if _whole(draft, target, keys) else _part(draft, target, keys)


def _whole(draft: Draft, target: str, keys: Sequence[SeriesKey]) -> bool:
    every = {one.key.endpoint for one in deciding(draft.chosen.series) if one.key.target == target}
    return every == {key.endpoint for key in keys if key.target == target}


def _part(draft: Draft, target: str, keys: Sequence[SeriesKey]) -> str:
    own = [key for key in keys if key.target == target]
    return draft.words.say("subject.of", name=draft.chosen.titles[target], endpoints=_endpoints(draft, own))


def _endpoints(draft: Draft, keys: Iterable[SeriesKey]) -> str:
    """Of one target, by role, in a fixed order; where it has several of one role, those that are meant are named."""
    roles = {(one.key.target, one.key.endpoint): one.role for one in draft.chosen.series}
    named = sorted({(key.target, key.endpoint) for key in keys}, key=lambda name: (_rank(roles[name]), name))
    words = []
    for role, group in groupby(named, key=lambda name: roles[name]):
        said, ids = draft.words.name("role", role), [endpoint for _, endpoint in group]
        alone = sum(other == role for (target, _), other in roles.items() if target == named[0][0]) == 1
        endpoints = draft.words.listed(ids)
        words.append(said if alone else draft.words.say("subject.which", role=said, endpoint=endpoints))
    return draft.words.listed(words)


def _rank(role: str) -> int:
    return _ORDER.index(role) if role in _ORDER else len(_ORDER)


def networks(draft: Draft, keys: Sequence[SeriesKey]) -> str:
    """`AS4134 and AS4837`, `5 networks (AS1, AS2, AS3 and 2 more)`, `AS4134 (seen from sha-ct)`."""
    here = sorted({(key.asn, key.vantage) for key in keys})
    endpoints = {(key.target, key.endpoint) for key in keys}
    measured = {
        (one.key.asn, one.key.vantage)
        for one in draft.chosen.series
        if (one.key.target, one.key.endpoint) in endpoints and one.good + one.bad
    }
    names: dict[str, list[str]] = {}
    for asn, vantage in here:
        partly = {pair for pair in measured if pair[0] == asn} - set(here)
        names.setdefault(network(asn, vantage), []).extend([vantage] if partly and asn else [])
    said = [
        draft.words.say("subject.seen_from", network=name, vantages=draft.words.listed(vantages, NAMED))
        if vantages else name
        for name, vantages in names.items()
    ]  # fmt: skip
    return draft.words.listed(said, NAMED)
