"""Each clause of an expectation, met and unmet, and answers made to break whoever reads them."""

import json

import pytest

from probe.measure.expect import results
from probe.model.codec import decode_line, encode_line
from probe.model.observation import ExpectationResult, HTTPRoundTrip
from probe.model.target import Expect
from tests.store.records import measurement


def held(expected: Expect, body: bytes, status: int = 200) -> list[bool]:
    return [one.held for one in results(expected, status, body)]


def test_nothing_expected_gives_no_clause() -> None:
    assert results(Expect(), 500, b"whatever") == ()


def test_status() -> None:
    expected = Expect(status=(200, 403))
    assert results(expected, 403, b"") == (ExpectationResult("status 200|403", True, "403"),)
    assert results(expected, 404, b"") == (ExpectationResult("status 200|403", False, "404"),)


def test_the_exact_body_but_for_white_space_at_its_end() -> None:
    expected = Expect(body="success\n")
    assert held(expected, b"success") == held(expected, b"success\r\n") == [True]
    assert held(expected, b" success\n") == held(expected, b"success!") == held(expected, b"") == [False]
    assert held(Expect(body=""), b"") == [True]
    assert held(Expect(body=""), b"<html>portal</html>") == [False]


def test_a_part_of_the_body() -> None:
    assert held(Expect(contains="Clubhouse"), b"<title>Clubhouse: Drop-in") == [True]
    assert held(Expect(contains="Clubhouse"), b"<title>clubhouse") == [False]
    assert held(Expect(contains="屋"), "中屋".encode()) == [True]


@pytest.mark.parametrize(
    ("kind", "document"),
    [("object", "{}"), ("array", "[1]"), ("string", '"a"'), ("number", "1.5"), ("boolean", "true"), ("null", "null")],
)
def test_the_type_of_a_document_and_no_other(kind: str, document: str) -> None:
    assert held(Expect(json_type=kind), document.encode()) == [True]
    others = {"object", "array", "string", "number", "boolean", "null"} - {kind}
    assert [held(Expect(json_type=other), document.encode()) for other in others] == [[False]] * 5


def test_a_path_exists_even_where_its_value_is_null_or_false() -> None:
    body = json.dumps({"a": {"b": [{"c": None}, False]}}).encode()
    assert held(Expect(json_has=("a", "a.b", "a.b.0.c", "a.b.1")), body) == [True] * 4
    assert held(Expect(json_has=("b", "a.c", "a.b.2", "a.b.-1", "a.b.x", "a.b.0.c.d", "")), body) == [False] * 7


def test_a_value_is_equal_only_in_its_type_too() -> None:
    body = b'{"yes": true, "one": 1, "text": "1", "real": 1.0}'
    assert held(Expect(json_equals={"yes": True, "one": 1, "text": "1"}), body) == [True] * 3
    assert held(Expect(json_equals={"yes": 1}), body) == [False]
    assert held(Expect(json_equals={"one": True}), body) == [False]
    assert held(Expect(json_equals={"one": "1"}), body) == [False]
    assert held(Expect(json_equals={"real": 1}), body) == [False]
    assert held(Expect(json_equals={"none": "1"}), body) == [False]


def test_several_clauses_are_judged_each_on_its_own() -> None:
    expected = Expect(status=(200,), contains="x", json_has=("a",), json_equals={"a": 1})
    assert held(expected, b'{"a": 1}', 404) == [False, False, True, True]


def test_what_is_no_json_fails_once() -> None:
    expected = Expect(json_type="object", json_has=("a",), json_equals={"a": 1})
    assert results(expected, 200, b"<html>") == (ExpectationResult("json", False, "<html>"),)


HOSTILE = {
    "deep": b"[" * 100_000,
    "deep and closed": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "huge number": b'{"a": ' + b"9" * 100_000 + b"}",
    "long number": b'{"a": ' + b"9" * 4000 + b"}",
    "huge exponent": b'{"a": 1e999999999}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "half a pair in a key": b'{"\\udfff": 1, "a": {"\\udfff": "\\udfff"}}',
    "no UTF-8": b'{"a": "\xff\xfe"}',
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "NUL": b'{"a": "\\u0000\\u001b[2J"}',
    "long text": b'{"a": "' + b"x" * 500_000 + b'"}',
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_judged_bounded_and_can_be_written(name: str) -> None:
    expected = Expect(body="x", contains="y", json_type="object", json_has=("a",), json_equals={"a": 2})
    found = results(expected, 200, HOSTILE[name])
    assert not all(one.held for one in found)
    assert all(len(one.got) <= 120 for one in found)
    page = HTTPRoundTrip(transaction_id=1, address="104.16.1.1", port=443, method="GET", url="", expectations=found)
    line = measurement(observations=(page,))
    assert decode_line(encode_line(line)) == line


def test_documents_as_deep_as_the_parser_goes_can_still_be_shown() -> None:
    for depth in range(900, 1010):
        found = results(Expect(json_has=("0",)), 200, b"[" * depth + b"]" * depth)
        assert len(found) == 1
