"""claims.yaml: what it may say, how a time is read, and a message with line and fix for every mistake."""

from pathlib import Path

import pytest

from probe.model.claim import Claim, Says
from probe.model.clock import parse_rfc3339
from probe.targets.claims import load_claims, parse_claims, stretch
from probe.targets.load import load_targets
from probe.targets.problems import TargetListError

ROOT = Path(__file__).parent.parent.parent
GOOD = """\
version: 1
claims:
  - id: one
    by: GreatFire
    says: began
    target: clubhouse
    endpoint: api
    country: CN
    networks: [4134, 4837]
    when: 2021-02-08T19:00
    zone: Asia/Shanghai
    give_or_take: 30min
    mechanism: dns_injection
    link: https://example.org/a
    evidence: About 19:00.
"""


def problems(text: str, targets: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(TargetListError) as caught:
        parse_claims(text.encode(), "claims.yaml", targets)
    return [str(problem) for problem in caught.value.problems]


def parsed(text: str = GOOD) -> Claim:
    (claim,) = parse_claims(text.encode(), "claims.yaml").claims
    return claim


def utc(first: str, last: str) -> tuple[float, float]:
    return parse_rfc3339(first), parse_rfc3339(last)


def test_every_field_is_read() -> None:
    claim = parsed()
    assert (claim.id, claim.by, claim.says, claim.target, claim.endpoint) == (
        "one", "GreatFire", Says.BEGAN, "clubhouse", "api"
    )  # fmt: skip
    assert (claim.country, claim.networks, claim.mechanism) == ("CN", (4134, 4837), "dns_injection")
    assert (claim.link, claim.evidence) == ("https://example.org/a", "About 19:00.")
    assert (claim.when.first, claim.when.last) == utc("2021-02-08T10:30:00Z", "2021-02-08T11:31:00Z")
    assert (claim.when.text, claim.when.zone) == ("2021-02-08T19:00", "Asia/Shanghai")


def test_one_network_needs_no_list() -> None:
    assert parsed(GOOD.replace("[4134, 4837]", "4134")).networks == (4134,)


@pytest.mark.parametrize(("text", "zone", "first", "last"), [
    ("2021", "UTC", "2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"),
    ("2018-09", "Asia/Shanghai", "2018-08-31T16:00:00Z", "2018-09-30T16:00:00Z"),
    ("2024-02", "UTC", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    ("2021-12-31", "UTC", "2021-12-31T00:00:00Z", "2022-01-01T00:00:00Z"),
    ("2021-03-26", "Asia/Amman", "2021-03-25T22:00:00Z", "2021-03-26T21:00:00Z"),  # summer time begins: 23 hours
    ("2021-02-08T23:59", "UTC", "2021-02-08T23:59:00Z", "2021-02-09T00:00:00Z"),
    ("2021-02-08 19:00", "Asia/Shanghai", "2021-02-08T11:00:00Z", "2021-02-08T11:01:00Z"),
])  # fmt: skip
def test_a_time_is_as_long_as_it_is_vague(text: str, zone: str, first: str, last: str) -> None:
    when = stretch(text, zone)
    assert when is not None
    assert (when.first, when.last) == utc(first, last)


@pytest.mark.parametrize("text", ["", "21", "2021-13", "2021-02-30", "2021-2-8", "2021-02-08T25:00", "1021", "9999",
                                  "2021-02-08T19:00+08:00", "yesterday", "２０２１"])  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert stretch(text, "UTC") is None


@pytest.mark.parametrize(("old", "new", "line", "said"), [
    ("version: 1\n", "", 1, 'version is missing; write "version: 1" on the first line'),
    ("    by: GreatFire\n", "", 3, "by is missing; name the source"),
    ("says: began", "says: begun", 5, 'unknown says "begun"; did you mean "began"?'),
    ("country: CN", "country: China", 8, 'unknown country "China"; write "CN"'),
    ("country: CN", "cuontry: CN", 8, 'unknown key "cuontry"; did you mean "country"?'),
    ("[4134, 4837]", "[4134, AS4837]", 9, "a whole number from 1 to 4294967295"),
    ("2021-02-08T19:00", "2021-02-30", 10, "is no time; write it as sharply as the source does"),
    ("2021-02-08T19:00", "2021-02-08T19:00+08:00", 10, 'leave the offset out and name the zone of the source'),
    ("zone: Asia/Shanghai", "zone: Beijing", 11, 'unknown zone "Beijing"; use an IANA name'),
    ("30min", "half an hour", 12, 'write a span as in "30min"'),
    ("dns_injection", "dns_magic", 13, 'unknown mechanism "dns_magic"'),
    ("https://example.org/a", "example.org", 14, "write a link that begins with https://"),
    ("    evidence: About 19:00.\n", "", 3, "evidence is missing; say where it was read"),
])  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_the_fix(old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    (problem,) = problems(GOOD.replace(old, new))
    assert problem.startswith(f"claims.yaml:{line}: ")
    assert said in problem


def test_all_mistakes_come_in_one_go() -> None:
    found = problems(GOOD.replace("began", "x").replace("country: CN", "country: XX").replace("30min", "30"))
    assert [problem.split(":")[1] for problem in found] == ["5", "8", "12"]


def test_ids_are_unique() -> None:
    again = GOOD + GOOD.partition("claims:\n")[2]
    (problem,) = problems(again)
    assert 'id "one" again; the first is on line 3' in problem


def test_unknown_target_is_told_where_a_list_is_given() -> None:
    (problem,) = problems(GOOD, ("clubhouse2", "signal"))
    assert problem.startswith("claims.yaml:6: ")
    assert 'did you mean "clubhouse2"?' in problem
    assert parse_claims(GOOD.encode(), "claims.yaml", ("clubhouse",)).claims


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"claims: [", b"version: 1\nclaims: []\n", b"- 1\n"])
def test_files_that_are_no_claims(data: bytes) -> None:
    with pytest.raises(TargetListError):
        parse_claims(data, "claims.yaml")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(TargetListError, match=r"no such file; name a file, or write one as docs/claims\.md shows"):
        load_claims(tmp_path / "no.yaml")
    with pytest.raises(TargetListError, match="this is a directory, not a file of claims"):
        load_claims(tmp_path)


def test_the_claims_we_ship_are_whole_and_about_our_targets() -> None:
    claims = load_claims(ROOT / "claims.yaml", {target.id for target in load_targets(ROOT / "targets.yaml").targets})
    by_id = {claim.id: claim for claim in claims.claims}
    greatfire, reuters = by_id["clubhouse-cn-greatfire"].when, by_id["clubhouse-cn-reuters"].when
    assert greatfire.first <= parse_rfc3339("2021-02-08T11:00:00Z") < greatfire.last
    assert reuters.first <= parse_rfc3339("2021-02-08T11:30:00Z") < reuters.last
    assert greatfire.last < reuters.first  # the sources disagree, and our reading of "about" keeps that
    assert {asn for claim in claims.claims if claim.country == "JO" for asn in claim.networks} == {
        9038, 47887, 48832, 8376, 50670, 44702
    }  # fmt: skip
    assert by_id["counter.social-cn"].says == Says.RESTRICTED


def test_the_example_in_the_documentation_is_one() -> None:
    text = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    block = [line for line in text.partition("    version: 1\n")[2].partition("\n\n")[0].splitlines() if line]
    example = "\n".join(["version: 1", *(line.removeprefix("    ") for line in block)])
    assert parse_claims(example.encode(), "docs").claims[0].id == "clubhouse-cn-greatfire"
