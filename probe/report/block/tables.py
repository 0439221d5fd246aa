"""The tables of a page: endpoints x networks, the onsets, and the share that failed by vantage point. Pure."""

from collections.abc import Iterator, Sequence
from math import floor

import numpy as np

from probe.model.episode import Episode
from probe.report.block.choose import deciding, inside
from probe.report.block.draft import Draft, network, place, state_name
from probe.report.block.ids import episode_id
from probe.report.block.view import Cell, Grid, GridRow, Network, Onset, Onsets, SeriesRow, Share, ShareRow, Shares
from probe.report.ladder import rung_of
from probe.report.state import State
from probe.report.view import SeriesView
from probe.timeline.points import Points
from probe.timeline.series import Evidence

MOST_ONSETS = 200
MOST_ENDPOINTS = 200
SHARE_VANTAGES = 3
SHARE_CELLS = 48
COLUMNS = ("endpoint", "where", "last_ok", "first_failed", "certain", "confirmed", "recovered", "method", "counts")
_GRAVE = tuple(State)
"""States, most severe first: what a cell of several vantage points shows."""


def grid(draft: Draft) -> Grid:
    """Endpoints x networks."""
    series = draft.chosen.series
    columns = sorted({(one.key.asn, one.key.country, "" if one.key.asn else one.key.vantage) for one in series})
    endpoints = sorted({(one.key.target, one.key.endpoint, one.role) for one in series})
    rows = [_grid_row(draft, endpoint, columns) for endpoint in endpoints[:MOST_ENDPOINTS]]
    more = len(endpoints) - len(rows)
    return Grid(
        title=draft.words.say("grid.title"),
        head=draft.words.say("column.endpoint"),
        networks=tuple(_network(draft, *column) for column in columns),
        rows=tuple(rows),
        note=draft.words.counted("grid.more", more) if more else "",
    )


def _network(draft: Draft, asn: int, country: str, vantage: str) -> Network:
    there = {one.key.vantage for one in _on(draft.chosen.series, (asn, country, vantage))}
    return Network(network(asn, vantage), asn, "" if country == "ZZ" else country, tuple(sorted(there)))


def _on(series: Sequence[SeriesView], column: tuple[int, str, str]) -> list[SeriesView]:
    asn, country, vantage = column
    here = (one for one in series if (one.key.asn, one.key.country) == (asn, country))
    return [one for one in here if not vantage or one.key.vantage == vantage]


def _grid_row(draft: Draft, endpoint: tuple[str, str, str], columns: Sequence[tuple[int, str, str]]) -> GridRow:
    role = endpoint[2]
    series = [one for one in draft.chosen.series if (one.key.target, one.key.endpoint, one.role) == endpoint]
    cells = tuple(_cell(draft, _on(series, column)) for column in columns)
    return GridRow(draft.label(series[0].key), role, draft.words.name("role", role), cells)


def _cell(draft: Draft, series: Sequence[SeriesView]) -> Cell | None:
    """One endpoint on one network: the gravest state of its vantage points, and at how many of them it holds."""
    if not series:
        return None
    worst = min((one.state for one in series), key=_GRAVE.index)
    there = [one for one in series if one.state is worst]
    standing = [one.current for one in there if one.current is not None]
    rungs = [draft.words.say(f"rung.{rung_of(episode)}") for episode in standing[:1]]
    failed, reached = sum(one.bad for one in series), sum(one.good for one in series)
    name = state_name(draft, there[0])
    if len(there) < len(series):
        name = draft.words.say("grid.partly", state=name, count=len(there), of=len(series))
    method = draft.how(standing) if standing else ""
    void = sum(one.void for one in series)
    counts = draft.words.say("grid.counts", failed=failed, of=failed + reached)
    silent = draft.words.counted("grid.silent", void) if void else ""
    text = draft.words.texts["text.clause_gap"].join(part for part in (name, method, counts + silent) if part)
    return Cell(worst, name, method, rungs[0] if rungs else "", failed, reached, void, text)


def series_rows(draft: Draft) -> Iterator[SeriesRow]:
    """Every series of the page, by its key."""
    for one in sorted(draft.chosen.series, key=lambda one: one.key):
        key = one.key
        yield SeriesRow(
            key.target, key.endpoint, one.role, key.vantage, key.country, key.asn, one.state, one.bad, one.good,
            one.void, one.first, one.last, one.as_of, one.schedule,
        )  # fmt: skip


def episodes(draft: Draft) -> tuple[Onset, ...]:
    """The episodes of all series of the page, by the time they were first seen."""
    every = [(one, episode) for one in draft.chosen.series for episode in one.episodes]
    every.sort(key=lambda pair: (pair[1].onset.latest, pair[0].key))
    return tuple(_onset(draft, *pair) for pair in every)


def onsets(draft: Draft, every: Sequence[Onset]) -> Onsets:
    """The table of these episodes: as many as can be read."""
    more = len(every) - MOST_ONSETS
    return Onsets(
        title=draft.words.say("onset.title"),
        columns=tuple(draft.words.say(f"column.{name}") for name in COLUMNS),
        rows=tuple(every[:MOST_ONSETS]),
        note=draft.words.counted("onset.more", more) if more > 0 else "",
    )


