"""The words: fixed, exact, harmless, bounded."""

from zoneinfo import ZoneInfo

import pytest

from probe.alert import words
from probe.alert.alert import Kind
from probe.alert.watched import Change
from probe.alert.words import NAMED, TEXT_LIMIT, Told
from probe.model.clock import parse_rfc3339
from probe.model.episode import Interval, SeriesKey
from probe.report.times import Times

UTC, SHANGHAI = Times(ZoneInfo("UTC")), Times(ZoneInfo("Asia/Shanghai"))
EXPLAIN = "probe explain 20210208T110000Z-sha-ct-91f3/clubhouse/api"


def at(clock: str, day: int = 8) -> float:
    return parse_rfc3339(f"2021-02-{day:02}T{clock}:00Z")


def change(kind: Kind, first: str = "10:50", last: str = "11:00", end: Interval | None = None) -> Change:
    onset = Interval(at(first) if first else None, at(last))
    return Change(kind, onset, onset, end, end, ("dns_injection",), "confirmed", "m", 3, repeating=False)


def told(one: Change, target: str = "clubhouse", asn: int = 4134) -> Told:
    return Told(SeriesKey("sha-ct", "CN", asn, target, "api"), one, EXPLAIN)


AGAIN = Interval(at("09:00", 10), at("09:10", 10))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            change(Kind.CONFIRMED),
            "blocked since 8 Feb 10:50–11:00 UTC, forged DNS answer, confirmed after 3 runs",
        ),
        (
            change(Kind.SUSPECTED),
            "perhaps blocked since 8 Feb 10:50–11:00 UTC, forged DNS answer, suspected after 3 runs",
        ),
        (
            change(Kind.CONFIRMED, first=""),
            "blocked since before 8 Feb 11:00 UTC, forged DNS answer, confirmed after 3 runs",
        ),
        (
            change(Kind.ENDED, end=AGAIN),
            "reached again since 10 Feb 09:00–09:10 UTC, was blocked at least 1 d 22 h, since 8 Feb 10:50–11:00 UTC, "
            "forged DNS answer",
        ),
        (change(Kind.WITHDRAWN), "reached again: the suspicion is withdrawn"),
    ],
)
def test_a_line(one: Change, said: str) -> None:
    assert words.line(told(one), UTC) == f"clubhouse/api on AS4134 (sha-ct): {said}; {EXPLAIN}"


def test_local_time_has_utc_beside_it() -> None:
    assert "blocked since 8 Feb 18:50–19:00 (10:50–11:00 UTC)," in words.line(told(change(Kind.CONFIRMED)), SHANGHAI)


def test_a_network_that_is_not_declared_is_left_out() -> None:
    assert words.line(told(change(Kind.CONFIRMED), asn=0), UTC).startswith("clubhouse/api from sha-ct: blocked")


@pytest.mark.parametrize(
    ("intervals", "said"),
    [
        ([("10:40", "11:00"), ("10:50", "11:10")], "all since 8 Feb 10:50–11:00 UTC"),
        ([("10:40", "10:50"), ("10:50", "11:10")], "since 8 Feb 10:40–10:50 UTC and later"),
        ([("", "10:50"), ("10:50", "11:10")], "some since before 8 Feb 10:50 UTC"),
    ],
)
def test_several_say_of_their_onsets_what_they_share(intervals: list[tuple[str, str]], said: str) -> None:
    title, _ = words.several([told(change(Kind.CONFIRMED, *each)) for each in intervals], UTC)
    assert title == f"2 endpoints of clubhouse on AS4134 (sha-ct): blocked, confirmed, {said}"


def test_a_message_is_bounded_whatever_names_are_like() -> None:
    many = [told(change(Kind.CONFIRMED), target=f"{i}" + "x" * 10_000) for i in range(NAMED + 5)]
    _, text = words.several(many, UTC)
    assert len(text) == TEXT_LIMIT


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\x00", "\u202e", "\u200b", "\ud800"])
def test_signs_that_act_are_spelt_out(sign: str) -> None:
    assert words.harmless(f"a{sign}b") == f"a\\u{ord(sign):04x}b"
