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
        if one.interval is not None or one.agrees is not None:
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
    if one.interval is None:
        return one.because
    which = "end" if one.claim.says == Says.ENDED else "onset"
    ours = f"our {which} ({words.label(one.series)}) {times.interval(clock, one.interval)}"
    where = "inside" if one.relation == Relation.INSIDE else f"{times.duration(one.by)} {one.relation}"
    reason = "" if one.because.startswith(str(one.relation)) else f"; {one.because}"
    return f"{where} {ours}{reason}"


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
        "agrees": one.agrees,
        "because": one.because,
    }