def _onset(draft: Draft, one: SeriesView, episode: Episode) -> Onset:
    key, counts, rung = one.key, episode.counts, rung_of(episode)
    certain, after = episode.certain_onset, _confirmed_after(one, episode)
    known = certain if certain is not None and certain.earliest is not None else None
    return Onset(
        id=episode_id(episode),
        label=draft.label(key),
        target=key.target,
        endpoint=key.endpoint,
        role=one.role,
        vantage=key.vantage,
        country=key.country,
        asn=key.asn,
        place=place(key),
        state=episode.state,
        state_name=draft.words.say(f"rung.{rung}"),
        rung=rung,
        method=draft.how([episode]),
        mechanisms=episode.mechanisms,
        certainty=episode.certainty,
        last_ok=None if episode.onset.earliest is None else draft.moment(episode.onset.earliest),
        first_blocked=draft.moment(episode.onset.latest),
        observed=draft.span(episode.onset),
        certain=draft.span(known) if known else None,
        confirmed_at=None if episode.confirmed_at is None else draft.moment(episode.confirmed_at),
        confirmed_after=after,
        confirmed_text=_confirmed_text(draft, episode, after),
        recovered=None if episode.end is None else draft.span(episode.end),
        certain_recovered=None if episode.certain_end is None else draft.span(episode.certain_end),
        recovered_text=_recovered_text(draft, one, episode),
        failed=counts.bad,
        reached=counts.good,
        void=counts.void,
        flapping=episode.flapping,
        witnesses=episode.witnesses,
    )


def _confirmed_after(one: SeriesView, episode: Episode) -> tuple[int, float] | None:
    """Failed measurements and seconds up to the confirming one; None if there is none, or the window cuts them off."""
    if episode.confirmed_at is None or not one.points or one.points[0].time > episode.onset.latest:
        return None
    until = episode.confirmed_at
    failed = Points.of(one.points).times()[inside(one, episode, Evidence.BAD)]
    return int(np.searchsorted(failed, until, side="right")), until - episode.onset.latest


def _confirmed_text(draft: Draft, episode: Episode, after: tuple[int, float] | None) -> str:
    if episode.confirmed_at is None:
        return draft.words.say("onset.not_confirmed")
    if after is None:
        return draft.moment(episode.confirmed_at).text
    return draft.words.counted("onset.confirmed_after", after[0], time=draft.dates.duration(after[1]))


def _recovered_text(draft: Draft, one: SeriesView, episode: Episode) -> str:
    if episode.end is not None:
        return draft.span(episode.end).text
    as_of = one.last if one.as_of is None else one.as_of
    return draft.words.say("onset.standing", when=draft.dates.moment(as_of).text)


def shares(draft: Draft) -> Shares | None:
    """The share of failed measurements by vantage point, of the endpoints that were ever blocked (all, if none was)."""
    every = deciding(draft.chosen.series)
    hit = {(one.key.target, one.key.endpoint) for one in every if one.episodes}
    meant = [one for one in every if not hit or (one.key.target, one.key.endpoint) in hit]
    places = sorted({(one.key.asn, one.key.vantage, one.key.country) for one in meant})
    if len({vantage for _, vantage, _ in places}) < SHARE_VANTAGES:
        return None
    first, last = min(one.first for one in meant), max(one.last for one in meant)
    step = max((last - first) / SHARE_CELLS, 2 * max(one.schedule for one in meant), 1.0)
    rows = tuple(
        ShareRow(
            place((here := [one for one in meant if (one.key.asn, one.key.vantage, one.key.country) == spot])[0].key),
            spot[0],
            tuple(_cells(here, first, last, step)),
        )
        for spot in places
    )
    labels = sorted({draft.label(one.key) for one in meant})
    title = draft.words.say("share.title", endpoints=draft.words.listed(labels, 3))
    return Shares(title, _share_alt(draft, rows), first, last, rows)


def _cells(series: Sequence[SeriesView], first: float, last: float, step: float) -> Iterator[Share]:
    size = floor((last - first) / step) + 1
    failed, telling = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for one in series:
        points = Points.of(one.points)
        cells, evidence = ((points.times() - first) // step).astype(np.intp), points.evidence()
        failed += np.bincount(cells[evidence == Evidence.BAD], minlength=size)
        telling += np.bincount(cells[evidence != Evidence.VOID], minlength=size)
    for at, (bad, told) in enumerate(zip(failed.tolist(), telling.tolist(), strict=True)):
        yield Share(first + at * step, min(first + (at + 1) * step, last), bad, told)


def _share_alt(draft: Draft, rows: Sequence[ShareRow]) -> str:
    """Each vantage point's whole share: failed of telling."""
    told = [
        draft.words.say(
            "share.row",
            place=row.place,
            failed=sum(cell.failed for cell in row.cells),
            of=sum(cell.telling for cell in row.cells),
        )
        for row in rows
    ]
    return draft.words.say("share.alt", rows=draft.words.listed(told, SHARE_CELLS))
