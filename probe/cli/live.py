"""What a run shows while it goes on and when it is over. Progress on stderr, on a terminal only; the summary is data.

On a terminal the summary is a table of targets; in a pipe it is one tab-separated line per endpoint, which scripts can
cut.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probe.cli.console import clean, stderr, stdout
from probe.model.diagnosis import Verdict

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from probe.diagnose.rollup import Rollup
    from probe.model.measurement import Measurement
    from probe.model.target import Target

STYLES = {
    "ok": "green",
    "blocked": "bold red",
    "partly blocked": "bold red",
    "interfered": "magenta",
    "down": "yellow",
    "restricted": "cyan",
    "anomaly": "bold yellow",
    "insufficient": "dim",
    "unknown": "dim",
}
"""Colour by verdict or state. The word always stands beside it: colour alone tells nothing."""

MOST_NAMES = 3
"""Endpoints that are named in one line of the summary."""


class Bar:
    """A progress bar with counts by verdict; does nothing where stderr is no terminal."""

    def __init__(self, total: int, label: str) -> None:
        self._counts: Counter[Verdict] = Counter()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        if sys.stderr.isatty():
            self._open(total, label)

    def _open(self, total: int, label: str) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=stderr(), transient=True)
        self._task = self._progress.add_task(label, total=total, counts="")
        self._progress.start()

    def count(self, measurement: "Measurement") -> None:
        """Count one verdict."""
        self._counts[measurement.verdict] += 1
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, counts=self.counts(markup=True))

    def advance(self) -> None:
        """One step is done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1)

    def counts(self, *, markup: bool = False) -> str:
        """`41 ok · 9 blocked`, in the order of the vocabulary."""
        parts = [(v, n) for v in Verdict if (n := self._counts[v])]
        return " · ".join(f"[{STYLES[v]}]{n} {v}[/]" if markup else f"{n} {v}" for v, n in parts)

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()


def say(text: str) -> None:
    """A note on stderr."""
    print(text, file=sys.stderr)  # noqa: T201 - this is the room that prints


def summary(targets: "Sequence[Target]", measured: "Sequence[Measurement]") -> None:
    """The result of one run on stdout."""
    if sys.stdout.isatty():
        _table(targets, measured)
        return
    for one in measured:
        cells = (f"{one.target}/{one.endpoint}", one.verdict, one.certainty, one.layer, one.mechanism, one.failure)
        print("\t".join(str(cell or "-") for cell in cells))  # noqa: T201 - this is the room that prints


def _table(targets: "Sequence[Target]", measured: "Sequence[Measurement]") -> None:
    from rich.table import Table
    from rich.text import Text

    from probe.diagnose.rollup import roll_up

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("target", "state", "how"):
        table.add_column(name, overflow="fold")
    by_target: dict[str, list[Measurement]] = {}
    for one in measured:
        by_target.setdefault(one.target, []).append(one)
    for target in targets:
        seen = by_target.get(target.id, [])
        if seen:
            rolled = roll_up(target, {m.endpoint: m.verdict for m in seen})
            state = Text(rolled.state, style=STYLES.get(rolled.state, ""))
            table.add_row(Text(clean(target.id)), state, Text(how(rolled, seen)))
    stdout().print(table)


def how(rolled: "Rollup", seen: "Sequence[Measurement]") -> str:
    """What happened to the endpoints of a target that are not fine: a line for all to whom the same happened."""
    alike: dict[str, list[str]] = {}
    for one in seen:
        if one.endpoint in rolled.failing or one.verdict != Verdict.OK:
            alike.setdefault(said(one), []).append(one.endpoint)
    lines = [f"{_some(names)}: {phrase}" for phrase, names in alike.items()]
    return "\n".join(clean(line) for line in lines) or f"{len(seen)} of {len(seen)} endpoints ok"


def _some(names: list[str]) -> str:
    """`api, web, cdn`; of many the first and how many more."""
    shown = names if len(names) <= MOST_NAMES + 1 else names[:MOST_NAMES]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(shown) < len(names) else "")


def said(one: "Measurement") -> str:
    """One measurement's verdict in a phrase; of an anomaly, that nothing settles why it failed."""
    what = one.mechanism.replace("_", " ") if one.mechanism else one.failure or ""
    where = f" at {one.layer.upper()}" if one.layer and one.verdict != Verdict.OK else ""
    sure = f" ({one.certainty})" if one.certainty else ""
    open_ = ", why is not settled" if one.verdict == Verdict.ANOMALY else ""
    return f"{one.verdict}{where}{open_}{': ' if what else ''}{what}{sure}"
