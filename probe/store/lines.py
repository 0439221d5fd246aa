"""Bytes of a source as numbered lines, whatever they are packed in. Knows no record; `reader` makes those.

Packing is told by the first bytes, not by the name, so standard input may be packed as well. Lines are bounded: a file
of one endless line, or a small file that unpacks into one, costs `LINE_LIMIT` bytes of memory and no more.
"""

import gzip
import importlib
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from typing import IO, Any, BinaryIO, NamedTuple, cast

from probe.store.layout import Source

LINE_LIMIT = 8 * 1024 * 1024
"""Bytes of one line, newline included."""

BUFFER = 1024 * 1024
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PARQUET = b"PAR1"

UNREADABLE = (OSError, EOFError, zlib.error)
"""What reading a damaged or vanished file raises (a cut gzip raises EOFError, a damaged one zlib.error)."""


class UnreadableError(Exception):
    """A source that cannot be read at all; the message names it, says why and what to do."""


class Line(NamedTuple):
    """One line. `whole` False: the source ended before its newline. `overlong`: cut at LINE_LIMIT."""

    number: int
    data: bytes
    whole: bool
    overlong: bool


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The unpacked bytes of a source. Raises UnreadableError."""
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(_raw(source))
            stream = stack.enter_context(_unpacked(raw, source))
        except OSError as error:
            raise UnreadableError(f"{source.name}: {error.strerror or error}") from error
        yield stream


def packed(source: Source) -> bool:
    """Whether its bytes are not the lines themselves. What cannot be opened is not."""
    if source.path is None:
        return False
    try:
        with open(source.path, "rb") as file:
            return file.read(4).startswith((_GZIP, _ZSTD, _PARQUET))
    except OSError:
        return False


def lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream, numbered from 1. Blank ones are left out."""
    number = 0
    while data := stream.readline(LINE_LIMIT):
        number += 1
        whole = data.endswith(b"\n")
        overlong = not whole and len(data) == LINE_LIMIT
        if overlong:
            whole = _skip_rest(stream)
        if not data.isspace():
            yield Line(number, data, whole, overlong)


def _skip_rest(stream: BinaryIO) -> bool:
    """Read to the end of an overlong line; False if the source ends first."""
    while data := stream.readline(LINE_LIMIT):
        if data.endswith(b"\n"):
            return True
    return False


def _raw(source: Source) -> AbstractContextManager[IO[bytes]]:
    if source.path is None:
        stdin = sys.stdin.buffer
        return nullcontext(stdin if hasattr(stdin, "peek") else cast(IO[bytes], io.BufferedReader(cast(Any, stdin))))
    return open(source.path, "rb", buffering=BUFFER)


def _unpacked(raw: IO[bytes], source: Source) -> AbstractContextManager[BinaryIO]:
    magic = cast(io.BufferedReader, raw).peek(4)[:4]
    if magic.startswith(_GZIP):
        return closing(cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=raw, mode="rb"), BUFFER)))
    if magic == _PARQUET:
        from probe.store.parquet import kept_lines

        return closing(cast(BinaryIO, io.BufferedReader(_Joined(kept_lines(source)), BUFFER)))
    if magic == _ZSTD:
        return closing(cast(BinaryIO, io.BufferedReader(_zstd_reader(raw, source.name), BUFFER)))
    return nullcontext(cast(BinaryIO, raw))


def _zstd_reader(raw: IO[bytes], name: str) -> "io.RawIOBase":
    """A reader of zstd data: Python's own library (3.14) or its backport."""
    zstd = _zstd_library()
    if zstd is None:
        raise UnreadableError(f"{name}: reading .zst needs one more package: pip install backports.zstd")
    return _ZstdReader(zstd.ZstdFile(raw, mode="rb"), zstd.ZstdError)


def _zstd_library() -> Any:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


class _ZstdReader(io.RawIOBase):
    """Passes bytes through and turns the library's own exception into the OSError that readers expect."""

    def __init__(self, stream: Any, error: type[Exception]) -> None:
        self._stream, self._error = stream, error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._stream.readinto(buffer))
        except self._error as error:
            raise OSError(f"damaged zstd data: {error}") from error

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Joined(io.RawIOBase):
    """Lines as the stream they came from."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._rest = parts, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._parts, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
