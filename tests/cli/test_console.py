"""Text from strangers cannot act on a terminal; pipes get no colours; mistakes end with their code."""

import io
import sys

import pytest
import typer

from probe.cli import console
from probe.cli.console import Exit, clean, fail


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 文字 é ✓", "plain 文字 é ✓"),
        ("\x1b[2J\x1b]0;title\x07", "\\u001b[2J\\u001b]0;title\\u0007"),
        ("a\rb\nc\td\x00", "a\\u000db\\u000ac\\u0009d\\u0000"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u200b\u2066\ufeff", "\\u200b\\u2066\\ufeff"),
        ("\x9b31m", "\\u009b31m"),
        ("\ud800", "\\ud800"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\U000e0041", "\\ue0041"),
    ],
)
def test_hostile_text_is_shown_and_does_not_act(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert clean(text).encode("utf-8")


def test_exit_codes_are_the_contract() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "DONE": 0, "INTERNAL": 1, "USAGE": 2, "FINDING": 3, "UNFIT": 4, "CONSENT": 5, "LOCKED": 75, "INTERRUPTED": 130
    }  # fmt: skip


def test_a_mistake_goes_to_stderr_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        fail(["one", "two"])
    assert ended.value.exit_code == 2
    assert capsys.readouterr() == ("", "one\ntwo\n")
    with pytest.raises(typer.Exit) as ended:
        fail("unfit", Exit.UNFIT)
    assert ended.value.exit_code == 4


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colours_on_a_terminal_and_none_with_no_color_or_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def printed(stream: io.StringIO) -> str:
        monkeypatch.setattr(sys, "stdout", stream)
        console.stdout().print("[bold red]blocked[/]")
        return stream.getvalue()

    assert "\x1b[" in printed(Terminal())
    assert printed(io.StringIO()) == "blocked\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in printed(Terminal())
    monkeypatch.setenv("NO_COLOR", "")  # no-color.org: only when not empty
    assert "\x1b[" in printed(Terminal())


def test_a_pipe_cuts_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    console.stdout().print("x" * 3000)
    assert stream.getvalue() == "x" * 3000 + "\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", b"a > b ~ c . \\u5c01 \\U0001f600 | \\xe9"),
        ("latin-1", b"a > b ~ c \xb7 \\u5c01 \\U0001f600 | \xe9"),
        ("utf-8", "a → b … c · 封 \U0001f600 ▏ é".encode()),
    ],
)
def test_an_old_locale_gets_plain_signs_for_those_it_lacks(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: bytes
) -> None:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    console.speak_any_locale()
    console.write("a → b … c · 封 \U0001f600 ▏ é")
    console.stderr().print("a → b … c · 封 \U0001f600 ▏ é", end="")
    for stream in streams:
        stream.flush()
        assert stream.buffer.getvalue() == shown


def test_json_is_utf_8_in_every_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    console.write("before\n")
    console.write_json('{"name": "é 封"}\n')
    assert stream.buffer.getvalue() == b"before\n" + '{"name": "é 封"}\n'.encode()
