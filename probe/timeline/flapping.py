"""Blocks that come and go: which spans belong together, and at which hours of the week they block.

Knows spans and times of one series; finding spans is the work of `ledger`. Real blocks have kept office hours.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from probe.timeline.ledger import Span
from probe.timeline.posterior import Floats

CYCLES = 3
"""So many blocks and releases, or more, are one flapping episode."""

DAY = 86400.0
LONGEST_PAUSE, PAUSE_INTERVALS = 7 * DAY, 12
"""Spans belong together if the pause between them is at most a week (office hours have weekends), or 12 intervals."""

COMING_AND_GOING = 0.25
"""Inside one span: a share of GOOD from which three or more returns make it flapping rather than leaking."""


def chains(spans: Sequence[Span], schedule: float) -> list[list[Span]]:
    """The spans grouped: CYCLES or more confirmed ones that flap in one group, every other span in its own.

    A suspicion within a flapping stretch belongs to it and gets no group.
    """
    limit = max(LONGEST_PAUSE, PAUSE_INTERVALS * schedule)
    grouped: list[list[Span]] = []
    for span in spans:
        if span.confirmed is None:
            continue
        if grouped and pause(grouped[-1][-1], span) <= limit:
            grouped[-1].append(span)
        else:
            grouped.append([span])
    chained = [part for group in grouped for part in ([group] if len(group) >= CYCLES else [[one] for one in group])]
    flapping = [group for group in chained if len(group) > 1]
    covered = [range(group[0].first, group[-1].first) for group in flapping]
    alone = [[one] for one in spans if one.confirmed is None and not any(one.first in part for part in covered)]
    return sorted(chained + alone, key=lambda group: group[0].first)


def pause(before: Span, after: Span) -> float:
    """Seconds between two spans, as OBSERVED: from the first GOOD to the first BAD."""
    return after.onset.latest - before.end.latest if before.end is not None else 0.0


def still_flapping(chain: Sequence[Span], last_time: float) -> bool:
    """Whether a chain whose last span is over may go on: the present pause is no longer than those it has had."""
    last = chain[-1]
    longest = max(pause(before, after) for before, after in itertools.pairwise(chain))
    return last.end is None or last_time - last.end.latest <= longest


def comes_and_goes(bad: Sequence[bool]) -> bool:
    """Whether the measurements of one span, in order, return to GOOD three times or more, and not just by a leak."""
    returns = sum(1 for before, now in itertools.pairwise(bad) if before and not now)
    return returns >= CYCLES and bad.count(False) >= COMING_AND_GOING * len(bad)


def profile(times: Floats, bad: Sequence[bool], tz: str) -> tuple[tuple[int, int, int], ...]:
    """At which hours it blocks: `(weekday, hour, percent BAD)`, Monday 0, in local time, measured hours only.

    Raises `zoneinfo.ZoneInfoNotFoundError` for a zone that does not exist.
    """
    zone = ZoneInfo(tz)
    failed: Counter[tuple[int, int]] = Counter()
    measured: Counter[tuple[int, int]] = Counter()
    for time, is_bad in zip(times.tolist(), bad, strict=True):
        moment = datetime.fromtimestamp(time, zone)
        cell = moment.weekday(), moment.hour
        measured[cell] += 1
        failed[cell] += is_bad
    return tuple((*cell, round(100 * failed[cell] / measured[cell])) for cell in sorted(measured))
