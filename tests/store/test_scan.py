"""The fast reader gives the answer of the careful one, whatever lies in the file."""

import gzip
import re
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.model.codec import encode_line
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.store import lines, pieces, reader, scan
from probe.store.columns import Tables
from probe.store.layout import Source
from probe.store.reader import Row, Tally, row_of
from probe.store.scan import Scanner
from tests.store.coded import Plain, decoded, plain
from tests.store.records import T0, measurement

SAMPLES = Path(__file__).parent / "samples"


def careful(*sources: Source) -> tuple[list[Plain], Tally]:
    """What the careful reader finds, duplicates included."""
    tally = Tally()
    rows: list[Row] = []
    for source in sources:
        for line in reader._numbered(source, tally):
            row = row_of(line, source, tally)
            if row is not None:
                rows.append(row)
    tally.records = len(rows)
    return sorted(map(plain, rows)), tally


def fast(*sources: Source) -> tuple[list[Plain], Tally]:
    tables, tally = Tables(), Tally()
    return decoded(Scanner(tables, tally).read(sources), tables), tally


def written(path: Path, *data: bytes) -> Source:
    path.write_bytes(b"".join(data))
    return Source(path.name, path)


def older(line: bytes) -> bytes:
    """The line as a version wrote it that did not know of rules."""
    return re.sub(rb'"required":(?:true|false),"rollup":"[^"]*",', b"", line)


def test_lines_as_the_journal_writes_them_all_go_the_fast_way(tmp_path: Path) -> None:
    told = [
        measurement(
            T0 + n,
            endpoint=f"e{n % 7}",
            verdict=Verdict.BLOCKED if n % 3 else Verdict.OK,
            certainty=Certainty.LIKELY if n % 3 else None,
            layer=Layer.TLS if n % 3 else None,
            mechanism=Mechanism.SNI_RESET if n % 3 else None,
            failure=FailureKind("connection_reset") if n % 2 else None,
            required=n % 5 == 0,
            rollup=("", "all", "api:all web:any realtime:10")[n % 3],
        )
        for n in range(500)
    ]
    lines = [older(line) if n % 4 == 0 else line for n, line in enumerate(map(encode_line, told))]
    source = written(tmp_path / "a.jsonl", *lines)
    with mock.patch.object(scan, "row_of", side_effect=AssertionError("went the careful way")):
        rows, tally = fast(source)
    assert (rows, tally) == careful(source)
    assert tally.records == 500


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.jsonl")), ids=lambda path: path.name)
def test_samples_of_every_version(sample: Path) -> None:
    source = Source(sample.name, sample)
    assert fast(source) == careful(source)


