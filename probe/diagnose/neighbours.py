"""Addresses that are near each other: two answers of one operator often are, however they differ. Asks no registry."""

import ipaddress
from collections.abc import Iterable


def apart(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether both have addresses, and no two of them are neighbours."""
    mine, theirs = {_network(a) for a in some}, {_network(a) for a in others}
    return bool(mine and theirs) and not mine & theirs


def _network(address: str) -> str:
    """A coarse neighbourhood: /16 of IPv4, /32 of IPv6."""
    if ":" in address:
        return ":".join(ipaddress.ip_address(address).exploded.split(":")[:2])
    return ".".join(address.split(".")[:2])
