"""The ladder as a table: complete, in order, and never two rungs up for one piece of evidence."""

import itertools

import msgspec

from probe.model.diagnosis import Certainty
from probe.model.episode import Counts, Episode, EpisodeState, Interval, SeriesKey
from probe.report.ladder import BLOCKS, LADDER, RUNGS, Rung, is_block, lowest, rung_of
from probe.timeline.certainty import CERTAINTIES

EPISODE = Episode(
    series=SeriesKey("v", "CN", 1, "t", "e"), state=EpisodeState.CONFIRMED, onset=Interval(0.0, 1.0),
    counts=Counts(bad=1, good=0, void=0),
)  # fmt: skip


def test_every_state_and_certainty_has_a_rung() -> None:
    assert set(LADDER) == set(itertools.product(EpisodeState, CERTAINTIES))
    assert set(LADDER.values()) == set(RUNGS)
    assert (*RUNGS,) == tuple(rung for rung in Rung if rung is not Rung.NONE)


def test_more_evidence_never_lowers_the_rung() -> None:
    for state in EpisodeState:
        heights = [RUNGS.index(LADDER[state, certainty]) for certainty in CERTAINTIES]
        assert heights == sorted(heights)
    for certainty in CERTAINTIES:
        suspected, confirmed = (RUNGS.index(LADDER[state, certainty]) for state in EpisodeState)
        assert suspected < confirmed or (suspected, certainty) == (0, "")  # nothing settles why: as low as can be


def test_confirmed_needs_both_the_ledger_and_an_artefact() -> None:
    confirmed = [key for key, rung in LADDER.items() if rung is Rung.CONFIRMED]
    assert confirmed == [(EpisodeState.CONFIRMED, Certainty.CONFIRMED)]


def test_the_ledger_alone_never_makes_a_block() -> None:
    """Failures beyond chance of which nothing settles why are unreachable, and no more."""
    assert LADDER[EpisodeState.CONFIRMED, ""] is Rung.UNREACHABLE
    assert not is_block(msgspec.structs.replace(EPISODE, certainty=""))
    assert is_block(msgspec.structs.replace(EPISODE, certainty=Certainty.POSSIBLE))


def test_what_is_only_suspected_is_no_block_however_sure_its_failures() -> None:
    suspected = msgspec.structs.replace(EPISODE, state=EpisodeState.SUSPECTED, certainty=Certainty.CONFIRMED)
    assert not is_block(suspected)
    assert rung_of(suspected) in BLOCKS


def test_one_sentence_about_several_stands_on_the_lowest() -> None:
    assert lowest([Rung.CONFIRMED, Rung.UNREACHABLE, Rung.LIKELY]) is Rung.UNREACHABLE
    assert lowest([]) is Rung.NONE


def test_certainty_of_a_newer_record_counts_as_the_lowest() -> None:
    assert rung_of(msgspec.structs.replace(EPISODE, certainty="beyond doubt")) is Rung.UNREACHABLE
