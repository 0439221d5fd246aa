"""The one table of what a target list may say: keys, shapes, and the sentences editors show.

Reading and the JSON Schema are both derived from it; the vocabularies come from `model.target`.
"""

from dataclasses import dataclass
from typing import Any

from probe.model.target import Need, Risk, Role, TargetKind
from probe.targets.expand import CHECKS, SOFTWARE
from probe.targets.marks import Kind, Mapping, Node, Scalar
from probe.targets.problems import quote, suggest
from probe.targets.records import Field, ListOf, MapOf, Record, with_fields
from probe.targets.shapes import (
    At,
    Choice,
    Country,
    Day,
    Domain,
    Flag,
    JSONSchema,
    Plain,
    Text,
    Url,
    Whole,
    describe,
    scalar_at,
)

VERSION = 1
"""The version of the format that is read here."""

ROLES = tuple(Role)
JSON_TYPES = ("array", "boolean", "null", "number", "object", "string")
"""`expect.json_type`: the types of RFC 8259, called as JSON Schema calls them."""
MAX_K = 1000

ID = Text(
    pattern=r"[a-z0-9][a-z0-9._-]*",
    rule='lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit',
    longest=100,
)
PROSE = Text(prose=True)
TEXTS = ListOf(Text(), or_one=True)


@dataclass(frozen=True)
class VersionOf:
    """The version of the format, which has to be the one that is read here."""

    def read(self, node: Node, at: At) -> int | None:
        """The version, or None with the mistake reported."""
        scalar = scalar_at(node, at, f'"version: {VERSION}"')
        if scalar is None or (scalar.kind is Kind.WHOLE and int(scalar.text) == VERSION):
            return VERSION if scalar else None
        fix = f'write "version: {VERSION}", or use a newer probe if the list is newer'
        at.wrong(scalar.line, f"version {quote(scalar.text)} is none that this probe reads", fix)
        return None

    def schema(self) -> JSONSchema:
        """The same as JSON Schema."""
        return {"const": VERSION}


@dataclass(frozen=True)
class NeedOf:
    """`all`, `any` or `{k_of_n: 3}`; reads to `(need, k)`."""

    def read(self, node: Node, at: At) -> tuple[str, int] | None:
        """The pair, or None with the mistake reported."""
        if isinstance(node, Mapping):
            entry = node.get("k_of_n")
            if entry is None or len(node.entries) != 1:
                at.wrong(node.line, f"{at.key} is a mapping of its own", 'write all, any or "k_of_n: 3"')
                return None
            k = Whole(1, MAX_K).read(entry.value, at._replace(key=f"{at.key} k_of_n"))
            return None if k is None else (Need.K_OF_N, k)
        if isinstance(node, Scalar) and node.kind is Kind.BAD:
            return None
        if isinstance(node, Scalar) and node.text in (Need.ALL, Need.ANY):
            return node.text, 0
        said = describe(node)
        fix = 'write "{k_of_n: 3}", with your number' if "of" in said else 'write all, any or "{k_of_n: 3}"'
        at.wrong(node.line, f"{at.key} is {said}", fix)
        return None

    def schema(self) -> JSONSchema:
        """The same as JSON Schema."""
        k = {"type": "integer", "minimum": 1, "maximum": MAX_K}
        counted = {"type": "object", "properties": {"k_of_n": k}, "required": ["k_of_n"], "additionalProperties": False}
        return {"anyOf": [{"enum": [Need.ALL, Need.ANY]}, counted]}


@dataclass(frozen=True)
class RollupOf:
    """A need for all deciding endpoints, or one per role; reads to the keys of `model.target.RollupRule`."""

    def read(self, node: Node, at: At) -> list[dict[str, Any]] | None:
        """The clauses, or None with the mistakes reported."""
        if not isinstance(node, Mapping) or node.get("k_of_n"):
            need = NeedOf().read(node, at)
            return None if need is None else [{"need": need[0], "k": need[1]}]
        if not node.entries:
            at.wrong(node.line, f"{at.key} is empty", "name at least one role, or remove the key")
        clauses = []
        for entry in node.entries:
            need = NeedOf().read(entry.value, at._replace(key=f"{at.key} {entry.key}"))
            if entry.key not in ROLES:
                at.wrong(entry.line, f"unknown role {quote(entry.key)} in {at.key}", suggest(entry.key, ROLES))
            elif need is not None:
                clauses.append({"role": entry.key, "need": need[0], "k": need[1]})
        return clauses if len(clauses) == len(node.entries) else None

    def schema(self) -> JSONSchema:
        """The same as JSON Schema."""
        need = NeedOf().schema()
        by_role = {
            "type": "object",
            "properties": {role: need for role in ROLES if role != Role.TELEMETRY},
            "additionalProperties": False,
            "minProperties": 1,
        }
        return {"anyOf": [*need["anyOf"], by_role]}


