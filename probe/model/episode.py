"""Stretches of a series in which an endpoint was blocked. Finding them is `timeline`'s work; showing them `report`'s.

Times are epoch seconds, UTC; an interval is half-open on the left, `(earliest, latest]`, because the truth lies after
the last measurement that was fine and not after the first that was not.
"""

from enum import StrEnum

import msgspec


class SeriesKey(msgspec.Struct, frozen=True, order=True):
    """One endpoint from one vantage point over time."""

    vantage: str
    country: str
    asn: int
    target: str
    endpoint: str


class Interval(msgspec.Struct, frozen=True, array_like=True):
    """`(earliest, latest]` in epoch seconds. `earliest` None: since before the first measurement."""

    earliest: float | None
    latest: float


class EpisodeState(StrEnum):
    """How sure the ledger is of an episode."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many measurements stand behind an episode, inside it: failed, fine, and saying nothing; `sure`: how many of
    the failed ones are as sure as the episode."""

    bad: int
    good: int
    void: int
    sure: int = 0


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an episode with one mechanism, from its first to its last measurement."""

    mechanism: str
    first: float
    last: float
    count: int


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in which a series could not be reached: blocked, as far as `certainty` says so.

    `state` says whether that is more than chance, and nothing of why; `certainty`, of its failures together, whether
    they show a block (`timeline.certainty`; empty: nothing settles why). Reports speak by both (`report.ladder`).
    `onset` and `end` are the OBSERVED intervals, `certain_onset` and `certain_end` the CERTAIN ones (99.9 %), where
    they are known; `end` None: still blocked at the last measurement. `onset.earliest` None: since before the first.
    `witnesses` are measurement ids: last good, first bad, the one that confirmed, first good after.
    """

    series: SeriesKey
    state: EpisodeState
    onset: Interval
    certain_onset: Interval | None = None
    suspected_at: float | None = None
    confirmed_at: float | None = None
    end: Interval | None = None
    certain_end: Interval | None = None
    flapping: bool = False
    profile: tuple[tuple[int, int, int], ...] = ()
    phases: tuple[Phase, ...] = ()
    mechanisms: tuple[str, ...] = ()
    certainty: str = ""
    counts: Counts
    witnesses: tuple[str, ...] = ()
