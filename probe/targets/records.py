"""Lists, mappings and records: shapes made of shapes, read from marked YAML and said as JSON Schema by the same table.

Knows nothing of targets. A record that holds mistakes is still read as far as it goes, so that everything wrong with a
file is said at once; `Row.whole` tells later rules what they may rely on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from probe.targets.marks import Kind, Listing, Mapping, Node, Scalar
from probe.targets.problems import nearest, quote
from probe.targets.shapes import At, JSONSchema, Shape, describe


@dataclass(frozen=True)
class ListOf:
    """A list with at least one item. `or_one`: a single item may stand without the list."""

    item: Shape
    or_one: bool = False

    def read(self, node: Node, at: At) -> list[Any] | None:
        if isinstance(node, Scalar) and node.kind is Kind.BAD:
            return None
        if self.or_one and not isinstance(node, Listing):
            value = self.item.read(node, at)
            return None if value is None else [value]
        if not isinstance(node, Listing):
            at.wrong(node.line, f"{at.key} is {describe(node)}", 'write a list: lines that begin with "- "')
            return None
        if not node.items:
            at.wrong(node.line, f"{at.key} is empty", "add at least one, or remove the key")
        values = [self.item.read(item, at._replace(ordinal=number)) for number, item in enumerate(node.items, 1)]
        return [value for value in values if value is not None]

    def schema(self) -> JSONSchema:
        many = {"type": "array", "items": self.item.schema(), "minItems": 1}
        return {"anyOf": [self.item.schema(), many]} if self.or_one else many


@dataclass(frozen=True)
class MapOf:
    """A mapping from any text to values of one shape."""

    value: Shape

    def read(self, node: Node, at: At) -> dict[str, Any] | None:
        if not isinstance(node, Mapping) or not node.entries:
            if not (isinstance(node, Scalar) and node.kind is Kind.BAD):
                at.wrong(node.line, f"{at.key} is {describe(node)}", 'write "path: value" lines below it')
            return None
        read = {e.key: self.value.read(e.value, at._replace(key=f"{at.key} {e.key}")) for e in node.entries}
        return {key: value for key, value in read.items() if value is not None}

    def schema(self) -> JSONSchema:
        return {"type": "object", "additionalProperties": self.value.schema(), "minProperties": 1}


@dataclass(frozen=True)
class Field:
    """One key of a record. `missing` is what to do about its absence; empty: it may be absent."""

    name: str
    shape: Shape
    doc: str
    missing: str = ""


@dataclass
class Row:
    """A record as read: its good values, the line of each key, the keys that were written at all (`written`) and the
    lists some of whose items had to be left out (`partial`)."""

    line: int
    place: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    partial: set[str] = field(default_factory=set)

    def line_of(self, key: str) -> int:
        """The line of a key, or of the record if the key is not written."""
        return self.lines.get(key, self.line)

    def whole(self, *keys: str) -> bool:
        """Whether none of these keys was written with a mistake in it."""
        return not self.partial.intersection(keys) and all(k in self.values for k in self.written.intersection(keys))


@dataclass(frozen=True)
class Record:
    """A mapping with known keys. `noun` names it in messages, together with its id; empty: the file itself."""

    noun: str
    fields: tuple[Field, ...]
    doc: str = ""
    named: bool = True
    not_empty: bool = False
    one_of: tuple[str, ...] = ()

    def read(self, node: Node, at: At) -> Row | None:
        place = self._place(node, at)
        inner = replace_place(at, place)
        if isinstance(node, Scalar) and node.kind is Kind.BAD:
            return None
        if not isinstance(node, Mapping):
            inner.wrong(
                node.line, f"{describe(node)} where a mapping belongs", f'write "key: value" lines: {self._keys()}'
            )
            return None
        row = Row(node.line, place, written=frozenset(entry.key for entry in node.entries))
        shapes = {known.name: known.shape for known in self.fields}
        for entry in node.entries:
            row.lines[entry.key] = entry.line
            if entry.key not in shapes:
                self._unknown(entry.key, entry.line, inner)
                continue
            value = shapes[entry.key].read(entry.value, inner._replace(key=entry.key))
            if value is not None:
                row.values[entry.key] = value
            if isinstance(entry.value, Listing) and isinstance(value, list) and len(value) < len(entry.value.items):
                row.partial.add(entry.key)
        self._absent(row, inner)
        return row

    def _place(self, node: Node, at: At) -> str:
        if not self.noun:
            return ""
        name = node.get("id") if self.named and isinstance(node, Mapping) else None
        said = quote(name.value.text) if name and isinstance(name.value, Scalar) else str(at.ordinal or "")
        return f"{self.noun} {said}".strip() + (f" of {at.place}" if at.place else "")

    def _keys(self) -> str:
        return ", ".join(known.name for known in self.fields)

    def _unknown(self, key: str, line: int, at: At) -> None:
        close = nearest(key, (known.name for known in self.fields))
        at.wrong(
            line, f"unknown key {quote(key)}", f'did you mean "{close}"?' if close else f"it can be {self._keys()}"
        )

    def _absent(self, row: Row, at: At) -> None:
        if self.not_empty and not row.written:
            at.wrong(row.line, "nothing in it", f"add one of {self._keys()}")
        names = [known.name for known in self.fields]
        misspelt = {nearest(key, names) for key in row.written.difference(names)}
        if self.one_of and not (row.written | misspelt).intersection(self.one_of):
            at.wrong(row.line, f"none of {', '.join(self.one_of)}", "add at least one of them")
        for known in self.fields:
            if known.missing and known.name not in row.written and known.name not in misspelt:
                at.wrong(row.line, f"{known.name} is missing", known.missing)

    def schema(self) -> JSONSchema:
        shape: JSONSchema = {"type": "object", "additionalProperties": False}
        shape |= {"description": self.doc} if self.doc else {}
        shape["properties"] = {known.name: {"description": known.doc, **known.shape.schema()} for known in self.fields}
        required = [known.name for known in self.fields if known.missing]
        shape |= {"required": required} if required else {}
        shape |= {"minProperties": 1} if self.not_empty else {}
        return shape | ({"anyOf": [{"required": [key]} for key in self.one_of]} if self.one_of else {})


def replace_place(at: At, place: str) -> At:
    """The same place in the file, said as the inside of a record."""
    return at._replace(place=place, key="", ordinal=0)


def with_fields(record: Record, *changed: Field, without: Iterable[str] = ()) -> Record:
    """A record like another, with some fields changed, added or left out."""
    new = {known.name: known for known in changed}
    dropped = set(without)
    kept = tuple(new.pop(known.name, known) for known in record.fields if known.name not in dropped)
    return replace(record, fields=(*kept, *new.values()))
