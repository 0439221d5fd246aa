"""Which value each option has, and where it comes from: `PROBE_*` before `./probe.toml` before the user's own file.

A key at the top of a file is for every command that has the option, one in a table named after a command for that one.
Pure: the options, the environment and the documents come in; values, origins and mistakes go out.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from probe.config.files import Document, Key, Mistake

PREFIX = "PROBE_"
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_NEAR = 0.8
"""How like a setting an unknown variable must be to be taken for a slip: `PROBE_` may be somebody else's prefix too."""


class Option(NamedTuple):
    """One option of a command. `check` raises ValueError for text that is no value of it."""

    name: str
    many: bool
    flag: bool
    check: Callable[[str], object]


class Value(NamedTuple):
    """A value as the command line would take it (text, several texts, or a switch), and where it was found."""

    value: str | list[str] | bool
    origin: str


class Settled(NamedTuple):
    """The values by command and option, and everything that is wrong."""

    values: dict[str, dict[str, Value]]
    mistakes: tuple[Mistake, ...]


Commands = Mapping[str, Sequence[Option]]


def settle(commands: Commands, environment: Mapping[str, str], documents: Sequence[Document]) -> Settled:
    """The values of all commands' options. `documents`: the one that counts most first."""
    mistakes = [*_unknown_variables(commands, environment)]
    for document in documents:
        mistakes += [*document.mistakes, *_unknown_keys(commands, document)]
    values: dict[str, dict[str, Value]] = {}
    for command, options in commands.items():
        for option in options:
            found = _find(command, option, environment, documents)
            if isinstance(found, Mistake):
                mistakes.append(found)
            elif found is not None:
                values.setdefault(command, {})[option.name] = found
    return Settled(values, tuple(sorted(dict.fromkeys(mistakes), key=lambda one: (one.file, one.line))))


def variable(option: str) -> str:
    """`PROBE_CONTROL_PROXY` of `control-proxy`."""
    return PREFIX + option.replace("-", "_").upper()


def _find(
    command: str, option: Option, environment: Mapping[str, str], documents: Sequence[Document]
) -> Value | Mistake | None:
    """The value that counts, or what is wrong with it; None if there is none."""
    name = variable(option.name)
    if text := environment.get(name):
        try:
            return Value(_from_text(option, text), name)
        except ValueError as error:
            return Mistake(command, f"{name}: {error}")
    for document in documents:
        keys = {key.table: key for key in document.keys if _canonical(key.name) == option.name}
        key = keys.get(command) or keys.get("")
        if key is not None:
            return _value(command, option, document.name, key)
    return None


def _value(command: str, option: Option, file: str, key: Key) -> Value | Mistake:
    try:
        return Value(_from_toml(option, key.value), f"{file}:{key.line}")
    except ValueError as error:
        return Mistake(command, f"{file}:{key.line}: {key.name}: {error}", file, key.line)


def _from_text(option: Option, text: str) -> str | list[str] | bool:
    """A variable's value. Several are separated by spaces."""
    if option.flag:
        if text.lower() in _YES | _NO:
            return text.lower() in _YES
        raise ValueError(f"{text!r} is neither true nor false")
    return [_checked(option, word) for word in text.split()] if option.many else _checked(option, text)


def _from_toml(option: Option, value: Any) -> str | list[str] | bool:
    if option.flag:
        if isinstance(value, bool):
            return value
        raise ValueError(f"{value!r} is neither true nor false (without quotes)")
    if isinstance(value, list):
        if option.many:
            return [_checked(option, _scalar(one)) for one in value]
        raise ValueError("takes one value, not a list")
    one = _checked(option, _scalar(value))
    return [one] if option.many else one


def _scalar(value: Any) -> str:
    """A string or number as it would stand on the command line; `~/` is the home folder, as the shell has it."""
    from pathlib import Path

    if isinstance(value, bool | dict | list):
        raise ValueError(f"takes text or a number, not {'a switch' if isinstance(value, bool) else 'more than one'}")
    text = str(value)
    return str(Path(text).expanduser()) if text.startswith("~/") else text


def _checked(option: Option, text: str) -> str:
    option.check(text)
    return text


def _canonical(name: str) -> str:
    return name.replace("_", "-")


def _unknown_variables(commands: Commands, environment: Mapping[str, str]) -> Iterator[Mistake]:
    known = {variable(option.name) for options in commands.values() for option in options}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and (near := _near(name, known, _NEAR)):
            yield Mistake("", f"{name} is no setting; did you mean {near}?")


def _unknown_keys(commands: Commands, document: Document) -> Iterator[Mistake]:
    for table, line in document.tables:
        if table not in commands:
            near = _near(table, commands)
            fix = f"did you mean [{near}]?" if near else f"there are {', '.join(f'[{name}]' for name in commands)}"
            yield Mistake("", f"{document.name}:{line}: unknown table [{table}]; {fix}", document.name, line)
    for key in document.keys:
        if key.table in commands:
            yield from _unknown_key(commands, document, key, {key.table: commands[key.table]})
        elif not key.table:
            yield from _unknown_key(commands, document, key, commands)


def _unknown_key(commands: Commands, document: Document, key: Key, asked: Commands) -> Iterator[Mistake]:
    """The mistake if no command in `asked` has that option."""
    names = {option.name for options in asked.values() for option in options}
    name = _canonical(key.name)
    if name in names:
        return
    others = [command for command, options in commands.items() if name in {option.name for option in options}]
    near = _near(name, names)
    if others:
        fix = f"it is an option of {', '.join(others)}"
    else:
        fix = f'did you mean "{near}"?' if near else "`probe doctor` lists the options and where each value comes from"
    within = f" in [{key.table}]" if key.table else ""
    text = f'{document.name}:{key.line}: unknown key "{key.name}"{within}; {fix}'
    yield Mistake(key.table, text, document.name, key.line)


def _near(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return found[0] if found else ""
