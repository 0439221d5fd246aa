"""The ladder of certainty: from what the ledger says of an episode and what its measurements hold to one of four rungs.

The ledger counts (is this more than noise, and since when), a measurement's artefact tells (could anything else do
this). A page needs both to say "confirmed"; the table is the law, and the words for each rung are the catalogue's.
"""

from probe.model.diagnosis import Certainty
from probe.model.episode import Episode, EpisodeState
from probe.report.block.view import Rung

LADDER: dict[tuple[str, str], Rung] = {
    (EpisodeState.CONFIRMED, Certainty.CONFIRMED): Rung.CONFIRMED,
    (EpisodeState.CONFIRMED, Certainty.LIKELY): Rung.LIKELY,
    (EpisodeState.CONFIRMED, Certainty.POSSIBLE): Rung.CONSISTENT,
    (EpisodeState.CONFIRMED, ""): Rung.CONSISTENT,
    (EpisodeState.SUSPECTED, Certainty.CONFIRMED): Rung.LIKELY,
    (EpisodeState.SUSPECTED, Certainty.LIKELY): Rung.CONSISTENT,
    (EpisodeState.SUSPECTED, Certainty.POSSIBLE): Rung.UNREACHABLE,
    (EpisodeState.SUSPECTED, ""): Rung.UNREACHABLE,
}
"""(state of the ledger, certainty of its surest measurement): rung."""

RUNGS = (Rung.UNREACHABLE, Rung.CONSISTENT, Rung.LIKELY, Rung.CONFIRMED)
"""Lowest first."""


def rung_of(episode: Episode) -> Rung:
    """The rung of one episode. A word of a newer record counts as the lowest."""
    return LADDER.get((episode.state, episode.certainty), Rung.UNREACHABLE)
