"""`probe diff`: two sides in, what changed out. Reads the options, names their mistakes, prints; the rest is `report`.

Everything heavy is imported inside, so that `probe --help` stays quick.
"""

import sys
import traceback
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.console import PIPE_WIDTH, clean, fail, stdout, write, write_json
from probe.cli.output import paint

if TYPE_CHECKING:
    from probe.report.diff_gather import Gathered
    from probe.report.diff_view import DiffView
    from probe.store.pick import Pick

SIDES = ("latest~1", "latest")


class Differs(IntEnum):
    """What `--exit-code` answers, as diff(1) does."""

    SAME = 0
    DIFFERENT = 1
    TROUBLE = 2


def diff(
    a: Annotated[
        str,
        typer.Argument(metavar="A", help="The side before: a run (or how its id begins), a file, folder or glob, a "
                       "date, latest~N, or vantage:NAME. Default: latest~1", show_default=False),
    ] = SIDES[0],
    b: Annotated[
        str, typer.Argument(metavar="B", help="The side after, named in the same ways. Default: latest",
                            show_default=False)
    ] = SIDES[1],
    results: Annotated[
        Path, typer.Option("--results", metavar="DIR", help="Folder of results, for runs, dates and vantage points.")
    ] = Path("results"),
    vantage: Annotated[
        str, typer.Option("--vantage", metavar="NAME", help="Only this vantage point.", show_default=False)
    ] = "",
    only: Annotated[
        list[str] | None,
        typer.Option("--only", "--target", metavar="ID", help="Only this target or target/endpoint. Repeatable."),
    ] = None,
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Time zone, such as Asia/Shanghai.")] = "UTC",
    raw: Annotated[
        bool, typer.Option("--raw", help="Compare the last lines as they stand: a lone failed try counts.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that is no record.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 0 if nothing changed, 1 if something did, 2 on trouble.")
    ] = False,
) -> None:  # fmt: skip
    """Say what changed between two runs, files, dates or vantage points: blocked, recovered, method, certificates.

    A date is the state as of then, of a day at its end. A failure that may be chance is no change (docs/diff.md), and
    what could not be measured is never one.
    """
    try:
        view = _view(a, b, results, vantage, frozenset(only or ()), tz, raw=raw, strict=strict)
    except Exception as error:
        # A script that asks for 1 as "it differs" must not get it from a bug.
        if not exit_code or isinstance(error, typer.Exit):
            raise
        traceback.print_exc()
        raise typer.Exit(Differs.TROUBLE) from error
    _show(view, json=json)
    if exit_code:
        raise typer.Exit(_answer(view))


def _answer(view: "DiffView") -> Differs:
    if view.differs:
        return Differs.DIFFERENT
    return Differs.SAME if view.compared else Differs.TROUBLE


def _show(view: "DiffView", *, json: bool) -> None:
    from probe.report import diff_json, diff_text
    from probe.report.paper import Page

    if json:
        write_json(diff_json.render(view))
        return
    width = max(40, stdout().width) if sys.stdout.isatty() else PIPE_WIDTH
    write(diff_text.render(view, Page(width, clean), paint()))


def _view(
    a: str, b: str, results: Path, vantage: str, only: frozenset[str], tz: str, *, raw: bool, strict: bool
) -> "DiffView":
    """Resolve, read and compare; one line for each mistake, and nothing on stdout."""
    from probe.cli.reading import zone_or_fail
    from probe.report.diff_view import UnpairedError, build

    zone_or_fail(tz)
    picks = _picks(a, b, results, tz, vantage)
    sides = _gathered(picks, raw=raw, strict=strict)
    if mistakes := [*_empty(picks, sides), *_unknown(only, sides)]:
        fail(mistakes)
    try:
        view = build(picks, sides, zone=tz, only=only, raw=raw)
    except UnpairedError as error:
        fail(clean(str(error)))
    if view.one_and_the_same:
        _note("A and B hold the same measurements: nothing could have changed")
    if view.a.last > view.b.last:
        _note(f"A ({a}) was measured later than B ({b}): read what changed the other way round")
    return view


def _picks(a: str, b: str, results: Path, tz: str, vantage: str) -> "tuple[Pick, Pick]":
    from zoneinfo import ZoneInfo

    from probe.store.pick import Shelf, UnresolvedError, pick

    shelf, found, mistakes = Shelf(results), [], dict[str, None]()
    for name in (a, b):
        try:
            found.append(pick(name, shelf, ZoneInfo(tz), vantage))
        except UnresolvedError as error:
            mistakes[clean(str(error))] = None
    if mistakes:
        fail(mistakes)
    for one in found:
        for note in one.notes:
            _note(note)
    return found[0], found[1]


def _gathered(picks: "tuple[Pick, Pick]", *, raw: bool, strict: bool) -> "tuple[Gathered, Gathered]":
    from probe.cli.reading import progress, skipped
    from probe.report.diff_gather import gather
    from probe.store.reader import MalformedError, Tally

    tally = Tally(strict=strict)
    try:
        a, b = gather(picks, tally, raw=raw, watch=progress)
    except MalformedError as error:
        fail([clean(str(error)), "without --strict such lines are skipped and counted"])
    skipped(tally)
    return a, b


def _empty(picks: "Iterable[Pick]", sides: "Iterable[Gathered]") -> list[str]:
    """A side without a measurement would read as if everything were gone."""
    mistakes = []
    for one, side in zip(picks, sides, strict=True):
        if not side.extents:
            of = f" of {one.vantage}" if one.vantage else ""
            when = " at that time or before" if one.until is not None else ""
            mistakes.append(clean(f"{one.name}: no measurement{of}{when}: nothing to compare"))
    return mistakes


def _unknown(only: frozenset[str], sides: "Iterable[Gathered]") -> list[str]:
    from probe.cli.reading import did_you_mean

    keys = [key for side in sides for key in side.known]
    known = sorted({key.target for key in keys} | {f"{key.target}/{key.endpoint}" for key in keys})
    unknown = sorted(only.difference(known)) if keys else []
    return [f"--only {clean(name)}: no record of it on either side{did_you_mean(name, known)}" for name in unknown]


def _note(text: str) -> None:
    print(clean(f"note: {text}"), file=sys.stderr)  # noqa: T201 - this is the room that prints
