"""`probe report`: results in, a report out. Reads the options, names their mistakes, prints; the rest is `report`.

Everything heavy is imported inside, so that `probe --help` stays quick.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from probe.cli.console import clean, stdout, write
from probe.cli.reading import asked_for, found_or_fail, outside_or_fail, view_or_fail

PIPE_WIDTH = 100


def report(
    results: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RESULTS]...",
            help="Files, folders, globs, or - for standard input; .jsonl, .jsonl.gz and .jsonl.zst. Default: ./results",
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
        typer.Option("--only", "--target", metavar="ID", help="Show only this target or target/endpoint. Repeatable."),
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
) -> None:
    """Say what is blocked, since when, how, and how sure that is.

    Times without a zone are read in --tz. Onsets are found in the whole history up to --until; --since and --only
    choose what of it is shown.
    """
    from probe.report.registry import FORMATS
    from probe.report.terminal import Page

    asked = asked_for(tz, since, until, only or [], strict=strict)._replace(rejudge=rejudge)
    found = found_or_fail(results)
    view = view_or_fail(found.sources, asked, outside_or_fail(claims, found.notes))
    page = Page(stdout().width if sys.stdout.isatty() else PIPE_WIDTH, clean)
    write(FORMATS["json" if json else "text"](view, page))
