"""YAML text to a small tree in which everything knows its line. Knows YAML and nothing of targets.

Scalars keep the text as written: whether `no` is Norway or a flag is for the field to say, so the resolver here is that
of YAML 1.2 (only `true` and `false` are flags, dates stay text, `1_000` is no number), and nothing is ever constructed.
The text may come from a stranger: its size is bounded by the caller, its depth here; aliases, the stuff of YAML bombs,
are refused.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

import yaml

from probe.targets.problems import Report, quote

MAX_DEPTH = 16
"""Levels of nesting. A target list needs seven; recursion must end long before Python's own limit."""


class Kind(Enum):
    """What a scalar was written as. `BAD` has been reported already: readers pass over it in silence."""

    TEXT = "text"
    WHOLE = "a whole number"
    DECIMAL = "a decimal number"
    FLAG = "true or false"
    NOTHING = "nothing"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value; `text` is as written, without quotes."""

    line: int
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    line: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` with the line of the key."""

    key: str
    line: int
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping. Keys are unique: a second one has been reported and dropped."""

    line: int
    entries: tuple[Entry, ...]

    def get(self, key: str) -> Entry | None:
        """The entry of that key, if written."""
        return next((entry for entry in self.entries if entry.key == key), None)


Node = Scalar | Listing | Mapping

_CORE = "tag:yaml.org,2002:"
_KINDS = {
    _CORE + "str": Kind.TEXT,
    _CORE + "int": Kind.WHOLE,
    _CORE + "float": Kind.DECIMAL,
    _CORE + "bool": Kind.FLAG,
    _CORE + "null": Kind.NOTHING,
}
_ALIAS = "!alias"
_TAGS = {*_KINDS, _CORE + "seq", _CORE + "map", _ALIAS}
_WRITTEN_AS = (
    ("int", r"[-+]?[0-9]{1,15}", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN"),
)
"""Plain scalars that are not text: YAML 1.2.2 section 10.3.2, without octal, hexadecimal and infinities."""

_SYNTAX_FIXES = (
    ("mapping values are not allowed", 'put text that holds ": " in quotes, and check the indentation'),
    ("could not find expected ':'", 'write "key: value", with a space after the colon'),
    ("unexpected end of stream", "close the quote that opens here"),
    ("unexpected document separator", "close the quote that opens here"),
    ("expected <block end>", "indent everything on one level by the same number of spaces"),
    ("expected ',' or ']'", "close the list with ]"),
    ("expected ',' or '}'", "close the mapping with }"),
    ("cannot start any token", "put the value in quotes"),
    ("a single document", 'keep one list a file: remove the "---" and what follows, or move it'),
    ("unknown escape character", "use single quotes, in which a backslash is only a backslash"),
)


_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
"""What PyYAML counts as the end of a line."""
_TAB = re.compile(r"[ ]*(- *)*\t|[^'\"#]*:[ ]*\t")


class _TooDeep(yaml.YAMLError):
    def __init__(self, line: int) -> None:
        super().__init__("too deep")
        self.line = line


class _Loader(yaml.SafeLoader):
    """SafeLoader as a composer only, with the scalars of YAML 1.2, no aliases and a bound on depth."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - the base class keeps it so; add_implicit_resolver fills this one

    def __init__(self, text: str, report: Report) -> None:
        super().__init__(text)
        self._report = report
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # types-PyYAML has no types for it
            line = event.start_mark.line + 1
            self._report.add(line, f"alias {quote('*' + event.anchor)}", "aliases are not read here: write it out")
            return yaml.ScalarNode(_ALIAS, "", event.start_mark, event.end_mark)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeep(self.line + 1)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _tag, _pattern, _first in _WRITTEN_AS:
    _Loader.add_implicit_resolver(
        _CORE + _tag, re.compile(f"(?:{_pattern})\\Z"), [*_first, *([""] if _tag == "null" else [])]
    )


def read_yaml(text: str, report: Report) -> Node | None:
    """The tree of `text`; None if it is no YAML (which is then reported) or holds nothing (which is not)."""
    loader: _Loader | None = None
    try:
        loader = _Loader(text, report)
        root = loader.get_single_node()
    except yaml.YAMLError as error:
        _report_syntax(error, text, report)
        return None
    except ValueError:  # PyYAML lets chr() fail on "\U00110000"
        report.add(loader.line + 1 if loader else 1, "an escape that is no character", "use at most \\U0010FFFF")
        return None
    finally:
        if loader is not None:
            loader.dispose()
    return None if root is None else _plain(root, report)


def _plain(node: yaml.Node, report: Report) -> Node:
    line = node.start_mark.line + 1
    if node.tag not in _TAGS:
        report.add(line, f"tag {quote(node.tag)}", "tags are not read here: remove it")
    if isinstance(node, yaml.SequenceNode):
        return Listing(line, tuple(_plain(item, report) for item in node.value))
    if isinstance(node, yaml.MappingNode):
        return Mapping(line, _entries(node, report))
    kind = _KINDS.get(node.tag, Kind.BAD)
    if any(unicodedata.category(c) == "Cs" for c in node.value):
        report.add(line, "half of a surrogate pair, which is no character", "write the character itself")
        kind = Kind.BAD
    return Scalar(line, node.value, kind)


def _entries(node: yaml.MappingNode, report: Report) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _plain(key_node, report)
        if not isinstance(key, Scalar):
            report.add(line, "a key that is a list or a mapping", 'keys are single words, as in "id: clubhouse"')
        elif key.kind is Kind.BAD:
            continue
        elif key.text in entries:
            first = entries[key.text].line
            report.add(line, f"key {quote(key.text)} again; the first is on line {first}", "keep one of the two")
        else:
            entries[key.text] = Entry(key.text, line, _plain(value_node, report))
    return tuple(entries.values())


def _report_syntax(error: yaml.YAMLError, text: str, report: Report) -> None:
    """Say what PyYAML stumbled over. It stops at the first; only tabs can be named all at once."""
    if isinstance(error, _TooDeep):
        report.add(error.line, f"nested deeper than {MAX_DEPTH} levels", "a target list is never that deep")
    elif isinstance(error, yaml.reader.ReaderError):
        line = len(_BREAK.findall(text, 0, error.position)) + 1
        report.add(line, f"character U+{ord(text[error.position]):04X}, which YAML does not allow", "remove it")
    elif isinstance(error, yaml.MarkedYAMLError):
        _report_marked(error, text, report)
    else:
        report.add(1, f"not YAML: {error}", "compare it with docs/targets.md")


def _report_marked(error: yaml.MarkedYAMLError, text: str, report: Report) -> None:
    tabs = _tab_lines(text)
    if "'\\t'" in (error.problem or "") or (error.problem_mark and error.problem_mark.line + 1 in tabs):
        for line in tabs or [error.problem_mark.line + 1 if error.problem_mark else 1]:
            report.add(line, "a tab, where YAML takes only spaces", "replace the tab with spaces")
        return
    problem = error.problem or error.context or "unreadable"
    quoted = "scalar" in (error.context or "") and "end of stream" in problem
    mark = (error.context_mark if quoted else None) or error.problem_mark or error.context_mark
    fix = next(
        (fix for part, fix in _SYNTAX_FIXES if part in f"{error.context} {problem}"), "check the line above it too"
    )
    report.add(mark.line + 1 if mark else 1, f"not YAML: {problem}", fix)


def _tab_lines(text: str) -> list[int]:
    """Lines with a tab in their indentation, or between a dash or colon and its value."""
    return [number for number, line in enumerate(_BREAK.split(text), 1) if _TAB.match(line) and line.strip()]