EXPECT = Record(
    "expect",
    (
        Field("status", ListOf(Whole(100, 599), or_one=True), "HTTP status, or a list of those that will do."),
        Field("body", Text(), "The whole decoded body; white space at its end is ignored."),
        Field(
            "contains",
            Text(pattern=r"(?s:.+)", rule="the text to find"),
            "A part of the body. Ignores what is around it.",
        ),
        Field("json_has", TEXTS, "Dotted paths that must be in the JSON document."),
        Field("json_equals", MapOf(Plain()), "Dotted paths of the JSON document with their exact value."),
        Field("json_type", Choice(JSON_TYPES), "The type of the whole JSON document."),
    ),
    doc="The answer that proves the endpoint is itself. Everything given must hold; nothing given: any answer will do.",
    named=False,
    not_empty=True,
)

ENDPOINT = Record(
    "endpoint",
    (
        Field("id", ID, "Unique within the target.", missing='give it a short name of its own, as in "id: api"'),
        Field("role", Choice(ROLES), "What the target needs it for.", missing='say what it is for, as in "role: api"'),
        Field(
            "url",
            Url(),
            "https://, http://, tcp://host:port, dns://name or quic://host:port.",
            missing="say what to probe",
        ),
        Field(
            "required",
            Flag(),
            "The target does not work without it: where a roll-up says all, the required ones are all that count.",
        ),
        Field("expect", EXPECT, EXPECT.doc),
        Field("valid_from", Day(), "First day on which it is measured."),
        Field("valid_to", Day(), "First day on which it is measured no more."),
        Field("evidence", PROSE, "Where it was read, and what is known of it."),
    ),
    doc="One thing a target needs.",
)

APP = Record(
    "app",
    (
        Field(
            "id",
            ID,
            "Unique over the whole list; a name, never an address; kept for ever.",
            missing="give it a name that stays",
        ),
        Field("name", PROSE, "For people. Default: the id."),
        Field("endpoints", ListOf(ENDPOINT), "What it needs.", missing="add a list with at least one endpoint"),
        Field(
            "rollup",
            RollupOf(),
            "How many endpoints must be reached: all, any, k_of_n, or one of these per role. Default: all.",
        ),
        Field("category", ID, "A word to group targets by."),
        Field(
            "risk",
            Choice(tuple(Risk)),
            "Risk to whoever measures it. high is measured only on explicit consent. Default: low.",
        ),
        Field("country", Country(), "Where it is at home (ISO 3166-1 alpha-2)."),
        Field("evidence", PROSE, "Where it was read, and what is known of it."),
    ),
    doc="An app or platform with its endpoints.",
)

INSTANCE = with_fields(
    APP,
    Field("endpoints", ListOf(ENDPOINT), "Further endpoints; one with the id of a check stands in its place."),
    Field("domain", Domain(), "Its domain, where the id is not."),
    Field("software", Choice(tuple(SOFTWARE)), "What it runs, which says how it is checked. Default: mastodon."),
    Field(
        "checks",
        ListOf(Choice(tuple(CHECKS)), or_one=True),
        "Which of the ready-made checks, in place of the software's.",
    ),
    Field("valid_from", Day(), "First day on which its checks are measured."),
    Field("valid_to", Day(), "First day on which its checks are measured no more."),
)
INSTANCE = Record("instance", INSTANCE.fields, doc="One server of a network. Its id, if that is its domain, is enough.")

REFERENCE = with_fields(
    APP,
    Field(
        "endpoints",
        ListOf(
            with_fields(
                ENDPOINT,
                Field("role", Choice(ROLES), "Default: reference."),
                Field("expect", EXPECT, EXPECT.doc, missing="a reference is only as good as its known answer: add it"),
            )
        ),
        "What it needs.",
        missing="add a list with at least one endpoint",
    ),
)
REFERENCE = Record(
    "reference", REFERENCE.fields, doc="A harmless place with a known exact answer: shows that the vantage is fit."
)

LISTS = {"apps": APP, "instances": INSTANCE, "references": REFERENCE}
KINDS = {"apps": TargetKind.APP, "instances": TargetKind.INSTANCE, "references": TargetKind.REFERENCE}

FILE = Record(
    "",
    (
        Field(
            "version",
            VersionOf(),
            "The version of this format.",
            missing=f'write "version: {VERSION}" on the first line',
        ),
        *(Field(key, ListOf(record), record.doc) for key, record in LISTS.items()),
    ),
    doc="A target list of probe.",
    one_of=tuple(LISTS),
)
