from pathlib import Path
from typing import Any

import pytest

from probe.model.codec import decode_line, encode_line
from probe.report.html import measurement
from probe.report.html.page import Place
from probe.store.layout import Source
from probe.store.lookup import Kept
from tests.report.markup import read
from tests.report.poison import HOSTILE
from tests.store.records import FINE
from tests.store.records import measurement as record


def kept(**changes: Any) -> Kept:
    line = encode_line(record(**changes))
    where = Path("/home/someone/results/sha-ct/2021-02-08/run.jsonl")
    return Kept(decode_line(line), line, Source(str(where), where), 7)


def test_a_measurement_is_told_whole() -> None:
    found = read(measurement.render(kept(), "UTC"))
    assert "clubhouse/api" in found.text
    assert FINE.input in found.text


def test_the_folder_of_who_measured_is_not_told() -> None:
    text = measurement.render(kept(), "UTC")
    assert "sha-ct/2021-02-08/run.jsonl:7" in text
    assert "someone" not in text


def test_a_transcript_is_in_the_language_of_the_page() -> None:
    found = read(measurement.render(kept(), "Asia/Shanghai", "zh"))
    assert ("html", "lang", "zh-Hans") in found.attributes
    assert not [one for one in found.attributes if one[1:] == ("lang", "en")]
    assert "clubhouse/api：正常" in found.text
    assert "2021年2月8日 17:00:00 北京时间（09:00:00 UTC），测自 sha-ct CN AS4134" in found.text
    assert "asked for" not in found.text


@pytest.mark.parametrize("hostile", [one for one in HOSTILE if "\ud800" not in one])
def test_nothing_of_a_record_breaks_out(hostile: str) -> None:
    changed = kept(network=hostile, input=hostile, target=hostile, endpoint=hostile)
    place = Place(((hostile, "../index.html"),))
    harmless = read(measurement.render(kept(network="x", input="x", target="x", endpoint="x"), "UTC", "en", place))
    found = read(measurement.render(changed, "UTC", "en", place))
    assert found.elements == harmless.elements
    assert {one[1] for one in found.attributes} == {one[1] for one in harmless.attributes}
