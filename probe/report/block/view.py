"""What a block report says, as data: made once by `build`, then only laid out. Holds no logic; nothing here is escaped.

Sentences and names of columns are already in the language of the page; numbers and times stand beside them, so that a
figure, a table and a sentence cannot differ. Times are epoch seconds; `Moment` and `Span` carry them with their words.
Strings that come from records, claims and notes are as they were recorded: whoever lays them out escapes them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from probe.report.block.drawn import (
    Bracket,
    Cell,
    Flag,
    Grid,
    GridRow,
    Legend,
    Moment,
    Network,
    Outcome,
    Share,
    ShareRow,
    Shares,
    Span,
    Stripe,
    Stripes,
    Tick,
)
from probe.report.ladder import Rung
from probe.report.transcript import Transcript

__all__ = [  # this file is the door to all of the view
    "Alternative", "Block", "Bracket", "Cell", "ClaimRow", "Exhibit", "Fact",
    "File", "Flag", "Grid", "GridRow", "Headline", "Integrity", "Legend",
    "Moment", "Network", "NoteRow", "Numbers", "Onset", "Onsets", "Outcome",
    "Rung", "Scope", "SeriesRow", "Share", "ShareRow", "Shares", "Span",
    "Standing", "Stripe", "Stripes", "Tick", "WholeRow", "Wholes",
]  # fmt: skip


class Standing(StrEnum):
    """What became of an innocent explanation: ruled out; ruled out in some failed measurements only; not ruled out."""

    RULED_OUT = "ruled_out"
    PARTLY = "partly"
    NOT_RULED_OUT = "not_ruled_out"


class Scope(NamedTuple):
    """What the page is about. `kind`: `target` or `event`; `id` as on the command line; `title` for people;
    `slug` is safe in a file name."""

    kind: str
    id: str
    title: str
    slug: str


class Numbers(NamedTuple):
    """The counts that the page rests on, of all its series in its period: `measurements` is the sum of `reached`,
    `failed` (evidence of a block) and `void` (said nothing). References are not counted here."""

    measurements: int
    reached: int
    failed: int
    void: int
    endpoints: int
    networks: int
    vantages: int
    runs: int


class Headline(NamedTuple):
    """`text` is one sentence made from data. `rung` says how sure it is, `title` in words, `certainty` why; `ladder`
    is every rung with its name, lowest first. `intervals` are the two kinds of interval in a sentence; may be empty."""

    text: str
    rung: Rung
    rung_name: str
    title: str
    certainty: str
    ladder: tuple[tuple[Rung, str], ...]
    intervals: str


class Fact(NamedTuple):
    """A line of the fact box; `key` is the same in every language."""

    key: str
    label: str
    value: str


class Onset(NamedTuple):
    """One episode. `last_ok` None: blocked at the first measurement already, so there is no onset, only "before".

    `confirmed_after` is how many failed measurements, and how many seconds, from the first failed one to the one that
    brought it beyond chance. `state` is the ledger's word, `certainty` what its failures carry together; `rung` is made
    of both, `state_name` is its name. `recovered` None: it still stands, `recovered_text` says as of when. `id` is
    stable: it names the series and the first failed measurement.
    """

    id: str
    label: str
    target: str
    endpoint: str
    role: str
    vantage: str
    country: str
    asn: int
    place: str
    state: str
    state_name: str
    rung: Rung
    method: str
    mechanisms: tuple[str, ...]
    certainty: str
    last_ok: Moment | None
    first_blocked: Moment
    observed: Span
    certain: Span | None
    confirmed_at: Moment | None
    confirmed_after: tuple[int, float] | None
    confirmed_text: str
    recovered: Span | None
    certain_recovered: Span | None
    recovered_text: str
    failed: int
    reached: int
    void: int
    flapping: bool
    witnesses: tuple[str, ...]


class Onsets(NamedTuple):
    """The onset table; `columns` are its headings: endpoint, where, last reached, first failed, certain, confirmed
    after, recovered, method, counts."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Onset, ...]
    note: str


