"""How well the evidence ledger dates blocks, against ground truth and beside four baselines (docs/onset.md's table).

    python bench/onset_sim.py                      # the full table, some minutes on two cores
    python bench/onset_sim.py --quick --seed 7     # a twentieth of it, another world

Every figure comes from `onset_world` (truth) and `probe.timeline.onset.detect`, the same kernel that reports use, with
the noise learnt per vantage as reports learn it. The baselines see the same evidence, that is with the rule that keeps
outages out; a row of their own shows them without it.
"""

import argparse
import importlib.util
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from onset_baselines import Found, hourly_cusum, pelt, three_in_a_row, viterbi
from onset_figures import HEAD, LEDGER, SUSPECTED, pooled, row, summary
from onset_score import Tally, score
from onset_world import DAY, HOUR, MINUTE, SKEW, Bools, Cell, Floats, Sample, vantage

from probe.model.episode import Interval
from probe.timeline.flapping import chains
from probe.timeline.noise import Noise, learn
from probe.timeline.onset import detect, widened
from probe.timeline.series import Evidence

Detector = Callable[[Floats, Bools], list[Found]]

BASELINES: dict[str, Detector] = {"three in a row": three_in_a_row, "hourly CUSUM": hourly_cusum, "Viterbi": viterbi}
if importlib.util.find_spec("ruptures"):
    BASELINES["PELT"] = pelt

SCHEDULES = {"10 min": 10 * MINUTE, "1 h": HOUR, "1 day": DAY}
NOISES = {"0 %": (0.0, 0.0), "1 %": (0.01, 0.0), "5 %": (0.05, 0.0), "5 % bursts": (0.05, 0.5)}
CLEAN_ONLY = {"20 %": (0.2, 0.0), "20 % bursts": (0.2, 0.5)}


class Plan(NamedTuple):
    """A condition, how many endpoints to simulate, and how many of them the slow baselines see."""

    cell: Cell
    endpoints: int
    beside: int


def ledger(times: Floats, bad: Bools, schedule: float, noise: Noise) -> tuple[list[Found], list[Found]]:
    """What the ledger confirms, widened and, where it flaps, put together as reports print it; and all it suspects."""
    spans = [widened(span, SKEW, schedule) for span in detect(times, bad, schedule, noise)]
    confirmed, suspected = [], []
    for chain in chains(spans, schedule):
        first, last = chain[0], chain[-1]
        at = float(times[first.suspected if first.confirmed is None else first.confirmed])
        found = Found(first.onset, last.end, at, first.certain_onset, last.certain_end)
        suspected.append(found)
        confirmed += [found] if first.confirmed is not None else []
    return confirmed, suspected


def simulate(cell: Cell, beside: bool, seed: tuple[int, ...]) -> Tally:
    """One vantage: every endpoint through the ledger, and through the baselines if `beside`."""
    samples = vantage(cell, np.random.default_rng(seed))
    telling = [(sample.times[keep], (sample.evidence == Evidence.BAD)[keep]) for sample, keep in _told(samples)]
    noise = learn(bad for _, bad in telling)
    tally = Tally(defaultdict(int), defaultdict(int), defaultdict(list))
    for sample, (times, bad) in zip(samples, telling, strict=True):
        for name, found in zip((LEDGER, SUSPECTED), ledger(times, bad, cell.schedule, noise), strict=True):
            score(tally, name, sample, cell, found)
        for name, detector in BASELINES.items() if beside else ():
            score(tally, name, sample, cell, detector(times, bad))
            if sample.outages:
                score(tally, name + " without the rule", sample, cell, detector(sample.times, sample.failed))
    return tally


def _told(samples: list[Sample]) -> list[tuple[Sample, Bools]]:
    return [(sample, sample.evidence != Evidence.VOID) for sample in samples]


