"""Seals: what a finished run's file held, told by a file beside it that never changes. Knows one seal, its name and the
hashes in it; `sealing` makes them, `verify` asks whether everything still agrees.

`<run_id>.<number>.<hash>.seal` is a JSON object: counts, the SHA-256 of the file (what `sha256sum` says of it), a short
hash of each line, so that the first bad one can be named, and the SHA-256 of the vantage's seal before it. The name
carries the first digits of the seal's own SHA-256, so a listing of names tells which seals are there. A run that is
resumed gets another seal, which names the one it replaces; the old one stays, and the chain goes on.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import msgspec

from probe.model.measurement import Software
from probe.store.durable import reason
from probe.store.journal import JournalError
from probe.store.layout import SEAL, vantage_error
from probe.store.lines import LINE_LIMIT

SEAL_VERSION = 1
SEAL_LIMIT = 64 * 1024 * 1024
"""Bytes of a seal that are read; 20 a line make room for three million lines."""
LINE_DIGITS = 16
"""Hexadecimal digits kept of each line's SHA-256: they find the line, the whole file's hash proves it."""
_HASH = r"[0-9a-f]{64}"
_NAME = re.compile(
    r"(?P<run>\d{8}T\d{6}Z-.+-[0-9a-f]{4})\.(?P<number>[1-9]\d{0,8})\.(?P<digits>[0-9a-f]{16})\.seal", re.A
)


class Ended(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    INCOMPLETE = "incomplete"  # it came to its end, but its bytes or seconds did not suffice for the whole plan
    UNKNOWN = "unknown"  # found without a seal later: killed, or written before there were seals


class SealError(JournalError):
    """A file cannot be sealed, or a seal cannot be read. The records are not touched."""


Hash = Annotated[str, msgspec.Meta(pattern=f"^{_HASH}$")]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One seal. `number` counts the seals of the vantage from 1; `previous` is the SHA-256 of seal `number - 1`, null
    for the first; `replaces` that of the run's seal before, null if it had none. `resumed`: lines were added to a run
    that had ended. `first` and `last` are the times of the records. `sha256` is of all bytes of the file,
    `records_sha256` of the lines that are records, newlines included: the same unless a line is torn. `lines` are the
    first digits of the SHA-256 of each line, newline included.
    """

    seal: int = SEAL_VERSION
    run_id: str
    vantage: str
    number: Annotated[int, msgspec.Meta(ge=1)]
    previous: Hash | None
    replaces: Hash | None
    ended: Ended
    resumed: bool
    sealed: str
    sealed_by: str
    file: str
    bytes: Count
    records: Count
    first: str | None
    last: str | None
    verdicts: dict[str, int]
    target_lists: tuple[str, ...]
    software: tuple[Software, ...]
    sha256: Hash
    records_sha256: Hash
    lines: tuple[str, ...]


class SealName(NamedTuple):
    """What a seal's name says."""

    run_id: str
    number: int
    digits: str

    def __str__(self) -> str:
        return f"{self.run_id}.{self.number}.{self.digits}{SEAL}"

    @property
    def vantage(self) -> str:
        """The vantage in the run id."""
        return self.run_id[17:-5]


class Kept(NamedTuple):
    """A seal on disk: where, the SHA-256 of its bytes, what it says."""

    path: Path
    sha256: str
    seal: Seal


def named(name: str) -> SealName | None:
    """What a file name says, None if it is no seal's. The vantage in it is safe in a path."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    parsed = SealName(found["run"], int(found["number"]), found["digits"])
    return parsed if vantage_error(parsed.vantage) is None else None


def line_hash(line: bytes) -> str:
    """The short hash of one line, newline included."""
    return hashlib.sha256(line).hexdigest()[:LINE_DIGITS]


def raw_lines(stream: BinaryIO) -> Iterator[bytes]:
    """All bytes of a stream, line by line; a line longer than LINE_LIMIT comes in pieces."""
    while data := stream.readline(LINE_LIMIT):
        yield data


def read_seal(path: Path) -> Kept:
    """The seal in a file. Raises SealError that names the file and what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(SEAL_LIMIT + 1)
    except OSError as error:
        raise SealError(path, f"cannot be read: {reason(error)}") from error
    return parsed_seal(path, data)


def parsed_seal(path: Path, data: bytes) -> Kept:
    """The seal in these bytes, which lie at `path`, or will. Raises SealError."""
    name, digest = named(path.name), hashlib.sha256(data).hexdigest()
    if name is None:
        raise SealError(path, "the name is no seal's")
    if len(data) > SEAL_LIMIT:
        raise SealError(path, f"longer than {SEAL_LIMIT} bytes")
    if not digest.startswith(name.digits):
        raise SealError(
            path, f"the seal was changed: its SHA-256 begins with {digest[:16]}, its name says {name.digits}"
        )
    try:
        seal = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SealError(path, f"not a seal: {error}") from error
    if seal.seal != SEAL_VERSION:
        raise SealError(path, f"seal version {seal.seal} is not {SEAL_VERSION}, which this probe reads")
    said = (seal.run_id, seal.number, seal.vantage, seal.file)
    if said != (name.run_id, name.number, name.vantage, f"{name.run_id}.jsonl"):
        raise SealError(path, "the seal is of another run than its name says")
    return Kept(path, digest, seal)


class Digest:
    """Hashes of a file, taken line by line."""

    def __init__(self) -> None:
        self.all, self.sound = hashlib.sha256(), hashlib.sha256()
        self.bytes = self.records = 0
        self.lines: list[str] = []
        self.times: list[str] = []
        self.verdicts: Counter[str] = Counter()
        self.target_lists: dict[str, None] = {}
        self.software: dict[Software, None] = {}

    def add(self, line: bytes) -> None:
        """One line, newline included."""
        self.all.update(line)
        self.bytes += len(line)
        self.lines.append(line_hash(line))
        try:
            record = _record_decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return  # a torn line: it is in the file and in no report
        self.sound.update(line)
        self.records += 1
        self.times.append(record.time)
        self.verdicts[record.verdict] += 1
        self.target_lists[record.target_list] = None
        self.software[record.software] = None


class _Record(msgspec.Struct):
    """What a seal tells of a record."""

    id: str
    time: str
    verdict: str
    target_list: str
    software: Software


_record_decoder = msgspec.json.Decoder(_Record)
_decoder = msgspec.json.Decoder(Seal)
