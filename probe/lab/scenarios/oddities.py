"""Worlds beyond the list, continued: vantages, resolvers, controls and moments that are odd, and look like a block.

As in `worlds`, what is true was written down before it was first played.
"""

from functools import partial

import msgspec

from probe.lab.rule import Drop, Match, Phase, Reroute, Reset, Rule, Stage
from probe.lab.scenarios.base import (
    DOH_ADDRESS,
    HTTP,
    REFERENCES,
    RESOLVERS,
    SITE,
    SITE_ADDRESS,
    THREE,
    THREE_ADDRESSES,
    at_sni,
    at_syn,
    base_world,
    lie,
    page,
    site,
    web,
    with_site,
)
from probe.lab.scenarios.scenario import Scenario, Section
from probe.lab.scenarios.worlds import beyond
from probe.lab.world import (
    Answer,
    Client,
    Host,
    Lie,
    Response,
    Route,
    ServiceKind,
    Site,
)
from probe.model.diagnosis import Certainty, Fitness, Layer, Mechanism, Verdict


def _passing() -> tuple[Scenario, ...]:
    """Trouble that is over by the time the others are asked, or that comes in the middle of a run."""
    fine = partial(beyond, number=23, verdict=Verdict.OK)

    def thrice(stage: Stage, effect: Reset | Drop) -> tuple[Rule, ...]:
        return (Rule(id="while", match=Match(stage=stage, addresses=(SITE_ADDRESS,), nth=(0, 1, 2)), effect=effect),)

    banned = Match(stage=Stage.TCP, addresses=(SITE_ADDRESS,), nth=tuple(range(1, 40)))
    once = Match(stage=Stage.TLS, addresses=(SITE_ADDRESS,), nth=(0,))
    waiting = Route(path="/", response=Response(body=page(SITE), delay=4.0))
    portal = tuple(
        Rule(id=f"portal-{port}", match=Match(stage=Stage.TCP, ports=(port,)), effect=Reroute(host="portal"))
        for port in (80, 443)
    )
    return (
        fine(
            name="reset-while-overloaded", title="the server resets every handshake for as long as we try, and is well "
            "again when the others are asked", rules=thrice(Stage.TLS, Reset()),
            note="Whoever was well later says nothing of the time before: we must ask again after them.",
        ),
        fine(
            name="silent-while-overloaded", title="SYNs vanish for as long as we try, and no longer when the others "
            "are asked", rules=thrice(Stage.TCP, Drop()),
        ),
        fine(
            name="hangs-up-while-overloaded", title="every request is met with a reset for as long as we try, http",
            url=HTTP, rules=thrice(Stage.HTTP, Reset()),
        ),
        beyond(
            number=23, name="banned-for-trying", title="one reset, and then the server shuts us out for trying again",
            rules=(Rule(id="once", match=once, effect=Reset()), Rule(id="ban", match=banned, effect=Drop())),
            verdict=Verdict.ANOMALY,
            note="What looks like a residual block: but the name passes at an unrelated server.",
        ),
        beyond(
            number=32, name="captive-portal-midway", title="the captive portal comes in the middle of a run",
            script=(Phase(start=0.0), Phase(start=2.0, rules=portal)), world=with_site(site(SITE, waiting)), url=HTTP,
            verdict=Verdict.INSUFFICIENT, hop=None, fitness=Fitness.CAPTIVE_PORTAL,
        ),
    )  # fmt: skip


def _undated() -> tuple[Host, ...]:
    hosts = []
    for name, (country, where, path, response) in REFERENCES.items():
        bare = msgspec.structs.replace(response, headers=(("Date", "not told"),))
        host = web(name, where, Site(names=(name,), routes=(Route(path=path, response=bare),)))
        hosts.append(msgspec.structs.replace(host, country=country))
    return tuple(hosts)


