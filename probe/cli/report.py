"""`probe report`: results in, a report out. Reads the options, names their mistakes, prints; the rest is `report`.

Everything heavy is imported inside, so that `probe --help` stays quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.console import clean, fail
from probe.cli.reading import asked_for, found_or_fail, outside_or_fail, view_or_fail

if TYPE_CHECKING:
    from probe.cli.page import Wanted
    from probe.report.view import View

PIPE_WIDTH = 100


def report(
    results: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RESULTS",
            help="Files, folders, globs, or - for standard input; .jsonl, .gz, .zst, .parquet. Default: ./results",
            show_default=False,
        ),
    ] = None,
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Time zone, such as Asia/Shanghai.")] = "UTC",
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that is no record.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Show what happened from here on: 2021-02-01, 2021-02-08T19:00, …Z."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Read only what was measured before this time.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help="Show only this target or target/endpoint. Repeatable."),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", metavar="STATE", help="Show only what is blocked, unreachable, suspected, "
                     "failing, interfered, restricted, down, unknown, open, or ended. Repeatable."),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", help="A line an app, instance, endpoint or network.")
    ] = "endpoint",
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="ID", help="Make the page of this target or target/endpoint."),
    ] = None,
    event: Annotated[
        str | None, typer.Option("--event", metavar="ID", help="Make the page of blocks that began together.")
    ] = None,
    format: Annotated[  # noqa: A002 - the name under which settings know it
        str | None,
        typer.Option("--format", metavar="FORMAT", help="text, json or csv; a page also as md, html or svg. Default: "
                     "what the name of --output says, or text.", show_default=False),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", metavar="LANG", help="Language of pages: en or zh.")] = "en",
    site: Annotated[
        Path | None,
        typer.Option("--site", metavar="DIR", help="Write a folder of pages: all targets, all events, and a feed."),
    ] = None,
    site_url: Annotated[
        str | None,
        typer.Option("--site-url", metavar="URL", help="Where --site's folder will be on the web, for the links of its "
                     "feed.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file, all of it or nothing.")
    ] = None,
    claims: Annotated[
        Path | None,
        typer.Option(
            "--claims",
            metavar="FILE",
            help="Claims of others to set beside the onsets. Default: ./claims.yaml, if it is there.",
            show_default=False,
        ),
    ] = None,
    rejudge: Annotated[
        bool, typer.Option("--rejudge", help="Judge what was seen by today's rules, not those of the time.")
    ] = False,
    fingerprints: Annotated[
        Path | None,
        typer.Option("--fingerprints", metavar="FILE", help="With --rejudge: block pages to know, as for `probe run`."),
    ] = None,
    control_vantage: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="With --rejudge: results of another vantage point, as a control. Repeatable.",
                     show_default=False),
    ] = None,
    context: typer.Context = None,  # type: ignore[assignment] # Typer gives one; `demo` calls this without
) -> None:  # fmt: skip
    """Say what is blocked, since when, how, and how sure that is.

    Times without a zone are read in --tz. Onsets are found in the whole history up to --until; --since, --only and
    --status choose what of it is shown. --target and --event make one page to publish, with its evidence, --site all
    of them.
    """
    from probe.cli.marks import judge_or_none
    from probe.cli.output import width
    from probe.cli.page import deliver, flagged, page, rereadable_or_fail, wanted_or_fail
    from probe.cli.site import make, site_or_fail

    judge = judge_or_none(rejudge, fingerprints, control_vantage)
    asked = asked_for(tz, since, until, only or [], strict=strict)._replace(judge=judge)
    if site is not None:
        others = {"--target": target, "--event": event, "--format": format, "--json": json, "--output": output,
                  "--status": status, "--by": by != "endpoint"}  # fmt: skip
        home = site_or_fail(site, lang, site_url, others)
        found = found_or_fail(results)
        rereadable_or_fail(found.sources)
        view = view_or_fail(found.sources, asked, outside_or_fail(claims, found.notes))
        make(view, found.sources, site, lang, asked.judge, home)
        return
    if site_url and flagged(context, "site_url"):
        fail("--site-url is the address of a site: it goes with --site DIR")
    spoken = lang if target or event or flagged(context, "lang") else "en"  # settings do not make the overview fail
    wanted = wanted_or_fail(target or [], event, format, spoken, output, json=json)
    _overview_options_or_fail(by, status or [], only or [], wanted)
    found = found_or_fail(results)
    if wanted.one_page:
        rereadable_or_fail(found.sources)
    view = view_or_fail(found.sources, asked, outside_or_fail(claims, found.notes))
    wide = width(PIPE_WIDTH) if wanted.output is None else PIPE_WIDTH
    if wanted.one_page:
        deliver(page(view, found.sources, wanted, wide, judge=asked.judge), wanted.output, wanted.format)
    else:
        deliver(_overview(view, wanted, by, status, wide), wanted.output, wanted.format)


def _overview_options_or_fail(by: str, statuses: list[str], only: list[str], wanted: "Wanted") -> None:
    """What is wrong with the options that only the overview has."""
    from probe.report.overview import GROUPS, STATUSES

    told = {"--by": by != "endpoint", "--status": bool(statuses), "--only": bool(only)}
    given = [name for name, is_given in told.items() if is_given]
    unknown = [name for name in statuses if name not in STATUSES]
    mistakes = [f"--status {clean(name)!r} is not here; there are {', '.join(STATUSES)}" for name in unknown]
    if by not in (*GROUPS, "endpoint"):
        mistakes.append(f"--by {clean(by)!r} is not here; there are app, instance, endpoint and network")
    elif by != "endpoint" and wanted.format != "text":
        mistakes.append(f"--by {clean(by)} is for text: every row of --format {wanted.format} names all of them")
    if wanted.one_page and given:
        mistakes.append(f"{' and '.join(given)}: for the overview; a page is chosen by --target or --event alone")
    if mistakes:
        fail(mistakes)


def _overview(view: "View", wanted: "Wanted", by: str, status: list[str] | None, width: int) -> str:
    from probe.cli.output import paint
    from probe.report.overview import GROUPS, narrowed, render_by
    from probe.report.paper import Page, plain
    from probe.report.registry import FORMATS

    shown = narrowed(view, status or [])
    if not shown.series:
        fail(f"nothing here is {' or '.join(map(clean, status or []))}")
    drawn_on = Page(width, clean, plain if wanted.output else paint())
    return render_by(shown, drawn_on, by) if by in GROUPS else FORMATS[wanted.format](shown, drawn_on)
