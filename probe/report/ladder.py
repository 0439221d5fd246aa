"""The ladder of certainty: from what the ledger says of an episode and what its measurements hold to one of four rungs.

Two words collide here, and this file keeps them apart. The ledger's "confirmed" says that failures are more than noise,
and nothing of why; a finding's certainty says whether anything else could do this. A block is claimed only from
`consistent` on, and "confirmed" needs both; the table is the law. Whatever speaks of an episode (overview, pages,
sites, feeds, alerts, gauges) asks here; the words for each rung are the speaker's.
"""

from collections.abc import Iterable
from enum import StrEnum

from probe.model.diagnosis import Certainty
from probe.model.episode import Episode, EpisodeState


class Rung(StrEnum):
    """How sure a report is: the fixed ladder, lowest first. `none`: no block is claimed, nothing fails; `unreachable`:
    it fails here while others reach it, and no block is claimed either."""

    NONE = "none"
    UNREACHABLE = "unreachable"
    CONSISTENT = "consistent"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


LADDER: dict[tuple[str, str], Rung] = {
    (EpisodeState.CONFIRMED, Certainty.CONFIRMED): Rung.CONFIRMED,
    (EpisodeState.CONFIRMED, Certainty.LIKELY): Rung.LIKELY,
    (EpisodeState.CONFIRMED, Certainty.POSSIBLE): Rung.CONSISTENT,
    (EpisodeState.CONFIRMED, ""): Rung.UNREACHABLE,
    (EpisodeState.SUSPECTED, Certainty.CONFIRMED): Rung.LIKELY,
    (EpisodeState.SUSPECTED, Certainty.LIKELY): Rung.CONSISTENT,
    (EpisodeState.SUSPECTED, Certainty.POSSIBLE): Rung.UNREACHABLE,
    (EpisodeState.SUSPECTED, ""): Rung.UNREACHABLE,
}
"""(state of the ledger, certainty that its failures carry together): rung. The ledger alone never names a block."""

RUNGS = (Rung.UNREACHABLE, Rung.CONSISTENT, Rung.LIKELY, Rung.CONFIRMED)
"""Lowest first."""
BLOCKS = frozenset({Rung.CONSISTENT, Rung.LIKELY, Rung.CONFIRMED})
"""The rungs on which a block is spoken of."""


def rung(state: str, certainty: str) -> Rung:
    """The rung of an episode of which only this is known. A word of a newer record counts as the lowest."""
    return LADDER.get((state, certainty), Rung.UNREACHABLE)


def rung_of(episode: Episode) -> Rung:
    """The rung of one episode."""
    return rung(episode.state, episode.certainty)


def is_block(episode: Episode) -> bool:
    """Whether the episode is beyond chance, and what was measured shows a block at least as far as `consistent`."""
    return episode.state == EpisodeState.CONFIRMED and rung_of(episode) in BLOCKS


def lowest(rungs: Iterable[Rung]) -> Rung:
    """What one sentence about all of them may say; `none` if there are none."""
    return min(rungs, key=RUNGS.index, default=Rung.NONE)
