"""Rows for a report under today's rules: whole measurements in, rows of their new verdicts out. Pure.

`--rejudge` costs what reading every line whole costs; a report without it reads the flat columns alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from probe.diagnose.rejudge import Judge, rejudge
from probe.model.measurement import SCHEMA_VERSION, Measurement
from probe.store.reader import Row, Selection, Tally

_COLUMNS = tuple(field.name for field in msgspec.structs.fields(Row))
_JUDGED = ("verdict", "certainty", "layer", "mechanism")
_YEARS = (1970, 9000)


@dataclass
class Changes:
    """How many measurements were judged anew, and how many came out otherwise, by verdict or beyond it."""

    judged: int = 0
    verdicts: int = 0
    others: int = 0

    def note(self, old: Measurement, new: Measurement) -> None:
        """Count one."""
        self.judged += 1
        if old.verdict is not new.verdict:
            self.verdicts += 1
        elif any(getattr(old, name) != getattr(new, name) for name in _JUDGED):
            self.others += 1


def rejudged(
    measurements: Iterable[Measurement],
    tally: Tally,
    selection: Selection,
    changes: Changes,
    judge: Judge = rejudge,
) -> Iterator[Row]:
    """The wanted rows of the measurements, each judged anew by `judge`: today's rules.

    A record that no row can be made of is counted as malformed; under `tally.strict` it raises MalformedError.
    """
    for old in measurements:
        row = _row(old)
        if row is None:
            tally.records -= 1
            tally.malformed += 1
            tally.report(f"{old.id}: not a record: its schema or its time cannot be", fatal=True)
        elif selection.takes(row):
            new = judge(old)
            changes.note(old, new)
            yield msgspec.structs.replace(
                row, **{name: getattr(new, name) for name in (*_JUDGED, "failure", "control")}
            )


def _row(measurement: Measurement) -> Row | None:
    """The flat columns; None where the reader would refuse them."""
    try:
        row = msgspec.convert({name: getattr(measurement, name) for name in _COLUMNS}, Row)
    except msgspec.ValidationError:
        return None
    fits = row.schema == SCHEMA_VERSION and _YEARS[0] <= row.time.year <= _YEARS[1]
    return row if fits else None
