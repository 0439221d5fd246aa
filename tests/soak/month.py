"""A month of a watch, made by a script with a hand-wound clock: what is true, what was measured of it, what befell it.

The truth is written down here before anything of the probe sees it: what an onset must be is computed from the script
and from which measurements reached the disk, never from what the probe says.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from probe.model.clock import rfc3339
from tests.store.records import T0

EVERY = 1200.0
DAY = 86400.0
SLOTS = int(30 * DAY / EVERY)
NAMES = ("clubhouse/api", "clubhouse/web", "alive.bar/web", "m.cmx.im/web", "douchi.space/web", "quiet/web")
NOISE = 0.02


def slot(day: float) -> int:
    """The slot at that day of the month."""
    return int(day * DAY / EVERY)


class Stretch(NamedTuple):
    """Slots `[first, last)`."""

    first: int
    last: int

    def holds(self, at: int) -> bool:
        return self.first <= at < self.last


class Block(NamedTuple):
    """An endpoint is cut off during these slots; `sign` as in `tests.alert.story`."""

    name: str
    when: Stretch
    sign: str


BLOCKS = (
    Block("clubhouse/api", Stretch(slot(4.02), SLOTS), "!"),
    Block("clubhouse/web", Stretch(slot(14.02), SLOTS), "#"),
    Block("alive.bar/web", Stretch(slot(6.52), slot(9.3)), "#"),
    Block("m.cmx.im/web", Stretch(slot(6.52), slot(8.7)), "#"),  # with the one above: a wave
    Block("m.cmx.im/web", Stretch(slot(20.1), slot(22.4)), "!"),
)
DOWN = {"douchi.space/web": Stretch(slot(5), slot(7)), "quiet/web": Stretch(slot(25), slot(25.5))}
OFFLINE = (Stretch(slot(2), slot(2.3)), Stretch(slot(11), slot(11.6)), Stretch(slot(21), slot(21.2)))
SUSPENDED = (Stretch(slot(3.1), slot(3.4)), Stretch(slot(16), slot(18)))
STUCK = Stretch(slot(23.5), slot(23.9))
"""The watch lives and cannot measure: the folder is locked by another."""
AHEAD = ((Stretch(slot(10), slot(10.3)), 7200.0), (Stretch(slot(19), slot(19.4)), 9 * 365 * DAY))
"""The clock is wrong by so many seconds, and the references say so."""
OFF_BY = ((Stretch(slot(12), slot(13)), 200.0),)
"""Too little for the references to notice."""


class Measured(NamedTuple):
    """One measurement that reached the disk: the slot, the time written down, the sign."""

    slot: int
    wall: float
    sign: str


@dataclass
class Month:
    """The script. `measured` fills as lines reach the disk; `dice` are the same for the same seed."""

    seed: int
    measured: dict[str, list[Measured]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - a script, no secret
        self.kills = frozenset(self.dice.sample(range(50, SLOTS), 40))
        self.unlucky = {
            (name, at) for name in NAMES for at in range(SLOTS) if self.dice.random() < NOISE and self._calm(name, at)
        }

    def slots(self) -> Iterator[int]:
        """Those in which the machine runs."""
        yield from (at for at in range(SLOTS) if not any(stretch.holds(at) for stretch in SUSPENDED))

    def true_time(self, at: int) -> float:
        return T0 + at * EVERY

    def wall(self, at: int) -> float:
        """What the clock shows at the beginning of a slot."""
        return self.true_time(at) + sum(off for stretch, off in (*AHEAD, *OFF_BY) if stretch.holds(at))

    def sign(self, name: str, at: int) -> str:
        """What a measurement in that slot sees: `c` stands for a reached one while the clock is wrong."""
        if any(stretch.holds(at) for stretch in OFFLINE):
            return "x"
        blocked = next((block.sign for block in BLOCKS if block.name == name and block.when.holds(at)), None)
        if blocked:
            return blocked
        if name in DOWN and DOWN[name].holds(at):
            return "o"
        return "#" if (name, at) in self.unlucky else "."

    def clock_wrong(self, at: int) -> bool:
        return any(stretch.holds(at) for stretch, _ in AHEAD)

    def tells(self, one: Measured) -> bool:
        """Whether a measurement is evidence: no outage, and a failure only from a fit vantage or by an artefact."""
        if one.sign in "ox":
            return False
        return one.sign in ".!" or not self.clock_wrong(one.slot)

    def expected_onsets(self) -> list[tuple[str, str, str]]:
        """Endpoint, last measurement that was fine, first that was not."""
        return sorted((block.name, *self._edge(block.name, block.when.first)) for block in BLOCKS)

    def expected_ends(self) -> list[tuple[str, str, str]]:
        """Endpoint, last measurement that failed, first that was fine, of the blocks that ended."""
        ended = [block for block in BLOCKS if block.when.last < SLOTS]
        return sorted((block.name, *self._edge(block.name, block.when.last)) for block in ended)

    def _edge(self, name: str, at: int) -> tuple[str, str]:
        told = [one for one in self.measured[name] if self.tells(one)]
        before = [one for one in told if one.slot < at][-1]
        after = next(one for one in told if one.slot >= at)
        return rfc3339(before.wall), rfc3339(after.wall)

    def _calm(self, name: str, at: int) -> bool:
        """Noise keeps a dozen slots away from the edges: beside them, which failure is the block's is not decidable."""
        edges = [edge for block in BLOCKS if block.name == name for edge in block.when]
        return all(abs(at - edge) > 12 for edge in edges)
