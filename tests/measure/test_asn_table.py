"""Tables of networks: their shapes, ranges in one another, mistakes with their line, and MaxMind's format."""

from pathlib import Path

import pytest

from probe.measure.asn_table import AsnTable, AsnTableError, Network, load


def table(folder: Path, text: str, name: str = "table.csv") -> AsnTable:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load(path)


IPTOASN = """\
1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET
1.0.1.0\t1.0.3.255\t0\tNone\tNot routed
202.96.0.0\t202.97.255.255\t4134\tCN\tCHINANET-BACKBONE
240e::\t240e:ffff:ffff:ffff:ffff:ffff:ffff:ffff\t4134\tCN\tCHINANET-BACKBONE
"""
IPINFO = """\
start_ip,end_ip,asn,name,domain
1.0.0.0,1.0.0.255,AS13335,"Cloudflare, Inc.",cloudflare.com
202.96.0.0,202.97.255.255,AS4134,CHINANET-BACKBONE,chinatelecom.com.cn
240e::,240e:ffff:ffff:ffff:ffff:ffff:ffff:ffff,AS4134,CHINANET-BACKBONE,
"""
GEOLITE = """\
network,autonomous_system_number,autonomous_system_organization
1.0.0.0/24,13335,CLOUDFLARENET
202.96.0.0/15,4134,CHINANET-BACKBONE
240e::/16,4134,CHINANET-BACKBONE
"""
PLAIN = (
    "# mine\n\n1.0.0.0,1.0.0.255,13335\n202.96.0.0,202.97.255.255,AS4134,CHINANET-BACKBONE\n240e::,240e:ffff::,4134\n"
)


@pytest.mark.parametrize("text", [IPTOASN, IPINFO, GEOLITE, PLAIN, GEOLITE.replace("\n", "\r\n"), "\ufeff" + GEOLITE])
def test_the_shapes_that_tables_come_in(tmp_path: Path, text: str) -> None:
    found = table(tmp_path, text)
    assert found.lookup("202.96.209.133") == Network(4134, "CHINANET-BACKBONE")
    inside = found.lookup("1.0.0.1")
    assert inside is not None
    assert inside.asn == 13335
    assert found.lookup("240e:123::1%eth0") == Network(4134, "CHINANET-BACKBONE")
    for outside in ("1.0.1.1", "8.8.8.8", "2001:db8::1", "", "nobody"):
        assert found.lookup(outside) is None


def test_first_and_last_address_belong_to_a_range(tmp_path: Path) -> None:
    found = table(tmp_path, "1.0.0.0,1.0.0.255,7\n")
    assert [found.lookup(each) is not None for each in ("0.255.255.255", "1.0.0.0", "1.0.0.255", "1.0.1.0")] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_the_smallest_of_ranges_in_one_another_counts_in_whatever_order(tmp_path: Path, order: int) -> None:
    lines = ["10.0.0.0/8,1,whole", "10.1.0.0/16,2,half", "10.1.2.0/24,3,leaf"]
    found = table(tmp_path, "\n".join(lines[::order]))
    assert [found.lookup(each) for each in ("10.9.9.9", "10.1.9.9", "10.1.2.3")] == [
        Network(1, "whole"), Network(2, "half"), Network(3, "leaf"),
    ]  # fmt: skip


def test_a_range_to_the_last_address_there_is(tmp_path: Path) -> None:
    found = table(tmp_path, f"255.0.0.0,255.255.255.255,1\nff00::,{'ffff:' * 7}ffff,4294967295\n")
    assert found.lookup("255.255.255.255") == Network(1, "")
    assert found.lookup("ffff::1") == Network(4294967295, "")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("1.0.0.0,1.0.0.255,7\n1.0.1.0,1.0.0.9,7\n", 2, "1.0.1.0 to 1.0.0.9 is no range"),
        ("1.0.0.0,::1,7\n", 1, "is no range"),
        ("1.0.0.0,1.0.0.255,seven\n", 1, "'seven' is no network number"),
        ("1.0.0.0,1.0.0.255,4294967296\n", 1, "'4294967296' is no network number"),
        ("1.0.0.0,1.0.0.255\n", 1, "2 columns are too few"),
        ("1.0.0.0/24,1\n1.0.0.1/24,1\n", 2, "1.0.0.1/24 has host bits set"),
        ("network,country\n1.0.0.0/24,AU\n", 1, "the header names no network (or start and end) and asn"),
        ("<html>\n", 1, "'<html>' does not appear to be an IPv4 or IPv6 address"),
        (f"1.0.0.0,1.0.0.255,7,{'x' * 200_000}\n", 1, "field larger than field limit"),
    ],
)
def test_what_is_no_range_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    with pytest.raises(AsnTableError) as caught:
        table(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'table.csv'}:{line}: ")
    assert what in str(caught.value)


