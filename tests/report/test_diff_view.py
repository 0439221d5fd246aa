"""What is compared with what: the same vantage points over time, or two with each other."""

from pathlib import Path
from typing import Any

import pytest

from probe.model.diagnosis import Verdict
from probe.model.measurement import Measurement, Software
from probe.report.diff_view import UnpairedError
from probe.timeline.diff import About, Key, Kind
from tests.report.comparing import FALSE, MET, compared, lookup, shaken
from tests.report.story import BLOCKED_API, OFFLINE
from tests.store.records import T0, measurement


def run(vantage: str = "sha-ct", hour: int = 0, **more: Any) -> list[Measurement]:
    """One run of one endpoint."""
    return [measurement(T0 + hour * 3600, vantage=vantage, **{"observations": MET, **more})]


def test_one_vantage_point_over_time(tmp_path: Path) -> None:
    view = compared(tmp_path, run(), run(hour=1, **BLOCKED_API))
    assert [(one.kind, one.key) for one in view.comparison.changes] == [
        (Kind.BLOCKED, Key("sha-ct", "clubhouse", "api"))
    ]
    assert (view.across, view.differs, view.compared, view.left_out) == (False, True, 1, ())


def test_two_vantage_points_with_each_other(tmp_path: Path) -> None:
    view = compared(tmp_path, run("sha-ct"), run("fra", country="DE", asn=3320))
    assert (view.across, view.differs, view.shifts) == (True, False, ())
    assert [pair.key for pair in view.comparison.unchanged] == [Key("", "clubhouse", "api")]


def test_only_vantage_points_of_both_sides_are_compared_and_the_others_named(tmp_path: Path) -> None:
    view = compared(tmp_path, [*run("sha-ct"), *run("ber")], [*run("sha-ct", 1), *run("fra", 1)])
    assert (view.left_out, view.compared) == (("ber", "fra"), 1)
    assert [extent.place.vantage for extent in view.a.extents] == ["sha-ct"]


def test_several_vantage_points_without_one_in_common_are_not_compared(tmp_path: Path) -> None:
    with pytest.raises(UnpairedError, match=r"before.jsonl is of ber, sha-ct; after.jsonl is of fra; choose one with"):
        compared(tmp_path, [*run("sha-ct"), *run("ber")], run("fra"))


def test_only_some_targets(tmp_path: Path) -> None:
    a, b = [*run(), *run(target="alive.bar", endpoint="web")], [*run(hour=1), *run(hour=1, target="x", endpoint="y")]
    assert compared(tmp_path, a, b, only=frozenset({"clubhouse"})).differs is False
    gone = compared(tmp_path, a, b, only=frozenset({"alive.bar/web"})).comparison.changes
    assert [(one.kind, one.key.target) for one in gone] == [(Kind.GONE, "alive.bar")]


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, False),
        ({"asn": 9808}, True),
        ({"observations": (lookup("1.1.1.1", resolver="8.8.8.8:53"), shaken())}, True),
        ({"observations": (lookup("1.1.1.1"), shaken(FALSE))}, True),
        ({"observations": (lookup("5.5.5.5"), shaken())}, False),
        ({"target_list": "f" * 64}, False),
        ({"software": Software(name="probe", version="9", python="", openssl="")}, False),
        ({"verdict": Verdict.RESTRICTED}, True),
        (OFFLINE, False),
    ],
)
def test_what_counts_as_a_difference(tmp_path: Path, changes: dict[str, Any], differs: bool) -> None:
    assert compared(tmp_path, run(), run(hour=1, **changes)).differs is differs


def test_whether_the_same_was_asked(tmp_path: Path) -> None:
    view = compared(tmp_path, run(), run(hour=1, target_list="f" * 64))
    assert view.same(About.TARGETS) is False
    assert view.same(About.SOFTWARE) is True
    unknown = compared(tmp_path, run(target_list=""), run(hour=1))
    assert unknown.same(About.TARGETS) is None


def test_an_unfit_side_compares_nothing(tmp_path: Path) -> None:
    view = compared(tmp_path, run(**BLOCKED_API), run(hour=1, **OFFLINE))
    assert (view.compared, view.differs, len(view.comparison.incomparable)) == (0, False, 1)
