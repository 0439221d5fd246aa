"""What `probe diff` says, as data: two sides, what stood around them, what changed. Built once, then only drawn. Pure.

Knows whether the same vantage points are compared over time or two with each other; knows no words and no width.
"""

from collections.abc import Mapping
from typing import NamedTuple

from probe.report.diff_gather import Extent, Gathered
from probe.store.pick import Meaning, Pick
from probe.timeline.diff import About, Comparison, Key, Setting, Shift, compare, shifts


class UnpairedError(Exception):
    """The two sides have no vantage point in common, nor is there one on each; the message says what there is."""


class SideView(NamedTuple):
    """One side: what the user called it, what that means, and what it holds of each vantage point that is compared."""

    name: str
    meaning: Meaning
    extents: tuple[Extent, ...]
    settings: Mapping[str, Setting]

    @property
    def runs(self) -> tuple[str, ...]:
        """The ids of its runs."""
        return tuple(run for one in self.extents for run in one.runs)

    @property
    def first(self) -> float:
        """Its first measurement, epoch seconds."""
        return min(one.first for one in self.extents)

    @property
    def last(self) -> float:
        """Its last measurement, epoch seconds."""
        return max(one.last for one in self.extents)

    @property
    def measurements(self) -> int:
        """How many measurements it holds."""
        return sum(one.measurements for one in self.extents)


class DiffView(NamedTuple):
    """A whole comparison. `across`: of two vantage points, whose keys then name none. `left_out` are the vantage points
    that only one side has. `zone` is the IANA zone asked for."""

    zone: str
    a: SideView
    b: SideView
    across: bool
    raw: bool
    left_out: tuple[str, ...]
    shifts: tuple[Shift, ...]
    comparison: Comparison

    @property
    def compared(self) -> int:
        """How many endpoints could be compared, new and gone ones included."""
        return len(self.comparison.changes) + len(self.comparison.unchanged)

    @property
    def differs(self) -> bool:
        """Whether anything changed: a verdict, an endpoint, a certificate, the network of a vantage point.

        Addresses do not count, for content networks rotate them, nor do target lists, software and rules alone.
        """
        found = self.comparison
        moved = any(shift.about == About.NETWORK for shift in self.shifts)
        return bool(found.changes or found.certificates or moved)

    @property
    def one_and_the_same(self) -> bool:
        """Whether both sides hold the same measurements, so that nothing could have changed."""
        return self.a.extents == self.b.extents

    def same(self, about: About) -> bool | None:
        """Whether something around the measurements was the same on both sides; None: not known."""
        if any(shift.about == about for shift in self.shifts):
            return False
        field = _TELLING[about]
        known = (getattr(one, field) for side in (self.a, self.b) for one in side.settings.values())
        return True if all(known) else None


_TELLING = {
    About.NETWORK: "asn",
    About.FITNESS: "fitness",
    About.TARGETS: "target_list",
    About.SOFTWARE: "software",
    About.RULES: "ruleset",
}
"""The field by which one sees whether a setting is known."""


def build(
    picks: tuple[Pick, Pick],
    sides: tuple[Gathered, Gathered],
    *,
    zone: str = "UTC",
    only: frozenset[str] = frozenset(),
    raw: bool = False,
) -> DiffView:
    """The comparison of two gathered sides; `only` are target ids or `target/endpoint`, empty: all.

    Raises UnpairedError.
    """
    shared = sides[0].extents.keys() & sides[1].extents.keys()
    across = not shared
    if across and not len(sides[0].extents) == len(sides[1].extents) == 1:
        raise UnpairedError(_unpaired(picks, sides))
    chosen = [shared or frozenset(side.extents) for side in sides]
    a, b = (
        {_key(key, across): facts for key, facts in side.facts.items() if key.vantage in names and _asked(key, only)}
        for side, names in zip(sides, chosen, strict=True)
    )
    views = [_side(pick, side, names, across) for pick, side, names in zip(picks, sides, chosen, strict=True)]
    around = shifts(views[0].settings, views[1].settings)
    return DiffView(
        zone=zone,
        a=views[0],
        b=views[1],
        across=across,
        raw=raw,
        left_out=tuple(sorted(sides[0].extents.keys() ^ sides[1].extents.keys())) if shared else (),
        shifts=tuple(one for one in around if not (across and one.about == About.NETWORK)),
        comparison=compare(a, b, raw=raw),
    )


def _key(key: Key, across: bool) -> Key:
    return key._replace(vantage="") if across else key


def _asked(key: Key, only: frozenset[str]) -> bool:
    return not only or key.target in only or f"{key.target}/{key.endpoint}" in only


def _side(pick: Pick, side: Gathered, names: frozenset[str] | set[str], across: bool) -> SideView:
    extents = tuple(extent for name, extent in side.extents.items() if name in names)
    settings = {"" if across else name: side.settings[name] for name in sorted(names)}
    return SideView(pick.name, pick.meaning, extents, settings)


def _unpaired(picks: tuple[Pick, Pick], sides: tuple[Gathered, Gathered]) -> str:
    held = (f"{pick.name} is of {', '.join(side.extents)}" for pick, side in zip(picks, sides, strict=True))
    return f"no vantage point is on both sides: {'; '.join(held)}; choose one with --vantage, or name one on each side"
