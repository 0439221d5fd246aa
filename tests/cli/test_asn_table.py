"""`--asn-table` as its users run it: the declared network against the one that their own table has for the address that
their own page tells. Everything is on this machine.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.command import Done, probe, served, write_list
from tests.measure.test_asn_table import GEOLITE, IPTOASN, mmdb

OURS = "202.96.209.133"
"""The address that the page says we come from: in both tables it is AS4134's."""


class Page(BaseHTTPRequestHandler):
    """Tells everybody the same address."""

    def do_GET(self) -> None:
        """Answer it."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(OURS)))
        self.end_headers()
        self.wfile.write(OURS.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """The URL of a page that tells our address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/ip"
        server.shutdown()
        thread.join()


def tables(folder: Path) -> list[Path]:
    """The same networks in each shape that a table may have."""
    (folder / "iptoasn.tsv").write_text(IPTOASN, encoding="utf-8")
    (folder / "geolite.csv").write_text(GEOLITE, encoding="utf-8")
    found = [folder / "iptoasn.tsv", folder / "geolite.csv"]
    try:
        import maxminddb  # noqa: F401 - reading .mmdb is an extra
    except ImportError:
        return found
    (folder / "asn.mmdb").write_bytes(mmdb(autonomous_system_number=4134, autonomous_system_organization="CHINANET"))
    return [*found, folder / "asn.mmdb"]


def measured(folder: Path, *words: str | Path, out: str = "out") -> tuple[Done, list[dict[str, object]]]:
    """A command that measures once, and the records it left. (A second watch in a folder would wait its turn.)"""
    done = probe(*words, "--vantage", "here", "--country", "CN", "--out", out, cwd=folder)
    lines = [line for path in (folder / out).rglob("*.jsonl") for line in path.read_bytes().splitlines()]
    return done, [json.loads(line) for line in lines]


@pytest.mark.parametrize("command", [("run",), ("watch", "--runs", "1")], ids=["run", "watch"])
@pytest.mark.parametrize("declared", [4134, 9808])
def test_the_declared_network_is_held_against_the_table(
    tmp_path: Path, hello: int, page: str, command: tuple[str, ...], declared: int
) -> None:
    write_list(tmp_path, served(hello))
    for table in tables(tmp_path):
        words: list[str | Path] = [*command, "--asn", str(declared), "--egress-url", page, "--asn-table", table]
        done, records = measured(tmp_path, *words, out=f"out/{table.name}")
        assert len(records) == 3, done.err
        if declared == 4134:
            assert ({one["fitness"] for one in records}, done.code) == ({"fit"}, 0)
            continue
        assert {one["fitness"] for one in records} == {"vantage_mismatch"}
        assert "vantage_mismatch" in done.err + done.out
        assert f"declared AS{declared}, seen from AS4134" in json.dumps(records)
        assert done.code == (4 if command == ("run",) else 0)
    for file in (tmp_path / "out").rglob("*"):
        assert not file.is_file() or OURS.encode() not in file.read_bytes()


def test_a_page_whose_address_no_table_has_says_so_and_blames_nobody(tmp_path: Path, hello: int, page: str) -> None:
    write_list(tmp_path, served(hello))
    (tmp_path / "small.csv").write_text("1.0.0.0/24,13335,CLOUDFLARENET\n", encoding="utf-8")
    done, records = measured(tmp_path, "run", "--asn", "9808", "--egress-url", page, "--asn-table", "small.csv")
    assert (done.code, {one["fitness"] for one in records}) == (0, {"fit"})
    assert "our address is not in the table" in json.dumps(records)


@pytest.mark.parametrize("command", ["run", "watch"])
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "1.0.0.0/24,13335\n1.0.0.1/24,1\n", "--asn-table: t.csv:2: 1.0.0.1/24 has host bits set"),
        ("t.csv", "# mine\n\n1.0.0.0,1.0.0.255,seven\n", "--asn-table: t.csv:3: 'seven' is no network number"),
        ("t.mmdb", "rubbish", "--asn-table: t.mmdb: not an .mmdb file"),
        ("t.csv", None, "--asn-table: t.csv: No such file or directory"),
    ],
)
def test_a_table_that_is_none_ends_with_2_and_its_line_before_anything_is_measured(
    tmp_path: Path, hello: int, command: str, name: str, text: str | None, said: str
) -> None:
    write_list(tmp_path, served(hello))
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    done, records = measured(tmp_path, command, "--asn-table", name)
    assert (done.code, done.out, records, (tmp_path / "out").exists()) == (2, "", [], False)
    assert said in done.err
    assert done.err.endswith("1 mistake; nothing was probed.\n")
