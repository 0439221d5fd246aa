"""What reports make of a young vantage point, whose ordinary failures are hardly known yet (docs/onset.md's table).

    python bench/onset_short.py                  # clean histories: false blocks
    python bench/onset_short.py --blocks         # a block on the second day: missed, delay

Each history is one vantage point from its very first run on. `detect` sees all of it at once, with the noise learnt
from the same few measurements, as a report does. Failures are those of the record, that is after the retries: a
two-state chain at 0.1 to 5 %, alone or in bursts (a failure follows a failure with 0.43, as in `alert_noise`).
"""

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from onset_world import DAY, HOUR, MINUTE, Bools

from probe.timeline.noise import learn
from probe.timeline.onset import detect

KINDS = {
    "1 % lone": (0.01, 0.01),
    "5 % lone": (0.05, 0.05),
    "0.1 % bursts": (0.0006, 0.43),
    "1 % bursts": (0.006, 0.43),
    "5 % bursts": (0.03, 0.43),
}
CALM = {"0 %": (0.0, 0.0)}
SCHEDULES = {"10 min": 10 * MINUTE, "1 h": HOUR}
LENGTHS = {"6 h": 0.25, "1 day": 1, "3 days": 3, "1 week": 7, "2 weeks": 14, "1 month": 30}
"""In days."""
VANTAGES = (5, 20, 170)
RATES = {"full": 1.0, "partial 60 %": 0.6}
ONSET, LASTED = 1.5 * DAY, 48
"""When the block begins, seconds from the first run, and after how many measurements of it the report is made."""
BATCHES = 40
"""How many batches a condition is cut into, at least."""


class Cell(NamedTuple):
    """One condition: the chain's two numbers, seconds between measurements, how many of them, endpoints together.

    `rate`: how often a block from ONSET on fails, of every tenth endpoint (one at least); 0: no block.
    """

    start: float
    follow: float
    schedule: float
    steps: int
    endpoints: int
    rate: float = 0.0


class Told(NamedTuple):
    """What reports said: false confirmations and suspicions; of each block the delay in intervals, None if missed."""

    series: int = 0
    confirmed: int = 0
    suspected: int = 0
    delays: tuple[float | None, ...] = ()


def failures(cell: Cell, vantages: int, rng: np.random.Generator) -> Bools:
    """Ordinary failures: endpoint x measurement, each row a chain begun in its long-run share."""
    draws = rng.random((cell.steps, vantages * cell.endpoints))
    share = cell.start / (1 - cell.follow + cell.start)
    bad = draws < share
    for i in range(1, cell.steps):
        bad[i] = draws[i] < np.where(bad[i - 1], cell.follow, cell.start)
    return bad.T.copy()


def simulate(cell: Cell, vantages: int, seed: tuple[int, ...]) -> Told:
    """So many vantage points of a condition, each judged by itself."""
    rng = np.random.default_rng(seed)
    bad, touched = failures(cell, vantages, rng), max(cell.endpoints // 10, 1) if cell.rate else 0
    times, onset = np.arange(cell.steps, dtype=np.float64) * float(cell.schedule), int(ONSET / cell.schedule)
    confirmed = suspected = 0
    delays: list[float | None] = []
    for mine in bad.reshape(vantages, cell.endpoints, cell.steps):
        if touched:
            mine[:touched, onset:] |= rng.random((touched, cell.steps - onset)) < cell.rate
        noise = learn(mine)
        for i, one in enumerate(mine):
            spans = detect(times, one, cell.schedule, noise)
            if i < touched:
                at = [span.confirmed for span in spans if span.confirmed is not None and span.confirmed >= onset]
                delays.append(at[0] - onset + 1 if at else None)
            else:
                confirmed += sum(span.confirmed is not None for span in spans)
                suspected += sum(span.confirmed is None for span in spans)
    return Told(vantages * (cell.endpoints - touched), confirmed, suspected, tuple(delays))


def run(cell: Cell, series: int, seed: tuple[int, ...], pool: ProcessPoolExecutor) -> Told:
    """At least so many series (with a block, if there is one), a batch of vantage points a task."""
    each = max(cell.endpoints // 10, 1) if cell.rate else cell.endpoints
    vantages = -(-series // each)
    batch = max(1, min(-(-vantages // BATCHES), 4_000_000 // (cell.steps * cell.endpoints)))
    seeds = [(*seed, i) for i in range(-(-vantages // batch))]
    told = list(pool.map(partial(simulate, cell, batch), seeds, chunksize=max(1, len(seeds) // 16)))
    return Told(
        sum(one.series for one in told),
        sum(one.confirmed for one in told),
        sum(one.suspected for one in told),
        tuple(delay for one in told for delay in one.delays),
    )


def clean(scale: float) -> Iterator[tuple[str, Cell, int]]:
    """Every clean condition and how many series of it: enough for 2,000 series-months, at most 20,000 series."""
    for every, schedule in SCHEDULES.items():
        for size in VANTAGES:
            for kind, (start, follow) in KINDS.items():
                for length, days in LENGTHS.items():
                    cell = Cell(start, follow, schedule, int(days * DAY / schedule), size)
                    series = min(2000 * 30 / days, 20_000)
                    yield f"{every} | {size} | {kind} | {length}", cell, int(series * scale)


def blocked(scale: float) -> Iterator[tuple[str, Cell, int]]:
    """A block that begins at noon of the second day, reported LASTED measurements later."""
    for every, schedule in SCHEDULES.items():
        for size in VANTAGES:
            for kind, (start, follow) in {**CALM, **KINDS}.items():
                for name, rate in RATES.items():
                    cell = Cell(start, follow, schedule, int(ONSET / schedule) + LASTED, size, rate)
                    yield f"{every} | {size} | {kind} | {name}", cell, int(1000 * scale)


def quantile(delays: list[float], q: float) -> str:
    return f"{np.quantile(delays, q):.0f}" if delays else ""


def main() -> None:
    """Print every condition as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2021)
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the numbers of series")
    parser.add_argument("--blocks", action="store_true", help="blocks instead of clean histories")
    parser.add_argument("--only", default="", help="only conditions whose name contains this")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    options = parser.parse_args()
    began = time.perf_counter()
    plans = enumerate((blocked if options.blocks else clean)(options.scale))
    tail = "missed | delay, median | 90 % |" if options.blocks else "confirmed | suspected |"
    head = f"| every | endpoints | noise | {'block' if options.blocks else 'length'} | series | {tail}"
    print(f"{head}\n|{'---|' * (head.count('|') - 1)}")
    with ProcessPoolExecutor(options.jobs) as pool:
        for number, (name, cell, series) in plans:
            if options.only not in name:
                continue
            told = run(cell, series, (options.seed, number), pool)
            late = [delay for delay in told.delays if delay is not None]
            missed = len(told.delays) - len(late)
            ends = f"{missed} | {quantile(late, 0.5)} | {quantile(late, 0.9)} |"
            ends = ends if options.blocks else f"{told.confirmed} | {told.suspected} |"
            print(f"| {name} | {len(told.delays) or told.series} | {ends}", flush=True)
    print(f"\nseed {options.seed}, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
