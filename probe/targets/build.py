"""Rows as read from the file to the nouns of `model.target`. Judges nothing and reports nothing.

Rows with mistakes are built as well, with blanks for what is missing, so that their roll-up can still be judged; none
of that leaves `load`, which gives out no list that has mistakes.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from probe.model.target import Endpoint, Role, RollupRule, Target, TargetKind
from probe.targets.expand import CATEGORY, DEFAULT_SOFTWARE, SOFTWARE, checks_of, merged, rollup_of
from probe.targets.records import Row

_OF_TARGET = ("category", "risk", "country", "evidence")


def target_of(kind: TargetKind, row: Row) -> Target | None:
    """The target of a row; None if the roles of its endpoints or its roll-up are not known."""
    default = Role.REFERENCE if kind is TargetKind.REFERENCE else None
    written = [_endpoint(endpoint, default) for endpoint in row.values.get("endpoints", ())]
    known = tuple(endpoint for endpoint in written if endpoint is not None)
    if len(known) < len(written) or not row.whole("endpoints", "rollup", "checks", "software"):
        return None
    is_instance = kind is TargetKind.INSTANCE
    endpoints = merged(_ready_made(row), known) if is_instance else known
    if not endpoints:
        return None
    name = str(row.values.get("id", ""))
    plain = {"category": CATEGORY if is_instance else ""} | {k: row.values[k] for k in _OF_TARGET if k in row.values}
    rollup = _clauses(row) or (rollup_of(endpoints) if is_instance else (RollupRule(),))
    shell = {"id": name, "kind": kind, "name": row.values.get("name", name), "endpoints": (), **plain}
    return msgspec.structs.replace(msgspec.convert(shell, Target), endpoints=endpoints, rollup=rollup)


def _ready_made(row: Row) -> tuple[Endpoint, ...]:
    values: Mapping[str, Any] = row.values
    domain = values.get("domain") or values.get("id") or ""
    checks = values.get("checks") or SOFTWARE[values.get("software", DEFAULT_SOFTWARE)]
    return checks_of(domain, checks, values.get("valid_from"), values.get("valid_to"))


def _clauses(row: Row) -> tuple[RollupRule, ...]:
    return msgspec.convert(row.values.get("rollup", ()), tuple[RollupRule, ...])


def _endpoint(row: Row, default_role: Role | None) -> Endpoint | None:
    """The endpoint of a row, blank where it is unknown; None if its role is."""
    if not row.whole("role") or ("role" not in row.values and default_role is None):
        return None
    expect: Row | None = row.values.get("expect")
    plain = {"id": "", "url": "", "role": default_role} | row.values | {"expect": expect.values if expect else {}}
    return msgspec.convert(plain, Endpoint)
