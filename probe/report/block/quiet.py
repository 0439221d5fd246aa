"""The headline of a page on which nothing is called blocked: down, restricted, failing, unknown or reachable. Pure.

The most telling state comes first; a page that can say nothing says that, and never passes silence off as reachable.
"""

from collections.abc import Sequence

import numpy as np

from probe.model.diagnosis import Verdict
from probe.report.block import subject
from probe.report.block.choose import deciding
from probe.report.block.draft import Draft
from probe.report.block.view import Rung
from probe.report.state import State
from probe.report.view import SeriesView
from probe.timeline.points import Points
from probe.timeline.series import Evidence

ORDER = (State.FAILING, State.INTERFERED, State.RESTRICTED, State.DOWN, State.UNKNOWN, State.OPEN)
"""Which state the sentence is about, most telling first."""


def tell(draft: Draft) -> tuple[str, Rung, str]:
    """The sentence, its rung, and why it is no more than that."""
    every = deciding(draft.chosen.series)
    state = next(state for state in (*ORDER, *State) if any(one.state is state for one in every))
    meant = [one for one in every if one.state is state]
    reached = [one for one in every if one.state is State.OPEN and one.good and one.key not in {m.key for m in meant}]
    words, keys = draft.words, [one.key for one in meant]
    text = words.say(
        f"quiet.{state}",
        subject=subject.subject(draft, keys),
        networks=subject.networks(draft, keys),
        when=_when(draft, state, meant),
        reached=sum(one.good for one in meant),
        of=sum(one.good + one.bad + one.void for one in meant),
        failing=max(one.failing for one in meant),
    )
    others = [one.key for one in reached]
    stayed = words.say("headline.stayed", subject=subject.further(draft, others)) if others else ""
    rung = Rung.UNREACHABLE if state is State.FAILING else Rung.NONE
    return words.say("headline.sentence", main=text, also="", stayed=stayed), rung, _because(draft, state, meant)


def _when(draft: Draft, state: State, meant: Sequence[SeriesView]) -> str:
    """The whole period; of a server that is down now or fails, since when it does."""
    starts = [one.first for one in meant]
    if state is State.DOWN:
        starts = [one.downs[-1].first for one in meant if one.downs] or starts
    elif state is State.FAILING:
        starts = [first for one in meant for first in _failing(one)] or starts
    first = min(starts)
    return draft.dates.stretch(first, max(one.last for one in meant)).text


def _failing(one: SeriesView) -> list[float]:
    """When the first failure was since it was last reached; nothing where there is none."""
    points = Points.of(one.points)
    evidence = points.evidence()
    good = np.flatnonzero(evidence == Evidence.GOOD)
    since = int(good[-1]) + 1 if good.size else 0
    failed: list[float] = points.times()[since:][evidence[since:] == Evidence.BAD][:1].tolist()
    return failed


def _because(draft: Draft, state: State, meant: Sequence[SeriesView]) -> str:
    """Why no block is claimed, with counts."""
    return draft.words.say(
        f"quiet_why.{state}",
        failed=sum(one.bad for one in meant),
        void=sum(one.void for one in meant),
        reached=sum(one.good for one in meant),
        of=sum(one.good + one.bad + one.void for one in meant),
        down=sum(one.verdicts.get(Verdict.DOWN, 0) for one in meant),
    )
