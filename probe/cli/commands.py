"""Which commands there are: a table, from which one is imported only when it is asked for.

Seventeen commands and what they need cost more than Typer itself; `probe --help` needs a line of each.
"""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class Entry(NamedTuple):
    """One command: its line in the help, the module, and the function or sub-application in it (default: its name).

    `takes_any`: its own parser sees words that are not its options.
    """

    help: str
    module: str
    attribute: str
    takes_any: bool = False


TABLE = {
    "run": Entry("Measure a target list once.", "probe.cli.run", "run"),
    "watch": Entry("Measure it every so often, until you stop it.", "probe.cli.watch", "watch"),
    "report": Entry("Say what is blocked, since when, how, and how sure.", "probe.cli.report", "report"),
    "explain": Entry("Show how one verdict came about.", "probe.cli.explain", "explain"),
    "diff": Entry("Say what changed between two runs, dates or places.", "probe.cli.diff", "diff"),
    "demo": Entry("Watch a block begin, in a lab on this machine.", "probe.cli.demo", "demo"),
    "verify": Entry("Check results against their seals, offline.", "probe.cli.verify", "verify"),
    "doctor": Entry("Look whether this vantage can measure.", "probe.cli.doctor", "doctor", takes_any=True),
    "compact": Entry("Turn finished runs into Parquet.", "probe.cli.compact", "compact"),
    "push": Entry("Send what is sealed here and not yet there.", "probe.cli.push", "push"),
    "pull": Entry("Fetch what is sealed there and not yet here.", "probe.cli.pull", "pull"),
    "targets": Entry("Check, show and describe target lists.", "probe.cli.targets", "app"),
    "claims": Entry("Check and show what others say about blocks.", "probe.cli.claims", "app"),
    "note": Entry("Note what people saw.", "probe.cli.note", "app"),
    "schedule": Entry("Let systemd, cron or launchd start the runs.", "probe.cli.schedule", "app"),
    "lab": Entry("Play a small internet with censors.", "probe.cli.lab", "app"),
}
"""In the order of the help."""


class Commands(TyperGroup):
    """The program as Typer sees it."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = _Lazily()  # read, never written

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """The names in the order of the help."""
        return list(TABLE)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """The commands in `--help`, none of them imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in TABLE.items()])


class _Lazily(Mapping[str, Any]):
    """Commands by name, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(name, TABLE[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in TABLE

    def __iter__(self) -> Iterator[str]:
        return iter(TABLE)

    def __len__(self) -> int:
        return len(TABLE)


def _made(name: str, entry: Entry) -> Any:
    """The command, as if it had been registered in an application like ours."""
    found = getattr(import_module(entry.module), entry.attribute)
    around = typer.Typer(add_completion=False, rich_markup_mode=None)
    around.callback()(_nothing)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        settings = {"allow_extra_args": True, "ignore_unknown_options": True} if entry.takes_any else None
        around.command(name, context_settings=settings)(found)
    group: Any = typer.main.get_command(around)
    command = group.commands[name]
    _smoothed(command)
    return command


def _smoothed(command: Any) -> None:
    """Help as people read it: arguments without their Python types, and no command's line cut off with dots."""
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            parameter.display_type_rich = _untyped
    for below in getattr(command, "commands", {}).values():
        below.short_help = _SENTENCE.split(below.help, maxsplit=1)[0]
        _smoothed(below)


_SENTENCE = re.compile(r"(?<=\.)\s")


def _untyped(ctx: Any) -> str:  # noqa: ARG001 - Typer's signature
    return ""


def _nothing() -> None:
    """A callback makes a group of an application with one command."""
