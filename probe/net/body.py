"""A response body, read and decoded within bounds. Knows content codings and character sets, not HTTP framing.

A body is whatever a stranger sends: a gzip bomb, a wrong charset, a title of a megabyte. Nothing here grows past its
bound and only `Undecodable` is raised.
"""

import hashlib
import html
import re
import zlib

MAX_TITLE = 200
MAX_PIECES = 16384
"""Pieces a body may come in: a chunk of one byte costs us a thousand times what it costs the sender."""
_TITLE_BEGINS = re.compile(r"<title(?:\s[^>]{0,200})?>", re.IGNORECASE)
_TITLE_ENDS = re.compile(r"</title", re.IGNORECASE)
_MAX_RAW_TITLE = 4000
_CHARSET = re.compile(rb"charset\s{0,8}=\s{0,8}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_SEARCHED = 64 * 1024

_GB = "gb18030"  # the superset of gb2312 and gbk, which pages say and mean loosely
_CODECS = {"gb2312": _GB, "gbk": _GB, "gb18030": _GB, "big5": "big5hkscs", "shift_jis": "cp932", "euc-jp": "euc_jp",
           "euc-kr": "cp949", "koi8-r": "koi8_r", "iso-8859-1": "cp1252", "us-ascii": "cp1252"}  # fmt: skip
_CODECS |= {f"windows-{n}": f"cp{n}" for n in range(1250, 1259)} | {
    f"iso-8859-{n}": f"iso8859_{n}" for n in (2, 5, 7, 9)
}


class Undecodable(Exception):  # noqa: N818 - a fact about a body, not an error of ours
    """The body does not decode as its Content-Encoding says."""


class Body:
    """Collects a body. `feed` returns False when the bound is reached and no more is wanted."""

    def __init__(self, content_encoding: str, limit: int) -> None:
        self._limit = limit
        coding = content_encoding.strip().lower()
        # 32 + MAX_WBITS: zlib or gzip header, by itself (zlib manual, inflateInit2)
        self._inflate = zlib.decompressobj(32 + zlib.MAX_WBITS) if coding in ("gzip", "x-gzip", "deflate") else None
        self._may_be_bare = coding == "deflate"  # some servers leave the zlib header away (RFC 9110 section 8.4.1.2)
        self._pieces = 0
        self.wire_bytes = 0
        self.decoded = bytearray()
        self.capped = False

    def feed(self, data: bytes) -> bool:
        """Take the next bytes of the body as sent. Raises Undecodable."""
        data = data[: self._limit - self.wire_bytes]
        self.wire_bytes += len(data)
        self.decoded += self._decode(data)
        self._pieces += 1
        self.capped = self.wire_bytes >= self._limit or len(self.decoded) >= self._limit or self._pieces >= MAX_PIECES
        return not self.capped

    def _decode(self, data: bytes) -> bytes:
        if self._inflate is None:
            return data
        room = max(1, self._limit - len(self.decoded))
        try:
            return self._inflate.decompress(data, room)
        except zlib.error as error:
            if not self._may_be_bare or self.wire_bytes > len(data):
                raise Undecodable(str(error)) from error
        self._may_be_bare = False
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._decode(data)

    def finish(self) -> None:
        """The body ended as HTTP says. Raises Undecodable if its coding says that more was due."""
        if self._inflate is not None and self.wire_bytes and not self.capped and not self._inflate.eof:
            raise Undecodable("the compressed stream ends early")

    def sha256(self) -> str:
        """Of the decoded body as far as it was read; empty for an empty body."""
        return hashlib.sha256(self.decoded).hexdigest() if self.decoded else ""


def decode_text(data: bytes, content_type: str) -> str:
    """`data` as text, by the charset of Content-Type, else the page's own, else UTF-8; wrong bytes replaced."""
    named = _CHARSET.search(content_type.encode("latin-1", "replace")) or _CHARSET.search(data[:1024])
    codec = _CODECS.get(named[1].decode("ascii").lower(), "utf-8") if named else "utf-8"
    return data.decode(codec, "replace")


def title_of(data: bytes, content_type: str) -> str:
    """The page's title, white space folded, bounded; empty if there is none."""
    if b"<" not in data[:_SEARCHED]:
        return ""
    page = decode_text(data[:_SEARCHED], content_type)
    # The first title only, and in two steps: one pattern for both tags would take seconds on a page of opening tags.
    begins = _TITLE_BEGINS.search(page)
    ends = _TITLE_ENDS.search(page, begins.end(), begins.end() + _MAX_RAW_TITLE) if begins else None
    if begins is None or ends is None:
        return ""
    return " ".join(html.unescape(page[begins.end() : ends.start()]).split())[:MAX_TITLE]
