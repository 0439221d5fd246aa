"""From the verdicts of endpoints to the state of their target. Pure.

Telemetry never decides: thousands of apps share such hosts. A target is partly blocked while something that decides is
still reached, and the set that is blocked is named; an endpoint that was not measured counts for nothing.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from probe.model.diagnosis import Verdict
from probe.model.target import Need, Role, RollupRule, Target

REACHED = frozenset({Verdict.OK, Verdict.INTERFERED})


class State(StrEnum):
    """The state of a target as its users meet it."""

    OK = "ok"
    PARTLY_BLOCKED = "partly blocked"
    BLOCKED = "blocked"
    DOWN = "down"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"


class Rollup(NamedTuple):
    """A target's state; `blocked` and `failing` are the ids of the endpoints behind it."""

    state: State
    blocked: tuple[str, ...]
    failing: tuple[str, ...]


class Part(NamedTuple):
    """An endpoint as a roll-up sees it. `role` may be a word of another version."""

    id: str
    role: str
    required: bool


def roll_up(target: Target, verdicts: Mapping[str, Verdict]) -> Rollup:
    """The state of `target` from the verdicts of its measured endpoints, by its roll-up rules."""
    return rolled(target.rollup, [Part(e.id, e.role, e.required) for e in target.endpoints], verdicts)


def rolled(rollup: Sequence[RollupRule], parts: Sequence[Part], verdicts: Mapping[str, Verdict]) -> Rollup:
    """The same of a target of which only this is known: its rules, and the endpoints it has."""
    deciding = _deciding(parts, verdicts)
    blocked = tuple(e.id for e in deciding if verdicts[e.id] is Verdict.BLOCKED)
    failing = tuple(e.id for e in deciding if verdicts[e.id] not in REACHED)
    reached = [e for e in deciding if verdicts[e.id] in REACHED]
    if blocked:
        return Rollup(State.PARTLY_BLOCKED if reached else State.BLOCKED, blocked, failing)
    if holds(rollup, parts, verdicts):
        return Rollup(State.OK, (), failing)
    return Rollup(_why(deciding, verdicts), (), failing)


def holds(rollup: Sequence[RollupRule], parts: Sequence[Part], verdicts: Mapping[str, Verdict]) -> bool:
    """Whether enough is reached by the rules, blocked endpoints or not; not, where nothing that decides was measured.

    A target may be partly blocked and this hold: one of twelve addresses is gone, and ten are enough.
    """
    deciding = _deciding(parts, verdicts)
    return bool(deciding) and all(_holds(rule, deciding, verdicts) for rule in rollup)


def _deciding(parts: Sequence[Part], verdicts: Mapping[str, Verdict]) -> list[Part]:
    return [e for e in parts if e.role != Role.TELEMETRY and e.id in verdicts]


def _holds(rule: RollupRule, deciding: list[Part], verdicts: Mapping[str, Verdict]) -> bool:
    group = [e for e in deciding if rule.role is None or e.role == rule.role]
    required = [e for e in group if e.required]
    if rule.need is Need.ALL:
        group = required or group
    reached = sum(verdicts[e.id] in REACHED for e in group)
    needed = {Need.ALL: len(group), Need.ANY: min(1, len(group)), Need.K_OF_N: min(rule.k, len(group))}[rule.need]
    return reached >= needed


def _why(deciding: list[Part], verdicts: Mapping[str, Verdict]) -> State:
    """Why a target that is not blocked is not ok either: the required endpoints tell, or else all of them."""
    told = [verdicts[e.id] for e in deciding if e.required] or [verdicts[e.id] for e in deciding]
    failures = {v for v in told if v not in REACHED} or {v for v in verdicts.values() if v not in REACHED}
    if failures == {Verdict.DOWN}:
        return State.DOWN
    if failures and failures <= {Verdict.RESTRICTED, Verdict.DOWN}:
        return State.RESTRICTED
    return State.UNKNOWN
