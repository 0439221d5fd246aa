"""The figures that DESIGN section 8 asks for, as a table of data: which conditions, which number, a column a detector.

Knows tallies; knows neither the world nor the detectors that made them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from onset_score import Tally
from onset_world import DAY, Cell

SCHEDULE_NAMES = ("10 min", "1 h", "1 day")
LEDGER, SUSPECTED = "ledger", "ledger, suspicions too"


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


HEAD = ["condition", "detector", "endpoints", "false", "missed", "pieces", "error med", "p95", "delay"]
HEAD += ["CERTAIN holds", "width", "OBSERVED holds"]


def _quantile(values: list[float], q: float) -> str:
    return f"{np.quantile(values, q):.2f}" if values else ""


class Figure(NamedTuple):
    """One line of the summary: what DESIGN section 8 asks, of which cells, and how it is told."""

    name: str
    goal: str
    section: str
    chosen: Callable[[Cell], bool]
    told: Callable[[Tally, str], str]


def told_false(tally: Tally, name: str) -> str:
    """False blocks per endpoints."""
    return f"{tally.false[name]} in {tally.endpoints[name]}"


def told_missed(tally: Tally, name: str) -> str:
    """Blocks without any sign of them."""
    return f"{sum(not o.found for o in tally.outcomes[name])} in {len(tally.outcomes[name])}"


def told_unseen(tally: Tally, name: str) -> str:
    """Blocks the ledger did not even suspect."""
    return told_missed(tally, SUSPECTED) if name == LEDGER else ""


def told_suspected(tally: Tally, name: str) -> str:
    """False suspicions that reports would keep."""
    return told_false(tally, SUSPECTED) if name == LEDGER else ""


def told_called(tally: Tally, name: str) -> str:
    """Outages called a block."""
    outcomes = tally.outcomes[name]
    return f"{100 * sum(o.found for o in outcomes) / len(outcomes):.2f} % of {len(outcomes)}"


def told_holds(tally: Tally, name: str) -> str:
    """Onsets and ends within their CERTAIN interval."""
    holds = [h for o in tally.outcomes[name] for h in (o.onset_holds, o.end_holds) if h is not None]
    return f"{100 * np.mean(holds):.3f} % of {len(holds)}" if holds else "no interval"


def told_observed(tally: Tally, name: str) -> str:
    """Onsets within their OBSERVED interval."""
    return f"{100 * np.mean([bool(o.observed_holds) for o in tally.outcomes[name] if o.found]):.1f} %"


def told_width(tally: Tally, name: str) -> str:
    """Median width of CERTAIN in intervals, with the clock's part (a tenth of an interval at 10 min)."""
    widths = [w for o in tally.outcomes[name] for w in (o.onset_width, o.end_width) if w is not None]
    return _quantile(widths, 0.5) or "no interval"


def told_error(tally: Tally, name: str) -> str:
    """Median and 95th percentile of the error of the middle of OBSERVED."""
    errors = [e for o in tally.outcomes[name] for e in (o.onset_error, o.end_error) if e is not None]
    return f"{_quantile(errors, 0.5)}, {_quantile(errors, 0.95)}"


def told_delay(tally: Tally, name: str) -> str:
    """Median intervals from the onset to the confirmation."""
    return _quantile([o.delay for o in tally.outcomes[name] if o.delay is not None], 0.5) or "hindsight"


def _iid(cell: Cell) -> bool:
    return not cell.burst and cell.noise <= 0.05


def _calm(cell: Cell) -> bool:
    return cell.noise < 0.02 and cell.schedule < DAY and cell.kind == "clean"


