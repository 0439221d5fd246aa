"""URLs as the probe needs them: scheme, A-label host, port, and where a `Location` leads. Opens no connection.

Everything here may come from a server: a URL that cannot be used is None, never an exception.
"""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

import httpx
import idna

DEFAULT_PORTS = {"https": 443, "http": 80, "quic": 443}
MAX_URL = 8192
"""Characters; longer URLs are not followed (RFC 9110 section 4.1 recommends to support 8000)."""

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")


class Where(NamedTuple):
    """A URL taken apart. `host` is in A-labels and lower case, or a literal address without brackets."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def is_address(self) -> bool:
        """Whether the host is a literal address: nothing to resolve, no SNI to send (RFC 6066 section 3)."""
        return is_address(self.host)


@lru_cache(maxsize=1024)
def _taken_apart(url: str) -> httpx.URL:
    """Asked once to plan and once to fetch. Raises httpx.InvalidURL."""
    return httpx.URL(url)


def authority_and_target(url: str) -> tuple[bytes, bytes]:
    """What a request for `url` puts into Host (or `:authority`) and into its first line (or `:path`).

    Raises httpx.InvalidURL for what `parse` refuses.
    """
    parsed = _taken_apart(url)
    return parsed.netloc, parsed.raw_path


@lru_cache(maxsize=4096)
def is_address(host: str) -> bool:
    """Whether `host` is a literal IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def a_labels(host: str) -> str | None:
    """`host` as it goes on the wire: lower case, IDNA A-labels (RFC 5891); None if it is no host name."""
    host = host.removesuffix(".").lower()
    if is_address(host):
        return host
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    return host if _HOST.fullmatch(host) else None


def parse(url: str) -> Where | None:
    """Take an absolute URL apart; None if we cannot use it."""
    if len(url) > MAX_URL:
        return None
    try:
        parsed = _taken_apart(url)
        host, port = a_labels(parsed.host), parsed.port
    except (httpx.InvalidURL, ValueError, idna.IDNAError):
        return None
    port = port if port is not None else DEFAULT_PORTS.get(parsed.scheme, 53 if parsed.scheme == "dns" else None)
    if host is None or port is None or not 0 < port < 65536:
        return None
    return Where(url=str(parsed), scheme=parsed.scheme, host=host, port=port)


def follow(base: Where, location: str) -> Where | None:
    """Where a `Location` header leads from `base` (RFC 9110 section 10.2.2); None if it is no http or https URL."""
    if len(location) > MAX_URL or not location.strip():
        return None
    try:
        reference = httpx.URL(location.strip())
        if reference.scheme and not reference.host:
            return None  # to be rejected: RFC 9110 section 4.2.1
        joined = str(httpx.URL(base.url).join(reference).copy_with(fragment=None))
    except (httpx.InvalidURL, ValueError, idna.IDNAError):
        return None
    where = parse(joined)
    return where if where is not None and where.scheme in ("http", "https") else None
