"""What `probe watch` tells people: the options of alerts, understood, and plugged into the watch as hooks.

Nothing is sent unless `--alert-to` or `--on-alert` says where to. A fault of an alert, a sender or a file of ours is a
note on stderr and never ends the watch.
"""

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from probe.cli.console import clean, fail, write
from probe.cli.live import say
from probe.model.clock import rfc3339

if TYPE_CHECKING:
    from probe.alert.alert import Message
    from probe.alert.alerts import Alerts
    from probe.alert.outbox import Outbox, Sender
    from probe.interop.prometheus import Gauges
    from probe.model.measurement import Measurement
    from probe.schedule.loop import Cycle, Hooks
    from probe.schedule.once import Finished

AlertTo = Annotated[
    list[str] | None,
    typer.Option(
        "--alert-to",
        metavar="URL",
        help="Tell a service when a block begins or ends, by its apprise URL. The URL is a secret: better in "
        "PROBE_ALERT_TO or probe.toml than on a command line. Repeatable.",
    ),
]
OnAlert = Annotated[
    str | None,
    typer.Option("--on-alert", metavar="CMD", help="Run this for each alert, with JSON on its stdin; no shell."),
]
PrometheusFile = Annotated[
    Path | None,
    typer.Option("--prometheus", metavar="FILE", help="Keep gauges in FILE for node_exporter's textfile collector."),
]
AlertZone = Annotated[
    str,
    typer.Option("--tz", metavar="ZONE", help="Time zone of the alerts' words, such as Asia/Shanghai; UTC beside it."),
]
DryAlerts = Annotated[
    bool, typer.Option("--dry-alerts", help="Show the alerts that would go out, send none and remember none.")
]


@dataclass(frozen=True, slots=True)
class Alerting:
    """What was asked for, as it was written."""

    alert_to: list[str]
    on_alert: str | None
    prometheus: Path | None
    dry: bool
    json: bool = False
    zone: str = "UTC"

    @property
    def wanted(self) -> bool:
        """Whether anything of it was asked for."""
        return bool(self.alert_to or self.on_alert is not None or self.prometheus is not None or self.dry)


class Plugged(NamedTuple):
    """What a watch is to call: its hooks, and `open` once it holds its lock (reading old results may take a while)."""

    hooks: "list[Hooks]"
    open: Callable[[], object]


@contextmanager
def alerting(asked: Alerting, out: Path, vantage: str, every: float) -> Iterator[Plugged]:
    """What the watch is to call, while it lasts. Fails with exit 2 if a way out cannot be used."""
    if not asked.wanted:
        yield Plugged([], lambda: None)
        return
    plug = Plug(asked, ways_or_fail(asked), out, vantage, every)
    try:
        yield Plugged([plug.hooks()], plug.open)
    finally:
        plug.close()


def ways_or_fail(asked: Alerting) -> "list[Sender]":
    """The ways out and the file that were asked for, tried as far as that touches nothing; or the mistake, exit 2."""
    from probe.alert.senders import SenderError, senders

    try:
        ways = senders(asked.alert_to, asked.on_alert)
    except SenderError as error:
        fail([clean(str(error)), "nothing was probed"])
    file = asked.prometheus
    if file is not None and (not file.parent.is_dir() or file.is_dir()):
        what = "is a folder; name a file in it" if file.is_dir() else "there is no such folder"
        fail([f"--prometheus {clean(str(file))}: {what}", "nothing was probed"])
    if file is not None and file.suffix != ".prom":
        say(f"--prometheus {clean(str(file))}: node_exporter reads only files that are named *.prom")
    return ways


def destinations(asked: Alerting) -> dict[str, list[str]]:
    """Where alerts would go, by option, without anything secret: a service by its scheme, a command by its program."""
    program = shlex.split(asked.on_alert)[0] if asked.on_alert is not None else ""
    return {
        "alert-to": [way.name for way in ways_or_fail(asked)][: len(dict.fromkeys(asked.alert_to))],
        "on-alert": [str(Path(shutil.which(program) or program).absolute())] if program else [],
        "prometheus": [str(asked.prometheus.absolute())] if asked.prometheus is not None else [],
    }


