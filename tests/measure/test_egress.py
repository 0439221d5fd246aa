"""Which network we leave by: pages that tell, tables that know, and addresses of ours that must not reach a record."""

from pathlib import Path
from typing import Any

import pytest

from probe.lab.world import Response, Route
from probe.measure.asn_table import AsnTable, Network, load
from probe.measure.egress import UNASKED, Egress, checked, told_by
from probe.model.codec import encode_line
from probe.model.diagnosis import Fitness
from probe.model.measurement import EgressCheck, EgressOutcome, EgressWay
from probe.model.vantage import Vantage
from probe.net.url import parse
from tests.world import Ran, http_host, https_host, listed, reference, run_in, target, tiny_world

OURS, ELSEWHERE = "202.96.1.77", "45.9.1.1"
PAGE = "http://whoami.example/"


@pytest.fixture
def table(tmp_path: Path) -> AsnTable:
    path = tmp_path / "table.csv"
    path.write_text("202.96.0.0/15,4134,Chinanet\n45.9.0.0/16,9009,M247\n", encoding="utf-8")
    return load(path)


def ran(answer: str, status: int = 200, **settings: Any) -> Ran:
    """A run in AS4134, as it is declared, where a page says `answer`; a site greets with it too."""
    told = Route(response=Response(body=answer.encode(), status=status))
    world = tiny_world(
        http_host("whoami.example", "104.16.3.1", routes=(told,)),
        https_host("site.example", "104.16.1.1", routes=(Route(response=Response(body=b"you: " + answer.encode())),)),
        http_host("r.example", "104.16.2.1"),
    )
    return run_in(world, listed(target("https://site.example/"), reference("r.example")), **settings)


def judged(answer: str, status: int = 200, **settings: Any) -> tuple[Fitness, str]:
    done = ran(answer, status, **settings)
    return done.fitness, done.line.fitness_evidence.note


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"asn": 4134}', (Network(4134, ""), "")),
        ('{"asn": "AS4134", "ip": "202.96.1.77"}', (Network(4134, ""), OURS)),
        ('{"origin": "202.96.1.77"}', (None, OURS)),
        ("202.96.1.77\n", (None, OURS)),
        ('"240e::1"', (None, "240e::1")),
        ('{"ip": "10.0.0.1"}', (None, "")),
        ('{"asn": 0}', (None, "")),
        ('{"asn": 4294967296}', (None, "")),
        ('{"asn": {"asn": 1}}', (None, "")),
        ("<html>202.96.1.77</html>", (None, "")),
        ("[" * 100_000, (None, "")),
        ("9" * 5000, (None, "")),
        ("", (None, "")),
    ],
)
def test_what_a_page_can_say(answer: str, said: tuple[Network | None, str]) -> None:
    told = told_by(answer)
    assert (told.network, told.address) == said


def test_a_page_that_tells_an_address_is_looked_up_in_the_table(table: AsnTable) -> None:
    assert judged(f'{{"ip": "{OURS}"}}', egress=parse(PAGE), asn_table=table) == (Fitness.FIT, "")
    assert judged(ELSEWHERE, egress=parse(PAGE), asn_table=table) == (
        Fitness.VANTAGE_MISMATCH,
        "declared AS4134, seen from AS9009 (M247)",
    )


def test_our_own_global_address_is_looked_up_without_asking_anybody(table: AsnTable) -> None:
    done = ran("nothing", asn_table=table, own_addresses=frozenset({ELSEWHERE, "10.0.0.5"}))
    assert done.fitness is Fitness.VANTAGE_MISMATCH
    assert not any(call.host in ("whoami.example", "104.16.3.1") for call in done.calls)
    assert judged("nothing", asn_table=table, own_addresses=frozenset({OURS})) == (Fitness.FIT, "")


def test_another_way_out_beside_the_declared_one_is_a_remark(table: AsnTable) -> None:
    found = judged(OURS, egress=parse(PAGE), asn_table=table, own_addresses=frozenset({ELSEWHERE}))
    assert found == (Fitness.FIT, "seen from AS9009 (M247) as well as from AS4134")


