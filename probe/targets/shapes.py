"""What a single value may look like: each shape reads itself from marked YAML and says itself as JSON Schema.

Knows nothing of targets; `records` makes lists and mappings of these, `fields` the target list. A shape that finds a
mistake reports it and returns None, which is never a good value, and reading goes on with the next.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from probe.targets import countries
from probe.targets.marks import Kind, Listing, Node, Scalar
from probe.targets.problems import Report, quote, suggest
from probe.targets.urls import MAX_URL, SCHEMES, is_domain, url_mistake

JSONSchema = dict[str, Any]


class At(NamedTuple):
    """Where we are: `place` is the record (`endpoint "api" of app "clubhouse"`), `key` the key whose value is read."""

    report: Report
    place: str = ""
    key: str = ""
    ordinal: int = 0

    def wrong(self, line: int, what: str, fix: str = "") -> None:
        """Report a mistake here."""
        self.report.add(line, f"{self.place}: {what}" if self.place else what, fix)


class Shape(Protocol):
    """One kind of value."""

    def read(self, node: Node, at: At) -> Any:
        """The value, or None with the mistake reported."""

    def schema(self) -> JSONSchema:
        """The same as JSON Schema, draft 2020-12."""


def describe(node: Node) -> str:
    """A node as a message calls it."""
    if isinstance(node, Scalar):
        return "nothing" if node.kind is Kind.NOTHING else quote(node.text)
    return "a list" if isinstance(node, Listing) else "a mapping"


def scalar_at(node: Node, at: At, wanted: str) -> Scalar | None:
    """The node as a scalar that says something; anything else is a mistake, except what was reported before."""
    if isinstance(node, Scalar) and node.kind is Kind.BAD:
        return None
    if isinstance(node, Scalar) and node.kind is Kind.NOTHING:
        at.wrong(node.line, f"{at.key} has no value", f"write {wanted}, or remove the key")
        return None
    if not isinstance(node, Scalar):
        at.wrong(node.line, f"{at.key} is {describe(node)}", f"write {wanted}")
        return None
    return node


@dataclass(frozen=True)
class Text:
    """Text as written. `prose`: for people, so space is squeezed and nothing but text may be in it."""

    prose: bool = False
    pattern: str = ""
    rule: str = "text"
    longest: int = 0

    def read(self, node: Node, at: At) -> str | None:
        scalar = scalar_at(node, at, self.rule)
        if scalar is None:
            return None
        text = " ".join(scalar.text.split()) if self.prose else scalar.text
        if self.prose and not all(c.isprintable() or ord(c) > 0x9F for c in text):
            at.wrong(scalar.line, f"{at.key} holds a control character", "remove it")
            return None
        if (self.pattern and not re.fullmatch(self.pattern, text)) or (self.longest and len(text) > self.longest):
            at.wrong(scalar.line, f"{at.key} {quote(text)} will not do", f"write {self.rule}")
            return None
        return text

    def schema(self) -> JSONSchema:
        shape: JSONSchema = {"type": ["string", "number", "boolean"]}
        if self.pattern:
            shape["pattern"] = f"^(?:{self.pattern})$"
        return {**shape, "maxLength": self.longest} if self.longest else shape


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, node: Node, at: At) -> str | None:
        scalar = scalar_at(node, at, "one of " + ", ".join(self.words))
        if scalar is None or scalar.text in self.words:
            return scalar.text if scalar else None
        at.wrong(scalar.line, f"unknown {at.key} {quote(scalar.text)}", suggest(scalar.text, self.words))
        return None

    def schema(self) -> JSONSchema:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Country:
    """An ISO 3166-1 alpha-2 code."""

    def read(self, node: Node, at: At) -> str | None:
        scalar = scalar_at(node, at, 'a country code of two capital letters, as in "CN"')
        if scalar is None or scalar.text in countries.CODES:
            return scalar.text if scalar else None
        meant = countries.meant(scalar.text)
        fix = f'write "{meant}"' if meant else 'write its ISO 3166-1 code of two capital letters, as in "CN"'
        at.wrong(scalar.line, f"unknown {at.key} {quote(scalar.text)}", fix)
        return None

    def schema(self) -> JSONSchema:
        return {"enum": sorted(countries.CODES)}


@dataclass(frozen=True)
class Flag:
    """`true` or `false`."""

    def read(self, node: Node, at: At) -> bool | None:
        scalar = scalar_at(node, at, "true or false")
        if scalar is None or scalar.kind is Kind.FLAG:
            return scalar.text.lower() == "true" if scalar else None
        at.wrong(scalar.line, f"{at.key} is {quote(scalar.text)}", "write true or false")
        return None

    def schema(self) -> JSONSchema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    def read(self, node: Node, at: At) -> int | None:
        wanted = f"a whole number from {self.least} to {self.most}"
        scalar = scalar_at(node, at, wanted)
        if scalar is None:
            return None
        if scalar.kind is Kind.WHOLE and self.least <= int(scalar.text) <= self.most:
            return int(scalar.text)
        at.wrong(scalar.line, f"{at.key} is {quote(scalar.text)}", f"write {wanted}")
        return None

    def schema(self) -> JSONSchema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Plain:
    """A JSON value to compare with: text, a whole number, true or false, as written."""

    def read(self, node: Node, at: At) -> str | int | bool | None:
        scalar = scalar_at(node, at, "text, a whole number, true or false")
        if scalar is None:
            return None
        if scalar.kind is Kind.DECIMAL:
            at.wrong(scalar.line, f"{at.key} is {quote(scalar.text)}", "use a whole number, or quotes if it is text")
            return None
        if scalar.kind is Kind.FLAG:
            return scalar.text.lower() == "true"
        return int(scalar.text) if scalar.kind is Kind.WHOLE else scalar.text

    def schema(self) -> JSONSchema:
        return {"type": ["string", "integer", "boolean"]}


@dataclass(frozen=True)
class Day:
    """An ISO date, kept as text."""

    def read(self, node: Node, at: At) -> str | None:
        scalar = scalar_at(node, at, 'a date as in "2021-02-08"')
        if scalar is None or self._is_day(scalar.text):
            return scalar.text if scalar else None
        at.wrong(
            scalar.line, f"{at.key} {quote(scalar.text)} is no date", 'write year, month and day, as in "2021-02-08"'
        )
        return None

    @staticmethod
    def _is_day(text: str) -> bool:
        try:
            return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None and bool(date.fromisoformat(text))
        except ValueError:
            return False

    def schema(self) -> JSONSchema:
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


@dataclass(frozen=True)
class Url:
    """Something we can probe (`urls`)."""

    def read(self, node: Node, at: At) -> str | None:
        scalar = scalar_at(node, at, 'a URL as in "https://example.org/"')
        if scalar is None:
            return None
        mistake = url_mistake(scalar.text)
        if mistake:
            at.wrong(scalar.line, *mistake)
            return None
        return scalar.text

    def schema(self) -> JSONSchema:
        pattern = rf"^({'|'.join(SCHEMES)})://[^\s@/?#\\]+([/?][^\s#\\]*)?$"
        return {"type": "string", "pattern": pattern, "maxLength": MAX_URL}


@dataclass(frozen=True)
class Domain:
    """A host name of at least two labels, in lower case."""

    def read(self, node: Node, at: At) -> str | None:
        scalar = scalar_at(node, at, 'a domain as in "mastodon.social"')
        if scalar is None or (is_domain(scalar.text) and scalar.text == scalar.text.lower()):
            return scalar.text if scalar else None
        fix = "write the domain alone, in lower case, without scheme, port or path"
        at.wrong(scalar.line, f"{at.key} {quote(scalar.text)} is no domain", fix)
        return None

    def schema(self) -> JSONSchema:
        return {"type": "string", "pattern": r"^[^\sA-Z/:@]+\.[^\sA-Z/:@]+$", "maxLength": 253}
