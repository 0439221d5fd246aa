"""Every mistake a person makes in a target list gets its line, what it is, and the fix; all of them in one go."""

import re
from pathlib import Path

import pytest

from probe.targets.load import TargetListError, load_targets, parse_targets

ROOT = Path(__file__).parents[2]
HEAD = "version: 1\napps:\n  - id: app\n    name: App\n    endpoints:\n"
GOOD = "      - {id: api, role: api, url: 'https://api.example.org/', required: true}\n"


def problems(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(TargetListError) as caught:
        parse_targets(data, "my.yaml")
    return [str(problem) for problem in caught.value.problems]


MISTAKES: dict[str, tuple[str | bytes, str]] = {
    "a scheme we cannot probe": (HEAD + "      - {id: a, role: api, url: 'htps://example.org'}\n", r"my\.yaml:6: .*htps"),
    "no host": (HEAD + "      - {id: a, role: api, url: 'https:///x'}\n", r"my\.yaml:6: .*host"),
    "a port out of range": (HEAD + "      - {id: a, role: api, url: 'tcp://example.org:99999'}\n", r"my\.yaml:6: .*port"),
    "a password in the URL": (HEAD + "      - {id: a, role: api, url: 'https://u:p@example.org/'}\n", r"my\.yaml:6: "),
    "the same id twice": (HEAD + GOOD + GOOD, r"my\.yaml:7: .*api"),
    "an unknown key": (
        HEAD + "      - id: a\n        role: api\n        url: https://example.org/\n        requierd: true\n",
        r'my\.yaml:9: .*"requierd".*"required"',
    ),
    "a key twice": (HEAD + "      - id: a\n        id: b\n        role: api\n        url: https://example.org/\n", r":7: "),
    "a tab": ("version: 1\napps:\n\t- id: a\n", r"my\.yaml:3: .*[Tt]ab"),
    "a number for a list": ("version: 1\napps: 7\n", r"my\.yaml:2: "),
    "nothing at all": ("", r"my\.yaml:1: nothing in it"),
    "bytes that are no text": (b"version: 1\napps: \xff\xfe\n", r"my\.yaml:\d+: .*UTF-8"),
    "broken YAML": ("version: 1\napps: [\n", r"my\.yaml:\d+: "),
    "a roll-up of more than there are": (HEAD.replace("    end", "    rollup: {k_of_n: 3}\n    end") + GOOD, r"my\.yaml:5: .*3"),
    "a roll-up over nothing": (HEAD.replace("    end", "    rollup: {cdn: all}\n    end") + GOOD, r"my\.yaml:5: .*cdn"),
    "telemetry that decides": (
        HEAD + GOOD + "      - {id: t, role: telemetry, url: 'https://t.example.org/', required: true}\n",
        r"my\.yaml:7: .*telemetry",
    ),
    "a date that is none": (HEAD + "      - {id: a, role: api, url: 'https://a.example/', valid_from: soon}\n", r":6: .*soon"),
    "a stretch that ends before it begins": (
        HEAD + "      - {id: a, role: api, url: 'https://a.example/', valid_from: 2022-01-01, valid_to: 2021-01-01}\n",
        r"my\.yaml:6: ",
    ),
    "an unknown role": (HEAD + "      - {id: a, role: apl, url: 'https://a.example/'}\n", r"my\.yaml:6: .*apl"),
    "an unknown risk": (HEAD.replace("    name", "    risk: none\n    name") + GOOD, r"my\.yaml:4: .*risk"),
    "an unknown country": (HEAD.replace("    name", "    country: XQ\n    name") + GOOD, r"my\.yaml:4: .*XQ"),
    "another version": ("version: 7\napps: []\n", r"my\.yaml:1: .*7"),
    "no endpoints": ("version: 1\napps:\n  - {id: a, name: A, endpoints: []}\n", r"my\.yaml:3: .*endpoint"),
    "a reference that expects nothing": (
        "version: 1\nreferences:\n  - id: r\n    name: R\n    endpoints:\n"
        "      - {id: h, role: reference, url: 'http://r.example/'}\n",
        r"my\.yaml:\d: .*expect",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line(mistake: str) -> None:
    text, said = MISTAKES[mistake]
    found = problems(text)
    assert any(re.search(said, line) for line in found), found


def test_all_mistakes_are_told_in_one_go() -> None:
    text = HEAD + "      - {id: a, role: apl, url: 'htps://example.org', requierd: true}\n"
    assert len(problems(text)) == 3


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["version: 1", "a: &a [x, x, x, x, x, x, x, x]"]
    lines += [f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)]
    assert problems("\n".join(lines))


def test_a_missing_file_and_a_folder_are_mistakes(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(TargetListError):
            load_targets(path)


def test_norway_written_bare_is_a_country() -> None:
    read = parse_targets((HEAD.replace("    name", "    country: NO\n    name") + GOOD).encode(), "my.yaml")
    assert read.targets[0].country == "NO"


def test_the_example_of_the_documentation_is_right() -> None:
    text = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    assert [t.id for t in parse_targets(found[1].encode(), "docs").targets] == [
        "clubhouse",
        "mastodon.social",
        "gstatic",
    ]
