"""Settings files: each key with its line, and files that cannot be read."""

from pathlib import Path

import pytest

from probe.config.files import MOST, Document, read


def document(folder: Path, text: str | bytes) -> Document:
    path = folder / "probe.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = read(path)
    assert found is not None
    return found


def test_each_key_and_table_has_the_line_on_which_it_begins(tmp_path: Path) -> None:
    found = document(
        tmp_path,
        """\
# a comment with vantage = "not this"
vantage = "sha-ct"

control-proxy = [   # a list of several lines
  "socks5://127.0.0.1:1080",
  "timeout = 3",
]
network = \"\"\"
[run]
asn = 1
\"\"\"
[run]
asn = 4134
report.tz = "UTC"

[report]
tz = "Asia/Shanghai"
""",
    )
    assert [(key.table, key.name, key.line) for key in found.keys] == [
        ("", "vantage", 2),
        ("", "control-proxy", 4),
        ("", "network", 8),
        ("run", "asn", 13),
        ("run", "report", 14),
        ("report", "tz", 17),
    ]
    assert found.keys[1].value == ["socks5://127.0.0.1:1080", "timeout = 3"]
    assert found.tables == (("run", 12), ("report", 16))
    assert found.mistakes == ()


def test_a_value_that_a_later_line_completes_is_the_complete_one(tmp_path: Path) -> None:
    found = document(tmp_path, "run.asn = 1\nrun.out = 'x'\n[report.a]\nb = 1\n[report.c]\nd = 2\n")
    values = {(key.table, key.name): key.value for key in found.keys}
    assert values == {("run", "asn"): 1, ("run", "out"): "x", ("report", "a"): {"b": 1}, ("report", "c"): {"d": 2}}


@pytest.mark.parametrize("text", ["a = 1\r\nb = 2\r\n", "a = 1\n\n\nb = 2"])
def test_windows_line_ends_and_a_missing_last_one_do_no_harm(tmp_path: Path, text: str) -> None:
    assert [key.name for key in document(tmp_path, text).keys] == ["a", "b"]


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"a = 1\nb = = 2\n", 2, "not TOML: Invalid value"),
        (b"a = 1\na = 2\n", 2, "not TOML: Cannot overwrite a value"),
        (b"a = 1\nb = [1,\n", 2, "not TOML: Invalid value (at end of document)"),
        (b"a = 1\n# \xff\n", 2, "not UTF-8"),
        (b"a = " + b"[" * 20_000, 1, "not TOML"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path, data: bytes, line: int, what: str) -> None:
    found = document(tmp_path, data)
    [mistake] = found.mistakes
    assert mistake.text.startswith(f"{tmp_path / 'probe.toml'}:{line}: {what}")
    assert (found.keys, mistake.command) == ((), "")


def test_a_file_that_is_not_there_is_no_mistake_and_one_that_cannot_be_read_is(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere" / "probe.toml") is None
    (tmp_path / "probe.toml").mkdir()
    unread = read(tmp_path / "probe.toml")
    assert unread is not None
    assert "cannot be read" in unread.mistakes[0].text


def test_a_file_that_is_no_settings_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    found = document(tmp_path, b"#" * (MOST + 1))
    assert "not a settings file" in found.mistakes[0].text
