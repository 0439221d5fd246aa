"""What is measured: targets and their endpoints. Knows no file format (`targets/load`) and no plan (`measure/plan`)."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec


class TargetKind(StrEnum):
    """What a target is: an app with several hosts, one server of a network, or a harmless place with a known answer."""

    APP = "app"
    INSTANCE = "instance"
    REFERENCE = "reference"


class Role(StrEnum):
    """What an endpoint is for, in its target. `telemetry` never decides a target's verdict."""

    API = "api"
    WEB = "web"
    CDN = "cdn"
    MEDIA = "media"
    REALTIME = "realtime"
    STREAMING = "streaming"
    STATUS = "status"
    STORE = "store"
    TELEMETRY = "telemetry"
    NODEINFO = "nodeinfo"
    REFERENCE = "reference"


class Risk(StrEnum):
    """Risk to the person whose connection measures this. `high` is measured only on explicit consent."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Need(StrEnum):
    """How many endpoints of a group must be reached for the group to be reached."""

    ALL = "all"
    ANY = "any"
    K_OF_N = "k_of_n"


class RollupRule(msgspec.Struct, frozen=True, kw_only=True):
    """One clause of a roll-up: of the endpoints with `role` (None: all that decide), `need` must be reached."""

    role: Role | None = None
    need: Need = Need.ALL
    k: int = 0


_NEEDS: dict[str, Need] = {Need.ALL: Need.ALL, Need.ANY: Need.ANY}
LONGEST_ROLLUP = 300
"""Characters of a spelt roll-up: every role with a number takes fewer."""


def spelt_rollup(rollup: Sequence[RollupRule]) -> str:
    """A roll-up as a record holds it: clauses with a space between, `api:all web:any realtime:10`, or just `all`.

    A number is a `k_of_n`. No comma is ever in it. `rollup_spelt` reads it back.
    """
    needs = (str(rule.k) if rule.need is Need.K_OF_N else rule.need.value for rule in rollup)
    return " ".join(f"{rule.role}:{need}" if rule.role else need for rule, need in zip(rollup, needs, strict=True))


def rollup_spelt(text: str) -> tuple[RollupRule, ...] | None:
    """The roll-up that a record spells; None for an empty one (not recorded) and for words of another version."""
    clauses = [_clause(word) for word in text.split(" ")] if 0 < len(text) <= LONGEST_ROLLUP else [None]
    known = tuple(clause for clause in clauses if clause is not None)
    return known if len(known) == len(clauses) else None


def _clause(word: str) -> RollupRule | None:
    role, colon, need = word.rpartition(":")
    if (colon and role not in set(Role)) or (not colon and role):
        return None
    of = Role(role) if colon else None
    if need in _NEEDS:
        return RollupRule(role=of, need=_NEEDS[need])
    counted = need.isascii() and need.isdigit() and len(need) < 6 and int(need) > 0
    return RollupRule(role=of, need=Need.K_OF_N, k=int(need)) if counted else None


class Expect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer that proves an endpoint is itself. Everything given must hold; nothing given: any HTTP answer will do.

    `body` is the exact decoded body; `contains` a part of it; `json_has` dotted paths that must exist;
    `json_equals` dotted paths with their exact value; `json_type` the type of the whole document.
    """

    status: tuple[int, ...] = ()
    body: str | None = None
    contains: str | None = None
    json_has: tuple[str, ...] = ()
    json_equals: dict[str, str | int | bool] = {}
    json_type: str | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a target needs.

    `url` is `https://`, `http://`, `tcp://host:port`, `dns://name` or `quic://host:port`. `valid_from` and `valid_to`
    are ISO dates (inclusive, exclusive) outside which it is not measured. `evidence` says where it was read.
    """

    id: str
    role: Role
    url: str
    required: bool = False
    expect: Expect = Expect()
    valid_from: str | None = None
    valid_to: str | None = None
    evidence: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An app, an instance or a reference. `id` is a name, never an address, and stays for ever.

    `country` (ISO 3166-1 alpha-2) is where a reference or platform is at home: a reference is *domestic* for a vantage
    of the same country and *foreign* for every other.
    """

    id: str
    kind: TargetKind
    name: str
    endpoints: tuple[Endpoint, ...]
    rollup: tuple[RollupRule, ...] = (RollupRule(),)
    category: str = ""
    risk: Risk = Risk.LOW
    country: str = ""
    evidence: str = ""


class TargetList(msgspec.Struct, frozen=True, kw_only=True):
    """A whole target list. `sha256` is of the file's bytes, so that two runs can tell whether they asked the same."""

    targets: tuple[Target, ...]
    source: str
    sha256: str
