"""The shorthand of instances written out: a domain becomes the few endpoints that say whether it is there and itself.

Volunteers pay for every request: three checks an instance, all of them small, unless the list asks for others.
"""

from collections.abc import Iterable
from typing import NamedTuple

from probe.model.target import Endpoint, Expect, Need, Role, RollupRule


class Check(NamedTuple):
    """One ready-made endpoint. `domain_at` is the JSON path at which the server must name its own domain."""

    role: Role
    path: str
    domain_at: str = ""
    json_has: tuple[str, ...] = ()
    required: bool = False


CHECKS = {
    "api": Check(Role.API, "/api/v2/instance", domain_at="domain", required=True),
    "api_v1": Check(Role.API, "/api/v1/instance", domain_at="uri", required=True),
    "nodeinfo": Check(Role.NODEINFO, "/.well-known/nodeinfo", json_has=("links",)),
    "web": Check(Role.WEB, "/"),
}
"""`api` is Mastodon's from 4.0 on, `api_v1` the older one, which newer servers still answer
(docs.joinmastodon.org/methods/instance); `nodeinfo` is that of every fediverse server (nodeinfo.diaspora.software)."""

SOFTWARE = {
    "mastodon": ("api", "nodeinfo", "web"),
    "mastodon_3": ("api_v1", "nodeinfo", "web"),
    "other": ("nodeinfo", "web"),
}
"""The checks of each kind of server. `mastodon_3`: before 4.0, and forks of that age."""
DEFAULT_SOFTWARE = "mastodon"
CATEGORY = "fediverse"
"""The category of an instance that names none."""


def checks_of(
    domain: str, checks: Iterable[str], valid_from: str | None = None, valid_to: str | None = None
) -> tuple[Endpoint, ...]:
    """The endpoints of an instance at `domain`, in the order of `checks` (keys of CHECKS).

    Of several that ask for the same, none is required: the roll-up wants any of them.
    """
    chosen = [(name, CHECKS[name]) for name in dict.fromkeys(checks)]
    alone = sum(check.required for _, check in chosen) == 1
    return tuple(
        Endpoint(
            id=name,
            role=check.role,
            url=f"https://{domain}{check.path}",
            required=check.required and alone,
            expect=_expect(check, domain),
            valid_from=valid_from,
            valid_to=valid_to,
        )
        for name, check in chosen
    )


def _expect(check: Check, domain: str) -> Expect:
    return Expect(json_equals={check.domain_at: domain} if check.domain_at else {}, json_has=check.json_has)


def merged(checks: Iterable[Endpoint], written: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """The ready-made endpoints and those of the list; a written one stands in the place of a check with its id."""
    endpoints = {endpoint.id: endpoint for endpoint in checks}
    endpoints.update((endpoint.id, endpoint) for endpoint in written)
    return tuple(endpoints.values())


def rollup_of(endpoints: Iterable[Endpoint]) -> tuple[RollupRule, ...]:
    """What makes an instance reached: any API that names its domain; without one, its nodeinfo; else all."""
    roles = {endpoint.role for endpoint in endpoints}
    role = next((role for role in (Role.API, Role.NODEINFO) if role in roles), None)
    return (RollupRule(),) if role is None else (RollupRule(role=role, need=Need.ANY),)
