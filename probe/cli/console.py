"""One Console factory, one way to fail. Data goes to stdout, everything else to stderr.

A console that is no terminal gets no colours, boxes, spinners or cut columns; NO_COLOR is honoured (no-color.org).
Text from strangers passes `clean` before it is printed: control sequences and bidirectional marks would let a server
rewrite what the user sees.
"""

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

import typer

from probe.model.shown import visible

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 4096
"""Rich cuts tables at 80 columns when piped; a pipe has no width, so it gets one that nothing reaches."""


class Exit(IntEnum):
    """Exit codes (DESIGN section 6)."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    FINDING = 3
    UNFIT = 4
    CONSENT = 5
    LOCKED = 75
    INTERRUPTED = 130


def stdout() -> "Console":
    """The console for data."""
    return _console(stderr=False)


def stderr() -> "Console":
    """The console for progress, notes and errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    class Quiet(Console):
        """Leaves a reader who has gone to whoever runs the command; Rich would end it as if it had failed."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    return Quiet(
        stderr=stderr,
        highlight=False,
        soft_wrap=not terminal,
        emoji=False,
        no_color=bool(os.environ.get("NO_COLOR")) or not terminal,
        force_terminal=terminal,
        width=None if terminal else PIPE_WIDTH,
    )


clean = visible
"""What text from strangers passes before it is printed."""


def fail(messages: str | Iterable[str], code: Exit = Exit.USAGE) -> NoReturn:
    """Print one line per message on stderr and exit."""
    for message in [messages] if isinstance(messages, str) else messages:
        print(message, file=sys.stderr)  # noqa: T201 - this is the room that prints
    raise typer.Exit(code)


def write(text: str) -> None:
    """Data on stdout, for eyes."""
    sys.stdout.write(text)


def write_json(text: str) -> None:
    """Data on stdout, for programs: UTF-8 whatever the locale says (RFC 8259 section 8.1)."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())


def nobody_reads() -> None:
    """Nobody reads stdout any more: what is still printed there goes nowhere, and fails nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def speak_any_locale() -> None:
    """Where an old locale's encoding lacks a sign of ours, a plain one stands in for it; nothing printed can fail."""
    codecs.register_error("probe.plain", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="probe.plain")


_PLAIN = {"█": "#", "▒": "%", "·": ".", "▏": "|", "–": "-", "…": "~", "→": ">"}


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking), error.end