def plans(scale: float) -> dict[str, list[Plan]]:
    """All conditions by section of the table; `scale` multiplies the numbers of endpoints."""
    sections: dict[str, list[Plan]] = defaultdict(list)

    def add(section: str, cell: Cell, endpoints: int, beside: int) -> None:
        sections[section].append(Plan(cell, max(int(endpoints * scale), 40), max(int(beside * scale), 20)))

    for every, schedule in SCHEDULES.items():
        length = (365 if every == "1 day" else 30) * DAY
        for label, (noise, burst) in {**NOISES, **CLEAN_ONLY}.items():
            many = 1000 if label in CLEAN_ONLY or noise < 0.05 or every == "1 day" else 10_000
            add("clean", Cell(f"{every}, {label}", schedule, noise, burst, length=length), many, 300)
        if every != "1 day":
            odd = Cell(f"{every}, 3 of 10 endpoints fail in bursts", schedule, 0.002, 0, "odd", touched=3)
            add("clean", odd, 5000, 300)
        longest = 0.3 * length / schedule
        for label, (noise, burst) in NOISES.items():
            for kind, rate in (("full", 1.0), ("leaky 98.5 %", 0.985), ("partial 60 %", 0.6)):
                name = f"{every}, {label}, {kind}"
                cell = Cell(name, schedule, noise, burst, "block", rate, (24, longest), touched=4, length=length)
                add("lasting", cell, 2500, 150)
        if every != "1 day":
            for kind, rate in (("full", 1.0), ("partial 60 %", 0.6)):
                name = f"{every}, 5 %, {kind}"
                add("24 intervals", Cell(name, schedule, 0.05, 0, "block", rate, (24, 24), touched=4), 2500, 150)
                add("2-12 intervals", Cell(name, schedule, 0.05, 0, "block", rate, (2, 12), touched=4), 1000, 150)
            for kind in ("server_outage", "vantage_outage"):
                touched = 4 if kind == "server_outage" else 0
                cell = Cell(f"{every}, 5 %, {kind}", schedule, 0.05, 0, kind, 1, (6, 144), touched=touched)
                add("outages", cell, 5000, 300)
            add("office hours", Cell(f"{every}, 1 %", schedule, 0.01, 0, "office", touched=4), 500, 100)
            flapping = Cell(f"{every}, 1 %", schedule, 0.01, 0, "flapping", 1, (12, 48), touched=4)
            add("flapping", flapping, 500, 100)
    return dict(sections)


def run(plan: Plan, seed: int, number: int, pool: ProcessPoolExecutor) -> Tally:
    """Simulate one plan, a vantage a task, the baselines beside the first of them."""
    vantages = -(-plan.endpoints // plan.cell.endpoints)
    beside = -(-plan.beside // plan.cell.endpoints)
    tallies: list[Tally] = []
    for side in (True, False):
        seeds = [(seed, number, i) for i in range(vantages) if (i < beside) == side]
        tallies += pool.map(partial(simulate, plan.cell, side), seeds, chunksize=max(1, len(seeds) // 40))
    return pooled(tallies)


def rollout(seed: tuple[int, ...], stagger: float) -> tuple[int, int, int]:
    """One app blocked on four networks, `stagger` intervals apart: pairs in the right order, wrong, not told apart.

    Two onsets are told apart when their CERTAIN intervals do not meet.
    """
    rng = np.random.default_rng(seed)
    onsets: list[Interval | None] = []
    for i in range(4):
        cell = Cell("rollout", HOUR, 0.01, 0, "block", 1, (72, 200), 5, 1, begin=(200 + i * stagger) * HOUR)
        samples = vantage(cell, rng)
        telling = [(sample.times[keep], (sample.evidence == Evidence.BAD)[keep]) for sample, keep in _told(samples)]
        found, _ = ledger(*telling[0], cell.schedule, learn(bad for _, bad in telling))
        onsets.append(found[0].certain_onset if found else None)
    right = wrong = open_ = 0
    for i, first in enumerate(onsets):
        for second in onsets[i + 1 :]:
            if first is None or second is None or first.earliest is None or second.earliest is None:
                open_ += 1
            elif first.latest <= second.earliest:
                right += 1
            elif second.latest <= first.earliest:
                wrong += 1
            else:
                open_ += 1
    return right, wrong, open_


def rollouts(scale: float, seed: int) -> None:
    """Print how often the order of a rollout is told."""
    print("\n| rollout over four networks, 1 h, 1 % | right order | wrong | not told apart |\n|---|---|---|---|")
    for stagger in (1, 3, 6):
        told = np.sum([rollout((seed, stagger, i), stagger) for i in range(max(int(200 * scale), 5))], axis=0)
        print(f"| {stagger} h apart | {told[0]} | {told[1]} | {told[2]} |")


def main() -> None:
    """Print the summary, and with --details every condition, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2021, help="another seed, another world (default 2021)")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the endpoints")
    parser.add_argument("--only", default="", help="only sections whose name contains this")
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the numbers of endpoints")
    parser.add_argument("--alone", action="store_true", help="the ledger without the baselines")
    parser.add_argument("--details", action="store_true", help="a line for every condition as well")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    options = parser.parse_args()
    scale = options.scale / (20 if options.quick else 1)
    if options.alone:
        BASELINES.clear()
    began, number = time.perf_counter(), 0
    results: dict[str, list[tuple[Cell, Tally]]] = defaultdict(list)
    with ProcessPoolExecutor(options.jobs) as pool:
        for section, cells in plans(scale).items():
            if options.only not in section:
                continue
            if options.details:
                print(f"\n### {section}\n\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
            for plan in cells:
                number += 1
                tally = run(plan, options.seed, number, pool)
                results[section].append((plan.cell, tally))
                for name in tally.endpoints if options.details else ():
                    print(f"| {' | '.join(row(plan.cell, name, tally))} |", flush=True)
    summary(results, list(BASELINES))
    if not options.only:
        rollouts(scale, options.seed)
    print(f"\nseed {options.seed}, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
