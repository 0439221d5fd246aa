"""What can be said of an endpoint at its last measurement, in one word: the states, and what gives each. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from probe.model.diagnosis import Verdict
from probe.model.episode import Episode, EpisodeState
from probe.report.ladder import Rung, is_block, rung_of
from probe.timeline.points import Evidence, Point


class State(StrEnum):
    """What can be said of a series at its last measurement. `blocked` and `unreachable` are beyond chance; of the
    latter nothing measured settles why. `failing`: failures that are too few to be either; `unknown`: the last
    measurement proves nothing."""

    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    SUSPECTED = "suspected"
    FAILING = "failing"
    INTERFERED = "interfered"
    RESTRICTED = "restricted"
    DOWN = "down"
    UNKNOWN = "unknown"
    OPEN = "open"


_BY_VERDICT: dict[str, State] = {
    Verdict.OK: State.OPEN,
    Verdict.INTERFERED: State.INTERFERED,
    Verdict.RESTRICTED: State.RESTRICTED,
    Verdict.DOWN: State.DOWN,
    Verdict.BLOCKED: State.UNKNOWN,
    Verdict.ANOMALY: State.UNKNOWN,
    Verdict.INSUFFICIENT: State.UNKNOWN,
}
"""The state that a last measurement gives when it is not BAD: a block or anomaly that is not BAD was not backed."""

COUNTS_AS: dict[State, Verdict] = {
    State.BLOCKED: Verdict.BLOCKED,
    State.UNREACHABLE: Verdict.ANOMALY,
    State.SUSPECTED: Verdict.ANOMALY,
    State.FAILING: Verdict.ANOMALY,
    State.INTERFERED: Verdict.INTERFERED,
    State.RESTRICTED: Verdict.RESTRICTED,
    State.DOWN: Verdict.DOWN,
    State.UNKNOWN: Verdict.INSUFFICIENT,
    State.OPEN: Verdict.OK,
}
"""What a state counts as in a roll-up. What is suspected, or unreachable for no settled cause, is no block, nor
reached."""


def state_of(points: Sequence[Point], episodes: Sequence[Episode]) -> State:
    """The state of a series with these measurements and episodes, both in order of time."""
    if episodes and episodes[-1].end is None:
        return of_standing(episodes[-1])
    last = points[-1]
    if last.evidence == Evidence.BAD:
        return State.FAILING
    return _BY_VERDICT.get(last.verdict, State.UNKNOWN)


def of_standing(episode: Episode) -> State:
    """The state that an episode gives while it stands."""
    if episode.state != EpisodeState.CONFIRMED:
        return State.SUSPECTED
    return State.BLOCKED if is_block(episode) else State.UNREACHABLE


def spoken(state: State, standing: Episode | None) -> str:
    """The state as English text counts it: a block that something innocent would explain as well is not "blocked"."""
    least = standing is not None and state is State.BLOCKED and rung_of(standing) is Rung.CONSISTENT
    return "consistent with blocking" if least else str(state)


SPOKEN = ("blocked", "consistent with blocking", *list(map(str, State))[1:])
"""Every word of `spoken`, gravest first."""
