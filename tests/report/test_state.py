"""States: every one counts as something in a roll-up, and only what was shown to be a block is called one."""

import msgspec
import pytest

from probe.model.diagnosis import Certainty, Verdict
from probe.model.episode import Counts, Episode, EpisodeState, Interval, SeriesKey
from probe.report.state import COUNTS_AS, SPOKEN, State, of_standing, spoken

EPISODE = Episode(
    series=SeriesKey("v", "CN", 1, "t", "e"), state=EpisodeState.CONFIRMED, onset=Interval(0.0, 1.0),
    counts=Counts(bad=1, good=0, void=0),
)  # fmt: skip


def test_every_state_counts_as_a_verdict_and_only_a_block_as_blocked() -> None:
    assert set(COUNTS_AS) == set(State)
    assert [state for state, verdict in COUNTS_AS.items() if verdict is Verdict.BLOCKED] == [State.BLOCKED]


@pytest.mark.parametrize(
    ("state", "certainty", "found", "said"),
    [
        (EpisodeState.CONFIRMED, Certainty.CONFIRMED, State.BLOCKED, "blocked"),
        (EpisodeState.CONFIRMED, Certainty.LIKELY, State.BLOCKED, "blocked"),
        (EpisodeState.CONFIRMED, Certainty.POSSIBLE, State.BLOCKED, "consistent with blocking"),
        (EpisodeState.CONFIRMED, "", State.UNREACHABLE, "unreachable"),
        (EpisodeState.SUSPECTED, Certainty.CONFIRMED, State.SUSPECTED, "suspected"),
        (EpisodeState.SUSPECTED, "", State.SUSPECTED, "suspected"),
    ],
)
def test_what_a_standing_episode_is_called(state: EpisodeState, certainty: str, found: State, said: str) -> None:
    episode = msgspec.structs.replace(EPISODE, state=state, certainty=certainty)
    assert of_standing(episode) is found
    assert spoken(found, episode) == said


def test_every_word_has_its_place_in_the_count() -> None:
    assert set(SPOKEN) == {*map(str, State), "consistent with blocking"}
    assert len(SPOKEN) == len(set(SPOKEN))
