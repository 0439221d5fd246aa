"""The words of a transcript in one language: what the catalogue says, and what the tables and the record say already.

Sentences of the transcript itself are the catalogue's, below `transcript.`. Why a rule holds and what causes a failure
stand in English in their own tables; a language may have them below `rule` and `failure`. Facts of the record (rule
ids, failure kinds, names of the protocols) are never translated; what rules wrote into it is `transcript_recorded`'s.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from probe.diagnose.rules import TABLES
from probe.model.diagnosis import Certainty
from probe.model.failure import FAILURES, FailureKind
from probe.report.language.catalogue import Catalogue, catalogue
from probe.report.transcript_recorded import translated

_RULES = {rule.id: rule for table in TABLES for rule in table}

ALERTS: dict[int, str] = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension", 110: "unsupported_extension",
    112: "unrecognized_name", 113: "bad_certificate_status_response", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip
"""RFC 8446 section 6 (22 and 86: RFC 5246, RFC 7507)."""


class Words(NamedTuple):
    """What a transcript is written with."""

    catalogue: Catalogue

    def say(self, key: str, **values: object) -> str:
        """The sentence `transcript.<key>`, filled in."""
        return self.catalogue.say(f"transcript.{key}", **values)

    def name(self, group: str, word: str) -> str:
        """The name of a word of the record; a word of a newer version stands as it is."""
        return self.catalogue.texts.get(f"transcript.{group}.{word}", word)

    def has(self, group: str, word: str) -> bool:
        """Whether that word of the record has a name of its own."""
        return f"transcript.{group}.{word}" in self.catalogue.texts

    def mechanism(self, name: str) -> str:
        """`forged DNS answer`."""
        return self.catalogue.name("mechanism", name)

    def fitness(self, name: str) -> str:
        """What a vantage in this state could do, in words."""
        return self.name("fitness", name) if self.has("fitness", name) else self.catalogue.name("fitness", name)

    def sure(self, verdict: str, certainty: Certainty | None) -> str:
        """`blocked (confirmed)`, `down`."""
        named = self.name("verdict", verdict)
        return self.say("sure", verdict=named, certainty=self.name("certainty", certainty)) if certainty else named

    def layer(self, name: str) -> str:
        """`DNS`, `TLS`."""
        return self.name("layer", name)

    def listed(self, things: Iterable[object]) -> str:
        """`1.0.0.1, 1.1.1.1`: things of one kind."""
        return self.catalogue.texts["list.between"].join(map(str, things))

    def clauses(self, parts: Iterable[str]) -> str:
        """Parts of a sentence, one after another."""
        return self.catalogue.texts["transcript.comma"].join(parts)

    def numbered(self, steps: Sequence[int]) -> str:
        """`step 3`, `steps 1, 4, 6`."""
        return self.say(f"steps.{'one' if len(steps) == 1 else 'other'}", steps=self.listed(steps))

    def comment(self, rule: str) -> str:
        """Why a rule holds, or a verdict without a rule of the tables; empty for an id of another version."""
        if rule in _RULES:
            return self.catalogue.texts.get(f"transcript.rule.{rule}", _RULES[rule].comment)
        known = rule if self.has("outcome", rule) else "unfit" if rule.startswith("vantage.") else ""
        return self.name("outcome", known)

    def cause(self, kind: FailureKind) -> str:
        """What causes a failure of this kind."""
        return self.catalogue.texts.get(f"transcript.failure.{kind}", FAILURES[kind].cause)

    def alert(self, number: int) -> str:
        """`40 (handshake_failure)`."""
        return f"{number} ({ALERTS.get(number) or self.say('alert_unknown')})"

    def recorded(self, text: str) -> str:
        """What a rule wrote into the record, in this language; as it stands if it is not one of our sentences."""
        return translated(text, self.catalogue)


def source(rule: str) -> str:
    """Where it was read or seen that a rule holds; empty for a verdict without a rule of the tables."""
    return _RULES[rule].source if rule in _RULES else ""


@cache
def words_of(lang: str) -> Words:
    """The words of a language of `languages()`."""
    return Words(catalogue(lang))
