"""Our own addresses do not reach disk, wherever a stranger echoes them; other addresses stay."""

import pytest

from probe.measure.scrub import REPLACED, scrub
from probe.model.codec import encode_line
from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import ExpectationResult, HTTPRoundTrip, Observation, TCPConnect, TLSHandshake
from tests.store.records import measurement

FOUR, SIX = "114.80.68.10", "2408:8207:60d0::10"
OWN = frozenset({FOUR, SIX})


def page(**facts: object) -> HTTPRoundTrip:
    plain: dict[str, object] = {
        "transaction_id": 1, "address": "104.16.1.1", "port": 80, "method": "GET", "url": "http://site.example/"
    }  # fmt: skip
    return HTTPRoundTrip(**{**plain, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        f"Your IP: {FOUR}",
        f"IP:{FOUR}",
        f"ip={FOUR}&x=1",
        f'{{"ip":"{FOUR}"}}',
        f"{FOUR}.",
        f"{FOUR}:55123",
        f"::ffff:{FOUR}",
        f"interface{FOUR}",
        f"[{SIX}]:443",
        f"IP:{SIX}",
        f"address {SIX.upper()}",
        "from 2408:8207:60d0:0000:0000:0000:0000:0010",
    ],
)
def test_an_own_address_is_replaced_in_whatever_dress(text: str) -> None:
    [told] = scrub([page(body_text=text)], OWN)
    assert isinstance(told, HTTPRoundTrip)
    assert REPLACED in told.body_text
    assert FOUR not in told.body_text
    assert "60d0" not in told.body_text.lower()


@pytest.mark.parametrize("text", [f"1{FOUR}", f"{FOUR}1", f"1.{FOUR}", f"{FOUR}.9", f"{SIX}0", f"a{SIX}"])
def test_a_longer_number_that_contains_an_own_address_stays(text: str) -> None:
    assert scrub([page(body_text=text)], OWN) == (page(body_text=text),)


def test_every_text_of_a_page_is_scrubbed() -> None:
    seen = page(
        title=f"hello {FOUR}",
        body_text=f"you are {FOUR}",
        location=f"http://portal.example/?ip={FOUR}",
        url=f"http://portal.example/?ip={SIX}",
        headers=(("x-you", FOUR), ("server", "nginx")),
        expectations=(ExpectationResult("contains hello", False, f"you are {FOUR}"),),
        failure=Failure(
            kind=FailureKind.HTTP_REDIRECT_LOOP, operation=Operation.HTTP_ROUND_TRIP, detail=f"http://x/?ip={FOUR}"
        ),
    )
    line = encode_line(measurement(observations=scrub([seen], OWN)))
    assert FOUR.encode() not in line
    assert SIX.encode() not in line
    assert line.count(REPLACED.encode()) == 7
    assert b"nginx" in line


def test_an_answer_that_was_no_tls_is_scrubbed_in_its_bytes() -> None:
    said = f"HTTP/1.1 403 no\r\n\r\nyou are {FOUR}, go away".encode()
    seen = TLSHandshake(transaction_id=1, address="104.16.1.1", port=443, server_hex=said.hex())
    [told] = scrub([seen], OWN)
    assert isinstance(told, TLSHandshake)
    assert FOUR.encode() not in bytes.fromhex(told.server_hex)
    assert bytes.fromhex(told.server_hex).endswith(b"go away")


@pytest.mark.parametrize("name", ["X-Client-IP", "set-cookie", "CF-Connecting-IP", "x-forwarded-for"])
def test_headers_about_the_client_lose_their_value_even_if_we_know_no_address_of_ours(name: str) -> None:
    [told] = scrub([page(headers=((name, "203.0.113.9"), ("date", "today")))], frozenset())
    assert isinstance(told, HTTPRoundTrip)
    assert told.headers == ((name, REPLACED), ("date", "today"))


def test_what_needs_no_scrubbing_is_the_same_object() -> None:
    seen: list[Observation] = [TCPConnect(transaction_id=1, address="104.16.1.1", port=443), page(body_text="hello")]
    assert all(a is b for a, b in zip(scrub(seen, OWN), seen, strict=True))
