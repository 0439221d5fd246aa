"""The path between client and world as a set of rules, and what it remembers: flow numbers and residual blocks.

Decides, from what a flow shows, which effects it meets; carrying them out is `censor`'s. One Path belongs to one
running lab, so rules stay free of state. They may be changed from another thread, being replaced as one tuple.
"""

import time
from collections.abc import Iterable
from typing import NamedTuple

from probe.lab.rule import (
    Alert,
    Blockpage,
    Close,
    Cut,
    Delay,
    Drop,
    Effect,
    ForgeDNS,
    Inject,
    Intercept,
    Lose,
    Reroute,
    Reset,
    Rule,
    Seen,
    Stage,
    Throttle,
    fired,
)  # fmt: skip

_ENDINGS = (Drop, Reset, Close)
_ANSWERS = (Inject, Blockpage)
_SHAPING = (Throttle, Cut, Delay)

SUPPORTED: dict[Stage, tuple[type, ...]] = {
    Stage.IP: (Drop, Reset, Delay, Lose),
    Stage.TCP: (Drop, Reset, Reroute, *_SHAPING),
    Stage.DATA: (*_ENDINGS, *_ANSWERS, Reroute, *_SHAPING),
    Stage.TLS: (*_ENDINGS, *_ANSWERS, Alert, Intercept, Reroute, *_SHAPING),
    Stage.HTTP: (*_ENDINGS, *_ANSWERS, Reroute, *_SHAPING),
    Stage.BODY: _ENDINGS,
    Stage.DNS: (ForgeDNS, *_ENDINGS, Reroute, Delay, Lose),
    Stage.UDP: (Drop, Reroute, Delay, Lose),
    Stage.QUIC: (Drop, Delay, Lose),
}
"""What loopback can carry out: no ICMP, no packet loss inside a TCP connection, and a SYN that is dropped only for a
flow of a certain number is accepted and then met with silence."""

Shaping = Throttle | Cut | Delay | Lose


def supports(rule: Rule) -> bool:
    """Whether a rule can be carried out on loopback."""
    return isinstance(rule.effect, SUPPORTED[rule.match.stage])


class Met(NamedTuple):
    """What a flow meets at one stage: at most one effect that takes it over, and any that shape it."""

    ending: Effect | None = None
    shaping: tuple[Shaping, ...] = ()


class Path:
    """The rules in force, and what the path remembers of its flows."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules: tuple[Rule, ...] = ()
        self._residual: dict[tuple[str, int], tuple[float, Effect]] = {}
        self._flows: dict[tuple[str, int, str], int] = {}
        self.apply(rules)

    def apply(self, rules: Iterable[Rule]) -> None:
        """Replace the rules, forget residual blocks and number flows from 0 again. Raises ValueError for a rule that
        loopback cannot carry out."""
        rules = tuple(rules)
        for rule in rules:
            if not supports(rule):
                stage, effect = rule.match.stage, type(rule.effect).__name__
                raise ValueError(f"rule {rule.id!r}: loopback has no {effect} at stage {stage}; run it on packets")
        self._rules, self._residual, self._flows = rules, {}, {}

    def number(self, address: str, port: int, transport: str) -> int:
        """The number of a new flow among those to the same place, from 0."""
        number = self._flows.get((address, port, transport), 0)
        self._flows[address, port, transport] = number + 1
        return number

    def meet(self, seen: Seen) -> Met:
        """The effects of the rules that fire on this; a trigger with a residual time is remembered."""
        ending: Effect | None = None
        shaping: list[Shaping] = []
        for rule in fired(self._rules, seen):
            if isinstance(rule.effect, Throttle | Cut | Delay | Lose):
                shaping.append(rule.effect)
            elif ending is None:
                ending = rule.effect
                if rule.residual:
                    until = time.monotonic() + rule.residual
                    self._residual[seen.address, seen.port] = until, rule.effect
        if ending is None and seen.stage is Stage.DATA:
            ending = self.residual(seen.address, seen.port)
        return Met(ending, tuple(shaping))

    def residual(self, address: str, port: int) -> Effect | None:
        """The effect that an earlier trigger left behind for this address and port, while it lasts."""
        until, effect = self._residual.get((address, port), (0.0, None))
        return effect if time.monotonic() < until else None

    def at_syn(self, address: str, port: int) -> Effect | None:
        """What a SYN meets before anything listens: Drop or Reset for every flow, or a residual Drop."""
        seen = Seen(Stage.TCP, address, port)
        for rule in fired(self._rules, seen):
            if isinstance(rule.effect, Drop | Reset) and not rule.match.nth:
                return rule.effect
        left = self.residual(address, port)
        return left if isinstance(left, Drop) else None
