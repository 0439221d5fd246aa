"""What an outside source says about a block, and how it stands to what we measured. Values only.

A claim is drawn beside our intervals and never mixed into them: it makes no onset, moves none and backs none. Reading
claims is `targets.claims`' work, comparing them `timeline.claims`'. Times are epoch seconds.
"""

from enum import StrEnum

import msgspec

from probe.model.episode import Interval, SeriesKey


class Says(StrEnum):
    """What a source says of the time it gives: a block began or ended then; something was blocked, open, or turned away
    by the server itself then. A report of a block dates the report: that is `blocked`, not `began`."""

    BEGAN = "began"
    ENDED = "ended"
    BLOCKED = "blocked"
    OPEN = "open"
    RESTRICTED = "restricted"


class When(msgspec.Struct, frozen=True, kw_only=True):
    """A time no sharper than the source: it lies in `[first, last]`. `text` is as written, in `zone` (IANA)."""

    text: str
    zone: str
    first: float
    last: float


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of one source. `endpoint` empty: the target as a whole; `networks` empty: all of the country."""

    id: str
    by: str
    says: Says
    target: str
    endpoint: str
    country: str
    networks: tuple[int, ...]
    when: When
    link: str
    evidence: str
    mechanism: str


class ClaimList(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file of claims."""

    claims: tuple[Claim, ...]
    source: str


class Relation(StrEnum):
    """Where a claimed time lies to our interval; `none`: there is no interval of ours to compare with."""

    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"
    NONE = "none"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One claim beside what one vantage point measured.

    `relation` and `by` (seconds, 0 when inside, from the nearer edges) are to `interval`, the CERTAIN onset or end of
    the episode closest in time; `observed_relation` and `observed_by` to its OBSERVED one. `agrees` goes by CERTAIN;
    None: what we measured neither supports the claim nor speaks against it.
    """

    claim: Claim
    series: SeriesKey
    relation: Relation
    by: float
    interval: Interval | None
    observed_relation: Relation
    observed_by: float
    observed: Interval | None
    agrees: bool | None
    because: str
