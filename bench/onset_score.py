"""Compares what a detector found with what happened. Knows neither how series are made nor how blocks are found."""

from typing import NamedTuple

from onset_baselines import Found
from onset_world import Cell, Sample, Spell

from probe.model.episode import Interval


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
