"""A page, or a whole report, as CSV: one row an episode, and one for each endpoint without any. Makes nothing itself.

Columns are in docs/report.md and only ever added at the end. Times are RFC 3339, in UTC and once more in the page's
zone; what is not known is empty. Text cells are made harmless for spreadsheets (`escape.csv_cell`).
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from probe.model.clock import rfc3339
from probe.report.block.draft import everything
from probe.report.block.tables import episodes, series_rows
from probe.report.block.view import Block, Onset, SeriesRow, Span
from probe.report.escape import csv_cell
from probe.report.paper import Page
from probe.report.view import View

_TIMES = ("onset_earliest", "onset_latest", "certain_onset_earliest", "certain_onset_latest", "confirmed",
          "end_earliest", "end_latest", "certain_end_earliest", "certain_end_latest", "first", "last")  # fmt: skip
COLUMNS = (
    "row", "id", "target", "endpoint", "role", "vantage", "country", "asn", "state", "certainty", "mechanisms",
    "failed", "reached", "void", "flapping", "zone",
    *(f"{name}_{zone}" for name in _TIMES for zone in ("utc", "local")),
    "witnesses", "rung",
)  # fmt: skip
"""`row` is `episode` or `endpoint`; `state` of an episode `suspected` or `confirmed`, of an endpoint its state now;
`certainty` what its failures carry together, `rung` what both come to; `first` and `last` bound the measurements of the
series; `failed`, `reached` and `void` are counts inside the episode, or of the whole period for an endpoint."""


def render(block: Block, page: Page) -> str:
    """The rows of a page, with a head."""
    del page
    return table(block.series, block.episodes, block.zone)


def overview(view: View, page: Page) -> str:
    """The rows of a whole report."""
    del page
    draft = everything(view)
    return table(series_rows(draft), episodes(draft), view.zone)


def table(series: Iterable[SeriesRow], onsets: Iterable[Onset], zone: str) -> str:
    """A head and the rows: by series, and in each by time."""
    told: dict[tuple[str, str, str, str, int], list[Onset]] = {}
    for one in onsets:
        told.setdefault((one.target, one.endpoint, one.vantage, one.country, one.asn), []).append(one)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in series:
        episodes = told.get((row.target, row.endpoint, row.vantage, row.country, row.asn), [])
        for values in [_episode(row, one) for one in episodes] or [_endpoint(row)]:
            writer.writerow(list(_cells(values, zone)))
    return out.getvalue()


Values = dict[str, str | int | float | None]


def _episode(row: SeriesRow, one: Onset) -> Values:
    values: Values = {
        **_named(row), "row": "episode", "id": one.id, "state": one.state, "certainty": one.certainty, "rung": one.rung,
        "mechanisms": " ".join(one.mechanisms), "failed": one.failed, "reached": one.reached, "void": one.void,
        "flapping": "yes" if one.flapping else "no", "witnesses": " ".join(one.witnesses),
        "confirmed": one.confirmed_at.at if one.confirmed_at else None,
    }  # fmt: skip
    spans = {"onset": one.observed, "certain_onset": one.certain, "end": one.recovered,
             "certain_end": one.certain_recovered}  # fmt: skip
    for name, span in spans.items():
        values |= _ends(name, span)
    return values


def _ends(name: str, span: Span | None) -> Values:
    return {f"{name}_earliest": span.earliest, f"{name}_latest": span.latest} if span is not None else {}


def _endpoint(row: SeriesRow) -> Values:
    return {**_named(row), "row": "endpoint", "state": row.state, "failed": row.failed, "reached": row.reached,
            "void": row.void}  # fmt: skip


def _named(row: SeriesRow) -> Values:
    return {
        "target": row.target, "endpoint": row.endpoint, "role": row.role, "vantage": row.vantage,
        "country": row.country, "asn": row.asn, "first": row.first, "last": row.last,
    }  # fmt: skip


def _cells(values: Values, zone: str) -> Iterator[str]:
    """The values in the order of the columns; text made harmless, times worded."""
    where = ZoneInfo(zone)
    for column in COLUMNS:
        name, _, kind = column.rpartition("_")
        if name in _TIMES and kind in ("utc", "local"):
            at = values.get(name)
            yield "" if not isinstance(at, float | int) else rfc3339(at) if kind == "utc" else _local(at, where)
        elif column == "zone":
            yield csv_cell(zone)
        else:
            value = values.get(column)
            yield "" if value is None else csv_cell(value) if isinstance(value, str) else str(value)


def _local(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(round(at * 1000) / 1000, zone).isoformat(timespec="milliseconds")
