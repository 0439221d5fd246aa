"""`probe targets`: check a target list, show what is in it, print the JSON Schema for editors.

`load_or_fail` is how every command gets its list: the same messages, the same exit code.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from probe.cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.target import Target, TargetList
    from probe.targets.problems import Problem

NO_REFERENCES = "the list has no references, so nothing tells when this vantage is offline; docs/targets.md shows some"
MAX_SHOWN = 500
"""Mistakes that are printed; a file with more is no target list."""

app = typer.Typer(no_args_is_help=True, help="Check, show and describe target lists.")

File = Annotated[Path, typer.Argument(metavar="LIST", help="The target list.", show_default=True)]
DEFAULT = Path("targets.yaml")


def load_or_fail(path: Path, consequence: str = "", others: int = 0) -> "TargetList":
    """The list at `path`; or every mistake in it on stderr, how many, the `consequence`, and exit 2.

    `others`: how many mistakes were told before, to count with these.
    """
    from probe.targets.load import TargetListError, load_targets

    try:
        return load_targets(path)
    except TargetListError as error:
        if not others and not path.exists() and (meant := _meant(str(path))):
            console.fail([meant, *([consequence] if consequence else [])])
        fail_with(error.problems, consequence, others)


def fail_with(problems: "Sequence[Problem]", consequence: str = "", others: int = 0) -> NoReturn:
    """Every mistake of a file on stderr, how many with the `others` told before, the `consequence`, and exit 2."""
    from probe.targets.problems import summary

    shown = [console.clean(str(problem)) for problem in problems[:MAX_SHOWN]]
    more = [f"… and {len(problems) - MAX_SHOWN} more"] if len(problems) > MAX_SHOWN else []
    console.fail([*shown, *more, summary(len(problems) + others, consequence)])


def _meant(word: str) -> str:
    """What to write instead of a word that names no file: the id of a target, one of its hosts, or a URL."""
    from urllib.parse import urlsplit

    from probe.targets.load import TargetListError, load_targets

    scheme, slash, rest = word.partition(":/")  # a Path has made one slash of two
    host = rest.strip("/").split("/")[0] if slash else word
    try:
        listed = load_targets(DEFAULT).targets
    except TargetListError:
        listed = ()
    for target in listed:
        hosts = {urlsplit(endpoint.url).hostname or "" for endpoint in target.endpoints}
        if host in {target.id, *hosts, *(each.removeprefix("www.") for each in hosts)}:
            return f"{host} is in {DEFAULT}: `probe run --only {target.id}` measures it"
    if slash and scheme in ("http", "https"):
        return f"{console.clean(host)} is in no target list here; docs/targets.md shows how to write one"
    return ""


@app.command()
def check(file: File = DEFAULT) -> None:
    """Check a target list: every mistake in it with its line and the fix, or what it holds."""
    targets = load_or_fail(file).targets
    console.stdout().print(f"ok: {counted(targets)}", markup=False)
    if not any(target.kind == "reference" for target in targets):
        typer.echo(f"note: {NO_REFERENCES}", err=True)


def counted(targets: "Sequence[Target]") -> str:
    """`12 apps, 25 instances, 7 references, 140 endpoints`."""
    from probe.model.target import TargetKind

    counts = [(sum(target.kind is kind for target in targets), kind.value) for kind in TargetKind]
    counts.append((sum(len(target.endpoints) for target in targets), "endpoint"))
    return ", ".join(f"{count} {noun}" if count == 1 else f"{count} {noun}s" for count, noun in counts)


@app.command("list")
def list_(
    file: File = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="The whole list as JSON, shorthand written out.")] = False,
) -> None:
    """Show the targets: a table on a terminal; in a pipe one line each, columns separated by tabs."""
    targets = load_or_fail(file)
    if json:
        import msgspec

        typer.echo(msgspec.json.encode(targets))
    elif console.stdout().is_terminal:
        _print_table(targets.targets)
    else:
        for row in map(_cells, targets.targets):
            typer.echo("\t".join(row))


COLUMNS = ("target", "kind", "endpoints", "reached when", "risk", "country", "category", "name")
ON_TERMINAL, ON_NARROW, NARROW = 6, 3, 72
"""Columns on a terminal: of 80 characters, the last two would take the room of the others. Below so many characters,
the first three alone can be read."""


def _cells(target: "Target") -> tuple[str, ...]:
    """One row, in the order of COLUMNS; empty cells are `-`, so that a row always splits into as many."""
    cells = (
        target.id,
        target.kind,
        str(len(target.endpoints)),
        said_rollup(target),
        target.risk,
        target.country,
        target.category,
        target.name,
    )
    return tuple(console.clean(cell) or "-" for cell in cells)


def said_rollup(target: "Target") -> str:
    """A roll-up in words: `all`, `api any, realtime 10 of 12`. Telemetry is never counted."""
    from probe.model.target import Need, Role

    said = []
    for rule in target.rollup:
        counted = [e for e in target.endpoints if e.role is not Role.TELEMETRY and rule.role in (None, e.role)]
        need = f"{rule.k} of {len(counted)}" if rule.need is Need.K_OF_N else rule.need.value
        said.append(f"{rule.role} {need}" if rule.role else need)
    return ", ".join(said)


def _print_table(targets: "Sequence[Target]") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = ON_TERMINAL if console.stdout().width >= NARROW else ON_NARROW
    for column in COLUMNS[:columns]:
        table.add_column(column, justify="right" if column == "endpoints" else "left", no_wrap=column != "reached when")
    for target in targets:
        table.add_row(*map(Text, _cells(target)[:columns]))
    console.stdout().print(table)


@app.command()
def schema() -> None:
    """Print the JSON Schema of target lists, for editors that complete and check as you type."""
    import json

    from probe.targets.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
