"""The overview, narrowed or told another way: only some states, or a line a target or a network. Pure.

Works on the report's view and gives one: what is left out here was dated with everything else, so no onset moves.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from probe.model.episode import Episode, Interval
from probe.model.target import Role
from probe.report import times, words
from probe.report.block.wholes import state_text
from probe.report.ladder import RUNGS, rung_of
from probe.report.language.catalogue import catalogue
from probe.report.paper import INDENT, Page, flow
from probe.report.state import SPOKEN, State, spoken
from probe.report.times import Times
from probe.report.view import SeriesView, TargetView, View

ENDED = "ended"
STATUSES = (*State, ENDED)
"""What `--status` takes: a state now, or a block that ended in the time shown."""
NAMED = 6
"""So many endpoints are named in a line; more are counted."""

Cells = tuple[str, ...]


def narrowed(view: View, statuses: Collection[str]) -> View:
    """The view of only those series whose status is asked for; none asked for: the view as it is."""
    if not statuses:
        return view
    kept = tuple(one for one in view.series if _has(one, statuses))
    keys = {one.key for one in kept}
    targets = {(one.key.vantage, one.key.country, one.key.asn, one.key.target) for one in kept}
    joined = view.joined._replace(
        events=tuple(event for event in view.joined.events if not keys.isdisjoint(event.series)),
        compared=tuple(one for one in view.joined.compared if one.series in keys),
        notes=tuple(note for note in view.joined.notes if note.target in {key.target for key in keys}),
    )
    shown = tuple(one for one in view.targets if (*one.vantage, one.target) in targets)
    return view._replace(series=kept, targets=shown, joined=joined)


def _has(one: SeriesView, statuses: Collection[str]) -> bool:
    return one.state in statuses or (ENDED in statuses and any(episode.end is not None for episode in one.episodes))


def by_target(view: View, clock: Times, *, instances: bool) -> Iterator[Cells]:
    """A line a target and vantage point. An instance is named by its domain, an app by a name without a dot."""
    standing: dict[tuple[str, str, str, int], list[Episode]] = {}
    for series in view.series:
        if series.current is not None:
            key = series.key
            standing.setdefault((key.target, key.vantage, key.country, key.asn), []).append(series.current)
    for one in sorted(view.targets, key=lambda one: (_gravest(one.endpoints), one.target, one.vantage)):
        if ("." in one.target) == instances:
            whole = [cell for now in one.wholes[-1:] for cell in state_text(catalogue("en"), now).split("; ")]
            here = standing.get((one.target, *one.vantage), ())
            yield (one.target, words.place(one.vantage), *whole, *_states(one), *_since(here, clock))


def _states(one: TargetView) -> Iterator[str]:
    """`blocked: api`, `all 3 open`."""
    if len(one.endpoints) == 1:
        (state, ids), *_ = one.endpoints.items()
        yield f"{state}" if len(ids) == 1 else f"all {len(ids)} {state}"
        return
    for state, ids in one.endpoints.items():
        yield f"{state}: {_named(ids)}"


def _since(here: Sequence[Episode], clock: Times) -> Iterator[str]:
    """Since when the first of its endpoints fails, and how."""
    if here:
        first = min(here, key=lambda episode: episode.onset.latest)
        yield f"since {times.interval(clock, first.onset)}"
        names = tuple(dict.fromkeys(name for episode in here for name in episode.mechanisms))
        yield words.how(names, max(map(rung_of, here), key=RUNGS.index))


def by_network(view: View, clock: Times) -> Iterator[Cells]:
    """A line a network: its vantage points, how many endpoints are in which state, and what is cut off there."""
    places: dict[tuple[str, int], list[SeriesView]] = {}
    for one in view.series:
        if one.role != Role.REFERENCE:
            places.setdefault((one.key.country, one.key.asn), []).append(one)
    order = sorted(places, key=lambda place: (_gravest({one.state for one in places[place]}), place))
    for country, asn in order:
        here = places[country, asn]
        states = Counter(spoken(one.state, one.current) for one in here)
        cut = [words.label(one.key) for one in here if one.current is not None]
        network = " ".join(part for part in (country if country != "ZZ" else "", f"AS{asn}" if asn else "") if part)
        yield (
            network or "not declared",
            ", ".join(sorted({one.key.vantage for one in here})),
            ", ".join(f"{states[state]} {state}" for state in SPOKEN if states[state]),
            *([f"cut off: {_named(cut)}"] if cut else []),
            *_newest(here, clock),
        )


def _newest(here: Sequence[SeriesView], clock: Times) -> Iterator[str]:
    onsets: list[Interval] = [one.current.onset for one in here if one.current is not None]
    if onsets:
        yield f"newest onset {times.interval(clock, max(onsets, key=lambda onset: onset.latest))}"


def _gravest(states: Collection[State]) -> int:
    """Blocked first, open last."""
    return min((tuple(State).index(state) for state in states), default=len(State))


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more


GROUPS: dict[str, tuple[str, Callable[[View, Times], Iterator[Cells]]]] = {
    "app": ("Apps", lambda view, clock: by_target(view, clock, instances=False)),
    "instance": ("Instances", lambda view, clock: by_target(view, clock, instances=True)),
    "network": ("Networks", by_network),
}
"""What `--by` takes besides `endpoint`, the ordinary report: a title, and its lines."""


def render_by(view: View, page: Page, by: str) -> str:
    """The overview with a line a target or a network, ending in a newline."""
    title, lines = GROUPS[by]
    clock = times.times_for(view.zone, view.first, view.last)
    spanned = times.stretch(clock._replace(years=True), view.first, view.last)
    entries = [tuple(page.clean(cell) for cell in cells) for cells in lines(view, clock)]
    told = [page.paint("bold", f"Results {spanned}"), "", page.paint("bold", title)]
    if not entries:
        told.append(f"{INDENT}none in these results")
    what, where = (max((min(len(cells[i]), 30) for cells in entries), default=0) for i in (0, 1))
    for first, second, *rest in entries:
        told += flow((f"{first:<{what}}", f"{second:<{where}}", *rest), page.width, INDENT)
    return "\n".join(line.rstrip() for line in told) + "\n"
