"""Where the measurements of a target came from: by which software, rules, list and addresses, counted. Pure.

Nearly all lines of a file say the same of this, so they are counted together first and told apart once.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

DISTINCT = 8
"""So many different values of one fact (software, lists, resolvers) are kept; more are counted by being cut."""
TOGETHER = 1000
"""So many different origins are held apart at once."""


class Software(msgspec.Struct, frozen=True):
    """What measured, as a line says it."""

    name: str = ""
    version: str = ""
    python: str = ""
    openssl: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version} (Python {self.python}, {self.openssl})"


class From(NamedTuple):
    """What one line says of where it is from."""

    target: str
    endpoint: str
    input: str
    software: Software
    rules: str
    list: str
    network: str


@dataclass
class Origin:
    """Where the measurements of one target came from: their software, rules, lists and addresses, each with counts."""

    software: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)
    networks: Counter[str] = field(default_factory=Counter)
    inputs: dict[str, str] = field(default_factory=dict)


def settle(said: Mapping[From, int], origins: dict[str, Origin]) -> None:
    """Add these counts to the origins of targets, in the order they came in."""
    for one, count in said.items():
        origin = origins.setdefault(one.target, Origin())
        _count(origin.software, str(one.software), count)
        _count(origin.rules, one.rules, count)
        _count(origin.lists, one.list, count)
        _count(origin.networks, one.network, count)
        if len(origin.inputs) < DISTINCT * DISTINCT:
            origin.inputs.setdefault(one.endpoint, one.input)


def _count(counter: Counter[str], value: str, count: int) -> None:
    if value and (value in counter or len(counter) < DISTINCT):
        counter[value] += count
