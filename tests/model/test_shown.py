"""What strangers write, shown on a line of ours."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.cli import console
from probe.model.shown import stands, visible
from probe.targets.problems import quote

ANY = st.text(st.characters())  # surrogates, controls and all


def test_controls_marks_and_separators_are_shown() -> None:
    assert visible("a\x1b[31m\r\n\u202eb\u2028") == "a\\u001b[31m\\u000d\\u000a\\u202eb\\u2028"
    assert visible("封锁 é 😀") == "封锁 é 😀"


@given(ANY)
def test_visible_text_is_one_line_in_which_nothing_acts(text: str) -> None:
    said = visible(text)
    assert len(said.splitlines()) <= 1
    assert not [c for c in said if unicodedata.category(c)[0] == "C"]


@pytest.mark.parametrize("line", ["\u2028", "\u2029", "\n", "\u0085", "\x1b[2J", "\u202e", "\ue000"])
def test_wherever_text_is_shown_it_is_made_harmless_alike(line: str) -> None:
    assert not stands(line[0])
    shown = f"a\\u{ord(line[0]):04x}{line[1:]}"
    assert (console.clean(f"a{line}"), quote(f"a{line}")) == (shown, f'"{shown}"')
