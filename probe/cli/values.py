"""Every option that settings can give, its value and where that comes from: the second half of `probe doctor`."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from probe.cli.configured import COMMANDS, known

if TYPE_CHECKING:
    import typer

    from probe.config.settle import Settled

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
_SECRET = re.compile(r"alert")
"""Options whose values are addresses with keys in them (apprise's URLs)."""


class Shown(NamedTuple):
    """One option: the commands for which it has this value, the value as text, where it comes from."""

    commands: tuple[str, ...]
    option: str
    value: str
    origin: str


def values(program: "typer.Context", settled: "Settled", flags: dict[str, Any]) -> list[Shown]:
    """The values of all commands' options; those that agree in value and origin once. `flags`: given for `run`."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    commands = getattr(program.command, "commands", {})
    options = known(program)
    for command in COMMANDS:
        defaults = (
            {one.name.replace("_", "-"): one.default for one in commands[command].params} if command in options else {}
        )
        for option in options.get(command, []):
            found = settled.values.get(command, {}).get(option.name)
            if command == "run" and option.name in flags:
                value, origin = flags[option.name], f"--{option.name}"
            elif found is not None:
                value, origin = found.value, found.origin
            else:
                value, origin = defaults.get(option.name), "default"
            rows.setdefault((option.name, _shown(option.name, value), origin), []).append(command)
    return [Shown(tuple(names), *row) for row, names in rows.items()]


def without_credentials(text: str) -> str:
    """A URL without user name and password."""
    return _CREDENTIALS.sub("…@", text)


def _shown(option: str, value: Any) -> str:
    if value is None or value == [] or value == ():
        return "-"
    if _SECRET.search(option) and not isinstance(value, bool):
        return "(set, not shown)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(without_credentials(str(one)) for one in value)
    return without_credentials(str(value)) or '""'
