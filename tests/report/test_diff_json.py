"""The comparison as data: everything that the text says and what it leaves out, unrounded."""

import json
from pathlib import Path
from typing import Any

from probe.report.diff_json import render
from tests.report.comparing import FALSE, MET, TRUE, compared, lookup, shaken
from tests.report.story import OFFLINE, RESET
from tests.store.records import T0, measurement

WHEN = {"utc": "2021-02-08T09:00:00.000Z", "epoch": T0}


def data(folder: Path, **options: Any) -> dict[str, Any]:
    """One endpoint newly blocked with another certificate, one new, one gone, one that cannot be compared, one as it
    was; on another network."""
    after: dict[str, Any] = {"run_id": "after", "asn": 9808}
    before = [measurement(T0, target=name, run_id="before", observations=MET) for name in "abcd"]
    caught = {**RESET, "tries": 3, "observations": (lookup("5.5.5.5"), shaken(FALSE))}
    found: list[tuple[str, dict[str, Any]]] = [("a", caught), ("b", OFFLINE), ("c", {}), ("e", {})]
    view = compared(
        folder,
        before,
        [measurement(T0 + 60, target=name, **{"observations": MET, **after, **told}) for name, told in found],
        **options,
    )
    document: dict[str, Any] = json.loads(render(view))
    return document


def test_every_list_holds_its_endpoints(tmp_path: Path) -> None:
    told = data(tmp_path)
    named = {
        part: [one["target"] for one in told[part]]
        for part in ("changes", "not_comparable", "unchanged", "certificates", "addresses")
    }
    assert named == {
        "changes": ["a", "e", "d"],
        "not_comparable": ["b"],
        "unchanged": ["c"],
        "certificates": ["a"],
        "addresses": ["a"],
    }
    assert [one["kind"] for one in told["changes"]] == ["blocked", "new", "gone"]
    assert {key: told[key] for key in ("diff", "compared", "differs", "raw", "zone", "left_out")} == {
        "diff": 1, "compared": "times", "differs": True, "raw": False, "zone": "UTC", "left_out": [],
    }  # fmt: skip


def test_a_change_has_both_sides_whole(tmp_path: Path) -> None:
    change, new, gone = data(tmp_path)["changes"]
    assert change["vantage"] == "sha-ct"
    assert change["a"] == {
        "standing": "open", "rung": None, "verdict": "ok", "certainty": None, "mechanism": None, "control": "reached",
        "fitness": "fit", "role": "api", "as_of": WHEN, "id": "before/a/api", "measurements": 1, "uncounted": 0,
    }  # fmt: skip
    assert change["b"]["rung"] == "likely"
    assert (change["b"]["standing"], change["b"]["mechanism"], change["b"]["id"]) == (
        "blocked", "sni_reset", "after/a/api",
    )  # fmt: skip
    assert (new["a"], gone["b"]) == (None, None)


def test_what_stood_around_and_what_was_met(tmp_path: Path) -> None:
    told = data(tmp_path)
    assert told["around"] == [
        {"about": "network", "vantage": "sha-ct", "field": "asn", "a": ["AS4134"], "b": ["AS9808"]},
        {"about": "fitness", "vantage": "sha-ct", "field": "fitness", "a": ["fit"], "b": ["fit", "offline"]},
    ]
    (certificate,) = told["certificates"]
    assert certificate["a"][0]["sha256"] == TRUE.sha256
    assert certificate["b"][0]["issuer"] == "CN=Other"
    assert told["addresses"][0]["b"] == ["5.5.5.5"]
    (vantage,) = told["a"]["vantages"]
    assert (vantage["vantage"], vantage["run"], vantage["runs"], vantage["first"]) == ("sha-ct", "before", 1, WHEN)
    assert vantage["around"]["resolvers"] == ["202.96.209.133:53"]


def test_two_vantage_points_name_themselves_on_their_sides(tmp_path: Path) -> None:
    a, b = [measurement(T0)], [measurement(T0, vantage="fra", asn=3320)]
    told = json.loads(render(compared(tmp_path, a, b)))
    assert (told["compared"], told["unchanged"][0]["vantage"]) == ("vantages", None)
    assert [told[side]["vantages"][0]["around"]["asn"] for side in "ab"] == [["AS4134"], ["AS3320"]]
