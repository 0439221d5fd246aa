"""`probe doctor`: what a run would find wrong, before it is made, and where every setting comes from.

It takes the options of `probe run`, so that `doctor` can stand in its place. Looking is `schedule.checkup`'s work.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probe.cli.configured import settled
from probe.cli.console import Exit, clean, stdout, write, write_json
from probe.cli.options import NAMES, Options
from probe.cli.output import LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.cli.values import Shown
    from probe.config.settle import Settled
    from probe.measure.settings import Settings
    from probe.model.target import TargetList
    from probe.model.vantage import Vantage
    from probe.net.certificate import TrustStore
    from probe.schedule.checkup import Check, Look

_MAIN = frozenset({"run", "watch", "report"})
"""Commands whose settings are shown even where they are as always."""
_WIDEST, _READABLE = 40, 78
_INDENT = 18
_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: look at this machine alone.")] = False,
    within: Annotated[
        float, typer.Option("--within", metavar="S", help="Most seconds to wait for the network.", min=1.0)
    ] = 20.0,
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
) -> None:
    """Look whether this vantage can measure, and say what to fix. Takes the options of `probe run` as well.

    Contacts the references of the target list, the resolvers, the controls and the --egress-url that are set, and
    nobody else. Exit code 0: a run can be made; 4: something would keep it from saying anything.
    """
    from probe.cli.values import values

    program: Any = context.parent
    found = settled(program)
    options, flags = _run_options(program, found, context.args)
    checks = _checks(options, found, within=None if offline else within)
    shown = values(program, found, flags)
    (_json if json else _text)(checks, shown)
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(Exit.UNFIT)


def _run_options(program: typer.Context, found: "Settled", words: list[str]) -> tuple[Options, dict[str, Any]]:
    """The options as `probe run` would have them, and those that a flag gave. Wrong flags end with exit 2 as there."""
    run = program.command.commands["run"]  # type: ignore[attr-defined]
    defaults = {name.replace("-", "_"): one.value for name, one in found.values.get("run", {}).items()}
    parsed = run.make_context("doctor", list(words), parent=program, default_map=defaults)
    given = {
        name.replace("_", "-"): value
        for name, value in parsed.params.items()
        if getattr(parsed.get_parameter_source(name), "name", "") == "COMMANDLINE"
    }
    return Options(**{name: parsed.params[name] for name in NAMES}), given


def _checks(options: Options, found: "Settled", *, within: float | None) -> "list[Check]":
    """Everything looked at; `within` seconds for the network, None: not asked."""
    from probe.cli.asking import understood
    from probe.schedule import checkup

    mistakes: list[str] = []
    vantage, settings, trust = understood(options, mistakes)
    listed, of_list = _list(options)
    seen = None
    if within is not None and listed is not None and trust is not None:
        seen = _seen(options, settings, vantage, listed, trust, within)
    checks = [*_of_settings(found, mistakes), checkup.of_vantage(vantage), of_list]
    checks += [checkup.of_trust(trust, mistakes), checkup.of_files(), *checkup.of_results(options.out)]
    checks += [checkup.of_extras(), checkup.of_addresses(settings.own_addresses)]
    checks += checkup.of_resolvers(settings.resolvers, seen)
    if seen is not None:
        checks += checkup.of_look(seen, [f"{one.scheme}://{one.host}:{one.port}" for one in settings.proxies])
    else:
        why = "not asked (--offline)" if within is None else "not asked: the list or the authorities cannot be read"
        checks.append(checkup.Check("network", checkup.State.OK if within is None else checkup.State.WARN, why))
    return checks


def _of_settings(found: "Settled", mistakes: list[str]) -> "list[Check]":
    from probe.schedule.checkup import Check, State

    wrong = [*dict.fromkeys(one.text for one in found.mistakes), *mistakes]
    if wrong:
        return [Check("settings", State.FAIL, text) for text in wrong]
    files = dict.fromkeys(
        one.origin.rpartition(":")[0] for of in found.values.values() for one in of.values() if ":" in one.origin
    )
    return [Check("settings", State.OK, f"read {', '.join(files)}" if files else "no settings file")]


def _list(options: Options) -> "tuple[TargetList | None, Check]":
    """The target list, and how it is."""
    from probe.cli.targets import counted
    from probe.schedule.checkup import Check, State
    from probe.targets.load import TargetListError, load_targets

    try:
        listed = load_targets(options.targets)
    except TargetListError as error:
        first = str(error.problems[0])
        fix = f"`probe targets check {options.targets}` says all ({len(error.problems)})"
        return None, Check("target list", State.FAIL, first, fix)
    return listed, Check("target list", State.OK, f"{options.targets}: {counted(listed.targets)}")


def _seen(
    options: Options,
    settings: "Settings",
    vantage: "Vantage",
    listed: "TargetList",
    trust: "TrustStore",
    within: float,
) -> "Look":
    """What the network shows."""
    import asyncio

    from probe.cli.asking import today
    from probe.measure.plan import make
    from probe.net.real import RealNetwork
    from probe.schedule.checkup import look

    plan = make(listed, today(), risk=options.accept_risk)
    return asyncio.run(look(settings, vantage, plan, RealNetwork(), trust, within))


def _text(checks: "list[Check]", shown: "list[Shown]") -> None:
    """A line for each check, what to do below it, and a table of the settings."""
    from rich.text import Text

    from probe.report.paper import fill

    console = stdout()
    width = max(LEAST, console.width) if sys.stdout.isatty() else sys.maxsize
    for check in checks:
        mark = check.state.upper() if check.state == "fail" else check.state
        fix = [f"→ {clean(check.fix)}"] if check.fix else []
        said = [
            line for text in (clean(check.said), *fix) for line in fill("", "", text, width - _INDENT, commands=True)
        ]
        first = Text(f"{mark:<5}", style=_STYLES[check.state])
        first.append(f"{check.name:<{_INDENT - 5}}{said[0]}", style="not bold default")
        console.print(first, soft_wrap=True)  # `fill` has broken the lines, and left whole what is to be copied
        for line in said[1:]:
            console.print(Text(" " * _INDENT + line), soft_wrap=True)
    write("\nSettings, and where each comes from:\n")
    for line in _table(width, [one for one in shown if one.origin != "default" or _MAIN & set(one.commands)]):
        write(clean(line) + "\n")


def _table(width: int, shown: "list[Shown]") -> "Iterator[str]":
    """What is set first, then what is as it always is, then what is not set; words within `width` columns."""
    from probe.report.paper import fill

    rows = sorted((one for one in shown if one.value != "-"), key=lambda one: one.origin == "default")
    wide = min(_WIDEST, max(len(one.value) for one in rows))
    for one in rows:
        alone = f" ({', '.join(one.commands)})" if len({o.value for o in shown if o.option == one.option}) > 1 else ""
        yield f"  {one.option:<16} {one.value:<{wide}}  {one.origin}{alone}"
    unset = ", ".join(sorted({one.option for one in shown} - {one.option for one in rows}))
    more = "(`--json` has those of every command; docs/config.md says how to set them)"
    for text in (f"not set: {unset}", more):
        yield from fill("  ", "    ", text, min(width, _READABLE), commands=True)


def _json(checks: "list[Check]", shown: "list[Shown]") -> None:
    from probe.report.escape import json_text

    data = {
        "fit": not any(check.state == "fail" for check in checks),
        "checks": [check._asdict() for check in checks],
        "settings": [one._asdict() for one in shown],
    }
    write_json(json_text(data))
