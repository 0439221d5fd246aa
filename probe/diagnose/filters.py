"""Public resolvers that are there to filter, and that nobody uses who did not choose them. A table, and how to ask it.

What such a resolver denies was asked for by whoever set it (the user, a school, a parent), not done by the network.
Those that withhold malware alone are among them: a list of theirs may be wrong about a site, and that is no block.
"""

from typing import Final

_FILTERS: Final = {
    "1.1.1.2": "Cloudflare", "1.0.0.2": "Cloudflare",
    "1.1.1.3": "Cloudflare", "1.0.0.3": "Cloudflare",
    "2606:4700:4700::1112": "Cloudflare", "2606:4700:4700::1002": "Cloudflare",
    "2606:4700:4700::1113": "Cloudflare", "2606:4700:4700::1003": "Cloudflare",
    "94.140.14.14": "AdGuard", "94.140.15.15": "AdGuard",
    "94.140.14.15": "AdGuard", "94.140.15.16": "AdGuard",
    "185.228.168.168": "CleanBrowsing", "185.228.169.168": "CleanBrowsing",
    "185.228.168.10": "CleanBrowsing", "185.228.169.11": "CleanBrowsing",
    "185.228.168.9": "CleanBrowsing", "185.228.169.9": "CleanBrowsing",
    "208.67.222.123": "OpenDNS", "208.67.220.123": "OpenDNS",
    "9.9.9.9": "Quad9", "149.112.112.112": "Quad9", "2620:fe::fe": "Quad9", "2620:fe::9": "Quad9",
}  # fmt: skip
"""Address: whose it is; of Cloudflare and OpenDNS those for families alone. From the operators' own pages."""


def bare(resolver: str) -> str:
    """The address of a resolver as records name it: `1.1.1.3:53`, `[2620:fe::fe]:53`."""
    return resolver.rpartition(":")[0].strip("[]")


def chosen_filter(resolver: str) -> bool:
    """Whether this resolver (`address:port`) filters by its purpose."""
    return bare(resolver) in _FILTERS
