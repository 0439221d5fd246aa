"""The floors of the house, kept by reading the source: who may import whom, who prints, who touches the wire.

The tables below are the law (DESIGN section 3); a file that breaks it is named with its line.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

PROBE = Path(__file__).parent.parent / "probe"
FILES = sorted(PROBE.rglob("*.py"))
FOLDERS = sorted({file.parent for file in FILES})

MAY_IMPORT: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "config": frozenset(),
    "net": frozenset({"model"}),
    "diagnose": frozenset({"model"}),
    "timeline": frozenset({"model"}),
    "lab": frozenset({"model"}),
    "measure": frozenset({"model", "net", "diagnose"}),
    "store": frozenset({"model", "net", "diagnose"}),
    "targets": frozenset({"model", "net", "diagnose"}),
    "schedule": frozenset({"model", "net", "diagnose", "timeline", "measure", "store", "targets"}),
    "report": frozenset({"model", "net", "diagnose", "timeline", "measure", "store", "targets"}),
    "interop": frozenset({"model", "net", "diagnose", "timeline", "measure", "store", "targets"}),
    "alert": frozenset({"model", "net", "diagnose", "timeline", "measure", "store", "targets", "report"}),
    "cli": frozenset({"model", "config", "net", "diagnose", "timeline", "lab", "measure", "store", "targets",
                      "schedule", "report", "alert",
                      "interop"}),
}  # fmt: skip
"""What each room may import besides itself. `probe/__init__.py` imports nothing, `probe/__main__.py` only `cli`."""

WIRE = frozenset(
    {"socket", "ssl", "select", "selectors", "socketserver", "http", "urllib.request", "requests", "httpx", "httpcore",
     "anyio", "h11", "h2", "dns", "aioquic", "socksio", "OpenSSL", "service_identity", "cryptography", "certifi",
     "trustme", "_socket", "_ssl"}
)  # fmt: skip
"""Modules that open sockets, or speak the protocols on them."""
ON_THE_WIRE = frozenset({"net", "lab"})
WIRE_EXCEPTIONS = {
    "probe/measure/flow.py": frozenset({"ssl"}),  # names TLS versions in an errand; opens nothing
    "probe/measure/runner.py": frozenset({"ssl"}),  # names OpenSSL's version in each line
}
PRINTING_CALLS = frozenset({"print", "sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write", "typer.echo",
                            "click.echo", "rich.print", "pprint.pprint"})  # fmt: skip
REASON = re.compile(r"# noqa: BLE001\W+\w+")
MAX_LINES = 320
LONG = {
    "probe/lab/scenarios/innocent.py": 460,  # one scenario after another: a table
    "probe/lab/packet/topology.py": 370,
    "probe/diagnose/facts.py": 400,
}
"""Files that may be longer, and how long; entries are only taken out."""


class Import(NamedTuple):
    """One import of a file: the module's full name, and the line."""

    module: str
    line: int


@lru_cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def named(file: Path) -> str:
    return file.relative_to(PROBE.parent).as_posix()


def room(file: Path) -> str:
    """`net` of probe/net/fetch.py; empty for the package's own files."""
    inside = file.relative_to(PROBE).parts
    return inside[0] if len(inside) > 1 else ""


def imports(file: Path) -> Iterator[Import]:
    """Every import wherever it stands, also within functions and TYPE_CHECKING."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(file)}:{node.lineno}: a relative import hides which room it reaches"
            module = node.module or ""
            if module == "probe":
                yield from (Import(f"probe.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield Import(module, node.lineno)


def broken_floors(file: Path) -> Iterator[str]:
    for found in imports(file):
        parts = found.module.split(".")
        if parts[0] != "probe" or len(parts) == 1:
            continue
        inside = parts[1]
        if inside in ("__version__",):
            continue
        if room(file) == "":
            allowed = file.name == "__main__.py" and inside == "cli"
        else:
            allowed = inside == room(file) or inside in MAY_IMPORT[room(file)]
        if not allowed:
            yield f"{named(file)}:{found.line}: {room(file) or 'probe'} must not import {found.module}"


def test_every_room_is_in_the_table() -> None:
    assert {room(file) for file in FILES} - {""} <= set(MAY_IMPORT)


def test_the_table_itself_points_down() -> None:
    """No room may reach itself by way of others."""
    for start in MAY_IMPORT:
        reached, rest = set(), set(MAY_IMPORT[start])
        while rest:
            reached |= rest
            rest = {further for one in rest for further in MAY_IMPORT[one]} - reached
        assert start not in reached
    assert not MAY_IMPORT["lab"] & {"net"}
    assert "lab" not in MAY_IMPORT["net"]


@pytest.mark.parametrize("file", FILES, ids=named)
def test_imports_point_down(file: Path) -> None:
    assert list(broken_floors(file)) == []


@pytest.mark.parametrize("file", [file for file in FILES if room(file) not in ON_THE_WIRE], ids=named)
def test_only_net_and_lab_touch_the_wire(file: Path) -> None:
    allowed = WIRE_EXCEPTIONS.get(named(file), frozenset())
    touched = [
        f"{named(file)}:{found.line}: {found.module}"
        for found in imports(file)
        if {found.module, found.module.split(".")[0]} & (WIRE - allowed)
    ]
    assert touched == []


@pytest.mark.parametrize("name", WIRE_EXCEPTIONS)
def test_exceptions_to_the_wire_rule_are_still_needed(name: str) -> None:
    assert WIRE_EXCEPTIONS[name] <= {found.module for found in imports(PROBE.parent / name)}


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("file", [file for file in FILES if room(file) != "cli"], ids=named)
def test_only_cli_prints(file: Path) -> None:
    calls = [node for node in ast.walk(parsed(file)) if isinstance(node, ast.Call)]
    assert [f"{named(file)}:{call.lineno}" for call in calls if dotted(call.func) in PRINTING_CALLS] == []


@pytest.mark.parametrize("file", FILES, ids=named)
def test_every_file_says_what_it_knows(file: Path) -> None:
    told = ast.get_docstring(parsed(file))
    assert told is not None
    assert len(told) >= 20


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_every_folder_is_a_package_that_says_what_it_is(folder: Path) -> None:
    assert ast.get_docstring(parsed(folder / "__init__.py"))


@pytest.mark.parametrize("file", FILES, ids=named)
def test_files_stay_small(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= LONG.get(named(file), MAX_LINES), f"{named(file)} has {lines} lines: give it a sibling"


@pytest.mark.parametrize("name", LONG)
def test_no_file_is_on_the_list_of_long_ones_for_nothing(name: str) -> None:
    assert len((PROBE.parent / name).read_text(encoding="utf-8").splitlines()) > MAX_LINES


@pytest.mark.parametrize("file", FILES, ids=named)
def test_no_exception_is_swallowed_blindly(file: Path) -> None:
    """A bare `except`, or one of everything, that neither raises nor says why beside it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    blind = [
        f"{named(file)}:{node.lineno}"
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or dotted(node.type) in ("Exception", "BaseException"))
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        and not REASON.search(lines[node.lineno - 1])
    ]
    assert blind == []


HEAVY = (
    "httpx",
    "httpcore",
    "duckdb",
    "cryptography",
    "numpy",
    "dns",
    "h2",
    "OpenSSL",
    "yaml",
    "trustme",
    "asyncio.base_events",
)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("run", "--help"), ("report", "--help"), ("diff", "--help"), ("--version",)]
)
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    program = (
        "import sys\n"
        "from probe.cli.app import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"print('HEAVY', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"
