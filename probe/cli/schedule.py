"""`probe schedule`: hand the runs over to the host's own scheduler (systemd, cron, launchd), and see how it goes.

Nothing is written that was not shown before. What was asked for is understood in `scheduling`; what a scheduler is told
is `schedule/units`, carrying it out `schedule/install`, what came of it `schedule/status`.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.amounts import seconds_of, spoken
from probe.cli.console import Exit, clean, fail, stdout, write, write_json

if TYPE_CHECKING:
    from probe.cli.scheduling import Asked
    from probe.schedule.status import Standing

app = typer.Typer(no_args_is_help=True, help="Let systemd, cron or launchd start the runs.")

Every = Annotated[str, typer.Option(metavar="TIME", help="From one run to the next: 10m, 1h, 1d.")]
KindName = Annotated[
    str | None, typer.Option("--kind", metavar="NAME", help="systemd, cron or launchd; else what this machine has.")
]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="Name of the schedule; else the vantage's.")]
System = Annotated[
    bool, typer.Option("--system", help="For the whole machine, as a user of its own; needs root. Else for you.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
RunOptions = Annotated[
    list[str] | None, typer.Argument(metavar="-- RUN OPTIONS", help="Options and list for `probe run`.")
]


@app.command("print")
def print_(
    context: typer.Context, run_options: RunOptions = None, every: Every = "10m", kind: KindName = None,
    name: Name = None, system: System = False,
) -> None:  # fmt: skip
    """Print what `install` would write and run, and touch nothing."""
    from probe.cli.scheduling import asked_or_fail

    _show(asked_or_fail(context, run_options or [], every, kind, name, system=system))


@app.command()
def install(
    context: typer.Context, run_options: RunOptions = None, every: Every = "10m", kind: KindName = None,
    name: Name = None, system: System = False, yes: Yes = False,
) -> None:  # fmt: skip
    """Show what is to be written and run, then do it. Example: probe schedule install --every 1h -- --vantage sha-ct"""
    from probe.cli.live import say
    from probe.cli.scheduling import asked_or_fail
    from probe.schedule import install as carry
    from probe.schedule.units import ScheduleError

    asked = asked_or_fail(context, run_options or [], every, kind, name, system=system)
    _show(asked)
    if strangers := carry.foreign(asked.orders):
        fail(f"{clean(str(strangers[0]))} is there and is not ours; move it away, or choose another --name")
    _agreed(yes)
    try:
        if not system:
            asked.spec.out.mkdir(parents=True, exist_ok=True)  # systemd lets us write only where something is
        carry.install(asked.orders, asked.spec.name)
    except (carry.InstallError, ScheduleError, OSError) as error:
        fail(clean(str(error)), Exit.INTERNAL)
    say(f"installed; `probe schedule status {clean(str(asked.spec.out))}` says how it goes")
    if asked.kind == "systemd" and not system:
        say("it runs while you are logged in; to go on without that: loginctl enable-linger")


@app.command()
def remove(
    context: typer.Context, kind: KindName = None, name: Name = None, system: System = False, yes: Yes = False
) -> None:
    """Take away what `install` wrote, and nothing else. Results stay."""
    from probe.cli.live import say
    from probe.cli.scheduling import asked_or_fail
    from probe.schedule import install as carry
    from probe.schedule.units import ScheduleError

    asked = asked_or_fail(context, [], "1h", kind, name, system=system, runs=False)
    paths = carry.installed(asked.orders)
    shown = [str(path) for path in paths] if not asked.orders.crontab else [f"probe-{asked.spec.name} in your crontab"]
    for what in shown:
        say(f"remove {clean(what)}")
    if not shown:
        fail(f"there is no schedule {asked.spec.name!r} of ours for {asked.kind}; see --kind and --name")
    _agreed(yes)
    try:
        gone = carry.remove(asked.orders, asked.spec.name)
    except (carry.InstallError, ScheduleError) as error:
        fail(clean(str(error)), Exit.INTERNAL)
    say("removed; results stay where they are" if gone else "nothing of ours was there")


@app.command()
def status(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder.")] = Path("results"),
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help="How often runs should be made; else as a watch or the runs say.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 3 if a vantage point is overdue.")] = False,
) -> None:
    """Say when each vantage point last measured, and what is overdue, as its results tell."""
    import time

    from probe.schedule.status import standings

    seconds = seconds_of(every) if every is not None else None
    if every is not None and seconds is None:
        fail(f"--every {clean(every)!r} is no time; write one such as 10m")
    try:
        found = list(standings(out, seconds))
    except OSError as error:
        fail(f"{clean(str(out))}: {error.strerror or error}; name the results folder")
    if not found:
        fail(f"{clean(str(out))}: no runs here; `probe run` and `probe watch` write some")
    now = time.time()
    rows = [_row(one, now) for one in found]
    if json:
        _json(found, rows)
    else:
        _table(rows)
    if exit_code and any(row[-1].startswith("overdue") for row in rows):
        raise typer.Exit(Exit.FINDING)


HEADINGS = ("vantage", "last run", "ended", "lines", "fitness", "every", "state")


def _row(one: "Standing", now: float) -> tuple[str, ...]:
    from probe.alert.overdue import LastRun, overdue
    from probe.model.clock import rfc3339

    late = overdue([LastRun(one.vantage, one.began, one.every)], now, after=1.5) if one.every else ()
    state = f"overdue by {spoken(late[0].late)}" if late else "in time" if one.every else "one run, no schedule known"
    every = f"{spoken(one.every)} (by its runs)" if one.by == "runs" else spoken(one.every) if one.every else "-"
    return one.vantage, one.run_id, rfc3339(one.ended)[:19] + "Z", str(one.lines), one.fitness or "-", every, state


def _table(rows: list[tuple[str, ...]]) -> None:
    if not sys.stdout.isatty():
        for row in rows:
            write("\t".join(map(clean, row)) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in HEADINGS:
        if heading != "last run":
            table.add_column(heading, overflow="fold")
    for vantage, _run, *cells in rows:
        table.add_row(*(Text(clean(cell)) for cell in (vantage, *cells)))
    stdout().print(table)


def _json(found: "list[Standing]", rows: list[tuple[str, ...]]) -> None:
    import msgspec

    for one, row in zip(found, rows, strict=True):
        write_json(msgspec.json.encode({**one._asdict(), "state": row[-1]}).decode() + "\n")


def _show(asked: "Asked") -> None:
    """Texts on stdout, ready to be used; where they go, what is run and what to mind on stderr."""
    from probe.cli.live import say

    orders = asked.orders
    for file in orders.files:
        say(f"# to {clean(str(file.path))}:")
        write(file.text + "\n" if len(orders.files) > 1 else file.text)
        sys.stdout.flush()
    if orders.crontab:
        say("# into your crontab:")
        write(orders.crontab)
        sys.stdout.flush()
    for command in orders.install:
        say(f"# then: {clean(' '.join(command))}")
    for note in asked.notes:
        say(f"note: {clean(note)}")


def _agreed(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        fail("nothing was done; add --yes to do it")
    if not typer.confirm("Do it?", err=True):
        fail("nothing was done")
