"""`probe note`: what a person saw, kept beside the results of a vantage point and never among its measurements."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli import console

if TYPE_CHECKING:
    from probe.model.note import Note

app = typer.Typer(no_args_is_help=True, help="Note what people saw, such as an SMS that did not arrive.")

LONGEST = 2000
"""Characters of a note: an observation, not a report."""
_WHERE = "the time has no zone, so it is not a time everyone can read; write 2021-02-08T19:05+08:00 or …Z"


@app.command()
def add(
    target: Annotated[str, typer.Argument(metavar="TARGET[/ENDPOINT]", help="What it is about.", show_default=False)],
    text: Annotated[str, typer.Argument(metavar="TEXT", help='What was seen, as in "SMS not received".')],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who saw it; a role will do.")],
    vantage: Annotated[str, typer.Option("--vantage", metavar="NAME", help="The vantage point it stands beside.")],
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="TIME", help="When it was seen, with zone. Default: now.", show_default=False),
    ] = None,
    results: Annotated[Path, typer.Option("--results", metavar="DIR", help="Folder of results.")] = Path("results"),
) -> None:
    """Note what a person saw. It is shown in reports and counts for no verdict and no onset."""
    import time as clock

    from probe.store.notes import append, notes_path

    now = clock.time()
    note = _note(target, text, by, vantage, time, now)
    path = notes_path(results, vantage)
    try:
        append(path, note)
    except OSError as error:
        console.fail(console.clean(f"{path}: cannot be written ({error.strerror or error}); nothing was noted"))
    console.stdout().print(console.clean(f"noted in {path}"), markup=False)
    if doubt := _doubt(note, path.parent):
        typer.echo(console.clean(f"note: {doubt}"), err=True)


def _note(target: str, text: str, by: str, vantage: str, time: str | None, now: float) -> "Note":
    """The note, or all mistakes in the options in one go."""
    import secrets

    from probe.model.clock import compact, rfc3339
    from probe.model.note import Note
    from probe.store.layout import vantage_error

    name, _, endpoint = target.partition("/")
    said, who = " ".join(text.split()), " ".join(by.split())
    seen, mistake = _seen(time, now)
    error = vantage_error(vantage)
    mistakes = [
        *([f"--vantage: {error}"] if error else []),
        *([f"--time: {mistake}"] if mistake else []),
        *(
            []
            if name and not target.endswith("/")
            else [f"{target!r} names no target; write clubhouse, or clubhouse/api"]
        ),
        *([] if said else ["the note is empty; say what was seen"]),
        *([] if len(said) <= LONGEST else [f"the note is {len(said)} characters long; use at most {LONGEST}"]),
        *([] if who else ["--by is empty; say who saw it (a role such as `tester` will do)"]),
    ]
    if mistakes:
        console.fail(map(console.clean, mistakes))
    return Note(
        id=f"{compact(now)}-{vantage}-note-{secrets.token_hex(4)}",
        time=rfc3339(seen),
        written=rfc3339(now),
        vantage=vantage,
        target=name,
        endpoint=endpoint,
        by=who,
        text=said,
    )


def _doubt(note: "Note", folder: Path) -> str:
    """Why the names in a note may be slips: nothing of the kind was measured in the newest run in `folder`."""
    from probe.cli.reading import did_you_mean
    from probe.store.pick import Shelf, UnresolvedError
    from probe.store.reader import Tally, rows

    try:
        newest = Shelf(folder).runs[-1]
    except (UnresolvedError, IndexError):
        return f"{note.vantage} has no results in {folder}; was another vantage point meant?"
    known = {name for row in rows(newest.sources, Tally()) for name in (row.target, f"{row.target}/{row.endpoint}")}
    about = f"{note.target}/{note.endpoint}" if note.endpoint else note.target
    if about in known:
        return ""
    return f"{about} is not in the newest run of {note.vantage}{did_you_mean(about, sorted(known))}"


def _seen(text: str | None, now: float) -> tuple[float, str]:
    """Epoch seconds of --time, and what is wrong with it."""
    from datetime import datetime

    if text is None:
        return now, ""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            return now, f"{text!r}: {_WHERE}"
        seen = at.timestamp()
    except (ValueError, OverflowError):
        return now, f"{text!r} is no time; write 2021-02-08T19:05+08:00 or 2021-02-08T11:05:00Z"
    if not 0 <= seen <= now:
        return now, f"{text!r} lies in the future or before 1970; note what was seen"
    return seen, ""


@app.command("list")
def list_(
    results: Annotated[
        list[str] | None,
        typer.Argument(metavar="RESULTS", help="Folders or files. Default: ./results", show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as stored.")] = False,
) -> None:
    """Show the notes, one line each, columns separated by tabs."""
    import msgspec

    from probe.store.layout import RESULTS, find
    from probe.store.notes import read

    found = find(results or [str(RESULTS)])
    if found.problems:
        console.fail(map(console.clean, found.problems))
    told = read(found.notes)
    for problem in told.problems:
        typer.echo(console.clean(f"note: {problem}"), err=True)
    for one in told.notes:
        what = f"{one.target}/{one.endpoint}" if one.endpoint else one.target
        cells = (one.time, one.vantage, what, one.by, one.text)
        typer.echo(msgspec.json.encode(one) if json else "\t".join(map(console.clean, cells)))
