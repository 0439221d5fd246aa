"""Blocks that began together, as a value. Finding them is `timeline.events`' work; showing them `report`'s.

An event says that beginnings stand close in time and no more: neither that one act caused them nor whose it was. Times
are epoch seconds; intervals are half-open on the left, as in `model.episode`, and CERTAIN ones (99.9 %) throughout.
"""

from enum import StrEnum

import msgspec

from probe.model.episode import EpisodeState, Interval, SeriesKey


class EventKind(StrEnum):
    """What an event joins: several targets; one target over several networks; one target, several places of one
    network."""

    WAVE = "wave"
    ROLLOUT = "rollout"
    WITNESSED = "witnessed"


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """One target at one vantage point: when the first of `endpoints` was cut off, and how.

    `state`: `suspected` if this place alone does not carry it and only several places together do. It and `certainty`
    are those of its surest episode.
    """

    vantage: str
    country: str
    asn: int
    target: str
    endpoints: tuple[str, ...]
    onset: Interval
    mechanisms: tuple[str, ...]
    state: EpisodeState
    certainty: str = ""


class NetworkBeginning(msgspec.Struct, frozen=True, kw_only=True):
    """One network in an event: when the first was cut off there, and how; `asn` 0: not declared.

    `rank` counts from 1: a network of a higher rank certainly began after all of the ranks before it; the intervals of
    one rank do not tell its order.
    """

    rank: int
    asn: int
    vantages: tuple[str, ...]
    targets: tuple[str, ...]
    onset: Interval
    mechanisms: tuple[str, ...]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Blocks in one country that began together.

    `first` holds the earliest of the beginnings, `last` the latest. `shared` holds them all if it was one moment; None:
    it was not one. `apart` is how many seconds lie between the first and the last of them, at least and at most.
    `networks` are in the order of the rollout; `series` are the endpoints behind `beginnings`.
    """

    kind: EventKind
    country: str
    first: Interval
    last: Interval
    shared: Interval | None
    apart: tuple[float, float]
    targets: tuple[str, ...]
    networks: tuple[NetworkBeginning, ...]
    beginnings: tuple[Beginning, ...]
    series: tuple[SeriesKey, ...]
