"""The report as data: the same facts, every time twice, every interval with both ends."""

import json
from collections.abc import Iterator
from typing import Any

from probe.cli.console import clean
from probe.model.clock import parse_rfc3339
from probe.report.jsonout import REPORT_VERSION, render
from probe.report.paper import Page
from tests.report.block.making import series
from tests.report.story import RESET, clock, story
from tests.report.viewing import view


def _document() -> Any:
    return json.loads(render(view(story(), zone="Asia/Shanghai"), Page(80, str)))


def _series(name: str) -> Any:
    return next(one for one in _document()["series"] if f"{one['target']}/{one['endpoint']}" == name)


def test_episode_has_onset_with_both_ends_counts_and_mechanism() -> None:
    api = _series("clubhouse/api")
    assert (api["state"], api["vantage"], api["country"], api["asn"]) == ("blocked", "sha-ct", "CN", 4134)
    (episode,) = api["episodes"]
    assert episode["onset"] == {
        "earliest": {"utc": "2021-02-08T10:50:00.000Z", "epoch": clock("10:50")},
        "latest": {"utc": "2021-02-08T11:00:00.000Z", "epoch": clock("11:00")},
    }
    assert (episode["state"], episode["certainty"], episode["rung"]) == ("confirmed", "confirmed", "confirmed")
    assert episode["end"] is None
    assert episode["mechanisms"] == ["dns_injection"]
    assert episode["counts"] == {"bad": 55, "good": 0, "void": 6, "sure": 55}
    assert len(episode["witnesses"]) == 3
    assert all(witness.endswith("/clubhouse/api") for witness in episode["witnesses"])


def test_outage_and_unfit_vantage_are_data_too() -> None:
    (down,) = _series("douchi.space/web")["down"]
    assert (down["first"]["epoch"], down["last"]["epoch"], down["count"]) == (clock("12:00"), clock("14:50"), 18)
    (vantage,) = _document()["vantages"]
    assert [one["fitness"] for one in vantage["unfit"]] == ["offline"]


def test_roll_up_is_data_too() -> None:
    clubhouse = next(one for one in _document()["targets"] if one["target"] == "clubhouse")
    assert (clubhouse["blocked"], clubhouse["endpoints"]) == ("some", {"blocked": ["api"], "open": ["web"]})


def test_a_target_as_a_whole_is_data_with_its_rule() -> None:
    api = series((20, {}), (20, RESET), rollup="api:2", required=True)
    (target,) = json.loads(render(view(api), Page(80, clean)))["targets"]
    first, second = target["wholes"]
    assert (target["state"], first["state"], second["state"]) == ("blocked", "ok", "blocked")
    assert (second["blocked"], second["rollup"], second["required"]) == (["api"], "api:2", ["api"])
    assert second["since"]["latest"]["utc"] == "2021-02-08T12:20:00.000Z"


def test_without_a_rule_in_the_records_there_is_no_whole() -> None:
    assert {(one["state"], len(one["wholes"])) for one in _document()["targets"]} == {(None, 0)}


def test_every_time_is_said_twice_and_the_same() -> None:
    times = list(_times(_document()))
    assert len(times) > 20
    assert all(parse_rfc3339(one["utc"]) == one["epoch"] for one in times)


def _times(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if set(value) == {"utc", "epoch"}:
            yield value
        for inner in value.values():
            yield from _times(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _times(inner)


def test_document_names_its_version_and_zone() -> None:
    document = _document()
    assert (document["report"], document["zone"]) == (REPORT_VERSION, "Asia/Shanghai")
    assert document["first"]["epoch"] == clock("09:00")
