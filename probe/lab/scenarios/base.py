"""The internet that the scenarios share, and the words they build their own from.

A client in China on AS4134 behind a path; its ISP's resolver; two independent resolvers over UDP and one over HTTPS; an
address that exists and runs no resolver (the canary); two domestic and two foreign references with exact answers, one
of each over IPv6 as well; a site that says what address one comes from; sites to probe; an impostor, a forwarder, a
block page's host, a captive portal; and a control proxy abroad. True resolvers answer after some milliseconds, later
than any injector on the path.
"""

import msgspec

from probe.lab.rule import Drop, Effect, ForgeDNS, Match, Reset, Rule, Stage
from probe.lab.world import (
    Answer,
    CertificateSpec,
    Client,
    Host,
    Lie,
    Record,
    Response,
    Route,
    Service,
    ServiceKind,
    Site,
    World,
    addresses,
    redirect,
)
from probe.model.target import Endpoint, Expect, Role, Target, TargetKind

ISP, RESOLVERS, DOH, DOH_ADDRESS = "202.96.209.133", ("9.9.9.9", "208.67.222.222"), "dns.google", "8.8.8.8"
DOH_URL = f"https://{DOH}/dns-query"
CANARY = "198.41.0.200"
CONTROL = "45.32.10.20"
EGRESS_URL = "http://ifconfig.example/json"

SITE, SITE_ADDRESS = "www.site.example", "104.18.30.7"
HTTPS, HTTP = f"https://{SITE}/", f"http://{SITE}/"
THREE, THREE_ADDRESSES = "three.example", ("95.216.50.60", "116.202.11.20", "51.15.70.80")
DUAL, DUAL_ADDRESSES = "dual.example", ("167.235.30.40", "2a01:4f8:241:1::20")
SHORT, SHORT_ADDRESS = "go.example", "199.232.10.1"
IMPOSTOR_ADDRESS, FORWARDER_ADDRESS, BLOCKPAGE_ADDRESS = "31.13.94.37", "47.88.20.5", "61.145.10.9"
BLOCKPAGE, PORTAL = "notice.isp.example", "portal.hotel.example"
STRANGERS = ("31.13.94.49", "108.160.165.53", "104.244.43.52", "199.59.148.20")
"""Addresses of other people's servers that forged answers name at random; no host of the lab has them."""

TEXT = "text/plain; charset=utf-8"
DEFAULT_SERVER = ("Server", "nginx/1.24.0")


