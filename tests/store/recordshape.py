"""The shape of a record, read from the model: every struct with its fields and their types in the words of the doc."""

import enum
import types
import typing
from typing import Any

import msgspec

from probe.model.measurement import Measurement
from probe.model.observation import Observation, Observed

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def type_text(kind: Any) -> str:
    """`[integer, integer]` for a pair, `[string]` for a list, `Layer or null` for an option."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        inner = parts[:1] if parts[-1] is Ellipsis else parts
        return f"[{', '.join(map(type_text, inner))}]"
    if origin in (typing.Union, types.UnionType):
        if set(parts) == set(typing.get_args(Observation)):
            return "Observation"
        return " or ".join(map(type_text, parts))
    return _PLAIN.get(kind) or str(kind.__name__)


def fields(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The fields of a struct in the order they are written; of an observation only its own."""
    hints = typing.get_type_hints(struct)
    shared = Observed.__struct_fields__ if issubclass(struct, Observed) and struct is not Observed else ()
    return {name: type_text(hints[name]) for name in struct.__struct_fields__ if name not in shared}


def structs() -> list[type[msgspec.Struct]]:
    """Every struct that a record can hold, each once, in the order a reader meets them."""
    found: list[type[msgspec.Struct]] = []
    _walk(Measurement, found, [])
    return found


def vocabularies() -> list[type[enum.Enum]]:
    """Every vocabulary that a record uses."""
    words: list[type[enum.Enum]] = []
    _walk(Measurement, [], words)
    return words


def _walk(kind: Any, found: list[type[msgspec.Struct]], words: list[type[enum.Enum]]) -> None:
    for part in typing.get_args(kind):
        _walk(part, found, words)
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and kind not in words:
        words.append(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in found:
        if issubclass(kind, Observed) and kind is not Observed and Observed not in found:
            _walk(Observed, found, words)
        found.append(kind)
        for hint in typing.get_type_hints(kind).values():
            _walk(hint, found, words)
