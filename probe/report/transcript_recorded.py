"""Sentences that rules wrote into a record, in another language. Pure; the record itself stays as it is.

A record holds English (`no address connects from here in 3 tries; ...`). `transcript.recorded` of the English catalogue
has each of these sentences with its places, so that one of them is known again and said in another language with the
same things in those places. What is not known (another version's, an operator's own words) stands as it was recorded.
"""

import re
import string
from functools import cache

from probe.report.language.catalogue import Catalogue, catalogue

ENGLISH = "en"
GROUP = "transcript.recorded"
LONGEST = 4000
"""Characters: a longer text is none of our sentences, and is not searched for one."""
_NUMBERS = frozenset(
    {"count", "status", "offset", "seconds", "first", "last", "rate", "other", "of", "all", "also", "also_all"}
)
"""Places that hold a number, so that two sentences cannot be taken for each other."""
_INNER = frozenset({"note"})
"""Places that hold another of these sentences."""
_NAMED = {"fitness": "fitness", "control": "transcript.control_state"}
"""Places that hold a word of the record, and the group of the catalogue that names it."""


def translated(text: str, words: Catalogue) -> str:
    """The sentence in that language, or the text as it is."""
    if words.lang == ENGLISH or not text or len(text) > LONGEST:
        return text
    for key, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            places = {name: _placed(name, value, words) for name, value in found.groupdict().items()}
            return words.say(f"{GROUP}.{key}", **places)
    return text


def _placed(name: str, value: str, words: Catalogue) -> str:
    """What stood in a place: a sentence inside the sentence, a word that has a name, or a fact."""
    if name in _INNER:
        return translated(value, words)
    return words.name(_NAMED[name], value) if name in _NAMED else value


@cache
def _patterns() -> tuple[tuple[str, "re.Pattern[str]"], ...]:
    """The sentences as patterns: those that hold another one last, then the most particular first."""
    known = catalogue(ENGLISH).under(GROUP).items()
    ordered = sorted(known, key=lambda item: (bool(_INNER & _places(item[1])), -len(item[1])))
    return tuple((key, _pattern(text)) for key, text in ordered)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _pattern(text: str) -> "re.Pattern[str]":
    parts = []
    for literal, name, _, _ in string.Formatter().parse(text):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P<{name}>{_held(name)})")
    return re.compile("".join(parts), re.DOTALL)


def _held(name: str) -> str:
    """The pattern of what may stand in a place."""
    return r"[+-]?[0-9.]+" if name in _NUMBERS else "[a-z0-9_]+" if name in _NAMED else ".+?"
