"""How data is written for eyes: colours where a terminal has them, and how wide the lines may be."""

import os
import stat
import sys
from typing import TYPE_CHECKING

from probe.cli.console import stderr, stdout

if TYPE_CHECKING:
    from probe.report.paper import Paint

LEAST = 40
"""So many columns at least: below, no table can be read."""
_ANSI = {"bold": "1", "red": "1;31", "yellow": "1;33", "green": "1;32"}


def paint() -> "Paint":
    """Colours where stdout is a terminal that has them, or FORCE_COLOR is set, and nobody asked for none."""
    from probe.report.paper import plain

    if not _forced():
        if not sys.stdout.isatty():  # asked first: a pipe needs no Rich, which takes longer to load than a small report
            return plain
        console = stdout()
        if console.no_color or console.color_system is None:
            return plain
    return lambda style, line: f"\x1b[{_ANSI[style]}m{line}\x1b[0m"


def _forced() -> bool:
    """Whether colours are asked for even in a pipe, as for `less -R` (FORCE_COLOR, and no NO_COLOR beside it)."""
    return bool(os.environ.get("FORCE_COLOR")) and not os.environ.get("NO_COLOR")


def width(piped: int) -> int:
    """Columns to write in: the terminal's, also through a pager; elsewhere `piped`, whatever the environment says."""
    if sys.stdout.isatty():
        return max(LEAST, stdout().width)
    return max(LEAST, stderr().width) if _into_a_pager() else piped


def _into_a_pager() -> bool:
    """Whether stdout is a pipe that a person reads (`less`): errors still go to a terminal then."""
    try:
        return sys.stderr.isatty() and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # no file behind it: a test, an editor
        return False
