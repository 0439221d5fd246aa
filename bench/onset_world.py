"""A generator of series with ground truth, for `onset_sim`. Knows what happened; knows nothing of any detector.

A vantage is a handful of endpoints measured by the same runs: a schedule with jitter, lost runs, a gap, a clock that is
off; ordinary failures as a Markov chain (iid or in bursts); blocks, server outages and a vantage outage on top. What a
measurement counts as follows the rule of `probe.timeline.series`: the control notices a server outage, and the
references a vantage outage, all but now and then.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from probe.timeline.series import Evidence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Spell = tuple[float, float]

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
MONTH = 30 * DAY

JITTER = 0.1
LOST_RUN = 0.01
GAP_CHANCE, GAP_SPAN = 0.3, (2.0, 24.0)
SKEW = 30.0
CONTROL_BLIND = 0.005
"""How often the control calls a dead server reached, or a reference a dead vantage fit."""
CONTROL_LOST = 0.02
"""How often the control is unusable: the failure says nothing then."""


class Cell(NamedTuple):
    """One condition. Rates are per measurement; `lasts`, least and greatest length of a spell, in intervals."""

    name: str
    schedule: float
    noise: float
    burst: float = 0.0
    kind: str = "clean"
    rate: float = 1.0
    lasts: tuple[float, float] = (24.0, 24.0)
    endpoints: int = 10
    touched: int = 0
    length: float = MONTH
    begin: float | None = None
    """Where the spell begins, in seconds from the start; None: anywhere in the middle."""


class Sample(NamedTuple):
    """One endpoint: recorded times, what each measurement counts as, whether it failed at all, and the truth."""

    times: Floats
    evidence: NDArray[np.int8]
    failed: Bools
    blocks: list[Spell]
    outages: list[Spell]


def vantage(cell: Cell, rng: np.random.Generator) -> list[Sample]:
    """All endpoints of one vantage; the first `cell.touched` of them are blocked, have outages
    or, of the kind `odd`, fail in bursts."""
    true = _runs(cell, rng)
    recorded = true + rng.uniform(-SKEW, SKEW)
    down = [_spell(cell, rng)] if cell.kind == "vantage_outage" else []
    which = range(cell.endpoints)
    cells = [cell._replace(noise=0.05, burst=0.5) if cell.kind == "odd" and i < cell.touched else cell for i in which]
    return [_endpoint(cells[i], rng, true, recorded, touched=i < cell.touched, vantage_down=down) for i in which]


def _runs(cell: Cell, rng: np.random.Generator) -> Floats:
    steps = int(cell.length / cell.schedule)
    times = (np.arange(steps) + rng.uniform(-JITTER, JITTER, steps)) * cell.schedule
    kept = rng.random(steps) >= LOST_RUN
    if rng.random() < GAP_CHANCE:
        begin = rng.uniform(0, cell.length)
        kept &= ~_within(times, [(begin, begin + rng.uniform(*GAP_SPAN) * cell.schedule)])
    return times[kept]


def _endpoint(
    cell: Cell, rng: np.random.Generator, true: Floats, recorded: Floats, *, touched: bool, vantage_down: list[Spell]
) -> Sample:
    n = true.size
    blocks = _blocks(cell, rng) if touched and cell.kind in BLOCKS else []
    dead = [_spell(cell, rng)] if touched and cell.kind == "server_outage" else []
    blocked, server, offline = (_within(true, spells) for spells in (blocks, dead, vantage_down))
    failed = ordinary(cell, rng, n) | (blocked & (rng.random(n) < cell.rate)) | server | offline
    blind = rng.random(n) < CONTROL_BLIND
    counts = np.where(server | offline, blind, rng.random(n) >= CONTROL_LOST)
    evidence = np.where(failed, np.where(counts, Evidence.BAD, Evidence.VOID), Evidence.GOOD).astype(np.int8)
    return Sample(recorded, evidence, failed, blocks, dead + vantage_down)


def ordinary(cell: Cell, rng: np.random.Generator, n: int) -> Bools:
    """Ordinary failures at the share `cell.noise`: iid, or in geometric bursts (a failure follows with `burst`)."""
    if not cell.noise:
        return np.zeros(n, dtype=np.bool_)
    level = cell.noise
    if not cell.burst:
        return rng.random(n) < level
    start = level * (1 - cell.burst) / (1 - level)
    cycles = int(n * start * 1.5) + 50
    quiet, loud = rng.geometric(start, cycles), rng.geometric(1 - cell.burst, cycles)
    states = np.tile([False, True], cycles)
    chain: Bools = np.repeat(states, np.column_stack((quiet, loud)).ravel())[:n]
    return np.pad(chain, (0, n - chain.size))


BLOCKS = ("block", "office", "flapping")


def _blocks(cell: Cell, rng: np.random.Generator) -> list[Spell]:
    if cell.kind == "office":
        first = rng.integers(3, 8)
        workdays = [day for day in range(first, int(cell.length / DAY) - 2) if day % 7 < 5]
        return [(day * DAY + 9 * HOUR, day * DAY + 18 * HOUR) for day in workdays]
    if cell.kind == "flapping":
        times, spells = rng.uniform(0.1, 0.2) * cell.length, []
        while times < 0.7 * cell.length:
            on, off = (_length(cell, rng) for _ in range(2))
            spells.append((times, times + on))
            times += on + off
        return spells
    return [_spell(cell, rng)]


def _spell(cell: Cell, rng: np.random.Generator) -> Spell:
    """One stretch somewhere in the middle of the series, of log-uniform length."""
    length = _length(cell, rng)
    begin = rng.uniform(0.1 * cell.length, 0.9 * cell.length - length) if cell.begin is None else cell.begin
    return begin, begin + length


def _length(cell: Cell, rng: np.random.Generator) -> float:
    low, high = cell.lasts
    return float(np.exp(rng.uniform(np.log(low), np.log(high)))) * cell.schedule


def _within(times: Floats, spells: list[Spell]) -> Bools:
    inside = np.zeros(times.size, dtype=np.bool_)
    for begin, end in spells:
        inside |= (times >= begin) & (times < end)
    return inside
