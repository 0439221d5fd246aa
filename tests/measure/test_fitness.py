"""Whether the vantage can measure: every row of the table, clocks, IPv6, resolvers that answer nothing."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from probe.measure.asn_table import Network
from probe.measure.egress import UNASKED, Egress
from probe.measure.fitness import Seen, clock_offset, dead_resolvers, ipv6_state, judge
from probe.model.diagnosis import Fitness
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import (
    Certificate,
    DNSLookup,
    ExpectationResult,
    HTTPRoundTrip,
    Observation,
    Purpose,
    Resolver,
    ResolverKind,
    TCPConnect,
    TLSHandshake,
)
from probe.model.vantage import Vantage

NOW = 1612782000.0
CN = Vantage(name="sha-ct", country="CN", asn=4134)
AS_IT_SHOULD = (ExpectationResult("body", True, "success"),)
OTHERWISE = (ExpectationResult("body", False, "<html>please log in"),)


def failure(kind: FailureKind, operation: Operation = Operation.CONNECT) -> Failure:
    return Failure(kind=kind, operation=operation)


def page(
    *expectations: ExpectationResult, date: float | str | None = None, location: str = "", age: str = ""
) -> HTTPRoundTrip:
    said = format_datetime(datetime.fromtimestamp(date, UTC), usegmt=True) if isinstance(date, float) else date
    headers = [("Date", said)] if said is not None else []
    headers += [("Age", age)] if age else []
    return HTTPRoundTrip(
        transaction_id=1, address="104.16.1.1", port=80, method="GET", url="http://r.example/", status=200,
        expectations=expectations, headers=tuple(headers), location=location, first_byte=0.5,
    )  # fmt: skip


def shaken(*problems: FailureKind) -> TLSHandshake:
    certificate = Certificate(sha256="0" * 64, subject="CN=r", issuer="CN=i")
    return TLSHandshake(
        transaction_id=2, address="104.16.1.1", port=443, certificates=(certificate,), problems=problems,
        purpose=Purpose.CONTROL_SNI,
    )  # fmt: skip


UP: tuple[Observation, ...] = (page(*AS_IT_SHOULD),)
ALTERED: tuple[Observation, ...] = (page(*OTHERWISE),)
LED_AWAY: tuple[Observation, ...] = (page(location="http://portal.example/"),)
SILENT: tuple[Observation, ...] = (
    TCPConnect(transaction_id=1, address="104.16.1.1", port=80, failure=failure(FailureKind.TIMEOUT)),
)
WIRETAPPED: tuple[Observation, ...] = (*UP, shaken(FailureKind.SSL_UNKNOWN_AUTHORITY))


def at_home(*seen: tuple[Observation, ...]) -> list[Seen]:
    return [Seen("CN", NOW, one) for one in seen]


def abroad(*seen: tuple[Observation, ...]) -> list[Seen]:
    return [Seen("US", NOW, one) for one in seen]


@pytest.mark.parametrize(
    ("seen", "fitness"),
    [
        ([], Fitness.UNKNOWN),
        (at_home(UP, UP, UP) + abroad(UP, UP, UP), Fitness.FIT),
        (at_home(UP, UP, SILENT) + abroad(UP, UP, SILENT), Fitness.FIT),
        (abroad(UP), Fitness.FIT),
        (at_home(UP, UP) + abroad(SILENT, SILENT), Fitness.INTERNATIONAL_OUTAGE),
        (at_home(UP, UP) + abroad(ALTERED, SILENT), Fitness.INTERNATIONAL_OUTAGE),
        (at_home(SILENT, SILENT) + abroad(SILENT, SILENT), Fitness.OFFLINE),
        (abroad(SILENT), Fitness.OFFLINE),
        (at_home(ALTERED, ALTERED) + abroad(ALTERED, SILENT, ALTERED, ALTERED), Fitness.CAPTIVE_PORTAL),
        (abroad(LED_AWAY, LED_AWAY, LED_AWAY), Fitness.CAPTIVE_PORTAL),
        (at_home(WIRETAPPED, UP) + abroad(WIRETAPPED, UP), Fitness.INTERCEPTED),
        (at_home(UP, SILENT, SILENT) + abroad(SILENT, UP, SILENT), Fitness.UNKNOWN),
    ],
)
def test_each_row_of_the_table(seen: list[Seen], fitness: Fitness) -> None:
    assert judge(seen, CN)[0] is fitness


def test_one_altered_reference_is_no_portal() -> None:
    assert judge(at_home(UP, UP) + abroad(ALTERED, UP, UP), CN)[0] is Fitness.FIT


def test_one_untrusted_reference_is_no_interception_of_the_line() -> None:
    two = (*UP, shaken())
    assert judge(abroad(WIRETAPPED, two, two), CN)[0] is Fitness.FIT


def test_a_country_that_is_not_told_makes_every_reference_a_foreign_one() -> None:
    nowhere = Vantage(name="local")
    fitness, evidence = judge(at_home(UP) + abroad(UP) + [Seen("", NOW, UP)], nowhere)
    assert (fitness, evidence.domestic, evidence.foreign) == (Fitness.FIT, (0, 0), (3, 3))


def test_the_evidence_counts_reached_and_measured() -> None:
    evidence = judge(at_home(UP, SILENT) + abroad(UP, UP, ALTERED), CN)[1]
    assert (evidence.domestic, evidence.foreign) == ((1, 2), (2, 3))


def test_a_reference_reached_at_its_second_try_counts() -> None:
    again = (*SILENT, page(*AS_IT_SHOULD))
    assert judge(abroad(again), CN)[0] is Fitness.FIT


def leaving_by(*numbers: int) -> Egress:
    return Egress(tuple(Network(number, "") for number in numbers))


@pytest.mark.parametrize(
    ("egress", "fitness", "note"),
    [
        (leaving_by(4134), Fitness.FIT, ""),
        (UNASKED, Fitness.FIT, ""),
        (Egress(unknown="nobody knows"), Fitness.FIT, "nobody knows"),
        (leaving_by(9009), Fitness.VANTAGE_MISMATCH, "declared AS4134, seen from AS9009"),
        (leaving_by(9009, 6939), Fitness.VANTAGE_MISMATCH, "declared AS4134, seen from AS9009 and AS6939"),
        (leaving_by(4134, 6939), Fitness.FIT, "seen from AS6939 as well as from AS4134"),
    ],
)
def test_an_egress_in_another_network_is_a_mismatch_whatever_the_references_say(
    egress: Egress, fitness: Fitness, note: str
) -> None:
    found, evidence = judge(abroad(UP), CN, egress)
    assert (found, evidence.note) == (fitness, note)


def test_an_undeclared_network_cannot_be_mismatched() -> None:
    for egress in (leaving_by(9009), Egress(unknown="nobody knows")):
        found, evidence = judge(abroad(UP), Vantage(name="local"), egress)
        assert (found, evidence.note) == (Fitness.FIT, "")


@pytest.mark.parametrize(
    ("ahead", "fitness"), [(0.0, Fitness.FIT), (290.0, Fitness.FIT), (-290.0, Fitness.FIT),
                           (310.0, Fitness.CLOCK_WRONG),
                           (-63072000.0, Fitness.CLOCK_WRONG)]
)  # fmt: skip
def test_a_clock_more_than_five_minutes_off_is_wrong(ahead: float, fitness: Fitness) -> None:
    dated = (page(*AS_IT_SHOULD, date=NOW - ahead),)
    found, evidence = judge(abroad(dated, dated, dated), CN)
    assert found is fitness
    assert evidence.clock_offset == pytest.approx(ahead + 0.5)


def test_a_wrong_clock_comes_before_everything_it_makes_look_wrong() -> None:
    dated = (page(*OTHERWISE, date=NOW - 1e6), shaken(FailureKind.SSL_UNKNOWN_AUTHORITY))
    assert judge(abroad(dated, dated), CN)[0] is Fitness.CLOCK_WRONG


def test_one_server_with_a_wrong_clock_is_outvoted() -> None:
    right, wrong = (page(date=NOW),), (page(date=NOW - 1e6),)
    assert clock_offset(abroad(right, wrong, right)) == pytest.approx(0.5)


def test_an_answer_from_a_cache_is_as_old_as_it_says() -> None:
    cached = (page(date=NOW - 40000.0, age="40000"),)
    assert clock_offset(abroad(cached)) == pytest.approx(0.5)


@pytest.mark.parametrize("age", ["-1", "x", "9" * 5000, "²"])
def test_an_age_that_is_none_counts_for_nothing(age: str) -> None:
    assert clock_offset(abroad((page(date=NOW, age=age),))) == pytest.approx(0.5)


def test_a_date_without_a_zone_is_utc_whatever_zone_the_vantage_has(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        seen = abroad((page(date="Mon, 08 Feb 2021 11:00:00"),), (page(date="Mon, 08 Feb 2021 11:00:00 -0000"),))
        assert clock_offset(seen) == pytest.approx(0.5)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "date", ["", "now", "Mon, 99 Foo 2021 11:00:00 GMT", "9" * 5000, "Mon, 08 Feb 99999999 11:00:00 GMT", "\x00"]
)
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert clock_offset(abroad((page(date=date),))) is None


def flow(number: int, address: str, kind: FailureKind | None) -> TCPConnect:
    return TCPConnect(transaction_id=number, address=address, port=80, failure=failure(kind) if kind else None)


UNREACHABLE, TIMEOUT = FailureKind.NETWORK_UNREACHABLE, FailureKind.TIMEOUT


@pytest.mark.parametrize(
    ("six", "state"),
    [
        ([], ""),
        ([None], "ok"),
        ([TIMEOUT, None], "ok"),
        ([UNREACHABLE, UNREACHABLE], "none"),
        ([UNREACHABLE, TIMEOUT], "broken"),
        ([TIMEOUT], "broken"),
    ],
)
def test_the_state_of_ipv6(six: list[FailureKind | None], state: str) -> None:
    four = flow(99, "104.16.1.1", None)
    flows = [flow(number, "2606:4700::1", kind) for number, kind in enumerate(six)]
    assert ipv6_state([four, *flows]) == state


def test_ipv6_that_connects_and_then_stalls_is_broken_and_costs_the_vantage_its_ipv6_alone() -> None:
    stalled = page()
    stalled = HTTPRoundTrip(
        transaction_id=7, address="2606:4700::1", port=80, method="GET", url="", failure=failure(TIMEOUT)
    )
    seen: tuple[Observation, ...] = (*UP, flow(7, "2606:4700::1", None), stalled)
    fitness, evidence = judge(abroad(seen, seen, seen), CN)
    assert (fitness, evidence.ipv6) == (Fitness.IPV6_BROKEN, "broken")


def lookup(address: str, *found: str, name: str = "r.example") -> DNSLookup:
    kind = ResolverKind.UDP if address else ResolverKind.SYSTEM
    missing = None if found else failure(FailureKind.DNS_NXDOMAIN, Operation.RESOLVE)
    resolver = Resolver(kind=kind, address=address)
    return DNSLookup(transaction_id=1, resolver=resolver, name=name, qtype="A", addresses=found, failure=missing)


def test_a_resolver_that_gave_no_address_for_any_name_is_dead() -> None:
    seen = [lookup("10.0.0.1:53"), lookup("10.0.0.1:53", name="s.example"), lookup(""), lookup("9.9.9.9:53")]
    alive = lookup("9.9.9.9:53", "104.16.1.1", name="s.example")
    assert dead_resolvers([*seen, alive]) == ("", "10.0.0.1:53")
    assert dead_resolvers([]) == ()
