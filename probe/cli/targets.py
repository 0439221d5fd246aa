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

MAX_SHOWN = 500
"""Mistakes that are printed; a file with more is no target list."""

app = typer.Typer(no_args_is_help=True, help="Check, show and describe target lists.")

File = Annotated[Path, typer.Argument(metavar="[FILE]", help="The target list.", show_default=True)]
DEFAULT = Path("targets.yaml")


def load_or_fail(path: Path, consequence: str = "") -> "TargetList":
    """The list at `path`; or every mistake in it on stderr, how many, the `consequence`, and exit 2."""
    from probe.targets.load import TargetListError, load_targets

    try:
        return load_targets(path)
    except TargetListError as error:
        fail_with(error.problems, consequence)


def fail_with(problems: "Sequence[Problem]", consequence: str = "") -> NoReturn:
    """Every mistake of a file on stderr, how many, the `consequence`, and exit 2."""
    from probe.targets.problems import summary

    shown = [console.clean(str(problem)) for problem in problems[:MAX_SHOWN]]
    more = [f"… and {len(problems) - MAX_SHOWN} more"] if len(problems) > MAX_SHOWN else []
    console.fail([*shown, *more, summary(problems, consequence)])


@app.command()
def check(file: File = DEFAULT) -> None:
    """Check a target list: every mistake in it with its line and the fix, or what it holds."""
    targets = load_or_fail(file).targets
    console.stdout().print(f"ok: {counted(targets)}", markup=False)


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
NARROW = 6
"""Columns on a terminal: of 80 characters, the last two would take the room of the others."""


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
    for column in COLUMNS[:NARROW]:
        table.add_column(column, justify="right" if column == "endpoints" else "left", no_wrap=column != "reached when")
    for target in targets:
        table.add_row(*map(Text, _cells(target)[:NARROW]))
    console.stdout().print(table)


@app.command()
def schema() -> None:
    """Print the JSON Schema of target lists, for editors that complete and check as you type."""
    import json

    from probe.targets.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