class Plug:
    """Alerts, their outbox and the gauges as hooks of a watch.

    Everything is opened when the watch calls `open`, or first calls a hook, and not before: by then it holds its lock,
    and no other watch sends from the same outbox.
    """

    def __init__(self, asked: Alerting, ways: "list[Sender]", out: Path, vantage: str, every: float) -> None:
        self._asked, self._ways, self._out, self._vantage, self._every = asked, ways, out, vantage, every
        self._opened: Opened | None = None
        self._listed: list[str] | None = None
        self._left_out = 0
        self._exposed: int | None = None

    def hooks(self) -> "Hooks":
        """What the watch is to call."""
        from probe.schedule.loop import Hooks

        return Hooks(
            on_cycle=self.begin,
            on_measurement=self.measured,
            on_run_finished=self.finished,
            on_wait=lambda _until, now: self.tick(now),
        )

    def close(self) -> None:
        """Stop sending; what waits is on disk."""
        if self._opened is None or self._opened.outbox is None:
            return
        self._opened.outbox.close()
        if waiting := len(self._opened.outbox):
            note(f"{waiting} alert{'s wait' if waiting > 1 else ' waits'} to be sent; the next watch sends")

    def open(self) -> "Opened":
        """Read what was kept and what was measured since; tell what of it was not told."""
        if self._opened is None:
            self._opened, missed = _opened(self._asked, self._ways, self._out, self._vantage, self._every)
            if self._opened.outbox is not None:
                self._opened.outbox.start()
            self._tell(missed)
        return self._opened

    def begin(self, cycle: "Cycle") -> None:
        """A run is about to begin."""
        self.open()
        whole = cycle.why != "look"
        self._listed = [*cycle.names, *(one.name for one in cycle.left_out)] if whole else None

    def measured(self, one: "Measurement") -> None:
        """A measurement is on its way to disk."""
        opened = self.open()
        opened.gauges.measured(one)
        self._tell(opened.alerts.measured(one))

    def finished(self, done: "Finished") -> None:
        """A run is over: its news, what is to be remembered, the gauges."""
        from probe.interop.prometheus import LastRun

        opened = self.open()
        self._tell(opened.alerts.run_finished(self._vantage))
        run = LastRun(done.ended, max(0.0, done.ended - done.began), done.measured, done.fitness)
        opened.gauges.run_finished(run, None if done.interrupted else self._listed)
        self._remember(opened)
        self._expose(opened)
        if opened.alerts.left_out and not self._left_out:
            note("there are too many endpoints to keep a ledger of each: some are measured and never alarmed of")
        self._left_out = opened.alerts.left_out

    def tick(self, now: float) -> None:
        """The watch waits. What was sent meanwhile no longer waits, and the gauges say so before the next run."""
        opened = self.open()
        self._tell(opened.alerts.tick(now))
        if self._exposed is not None and self._exposed != self._waiting(opened):
            self._expose(opened)

    def _tell(self, messages: "Sequence[Message]") -> None:
        """On its way out; or only shown."""
        outbox = self.open().outbox
        if outbox is not None:
            outbox.put(messages)
            return
        for one in messages:
            _show(one, say if self._asked.json else _data)

    def _remember(self, opened: "Opened") -> None:
        from probe.alert.memory import LEDGER, save

        if not self._asked.dry:
            _kept(self._out / self._vantage / LEDGER, lambda path: save(path, opened.alerts.remember()))

    def _expose(self, opened: "Opened") -> None:
        from probe.interop.prometheus import Ledger
        from probe.store.durable import write_whole

        if self._asked.prometheus is not None:
            standing = opened.alerts.standing().items()
            ledger = {key: Ledger(one.blocked, one.unreachable, one.suspected) for key, one in standing}
            self._exposed = self._waiting(opened)
            text = opened.gauges.text(ledger, self._exposed)
            _kept(self._asked.prometheus, lambda path: write_whole(path, text))

    def _waiting(self, opened: "Opened") -> int | None:
        """Messages not yet sent; None: nothing is sent."""
        return len(opened.outbox) if opened.outbox is not None and self._ways else None


class Opened(NamedTuple):
    """What a plug works with. `outbox` None: alerts are only shown."""

    alerts: "Alerts"
    outbox: "Outbox | None"
    gauges: "Gauges"


def _opened(
    asked: Alerting, ways: "list[Sender]", out: Path, vantage: str, every: float
) -> "tuple[Opened, Sequence[Message]]":
    """What was kept, brought up to the results on disk; and the messages of what was measured and not told."""
    from probe.alert.alerts import Alerts
    from probe.alert.catchup import catch_up, unread
    from probe.alert.memory import LEDGER, ForgottenError, Memory, load
    from probe.alert.outbox import OUTBOX, Outbox
    from probe.cli.alertprogress import AlertProgress

    known = None
    try:
        known = load(out / vantage / LEDGER)
    except ForgottenError as error:
        note(f"{error}; what was known is read from the results again")
    memory = known or Memory()
    files = unread(out, vantage, memory, time.time())
    alerts = Alerts(memory, every=every, zone=asked.zone, results=out)
    with AlertProgress(len(files), note, first=known is None) as progress:
        missed, _ = catch_up(alerts, vantage, files, progress.read)
    outbox = None if asked.dry else Outbox(out / vantage / OUTBOX, ways, note)
    gauges = _gauges(asked, out, vantage, every)
    return Opened(alerts, outbox, gauges), missed if known is not None else []


def _gauges(asked: Alerting, out: Path, vantage: str, every: float) -> "Gauges":
    """Gauges that know the latest runs: else a start would make whatever the next run leaves out vanish for a while,
    and Prometheus would say that a block is over."""
    from probe.alert.catchup import latest
    from probe.interop.prometheus import Gauges
    from probe.store.reader import Tally, measurements

    gauges = Gauges(vantage, every)
    if asked.prometheus is not None:
        for one in measurements(latest(out, vantage, every, time.time()), Tally()):
            gauges.measured(one)
    return gauges


def _kept(path: Path, write_it: Callable[[Path], None]) -> None:
    from probe.store.durable import reason

    try:
        write_it(path)
    except OSError as error:
        note(f"{path}: cannot be written: {reason(error)}; the watch goes on")


def note(text: str) -> None:
    """Something befell an alert."""
    say(f"{rfc3339(time.time())[:19]}Z  {clean(text)}")


def _show(one: "Message", put: Callable[[str], None]) -> None:
    lines = [line for line in one.text.splitlines() if line]
    for line in lines:
        put("\t".join((f"{one.time[:19]}Z", "would send", str(one.kind), clean(line))))


def _data(line: str) -> None:
    try:
        write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has left; the watch is there for the files
        return
