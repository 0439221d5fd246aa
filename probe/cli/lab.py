"""`probe lab`: the simulated internet, to list, to play, and to walk around in.

Playing is `play`'s work; what is expected stands in `probe.lab.scenarios`. Scenarios run in processes of their own,
several at a time, since most of their time is waiting for silence.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.console import Exit, clean, fail, stdout

if TYPE_CHECKING:
    from probe.cli.play import Played
    from probe.lab.scenarios.scenario import Scenario, Substrate
    from probe.report.scenarios import Row

app = typer.Typer(help="A small internet with censors: list its scenarios, play them, walk around in one.")

NARROW = 72
"""Columns of a terminal below which names are broken too."""
AT_ONCE = 12
"""Scenarios played at once: they wait far more than they work."""

Names = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Numbers, names or section letters A-G.")]


def _chosen(names: Sequence[str]) -> "tuple[Scenario, ...]":
    from probe.lab.scenarios.catalogue import catalogue, find

    if not names:
        return catalogue()
    found: dict[str, Scenario] = {}
    for name in names:
        if not name.strip():
            fail("an empty name is no scenario; `probe lab list` prints them all")
        try:
            found.update({each.name: each for each in find(name)})
        except KeyError as error:
            fail(f"{clean(str(error.args[0]))}; `probe lab list` prints them all")
    return tuple(found.values())


@app.command(name="list")
def list_(names: Names = None) -> None:
    """Show the scenarios: number, name, the verdict they should have, what they are.

    A table on a terminal; in a pipe one line each, columns separated by tabs, with a third that says where they can be
    played.
    """
    chosen = _chosen(names or [])
    if stdout().is_terminal:
        _print_table(chosen)
        return
    for each in chosen:
        where = ",".join(each.substrates)
        print(f"{each.number}\t{each.name}\t{where}\t{each.verdict}\t{each.title}")  # noqa: T201 - the room that prints


def _print_table(chosen: "Sequence[Scenario]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("no.", justify="right")
    table.add_column("scenario", overflow="fold", no_wrap=stdout().width >= NARROW)
    for column in ("verdict", "what it is"):
        table.add_column(column, overflow="fold")
    for each in chosen:
        table.add_row(str(each.number), each.name, each.verdict, each.title)
    stdout().print(table, markup=False)


@app.command()
def run(
    names: Names = None,
    loopback: Annotated[bool, typer.Option("--loopback", help="Only on loopback, even where packets can be had.")] = (
        False
    ),
    noise: Annotated[bool, typer.Option("--noise", help="With 3 % packet loss and 50 ms of jitter.")] = False,
    repeat: Annotated[int, typer.Option(metavar="N", help="Play each this often.", min=1)] = 1,
    page: Annotated[Path | None, typer.Option("--page", metavar="FILE", help="Write docs/scenarios.md here.")] = None,
) -> None:
    """Play scenarios and hold the diagnosis against the truth. Exit code 3 if one is not as expected."""
    from probe.cli.live import say
    from probe.lab.packet.topology import available

    if page is not None and (page.is_dir() or not page.absolute().parent.is_dir()):
        fail(clean(f"--page {page}: {'a folder; name a file in it' if page.is_dir() else 'there is no such folder'}"))
    possible, reason = (False, "--loopback") if loopback else available()
    if not possible:
        say(f"no packet labs ({reason}): only what loopback can cause is played")
    chosen = _chosen(names or [])
    jobs = [(each, where) for each in chosen if (where := _where(each, possible)) is not None]
    for each in chosen:
        if _where(each, possible) is None:
            say(f"skipped {each.number} {each.name}: needs packets")
    wrong = 0
    rows: list[Played] = []
    for played in _play(jobs * repeat, noise):
        wrong += bool(played.wrong)
        rows.append(played)
        _show(played)
    say(f"{len(rows) - wrong} of {len(rows)} as expected")
    if page is not None:
        from probe.report.scenarios import render

        try:
            page.write_text(render(map(_row, _once_each(rows))), encoding="utf-8")
        except OSError as error:
            fail(clean(f"--page {page}: {error.strerror or error}"), Exit.INTERNAL)
    if wrong:
        raise typer.Exit(Exit.FINDING)


def _where(scenario: "Scenario", packets: bool) -> "Substrate | None":
    """Packets where they can be had: they show more; else loopback, if it can play this."""
    from probe.lab.scenarios.scenario import Substrate

    wanted = (Substrate.PACKET, Substrate.LOOPBACK) if packets else (Substrate.LOOPBACK,)
    return next((each for each in wanted if each in scenario.substrates), None)


def _play(jobs: "Sequence[tuple[Scenario, Substrate]]", noise: bool) -> "Iterator[Played]":
    """Play all, several at a time, in the order of the list."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")  # a fork would carry threads of the parent into the labs
    with ProcessPoolExecutor(min(AT_ONCE, max(1, len(jobs))), mp_context=context) as pool:
        pending = [pool.submit(_one, each.name, str(where), noise) for each, where in jobs]
        for future in pending:
            yield future.result()


def _one(name: str, substrate: str, noise: bool) -> "Played":
    from probe.cli.play import play
    from probe.lab.scenarios.catalogue import find
    from probe.lab.scenarios.scenario import Substrate

    return play(find(name)[0], Substrate(substrate), noise=noise)


def _show(played: "Played") -> None:
    scenario = played.scenario
    sign = "ok " if not played.wrong else "NOT"
    line = f"{sign} {scenario.number:>3} {scenario.name:<34} {_expected(scenario):<48} {played.got}"
    stdout().print(clean(line), markup=False, soft_wrap=True)
    for problem in played.wrong:
        stdout().print(f"        {clean(problem)}", markup=False, soft_wrap=True)
    sys.stdout.flush()


def _once_each(rows: "list[Played]") -> "Iterator[Played]":
    """Each scenario once, however often it was played: the first time it was not as expected, else the first time."""
    chosen: dict[str, Played] = {}
    for played in sorted(rows, key=lambda played: not played.wrong):
        chosen.setdefault(played.scenario.name, played)
    yield from (chosen[name] for name in dict.fromkeys(played.scenario.name for played in rows))


def _row(played: "Played") -> "Row":
    from probe.report.scenarios import Row

    scenario = played.scenario
    also = f" (or {', '.join(scenario.also)})" if scenario.also else ""
    expected = f"{_expected(scenario)}{also}"
    return Row(scenario.number, scenario.title, expected, played.got, played.wrong, played.fired, scenario.field)


def _expected(scenario: "Scenario") -> str:
    hop = f" hop {scenario.hop}" if scenario.hop else ""
    layer = f"{scenario.layers[0]}{hop}" if scenario.layers else ""
    parts = (scenario.verdict, layer, scenario.mechanisms[0] if scenario.mechanisms else "")
    return " · ".join(str(part) for part in parts if part)


@app.command()
def shell(name: Annotated[str, typer.Argument(metavar="NAME", help="A scenario's number or name.")]) -> None:
    """Open a shell in the client's place: try curl, dig or anything else against the censor. `exit` ends it."""
    from probe.cli.live import say
    from probe.lab.packet.topology import PacketLab, available

    possible, reason = available()
    if not possible:
        fail(f"no packet labs here: {reason}")
    scenario = _chosen([name])[0]
    with PacketLab(scenario.world, scenario.rules) as lab:
        say(f"{scenario.number} {scenario.name}: {scenario.title}")
        say(f"try: curl -v {scenario.url}      control proxy: {lab.control_proxy}")
        code = lab.shell([os.environ.get("SHELL", "/bin/sh")] if sys.stdin.isatty() else [])
    raise typer.Exit(code)
