"""Reports over the recorded demo are, to the character, those that were read and kept."""

import pytest

from tests.report.golden.write import HERE, KEPT, OVERVIEW, made


@pytest.fixture(scope="module")
def reports() -> dict[str, str]:
    return made()


@pytest.mark.parametrize("name", [OVERVIEW, *KEPT])
def test_report_is_the_one_that_was_read(reports: dict[str, str], name: str) -> None:
    kept = (HERE / name).read_text(encoding="utf-8")
    assert reports[name] == kept, "made otherwise now: `python -m tests.report.golden.write`, and read the diff"
