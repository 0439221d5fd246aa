"""What a run has learnt of QUIC so far: where it was answered, where it was not whatever the name.

Two uses. The way may carry no QUIC at all (many networks drop UDP/443): one endpoint cannot tell, the run can. And a
place that spoke QUIC for its own name is where another name can be tried. Nothing here is about any one target.
"""

import asyncio
from collections.abc import Collection, Iterable
from typing import NamedTuple

from probe.measure.innocent import RESIDUAL_SECONDS

HOPELESS = 3
"""So many places silent to every name and not one answer in the whole run: offers are not followed up any more."""


class Place(NamedTuple):
    """Where QUIC is spoken: a literal address and a UDP port."""

    address: str
    port: int


class QuicMemory:
    """QUIC in one run. Not the targets' matter: the vantage's."""

    def __init__(self) -> None:
        self._spoke: dict[Place, str] = {}
        self._mute: set[Place] = set()
        self._closed: set[Place] = set()
        self._spent: dict[Place, float] = {}
        self._locks: dict[Place, asyncio.Lock] = {}

    def spoke(self, place: Place, host: str = "") -> None:
        """An answer came from there; to the very name `host`, with proof, if it is given."""
        self._mute.discard(place)
        if host or place not in self._spoke:
            self._spoke[place] = host

    def mute(self, place: Place) -> None:
        """Only silence came from there, to an innocent name too."""
        if place not in self._spoke:
            self._mute.add(place)

    def closed(self, place: Place) -> None:
        """Nobody listens there: a router or the host said so."""
        self._closed.add(place)

    @property
    def hopeless(self) -> bool:
        """Whether asking again is a waste: nobody ever answered, and enough were asked."""
        return not self._spoke and len(self._mute) >= HOPELESS

    @property
    def state(self) -> str:
        """`ok`: somebody answered; `silent`: nobody did, whatever the name; empty: nothing is known."""
        return "ok" if self._spoke else "silent" if self._mute else ""

    def take(self, own: Collection[Place], others: Iterable[Place], now: float) -> Place | None:
        """A place that is not among `own`, of the same family as they, not taken lately; from now on it is.

        One that proved to be another site's, or else one of `others` that is not known to be silent. A forbidden name
        that is tried there may poison it for minutes (residual blocking), so it has a rest after. Seconds.
        """
        families = {":" in place.address for place in own}
        proven = (place for place, host in self._spoke.items() if host)
        likely = (place for place in others if place not in self._mute | self._closed)
        for place in (*proven, *likely):
            fits = place not in own and (":" in place.address) in families
            if fits and now - self._spent.get(place, -RESIDUAL_SECONDS) >= RESIDUAL_SECONDS:
                self._spent[place] = now
                return place
        return None

    def lock(self, place: Place) -> asyncio.Lock:
        """Held while names are compared at a place: two comparisons at once could poison each other."""
        return self._locks.setdefault(place, asyncio.Lock())
