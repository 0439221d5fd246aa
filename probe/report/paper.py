"""What text is drawn on: how many columns a character takes, where a line breaks, and what a colour is. Pure.

A terminal shows East Asian wide characters in two columns and combining ones in none. Colours are names (`bold`, `red`,
`yellow`, `green`) that a `Paint` turns into whatever the place understands; a file or a pipe gets none. A painted piece
never spans two lines, so that it survives `less -R` and a cut in the middle.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

Paint = Callable[[str, str], str]
"""Colours a piece of a line: `paint("bold", text)`."""


INDENT = "  "
CONTINUED = " " * 6
GAP = "   "
LABEL_WIDTH = 30
_NEVER_FIRST = frozenset("，。、；：？！）］｝」』》〉】”’…,.;:?!)]}%")
_NEVER_LAST = frozenset("（［｛「『《〈【“‘([{")
"""Marks that may not begin, and may not end, a line (Chinese and Japanese typesetting alike)."""
_MARKS = "".join(_NEVER_FIRST | _NEVER_LAST)


def plain(_style: str, text: str) -> str:
    """No colour at all."""
    return text


class Page(NamedTuple):
    """What is drawn on: `width` columns, the function that makes a stranger's text harmless, and the colours."""

    width: int
    clean: Callable[[str], str]
    paint: Paint = plain


def painted(text: str, styles: dict[str, str], paint: Paint) -> str:
    """The text, each run of characters of one style painted once; `styles` are by character."""
    runs = ((style, "".join(run)) for style, run in groupby(text, key=lambda c: styles.get(c, "")))
    return "".join(paint(style, run) if style else run for style, run in runs)


def flow(cells: Iterable[str], width: int, indent: str) -> list[str]:
    """Cells side by side; one that does not fit begins a new, deeper line, and one that is too long for any line is
    broken as `fill` breaks it."""
    lines: list[str] = []
    for cell in cells:
        if lines and columns(lines[-1]) + len(GAP) + columns(cell.rstrip()) <= width:
            lines[-1] += GAP + cell
        elif cell:
            start = CONTINUED if lines else indent
            fits = columns(start + cell.rstrip()) <= width
            lines += [start + cell] if fits else fill(start, CONTINUED, cell.rstrip(), width)
    return lines


def columns(text: str) -> int:
    """How many columns the text takes."""
    return sum(map(_width, text))


def padded(text: str, width: int) -> str:
    """The text and spaces up to that many columns; a longer text is left as it is."""
    return text + " " * max(0, width - columns(text))


def fill(first: str, rest: str, text: str, width: int, *, commands: bool = False) -> Iterator[str]:
    """The text in lines of that many columns, broken at spaces and beside wide characters; a word that is too long for
    any line is longer than its line if somebody may want to copy it (`_is_whole`), and else broken.

    The first line begins with `first`, the others with `rest`, of which at most half the width is taken: a line that
    is all beginning would never end. `commands`: what stands between backticks is one word; for words of ours alone.
    """
    if columns(rest) > width // 2:
        rest = rest[: width // 4]
    margin = columns(rest)
    line, used, empty = first, columns(first), True
    for glue, piece in _pieces(text, _COMMANDS if commands else _WORDS):
        needed, whole = columns(piece), _is_whole(piece, commands=commands)
        after = used + len(glue) + needed
        if not empty and after > width and (margin + needed <= width or (whole and margin + needed < after)):
            yield line.rstrip(" ")
            line, glue, after = rest, "", margin + needed
        line, used, empty = line + glue + piece, after, False
        while used > width and not whole:
            cut = _cut(line, width)
            yield line[:cut]
            line = rest + line[cut:]
            used = columns(line)
    yield line.rstrip(" ")


_WORDS = re.compile(r"[^ ]*")
_COMMANDS = re.compile(r"(?:`[^`]*`|[^ ])*")
_WHOLE = 240
"""Columns of the longest word that is never broken."""


def _is_whole(piece: str, *, commands: bool) -> bool:
    """Whether a word is never broken: a path, an address, an id, or whatever else it is of ASCII and without a blank.

    The terminal goes on with it at the left edge, where lines of ours begin: all of those have blanks, so no word of a
    stranger can pass for one.
    """
    bare = piece.strip(_MARKS)
    return len(piece) <= _WHOLE and bare.isascii() and (commands or " " not in bare)


def _pieces(text: str, words: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """What no line should break, each with the space before it: words, and single characters of a script that writes
    without spaces, with the marks that may not begin or end a line."""
    glue, end = "", -1
    while end < len(text):
        found = words.match(text, end + 1)
        assert found is not None  # noqa: S101 - both match nothing at all
        word, end = found[0], found.end()
        start = 0
        for at in range(1, len(word)):
            if _may_break(word[at - 1], word[at]):
                yield glue, word[start:at]
                start, glue = at, ""
        yield glue, word[start:]
        glue = " "


def _may_break(before: str, after: str) -> bool:
    wide = _width(before) == 2 or _width(after) == 2
    return wide and _width(after) > 0 and after not in _NEVER_FIRST and before not in _NEVER_LAST


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cut(line: str, width: int) -> int:
    """How many characters of the line fit."""
    used = 0
    for at, character in enumerate(line):
        used += _width(character)
        if used > width:
            return at
    return len(line)
