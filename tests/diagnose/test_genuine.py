"""Is an answer in the clear the endpoint's own? What vouches for it, and what speaks against it where nothing does."""

from typing import Any

import pytest

from probe.diagnose.engine import judge
from probe.diagnose.facts import gather
from probe.diagnose.fingerprints import parse_csv
from probe.diagnose.genuine import genuine
from probe.model.diagnosis import Verdict
from tests.diagnose.build import TRUE, Scene

CLEAR = "http://site.example/"
NOTICE: dict[str, Any] = {"title": "Notice", "body_text": "Unavailable under law 5651", "status": 451}
ARTICLE = "How censors show that a site was blocked by court order: a history in three parts."
MARKS = parse_csv(["name,scope,location_found,pattern_type,pattern,source", "isp.zz,isp,body,contains,NOTICE 77,seen"])


def answered(page: dict[str, Any], *, control: dict[str, Any] | None = None) -> Scene:
    """One answer in the clear, and perhaps a control's."""
    scene = Scene().resolved(TRUE).flow(scheme="http", page=page)
    return scene if control is None else scene.control(scheme="http", page=control)


@pytest.mark.parametrize(
    ("page", "itself"),
    [
        ({}, True),
        ({"body_text": ARTICLE, "body_bytes": 30_000}, True),
        ({"body_text": "This site was blocked by court order.", "body_bytes": 400}, False),
        ({"title": "Access to this website has been blocked"}, False),
        ({"status": 451}, False),
        (NOTICE, False),
        ({"body_text": "NOTICE 77"}, False),
    ],
)
def test_with_nothing_to_hold_it_against_a_page_that_announces_a_block_is_not_the_site(
    page: dict[str, Any], itself: bool
) -> None:
    facts = gather(answered(page).case(CLEAR)._replace(marks=MARKS))
    assert genuine(facts) is itself


def test_that_page_alone_is_no_proof_of_a_block_either() -> None:
    assert judge(gather(answered(NOTICE).case(CLEAR))).verdict is Verdict.ANOMALY


def test_a_notice_that_the_control_gets_as_well_is_the_site_s_own() -> None:
    assert genuine(gather(answered(NOTICE, control=NOTICE).case(CLEAR)))
