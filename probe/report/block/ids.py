"""Names that stay: of an event, of an episode, of a page's file. Pure.

An episode is named by its series and its first failed measurement, an event by its country, its day and, where it has
only one, its target. Measurements that come later change neither, unless they come from before.
"""

import hashlib
import re
from collections.abc import Iterable

from probe.model.clock import compact
from probe.model.episode import Episode
from probe.model.event import Event, EventKind

_UNSAFE = re.compile(r"[^a-z0-9.-]+")
SLUG_LENGTH = 80


def slug(name: str) -> str:
    """The name as part of a file name: ASCII, no separators, never hidden; a hash keeps altered names apart."""
    plain = _UNSAFE.sub("-", name.lower()).strip(".-")[:SLUG_LENGTH]
    if plain and plain == name:
        return plain
    tail = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain}-{tail}" if plain else tail


def episode_id(episode: Episode) -> str:
    """`clubhouse/api/sha-ct-AS4134/20210208T110000Z`."""
    key = episode.series
    return f"{key.target}/{key.endpoint}/{key.vantage}-AS{key.asn}/{compact(episode.onset.latest)}"


def event_ids(events: Iterable[Event]) -> dict[str, Event]:
    """Each event by its id, in their order: `wave-cn-20220610`, `clubhouse-cn-20210208`."""
    named: dict[str, Event] = {}
    for one in events:
        subject = "wave" if one.kind is EventKind.WAVE else one.targets[0]
        name = f"{subject}-{one.country.lower()}-{compact(one.first.latest)[:8]}"
        further = sum(other == name or other.startswith(f"{name}.") for other in named)
        named[f"{name}.{further + 1}" if further else name] = one
    return named
