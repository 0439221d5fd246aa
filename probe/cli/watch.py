"""`probe watch`: measure again and again, for months. Options, signals and the end; when and what is `schedule`.

The options are those of `probe run`, understood by the same code.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli import alerting
from probe.cli.amounts import seconds_of, spoken
from probe.cli.console import Exit, clean, fail
from probe.cli.options import DryRun, Json, Options, measuring

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.cli.asking import Asked
    from probe.cli.ticker import Ticker
    from probe.measure.plan import Plan
    from probe.model.measurement import Measurement
    from probe.net.network import Network
    from probe.schedule.once import Finished

LEAST_EVERY = 1.0
MOST_EVERY = 7 * 86400.0

Every = Annotated[
    str, typer.Option("--every", metavar="TIME", help="From one run to the next, such as 90s, 10m or 1h.")
]


@measuring
def watch(
    *,
    every: Every = "10m",
    wanted: Options,
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="Stop after so many runs; else only a signal stops it.", min=1)
    ] = None,
    alert_to: alerting.AlertTo = None,
    on_alert: alerting.OnAlert = None,
    dry_alerts: alerting.DryAlerts = False,
    prometheus: alerting.PrometheusFile = None,
    tz: alerting.AlertZone = "UTC",
    json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Measure a target list every so often, until you stop it; what changes is told as it is seen."""
    from probe.cli.asking import asked_or_fail
    from probe.cli.reading import zone_or_fail
    from probe.cli.signals import ended_softly

    seconds = seconds_of(every)
    mistakes = []
    if seconds is None or not LEAST_EVERY <= seconds <= MOST_EVERY:
        mistakes.append(f"--every {clean(every)!r} is no interval from 1s to 7d; write one such as 10m")
    with ended_softly():
        asked = asked_or_fail(wanted, mistakes)
    assert seconds is not None  # noqa: S101 - else that was a mistake, and told
    zone_or_fail(tz)
    telling = alerting.Alerting(alert_to or [], on_alert, prometheus, dry_alerts, json, tz)
    if dry_run:
        from probe.cli.dryrun import show

        show(asked.plan, asked.settings, json=json, told=alerting.destinations(telling))
        return
    from probe.net.real import RealNetwork

    with ended_softly(), alerting.alerting(telling, wanted.out, wanted.vantage, seconds) as plugged:
        stand(asked, RealNetwork(), seconds, runs=runs, json=json, plugged=plugged)


def stand(
    asked: "Asked", network: "Network", every: float, *, runs: int | None, json: bool, plugged: alerting.Plugged
) -> None:
    """Watch over `network` until `runs` are made or a signal comes; ends the command with the code that says which."""
    from probe.cli.ticker import Ticker
    from probe.schedule.lock import LockedError, held
    from probe.store.journal import JournalError

    ticker = Ticker(asked.plan.size, every, json=json)
    lock = asked.options.out / asked.vantage.name / ".watch.lock"
    what = f"probe watch --every {spoken(every)}"
    try:
        with held(lock, what, network.now()):
            ended = _until_stopped(asked, network, every, runs, ticker, plugged)
    except LockedError as error:
        fail([clean(str(error)), "one watch at a time for a vantage point; nothing was probed"], Exit.LOCKED)
    except JournalError as error:
        fail(clean(str(error)), Exit.INTERNAL)
    if ended is not None:
        fail(ended, Exit.INTERRUPTED)


def _until_stopped(
    asked: "Asked", network: "Network", every: float, runs: int | None, ticker: "Ticker", plugged: alerting.Plugged
) -> list[str] | None:
    """Go on until all `runs` are made (None), or a signal comes: then what is on disk, in words."""
    from probe.cli.fresh import Fresh
    from probe.cli.signals import until_signal
    from probe.schedule.due import grid
    from probe.schedule.loop import Watch
    from probe.schedule.once import Progress, run_once
    from probe.schedule.pace import Pace
    from probe.schedule.state import remembered, save, state_path

    fresh = Fresh(asked, ticker.note)
    name, out = asked.vantage.name, asked.options.out
    schedule = grid(every, name)
    pace = Pace(every, schedule.jitter)
    cut: list[Finished] = []

    def over(done: "Finished") -> None:
        if done.interrupted:
            cut.append(done)

    async def measure(plan: "Plan", heard: "Callable[[Measurement], None]") -> "Finished":
        progress = Progress(on_measurement=heard, on_finished=over)
        return await run_once(fresh.job(plan), network, asked.trust, fresh.neighbours(network.now()), progress)

    async def go() -> None:
        watching = Watch(
            network=network, grid=schedule, pace=pace, state=remembered(out, name, pace, network.now()),
            plan=fresh.plan, measure=measure, save=lambda state: save(state_path(out, name), state),
            hooks=(ticker.hooks(), *plugged.hooks), cycles=runs,
        )  # fmt: skip
        await watching.go()

    try:
        plugged.open()
        ticker.open()
        return None if until_signal(go()) else _stopped(cut, out)
    except KeyboardInterrupt:
        return _stopped(cut, out)
    finally:
        ticker.close()


def _stopped(cut: "list[Finished]", out: Path) -> list[str]:
    if not cut or not cut[-1].kept:
        return [f"stopped while no run was going on; every line measured is in {clean(str(out))}"]
    done = cut[-1]
    return [f"interrupted: {done.measured} of {done.planned} endpoints of this run are on disk",
            f"to measure the rest: probe run --resume {done.run_id}, with the same options"]  # fmt: skip
