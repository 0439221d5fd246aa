"""Addresses that no public service can have (RFC 6890 and the IANA special-purpose registries)."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=4096)
def is_bogon(address: str) -> bool:
    """Whether `address` is not globally reachable: private, loopback, link-local, documentation, reserved, 0.0.0.0.

    An IPv4 address mapped into IPv6 is judged as the IPv4 address. Text that is no address is a bogon too.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return True
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return not parsed.is_global or parsed.is_multicast
