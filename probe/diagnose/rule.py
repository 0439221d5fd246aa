"""What a rule is: a row of data with one question. Ids are never renamed; a row's place in its table is its weight.

What no row finds has an `Outcome`: a verdict with an id of its own.
"""

from collections.abc import Callable
from typing import NamedTuple

from probe.diagnose.facts import Facts, Hop
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict


class Hit(NamedTuple):
    """A rule that fired: the observations it rests on, and what it means in one sentence.

    `certainty` is given where the evidence at hand is stronger or weaker than the rule's ordinary one.
    """

    evidence: tuple[int, ...]
    note: str
    certainty: Certainty | None = None


When = Callable[[Facts, Hop], Hit | None]


class Rule(NamedTuple):
    """One row. `when` asks a hop; `comment` says why the rule holds and `source` where that was read or seen."""

    id: str
    layer: Layer
    mechanism: Mechanism | None
    verdict: Verdict
    certainty: Certainty | None
    when: When
    comment: str
    source: str


class Outcome(NamedTuple):
    """A verdict without a mechanism, with the rule that gave it: a server's meaning, a vantage that cannot tell."""

    rule: str
    verdict: Verdict
    note: str
    evidence: tuple[int, ...] = ()
    layer: Layer | None = None