class Alternative(NamedTuple):
    """An innocent explanation of the failed measurements: `question`, what became of it, and why, in a sentence that
    holds its counts: in `ruled` of `of` failed measurements it is ruled out."""

    key: str
    question: str
    standing: Standing
    standing_name: str
    because: str
    ruled: int
    of: int


class WholeRow(NamedTuple):
    """How a target stood as a whole from one vantage point, from `since` on until its next row. `first`: so it was at
    its first measurement, which `since` then is. `state` as in `probe run`; `enough`: by its rule it counts as reached,
    blocked endpoints or not; None, and an empty `rollup`: no rule is recorded. `text` says all of it."""

    target: str
    vantage: str
    country: str
    asn: int
    since: Span
    first: bool
    state: str
    blocked: tuple[str, ...]
    failing: tuple[str, ...]
    enough: bool | None
    rollup: str
    required: tuple[str, ...]
    text: str


class Wholes(NamedTuple):
    """Targets as a whole, by the rule of each time. No rows: the records do not say a rule."""

    title: str
    rows: tuple[WholeRow, ...]
    note: str


class Exhibit(NamedTuple):
    """One measurement, told step by step (in English: the words of the record). `kind`: `failed` or `good`; `where` is
    FILE:LINE; `sha256` that of the line as it lies on disk."""

    kind: str
    title: str
    id: str
    when: Moment
    where: str
    sha256: str
    transcript: Transcript


class ClaimRow(NamedTuple):
    """What an outside source says, beside what was measured; never mixed into it."""

    by: str
    says: str
    about: str
    place: str
    when: Span
    relation: str
    agrees: bool | None
    agrees_name: str
    link: str
    evidence: str


class NoteRow(NamedTuple):
    """What a person saw."""

    by: str
    about: str
    vantage: str
    when: Moment
    text: str


class File(NamedTuple):
    """A file of results, named from the folder of results on: the SHA-256 of its bytes, how many measurements of the
    page it holds, and whether one of those is cited."""

    name: str
    sha256: str
    size: int
    measurements: int
    cited: bool


class Integrity(NamedTuple):
    """What the page was made from. `listed` are the files that hold its exhibits and witnesses, then others up to a
    bound; `files` are all; `digest` is the SHA-256 of `sha256sum`'s own lines for all of them, sorted. `unhashed` are
    sources without a file (standard input)."""

    title: str
    text: str
    files: tuple[File, ...]
    listed: tuple[File, ...]
    digest: str
    digest_text: str
    commands: tuple[str, ...]
    unhashed: tuple[str, ...]


class SeriesRow(NamedTuple):
    """One endpoint from one vantage point, in full: its state now and its counts over the page's period. `as_of` is the
    last measurement that said anything; `schedule` the usual seconds between measurements."""

    target: str
    endpoint: str
    role: str
    vantage: str
    country: str
    asn: int
    state: str
    failed: int
    reached: int
    void: int
    first: float
    last: float
    as_of: float | None
    schedule: float


class Block(NamedTuple):
    """A whole page. `series` and `episodes` are all rows behind everything else, for data formats; `onsets` shows the
    first of the episodes, and its note says how many more there are. `labels` are the words that
    renderers place themselves (section titles, column heads), by key; `missing` are sentences on what could not be said
    and why, to be shown and not hidden."""

    lang: str
    zone: str
    scope: Scope
    numbers: Numbers
    headline: Headline
    facts: tuple[Fact, ...]
    stripes: Stripes
    grid: Grid
    onsets: Onsets
    series: tuple[SeriesRow, ...]
    episodes: tuple[Onset, ...]
    shares: Shares | None
    wholes: Wholes
    alternatives: tuple[Alternative, ...]
    exhibits: tuple[Exhibit, ...]
    claims: tuple[ClaimRow, ...]
    notes: tuple[NoteRow, ...]
    missing: tuple[str, ...]
    limits: str
    integrity: Integrity
    labels: Mapping[str, str]
