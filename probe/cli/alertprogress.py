"""What people see while a watch reads the results that its alerts must know: nothing if that is soon done.

On a terminal a bar, which goes away; in a pipe one note. Both only after a second.
"""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from probe.cli.console import stderr

if TYPE_CHECKING:
    from rich.progress import Progress

SOON = 1.0
"""Seconds of silence: reading that takes no longer is not worth a word."""


class AlertProgress:
    """Hears how many of `total` runs have been read. `first`: nothing was known before, so weeks are read."""

    def __init__(
        self, total: int, note: Callable[[str], None], *, first: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        why = "of the last weeks: alerts must know what is ordinary here" if first else "not yet taken in by alerts"
        self._total, self._note, self._clock = total, note, clock
        self._text = f"reading {total} run{'' if total == 1 else 's'} {why}"
        self._began = clock()
        self._told = False
        self._bar: Progress | None = None

    def __enter__(self) -> "AlertProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def read(self, count: int) -> None:
        """So many are read."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=count)
        elif not self._told and self._clock() - self._began > SOON:
            self._told = True
            self._tell(count)

    def _tell(self, count: int) -> None:
        if not sys.stderr.isatty():
            self._note(self._text)
            return
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=12), TaskProgressColumn(), TimeRemainingColumn(),
            console=stderr(), transient=True,
        )  # fmt: skip
        self._bar.add_task(self._text.partition(":")[0], total=self._total, completed=count)
        self._bar.start()
