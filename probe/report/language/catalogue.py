"""The catalogue of one language: sentences by key, with named places to fill. Knows no report and no number format.

A key that has `one` and `other` below it depends on a count. What is filled in is text from anywhere: it is placed
once, never read as a template itself.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

SUFFIX = ".toml"


class Catalogue(NamedTuple):
    """The sentences of one language by their dotted keys."""

    lang: str
    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """The sentence of that key, filled in. An unknown key is a bug and raises KeyError."""
        return self.texts[key].format(**values)

    def counted(self, key: str, count: int, **values: object) -> str:
        """The sentence for so many; `{count}` is the number."""
        return self.say(f"{key}.{'one' if count == 1 else 'other'}", count=count, **values)

    def name(self, group: str, word: str) -> str:
        """The name of a word of the record (`mechanism`, `state`...); a word of a newer version stands as it is."""
        return self.texts.get(f"{group}.{word}", word)

    def listed(self, names: Sequence[str], most: int = 0) -> str:
        """`a`, `a and b`, `a, b and c`; of more than `most` (0: no bound) the rest is counted."""
        if most and len(names) > most:
            shown = self.texts["list.between"].join(names[:most])
            return self.counted("list.more", len(names) - most, names=shown)
        *before, last = names or ("",)
        if not before:
            return last
        return self.say("list.last", names=self.texts["list.between"].join(before), last=last)

    def under(self, group: str) -> dict[str, str]:
        """The sentences below a key, by the rest of their keys."""
        start = f"{group}."
        return {key.removeprefix(start): text for key, text in self.texts.items() if key.startswith(start)}


def languages() -> tuple[str, ...]:
    """The languages there are: `en`, `zh`."""
    names = (file.name for file in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


@cache
def catalogue(lang: str) -> Catalogue:
    """The catalogue of a language of `languages()`."""
    text = files(__package__).joinpath(lang + SUFFIX).read_text(encoding="utf-8")
    return Catalogue(lang, dict(_flat(tomllib.loads(text), "")))


def _flat(table: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)
