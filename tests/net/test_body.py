"""Bodies as strangers send them: bombs, cut streams, wrong charsets, a page of nothing but opening tags."""

import gzip
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.net.body import MAX_PIECES, MAX_TITLE, Body, Undecodable, decode_text, title_of

LIMIT = 1000


def _fed(data: bytes, coding: str = "", piece: int = 7, limit: int = LIMIT) -> Body:
    body = Body(coding, limit)
    for at in range(0, len(data), piece):
        if not body.feed(data[at : at + piece]):
            return body
    body.finish()
    return body


def test_a_plain_body() -> None:
    body = _fed(b"hello world")
    assert bytes(body.decoded) == b"hello world"
    assert (body.wire_bytes, body.capped) == (11, False)
    assert body.sha256() == hashlib.sha256(b"hello world").hexdigest()


def test_an_empty_body_has_no_hash() -> None:
    assert _fed(b"").sha256() == ""
    assert _fed(b"", "gzip").sha256() == ""


@pytest.mark.parametrize("coding", ["gzip", "GZIP ", "x-gzip", "deflate"])
def test_compressed(coding: str) -> None:
    data = zlib.compress(b"hello") if coding == "deflate" else gzip.compress(b"hello", mtime=0)
    body = _fed(data, coding)
    assert (bytes(body.decoded), body.wire_bytes) == (b"hello", len(data))


def test_deflate_without_the_zlib_header_as_some_servers_send_it() -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert bytes(_fed(packer.compress(b"hello") + packer.flush(), "deflate").decoded) == b"hello"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "nonsense", "identity"])
def test_a_coding_we_did_not_ask_for_is_kept_as_sent(coding: str) -> None:
    assert bytes(_fed(b"\x00\x01\x02", coding).decoded) == b"\x00\x01\x02"


@pytest.mark.parametrize(
    "data", [b"no gzip at all", gzip.compress(b"x" * 200, mtime=0)[:-9], b"\x1f\x8b\x08garbage....garbage"]
)
def test_what_does_not_decode(data: bytes) -> None:
    with pytest.raises(Undecodable):
        _fed(data, "gzip")


def test_a_plain_body_is_cut_at_the_bound() -> None:
    body = _fed(b"x" * 5000)
    assert (body.wire_bytes, len(body.decoded), body.capped) == (LIMIT, LIMIT, True)


def test_a_bomb_stays_within_the_bound() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    body = _fed(bomb, "gzip", piece=len(bomb), limit=100_000)
    assert (len(body.decoded), body.capped) == (100_000, True)


def test_a_body_of_tiny_pieces_is_cut() -> None:
    body = _fed(b"x" * (2 * MAX_PIECES), piece=1, limit=1024 * 1024)
    assert (len(body.decoded), body.capped) == (MAX_PIECES, True)


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "deflate"]), st.integers(1, 50))
def test_any_bytes_decode_within_the_bound_or_not_at_all(data: bytes, coding: str, piece: int) -> None:
    body = Body(coding, 100)
    try:
        for at in range(0, len(data), piece):
            if not body.feed(data[at : at + piece]):
                break
        body.finish()
    except Undecodable:
        assert coding
    assert len(body.decoded) <= 100
    assert body.wire_bytes <= 100


@pytest.mark.parametrize(
    ("data", "content_type", "text"),
    [
        ("grüß".encode(), "text/html", "grüß"),
        ("grüß".encode("latin-1"), "text/html; charset=iso-8859-1", "grüß"),
        ("您好".encode("gb2312"), 'text/html; charset="GB2312"', "您好"),
        ("您好".encode("gbk"), "text/html;charset=gbk", "您好"),
        ("您好".encode("big5"), "text/html; CHARSET=Big5", "您好"),
        ("доступ".encode("cp1251"), "text/html; charset=windows-1251", "доступ"),
        ("こんにちは".encode("shift_jis"), "text/html; charset=Shift_JIS", "こんにちは"),
        (b'<meta charset="koi8-r">' + "доступ".encode("koi8-r"), "", '<meta charset="koi8-r">доступ'),
        (b"abc", "text/html; charset=rot13", "abc"),
        (b"abc", "text/html; charset=zlib_codec", "abc"),
        (b"abc", "text/html; charset=../../etc/passwd", "abc"),
        (b"abc", "text/html; charset=\u00fc\u4f60", "abc"),
        (b"abc", "text/html; charset=" + "x" * 10_000, "abc"),
        (b"+ADw-", "text/html; charset=utf-7", "+ADw-"),
        (b"\xff\xfe", "text/plain; charset=utf-8", "\ufffd\ufffd"),
    ],
)
def test_text_by_its_charset(data: bytes, content_type: str, text: str) -> None:
    assert decode_text(data, content_type) == text


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"<html><title> Hi &amp;\n ho </title>", "Hi & ho"),
        (b'<TITLE lang="en">Access denied</TITLE>', "Access denied"),
        (b"<title>first</title><title>second</title>", "first"),
        (b"<title></title>", ""),
        (b"<title>never ends", ""),
        (b"<title>" + b"x" * 3000 + b"</title>", "x" * MAX_TITLE),
        (b"<title>" + b"x" * 5000 + b"</title>", ""),
        (b"<titles>no</titles>", ""),
        (b"no page", ""),
        (b"", ""),
    ],
)
def test_title(page: bytes, title: str) -> None:
    assert title_of(page, "text/html") == title


@pytest.mark.parametrize("page", [b"<title>" * 200_000, b"<title" * 200_000, b"<title " * 200_000])
def test_a_page_of_opening_tags_has_no_title(page: bytes) -> None:
    assert title_of(page, "") == ""


@given(st.binary(max_size=200), st.text(max_size=60))
def test_any_bytes_are_text(data: bytes, content_type: str) -> None:
    decode_text(data, content_type)
    assert len(title_of(b"<title>" + data + b"</title>", content_type)) <= MAX_TITLE
