"""Which network an address belongs to, by a table that the user brought: `--asn-table FILE`. Contacts nobody.

Reads CSV with commas or tabs (`start,end,asn[,name]` as iptoasn.com and IPinfo write it, `network,asn[,name]` as
GeoLite2 does, with or without a header) and MaxMind's mmdb. Where ranges lie in one another, the smallest one counts.
"""

import csv
import ipaddress
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO

_COLUMNS = {
    "start": {"start", "start_ip", "range_start", "ip_from", "first"},
    "end": {"end", "end_ip", "range_end", "ip_to", "last"},
    "network": {"network", "prefix", "cidr"},
    "asn": {"asn", "as", "as_number", "autonomous_system_number"},
    "name": {"name", "as_name", "as_description", "description", "autonomous_system_organization"},
}
_LONGEST_NAME = 80


class Network(NamedTuple):
    """A network: its number, and its name, which may be empty."""

    asn: int
    name: str

    def __str__(self) -> str:
        return f"AS{self.asn} ({self.name})" if self.name else f"AS{self.asn}"


class AsnTable(Protocol):
    """A table of networks. `name` is that of its file, without the folders above."""

    name: str

    def lookup(self, address: str) -> Network | None:
        """The network of an address; None if the table does not have it, or it is no address."""


class AsnTableError(ValueError):
    """A table that cannot be used; the message names file, line and what is wrong."""


def load(path: Path) -> AsnTable:
    """The table in a file; read again only if the file has changed. Raises AsnTableError."""
    try:
        found = path.stat()
    except OSError as error:
        raise AsnTableError(f"{path}: {error.strerror or error}") from error
    return _load(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1)
def _load(path: Path, _changed: int, _size: int) -> AsnTable:
    if path.suffix.lower() == ".mmdb":
        return _open_mmdb(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _Ranges(path, file)
    except OSError as error:
        raise AsnTableError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise AsnTableError(f"{path}: neither UTF-8 text nor .mmdb ({error.reason})") from error


class _Ranges:
    """A table of ranges, in arrays: half a million of them take some 40 MB. Asked once or twice a run, it is searched
    from end to end (some 15 ms), so ranges may come in any order and lie in one another."""

    def __init__(self, path: Path, lines: TextIO) -> None:
        self._v4 = (array("I"), array("I"), array("I"))
        self._v6: tuple[list[int], list[int], array[int]] = ([], [], array("I"))
        self._names: dict[int, str] = {}
        self.name = path.name[:_LONGEST_NAME]
        self._read(path, lines)
        if not self._names:
            raise AsnTableError(f"{path}: no ranges in it; write lines such as 1.0.0.0,1.0.0.255,13335,CLOUDFLARENET")

    def lookup(self, address: str) -> Network | None:
        """The network of the smallest range that has the address."""
        try:
            wanted = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return None
        starts, ends, asns = self._v4 if wanted.version == 4 else self._v6
        value = int(wanted)
        within = [i for i, start in enumerate(starts) if start <= value <= ends[i]]
        if not within:
            return None
        smallest = min(within, key=lambda i: ends[i] - starts[i])
        return Network(asns[smallest], self._names[asns[smallest]])

    def _read(self, path: Path, lines: TextIO) -> None:
        columns: dict[str, int] = {}
        for number, row in _rows(path, lines):
            try:
                if not columns:
                    columns = _named_columns(row) or _usual_columns(row)
                    if _named_columns(row):
                        continue
                self._take(row, columns)
            except IndexError:
                raise AsnTableError(f"{path}:{number}: {len(row)} columns are too few") from None
            except ValueError as error:
                raise AsnTableError(f"{path}:{number}: {error}") from error

    def _take(self, row: Sequence[str], columns: dict[str, int]) -> None:
        start, end, version = _range(row, columns)
        number = row[columns["asn"]].upper().removeprefix("AS") or "0"
        if not (number.isascii() and number.isdigit() and int(number) < 2**32):
            raise ValueError(f"{row[columns['asn']]!r} is no network number")
        asn = int(number)
        if asn == 0:  # iptoasn's word for a range that nobody routes
            return
        kept = self._v4 if version == 4 else self._v6
        for values, value in zip(kept, (start, end, asn), strict=True):
            values.append(value)
        if asn not in self._names:
            at = columns.get("name", len(row))
            self._names[asn] = row[at][:_LONGEST_NAME] if at < len(row) else ""


def _rows(path: Path, lines: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The rows that are no comments, with their line numbers. Tabs separate where there are any."""
    delimiter = "\t" if "\t" in lines.read(4096) else ","
    lines.seek(0)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for row in reader:
            if any(row) and not row[0].startswith("#"):
                yield reader.line_num, [field.strip() for field in row]
    except csv.Error as error:
        raise AsnTableError(f"{path}:{reader.line_num}: {error}") from error


def _named_columns(row: Sequence[str]) -> dict[str, int]:
    """Where each column is, if this row is a header; empty if it is none. Raises ValueError for one that lacks some."""
    places = {name.lower(): place for place, name in reversed(list(enumerate(row)))}
    found = {ours: places[name] for ours, names in _COLUMNS.items() for name in names if name in places}
    if not found:
        return {}
    if "asn" not in found or ("network" not in found and not {"start", "end"} <= set(found)):
        raise ValueError("the header names no network (or start and end) and asn")
    return found


def _usual_columns(row: Sequence[str]) -> dict[str, int]:
    """Where each column is in a table without a header. iptoasn.com has a country before the name."""
    if "/" in row[0]:
        return {"network": 0, "asn": 1, "name": 2}
    country = len(row) > 4 and len(row[3]) == 2 and row[3].isalpha()
    return {"start": 0, "end": 1, "asn": 2, "name": 4 if country else 3}


def _range(row: Sequence[str], columns: dict[str, int]) -> tuple[int, int, int]:
    """First and last address as numbers, and the version of IP."""
    if "network" in columns:
        network = ipaddress.ip_network(row[columns["network"]])
        return int(network.network_address), int(network.broadcast_address), network.version
    start, end = _address(row[columns["start"]]), _address(row[columns["end"]])
    if start.version != end.version or int(start) > int(end):
        raise ValueError(f"{start} to {end} is no range")
    return int(start), int(end), start.version


_address = ipaddress.ip_address


class _Mmdb:
    """MaxMind's format, in the field names of GeoLite2 ASN and of IPinfo."""

    def __init__(self, path: Path, reader: Any) -> None:
        self._reader = reader
        self.name = path.name[:_LONGEST_NAME]

    def lookup(self, address: str) -> Network | None:
        """The network of an address."""
        try:
            found = self._reader.get(address.partition("%")[0])
        except (ValueError, RuntimeError):  # no address, IPv6 in a table of IPv4; a file damaged just there
            return None
        if not isinstance(found, dict):
            return None
        number = str(found.get("autonomous_system_number") or found.get("asn") or "").upper().removeprefix("AS")
        name = str(found.get("autonomous_system_organization") or found.get("name") or found.get("as_name") or "")
        return Network(int(number), name[:_LONGEST_NAME]) if number.isascii() and number.isdigit() else None


def _open_mmdb(path: Path) -> AsnTable:
    try:
        import maxminddb
    except ImportError:
        raise AsnTableError(f"{path}: reading .mmdb needs one more package: pip install 'probe[mmdb]'") from None
    try:
        return _Mmdb(path, maxminddb.open_database(path))
    except OSError as error:
        raise AsnTableError(f"{path}: {error.strerror or error}") from error
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise AsnTableError(f"{path}: not an .mmdb file: {error}") from error
