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
from onset_world import DAY, HOUR, MINUTE, SKEW, Bools, Cell, Floats, Sample, Spell, vantage

from probe.model.episode import Interval
from probe.timeline.flapping import chains
from probe.timeline.noise import Noise, learn
from probe.timeline.onset import detect, widened
from probe.timeline.series import Evidence

Detector = Callable[[Floats, Bools], list[Found]]

BASELINES: dict[str, Detector] = {"three in a row": three_in_a_row, "hourly CUSUM": hourly_cusum, "Viterbi": viterbi}
if importlib.util.find_spec("ruptures"):
    BASELINES["PELT"] = pelt
LEDGER = "ledger"

SCHEDULES = {"10 min": 10 * MINUTE, "1 h": HOUR, "1 day": DAY}
NOISES = {"0 %": (0.0, 0.0), "1 %": (0.01, 0.0), "5 %": (0.05, 0.0), "5 % bursts": (0.05, 0.5)}
CLEAN_ONLY = {"20 %": (0.2, 0.0), "20 % bursts": (0.2, 0.5)}


class Plan(NamedTuple):
    """A condition, how many endpoints to simulate, and how many of them the slow baselines see."""

    cell: Cell
    endpoints: int
    beside: int


class Outcome(NamedTuple):
    """What one detector made of one block (or outage): all lengths in schedule intervals, None where there is none."""

    found: bool
    pieces: int = 0
    delay: float | None = None
    onset_error: float | None = None
    end_error: float | None = None
    observed_holds: bool | None = None
    onset_holds: bool | None = None
    onset_width: float | None = None
    end_holds: bool | None = None
    end_width: float | None = None


class Tally(NamedTuple):
    """What came of some endpoints: false blocks, and an outcome for every true block or outage, per detector."""

    endpoints: dict[str, int]
    false: dict[str, int]
    outcomes: dict[str, list[Outcome]]


def ledger(times: Floats, bad: Bools, schedule: float, noise: Noise) -> list[Found]:
    """The confirmed blocks of the ledger, widened and, where they flap, put together as reports print them."""
    spans = [widened(span, SKEW, schedule) for span in detect(times, bad, schedule, noise)]
    found = []
    for chain in chains(spans, schedule):
        first, last = chain[0], chain[-1]
        if first.confirmed is not None:
            at = float(times[first.confirmed])
            found.append(Found(first.onset, last.end, at, first.certain_onset, last.certain_end))
    return found


def simulate(cell: Cell, beside: bool, seed: tuple[int, ...]) -> Tally:
    """One vantage: every endpoint through the ledger, and through the baselines if `beside`."""
    samples = vantage(cell, np.random.default_rng(seed))
    telling = [(sample.times[keep], (sample.evidence == Evidence.BAD)[keep]) for sample, keep in _told(samples)]
    noise = learn(bad for _, bad in telling)
    tally = Tally(defaultdict(int), defaultdict(int), defaultdict(list))
    for sample, (times, bad) in zip(samples, telling, strict=True):
        score(tally, LEDGER, sample, cell, ledger(times, bad, cell.schedule, noise))
        for name, detector in BASELINES.items() if beside else ():
            score(tally, name, sample, cell, detector(times, bad))
            if sample.outages:
                score(tally, name + " without the rule", sample, cell, detector(sample.times, sample.failed))
    return tally


def _told(samples: list[Sample]) -> list[tuple[Sample, Bools]]:
    return [(sample, sample.evidence != Evidence.VOID) for sample in samples]


def score(tally: Tally, name: str, sample: Sample, cell: Cell, found: list[Found]) -> None:
    """Compare what was found with what happened."""
    tally.endpoints[name] += 1
    spells = sample.blocks + sample.outages
    if cell.kind in ("office", "flapping") and spells:
        spells = [(spells[0][0], spells[-1][1])]
    hits = [[f for f in found if _overlaps(f, spell, sample)] for spell in spells]
    touched = {id(f) for hit in hits for f in hit}
    tally.false[name] += sum(id(f) not in touched for f in found)
    for spell, hit in zip(spells, hits, strict=True):
        tally.outcomes[name].append(_outcome(spell, hit, cell.schedule) if hit else Outcome(False))


