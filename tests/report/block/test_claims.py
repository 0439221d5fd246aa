"""Claims and notes stand beside the page's own series, and say nothing of what was not measured."""

from pathlib import Path

from probe.model.claim import Says, When
from probe.report.joined import Outside
from tests.report.block.making import claim, note, page, wave
from tests.report.story import clock, story


def test_a_claim_is_told_with_where_it_lies_to_our_interval(tmp_path: Path) -> None:
    (one,) = page(tmp_path, story(), outside=Outside((claim(),)), zone="UTC").claims
    assert (one.by, one.says, one.about, one.agrees) == ("GreatFire", "the block began", "clubhouse/api", True)
    assert one.relation == "inside the observed onset, 8 February 2021 10:50–11:00 UTC"
    assert one.evidence == "About 19:00."


def test_a_claim_that_is_off_says_by_how_much(tmp_path: Path) -> None:
    late = When(text="14:00", zone="UTC", first=clock("14:00"), last=clock("14:10"))
    (one,) = page(tmp_path, story(), outside=Outside((claim(when=late),)), zone="UTC").claims
    assert one.agrees is False
    assert one.relation.startswith("3 hours after the observed onset")


def test_claims_of_other_targets_and_times_are_left_out(tmp_path: Path) -> None:
    before = When(text="2020", zone="UTC", first=clock("09:00") - 9e6, last=clock("09:00") - 8e6)
    told = page(tmp_path, story(), outside=Outside((claim(target="m.cmx.im", endpoint="web"), claim(when=before))))
    assert told.claims == ()


def test_each_place_of_a_claim_has_its_own_row(tmp_path: Path) -> None:
    told = page(tmp_path, wave(), outside=Outside((claim(says=Says.BLOCKED),))).claims
    assert [one.place for one in told] == ["gz-cm CN AS9808", "sha-ct CN AS4134", "sha-cu CN AS4837"]


def test_notes_of_the_page_are_told_as_written(tmp_path: Path) -> None:
    told = page(tmp_path, story(), outside=Outside(notes=(note(), note(target="m.cmx.im")))).notes
    assert [(one.by, one.about, one.text) for one in told] == [("an engineer", "clubhouse/api", "SMS not received")]
