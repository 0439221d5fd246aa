"""The words: fixed, exact, harmless, bounded."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from probe.alert import words
from probe.alert.alert import Alert, Kind, Message
from probe.alert.watched import Change
from probe.alert.words import NAMED, TEXT_LIMIT, Told
from probe.model.clock import parse_rfc3339
from probe.model.episode import Interval, SeriesKey
from probe.report.ladder import Rung
from probe.report.times import Times

UTC, SHANGHAI = Times(ZoneInfo("UTC")), Times(ZoneInfo("Asia/Shanghai"))
EXPLAIN = "probe explain 20210208T110000Z-sha-ct-91f3/clubhouse/api"


def at(clock: str, day: int = 8) -> float:
    return parse_rfc3339(f"2021-02-{day:02}T{clock}:00Z")


def change(kind: Kind, first: str = "10:50", last: str = "11:00", end: Interval | None = None) -> Change:
    onset = Interval(at(first) if first else None, at(last))
    rung = Rung.LIKELY if kind is Kind.SUSPECTED else Rung.CONFIRMED
    how = ("dns_injection",)
    return Change(kind, onset, onset, end, end, how, "confirmed", "m", 3, repeating=False, rung=rung)


def told(one: Change, target: str = "clubhouse", asn: int = 4134) -> Told:
    return Told(SeriesKey("sha-ct", "CN", asn, target, "api"), one, EXPLAIN)


AGAIN = Interval(at("09:00", 10), at("09:10", 10))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            change(Kind.CONFIRMED),
            "blocked since 8 Feb 10:50–11:00 UTC, forged DNS answer (confirmed), beyond chance after 3 runs",
        ),
        (
            change(Kind.SUSPECTED),
            "perhaps blocked since 8 Feb 10:50–11:00 UTC, forged DNS answer, suspected after 3 runs",
        ),
        (
            change(Kind.CONFIRMED, first=""),
            "blocked since before 8 Feb 11:00 UTC, forged DNS answer (confirmed), beyond chance after 3 runs",
        ),
        (
            change(Kind.ENDED, end=AGAIN),
            "reached again since 10 Feb 09:00–09:10 UTC, was blocked for at least 1 d 22 h, since 8 Feb "
            "10:50–11:00 UTC, forged DNS answer (confirmed)",
        ),
        (change(Kind.WITHDRAWN), "reached again: the suspicion is withdrawn"),
    ],
)
def test_a_line(one: Change, said: str) -> None:
    assert words.line(told(one), UTC) == f"clubhouse/api on AS4134 (sha-ct): {said}; {EXPLAIN}"


UNSETTLED = "reached from elsewhere; why is not settled"


@pytest.mark.parametrize(
    ("kind", "rung", "said"),
    [
        (Kind.CONFIRMED, Rung.UNREACHABLE, f"unreachable since {{}}, {UNSETTLED} (beyond chance after 3 runs)"),
        (
            Kind.CONFIRMED,
            Rung.CONSISTENT,
            "consistent with blocking since {}, forged DNS answer, beyond chance after 3 runs",
        ),
        (Kind.CONFIRMED, Rung.LIKELY, "likely blocked since {}, forged DNS answer, beyond chance after 3 runs"),
        (Kind.SUSPECTED, Rung.UNREACHABLE, f"perhaps unreachable since {{}}, {UNSETTLED} (suspected after 3 runs)"),
        (Kind.SUSPECTED, Rung.CONSISTENT, "perhaps blocked since {}, forged DNS answer, suspected after 3 runs"),
    ],
)
def test_a_sentence_claims_no_more_than_its_rung(kind: Kind, rung: Rung, said: str) -> None:
    assert words.said(change(kind)._replace(rung=rung), UTC) == said.format("8 Feb 10:50–11:00 UTC")


def test_what_ended_without_a_settled_cause_was_unreachable_and_not_blocked() -> None:
    told_of = words.said(change(Kind.ENDED, end=AGAIN)._replace(rung=Rung.UNREACHABLE), UTC)
    assert "was unreachable for at least 1 d 22 h" in told_of
    assert "blocked" not in told_of


def test_a_title_counts_what_is_not_equally_sure() -> None:
    one = change(Kind.CONFIRMED)
    rungs = [one, one._replace(rung=Rung.LIKELY), one]
    assert "2 blocked, 1 likely blocked, beyond chance" in words.several([told(each) for each in rungs], UTC)[0]


def test_what_is_told_again_because_it_is_surer_says_so() -> None:
    assert words.said(change(Kind.CONFIRMED)._replace(raised=True), UTC).endswith(", surer than was told before")


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
    assert title == f"2 endpoints of clubhouse on AS4134 (sha-ct): blocked, beyond chance, {said}"


def test_a_message_is_bounded_whatever_names_are_like() -> None:
    many = [told(change(Kind.CONFIRMED), target=f"{i}" + "x" * 500) for i in range(NAMED + 5)]
    title, text = words.several(many, UTC)
    first, *lines, last = text.splitlines()
    assert len(text) <= TEXT_LIMIT
    assert first == title
    assert all(line.endswith(EXPLAIN) for line in lines)  # each whole
    assert last == f"and {NAMED + 5 - len(lines)} more: see probe report"
    assert 0 < len(lines) < NAMED


def test_a_name_without_end_is_counted_and_not_told() -> None:
    many = [told(change(Kind.CONFIRMED), target=f"{i}" + "x" * 10_000) for i in range(3)]
    assert words.several(many, UTC)[1].splitlines()[1:] == ["and 3 more: see probe report"]


@pytest.mark.parametrize("limit", [5000, 1000, 300])
def test_a_service_that_takes_little_gets_whole_lines_and_the_count_of_the_rest(limit: int) -> None:
    many = [told(change(Kind.CONFIRMED), target=f"t{i}") for i in range(60)]
    title, text = words.several(many, UTC)
    sixty = msgspec.structs.replace(message(*[alert(Kind.CONFIRMED)] * 60), title=title, text=text)
    cut = words.within(sixty, limit)
    first, *lines, last = cut.splitlines()
    assert len(cut) <= limit
    assert first == title
    assert all(line.endswith(EXPLAIN) for line in lines)
    assert last == f"and {60 - len(lines)} more: see probe report"


def test_one_alert_that_is_too_long_for_a_service_says_that_it_goes_on() -> None:
    one = msgspec.structs.replace(message(alert(Kind.CONFIRMED)), text="x" * 500)
    assert words.within(one, 160) == "x" * 159 + "…"


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\x00", "\u202e", "\u200b", "\ud800"])
def test_signs_that_act_are_spelt_out(sign: str) -> None:
    one = msgspec.structs.replace(message(alert(Kind.CONFIRMED)), vantage=f"a{sign}b")
    assert words.headline(one).endswith(f", a\\u{ord(sign):04x}b")


def message(*alerts: Alert) -> Message:
    first = alerts[0]
    return Message(
        id=first.id, kind=first.kind, time=first.time, vantage=first.vantage, country="CN", asn=4134, title="t",
        text="t", alerts=alerts,
    )  # fmt: skip


def alert(kind: Kind, target: str = "clubhouse", endpoint: str = "api", rung: str = "confirmed") -> Alert:
    return Alert(
        id="x", kind=kind, time="", vantage="sha-ct", country="CN", asn=4134, text="", target=target, endpoint=endpoint,
        rung=rung,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ((alert(Kind.CONFIRMED),), "probe: clubhouse/api blocked (confirmed), sha-ct"),
        ((alert(Kind.SUSPECTED), alert(Kind.SUSPECTED)), "probe: 2 endpoints perhaps blocked (suspected), sha-ct"),
        ((alert(Kind.CONFIRMED, rung="likely"),), "probe: clubhouse/api likely blocked, sha-ct"),
        ((alert(Kind.CONFIRMED, rung="consistent"),), "probe: clubhouse/api consistent with blocking, sha-ct"),
        ((alert(Kind.CONFIRMED), alert(Kind.CONFIRMED, rung="likely")), "probe: 2 endpoints likely blocked, sha-ct"),
        (
            (alert(Kind.CONFIRMED, rung="unreachable"),),
            "probe: clubhouse/api unreachable (why is not settled), sha-ct",
        ),
        (
            (alert(Kind.SUSPECTED, rung="unreachable"),),
            "probe: clubhouse/api perhaps unreachable (suspected), sha-ct",
        ),
        ((alert(Kind.CONFIRMED, rung=""),), "probe: clubhouse/api cut off, sha-ct"),  # kept by an older version
        ((alert(Kind.UNFIT, "", ""),), "probe: vantage unfit, sha-ct"),
        ((alert(Kind.ENDED, "a\nb", "\x1b[2J"),), "probe: a\\u000ab/\\u001b[2J reached again, sha-ct"),
    ],
)
def test_a_headline_is_short_and_says_what_and_how_sure(alerts: tuple[Alert, ...], said: str) -> None:
    assert words.headline(message(*alerts)) == said


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_headline_that_fits_a_line_whatever_the_name(kind: Kind) -> None:
    assert len(words.headline(message(alert(kind, "x" * 10_000)))) < 150
