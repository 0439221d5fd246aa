"""Settings files: where they lie, and their keys with the line each stands on. Knows TOML; no option by name."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

NAME = "probe.toml"
MOST = 64 * 1024
"""Bytes of a settings file: it is written by hand."""
_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


class Key(NamedTuple):
    """One key of a file: in which table (empty: at the top), its value, and its line, counted from 1."""

    table: str
    name: str
    value: Any
    line: int


class Mistake(NamedTuple):
    """What is wrong and where. `command`: the only one it concerns; empty: all. `file` and `line`: to sort by."""

    command: str
    text: str
    file: str = ""
    line: int = 0


class Document(NamedTuple):
    """A settings file that was read. `name` is what messages call it. `tables`: each with its line."""

    name: str
    keys: tuple[Key, ...] = ()
    tables: tuple[tuple[str, int], ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def places() -> tuple[Path, ...]:
    """Where settings files may lie, the one that counts most first."""
    import platformdirs

    return (Path(NAME), platformdirs.user_config_path("probe", appauthor=False) / NAME)


def read(path: Path) -> Document | None:
    """The settings file at `path`; None if there is none. What cannot be read or is no TOML is in `mistakes`."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return _refused(path, 0, f"cannot be read: {error.strerror or error}")
    if len(data) > MOST:
        return _refused(path, 0, f"longer than {MOST} bytes: not a settings file")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _refused(path, data.count(b"\n", 0, error.start) + 1, "not UTF-8")
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else len(text.splitlines())
        return _refused(path, line, f"not TOML: {_LINE.sub('', str(error)).strip()}")
    return _document(path, text)


def _refused(path: Path, line: int, what: str) -> Document:
    where = f"{path}:{line}" if line else str(path)
    return Document(str(path), mistakes=(Mistake("", f"{where}: {what}", str(path), line),))


def _document(path: Path, text: str) -> Document:
    keys: dict[tuple[str, str], Key] = {}
    tables: dict[str, int] = {}
    for line, known in _growing(text):
        for name, value in known.items():
            if isinstance(value, dict):
                tables.setdefault(name, line)
                for inner, below in value.items():
                    keys.setdefault((name, inner), Key(name, inner, below, line))
            else:
                keys.setdefault(("", name), Key("", name, value, line))
    whole = tomllib.loads(text)
    last = (key._replace(value=(whole[key.table] if key.table else whole)[key.name]) for key in keys.values())
    return Document(str(path), tuple(last), tuple(tables.items()))


def _growing(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the document says after each of its statements, with the line on which the statement begins.

    tomllib tells no lines of keys. The beginning of a document up to the end of a statement is a document itself, so
    the statement that made a key known is the one that its line belongs to.
    """
    lines, begins = text.splitlines(keepends=True), 1
    for end in range(1, len(lines) + 1):
        try:
            known = tomllib.loads("".join(lines[:end]))
        except tomllib.TOMLDecodeError:  # in the middle of a value of several lines
            continue
        yield begins, known
        begins = end + 1
