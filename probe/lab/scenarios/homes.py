"""Worlds of a second search, continued: resolvers that people chose, lines that fail in part, references that are cut.

As in `worlds`, what is true was written down before it was first played.
"""

from functools import partial

import msgspec

from probe.lab.rule import Drop, Reset, Rule
from probe.lab.scenarios.base import (
    REFERENCES,
    SITE,
    THREE,
    THREE_ADDRESSES,
    at_sni,
    at_syn,
    base_world,
    http,
    lie,
    resolver,
)
from probe.lab.scenarios.scenario import Scenario, Section
from probe.lab.scenarios.worlds import beyond
from probe.lab.world import Answer, Client, Host, Lie, Response, Route, Site, World
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict

_GONE, _ADS = "gone.example", "61.145.20.20"
_FAMILY = "1.1.1.3"
_FOREIGN = ("142.250.66.67", "2404:6800:4005::67")


def _rewriting() -> World:
    """The ISP's resolver leads every name that does not exist to a page of advertisements."""
    searching = Response(body=b"<html><head><title>Did you mean...</title></head><body>Sponsored results</body></html>")
    ads = Host(name="ads", addresses=(_ADS,), services=(http(Site(names=("*",), routes=(Route(response=searching),))),))
    known = (*lie(Answer(addresses=(_ADS,)), _GONE), *lie(Answer(addresses=(_ADS,)), "nx-*.*"))
    return base_world(ads, isp_lies=known)


def _filtered(answer: Answer) -> World:
    """The machine asks a public resolver that filters for families, as its owner wished."""
    service = resolver(Lie(names=(SITE,), answer=answer))
    chosen = Host(name="family", addresses=(_FAMILY,), services=(service,), hops=8)
    return base_world(chosen, client=Client(resolvers=(_FAMILY,)))


def _resolvers() -> tuple[Scenario, ...]:
    gone = partial(beyond, number=10, world=_rewriting(), verdict=Verdict.DOWN)
    chosen = partial(beyond, number=50, section=Section.DNS, verdict=Verdict.BLOCKED, also=(Verdict.ANOMALY,),
                     layers=(Layer.DNS,), at_most=Certainty.POSSIBLE,
                     note="Nothing on the path did it: whoever set this resolver asked for a filter.")  # fmt: skip
    return (
        *(
            gone(
                name=f"gone-and-rewritten-{scheme}", url=f"{scheme}://{_GONE}/", title="name does not exist anywhere, "
                f"and our resolver leads every such name to advertisements, {scheme}",
                note="A resolver that does so for a name nobody ever had does it for all.",
            )
            for scheme in ("http", "https")
        ),
        chosen(
            name="family-resolver-null", title="a public resolver for families, chosen by the user, says 0.0.0.0",
            world=_filtered(Answer(addresses=("0.0.0.0",))),  # noqa: S104  an answer
            mechanisms=(Mechanism.DNS_BOGON,),
        ),
        chosen(
            name="family-resolver-nxdomain", title="a public resolver for families, chosen by the user, says NXDOMAIN",
            world=_filtered(Answer(rcode="NXDOMAIN")), mechanisms=(Mechanism.DNS_NXDOMAIN,),
        ),
    )  # fmt: skip


def _references() -> tuple[Scenario, ...]:
    """References that are blocked themselves."""
    one = at_syn(Drop(), *_FOREIGN, id="reference")
    all_foreign = tuple(a for name in REFERENCES for a in REFERENCES[name][1] if REFERENCES[name][0] != "CN")
    every = at_syn(Drop(), *all_foreign, id="references")
    return (
        beyond(number=34, name="reference-blocked", title="one of two foreign references is blocked, the site is not",
              rules=(one,), verdict=Verdict.OK, fitness=None),
        beyond(
            number=62, section=Section.TLS, name="reference-blocked-too", title="one of two foreign references is "
            "blocked, and the site by SNI", rules=(one, at_sni(Reset())), verdict=Verdict.BLOCKED, layers=(Layer.TLS,),
            mechanisms=(Mechanism.SNI_RESET,), fitness=None,
        ),
        beyond(number=34, name="references-blocked", title="all foreign references are blocked, the site is not",
              rules=(every,), verdict=Verdict.OK, fitness=None),
        beyond(
            number=34, name="references-blocked-too", title="all foreign references are blocked, and the site by SNI",
            rules=(every, at_sni(Reset())), verdict=Verdict.INSUFFICIENT, fitness=None, hop=None,
            note="Another foreign place answers: it is no outage. But nothing vouches for the line.",
        ),
    )  # fmt: skip


def _lines() -> tuple[Scenario, ...]:
    """A name server question whose answer cannot be tried."""
    named = partial(beyond, section=Section.DNS, url=f"dns://{SITE}", layers=(Layer.DNS,), verdict=Verdict.BLOCKED)
    return (
        named(
            number=38, name="dns-endpoint-bogon", title="an endpoint that is a name alone: our resolver says 127.0.0.1",
            world=base_world(isp_lies=lie(Answer(addresses=("127.0.0.1",)))), mechanisms=(Mechanism.DNS_BOGON,),
        ),
        beyond(
            number=22, name="first-connections-dropped", title="a home router drops the first two connections to each "
            "address", url=f"https://{THREE}/", verdict=Verdict.OK,
            rules=(_early(THREE_ADDRESSES),),
        ),
    )  # fmt: skip


def _early(where: tuple[str, ...]) -> Rule:
    rule = at_syn(Drop(), *where, id=f"early-{where[0]}")
    return msgspec.structs.replace(rule, match=msgspec.structs.replace(rule.match, nth=(0, 1)))


def scenarios() -> tuple[Scenario, ...]:
    """The worlds of homes, by number."""
    every = (*_resolvers(), *_references(), *_lines())
    return tuple(sorted(every, key=lambda each: each.number))
