"""From flat rows to series of evidence: what each measurement says, and nothing about when a block began.

Knows the one rule that keeps outages out (DESIGN section 8.1): a failure is evidence of a block only if the control
reached the endpoint and the vantage was fit, or if a confirmed artefact speaks for itself. Reading rows is the work of
`store`, finding episodes that of `onset`. The result depends on the set of rows only, never on their order. A series
is kept in columns (`points`): no object per measurement.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from probe.model.diagnosis import Certainty, ControlState, Fitness, Verdict
from probe.model.episode import SeriesKey
from probe.timeline.points import Evidence, Point, Points

__all__ = ["RULES", "Evidence", "Point", "Row", "Series", "evidence_of", "point_of", "series_from"]


class Rule(NamedTuple):
    """What a verdict counts as. `otherwise` holds when the failure is not backed by control and fitness."""

    backed: Evidence
    otherwise: Evidence
    because: str


RULES: dict[str, Rule] = {
    Verdict.OK: Rule(Evidence.GOOD, Evidence.GOOD, "the endpoint was reached"),
    Verdict.INTERFERED: Rule(Evidence.GOOD, Evidence.GOOD, "reached, though the path tampered: not cut off"),
    Verdict.RESTRICTED: Rule(Evidence.GOOD, Evidence.GOOD, "the server itself answered: the path let us through"),
    Verdict.BLOCKED: Rule(Evidence.BAD, Evidence.VOID, "not reached: counts if a control reached it from elsewhere"),
    Verdict.ANOMALY: Rule(Evidence.BAD, Evidence.VOID, "failed without a cause: counts if server and vantage worked"),
    Verdict.DOWN: Rule(Evidence.VOID, Evidence.VOID, "the control failed as well: the path may be open or not"),
    Verdict.INSUFFICIENT: Rule(Evidence.VOID, Evidence.VOID, "nothing was learnt"),
}
"""One line a verdict. `backed` means: control reached, vantage fit, or blocked by a confirmed artefact."""

UNKNOWN_VERDICT = Rule(Evidence.VOID, Evidence.VOID, "a verdict of another version of the record")


class Row(NamedTuple):
    """The flat columns of a record that analysis needs. `time` is epoch seconds; absent values are empty strings."""

    id: str
    time: float
    vantage: str
    country: str
    asn: int
    target: str
    endpoint: str
    role: str
    verdict: str
    certainty: str
    layer: str
    mechanism: str
    failure: str
    control: str
    fitness: str


class Series(NamedTuple):
    """One endpoint from one vantage point over time: `points` sorted by time (then id), each measurement once.

    They are `Points` (columns) wherever many are; any sequence will do where few are.
    """

    key: SeriesKey
    points: Sequence[Point]


def evidence_of(verdict: str, certainty: str, control: str, fitness: str) -> Evidence:
    """What a measurement says: GOOD (reached), BAD (cut off on the path) or VOID (nothing).

    The arguments are the words of the record. Example: `evidence_of("anomaly", "", "reached", "fit")` is BAD,
    `evidence_of("anomaly", "", "failed", "fit")` is VOID, for the server may have been down.
    """
    rule = RULES.get(verdict, UNKNOWN_VERDICT)
    artefact = verdict == Verdict.BLOCKED and certainty == Certainty.CONFIRMED
    backed = control == ControlState.REACHED and fitness == Fitness.FIT
    return rule.backed if artefact or backed else rule.otherwise


def series_from(rows: Iterable[Row]) -> dict[SeriesKey, Series]:
    """Group rows into series, sorted by key. Rows may come in any order, and twice: a measurement id counts once.

    Should two different rows bear one id (a re-judged record beside the old), the first in sorting order is kept, so
    that the answer does not depend on the order of arrival.
    """
    grouped: dict[SeriesKey, list[Point]] = {}
    for row in rows:
        key = SeriesKey(row.vantage, row.country, row.asn, row.target, row.endpoint)
        grouped.setdefault(key, []).append(point_of(row))
    return {key: Series(key, Points.of(_sorted_once(grouped[key]))) for key in sorted(grouped)}


def point_of(row: Row) -> Point:
    """The row as a point of its series."""
    evidence = evidence_of(row.verdict, row.certainty, row.control, row.fitness)
    return Point(row.time, evidence, row.mechanism, row.certainty, row.verdict, row.id)


def _sorted_once(points: list[Point]) -> tuple[Point, ...]:
    """Sorted by time and id, each id once."""
    points.sort(key=lambda point: (point.time, point.id, point[1:]))
    once: dict[str, Point] = {}
    for point in points:
        once.setdefault(point.id, point)
    return tuple(once.values())
