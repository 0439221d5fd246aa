"""Section A, continued: the vantage itself is odd or unfit. What is wrong is with us, and it is named."""

from functools import partial

from probe.lab.rule import Drop, Match, Phase, Reroute, Rule, Stage
from probe.lab.scenarios.base import DEAD, DUAL, HTTPS, ISP, SITE, base_world, page, site, web, with_site
from probe.lab.scenarios.scenario import Scenario, Section
from probe.lab.world import Client, Response, Route, addresses
from probe.model.diagnosis import Fitness, Verdict

_make = partial(Scenario, section=Section.INNOCENT)
_YEARS = 2 * 365 * 86400.0


def _families() -> tuple[Scenario, ...]:
    stall = Rule(id="v6-stall", match=Match(stage=Stage.DATA, family=6), effect=Drop())
    only6 = base_world(web("six", ("2a01:4f9:2b:2::60",), site("six.example")),
                       zone=addresses("six.example", ("2a01:4f9:2b:2::60",)),
                       client=Client(resolvers=(ISP,), ipv6=False))  # fmt: skip
    return (
        _make(
            number=24,
            name="no-ipv6-route",
            title="no IPv6 route at the vantage",
            world=base_world(client=Client(resolvers=(ISP,), ipv6=False)),
            url=f"https://{DUAL}/",
            verdict=Verdict.OK,
        ),
        _make(
            number=25,
            name="ipv6-half-broken",
            title="IPv6 connects and then stalls, for every target",
            world=base_world(),
            url=f"https://{DUAL}/",
            rules=(stall,),
            verdict=Verdict.OK,
            fitness=Fitness.IPV6_BROKEN,
            note="References over IPv6 stall too, so it is the vantage; the site is reached over IPv4.",
        ),
        _make(
            number=26,
            name="ipv6-only-site",
            title="IPv6-only site at an IPv4-only vantage",
            world=only6,
            url="https://six.example/",
            verdict=Verdict.INSUFFICIENT,
            hop=None,
        ),
    )


def _unfit() -> tuple[Scenario, ...]:
    """The vantage cannot measure: nothing may be concluded about the site, and the reason is named."""
    domestic = [address for host in base_world().hosts if host.country == "CN" for address in host.addresses]
    abroad = [address for host in base_world().hosts if host.country != "CN" for address in host.addresses]
    assert not set(domestic) & set(abroad)  # noqa: S101  the two lists make the scenario
    portal = tuple(
        Rule(id=f"portal-{port}", match=Match(stage=Stage.TCP, ports=(port,)), effect=Reroute(host="portal"))
        for port in (80, 443)
    )
    waiting = Route(path="/", response=Response(body=page(SITE), delay=4.0))
    unfit = partial(_make, url=HTTPS, verdict=Verdict.INSUFFICIENT, hop=None)
    return (
        unfit(
            number=31,
            name="clock-wrong",
            title="client clock wrong by two years",
            world=base_world(client=Client(resolvers=(ISP,), clock_offset=_YEARS)),
            fitness=Fitness.CLOCK_WRONG,
            note="Every certificate looks expired. The clock comes through the seam: no substrate can set it.",
        ),
        unfit(
            number=32,
            name="captive-portal",
            title="captive portal answers everything",
            world=base_world(),
            rules=portal,
            fitness=Fitness.CAPTIVE_PORTAL,
            note="Port 80 of every address is the portal's; its 443 is closed.",
        ),
        unfit(
            number=33,
            name="network-down-midway",
            title="network down in the middle of a run",
            world=with_site(site(SITE, waiting)),
            script=(Phase(start=0.0), Phase(start=2.0, rules=(DEAD,))),
            fitness=Fitness.OFFLINE,
            note="The site takes 4 s to answer; the network dies 2 s into the run, after the references' first turn.",
        ),
        unfit(
            number=34,
            name="international-outage",
            title="only domestic references answer",
            world=base_world(),
            rules=(Rule(id="abroad", match=Match(stage=Stage.IP, addresses=tuple(abroad)), effect=Drop()),),
            fitness=Fitness.INTERNATIONAL_OUTAGE,
            note="The control is abroad as well. The ISP's resolver answers for foreign names, as real ones do from "
            "cache.",
        ),
        unfit(
            number=35,
            name="vpn",
            title="VPN: egress is not the declared ASN",
            world=base_world(client=Client(resolvers=(ISP,), country="NL", asn=9009)),
            verdict=Verdict.INSUFFICIENT,
            fitness=Fitness.VANTAGE_MISMATCH,
            note="Measured well, but not from where it is said to be; asks a what-is-my-address page "
            "(base.EGRESS_URL).",
        ),
    )


def scenarios() -> tuple[Scenario, ...]:
    """The part of section A that is about the vantage."""
    return (*_families(), *_unfit())
