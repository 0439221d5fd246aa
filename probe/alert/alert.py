"""What goes out, as values: one alert, and the message that carries the alerts of one run. Deciding is `alerts`' work.

Alerts and messages are also the JSON that a command gets on its standard input; docs/alerts.md describes it.
"""

from enum import StrEnum

import msgspec

MESSAGE_SCHEMA = "probe-alert/1"


class Kind(StrEnum):
    """What is told. `withdrawn`: a suspicion that was told has passed; `resumed`: a watch that was overdue measures."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    UNFIT = "unfit"
    FIT = "fit"
    OVERDUE = "overdue"
    RESUMED = "resumed"


CALLED_OFF: dict[Kind, Kind] = {Kind.FIT: Kind.UNFIT, Kind.RESUMED: Kind.OVERDUE, Kind.WITHDRAWN: Kind.SUSPECTED}
"""What a kind of alert makes needless, if that has not gone out yet: the later one tells the whole story."""


class Between(msgspec.Struct, frozen=True, kw_only=True):
    """`(earliest, latest]`, RFC 3339; `earliest` None: since before the first measurement."""

    earliest: str | None
    latest: str


class Proof(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The measurement that proves an alert: its id, its line (`file` below the results folder), how to look at it."""

    measurement: str
    explain: str
    file: str = ""
    line: int = 0


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that changed. `id` is the same whenever the same measurements are played again.

    `time` is that of the measurement that changed it. `onset` and `end` are the OBSERVED intervals, `certain_*` the
    CERTAIN ones. `runs` counts measurements from the first failure on; `certainty` is what those that failed carry
    together; `rung` is how sure a block is (`report.ladder`), and `raised` that this was told before on a lower one.
    `repeating`: the block comes and goes, and further changes are not told.
    """

    id: str
    kind: Kind
    time: str
    vantage: str
    country: str
    asn: int
    text: str
    target: str = ""
    endpoint: str = ""
    onset: Between | None = None
    certain_onset: Between | None = None
    end: Between | None = None
    certain_end: Between | None = None
    mechanisms: tuple[str, ...] = ()
    certainty: str = ""
    rung: str = ""
    raised: bool = False
    runs: int = 0
    repeating: bool = False
    fitness: str = ""
    proof: Proof | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The alerts of one kind, place and run as one message: a wave of onsets is one message, not a hundred.

    `title` is one line, `text` the whole. `id` is that of its first alert.
    """

    schema: str = MESSAGE_SCHEMA
    id: str
    kind: Kind
    time: str
    vantage: str
    country: str
    asn: int
    title: str
    text: str
    alerts: tuple[Alert, ...]
