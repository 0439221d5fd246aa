"""Why a page stands on its rung: the counts behind the word, in one sentence. Pure."""

from collections.abc import Sequence

import numpy as np

from probe.model.diagnosis import Certainty
from probe.model.episode import Episode, EpisodeState
from probe.report.block.choose import inside
from probe.report.block.draft import Draft
from probe.report.block.view import Rung
from probe.report.view import SeriesView
from probe.timeline.points import Points
from probe.timeline.series import Evidence


def because(draft: Draft, series: Sequence[SeriesView], episodes: Sequence[Episode], rung: Rung) -> str:
    """The sentence for a rung that these episodes reach together."""
    pairs = list(zip(series, episodes, strict=True))
    failed = sum(inside(*pair, Evidence.BAD).size for pair in pairs)
    reached = sum(inside(*pair, Evidence.GOOD).size for pair in pairs)
    artefacts = sum(_artefacts(*pair) for pair in pairs)
    dated = all(episode.state is EpisodeState.CONFIRMED for episode in episodes)
    mechanisms = tuple(dict.fromkeys(name for episode in episodes for name in episode.mechanisms))
    key = f"certainty.{rung}" if rung is not Rung.LIKELY else f"certainty.likely_{'dated' if dated else 'new'}"
    return draft.words.say(
        key,
        method=draft.methods(mechanisms),
        failed=failed,
        of=failed + reached,
        artefacts=artefacts,
    )


def _artefacts(one: SeriesView, episode: Episode) -> int:
    """How many of an episode's failures hold what settles them alone."""
    points = Points.of(one.points)
    sure = points.table("certainty") == Certainty.CONFIRMED
    return int(np.count_nonzero(sure[points.columns().kinds[inside(one, episode, Evidence.BAD)]]))
