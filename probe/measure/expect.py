"""Whether an answer is the one that proves an endpoint to be itself. Pure: a status and a body in, results out."""

import json
from collections.abc import Iterator
from typing import Any

from probe.model.observation import ExpectationResult
from probe.model.target import Expect

_MAX_GOT = 120
_JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_MISSING = object()


def results(expected: Expect, status: int, body: bytes) -> tuple[ExpectationResult, ...]:
    """One result for each clause of `expected`, in the order of its fields; none where nothing is expected."""
    return tuple(_results(expected, status, body))


def _results(expected: Expect, status: int, body: bytes) -> Iterator[ExpectationResult]:
    if expected.status:
        wanted = "|".join(map(str, expected.status))
        yield ExpectationResult(f"status {wanted}", status in expected.status, str(status))
    text = body.decode("utf-8", "replace")
    if expected.body is not None:
        # Servers differ over a final newline between releases; nothing else may differ.
        yield ExpectationResult("body", text.rstrip() == expected.body.rstrip(), _shown(text))
    if expected.contains is not None:
        yield ExpectationResult(f"contains {expected.contains}", expected.contains in text, _shown(text))
    if expected.json_type or expected.json_has or expected.json_equals:
        yield from _json_results(expected, text)


def _json_results(expected: Expect, text: str) -> Iterator[ExpectationResult]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield ExpectationResult("json", False, _shown(text))
        return
    if expected.json_type:
        held = isinstance(document, _JSON_TYPES.get(expected.json_type, ())) and not (
            expected.json_type == "number" and isinstance(document, bool)
        )
        yield ExpectationResult(f"json {expected.json_type}", held, type(document).__name__)
    for path in expected.json_has:
        found = _at(document, path)
        yield ExpectationResult(f"json has {path}", found is not _MISSING, "" if found is _MISSING else _shown(found))
    for path, value in expected.json_equals.items():
        found = _at(document, path)
        held = type(found) is type(value) and found == value
        yield ExpectationResult(f"json {path} = {value}", held, "" if found is _MISSING else _shown(found))


def _at(document: Any, path: str) -> Any:
    """The value at a dotted path; a number steps into a list."""
    for step in path.split("."):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _MISSING
    return document


def _shown(value: object) -> str:
    """A value for the record, bounded. JSON may hold half a surrogate pair, which no file can."""
    return str(value)[:_MAX_GOT].encode("utf-8", "replace").decode("utf-8")
