"""Figures and grid of a block report as data, and the times all of it is told in. No logic; nothing is escaped.

A part of the view (`view`), which is the door to all of it.
"""

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What a tick of the stripe chart says. Shape and colour go by it alone.

    `reached`, `failed` and `tampered` (reached, but the path interfered) are evidence; `restricted`: the server itself
    turned the client away; `down`: the control failed as well; `unproven`: failed, but neither control nor reference
    backs it; `unfit`: the vantage could not measure; `mixed`: several measurements of one cell that differ.
    """

    REACHED = "reached"
    FAILED = "failed"
    TAMPERED = "tampered"
    RESTRICTED = "restricted"
    DOWN = "down"
    UNPROVEN = "unproven"
    UNFIT = "unfit"
    MIXED = "mixed"


class Moment(NamedTuple):
    """A time: epoch seconds; `utc` and `local` worded with date and zone (equal if the zone is UTC); `text` both."""

    at: float
    utc: str
    local: str
    text: str


class Span(NamedTuple):
    """A stretch `(earliest, latest]`, rounded outwards in every wording. `earliest` None: since before `latest`."""

    earliest: float | None
    latest: float
    utc: str
    local: str
    text: str


class Tick(NamedTuple):
    """One mark of a stripe: a measurement at `first` (= `last`, `size` 1), or a cell of several, from `first` to
    `last`. `failed` and `reached` are of the `size` measurements; `mechanism` and `id` are empty in a cell of several.
    """

    first: float
    last: float
    outcome: Outcome
    size: int
    failed: int
    reached: int
    mechanism: str
    id: str


class Bracket(NamedTuple):
    """An onset or an end to shade: OBSERVED `(earliest, latest]` and CERTAIN (99.9 %), where there is one."""

    observed: Span
    certain: Span | None
    confirmed: bool


class Stripe(NamedTuple):
    """A row of the stripe chart: one endpoint from one vantage point, or (`endpoints` > 1) several together.

    `gaps` are stretches in which nothing was measured, to hatch: nothing is drawn through them. `unfit` are stretches
    of runs in which the vantage could not measure, to grey. Ticks are in order of time and never overlap.
    """

    label: str
    place: str
    role: str
    state: str
    state_name: str
    endpoints: int
    ticks: tuple[Tick, ...]
    onsets: tuple[Bracket, ...]
    ends: tuple[Bracket, ...]
    gaps: tuple[Span, ...]
    unfit: tuple[Span, ...]
    summary: str


class Flag(NamedTuple):
    """A claim on the time axis, as long as its source is unsharp. `agrees` None: what was measured does not tell."""

    when: Span
    by: str
    text: str
    agrees: bool | None


class Legend(NamedTuple):
    """An outcome that occurs in the figure, and its name."""

    outcome: Outcome
    name: str


class Stripes(NamedTuple):
    """Figure A. The axis runs from `first` to `last` (epoch seconds), UTC below and `zone` above (IANA name,
    `zone_name` for people; equal to UTC if nothing else was asked for). `cell` is 0 when each tick is one measurement,
    otherwise the seconds of one cell; `note` then says so, and how many series are not drawn. `alt` tells the whole
    figure in words, for those who cannot see it. `legend` are the outcomes that occur, `names` all there are.
    """

    title: str
    alt: str
    first: float
    last: float
    zone: str
    zone_name: str
    cell: float
    rows: tuple[Stripe, ...]
    flags: tuple[Flag, ...]
    legend: tuple[Legend, ...]
    names: tuple[Legend, ...]
    note: str


class Share(NamedTuple):
    """A cell of a small multiple: of `telling` measurements from `first` to `last`, `failed` failed. `telling` 0:
    nothing was learnt then, and nothing is drawn."""

    first: float
    last: float
    failed: int
    telling: int


class ShareRow(NamedTuple):
    """One vantage point: cells on an axis that all of them share."""

    place: str
    asn: int
    cells: tuple[Share, ...]


class Shares(NamedTuple):
    """The share that failed, by vantage point; None on a page with fewer than three of them."""

    title: str
    alt: str
    first: float
    last: float
    rows: tuple[ShareRow, ...]


class Network(NamedTuple):
    """A column of the table: `AS4134`, its country, and from where it was measured."""

    label: str
    asn: int
    country: str
    vantages: tuple[str, ...]


class Cell(NamedTuple):
    """One endpoint on one network: its state now, how it is blocked if it is, and counts over the page's period."""

    state: str
    state_name: str
    method: str
    certainty: str
    failed: int
    reached: int
    void: int
    text: str


class GridRow(NamedTuple):
    """One endpoint: a cell a network, None where it was not measured."""

    label: str
    role: str
    role_name: str
    cells: tuple[Cell | None, ...]


class Grid(NamedTuple):
    """The table endpoints x networks."""

    title: str
    head: str
    networks: tuple[Network, ...]
    rows: tuple[GridRow, ...]
    note: str
