"""What no single field can tell: ids that clash, roll-ups that cannot hold, dates the wrong way round.

Each rule reads what `fields` let through and reports; none repeats a mistake that was reported at its field.
"""

from collections.abc import Iterable, Sequence

from probe.model.target import Endpoint, Need, Role, RollupRule, Target, TargetKind
from probe.targets.problems import Report, quote
from probe.targets.records import Row
from probe.targets.urls import is_domain

HTTP = ("https://", "http://")


def valid_on(endpoint: Endpoint, day: str) -> bool:
    """Whether the endpoint is measured on `day`, an ISO date."""
    return (endpoint.valid_from or "") <= day and (endpoint.valid_to is None or day < endpoint.valid_to)


def check_ids(rows: Iterable[Row], report: Report, scope: str) -> None:
    """Ids are unique among `rows`; `scope` says within what."""
    seen: dict[str, int] = {}
    for row in rows:
        name = row.values.get("id")
        if name in seen:
            what = f"{row.place}: id {quote(name)} again; the first is on line {seen[name]}"
            report.add(row.line_of("id"), what, f"ids are unique within {scope}: rename one of them")
        elif name is not None:
            seen[name] = row.line_of("id")


def check_dates(row: Row, report: Report) -> None:
    """`valid_from` comes before `valid_to`."""
    start, end = row.values.get("valid_from"), row.values.get("valid_to")
    if start and end and start >= end:
        what = f"{row.place}: valid_to {end} does not come after valid_from {start}"
        report.add(row.line_of("valid_to"), what, "swap the two, or mend one: valid_to is the first day without it")


def check_endpoint(row: Row, report: Report) -> None:
    """Dates, telemetry that decides, and an expected answer where none is ever asked for."""
    check_dates(row, report)
    if row.values.get("role") == Role.TELEMETRY and row.values.get("required"):
        what = f"{row.place}: telemetry cannot be required, since it never decides"
        report.add(row.line_of("required"), what, "remove required, or choose another role")
    url = row.values.get("url")
    if url and row.values.get("expect") and not url.startswith(HTTP):
        what = f"{row.place}: expect on {url.partition('://')[0]}, which answers nothing to compare"
        report.add(row.line_of("expect"), what, "remove expect, or use an https or http url")


def check_row(kind: TargetKind, row: Row, report: Report) -> None:
    """Everything about one target but its roll-up."""
    endpoints: list[Row] = row.values.get("endpoints", [])
    check_ids(endpoints, report, "the target")
    for endpoint in endpoints:
        check_endpoint(endpoint, report)
    check_dates(row, report)
    name = row.values.get("id")
    if kind is TargetKind.INSTANCE and name is not None and "domain" not in row.written and not is_domain(name):
        what = f"{row.place}: the id is no domain"
        report.add(row.line_of("id"), what, 'add its domain, as in "domain: mastodon.social"')


def check_rollup(row: Row, target: Target, report: Report) -> None:
    """The roll-up can hold: every clause has endpoints that decide, and enough of them on one day."""
    line = row.line_of("rollup")
    for rule in target.rollup:
        what, fix = _cannot_hold(rule, target.endpoints)
        if what:
            report.add(line, f"{row.place}: {what}", fix)


def _cannot_hold(rule: RollupRule, endpoints: Sequence[Endpoint]) -> tuple[str, str]:
    if rule.role is Role.TELEMETRY:
        return "rollup counts telemetry, which never decides", "leave telemetry out of the roll-up"
    named = f' of role "{rule.role}"' if rule.role else ""
    counted = [e for e in endpoints if e.role is not Role.TELEMETRY and rule.role in (None, e.role)]
    if not counted:
        fix = (
            "add one, or leave the role out"
            if rule.role
            else "telemetry alone decides nothing: add what the target needs"
        )
        return f"rollup needs endpoints{named}, and there are none", fix
    if rule.need is not Need.K_OF_N:
        return "", ""
    if rule.k > len(counted):
        return f"rollup needs {rule.k} endpoints{named}, and there are {len(counted)}", f"write at most {len(counted)}"
    most = max(sum(valid_on(e, day) for e in counted) for day in {e.valid_from or "0001-01-01" for e in counted})
    if rule.k > most:
        return (
            f"rollup needs {rule.k} endpoints{named}, and never more than {most} are valid on one day",
            f"write at most {most}",
        )
    return "", ""