FIGURES = [
    Figure("false, clean, 10 min, 5 % iid", "0 in 10,000", "clean", lambda c: c.name == "10 min, 5 %", told_false),
    Figure("... 10 min, 5 % bursts", "0", "clean", lambda c: c.name == "10 min, 5 % bursts", told_false),
    Figure("... 1 h, 5 % iid", "0 in 10,000", "clean", lambda c: c.name == "1 h, 5 %", told_false),
    Figure("... 1 h, 5 % bursts", "0", "clean", lambda c: c.name == "1 h, 5 % bursts", told_false),
    Figure("... 0-1 %, 10 min and 1 h", "0", "clean", _calm, told_false),
    Figure("... 0-5 %, 1 day (a year each)", "0", "clean", lambda c: c.noise < 0.1 and c.schedule == DAY, told_false),
    Figure("... 20 %, 10 min and 1 h", "", "clean", lambda c: c.noise > 0.1 and c.schedule < DAY, told_false),
    Figure("... 20 %, 1 day (a year each)", "", "clean", lambda c: c.noise > 0.1 and c.schedule == DAY, told_false),
    Figure("... 3 of 10 endpoints in bursts", "", "clean", lambda c: c.kind == "odd", told_false),
    Figure("false suspicions, 10 min, 5 % iid", "", "clean", lambda c: c.name == "10 min, 5 %", told_suspected),
    Figure("false suspicions, 1 h, 5 % iid", "", "clean", lambda c: c.name == "1 h, 5 %", told_suspected),
    Figure("missed, full or leaky, iid", "0 in 1,000", "lasting", lambda c: _iid(c) and c.rate > 0.9, told_missed),
    Figure("missed, partial, 0-1 %", "0 in 1,000", "lasting", lambda c: c.rate < 0.9 and c.noise < 0.02, told_missed),
    Figure("missed, partial, 5 % iid", "0 in 1,000", "lasting", lambda c: c.rate < 0.9 and _iid(c) and c.noise > 0.02,
           told_missed),
    Figure("... not even suspected", "", "lasting", lambda c: c.rate < 0.9 and _iid(c) and c.noise > 0.02, told_unseen),
    Figure("missed, full, 5 % bursts", "0 in 1,000", "lasting", lambda c: c.burst > 0 and c.rate == 1, told_missed),
    Figure("missed, partial, exactly 24, 5 %", "0 in 1,000", "24 intervals", lambda c: c.rate < 1, told_missed),
    Figure("... not even suspected", "", "24 intervals", lambda c: c.rate < 1, told_unseen),
    Figure("CERTAIN holds, full", "99.9 %", "lasting", lambda c: c.rate == 1, told_holds),
    Figure("CERTAIN holds, all, iid", "99.9 %", "lasting", _iid, told_holds),
    Figure("CERTAIN holds, all, bursts", "99.9 %", "lasting", lambda c: c.burst > 0, told_holds),
    Figure("OBSERVED holds, full, 1 %", "99 %", "lasting", lambda c: c.rate == 1 and c.noise == 0.01, told_observed),
    Figure("OBSERVED holds, full, 5 %", "95 %", "lasting", lambda c: c.rate == 1 and c.noise == 0.05 and _iid(c),
           told_observed),
    *(
        Figure(f"width, full, {every}, {label}", f"{goal} gaps", "lasting",
               partial(lambda c, wanted: c.name == wanted, wanted=f"{every}, {label}, full"), told_width)
        for every in SCHEDULE_NAMES
        for label, goal in (("1 %", 2), ("5 %", 4))
    ),
    Figure("width, partial, 5 % iid", "", "lasting", lambda c: c.rate < 0.9 and _iid(c) and c.noise > 0.02, told_width),
    Figure("error, full, 0-5 % iid", "0.3, 1", "lasting", lambda c: c.rate == 1 and _iid(c), told_error),
    Figure("error, leaky, 0-5 % iid", "0.3, 1", "lasting", lambda c: c.rate == 0.985 and _iid(c), told_error),
    Figure("error, partial, 0-5 % iid", "0.3, 1", "lasting", lambda c: c.rate < 0.9 and _iid(c), told_error),
    *(
        Figure(f"delay, full, {every}, 5 % iid", "7", "lasting",
               partial(lambda c, wanted: c.name == wanted, wanted=f"{every}, 5 %, full"), told_delay)
        for every in SCHEDULE_NAMES
    ),
    Figure("delay, full, 5 % bursts", "7", "lasting", lambda c: c.burst > 0 and c.rate == 1, told_delay),
    Figure("delay, partial, 5 % iid", "", "lasting", lambda c: c.rate < 0.9 and c.noise > 0.02 and _iid(c), told_delay),
    Figure("server outage called a block", "0.1 %", "outages", lambda c: c.kind == "server_outage", told_called),
    Figure("vantage outage called a block", "0.1 %", "outages", lambda c: c.kind == "vantage_outage", told_called),
    Figure("flapping or office hours missed", "", "office hours", lambda c: bool(c.kind), told_missed),
]  # fmt: skip

WITHOUT = " without the rule"


def summary(results: dict[str, list[tuple[Cell, Tally]]], baselines: Sequence[str]) -> None:
    """Print the figures of DESIGN section 8, a column a detector."""
    names = [LEDGER, *baselines]
    print(f"\n| figure | asked | {' | '.join(names)} |\n|{'---|' * (len(names) + 2)}")
    for figure in FIGURES:
        tally = pooled([tally for cell, tally in results.get(figure.section, ()) if figure.chosen(cell)])
        for suffix in ("", WITHOUT) if figure.section == "outages" else ("",):
            known = [name if not suffix or name == LEDGER else name + suffix for name in names]
            told = [figure.told(tally, name) if tally.endpoints[name] else "" for name in known]
            if suffix:
                told[0] = ""
            if any(told):
                print(f"| {figure.name + suffix} | {figure.goal if not suffix else ''} | {' | '.join(told)} |")


def pooled(tallies: list[Tally]) -> Tally:
    total = Tally(defaultdict(int), defaultdict(int), defaultdict(list))
    for tally in tallies:
        for name in tally.endpoints:
            total.endpoints[name] += tally.endpoints[name]
            total.false[name] += tally.false[name]
            total.outcomes[name] += tally.outcomes[name]
    return total
