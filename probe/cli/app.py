"""The command line put together: which commands there are, and what happens when one of them breaks.

Each command is a file; what it needs is imported when it runs. Exit codes are `console.Exit`.
"""

import sys
from typing import Annotated

import typer

from probe import __version__
from probe.cli import (
    claims,
    compact,
    configured,
    demo,
    diff,
    doctor,
    explain,
    lab,
    note,
    pull,
    push,
    report,
    run,
    schedule,
    targets,
    verify,
    watch,
)
from probe.cli.console import Exit

app = typer.Typer(
    name="probe",
    help="Is it blocked, is it down, or is it you? Measures apps and instances stage by stage (DNS, TCP, TLS, HTTP), "
    "names the exact failure, and dates the onset of blocks.",
    epilog="Start with `probe demo` (needs no network), then `probe run --dry-run`, `probe run`, `probe report`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(watch.watch)
app.command()(report.report)
app.command()(explain.explain)
app.command()(diff.diff)
app.command()(demo.demo)
app.command()(verify.verify)
app.command(context_settings=doctor.TAKES_RUNS_OPTIONS)(doctor.doctor)
app.command()(compact.compact)
app.command()(push.push)
app.command()(pull.pull)
app.add_typer(targets.app, name="targets")
app.add_typer(claims.app, name="claims")
app.add_typer(note.app, name="note")
app.add_typer(schedule.app, name="schedule")
app.add_typer(lab.app, name="lab")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"probe {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has acted on it
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options before the command."""
    configured.apply(context)


def main() -> None:
    """The console script. Ctrl-C ends with 130, a closed pipe quietly, a bug with 1 and its traceback."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except SystemExit as end:
        # `probe report | head`: the reader has what it wanted. Typer ends with 1 then, and marks stdout with a wrapper.
        if end.code == 1 and type(sys.stdout).__name__ == "PacifyFlushWrapper":
            sys.exit(Exit.DONE)
        raise