def _overlaps(found: Found, spell: Spell, sample: Sample) -> bool:
    begin = sample.times[0] - 1 if found.onset.earliest is None else found.onset.earliest
    return bool(begin < spell[1] and (found.end.latest if found.end else sample.times[-1] + 1) > spell[0])


def _outcome(spell: Spell, hit: list[Found], schedule: float) -> Outcome:
    first, last = hit[0], hit[-1]
    onset, end = spell
    return Outcome(
        True,
        len(hit),
        None if first.at is None else (first.at - onset) / schedule,
        _error(first.onset, onset, schedule),
        _error(last.end, end, schedule),
        _holds(first.onset, onset),
        _holds(first.certain_onset, onset),
        _width(first.certain_onset, schedule),
        _holds(last.certain_end, end),
        _width(last.certain_end, schedule),
    )


def _error(interval: Interval | None, truth: float, schedule: float) -> float | None:
    if interval is None or interval.earliest is None:
        return None
    return abs((interval.earliest + interval.latest) / 2 - truth) / schedule


def _holds(interval: Interval | None, truth: float) -> bool | None:
    if interval is None:
        return None
    return (interval.earliest is None or interval.earliest < truth) and truth <= interval.latest


def _width(interval: Interval | None, schedule: float) -> float | None:
    return None if interval is None or interval.earliest is None else (interval.latest - interval.earliest) / schedule


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
    total = Tally(defaultdict(int), defaultdict(int), defaultdict(list))
    for side in (True, False):
        seeds = [(seed, number, i) for i in range(vantages) if (i < beside) == side]
        for tally in pool.map(partial(simulate, plan.cell, side), seeds, chunksize=max(1, len(seeds) // 40)):
            for name in tally.endpoints:
                total.endpoints[name] += tally.endpoints[name]
                total.false[name] += tally.false[name]
                total.outcomes[name] += tally.outcomes[name]
    return total


def row(cell: Cell, name: str, tally: Tally) -> list[str]:
    """One line of the table."""
    outcomes = tally.outcomes[name]
    hit = [outcome for outcome in outcomes if outcome.found]
    errors = [e for o in hit for e in (o.onset_error, o.end_error) if e is not None]
    holds = [h for o in hit for h in (o.onset_holds, o.end_holds) if h is not None]
    widths = [w for o in hit for w in (o.onset_width, o.end_width) if w is not None]
    delays = [o.delay for o in hit if o.delay is not None]
    return [
        cell.name,
        name,
        str(tally.endpoints[name]),
        str(tally.false[name]),
        f"{len(outcomes) - len(hit)}/{len(outcomes)}" if outcomes else "",
        f"{np.mean([outcome.pieces for outcome in hit]):.2f}" if hit else "",
        _quantile(errors, 0.5),
        _quantile(errors, 0.95),
        _quantile(delays, 0.5),
        f"{100 * np.mean(holds):.2f} % of {len(holds)}" if holds else "",
        _quantile(widths, 0.5),
        f"{100 * np.mean([bool(o.observed_holds) for o in hit]):.1f} %" if hit else "",
    ]


HEAD = ["condition", "detector", "endpoints", "false", "missed", "pieces", "error med", "p95", "delay", "CERTAIN holds", "width"]
HEAD += ["OBSERVED holds"]


def _quantile(values: list[float], q: float) -> str:
    return f"{np.quantile(values, q):.2f}" if values else ""


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2021, help="another seed, another world (default 2021)")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the endpoints")
    parser.add_argument("--only", default="", help="only sections whose name contains this")
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the numbers of endpoints")
    parser.add_argument("--alone", action="store_true", help="the ledger without the baselines")
    options = parser.parse_args()
    if options.alone:
        BASELINES.clear()
    began, number = time.perf_counter(), 0
    with ProcessPoolExecutor(2) as pool:
        for section, cells in plans(options.scale / (20 if options.quick else 1)).items():
            if options.only not in section:
                continue
            print(f"\n### {section}\n\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
            for plan in cells:
                number += 1
                tally = run(plan, options.seed, number, pool)
                for name in tally.endpoints:
                    print(f"| {' | '.join(row(plan.cell, name, tally))} |", flush=True)
    print(f"\nseed {options.seed}, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