def test_files_that_are_no_table_at_all(tmp_path: Path) -> None:
    with pytest.raises(AsnTableError, match="no ranges in it"):
        table(tmp_path, "# nothing\n")
    with pytest.raises(AsnTableError, match="No such file"):
        load(tmp_path / "nowhere.csv")
    with pytest.raises(AsnTableError, match="Is a directory"):
        load(tmp_path)
    (tmp_path / "x.csv").write_bytes(b"\xab\xcd\xef")
    with pytest.raises(AsnTableError, match=r"neither UTF-8 text nor \.mmdb"):
        load(tmp_path / "x.csv")
    with pytest.raises(AsnTableError, match=r"not an \.mmdb file"):
        table(tmp_path, "rubbish", "x.mmdb")


def test_a_table_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    first = table(tmp_path, PLAIN)
    assert load(tmp_path / "table.csv") is first
    assert table(tmp_path, PLAIN + "9.9.9.0,9.9.9.255,19281\n").lookup("9.9.9.9") == Network(19281, "")


def mmdb(**network: object) -> bytes:
    """The smallest MaxMind DB of IPv4 (spec 2.0): one node whose both records lead to the same data."""

    def encoded(value: object) -> bytes:
        if isinstance(value, dict):
            return bytes([0xE0 | len(value)]) + b"".join(encoded(k) + encoded(v) for k, v in value.items())
        if isinstance(value, str):
            size = bytes([0x40 | len(value)]) if len(value) < 29 else bytes([0x5D, len(value) - 29])
            return size + value.encode()
        if isinstance(value, list):
            return bytes([len(value), 4]) + b"".join(map(encoded, value))
        assert isinstance(value, int)
        return bytes([0xC4]) + value.to_bytes(4, "big")  # uint32

    def uint16(name: str, value: int) -> bytes:
        return encoded(name) + bytes([0xA2]) + value.to_bytes(2, "big")

    record = (1 + 16).to_bytes(3, "big")  # node count + 16 zero bytes: the first byte of the data
    versions = [("record_size", 24), ("ip_version", 4), ("binary_format_major_version", 2)]
    metadata = (
        bytes([0xE0 | 9])
        + b"".join(uint16(*one) for one in [*versions, ("binary_format_minor_version", 0)])
        + b"".join(encoded(one) for one in ("node_count", 1, "database_type", "test", "languages", ["en"]))
        + encoded("build_epoch") + bytes([8, 2]) + (1).to_bytes(8, "big")  # uint64
        + encoded("description") + encoded({"en": "test"})
    )  # fmt: skip
    return record * 2 + bytes(16) + encoded(network) + b"\xab\xcd\xefMaxMind.com" + metadata


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"autonomous_system_number": 4134, "autonomous_system_organization": "Chinanet"}, Network(4134, "Chinanet")),
        ({"asn": "AS4134", "as_name": "Chinanet"}, Network(4134, "Chinanet")),
        ({"country": "CN"}, None),
    ],
)
def test_maxminds_format_in_the_words_of_geolite_and_ipinfo(
    tmp_path: Path, fields: dict[str, object], said: Network | None
) -> None:
    pytest.importorskip("maxminddb")
    (tmp_path / "asn.mmdb").write_bytes(mmdb(**fields))
    found = load(tmp_path / "asn.mmdb")
    assert found.lookup("202.96.209.133") == said
    assert found.lookup("240e::1") is None
    assert found.lookup("nobody") is None


def test_a_damaged_mmdb_has_no_network_and_ends_no_run(tmp_path: Path) -> None:
    pytest.importorskip("maxminddb")
    whole = mmdb(asn="AS4134", as_name="Chinanet")
    (tmp_path / "asn.mmdb").write_bytes(whole.replace(b"\xe2", b"\xe7", 1))  # a map of seven that holds two
    assert load(tmp_path / "asn.mmdb").lookup("202.96.209.133") is None
