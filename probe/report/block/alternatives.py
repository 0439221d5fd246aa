"""What else could it be: each innocent explanation of the failed measurements, and in how many of them it is ruled out.

The table is the law: an explanation is ruled out only by what the record of a failed measurement holds, and counted in
measurements. Where the record holds nothing, the page says that it is not ruled out.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from probe.model.diagnosis import Verdict
from probe.model.episode import EpisodeState
from probe.report.block import egress
from probe.report.block.choose import deciding, inside
from probe.report.block.collect import Backing
from probe.report.block.draft import Draft
from probe.report.block.view import Alternative, Standing
from probe.report.view import SeriesView
from probe.timeline.points import Points
from probe.timeline.series import Evidence


class Around(NamedTuple):
    """What the page's other measurements say of one series: how often its endpoint was reached meanwhile `elsewhere` in
    the country, on another network; how many of its failed measurements stand in a `dated` (confirmed) episode."""

    elsewhere: int = 0
    dated: int = 0


class _Rule(NamedTuple):
    """In how many of the failed measurements of a series an explanation is ruled out."""

    key: str
    ruled: Callable[[Backing, Around], int]


RULES: tuple[_Rule, ...] = (
    _Rule("outage", lambda backing, _: backing.not_outage),
    _Rule("portal", lambda backing, _: backing.fit),
    _Rule("dns", lambda backing, _: backing.not_dns),
    _Rule("geoblock", lambda backing, around: backing.failed if around.elsewhere else backing.artefacts),
    _Rule("certificate", lambda backing, _: backing.failed - backing.certificate_dates),
    _Rule("vpn", lambda backing, _: backing.egress.agreed),
    _Rule("clock", lambda backing, _: backing.clock_right),
    _Rule("chance", lambda backing, around: max(backing.retried, min(around.dated, backing.failed))),
)
"""One line an explanation. `vpn`: only where the run asked by which network it leaves, and found the declared one and
no other; a vantage seen elsewhere is unfit, and of its failures only those with an artefact are counted."""


def alternatives(draft: Draft) -> Iterator[Alternative]:
    """The explanations, weighed over the failed measurements of the page; none if none failed."""
    failing = [one for one in deciding(draft.chosen.series) if one.key in draft.dossier.backing]
    beside = _by_endpoint(draft.chosen.series)
    weighed = [(draft.dossier.backing[one.key], _around(one, beside[_asked(one)])) for one in failing]
    failed = sum(backing.failed for backing, _ in weighed)
    if not failed:
        return
    values = _values(draft, weighed)
    for rule in RULES:
        ruled = sum(rule.ruled(*one) for one in weighed)
        standing = _standing(ruled, failed)
        yield Alternative(
            key=rule.key,
            question=draft.words.say(f"alternative.{rule.key}.question"),
            standing=standing,
            standing_name=draft.words.say(f"standing.{standing}"),
            because=draft.words.say(_wording(rule.key, standing, values), count=ruled, **values),
            ruled=ruled,
            of=failed,
        )


def _standing(ruled: int, of: int) -> Standing:
    if ruled == of:
        return Standing.RULED_OUT
    return Standing.PARTLY if ruled else Standing.NOT_RULED_OUT


def _wording(key: str, standing: Standing, values: dict[str, object]) -> str:
    if standing is Standing.NOT_RULED_OUT:
        return f"alternative.{key}.open"
    uncounted = key == "portal" and not values["domestic_of"] and not values["foreign_of"]
    if key == "vpn" and standing is Standing.PARTLY:
        return "alternative.vpn.partly"
    return f"alternative.{key}.{'uncounted' if uncounted else 'out'}"


def _by_endpoint(series: Sequence[SeriesView]) -> dict[tuple[str, str, str], list[SeriesView]]:
    """Series of the same endpoint in the same country."""
    groups: dict[tuple[str, str, str], list[SeriesView]] = {}
    for one in series:
        groups.setdefault(_asked(one), []).append(one)
    return groups


def _asked(one: SeriesView) -> tuple[str, str, str]:
    return one.key.target, one.key.endpoint, one.key.country


def _around(one: SeriesView, group: Sequence[SeriesView]) -> Around:
    points = Points.of(one.points)
    bad = points.times()[points.evidence() == Evidence.BAD]
    if not bad.size:
        return Around()
    confirmed = (episode for episode in one.episodes if episode.state is EpisodeState.CONFIRMED)
    dated = sum(inside(one, episode, Evidence.BAD).size for episode in confirmed)
    first, last = float(bad[0]), float(bad[-1])
    return Around(sum(_reached(other, first, last) for other in group if _elsewhere(one, other)), dated)


def _elsewhere(one: SeriesView, other: SeriesView) -> bool:
    """Whether the other is on another network; an undeclared network or country is none."""
    return one.key.country != "ZZ" and 0 not in (one.key.asn, other.key.asn) and one.key.asn != other.key.asn


def _reached(one: SeriesView, first: float, last: float) -> int:
    points = Points.of(one.points)
    times = points.times()
    meanwhile = slice(np.searchsorted(times, first), np.searchsorted(times, last, side="right"))
    return int(np.count_nonzero(points.evidence()[meanwhile] == Evidence.GOOD))


def _values(draft: Draft, weighed: Sequence[tuple[Backing, Around]]) -> dict[str, object]:
    """What the sentences may name."""
    every = deciding(draft.chosen.series)
    mechanisms = tuple(dict.fromkeys(name for one in every for episode in one.episodes for name in episode.mechanisms))
    backing = [one for one, _ in weighed]
    checked = egress.together(one.egress for one in backing)
    return {
        "of": sum(one.failed for one in backing),
        "control": sum(one.control_reached for one in backing),
        "artefacts": sum(one.artefacts for one in backing),
        "domestic": sum(one.domestic[0] for one in backing),
        "domestic_of": sum(one.domestic[1] for one in backing),
        "foreign": sum(one.foreign[0] for one in backing),
        "foreign_of": sum(one.foreign[1] for one in backing),
        "resolver": sum(one.resolver_alive for one in backing),
        "dates": sum(one.certificate_dates for one in backing),
        "retried": sum(one.retried for one in backing),
        "offset": f"{max(one.clock_worst for one in backing):.1f}",
        "elsewhere": sum(around.elsewhere for _, around in weighed),
        "dated": sum(around.dated for _, around in weighed),
        "down": sum(one.verdicts.get(Verdict.DOWN, 0) for one in every),
        "restricted": sum(one.verdicts.get(Verdict.RESTRICTED, 0) for one in every),
        "method": draft.methods(mechanisms),
        "egress": egress.found(draft.words, checked),
        "egress_open": egress.open_counts(draft.words, checked),
    }
