"""Every word of the record has a phrase, and no phrase says who."""

import pytest

from probe.model.diagnosis import Fitness, Mechanism
from probe.model.episode import SeriesKey
from probe.report import words
from probe.report.gather import VantageKey


def test_every_mechanism_and_every_unfitness_has_a_phrase() -> None:
    assert set(words.MECHANISMS) == set(Mechanism)
    assert set(words.FITNESS) == set(Fitness) - {Fitness.FIT}


def test_no_phrase_attributes() -> None:
    said = " ".join([*words.MECHANISMS.values(), *words.FITNESS.values()]).lower()
    for accused in ("government", "censor", "state", "police", "firewall", "authorities", "china"):
        assert accused not in said


def test_mechanisms_in_order_and_a_word_of_tomorrow_as_it_stands() -> None:
    assert words.mechanisms(("dns_injection", "quic_forged")) == "forged DNS answer, quic_forged"
    assert words.mechanisms(()) == "how is not settled"


@pytest.mark.parametrize(
    ("country", "asn", "said"),
    [("CN", 4134, "sha-ct CN AS4134"), ("ZZ", 4134, "sha-ct AS4134"), ("CN", 0, "sha-ct CN"), ("ZZ", 0, "sha-ct")],
)
def test_place_leaves_out_what_was_not_declared(country: str, asn: int, said: str) -> None:
    assert words.place(SeriesKey("sha-ct", country, asn, "clubhouse", "api")) == said
    assert words.place(VantageKey("sha-ct", country, asn)) == said