NOT_KNOWN = "the network we leave by is not known: "


@pytest.mark.parametrize(
    ("answer", "status", "asked", "own", "why"),
    [
        ("", 200, False, "10.0.0.5", "this machine's own address is private, and no --egress-url is set"),
        ("hello", 200, True, "10.0.0.5", "the page of --egress-url named neither a network nor an address"),
        (OURS, 503, True, "10.0.0.5", "the page of --egress-url gave no answer"),
        ("8.8.8.8", 200, True, "10.0.0.5", "our address is not in the table"),
    ],
)
def test_what_is_not_known_is_said_and_is_no_mismatch(
    table: AsnTable, answer: str, status: int, asked: bool, own: str, why: str
) -> None:
    page = parse(PAGE) if asked else None
    found = judged(answer, status, egress=page, asn_table=table, own_addresses=frozenset({own}))
    assert found == (Fitness.FIT, NOT_KNOWN + why)


def test_the_address_that_a_page_told_reaches_no_record_even_if_a_site_greets_us_with_it(table: AsnTable) -> None:
    done = ran(OURS, egress=parse(PAGE), asn_table=table)
    lines = b"".join(map(encode_line, done.lines))
    assert b"you: " in lines
    assert OURS.encode() not in lines


TABLE, URL = EgressWay.ASN_TABLE, EgressWay.EGRESS_URL
CHINANET, M247 = Network(4134, "Chinanet"), Network(9009, "M247")


def recorded(answer: str, **settings: Any) -> EgressCheck | None:
    """What the line of the site says of the check."""
    return ran(answer, **settings).line.fitness_evidence.egress


def test_a_run_that_asked_nobody_says_so() -> None:
    assert recorded("nothing") == EgressCheck(outcome=EgressOutcome.NOT_ASKED)


def test_what_was_found_is_recorded_with_how_and_never_our_address(table: AsnTable) -> None:
    done = ran(OURS, egress=parse(PAGE), asn_table=table)
    agreed = EgressCheck(
        outcome=EgressOutcome.AGREED, ways=(TABLE, URL), table="table.csv", page="whoami.example", found=(4134,)
    )
    assert {one.fitness_evidence.egress for one in done.lines} == {agreed}
    assert OURS.encode() not in b"".join(map(encode_line, done.lines))


def test_only_what_told_is_named(table: AsnTable) -> None:
    own = frozenset({OURS})
    assert recorded("hello", egress=parse(PAGE), asn_table=table, own_addresses=own) == EgressCheck(
        outcome=EgressOutcome.AGREED, ways=(TABLE,), table="table.csv", found=(4134,)
    )
    assert recorded('{"asn": 4134}', egress=parse(PAGE), asn_table=table) == EgressCheck(
        outcome=EgressOutcome.AGREED, ways=(URL,), page="whoami.example", found=(4134,)
    )


def test_where_nothing_was_found_what_was_asked_is_named(table: AsnTable) -> None:
    assert recorded("hello", egress=parse(PAGE), asn_table=table, own_addresses=frozenset({"10.0.0.5"})) == EgressCheck(
        outcome=EgressOutcome.UNKNOWN, ways=(TABLE, URL), table="table.csv", page="whoami.example"
    )


@pytest.mark.parametrize(("asn", "networks", "outcome"), [
    (4134, (CHINANET,), EgressOutcome.AGREED),
    (4134, (CHINANET, M247), EgressOutcome.MIXED),
    (4134, (M247,), EgressOutcome.DISAGREED),
    (4134, (), EgressOutcome.UNKNOWN),
    (0, (CHINANET,), EgressOutcome.UNKNOWN),
])  # fmt: skip
def test_what_came_of_it(asn: int, networks: tuple[Network, ...], outcome: EgressOutcome) -> None:
    assert checked(Vantage(name="v", asn=asn), Egress(networks, ways=(TABLE,))).outcome is outcome
    assert checked(Vantage(name="v", asn=asn), UNASKED).outcome is EgressOutcome.NOT_ASKED
