"""Figure A as data: a row an endpoint and place, a tick a run, and what is shaded, hatched or flagged. Draws nothing.

Nothing is interpolated: where nothing was measured there is no tick, and the stretch is a gap. Many measurements become
cells that say how many they are and whether they agree; many rows become the eventful ones and one row for the rest,
and the figure's note says both.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from probe.model.claim import Comparison
from probe.model.diagnosis import Verdict
from probe.model.episode import Episode, EpisodeState, Interval
from probe.report.block import claims
from probe.report.block.draft import Draft, place, state_name
from probe.report.block.view import Bracket, Flag, Legend, Outcome, Span, Stripe, Stripes, Tick
from probe.report.view import SeriesView
from probe.timeline.cadence import unknown
from probe.timeline.points import Kind, Points
from probe.timeline.series import Evidence, Point

MOST_ROWS = 40
MOST_MARKS = 8000
"""So many ticks in all rows together; a browser draws them at once."""
MOST_TICKS = 400
"""So many in one row: a tick of a wide figure is still two pixels."""
TOLD = 6
"""So many rows are told in the figure's alternative text; more are counted."""
_CELLS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""Widths of a cell in seconds; beyond them, whole weeks."""
_VOID: dict[str, Outcome] = {Verdict.DOWN: Outcome.DOWN, Verdict.INSUFFICIENT: Outcome.UNFIT}
_GOOD: dict[str, Outcome] = {Verdict.INTERFERED: Outcome.TAMPERED, Verdict.RESTRICTED: Outcome.RESTRICTED}


def stripes(draft: Draft) -> Stripes:
    """The figure of the page."""
    shown, rest = _shown(draft.chosen.series)
    rows = len(shown) + bool(rest)
    first, last = min(one.first for one in draft.chosen.series), max(one.last for one in draft.chosen.series)
    cell = _cell(max((len(one.points) for one in draft.chosen.series), default=0), last - first, rows, bool(rest))
    drawn = [_stripe(draft, one, first, last, cell) for one in shown]
    drawn += [_together(draft, rest, first, cell)] if rest else []
    occurring = {tick.outcome for row in drawn for tick in row.ticks}
    names = tuple(Legend(one, draft.words.say(f"outcome.{one}")) for one in Outcome)
    return Stripes(
        title=draft.words.say("figure.title"),
        alt=_alt(draft, drawn, first, last),
        first=first,
        last=last,
        zone="UTC" if draft.dates.is_utc else draft.dates.zone,
        zone_name=draft.dates.zone_name,
        cell=cell,
        rows=tuple(drawn),
        flags=tuple(_flags(draft, first, last)),
        legend=tuple(one for one in names if one.outcome in occurring),
        names=names,
        note=_note(draft, cell, len(rest)),
    )


def outcome_of(said: Point | Kind) -> Outcome:
    """What one measurement's tick says."""
    if said.evidence == Evidence.BAD:
        return Outcome.FAILED
    if said.evidence == Evidence.GOOD:
        return _GOOD.get(said.verdict, Outcome.REACHED)
    return _VOID.get(said.verdict, Outcome.UNPROVEN)


def _shown(series: Sequence[SeriesView]) -> tuple[list[SeriesView], list[SeriesView]]:
    """The rows to draw in order of endpoint and place, and those that are drawn together."""
    if len(series) <= MOST_ROWS:
        return sorted(series, key=_order), []
    eventful = sorted(series, key=lambda one: (not one.episodes, not one.bad, _order(one)))
    return sorted(eventful[: MOST_ROWS - 1], key=_order), eventful[MOST_ROWS - 1 :]


def _order(one: SeriesView) -> tuple[str, str, int, str]:
    return one.key.target, one.key.endpoint, one.key.asn, one.key.vantage


