"""How the parts of a transcript are said on a page, for the templates: the words of `transcript` in one language."""

from collections.abc import Iterator
from typing import NamedTuple

from probe.report.transcript import Cited, Weighed, backed, found, weighed
from probe.report.transcript_words import Words, words_of


class Written(NamedTuple):
    """What the templates ask for."""

    words: Words

    def section(self, name: str) -> str:
        """The heading of a part."""
        return self.words.name("section", name)

    def via(self, label: str) -> str:
        """By which control a step was made."""
        return self.words.say("via", via=label)

    def why(self, purpose: str) -> str:
        """Why a step was made."""
        return self.words.say("why", why=purpose)

    def found(self, finding: Cited) -> str:
        """What was found, and whether it decided."""
        return found(finding, self.words)

    def backed(self, finding: Cited) -> Iterator[str]:
        """Why a finding may be believed."""
        return backed(finding, self.words)

    def weighed(self, one: Weighed) -> str:
        """An innocent explanation and what became of it."""
        return weighed(one, self.words)

    def brief(self, name: str) -> bool:
        """Whether a line of the head says what a printed page says elsewhere already."""
        return name in (self.words.say("summary.measured"), self.words.say("summary.not_said"))


def written(lang: str) -> Written:
    """The words of a language of `languages()`."""
    return Written(words_of(lang))
