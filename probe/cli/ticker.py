"""What a standing watch shows: a line for each run and each change, and on a terminal what it is doing just now.

Lines are data (stdout): time, what, of what, and words for people, separated by tabs. The few lines that change all the
time are for terminals only. Notes go to stderr.
"""

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from probe.cli.amounts import many, spoken, weighed
from probe.cli.console import clean, nobody_reads, stderr, write
from probe.cli.live import STYLES, said, say
from probe.cli.run import bug_of, not_made, print_line
from probe.model.clock import parse_rfc3339, rfc3339
from probe.model.diagnosis import Verdict

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from probe.model.measurement import Measurement
    from probe.schedule.loop import Cycle, Hooks
    from probe.schedule.once import Finished
    from probe.schedule.pace import Change


class Ticker:
    """Hears of everything a watch does. `json`: stdout is for measurements, and the lines go to stderr."""

    def __init__(self, size: int, every: float, *, json: bool) -> None:
        self._size, self._every, self._json = size, every, json
        self._lines = True
        self._counts: Counter[Verdict] = Counter()
        self._running: Cycle | None = None
        self._until = 0.0
        self._changed = ""
        self._noted = ""
        self._live: Live | None = None

    def hooks(self) -> "Hooks":
        """What the loop is to call."""
        from probe.schedule.loop import Hooks

        return Hooks(
            on_cycle=self.cycle, on_measurement=self.measurement, on_change=self.change,
            on_run_finished=self.run_finished, on_wait=self.wait, on_note=self.note,
        )  # fmt: skip

    def open(self) -> None:
        """Begin to show what goes on, if stderr is a terminal."""
        if not sys.stderr.isatty():
            return
        from rich.live import Live

        shared = sys.stdout.isatty()  # lines then scroll above what is shown; a pipe keeps its own
        self._live = Live(
            get_renderable=self.now, console=stderr(), refresh_per_second=2, transient=True,
            redirect_stdout=shared, redirect_stderr=True,
        )  # fmt: skip
        self._live.start()

    def close(self) -> None:
        """Take away what was shown."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def cycle(self, cycle: "Cycle") -> None:
        """A run begins."""
        self._running, self._counts = cycle, Counter()

    def measurement(self, one: "Measurement") -> None:
        """An endpoint was measured."""
        self._counts[one.verdict] += 1
        if self._json and self._lines:
            self._lines = print_line(one)

    def change(self, change: "Change") -> None:
        """An endpoint's state is another."""
        text = f"{change.was} → {said(change.measurement)}"
        self._changed = f"{change.measurement.time[11:16]}Z {change.name}  {text}"
        self._line(parse_rfc3339(change.measurement.time), "change", change.name, text)

    def run_finished(self, done: "Finished") -> None:
        """A run is over."""
        look = self._running is not None and self._running.why == "look"
        told = [f"{done.measured} of {done.planned}: {self._counted() or 'nothing'}", *_unfit(done)]
        if self._running is not None and self._running.left_out:
            told.append(f"{len(self._running.left_out)} left out")
        told.append(f"{weighed(done.bytes)} in {max(0.0, done.ended - done.began):.1f} s")
        self._line(done.ended, "look" if look else "run", done.run_id, " · ".join(filter(None, told)))
        self._noted = ""
        if self._running is not None and self._running.missed:
            self.note(f"missed before it: {many(self._running.missed, 'run')}, not made up for")
        for line in (*not_made(done), *(bug_of(done) if done.bugs else ())):
            self.note(line)
        self._running = None

    def wait(self, until: float, _now: float) -> None:
        """Nothing to do until then."""
        self._running, self._until = None, until

    def note(self, text: str) -> None:
        """Something befell the watch. What is said again and again before a run is over, such as that a folder
        is locked, is told once."""
        if text == self._noted:
            return
        self._noted = text
        stamp = f"{rfc3339(time.time())[:19]}Z"
        say(f"{stamp[11:] if self._live is not None and sys.stdout.isatty() else stamp}  {clean(text)}")

    def now(self) -> "Text":
        """The lines that change all the time."""
        from rich.text import Text

        what = f"watching {self._size} endpoints every {spoken(self._every)}"
        if self._running is not None:
            now = f"{self._counts.total()} of {self._running.size} measured: {self._counted()}"
        else:
            now = f"next {rfc3339(self._until)[11:19]}Z, in {spoken(max(0.0, self._until - time.time()))}"
        lines = [Text(f"{what} · {now}", style="bold")]
        lines += [Text(f"last change  {clean(self._changed)}", style=STYLES["anomaly"])] if self._changed else []
        for line in lines:
            line.truncate(stderr().width - 4, overflow="ellipsis")  # the terminal writes ^C there, and must not wrap
        return Text("\n").join(lines)

    def _counted(self) -> str:
        return " · ".join(f"{self._counts[v]} {v}" for v in Verdict if self._counts[v])

    def _line(self, at: float, what: str, of: str, text: str) -> None:
        """One line of data. A reader who has left does not end the watch: the files are what it is for."""
        stamp = f"{rfc3339(at)[:19]}Z"
        if self._json:
            say(clean_line(stamp, what, of, text))
        elif self._live is not None and sys.stdout.isatty():
            self._on_terminal(stamp[11:], what, of if what == "change" else "", text)
        elif self._lines:
            self._lines = _put(clean_line(stamp, what, of, text))

    def _on_terminal(self, stamp: str, what: str, of: str, text: str) -> None:
        """The same for eyes: the hour, no run id, and no line longer than the window if it can be helped."""
        from rich.text import Text

        style = STYLES["anomaly"] if what == "change" else ""
        if self._live is not None:
            line = f"{stamp}  {what:<6}  {clean(of)}{'  ' if of else ''}{clean(text)}"
            self._live.console.print(Text(line, style=style))


def clean_line(*cells: str) -> str:
    """Cells separated by tabs, whatever strangers put into them."""
    return "\t".join(map(clean, cells))


def _put(line: str) -> bool:
    """One line on stdout; False once nobody reads there."""
    try:
        write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        nobody_reads()
        return False
    return True


def _unfit(done: "Finished") -> list[str]:
    from probe.model.diagnosis import Fitness

    fine = (Fitness.FIT, Fitness.UNKNOWN, Fitness.IPV6_BROKEN)
    return [] if done.fitness in fine else [f"the vantage is unfit ({done.fitness}): nothing can be concluded"]