def page(name: str, words: int = 300) -> bytes:
    """A page of some kilobytes that is this site's and no other's."""
    lead = f"<!doctype html><html lang=en><head><title>{name}: news and notes</title></head><body><h1>{name}</h1>"
    text = " ".join(f"{name.partition('.')[0]} paragraph {number} of today's notes." for number in range(words // 6))
    return f"{lead}<p>{text}</p></body></html>\n".encode()


BLOCK_TEXT = (
    b"<html><head><title>Access denied</title></head><body><h1>This site is blocked</h1>"
    b"<p>Access to this website is not permitted on this network.</p></body></html>\n"
)
BLOCK_RESPONSE = Response(status=200, body=BLOCK_TEXT)
LEGAL_RESPONSE = Response(
    status=451,
    headers=(("Link", f'<http://{BLOCKPAGE}/>; rel="blocked-by"'),),
    body=b"<html><head><title>Unavailable For Legal Reasons</title></head><body><h1>451</h1>"
    b"<p>Access is restricted under Article 15 of the Law on Information.</p></body></html>\n",
)


def https(*sites: Site, port: int = 443, **more: object) -> Service:
    """A TLS service of these sites."""
    return msgspec.structs.replace(Service(port=port, kind=ServiceKind.HTTPS, sites=sites), **more)


def http(*sites: Site, port: int = 80) -> Service:
    """A cleartext service of these sites."""
    return Service(port=port, kind=ServiceKind.HTTP, sites=sites)


def site(name: str, *routes: Route, certificate: CertificateSpec | None = None) -> Site:
    """A site with its page on every path that no route takes first."""
    default = Route(response=Response(body=page(name), headers=(DEFAULT_SERVER, ("X-Served-By", "origin-3"))))
    return Site(names=(name,), routes=(*routes, default), certificate=certificate or CertificateSpec())


def web(host: str, where: tuple[str, ...], *sites: Site) -> Host:
    """A host that serves sites over http and https."""
    return Host(name=host, addresses=where, services=(http(*sites), https(*sites)))


REFERENCES: dict[str, tuple[str, tuple[str, ...], str, Response]] = {
    "connect.rom.miui.com": ("CN", ("220.181.106.150", "2408:8722:1::150"), "/generate_204", Response(status=204)),
    "wifi.vivo.com.cn": ("CN", ("121.36.117.200",), "/generate_204", Response(status=204)),
    "connectivitycheck.gstatic.com": (
        "US", ("142.250.66.67", "2404:6800:4005::67"), "/generate_204", Response(status=204),
    ),
    "detectportal.firefox.com": (
        "US", ("34.107.221.82",), "/success.txt", Response(body=b"success\n", content_type=TEXT),
    ),
}  # fmt: skip
"""Name: country, addresses, path, exact answer; over http and https. Real names, since the answers are real."""


def reference_targets() -> tuple[Target, ...]:
    """The references of the base world, as a target list has them."""
    return tuple(
        Target(
            id=name,
            kind=TargetKind.REFERENCE,
            name=name,
            country=country,
            endpoints=(
                Endpoint(
                    id="check",
                    role=Role.REFERENCE,
                    url=f"http://{name}{path}",
                    required=True,
                    expect=Expect(status=(response.status,), body=response.body.decode()),
                ),
            ),
        )
        for name, (country, _, path, response) in REFERENCES.items()
    )


def _reference_hosts() -> tuple[Host, ...]:
    hosts = []
    for name, (country, where, path, response) in REFERENCES.items():
        host = web(name, where, Site(names=(name,), routes=(Route(path=path, response=response),)))
        hosts.append(msgspec.structs.replace(host, country=country))
    return tuple(hosts)


def resolver(*lies: Lie, delay: float = 0.02) -> Service:
    """A nameserver over UDP and TCP."""
    return Service(port=53, kind=ServiceKind.NAMESERVER, lies=lies, delay=delay)


def _infrastructure(isp_lies: tuple[Lie, ...]) -> tuple[Host, ...]:
    doh = Service(port=443, kind=ServiceKind.DOH, sites=(Site(names=(DOH, DOH_ADDRESS)),))
    body = b'{"ip": "{address}", "asn": {asn}, "country": "{country}"}\n'
    egress = Route(response=Response(body=body, content_type="application/json", echo=True))
    strange = ("*.facebook.com", "facebook.com")
    stranger = Site(names=strange, certificate=CertificateSpec(names=strange))
    login = Response(body=b"<html><head><title>Hotel WiFi</title></head><body>Room number, please.</body></html>\n")
    return (
        Host(name="isp", addresses=(ISP,), services=(resolver(*isp_lies, delay=0.01),), country="CN", asn=4134, hops=2),
        *(Host(name=f"resolver-{each}", addresses=(each,), services=(resolver(),), hops=14) for each in RESOLVERS),
        Host(name=DOH, addresses=(DOH_ADDRESS,), services=(resolver(), doh), hops=14, asn=15169),
        Host(name="canary", addresses=(CANARY,), services=(Service(port=53, kind=ServiceKind.SILENT),)),
        web("egress", ("34.160.111.145",), Site(names=("ifconfig.example",), routes=(egress,))),
        Host(name="impostor", addresses=(IMPOSTOR_ADDRESS,), services=(http(stranger), https(stranger)), asn=32934),
        Host(
            name="forwarder",
            addresses=(FORWARDER_ADDRESS,),
            services=(Service(port=80, kind=ServiceKind.FORWARDER), Service(port=443, kind=ServiceKind.FORWARDER)),
        ),
        Host(
            name="blockpage",
            addresses=(BLOCKPAGE_ADDRESS,),
            services=(http(Site(names=("*",), routes=(Route(response=BLOCK_RESPONSE),))),),
            country="CN",
            asn=4134,
        ),
        Host(
            name="portal",
            addresses=("120.196.1.1",),
            services=(http(Site(names=("*",), routes=(Route(response=login),))),),
            country="CN",
            hops=1,
        ),
        Host(
            name="control", addresses=(CONTROL,), services=(Service(port=1080, kind=ServiceKind.SOCKS),), country="NL"
        ),
    )


def base_world(
    *hosts: Host,
    zone: tuple[Record, ...] = (),
    client: Client | None = None,
    isp_lies: tuple[Lie, ...] = (),
) -> World:
    """The shared internet with further hosts and records. A host or name given here takes the place of the base's."""
    given = {host.name for host in hosts}
    named = {record.name for record in zone}
    own = (*_sites(), *_reference_hosts(), *_infrastructure(isp_lies))
    records = [record for record in _zone() if record.name not in named]
    return World(
        client=client or Client(resolvers=(ISP,)),
        hosts=(*hosts, *(host for host in own if host.name not in given)),
        zone=(*records, *zone),
        control="control",
    )


def _sites() -> tuple[Host, ...]:
    target = Route(response=redirect(f"https://{SITE}/story"), path="/s")
    clear = Route(response=redirect(f"http://{SITE}/story"), path="/c")
    return (
        web("site", (SITE_ADDRESS,), site(SITE)),
        web("three", THREE_ADDRESSES, site(THREE)),
        web("dual", DUAL_ADDRESSES, site(DUAL)),
        web("short", (SHORT_ADDRESS,), site(SHORT, target, clear)),
    )


def _zone() -> tuple[Record, ...]:
    records = [
        *addresses(SITE, (SITE_ADDRESS,)),
        *addresses(THREE, THREE_ADDRESSES),
        *addresses(DUAL, DUAL_ADDRESSES),
        *addresses(SHORT, (SHORT_ADDRESS,)),
        *addresses(DOH, (DOH_ADDRESS,)),
        *addresses("ifconfig.example", ("34.160.111.145",)),
        *addresses("www.facebook.com", (IMPOSTOR_ADDRESS,)),
        *addresses(BLOCKPAGE, (BLOCKPAGE_ADDRESS,)),
        *addresses(PORTAL, ("120.196.1.1",)),
    ]
    for name, (_, where, _, _) in REFERENCES.items():
        records += addresses(name, where)
    return tuple(records)


def with_site(replacement: Site, *, isp_lies: tuple[Lie, ...] = ()) -> World:
    """The base world with another site at the site's address."""
    return base_world(web("site", (SITE_ADDRESS,), replacement), isp_lies=isp_lies)


def lie(answer: Answer, name: str = SITE) -> tuple[Lie, ...]:
    """The ISP's resolver tells this about the name."""
    return (Lie(names=(name,), answer=answer),)


def forge(*answers: Answer, name: str = SITE, drop_truth: bool = False, qtypes: tuple[str, ...] = ()) -> Rule:
    """Forged replies to every plain query for the name, whomever it was sent to. Three of each, as the GFW's several
    injectors do (Anonymous, FOCI 2014), so that a lossy path changes nothing."""
    return Rule(
        id="forge-dns",
        match=Match(stage=Stage.DNS, names=(name,), qtypes=qtypes),
        effect=ForgeDNS(answers=answers, drop_truth=drop_truth, repeat=3),
    )


def at_sni(effect: Effect, name: str = SITE, *, id: str = "sni", **match: object) -> Rule:  # noqa: A002  a rule's id
    """This effect at a ClientHello with the name."""
    return Rule(id=id, match=msgspec.structs.replace(Match(stage=Stage.TLS, names=(name,)), **match), effect=effect)


def at_host(effect: Effect, name: str = SITE) -> Rule:
    """This effect at a cleartext request for the name."""
    return Rule(id="host", match=Match(stage=Stage.HTTP, names=(name,)), effect=effect)


def at_syn(effect: Effect, *where: str, ports: tuple[int, ...] = (), id: str = "syn") -> Rule:  # noqa: A002
    """This effect at a SYN to one of the addresses."""
    return Rule(id=id, match=Match(stage=Stage.TCP, addresses=where, ports=ports), effect=effect)


DEAD = Rule(id="network-down", match=Match(stage=Stage.IP), effect=Drop())
REFUSING = Reset()