def _vantages() -> tuple[Scenario, ...]:
    """The vantage is odd in a way that its references, asked over http, do not show."""
    unfit = partial(beyond, verdict=Verdict.INSUFFICIENT, hop=None, fitness=None)
    years = 2 * 365 * 86400.0
    limited = tuple(
        msgspec.structs.replace(
            web(name, where, Site(names=(name,), routes=(Route(response=Response(status=429)),))), country=country
        )
        for name, (country, where, _, _) in REFERENCES.items()
    )
    return (
        *(
            unfit(
                number=25, name=f"no-tls-{slug}", title=f"every handshake at this vantage ends in {slug}, whatever the "
                "name", rules=(Rule(id="tls", match=Match(stage=Stage.TLS), effect=effect),),
                note="A path that loses large packets, a middlebox that knows no TLS 1.3: about the vantage.",
            )
            for slug, effect in (("silence", Drop()), ("reset", Reset()))
        ),
        unfit(
            number=31, name="clock-wrong-and-no-dates", title="client clock wrong by two years, and no reference tells "
            "the time", world=base_world(*_undated(), client=Client(resolvers=("202.96.209.133",), clock_offset=years)),
            note="Innocent certificates look expired as well.",
        ),
        unfit(
            number=32, name="references-limit-us", title="every reference answers 429: asked too often",
            world=base_world(*limited), rules=(at_sni(Reset()),),
            note="Nothing vouches for the vantage.",
        ),
    )  # fmt: skip


def _slow_names() -> tuple[Scenario, ...]:
    """A resolver that cannot find out in time, as it says to whoever waits longer."""
    late = partial(beyond, number=49, section=Section.DNS, verdict=Verdict.ANOMALY)
    return (
        late(
            name="isp-servfail-late", title="the ISP's resolver says SERVFAIL after four seconds",
            world=base_world(isp_lies=lie(Answer(rcode="SERVFAIL", delay=4.0))), also=(Verdict.DOWN,),
            note="The site's own nameservers may be out of its reach: a lame delegation, an outage, or a block there.",
        ),
        late(
            name="isp-answers-late", title="the ISP's resolver finds the address after four seconds",
            world=base_world(isp_lies=lie(Answer(addresses=(SITE_ADDRESS,), delay=4.0))), also=(Verdict.OK,),
            note="Slower than we wait, and right.",
        ),
    )  # fmt: skip


def _broken_zone() -> tuple[Scenario, ...]:
    """What every resolver asks for the name is out of order."""
    bogus = (Lie(names=(SITE,), answer=Answer(rcode="SERVFAIL", extended_error=(6, "DNSSEC Bogus"))),)
    own = base_world(isp_lies=bogus)
    hosts = tuple(
        _telling(host, bogus) if {*RESOLVERS, DOH_ADDRESS} & {*host.addresses} else host for host in own.hosts
    )
    return (
        beyond(
            number=10, name="signatures-expired", title="every resolver says SERVFAIL (DNSSEC), no control",
            world=msgspec.structs.replace(own, hosts=hosts), control=False, verdict=Verdict.DOWN, layers=(Layer.DNS,),
        ),
    )  # fmt: skip


def _telling(host: Host, lies: tuple[Lie, ...]) -> Host:
    """The host with resolvers that say this."""
    kinds = (ServiceKind.NAMESERVER, ServiceKind.DOH)
    services = (msgspec.structs.replace(s, lies=lies) if s.kind in kinds else s for s in host.services)
    return msgspec.structs.replace(host, services=tuple(services))


def _controls() -> tuple[Scenario, ...]:
    return (
        beyond(
            number=61, name="control-dies-midway", section=Section.TCP, title="SYN dropped on every address, and the "
            "control dies while we try", url=f"https://{THREE}/", rules=(at_syn(Drop(), *THREE_ADDRESSES),),
            script=(Phase(start=0.0), Phase(start=4.0, down=("control",))), verdict=Verdict.INSUFFICIENT, hop=None,
        ),
    )  # fmt: skip


def _filtered() -> tuple[Scenario, ...]:
    blocked = partial(beyond, section=Section.DNS, verdict=Verdict.BLOCKED, layers=(Layer.DNS,))
    return (
        blocked(
            number=50, name="isp-filtered", title="NXDOMAIN with an extended error 17: filtered, as the client wished",
            world=base_world(isp_lies=lie(Answer(rcode="NXDOMAIN", extended_error=(17, "family filter")))),
            mechanisms=(Mechanism.DNS_REFUSED, Mechanism.DNS_NXDOMAIN), at_most=Certainty.POSSIBLE,
            note="RFC 8914: 17 is a list that the client asked for. Possible at most.",
        ),
    )  # fmt: skip


def scenarios() -> tuple[Scenario, ...]:
    """The odd ones, by number."""
    every = (*_passing(), *_vantages(), *_slow_names(), *_broken_zone(), *_controls(), *_filtered())
    return tuple(sorted(every, key=lambda each: each.number))
