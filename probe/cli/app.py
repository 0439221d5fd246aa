"""The command line put together: which commands there are, and what happens when one of them breaks.

Each command is a file, imported when it is asked for (`commands`); what it needs is imported when it runs. Exit codes
are `console.Exit`.
"""

import errno
import sys
from typing import Annotated

import typer

from probe import __version__
from probe.cli import configured
from probe.cli.commands import Commands
from probe.cli.console import Exit, nobody_reads, speak_any_locale

app = typer.Typer(
    name="probe",
    cls=Commands,
    help="Is it blocked, is it down, or is it you? Measures apps and instances stage by stage (DNS, TCP, TLS, HTTP), "
    "names the exact failure, and dates the onset of blocks.",
    epilog="Start with `probe demo` (needs no network), then `probe run --dry-run`, `probe run`, `probe report`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main() -> None:
    """The console script. Ctrl-C ends with 130, a closed pipe quietly, a bug with 1 and its traceback."""
    speak_any_locale()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except SystemExit as end:
        # `probe report | head`: the reader has what it wanted. Typer ends with 1 then, and marks stdout with a wrapper.
        left = end.code == 1 and type(sys.stdout).__name__ == "PacifyFlushWrapper"
        sys.exit(Exit.DONE if left else _flushed(end.code))
    except OSError as error:
        if error.filename is not None or error.errno not in NO_ROOM:
            raise
        sys.exit(_no_room(error))


def _flushed(code: "str | int | None") -> "str | int | None":
    """The exit code, once all is written; written here, where what goes wrong with it can still be told."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        nobody_reads()
    except OSError as error:
        return code or _no_room(error)
    return code


def _no_room(error: OSError) -> Exit:
    nobody_reads()  # or the interpreter would try again
    print(f"standard output: {error.strerror}; it is not whole", file=sys.stderr)  # noqa: T201 - the room that prints
    return Exit.INTERNAL
