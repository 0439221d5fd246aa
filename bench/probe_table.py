"""The table that `probe_bench` prints: rows, goals, and how CPU is counted. Measures nothing itself."""

import gc
import resource
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

Work = Callable[[Sequence[str]], int]
"""Does its work on host names and says for how many it succeeded."""


class Goal(NamedTuple):
    """The bound asked for and the one hoped for; `lower`: whether less is better."""

    firm: float
    moonshot: float
    lower: bool = True

    def met(self, value: float) -> str:
        """In words, for the table."""
        for bound, word in ((self.moonshot, "moonshot"), (self.firm, "reached")):
            if value <= bound if self.lower else value >= bound:
                return word
        return "NOT REACHED"


class Row(NamedTuple):
    """One line of the table. Without a goal it is context."""

    what: str
    value: float | None
    unit: str
    goal: Goal | None = None
    note: str = ""


def line(row: Row) -> str:
    """The row as text."""
    if row.value is None:
        return f"  {row.what:<58} {'-':>8}  {row.note}"
    text = f"  {row.what:<58} {row.value:>8.2f} {row.unit:<3}"
    if row.goal is not None:
        sign = "<=" if row.goal.lower else ">="
        text += f" goal {sign} {row.goal.firm:g} ({sign} {row.goal.moonshot:g})  {row.goal.met(row.value)}"
    return f"{text}  {row.note}".rstrip()


def ratio(what: str, these: list[float], those: list[float], goal: Goal | None) -> Row:
    """The median of the ratios within each round."""
    pairs = [a / b for a, b in zip(these, those, strict=True)]
    return Row(what, statistics.median(pairs), "x", goal, spread(pairs))


def spread(values: Sequence[float]) -> str:
    """The smallest and the largest, as a note."""
    return f"[{min(values):.2f} - {max(values):.2f}]"


def whole(work: Work, names: Sequence[str]) -> None:
    """Do the work and see that nothing failed: a failure is quick, and no measurement."""
    done = work(names)
    if done != len(names):
        raise SystemExit(f"a variant reached {done} of {len(names)}: the bench is broken, not slow")


def cpu_of(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of the children that ended meanwhile. Garbage of others is collected before."""
    gc.collect()
    before = _spent()
    work()
    return _spent() - before


def _spent() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
