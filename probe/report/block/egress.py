"""Whether the vantage point may have been on another network than it names, a VPN for one: what the failed measurements
say of the check of its egress, counted, and in words. Pure.

It is ruled out in a measurement whose run found the declared network and no other. Nothing else rules it out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from probe.model.measurement import EgressOutcome
from probe.report.language.catalogue import Catalogue

MOST_WAYS = 8
"""So many different ways of asking are kept; with more of them, the rest is counted and not named."""
UNSAID = ""
"""The outcome of a record that does not say, or says it in words of another version."""
_KNOWN = frozenset(map(str, EgressOutcome))
_OPEN = (*(one for one in EgressOutcome if one is not EgressOutcome.AGREED), UNSAID)


class Way(NamedTuple):
    """By what the declared network was found: `table` and `page` are names, empty where it was not by one."""

    asn: int
    table: str
    page: str


@dataclass
class Egress:
    """Failed measurements by what the check came to, and those that agreed by how it was asked."""

    outcomes: Counter[str] = field(default_factory=Counter)
    ways: Counter[Way] = field(default_factory=Counter)

    @property
    def agreed(self) -> int:
        """In how many it is ruled out that the vantage point was elsewhere."""
        return self.outcomes[EgressOutcome.AGREED]

    def add(self, outcome: str, way: Way) -> None:
        """Count one failed measurement."""
        known = outcome if outcome in _KNOWN else UNSAID
        self.outcomes[known] += 1
        if known == EgressOutcome.AGREED and (way in self.ways or len(self.ways) < MOST_WAYS):
            self.ways[way] += 1


def together(every: Iterable[Egress]) -> Egress:
    """Several counts as one."""
    total = Egress()
    for one in every:
        total.outcomes += one.outcomes
        total.ways += one.ways
    return total


def found(words: Catalogue, egress: Egress) -> str:
    """`AS4134 by the table ip2asn.tsv (12)`: what was found, and how, in how many."""
    told = sorted(egress.ways.items(), key=lambda item: (-item[1], item[0]))
    said = [words.say("egress.way", asn=way.asn, how=_how(words, way), count=count) for way, count in told[:MOST_WAYS]]
    return words.texts["list.between"].join(said)


def _how(words: Catalogue, way: Way) -> str:
    kinds = (("page", way.page), ("table", way.table))
    return words.listed([words.say(f"egress.by_{kind}", name=name) for kind, name in kinds if name])


def open_counts(words: Catalogue, egress: Egress) -> str:
    """In how many it is not ruled out, and why: `3 asked nobody, 2 got no answer`; empty if there are none."""
    return words.texts["list.between"].join(_counts(words, egress))


def _counts(words: Catalogue, egress: Egress) -> Iterator[str]:
    for outcome in _OPEN:
        if count := egress.outcomes[outcome]:
            yield words.say(f"egress.{outcome or 'unsaid'}", count=count)
