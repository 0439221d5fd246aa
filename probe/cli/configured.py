"""Gives commands the values of options that no flag gave: asks `config`, with the options as the command line has them.

Commands that make worlds of their own (`demo`, `lab`) take nothing from settings: a results folder named there is not
for them.
"""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from probe.cli.console import clean, fail

if TYPE_CHECKING:
    import typer

    from probe.config.settle import Option, Settled

COMMANDS = ("run", "watch", "report", "explain", "diff", "verify", "push", "pull")
"""Commands that take values from settings."""
_NEVER = frozenset({"help", "resume", "other-list", "dry-run", "has"})
"""Options of one occasion: to be set once and forgotten they would be traps."""


def apply(context: "typer.Context") -> None:
    """Make settings the defaults of the command that was asked for, or name all that is wrong with them (exit 2)."""
    command = context.invoked_subcommand
    if command not in COMMANDS or {"-h", "--help"} & set(_words()):
        return
    found = settled(context)
    if mistakes := [one.text for one in found.mistakes if one.command in ("", command)]:
        from probe.targets.problems import summary

        fail([*map(clean, mistakes), summary(len(mistakes), "nothing was done")])
    values = found.values.get(command, {})
    context.default_map = {command: {name.replace("-", "_"): value.value for name, value in values.items()}}


def settled(context: "typer.Context") -> "Settled":
    """All settings of all commands, understood. `context` is that of the whole program."""
    from probe.config.files import places, read
    from probe.config.settle import settle

    documents = [document for path in places() if (document := read(path)) is not None]
    return settle(known(context), os.environ, documents)


def known(context: "typer.Context") -> "dict[str, list[Option]]":
    """The options of each command that takes settings."""
    commands = getattr(context.command, "commands", {})
    return {name: list(_options(context, commands[name])) for name in COMMANDS if name in commands}


def _options(context: "typer.Context", command: Any) -> "Iterator[Option]":
    from probe.config.settle import Option

    for parameter in command.params:
        name = parameter.name.replace("_", "-")
        if name in _NEVER:
            continue
        many = bool(getattr(parameter, "multiple", False)) or parameter.nargs == -1
        yield Option(name, many, bool(getattr(parameter, "is_flag", False)), _check(context, parameter, many))


def _check(context: "typer.Context", parameter: Any, many: bool) -> "Callable[[str], object]":
    """The command line's own judgement of a value, its complaint as a ValueError."""
    import typer

    def check(text: str) -> object:
        try:
            return parameter.process_value(context, [text] if many else text)
        except typer.BadParameter as error:
            raise ValueError(error.message.removeprefix("Value error, ").rstrip(".")) from None

    return check


def _words() -> list[str]:
    import sys

    return sys.argv[1:]
