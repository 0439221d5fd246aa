"""What is read once more: each failed measurement once, the cited lines whole, the files by their bytes."""

import gzip
import hashlib
from pathlib import Path

import msgspec

from probe.model.codec import encode_line
from probe.model.diagnosis import Certainty
from probe.model.measurement import Measurement
from probe.report.block.build import build
from probe.report.block.choose import scope_target
from probe.report.block.collect import Backing, collect, shown
from probe.store.layout import Source, find
from tests.report.block.making import seen, series, stored
from tests.report.story import BLOCKED_API, RESET, clock, story
from tests.store.records import measurement


def test_every_failed_measurement_is_counted_once_although_its_file_is_there_twice(tmp_path: Path) -> None:
    sources = stored(tmp_path, story())
    (tmp_path / "copy.jsonl").write_bytes(b"".join(map(encode_line, story())))
    twice = find([str(tmp_path)]).sources
    view = seen(twice)
    chosen = scope_target(view, "clubhouse")
    for some in (sources, twice):
        dossier = collect(some, view, [chosen])
        total = sum(one.failed for one in dossier.backing.values())
        assert total == 55 == sum(one.bad for one in chosen.series)
    assert len(dossier.files) == 74


def test_only_the_series_of_the_page_are_counted(tmp_path: Path) -> None:
    sources = stored(tmp_path, story())
    view = seen(sources)
    dossier = collect(sources, view, [scope_target(view, "m.cmx.im")])
    assert {key.target for key in dossier.backing} == {"m.cmx.im"}
    assert set(dossier.origins) == {"m.cmx.im"}


def test_one_pass_serves_several_pages(tmp_path: Path) -> None:
    sources = stored(tmp_path, story())
    view = seen(sources)
    pages = [scope_target(view, name) for name in ("clubhouse", "m.cmx.im")]
    dossier = collect(sources, view, pages)
    assert {name for page in pages for name in page.exhibited if name} == set(dossier.kept)


def test_lines_that_are_no_records_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = list(map(encode_line, series((20, {}), (20, BLOCKED_API))))
    path.write_bytes(
        b"hello\n" + b"".join(lines[:30]) + b'{"schema": 1}\n\xff\xfe\n' + b"".join(lines[30:]) + lines[0][:90]
    )
    sources = (Source(str(path), path),)
    view = seen(sources)
    dossier = collect(sources, view, [scope_target(view, "clubhouse")])
    (backing,) = dossier.backing.values()
    assert backing.failed == 20
    kept = dossier.kept[scope_target(view, "clubhouse").exhibited.failed]
    assert kept.number == 22  # the line as an editor counts it


def test_files_are_hashed_as_they_lie_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(map(encode_line, series((5, {}))))))
    sources = (Source(str(path), path),)
    view = seen(sources)
    (file,) = collect(sources, view, [scope_target(view, "clubhouse")]).files
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (file.size, file.measurements["clubhouse"]) == (path.stat().st_size, 5)


def test_a_file_that_vanished_since_counts_nothing(tmp_path: Path) -> None:
    sources = stored(tmp_path, series((20, {}), (20, BLOCKED_API)))
    view = seen(sources)
    chosen = scope_target(view, "clubhouse")
    for source in sources:
        assert source.path is not None
        source.path.unlink()
    dossier = collect(sources, view, [chosen])
    assert dossier.files == ()
    assert list(dossier.backing.values()) == [Backing()]


def test_names_begin_at_the_folder_of_results_and_never_say_whose_home_it_is(tmp_path: Path) -> None:
    (source, *_) = stored(tmp_path / "home" / "alice" / "results", [measurement()])
    assert shown(source) == "sha-ct/2021-02-08/20210208T090000Z-sha-ct-91f3.jsonl"
    elsewhere = tmp_path / "alice" / "x.jsonl"
    assert shown(Source(str(elsewhere), elsewhere)) == "x.jsonl"
    assert shown(Source("<stdin>", None)) == "<stdin>"


def test_window_leaves_older_lines_out(tmp_path: Path) -> None:
    sources = stored(tmp_path, series((20, {}), (20, RESET)))
    view = seen(sources, since=clock("12:00"))
    dossier = collect(sources, view, [scope_target(view, "clubhouse")])
    assert sum(file.measurements["clubhouse"] for file in dossier.files) == 22  # 12:00 to 15:30, every 10 minutes


def test_a_line_damaged_behind_its_columns_is_counted_and_cannot_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [encode_line(one).replace(b'"observations":[]', b'"observations":{}') for one in _blocked()]
    path.write_bytes(b"".join(lines))
    sources = (Source(str(path), path),)
    view = seen(sources)
    chosen = scope_target(view, "clubhouse")
    dossier = collect(sources, view, [chosen])
    assert sum(one.failed for one in dossier.backing.values()) == 20
    assert dossier.kept == {}
    assert "The failed measurement to show was not found in the files." in build(view, dossier, chosen).missing


def test_what_was_judged_anew_is_counted_and_shown_as_judged_and_the_line_is_told(tmp_path: Path) -> None:
    sources = stored(tmp_path, _blocked())
    view = seen(sources)
    chosen = scope_target(view, "clubhouse")

    def milder(one: Measurement) -> Measurement:
        return msgspec.structs.replace(one, certainty=None if one.certainty is None else Certainty.LIKELY)

    dossier = collect(sources, view, [chosen], milder)
    assert [one.artefacts for one in dossier.backing.values()] == [0]
    failed = build(view, dossier, chosen).exhibits[0]
    assert failed.transcript.headline == "clubhouse/api: blocked (likely)"
    assert "judged anew" in [fact.name for fact in failed.transcript.summary]
    untouched = build(view, collect(sources, view, [chosen]), chosen).exhibits[0]
    assert "judged anew" not in [fact.name for fact in untouched.transcript.summary]


def _blocked() -> list[Measurement]:
    return series((20, {}), (20, BLOCKED_API))
