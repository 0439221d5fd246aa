"""Why a page stands on its rung: the counts behind the word, in one sentence. Pure."""

from collections.abc import Sequence

from probe.model.diagnosis import Certainty
from probe.model.episode import Episode, EpisodeState
from probe.report.block.choose import inside
from probe.report.block.draft import Draft
from probe.report.block.view import Rung
from probe.report.view import SeriesView
from probe.timeline.series import Evidence


def because(draft: Draft, series: Sequence[SeriesView], episodes: Sequence[Episode], rung: Rung) -> str:
    """The sentence for a rung that these episodes reach together."""
    pairs = list(zip(series, episodes, strict=True))
    failed = [point for pair in pairs for point in inside(*pair, Evidence.BAD)]
    reached = sum(len(inside(*pair, Evidence.GOOD)) for pair in pairs)
    artefacts = sum(point.certainty == Certainty.CONFIRMED for point in failed)
    dated = all(episode.state is EpisodeState.CONFIRMED for episode in episodes)
    mechanisms = tuple(dict.fromkeys(name for episode in episodes for name in episode.mechanisms))
    key = f"certainty.{rung}" if rung is not Rung.LIKELY else f"certainty.likely_{'dated' if dated else 'new'}"
    return draft.words.say(
        key,
        method=draft.methods(mechanisms),
        failed=len(failed),
        of=len(failed) + reached,
        artefacts=artefacts,
    )
