"""One Console factory, one way to fail. Data goes to stdout, everything else to stderr.

A console that is no terminal gets no colours, boxes, spinners or cut columns; NO_COLOR is honoured (no-color.org).
Text from strangers passes `clean` before it is printed: control sequences and bidirectional marks would let a server
rewrite what the user sees.
"""

import os
import sys
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

import typer

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

    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    return Console(
        stderr=stderr,
        highlight=False,
        soft_wrap=not terminal,
        emoji=False,
        no_color=bool(os.environ.get("NO_COLOR")) or not terminal,
        force_terminal=terminal,
        width=None if terminal else PIPE_WIDTH,
    )


def clean(text: str) -> str:
    """`text` with every control, format and surrogate character shown as an escape, so that it cannot act."""
    return "".join(c if unicodedata.category(c)[0] != "C" else f"\\u{ord(c):04x}" for c in text)


def fail(messages: str | Iterable[str], code: Exit = Exit.USAGE) -> NoReturn:
    """Print one line per message on stderr and exit."""
    for message in [messages] if isinstance(messages, str) else messages:
        print(message, file=sys.stderr)  # noqa: T201 - this is the room that prints
    raise typer.Exit(code)


def write(text: str) -> None:
    """Data on stdout; where its encoding lacks our signs (an old locale), plain ones stand in for them."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    sys.stdout.write(text)


_PLAIN = str.maketrans({"█": "#", "▒": "%", "·": ".", "▏": "|", "–": "-", "…": "~", "→": ">"})
