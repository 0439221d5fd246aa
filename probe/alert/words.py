"""The words of an alert: one line, exact, with the measurement that proves it. Pure.

Uses the phrases and times of the report, so that a page at night and the report next morning say the same. How sure a
block is stands first, by the report's ladder (`report.ladder`); how sure it is that this is more than chance stands
after it ("suspected", "beyond chance"), and the one is never said for the other. Says where and how something was cut
off and never who did it; holds names and network numbers and never an address. Every text passes `visible`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from probe.alert.alert import Alert, Kind, Message
from probe.alert.places import Turn
from probe.alert.watched import Change
from probe.model.diagnosis import Fitness
from probe.model.episode import Interval, SeriesKey
from probe.model.shown import visible
from probe.report import times, words
from probe.report.gather import VantageKey
from probe.report.ladder import BLOCKS, RUNGS, Rung, lowest
from probe.report.times import Times

NAMED = 12
"""So many alerts of one message are told line by line; more are counted."""
TEXT_LIMIT = 4000
"""Characters of a message: what chat services take, and what fits an environment variable."""
HEADLINE_NAME = 80
"""Characters of an endpoint's name in a headline; a subject should fit a line."""


class Told(NamedTuple):
    """A change, and where: what a line is made of. `explain` is the command that shows the proof."""

    key: SeriesKey
    change: Change
    explain: str


def line(told: Told, clock: Times) -> str:
    """`clubhouse/api on AS4134 (sha-ct): blocked since 8 Feb 10:50–11:00 UTC, forged DNS answer, confirmed ...`."""
    return visible(f"{words.label(told.key)} {_on(told.key)}: {said(told.change, clock)}; {told.explain}")


def said(change: Change, clock: Times) -> str:
    """What of it: since when, how, how sure."""
    since, runs = times.interval(clock, change.onset), _plural(change.runs, "run")
    match change.kind:
        case Kind.CONFIRMED:
            again = ", comes and goes: changes are not told until it rests for a week" if change.repeating else ""
            surer = ", surer than was told before" if change.raised else ""
            return f"{CUT_OFF[change.rung]} since {since}, {_how(change, f'beyond chance after {runs}')}{surer}{again}"
        case Kind.SUSPECTED:
            return f"{_perhaps(change.rung)} since {since}, {_how(change, f'suspected after {runs}')}"
        case Kind.ENDED:
            end = change.end or change.onset
            lasted = times.duration(max((end.earliest or change.onset.latest) - change.onset.latest, 0.0))
            was = f"was {CUT_OFF[change.rung]} for at least {lasted}, since {since}"
            return f"reached again since {times.interval(clock, end)}, {was}, {_how(change)}"
        case _:
            return "reached again: the suspicion is withdrawn"


CUT_OFF: dict[str, str] = {
    Rung.UNREACHABLE: "unreachable",
    Rung.CONSISTENT: "consistent with blocking",
    Rung.LIKELY: "likely blocked",
    Rung.CONFIRMED: "blocked",
}
"""What is said of what the ledger confirmed: it claims no more than its rung."""


def _perhaps(rung: str) -> str:
    """What is said of what the ledger suspects."""
    return "perhaps blocked" if rung in BLOCKS else "perhaps unreachable"


def _how(change: Change, sure: str = "") -> str:
    """By which method, or that it is not settled; and how sure it is that this is more than chance."""
    if change.rung not in BLOCKS:
        return f"reached from elsewhere; why is not settled{f' ({sure})' if sure else ''}"
    proven = f" ({Rung.CONFIRMED})" if change.rung == Rung.CONFIRMED else ""
    return f"{words.mechanisms(change.mechanisms)}{proven}{f', {sure}' if sure else ''}"


def turn(vantage: VantageKey, one: Turn, every: float, clock: Times) -> str:
    """The line of a vantage point."""
    since = times.moment(clock, one.since)
    lost = times.duration(max(one.since - one.lost_from, 0.0))
    match one.kind:
        case Kind.UNFIT:
            told = (
                f"unfit since {since}: {words.FITNESS.get(one.fitness, one.fitness)}; failures from there prove nothing"
            )
        case Kind.FIT:
            was = words.FITNESS.get(one.fitness, one.fitness)
            how_long = f" for {lost}" if one.fitness != Fitness.CLOCK_WRONG else " before"
            told = f"fit again since {since}; {was}{how_long}, when failures proved nothing"
        case Kind.OVERDUE:
            told = f"watch overdue: nothing measured since {since}, though every {times.duration(every)} is asked for"
        case _:
            told = f"measuring again since {since}; nothing was measured for {lost}"
    return visible(f"{_place(vantage)}: {told}")


def several(told: Sequence[Told], clock: Times) -> tuple[str, str]:
    """Title and text of a message of several alerts of one kind and place."""
    first = told[0]
    targets = len({one.key.target for one in told})
    count = f"{len(told)} endpoints" + (f" of {targets} targets" if targets > 1 else f" of {first.key.target}")
    title = visible(f"{count} {_on(first.key)}: {_together([one.change for one in told], clock)}")
    lines = [visible(f"{words.label(one.key)}: {said(one.change, clock)}; {one.explain}") for one in told[:NAMED]]
    return title, listed(title, lines, len(told))


