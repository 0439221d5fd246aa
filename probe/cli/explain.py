"""`probe explain`: one measurement, step by step. Reads the options, finds the line, prints; the rest is `report`."""

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from probe.cli.console import clean, fail, stdout, write, write_json
from probe.cli.output import LEAST, paint

if TYPE_CHECKING:
    from probe.diagnose.fingerprints import Fingerprint
    from probe.model.measurement import Measurement
    from probe.store.layout import Source
    from probe.store.lookup import Kept

LATEST = "latest"
FORMS = "write FILE:LINE, a measurement id RUN/TARGET/ENDPOINT, or latest TARGET[/ENDPOINT]"
_ID_PARTS = 3
_WORST = ("blocked", "interfered", "anomaly", "restricted", "down", "insufficient", "ok")


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="FILE:LINE, a measurement id RUN/TARGET/ENDPOINT, a target, or the word latest.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str | None,
        typer.Argument(metavar="TARGET[/ENDPOINT]", help="With latest: of what. A target stands for its worst "
                       "endpoint.", show_default=False),
    ] = None,
    results: Annotated[Path, typer.Option("--results", metavar="DIR", help="Folder of results.")] = Path("results"),
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Time zone, such as Asia/Shanghai.")] = "UTC",
    lang: Annotated[str, typer.Option("--lang", metavar="LANG", help="Language: en or zh.")] = "en",
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
    rejudge: Annotated[
        bool, typer.Option("--rejudge", help="Judge what was seen by today's rules, not those of the time.")
    ] = False,
    fingerprints: Annotated[
        Path | None,
        typer.Option("--fingerprints", metavar="FILE", help="With --rejudge: block pages to know, as CSV of "
                     "ooni/blocking-fingerprints.", show_default=False),
    ] = None,
) -> None:  # fmt: skip
    """Show how one verdict came about: what was tried, what came back, and which rule says what of it."""
    from probe.cli.marks import marks_or_fail
    from probe.cli.page import lang_or_fail
    from probe.cli.reading import zone_or_fail
    from probe.report.escape import json_text
    from probe.report.paper import Page
    from probe.report.transcript import transcript
    from probe.report.transcript_text import render

    zone_or_fail(tz)
    lang_or_fail(lang)
    marks = marks_or_fail(fingerprints, rejudging=rejudge)
    kept = _find(what, target, results)
    told = transcript(
        _judged_anew(kept.measurement, marks) if rejudge else kept.measurement,
        tz,
        lang=lang,
        where=f"{kept.source.name}:{kept.number}",
        sha256=hashlib.sha256(kept.line).hexdigest(),
        recorded=kept.measurement if rejudge else None,
    )
    if json:
        write_json(json_text(told))
        return
    width = max(LEAST, stdout().width) if sys.stdout.isatty() else sys.maxsize  # a line that is cut, no script can find
    write(render(told, Page(width, clean), paint()))


def _judged_anew(one: "Measurement", marks: "tuple[Fingerprint, ...]") -> "Measurement":
    from probe.diagnose.rejudge import rejudge

    return rejudge(one, marks)


def _find(what: str, target: str | None, results: Path) -> "Kept":
    """The line that is meant, or the mistake."""
    if what == LATEST:
        return _latest(target, results)
    if target is not None:
        fail(f"{clean(target)!r} is one word too many; {FORMS}")
    name, colon, number = what.rpartition(":")
    if colon and number.isascii() and number.isdigit() and len(number) < 12:
        return _at(name, int(number))
    if Path(what).is_file():
        fail(f"{clean(what)}: say which line of it, as in {clean(what)}:1")
    parts = len(what.split("/"))
    if parts > _ID_PARTS or not what:
        fail(f"{clean(what)!r} names no measurement; {FORMS}")
    return _by_id(what, results) if parts == _ID_PARTS else _latest(what, results)


def _at(name: str, number: int) -> "Kept":
    from probe.store.layout import Source
    from probe.store.lookup import NotFoundError, at_line

    path = Path(name)
    if not path.is_file():
        fail(f"{clean(name)}: no such file; {FORMS}")
    try:
        return at_line(Source(name, path), number)
    except NotFoundError as error:
        fail(clean(str(error)))


def _by_id(wanted: str, results: Path) -> "Kept":
    from probe.store.lookup import by_id

    kept = by_id(_sources(results), wanted)
    if kept is None:
        fail(f"{clean(wanted)}: no such measurement below {results}; --results DIR looks elsewhere")
    return kept


def _latest(target: str | None, results: Path) -> "Kept":
    """The newest of a target; of several endpoints the worst, and the others named on stderr."""
    from probe.store.lookup import latest

    if target is None:
        fail("latest of what? write latest TARGET or latest TARGET/ENDPOINT")
    name, _, endpoint = target.partition("/")
    sources = _sources(results)
    found = latest(sources, name, endpoint)
    if not found:
        _unknown(target, sources, results)
    first, *others = sorted(found, key=lambda kept: _WORST.index(kept.measurement.verdict))
    if others:
        told = ", ".join(f"{kept.measurement.endpoint} {kept.measurement.verdict}" for kept in others)
        note = f"note: {name}/{first.measurement.endpoint} is the worst of {len(found)} in this run; the others: {told}"
        print(clean(note), file=sys.stderr)  # noqa: T201 - this is the room that prints
    return first


def _unknown(target: str, sources: "tuple[Source, ...]", results: Path) -> NoReturn:
    """No record of that name: say which there are."""
    from probe.cli.reading import did_you_mean
    from probe.store.reader import Tally, rows

    seen = {(row.target, row.endpoint) for row in rows(sources, Tally())}
    known = sorted({name for name, _ in seen} | {f"{name}/{endpoint}" for name, endpoint in seen})
    fail(f"{clean(target)}: no record of it below {results}{did_you_mean(target, known)}; {FORMS}")


def _sources(results: Path) -> "tuple[Source, ...]":
    from probe.store.layout import find

    found = find([str(results)])
    if found.problems:
        fail([clean(f"{problem}; --results DIR says where results lie") for problem in found.problems])
    return found.sources
