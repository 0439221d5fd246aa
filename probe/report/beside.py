"""Claims of others and notes of people, worded for a terminal and as data. They stand beside our intervals, apart.

A claim is told with its source, and how it stands to our interval; what we did not measure at its time is left out of
the text and kept in the data. A note is told as written.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from probe.model.claim import Comparison, Relation, Says
from probe.model.clock import parse_rfc3339
from probe.model.episode import Interval
from probe.model.note import Note
from probe.report import times, words
from probe.report.times import Times
from probe.timeline.claims import UNMEASURED

CLAIMS_TITLE = "Claims of others, beside what was measured here"
NOTES_TITLE = "Notes of people"

_SAYS: dict[Says, str] = {
    Says.BEGAN: "the block began",
    Says.ENDED: "the block ended",
    Says.BLOCKED: "was blocked",
    Says.OPEN: "was open",
    Says.RESTRICTED: "the server itself turned clients away",
}
_AGREES: dict[bool | None, str] = {True: "agrees", False: "does not agree", None: "cannot be told"}


def claims(compared: Sequence[Comparison], clock: Times) -> Iterator[tuple[str, ...]]:
    """One entry a comparison in which something can be said."""
    for one in compared:
        if one.because != UNMEASURED:
            claim = one.claim
            label = f"{claim.target}/{claim.endpoint}" if claim.endpoint else claim.target
            when = times.stretch(clock._replace(years=True), claim.when.first, claim.when.last)
            yield (
                label,
                words.place(one.series),
                f"{claim.by}: {_SAYS[claim.says]} {when}",
                f"{_AGREES[one.agrees]}: {_said(one, clock)}",
            )


def _said(one: Comparison, clock: Times) -> str:
    """Where the claimed time lies to our interval as observed, and why it agrees or not."""
    if one.observed is None:
        return one.because
    which = "end" if one.claim.says == Says.ENDED else "onset"
    whose = "" if one.claim.endpoint else f" of {one.series.endpoint}"
    ours = f"our observed {which}{whose} {times.interval(clock, one.observed)}"
    where = "inside" if one.observed_relation == Relation.INSIDE else _off(one.observed_by, one.observed_relation)
    if not one.because.startswith(tuple(Relation)):
        return f"{where} {ours}; {one.because}"
    if one.relation == one.observed_relation:
        return f"{where} {ours}"
    return f"{where} {ours}; inside the 99.9 % certain one"


def _off(seconds: float, relation: Relation) -> str:
    return f"{times.duration(seconds)} {relation}" if seconds >= 1 else f"just {relation}"


def notes(told: Sequence[Note], clock: Times) -> Iterator[tuple[str, ...]]:
    """One entry a note."""
    for one in told:
        label = f"{one.target}/{one.endpoint}" if one.endpoint else one.target
        when = times.moment(clock._replace(years=True), parse_rfc3339(one.time))
        yield (label, one.vantage, when, f"{one.by}: {one.text}")


def claim_data(one: Comparison, interval: Callable[[Interval | None], Any]) -> dict[str, Any]:
    """The comparison as JSON, times written by `interval`."""
    claim = one.claim
    return {
        **msgspec.to_builtins(claim),
        "when": {
            "text": claim.when.text,
            "zone": claim.when.zone,
            **interval(Interval(claim.when.first, claim.when.last)),
        },
        "series": msgspec.to_builtins(one.series),
        "relation": str(one.relation),
        "seconds": one.by,
        "interval": interval(one.interval),
        "observed_relation": str(one.observed_relation),
        "observed_seconds": one.observed_by,
        "observed": interval(one.observed),
        "agrees": one.agrees,
        "because": one.because,
    }