def _cell(points: int, length: float, rows: int, merged: bool) -> float:
    """The seconds of a cell; 0 if every measurement can have a tick of its own."""
    most = min(MOST_TICKS, MOST_MARKS // max(rows, 1))
    if points <= most and not merged:
        return 0.0
    least = length / (most - 1)
    week = float(_CELLS[-1])
    return next((float(cell) for cell in _CELLS if cell >= least), week * -(-least // week))


def _stripe(draft: Draft, one: SeriesView, first: float, last: float, cell: float) -> Stripe:
    measured = [first, *Points.of(one.points).times().tolist(), last]
    vantage = (one.key.vantage, one.key.country, one.key.asn)
    runs = [found for found in draft.view.vantages if tuple(found.key) == vantage]
    return Stripe(
        label=draft.label(one.key),
        place=place(one.key),
        role=one.role,
        state=one.state,
        state_name=state_name(draft, one),
        endpoints=1,
        ticks=tuple(ticks(one.points, first, cell)),
        onsets=tuple(_brackets(draft, one.episodes, end=False)),
        ends=tuple(_brackets(draft, one.episodes, end=True)),
        gaps=tuple(draft.span(gap) for gap in unknown(measured, one.schedule)) if one.schedule else (),
        unfit=tuple(draft.stretch(bad.first, bad.last) for found in runs for bad in found.unfit),
        summary=_summary(draft, one),
    )


def _together(draft: Draft, rest: Sequence[SeriesView], first: float, cell: float) -> Stripe:
    """One row for many series: their measurements in common cells."""
    said = draft.words.counted("figure.rest", len(rest))
    state = rest[0].state if len({one.state for one in rest}) == 1 else ""
    name = draft.words.name("state", state) if state else ""
    drawn = tuple(_cells([Points.of(one.points) for one in rest], first, cell))
    return Stripe(said, "", "", state, name, len(rest), drawn, (), (), (), (), said)


def ticks(points: Sequence[Point], first: float, cell: float) -> Iterator[Tick]:
    """A tick a measurement, or a tick a cell of `cell` seconds counted from `first`; nothing where nothing was
    measured."""
    if cell:
        yield from _cells([Points.of(points)], first, cell)
        return
    for point in points:
        bad, good = int(point.evidence == Evidence.BAD), int(point.evidence == Evidence.GOOD)
        yield Tick(point.time, point.time, outcome_of(point), 1, bad, good, point.mechanism, point.id)


def _cells(series: Sequence[Points], first: float, cell: float) -> Iterator[Tick]:
    """A tick a cell, of all these series together."""
    times = np.concatenate([points.times() for points in series])
    says = np.concatenate([_says(points) for points in series])
    order = np.argsort(times, kind="stable")
    times, says = times[order], says[order]
    begins = np.flatnonzero(np.diff((times - first) // cell, prepend=-1.0))
    ends = np.append(begins[1:], times.size)
    counts = np.zeros((begins.size, len(_SAYS)), dtype=np.int64)
    np.add.at(counts, (np.repeat(np.arange(begins.size), ends - begins), says), 1)
    for row, begin, end in zip(counts.tolist(), times[begins].tolist(), times[ends - 1].tolist(), strict=True):
        met = {one: count for one, count in zip(_SAYS, row, strict=True) if count}
        failed = met.get(Outcome.FAILED, 0)
        reached = sum(met.get(one, 0) for one in _REACHED)
        yield Tick(begin, end, _agreed(met), sum(row), failed, reached, "", "")


_SAYS = tuple(Outcome)
_REACHED = (Outcome.REACHED, *_GOOD.values())
_TELLING = frozenset({Outcome.FAILED, *_REACHED})


def _says(points: Points) -> NDArray[np.intp]:
    """What each measurement's tick says, as a place in `_SAYS`."""
    places = np.array([_SAYS.index(outcome_of(kind)) for kind in points.kinds], dtype=np.intp)
    return places[points.columns().kinds]


def _agreed(met: Mapping[Outcome, int]) -> Outcome:
    """What a cell says: what its telling measurements say alike; what says nothing does not spoil it."""
    telling = _TELLING.intersection(met)
    if len(telling) > 1:
        return Outcome.MIXED
    return min(telling) if telling else max(met, key=lambda one: (met[one], one))


def _brackets(draft: Draft, episodes: Sequence[Episode], *, end: bool) -> Iterator[Bracket]:
    """The intervals to shade; a block that was there at the first measurement has no onset to shade."""
    for one in episodes:
        observed: Interval | None = one.end if end else one.onset
        certain = one.certain_end if end else one.certain_onset
        if observed is not None and observed.earliest is not None:
            known = certain if certain is not None and certain.earliest is not None else None
            yield Bracket(
                draft.span(observed), draft.span(known) if known else None, one.state is EpisodeState.CONFIRMED
            )


def _summary(draft: Draft, one: SeriesView) -> str:
    text = draft.words.say(
        "figure.row", label=f"{one.key.target}/{one.key.endpoint}", place=place(one.key),
        failed=one.bad, reached=one.good, void=one.void, state=state_name(draft, one),
    )  # fmt: skip
    for bracket in _brackets(draft, one.episodes, end=False):
        text += draft.words.say("figure.onset", when=bracket.observed.text)
    return text


def _alt(draft: Draft, rows: Sequence[Stripe], first: float, last: float) -> str:
    told = " ".join(row.summary for row in rows[:TOLD])
    more = draft.words.counted("figure.more_rows", len(rows) - TOLD) if len(rows) > TOLD else ""
    when = draft.dates.stretch(first, last).text
    return draft.words.say("figure.alt", when=when, rows=told + more)


def _note(draft: Draft, cell: float, rest: int) -> str:
    parts = [draft.words.say("figure.cells", cell=draft.dates.duration(cell))] if cell else []
    parts += [draft.words.counted("figure.joined", rest)] if rest else []
    return draft.words.texts["text.sentence_gap"].join(parts)


def _flags(draft: Draft, first: float, last: float) -> Iterator[Flag]:
    """The claims whose time lies on the axis, each once."""
    once: dict[str, Comparison] = {}
    for one in claims.concerning(draft):
        once.setdefault(one.claim.id, one)
    for one in once.values():
        when = one.claim.when
        if when.last >= first and when.first <= last:
            said = draft.words.say(f"says.{one.claim.says}")
            span: Span = draft.stretch(when.first, when.last)
            yield Flag(span, one.claim.by, draft.words.say("claim.flag", by=one.claim.by, says=said), one.agrees)