NAMES = st.sampled_from(
    ["clubhouse", "m.cmx.im", "a,b", 'quo"te', "back\\slash", "tschüß", "a/b", "", "LONG", "LONGER", "n\nl", "\x7f"]
).map(lambda name: {"LONG": "x" * 300, "LONGER": "y" * 1500}.get(name, name))
GOOD = st.builds(
    lambda at, target, endpoint, verdict, certainty, run: encode_line(
        measurement(T0 + at, target=target, endpoint=endpoint, verdict=verdict, certainty=certainty, **run)
    ),
    st.integers(0, 10**6).map(lambda ms: ms / 1000),
    NAMES,
    NAMES,
    st.sampled_from(Verdict),
    st.none() | st.sampled_from(Certainty),
    st.sampled_from(
        [{}, {"id": "an id of its own"}, {"run_id": 'r"un'}, {"run_id": "a,b"}, {"asn": 0}, {"rollup": "api:all web:2"},
         {"rollup": "a,b"}, {"rollup": 'a"b'}, {"rollup": "r" * 600, "required": True}]
    ),
)  # fmt: skip
ORDINARY = GOOD.filter(lambda line: len(line) < 800)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A line in which something was changed."""
    line = draw(GOOD)
    at = draw(st.integers(0, len(line) - 1))
    other = draw(st.integers(at, min(len(line), at + 40)))
    found: bytes = draw(st.sampled_from([
        line[:at] + line[other:],
        line[:at] + draw(st.binary(min_size=1, max_size=3)) + line[at:],
        line[:at] + draw(st.sampled_from([*b'"\\,{}\n\xff\x00 '])).to_bytes(1, "big") + line[at + 1 :],
        line[:at] + line[at:other] + line[at:],
    ]))  # fmt: skip
    return found


def changed(old: bytes, new: bytes) -> st.SearchStrategy[bytes]:
    return ORDINARY.map(lambda line: line.replace(old, new, 1))


ODD = st.one_of(
    damaged(),
    changed(b'"schema":1', b'"schema":2'),
    changed(b'"schema":1', b'"schema": 1'),
    changed(b'"role":"api"', b'"role":null'),
    changed(b'"role":"api"', b'"role":"api","target":"other"'),
    changed(b'"asn":4134', b'"asn":41.34'),
    changed(b'"fitness":"fit"', b'"fitness":"fit","extra":1'),
    changed(b'"required":false', b'"required":null'),
    changed(b'"required":false', b'"required":false,"extra":1'),
    changed(b'"required":false,', b""),
    changed(b'"tries":1', b'"tries":1,"rollup":"any"'),
    GOOD.map(older),
    GOOD.map(older).map(lambda line: line.replace(b'"tries":1', b'"tries":1,"rollup":"any","required":true')),
    changed(b'"runtime":0.412', b'"runtime":null'),
    changed(b'"runtime":0.412', b'"runtime":0.412,"runtime":"x"'),
    changed(b'"tries":1', b'"tries":1,"verdict":"down"'),
    changed(b'"tries":1', b'"tries":1,"verdict":"\xff"'),
    changed(b'"tries":1', b'"tries":' + b"[" * 3000),
    changed(b'"tries":1', b'"tries":1,'),
    changed(b'"tries":1', b'"tries":NaN'),
    changed(b'"tries":1', b'"tries":01'),
    changed(b".000Z", b"Z"),
    changed(b".000Z", b".000000123Z"),
    changed(b"T09:", b"T24:"),
    changed(b"-02-08T", b"-02-30T"),
    changed(b'"time":"2021', b'"time":"9999'),
    changed(b'"time":"2021', b'"time":"1969'),
    changed(b"}}\n", b"}} \r\n"),
    changed(b"}}\n", b"}}"),
    ORDINARY.map(lambda line: b"\xef\xbb\xbf" + line),
    ORDINARY.map(lambda line: b'{"schema":1,"id":","run_id":"' + line[30:]),
    st.sampled_from([b"\n", b"  \n", b"{}\n", b"[]\n", b"null\n", b"\x00\n", b",\n", b"x\n"]).map(
        lambda line: line[:1] * 5000 + b"\n" if line in (b",\n", b"x\n") else line
    ),
    st.binary(max_size=50),
)
FILES = st.lists(st.lists(ORDINARY | GOOD | ODD, max_size=8).map(b"".join), min_size=1, max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES, st.sampled_from([300, 4000, pieces.SIZE]), st.sampled_from([2500, lines.LINE_LIMIT]))
def test_fast_and_careful_agree_on_anything(
    tmp_path_factory: pytest.TempPathFactory, files: list[bytes], size: int, limit: int
) -> None:
    folder = tmp_path_factory.mktemp("scan")
    sources = [written(folder / f"{n}.jsonl", data) for n, data in enumerate(files)]
    limits = [mock.patch.object(room, "LINE_LIMIT", limit) for room in (lines, pieces, scan, reader)]
    with mock.patch.object(pieces, "SIZE", size), limits[0], limits[1], limits[2], limits[3]:
        assert fast(*sources) == careful(*sources)


def test_names_longer_than_any_window_are_read_beside_others(tmp_path: Path) -> None:
    """The tail of an id is looked for in a window as wide as the longest; none may reach beyond all of it."""
    long = "y" * 1500
    odd = written(tmp_path / "a.jsonl", encode_line(measurement(T0, target=long, endpoint=long)))
    plain_one = written(tmp_path / "b.jsonl", encode_line(measurement(T0 + 1, input="https://x/")))
    with mock.patch.object(pieces, "SIZE", 300):
        assert fast(odd, plain_one) == careful(odd, plain_one)


def test_gzip_that_breaks_off_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    data = b"".join(encode_line(measurement(T0 + n, input="https://x/" + "q" * (n % 97))) for n in range(4000))
    whole = gzip.compress(data)
    cut = written(tmp_path / "cut.jsonl.gz", whole[: len(whole) * 2 // 3])
    torn = written(tmp_path / "torn.jsonl", data[:-5])
    gone = Source("gone.jsonl", tmp_path / "gone.jsonl")
    found, tally = fast(torn, cut, gone, torn)
    assert (found, tally) == careful(torn, cut, gone, torn)
    assert (tally.torn, tally.unreadable, tally.files) == (2, 2, 4)


def test_endless_line_costs_no_more_than_the_limit(tmp_path: Path) -> None:
    one = encode_line(measurement())
    limits = [mock.patch.object(room, "LINE_LIMIT", 3000) for room in (lines, pieces, scan, reader)]
    source = written(
        tmp_path / "long.jsonl", one, b'{"x":"' + b"a" * 100_000, b'"}\n', one, b" " * 50_000, b"\n", b"[" * 90_000
    )
    sizes = mock.patch.object(pieces, "SIZE", 1000), mock.patch.object(pieces, "BUFFER", 700)
    with sizes[0], sizes[1], limits[0], limits[1], limits[2], limits[3]:
        found, tally = fast(source)
        assert (found, tally) == careful(source)
    assert tally.malformed == 2


def test_names_that_json_spells_otherwise_are_read_right(tmp_path: Path) -> None:
    told = [measurement(T0, target=name, endpoint=name) for name in ("a\\nb", "a\nb", 'q"', "ü", "a/b")]
    source = written(tmp_path / "a.jsonl", *map(encode_line, told))
    found, _ = fast(source)
    assert {row.id for row in found} == {msgspec.json.decode(encode_line(one))["id"] for one in told}
    assert found == careful(source)[0]
