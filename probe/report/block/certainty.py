"""Why a page stands on its rung: the counts behind the word, in one sentence. Pure."""

from collections.abc import Sequence

import numpy as np

from probe.model.diagnosis import Certainty
from probe.model.episode import Episode, EpisodeState
from probe.report.block.choose import inside
from probe.report.block.draft import Draft
from probe.report.ladder import BLOCKS, Rung, rung_of
from probe.report.view import SeriesView
from probe.timeline.points import Points
from probe.timeline.series import Evidence

_BOTH = (Rung.LIKELY, Rung.UNREACHABLE)
"""Rungs on which an episode may stand for two reasons: for what the ledger says of it, or for what shows its cause."""


def because(draft: Draft, series: Sequence[SeriesView], episodes: Sequence[Episode], rung: Rung) -> str:
    """The sentence for a rung that these episodes reach together."""
    pairs = list(zip(series, episodes, strict=True))
    failed = sum(inside(*pair, Evidence.BAD).size for pair in pairs)
    reached = sum(inside(*pair, Evidence.GOOD).size for pair in pairs)
    artefacts = sum(_artefacts(*pair) for pair in pairs)
    dated = all(episode.state is EpisodeState.CONFIRMED for episode in episodes)
    mechanisms = tuple(dict.fromkeys(name for episode in episodes for name in episode.mechanisms))
    blocks = sum(rung_of(episode) in BLOCKS for episode in episodes)
    said = draft.words.say(
        _key(rung, dated=dated, some=blocks > 0),
        method=draft.methods(mechanisms),
        failed=failed,
        of=failed + reached,
        artefacts=artefacts,
        blocks=blocks,
        count=len(episodes),
    )
    if rung is Rung.UNREACHABLE and dated and artefacts and not blocks:
        said += draft.words.texts["text.sentence_gap"] + draft.words.counted("certainty.lone", artefacts)
    return said


def _key(rung: Rung, *, dated: bool, some: bool) -> str:
    """`dated`: all are beyond chance; `some`: of some of them a block is spoken of."""
    if rung is Rung.UNREACHABLE and dated and some:
        return "certainty.unreachable_some"
    return f"certainty.{rung}_{'dated' if dated else 'new'}" if rung in _BOTH else f"certainty.{rung}"


def _artefacts(one: SeriesView, episode: Episode) -> int:
    """How many of an episode's failures hold what settles them alone."""
    points = Points.of(one.points)
    sure = points.table("certainty") == Certainty.CONFIRMED
    return int(np.count_nonzero(sure[points.columns().kinds[inside(one, episode, Evidence.BAD)]]))
