"""A mistake in a target list, as a value: where it is, what it is, and what to do about it. Prints nothing.

One mistake is one line, `file:line: what; fix`. A reader collects them all before anyone sees the first.
"""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from probe.model.shown import visible

SHOWN = 80
"""Characters of the user's own text that are quoted back."""


class Problem(NamedTuple):
    """One mistake. `line` counts from 1; 0 means the file as a whole (it is missing, say)."""

    file: str
    line: int
    what: str
    fix: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}; {self.fix}" if self.fix else f"{where}: {self.what}"


class TargetListError(Exception):
    """The list cannot be used. `problems` is every mistake found, in the order of the file, never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))


class Report:
    """Collects the mistakes of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, line: int, what: str, fix: str = "") -> None:
        """Note one mistake; reading goes on."""
        self.problems.append(Problem(self.file, line, what, fix))


def summary(count: int, consequence: str = "") -> str:
    """The line after so many mistakes: `2 mistakes; nothing was probed.`"""
    said = "1 mistake" if count == 1 else f"{count} mistakes"
    return f"{said}; {consequence}." if consequence else f"{said}."


def quote(text: str) -> str:
    """The user's text, in quotes, cut, with what would act on a terminal escaped."""
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return f'"{visible(cut)}"'


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, if any is close."""
    close = difflib.get_close_matches(word.lower()[:SHOWN], list(known), n=1)
    return close[0] if close else None


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean "required"?`, or the words that would do."""
    words = list(known)
    close = nearest(word, words)
    return f'did you mean "{close}"?' if close else f"it can be {listed(words)}"


def listed(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *head, last = list(words)
    return f"{', '.join(head)} or {last}" if head else last
