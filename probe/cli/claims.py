"""`probe claims`: check what others say about blocks (claims.yaml), or show it. `probe report` sets it beside onsets.

`load_or_fail` is how a command gets its claims: the same messages, the same exit code as for target lists.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli import console
from probe.cli import targets as targets_command

if TYPE_CHECKING:
    from collections.abc import Collection

    from probe.model.claim import Claim, ClaimList

DEFAULT = Path("claims.yaml")
app = typer.Typer(no_args_is_help=True, help="Check and show what others say about blocks.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file of claims.", show_default=True)]


def load_or_fail(path: Path, targets: "Collection[str]" = (), consequence: str = "") -> "ClaimList":
    """The claims at `path`; or every mistake in it on stderr, how many, the `consequence`, and exit 2."""
    from probe.targets.claims import load_claims
    from probe.targets.problems import TargetListError

    try:
        return load_claims(path, targets)
    except TargetListError as error:
        targets_command.fail_with(error.problems, consequence)


@app.command()
def check(
    file: File = DEFAULT,
    targets: Annotated[
        Path | None,
        typer.Option(
            "--targets",
            metavar="LIST",
            help="Target list whose ids the claims must use. Default: ./targets.yaml, if it is there.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check a file of claims: every mistake in it with its line and the fix, or what it holds."""
    path = targets if targets is not None or not targets_command.DEFAULT.is_file() else targets_command.DEFAULT
    known = [] if path is None else [target.id for target in targets_command.load_or_fail(path).targets]
    claims = load_or_fail(file, known).claims
    sources, places = len({one.by for one in claims}), len({one.country for one in claims})
    counts = ((len(claims), "claim", "claims"), (sources, "source", "sources"), (places, "country", "countries"))
    console.stdout().print(
        "ok: " + ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts), markup=False
    )


@app.command("list")
def list_(
    file: File = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="The claims as JSON, times in UTC epoch seconds.")] = False,
) -> None:
    """Show the claims, one line each, columns separated by tabs."""
    claims = load_or_fail(file)
    if json:
        import msgspec

        typer.echo(msgspec.json.encode(claims))
        return
    for one in claims.claims:
        typer.echo("\t".join(console.clean(cell) or "-" for cell in _cells(one)))


def _cells(one: "Claim") -> tuple[str, ...]:
    """What, where, says when, by whom, the rest; empty cells are `-`, so that a row always splits into as many."""
    what = f"{one.target}/{one.endpoint}" if one.endpoint else one.target
    networks = " ".join(f"AS{asn}" for asn in one.networks)
    return (one.id, what, one.country, networks, one.says, one.when.text, one.when.zone, one.by, one.link, one.evidence)
