"""The report as text for a terminal: 80 columns, no colour needed, one entry a fact. Pure: `render(view, page) -> str`.

Every string that comes from a record passes `page.clean` before it is placed, so that no record can write a line of
its own. Nothing is attributed: the text says where something was blocked, never by whom.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from probe.diagnose.rollup import State as Whole
from probe.model.diagnosis import Certainty, Verdict
from probe.model.episode import Episode, Interval
from probe.model.target import Role
from probe.report import beside, timeline, times, together, words
from probe.report.block.wholes import state_text
from probe.report.ladder import Rung, rung_of
from probe.report.language.catalogue import catalogue
from probe.report.paper import INDENT, LABEL_WIDTH, Page, fill, flow
from probe.report.state import SPOKEN, State, spoken
from probe.report.times import Times
from probe.report.view import SeriesView, Stretch, TargetView, VantageView, View
from probe.report.whole import Rule

TARGETS_TITLE = "Targets as a whole, by the rule of their list"
STANDING: tuple[tuple[str, State, frozenset[Rung]], ...] = (
    ("Blocked now", State.BLOCKED, frozenset({Rung.CONFIRMED, Rung.LIKELY})),
    ("Consistent with blocking, and with something innocent as well", State.BLOCKED, frozenset({Rung.CONSISTENT})),
    ("Unreachable from here, reached from elsewhere: why is not settled", State.UNREACHABLE, frozenset(Rung)),
    ("Suspected: failed, but too seldom yet to tell from chance", State.SUSPECTED, frozenset(Rung)),
)
"""The sections of what fails now: a title, the state, and on which rungs of the ladder."""
OPEN_LISTED = 12
"""So many reached series are listed one by one; more are counted."""


NAMED = 4
"""So many required endpoints are named."""
NEWS_GAPS = 3
"""A series not heard of for so many of its usual gaps is shown with the time it was last heard of."""

Entry = tuple[str, ...]
"""The cells of one fact: what, where, and the rest."""


def render(view: View, page: Page) -> str:
    """The whole report, ending in a newline."""
    clock = times.times_for(view.zone, view.first, view.last)
    sections = [_heading(view, clock, page)]
    sections += [
        _section(title, list(entries), page)
        for title, entries in (
            *((title, _standing(view, clock, state, rungs)) for title, state, rungs in STANDING),
            ("Partly blocked", _partly(view.targets)),
            (TARGETS_TITLE, _wholes(view.targets, clock)),
            ("Ended", _ended(view, clock)),
            (together.TITLE, together.entries(view.joined.events, clock)),
            (beside.CLAIMS_TITLE, beside.claims(view.joined.compared, clock)),
            (beside.NOTES_TITLE, beside.notes(view.joined.notes, clock)),
            ("Not blocked", _not_blocked(view, clock)),
            ("Nothing concluded", _nothing(view, clock)),
        )
    ]
    sections.append(timeline.draw(_drawn(view), clock, page))
    return "\n".join("\n".join(line.rstrip() for line in lines) + "\n" for lines in sections if lines)


def _heading(view: View, clock: Times, page: Page) -> list[str]:
    here = "" if clock.is_utc else f"Times are {view.zone}, with UTC in brackets"
    spanned = times.stretch(clock._replace(years=True), view.first, view.last)
    first, *rest = flow((f"Results {spanned}", here), page.width, "")
    return [
        page.paint("bold", first),
        *(line.strip() for line in rest),
        *(INDENT + page.clean(_vantage(one)) for one in view.vantages),
        *_summary(view, page),
    ]


def _vantage(one: VantageView) -> str:
    """What a vantage point measured, and in how many of its runs it was fit to."""
    fit = one.runs - sum(stretch.size for stretch in one.unfit)
    told = f"{words.place(one.key)}: {one.measurements} measurements in {_plural(one.runs, 'run')}"
    return f"{told}, fit in {'all' if fit == one.runs else fit}"


def _summary(view: View, page: Page) -> list[str]:
    """How many endpoints are in which state now, and how many episodes began or ended in the period."""
    states = Counter(spoken(one.state, one.current) for one in view.series if one.role != Role.REFERENCE)
    episodes = [episode for one in view.series for episode in one.episodes]
    began = sum(one.onset.earliest is not None and one.onset.latest >= view.first for one in episodes)
    ended = sum(one.end is not None for one in episodes)
    now = ", ".join(f"{states[state]} {state}" for state in SPOKEN if states[state])
    changed = ", ".join(f"{count} {what}" for count, what in ((began, "began"), (ended, "ended")) if count)
    return flow((f"Now: {now}" if now else "", f"In this time: {changed}" if changed else ""), page.width, "")


def _section(title: str, entries: Sequence[Entry], page: Page) -> list[str]:
    """A title and its entries, what and where in columns; nothing at all when there is no entry."""
    if not entries:
        return []
    entries = [tuple(page.clean(cell) for cell in entry) for entry in entries]
    what, where = (max(min(len(entry[i]), LABEL_WIDTH) for entry in entries) for i in (0, 1))
    lines = [page.paint("bold", line) for line in fill("", INDENT, title, page.width)]
    for first, second, *rest in entries:
        lines += flow((f"{first:<{what}}", f"{second:<{where}}", *rest), page.width, INDENT)
    return lines


def _standing(view: View, clock: Times, state: State, rungs: frozenset[Rung]) -> Iterator[Entry]:
    """Episodes that stand at the last measurement of their series."""
    for one in view.series:
        episode = one.current
        if episode and one.state is state and rung_of(episode) in rungs:
            yield (
                words.label(one.key),
                words.place(one.key),
                f"since {times.interval(clock, episode.onset)}",
                *_how(episode, clock),
                *_last_seen(one, view, clock),
            )


def _how(episode: Episode, clock: Times) -> Iterator[str]:
    """Mechanism, certainty, counts, and what else qualifies an episode."""
    counts, rung = episode.counts, rung_of(episode)
    yield words.how(episode.mechanisms, rung)
    silent = f", {counts.void} more said nothing" if counts.void else ""
    tries = f"failed {counts.bad} of {counts.bad + counts.good}{' since' if episode.end is None else ''}{silent}"
    yield f"{catalogue('en').say(f'rung.{rung}')}, {tries}"
    if episode.certainty == Certainty.CONFIRMED and 2 * counts.sure < counts.bad:
        yield f"an artefact in {counts.sure} of the failures"
    if episode.onset.earliest is None:
        yield "already so at the first measurement: onset unknown"
    if episode.flapping:
        yield "comes and goes"
    certain = episode.certain_onset
    if certain and certain != episode.onset and certain.earliest is not None:
        yield f"99.9 % certain: began {times.interval(clock, certain)}"


def _last_seen(one: SeriesView, view: View, clock: Times) -> Iterator[str]:
    """When a series last said anything, where that is well before the end of the report."""
    if one.as_of is not None and view.last - one.as_of > NEWS_GAPS * one.schedule > 0:
        yield f"as of {times.moment(clock, one.as_of)}: nothing learnt since"


def _partly(targets: Sequence[TargetView]) -> Iterator[Entry]:
    """Targets of which no record says a rule."""
    for one in targets:
        if one.blocked == "some" and not one.wholes:
            rest = (f"{state}: {', '.join(ids)}" for state, ids in one.endpoints.items())
            yield (one.target, words.place(one.vantage), *rest)


def _wholes(targets: Sequence[TargetView], clock: Times) -> Iterator[Entry]:
    """How targets stand now; those that are reached are counted."""
    told, said = [one for one in targets if one.wholes], catalogue("en")
    reached = sum(one.wholes[-1].state is Whole.OK for one in told)
    for one in told:
        now = one.wholes[-1]
        if now.state is not Whole.OK:
            since = () if now.since.earliest is None else (f"since {times.interval(clock, now.since)}",)
            yield (one.target, words.place(one.vantage), *state_text(said, now).split("; "), *since, *_rule(now.rule))
    if reached:
        yield (_plural(reached, "target"), "", "reachable")


def _rule(rule: Rule) -> Iterator[str]:
    """By what a target is told, as its record spells it."""
    yield f"asked for: {rule.rollup}" if rule.rollup else "no rule recorded"
    if rule.required:
        yield f"required: {', '.join(rule.required[:NAMED])}{' ...' if len(rule.required) > NAMED else ''}"


def _ended(view: View, clock: Times) -> Iterator[Entry]:
    for one in view.series:
        for episode in one.episodes:
            if episode.end is not None:
                yield (
                    words.label(one.key),
                    words.place(one.key),
                    f"began {times.interval(clock, episode.onset)}",
                    f"ended {times.interval(clock, episode.end)}",
                    f"{_cut_off(episode)} {_lasted(episode.onset, episode.end)}",
                    *_how(episode, clock),
                )


def _cut_off(episode: Episode) -> str:
    """What it was while it stood: only the upper rungs call it blocked."""
    return "blocked" if rung_of(episode) in (Rung.LIKELY, Rung.CONFIRMED) else "unreachable"


def _lasted(onset: Interval, end: Interval) -> str:
    """At least from the first failure to the last: more than the measurements hold is not claimed."""
    return f"at least {times.duration(max((end.earliest or onset.latest) - onset.latest, 0.0))}"


def _not_blocked(view: View, clock: Times) -> Iterator[Entry]:
    """Series that are not blocked now, references aside; the quiet ones are counted when they are many."""
    quiet = [one for one in view.series if _is_quiet(one)]
    listed = len(quiet) <= OPEN_LISTED
    for one in view.series:
        reason = _NOT_BLOCKED.get(one.state)
        if reason and one.role != Role.REFERENCE and (listed or not _is_quiet(one)):
            downs = (cell for stretch in one.downs if stretch.size > 1 for cell in _down(stretch, clock))
            yield (words.label(one.key), words.place(one.key), reason(one), *downs)
    if not listed:
        yield (f"{len(quiet)} more endpoints", "", "reached whenever something could be learnt")
    references = [one for one in view.series if one.role == Role.REFERENCE]
    if references:
        good, bad = sum(one.good for one in references), sum(one.bad for one in references)
        said = f"reached {good} of {good + bad} times"
        yield (_plural(len(references), "reference"), "", said)


def _is_quiet(one: SeriesView) -> bool:
    steady = one.state == State.OPEN and not one.bad and not one.episodes
    return steady and not any(stretch.size > 1 for stretch in one.downs) and one.role != Role.REFERENCE


def _reached(one: SeriesView) -> str:
    void = f", {one.void} more said nothing" if one.void else ""
    return f"reached {one.good} of {one.good + one.bad}{void}"


_NOT_BLOCKED: dict[State, Callable[[SeriesView], str]] = {
    State.OPEN: lambda one: "open again" if one.episodes else f"open, {_reached(one)}",
    State.INTERFERED: lambda one: f"reached, but tampered with on the path {one.verdicts[Verdict.INTERFERED]} times",
    State.RESTRICTED: lambda _: "restricted: the server itself turns this client away",
    State.DOWN: lambda _: "down for everyone now: the control failed as well",
    State.FAILING: lambda one: f"last {_plural(one.failing, 'measurement')} failed: too few to call it blocked",
}
"""How a series that is not blocked is worded. `unknown` has a section of its own."""


def _down(stretch: Stretch, clock: Times) -> Iterator[str]:
    yield f"down for everyone {times.stretch(clock, stretch.first, stretch.last)}"
    yield f"{stretch.size} measurements"


def _nothing(view: View, clock: Times) -> Iterator[Entry]:
    """Where and when the results allow no conclusion."""
    for one in view.series:
        if one.state == State.UNKNOWN:
            said = _UNPROVEN.get(one.last_verdict, f"last verdict {one.last_verdict}")
            yield (words.label(one.key), words.place(one.key), said)
    for vantage in view.vantages:
        for unfit in vantage.unfit:
            said = words.FITNESS.get(unfit.what, unfit.what)
            when = times.stretch(clock, unfit.first, unfit.last)
            yield (vantage.key.name, "", f"{said} {when}", _plural(unfit.size, "run"))
        for gap, whole in vantage.silences:
            but = () if whole else ("but for a run here and there",)
            yield (vantage.key.name, "", f"did not measure {times.interval(clock, gap)}", *but)


_UNPROVEN: dict[str, str] = {
    Verdict.INSUFFICIENT: "the last measurement proves nothing",
    Verdict.BLOCKED: "failed, but no control or reference backs it: not counted as blocked",
    Verdict.ANOMALY: "failed for no settled cause, and no control or reference backs it",
}


def _drawn(view: View) -> list[SeriesView]:
    """The series to draw: those in which something happened; all, when they are few."""
    eventful = [one for one in view.series if not _is_quiet(one) and one.role != Role.REFERENCE]
    quiet = [one for one in view.series if _is_quiet(one)]
    return eventful + (quiet if len(eventful) + len(quiet) <= OPEN_LISTED else [])


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
