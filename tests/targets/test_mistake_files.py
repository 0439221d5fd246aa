"""One file per mistake a person makes. Each begins with what must be said of it, a comment line for each problem:

    # 7: what is wrong; and the fix

exactly those, in that order, and nothing besides: a mistake that sets off false alarms teaches people to ignore them.
"""

import re
from pathlib import Path

import jsonschema
import pytest

from probe.targets.load import TargetListError, load_targets
from probe.targets.marks import Kind, Listing, Mapping, Node, Scalar, read_yaml
from probe.targets.problems import Report
from probe.targets.schema import json_schema

FOLDER = Path(__file__).parent / "mistakes"
FILES = sorted(FOLDER.glob("*.yaml"))

NEEDS_THE_WHOLE_LIST = re.compile(
    r"again;|rollup needs|rollup counts|does not come after|cannot be required|expect on|the id is no domain"
)
"""What a schema cannot tell: ids that clash, roll-ups against their endpoints, keys that contradict each other."""
FINER_THAN_A_PATTERN = re.compile(
    r"cannot be taken apart|has port 0|has no port|no host name|names a port|asks the DNS|has a path"
)
"""Parts of a URL that a regular expression should not try to judge."""


def announced(file: Path) -> list[str]:
    """What the head of a fixture says must be reported."""
    lines = file.read_bytes().decode("utf-8", "replace").split("\n")
    return [match[1] for match in (re.fullmatch(r"# (\d+: .+)", line) for line in lines) if match]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_mistake_is_said_once_with_its_line_and_the_fix(file: Path) -> None:
    with pytest.raises(TargetListError) as caught:
        load_targets(file)
    assert [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems] == announced(file)


def test_there_are_fixtures_and_each_announces_something() -> None:
    assert len(FILES) > 50
    assert [file.name for file in FILES if not announced(file)] == []


def as_json(node: Node) -> object:
    """The tree as an editor's YAML 1.2 reader gives it to the schema."""
    if isinstance(node, Mapping):
        return {entry.key: as_json(entry.value) for entry in node.entries}
    if isinstance(node, Listing):
        return [as_json(item) for item in node.items]
    return scalar_as_json(node)


def scalar_as_json(node: Scalar) -> object:
    """One value: YAML 1.2's idea of its type."""
    match node.kind:
        case Kind.WHOLE:
            return int(node.text)
        case Kind.DECIMAL:
            return float(node.text)
        case Kind.FLAG:
            return node.text.lower() == "true"
        case Kind.NOTHING:
            return None
        case _:
            return node.text


def structural() -> list[Path]:
    """The fixtures that are good YAML and wrong by what stands in one place."""
    found = []
    for file in FILES:
        said = announced(file)
        report = Report(file.name)
        root = read_yaml(file.read_bytes().decode("utf-8", "replace"), report)
        judged = [s for s in said if not NEEDS_THE_WHOLE_LIST.search(s) and not FINER_THAN_A_PATTERN.search(s)]
        if root is not None and not report.problems and judged and file.stem != "not_utf8":
            found.append(file)
    return found


@pytest.mark.parametrize("file", structural(), ids=lambda file: file.stem)
def test_the_schema_rejects_what_the_loader_rejects(file: Path) -> None:
    root = read_yaml(file.read_text(encoding="utf-8"), Report(file.name))
    assert root is not None
    editor = jsonschema.Draft202012Validator(json_schema(), format_checker=jsonschema.FormatChecker())
    assert not editor.is_valid(as_json(root))


def test_most_fixtures_are_structural() -> None:
    assert len(structural()) >= 25


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