def listed(title: str, lines: Sequence[str], count: int, limit: int = TEXT_LIMIT) -> str:
    """A title, as many of the lines as fit, each whole, and how many of `count` are not among them."""
    shown: list[str] = []
    room = limit - len(title) - len(_MORE.format(count)) - 1
    for one in lines[:NAMED]:
        room -= len(one) + 1
        if room < 0:
            break
        shown.append(one)
    more = [_MORE.format(count - len(shown))] if len(shown) < count else []
    return "\n".join([title, *shown, *more])[:limit]


def within(message: Message, limit: int) -> str:
    """The text of a message for a service that takes no more than `limit` characters."""
    if len(message.text) <= limit:
        return message.text
    title, *lines = message.text.splitlines()
    if len(message.alerts) == 1:
        return f"{title[: limit - 1]}…"
    return listed(title, [one for one in lines if not _IS_MORE.fullmatch(one)], len(message.alerts), limit)


_MORE = "and {} more: see probe report"
_IS_MORE = re.compile(r"and \d+ more: see probe report")


def _together(changes: Sequence[Change], clock: Times) -> str:
    """What is common to several changes: their intervals' overlap, or from the first to the last."""
    match changes[0].kind:
        case Kind.CONFIRMED:
            return f"{_counted(changes)}, beyond chance, {_when([one.onset for one in changes], clock)}"
        case Kind.SUSPECTED:
            return f"{_perhaps(changes[0].rung)}, suspected, {_when([one.onset for one in changes], clock)}"
        case Kind.ENDED:
            return f"reached again, {_when([one.end or one.onset for one in changes], clock)}"
        case _:
            return "reached again: the suspicion is withdrawn"


def _counted(changes: Sequence[Change]) -> str:
    """`likely blocked`; `20 blocked, 10 likely blocked` where they differ, the surest first."""
    counts = Counter(one.rung for one in changes)
    if len(counts) == 1:
        (only,) = counts
        return CUT_OFF[only] if only in BLOCKS else f"{CUT_OFF[only]}, why is not settled"
    return ", ".join(f"{counts[rung]} {CUT_OFF[rung]}" for rung in reversed(RUNGS) if counts[rung])


def _when(intervals: Sequence[Interval], clock: Times) -> str:
    lows = [one.earliest for one in intervals if one.earliest is not None]
    highs = [one.latest for one in intervals]
    if len(lows) < len(intervals):
        return f"some since before {times.moment(clock, min(highs))}"
    if max(lows) < min(highs):
        return f"all since {times.interval(clock, Interval(max(lows), min(highs)))}"
    return f"since {times.interval(clock, Interval(min(lows), min(highs)))} and later"


def subject(alert: Alert) -> str:
    """A title for a message of one alert: its line without the proof."""
    return alert.text.partition("; probe explain ")[0]


HEADLINES = {
    Kind.CONFIRMED: "cut off",
    Kind.SUSPECTED: "perhaps cut off (suspected)",
    Kind.ENDED: "reached again",
    Kind.WITHDRAWN: "suspicion withdrawn",
    Kind.UNFIT: "vantage unfit",
    Kind.FIT: "vantage fit again",
    Kind.OVERDUE: "watch overdue",
    Kind.RESUMED: "watch measures again",
}
"""By kind; of a block it is said by the rung, where that is known."""


def headline(message: Message) -> str:
    """What a telephone shows of a message: `probe: clubhouse/api blocked (confirmed), sha-ct`. Short, without times."""
    alerts = message.alerts
    first = f"{alerts[0].target}/{alerts[0].endpoint} " if alerts[0].target else ""
    what = first if len(alerts) == 1 else f"{len(alerts)} endpoints "
    return visible(f"probe: {what[:HEADLINE_NAME]}{_in_short(message)}, {message.vantage}")


def _in_short(message: Message) -> str:
    """What happened, no surer than the least sure of its alerts."""
    rungs = [Rung(one.rung) for one in message.alerts if one.rung in RUNGS]
    if message.kind not in (Kind.CONFIRMED, Kind.SUSPECTED) or len(rungs) < len(message.alerts):
        return HEADLINES[message.kind]
    least = lowest(rungs)
    if message.kind is Kind.SUSPECTED:
        return f"{_perhaps(least)} (suspected)"
    return {Rung.UNREACHABLE: "unreachable (why is not settled)", Rung.CONFIRMED: "blocked (confirmed)"}.get(
        least, CUT_OFF[least]
    )


def _on(key: SeriesKey) -> str:
    return f"on AS{key.asn} ({key.vantage})" if key.asn else f"from {key.vantage}"


def _place(key: VantageKey) -> str:
    network = " ".join(
        part for part in (key.country if key.country != "ZZ" else "", f"AS{key.asn}" if key.asn else "") if part
    )
    return f"{key.name} ({network})" if network else key.name


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
