"""docs/record.md says what the model says: every field, its type, every word, and a sample line that is one."""

import enum
import re
from pathlib import Path

import msgspec
import pytest

from probe.model.codec import decode_line
from probe.model.failure import FailureKind
from probe.model.measurement import SCHEMA_VERSION
from probe.model.observation import Observed
from probe.store.reader import Row
from tests.store.recordshape import fields, structs, vocabularies

DOC = (Path(__file__).parents[2] / "docs" / "record.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\b.*?(?=^#|\Z)", DOC, re.MULTILINE | re.DOTALL)
    assert found, f"docs/record.md has no section {title!r}"
    return found[0]


@pytest.mark.parametrize("struct", structs(), ids=lambda struct: struct.__name__)
def test_every_field_is_documented_in_order_with_its_type(struct: type[msgspec.Struct]) -> None:
    section = _section(struct.__name__)
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    assert {name: kind for name, kind, _ in rows} == fields(struct)
    assert [name for name, _, _ in rows] == list(fields(struct))
    assert all(meaning.strip() for _, _, meaning in rows)


@pytest.mark.parametrize("struct", structs(), ids=lambda struct: struct.__name__)
def test_how_a_struct_is_written_is_documented(struct: type[msgspec.Struct]) -> None:
    title = _section(struct.__name__).splitlines()[0]
    assert ("(a JSON array, in this order)" in title) == bool(struct.__struct_config__.array_like)
    tag = struct.__struct_config__.tag
    assert (f'`"type": "{tag}"`' in title) == (issubclass(struct, Observed) and struct is not Observed)


@pytest.mark.parametrize("vocabulary", vocabularies(), ids=lambda vocabulary: vocabulary.__name__)
def test_every_word_of_a_vocabulary_is_documented(vocabulary: type[enum.Enum]) -> None:
    line = next(line for line in DOC.splitlines() if line.startswith(f"- **{vocabulary.__name__}**"))
    if vocabulary is FailureKind:
        assert "failures.md" in line
    else:
        assert re.findall(r"`(\w+)`", line) == [word.value for word in vocabulary]


def test_flat_columns_are_the_ones_the_reader_takes() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", _section("Measurement"), re.MULTILINE)
    assert rows[: len(Row.__struct_fields__)] == list(Row.__struct_fields__)


def test_sample_line_is_a_record_of_this_version() -> None:
    (sample,) = re.findall(r"```json\n(.*?)\n```", DOC, re.DOTALL)
    assert decode_line(sample.encode()).schema == SCHEMA_VERSION


def test_version_in_the_text_is_the_version_of_the_model() -> None:
    assert f"This is version {SCHEMA_VERSION}." in DOC
