"""Which endpoint URLs the probe can measure, and what to say of the others. Opens nothing, resolves nothing.

Stricter than `net.url`, which has to live with what servers send: here a person can still be asked to mend it. A test
holds both to the same answer on everything accepted here.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import idna

from probe.targets.problems import nearest, quote

SCHEMES = {"https": 443, "http": 80, "tcp": None, "dns": None, "quic": None}
"""What we can probe, and the port that may be left out."""
MAX_URL = 2048

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_CREDENTIALS = re.compile(r"(?<=//)[^/?#]*@")

Mistake = tuple[str, str]
"""What is wrong, and the fix."""


def is_host(name: str) -> bool:
    """Whether `name` is a host name (RFC 1123, underscores allowed, U-labels by IDNA 2008) or a literal address."""
    name = name.lower().removesuffix(".")
    if _is_address(name):
        return True
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            return False
    labels = name.split(".")
    return len(name) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def is_domain(name: str) -> bool:
    """Whether `name` is a host name of at least two labels, and no address."""
    return "." in name.removesuffix(".") and is_host(name) and not _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return "%" not in name


def url_mistake(url: str) -> Mistake | None:
    """What is wrong with an endpoint's URL, or None. Credentials are never quoted back."""
    shown = quote(_CREDENTIALS.sub("…@", url))
    for mistake in (_bad_text(url), _bad_scheme(url)):
        if mistake:
            return f"url {shown} {mistake[0]}", mistake[1]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"url {shown} cannot be taken apart", _split_fix(error)
    mistake = _bad_host(parts) or _bad_port(parts.scheme, port) or _bad_rest(parts)
    return (f"url {shown} {mistake[0]}", mistake[1]) if mistake else None


def _bad_text(url: str) -> Mistake | None:
    if any(c.isspace() or not c.isprintable() for c in url):
        return "holds a space or a control character", "remove it, or write a space as %20"
    if "\\" in url:
        return "holds a backslash", 'write "/"'
    if len(url) > MAX_URL:
        return f"is longer than {MAX_URL} characters", "shorten it"
    return None


def _bad_scheme(url: str) -> Mistake | None:
    scheme, separator, rest = url.partition("://")
    known = ", ".join(SCHEMES)
    if separator and scheme in SCHEMES:
        return None
    if not separator:
        example = f'"https://{url}"' if is_host(url.partition("/")[0]) else '"https://…"'
        return f"has no scheme; we can probe {known}", f"write {example}"
    close = nearest(scheme, SCHEMES)
    fix = f'did you mean "{close}://{rest}"?' if close else f'write "https://{rest}"'
    return f"has no scheme we can probe ({known})", fix if len(rest) < MAX_URL // 16 and "@" not in rest else ""


def _split_fix(error: ValueError) -> str:
    return (
        "a port is a number from 1 to 65535"
        if "ort" in str(error)
        else "write an IPv6 address in brackets, [2001:db8::1]"
    )


def _bad_host(parts: SplitResult) -> Mistake | None:
    if "@" in parts.netloc:
        return "holds a user name or password", "remove it: the list and the results are read by others"
    host = parts.hostname or ""
    if not host:
        return "has no host", f'write "{parts.scheme}://example.org"'
    if not is_host(host):
        return f"has a host that is no host name ({quote(host)})", "use letters, digits, hyphens and dots"
    if parts.scheme == "dns" and _is_address(host):
        return "asks the DNS for an address", 'write a name, as in "dns://example.org"'
    return None


def _bad_port(scheme: str, port: int | None) -> Mistake | None:
    if scheme == "dns":
        fix = "remove it: the run's resolvers are asked, on their own ports"
        return ("names a port, which a name has not", fix) if port is not None else None
    if port is None:
        default = SCHEMES[scheme]
        return None if default else ("has no port", f'write "{scheme}://host:443"')
    return ("has port 0", "a port is a number from 1 to 65535") if port == 0 else None


def _bad_rest(parts: SplitResult) -> Mistake | None:
    if parts.fragment:
        return "has a fragment, which is never sent", 'remove "#" and what follows'
    if parts.scheme not in ("http", "https") and (parts.path.strip("/") or parts.query):
        return "has a path, which only http and https know", 'end it after the host and port, or use "https"'
    return None
