"""The demo's world and script: Clubhouse and four Mastodon instances on the evening of 8 February 2021, in miniature.

Real host names where the story is real (FACTS.md), `.example` names for the instances. Before the switch everything
works; after it the API's name is forged away to an impostor, one instance's TLS is reset, another is down for everyone.
"""

import hashlib

import msgspec

from probe.lab.rule import ForgeDNS, Match, Phase, Reset, Rule, Stage
from probe.lab.world import (
    Answer,
    CertificateSpec,
    Client,
    Host,
    Response,
    Route,
    Service,
    ServiceKind,
    Site,
    World,
    addresses,
)  # fmt: skip
from probe.model.target import Endpoint, Expect, Need, Role, RollupRule, Target, TargetKind, TargetList

API = "www.clubhouseapi.com"
IMPOSTOR_ADDRESS = "31.13.94.37"
CANARY_ADDRESS = "198.41.0.200"
ISP_RESOLVER, FOREIGN_RESOLVER = "202.96.209.133", "9.9.9.9"
CONTROL_ADDRESS, CONTROL_PORT = "45.32.10.20", 1080
CONTROL_PROXY = f"socks5://{CONTROL_ADDRESS}:{CONTROL_PORT}"
DOH_URL = "https://dns.google/dns-query"
RESET_INSTANCE, DOWN_INSTANCE = "lantern.example", "harbour.example"
OPEN_INSTANCES = ("teahouse.example", "moon.example")
SUCCESS_HTML = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n"

JSON, TEXT, XML = "application/json; charset=utf-8", "text/plain", "application/xml"
HOSTS: dict[str, tuple[str, ...]] = {
    API: ("104.16.123.45", "104.16.124.45"),
    "www.joinclubhouse.com": ("104.18.20.31",),
    "maintenance.joinclubhouse.com": ("104.18.21.31",),
    "clubhouseprod.s3.amazonaws.com": ("52.219.112.10",),
    "clubhouse.pubnub.com": ("54.241.191.240",),
    "api.amplitude.com": ("52.35.201.7",),
    RESET_INSTANCE: ("116.202.11.20", "2a01:4f8:241:1::20"),
    DOWN_INSTANCE: ("167.235.30.40",),
    "teahouse.example": ("95.216.50.60", "2a01:4f9:2b:2::60"),
    "moon.example": ("51.15.70.80",),
}
"""Names served over https, and where."""

CLUBHOUSE: dict[str, Route] = {
    API: Route(path="/api/*", response=Response(body=b'{"success": true}', content_type=JSON)),
    "www.joinclubhouse.com": Route(response=Response(body=b"<title>Clubhouse: Drop-in Audio Chat</title>")),
    "maintenance.joinclubhouse.com": Route(response=Response(body=b"<title>Clubhouse Status</title>")),
    "clubhouseprod.s3.amazonaws.com": Route(
        response=Response(status=403, body=b"<Error><Code>AccessDenied</Code></Error>", content_type=XML)
    ),
    "clubhouse.pubnub.com": Route(path="/time/0", response=Response(body=b"[16127820000000000]", content_type=JSON)),
    "api.amplitude.com": Route(response=Response(body=b"{}", content_type=JSON)),
}
REFERENCES: dict[str, tuple[str, str, str, Response]] = {
    "connect.rom.miui.com": ("CN", "220.181.106.150", "/generate_204", Response(status=204)),
    "connectivitycheck.platform.hicloud.com": ("CN", "121.36.117.200", "/generate_204", Response(status=204)),
    "connectivitycheck.gstatic.com": ("US", "142.250.66.67", "/generate_204", Response(status=204)),
    "www.apple.com": ("US", "23.52.40.12", "/library/test/success.html", Response(body=SUCCESS_HTML.encode())),
    "detectportal.firefox.com": (
        "US", "34.107.221.82", "/success.txt", Response(body=b"success\n", content_type=TEXT),
    ),
}  # fmt: skip
"""Name: country, address, path, exact answer; over http."""


def demo_world() -> World:
    """The world before anything happens."""
    hosts = [_https_host(name) for name in HOSTS]
    hosts += [_reference_host(name) for name in REFERENCES]
    hosts += _infrastructure()
    zone = [record for name, values in HOSTS.items() for record in addresses(name, values)]
    zone += [record for name, row in REFERENCES.items() for record in addresses(name, (row[1],))]
    zone += [*addresses("ap1.agora.io", ("52.76.10.20",)), *addresses("dns.google", ("8.8.8.8",))]
    zone += addresses("www.facebook.com", (IMPOSTOR_ADDRESS,))
    client = Client(resolvers=(ISP_RESOLVER,))
    return World(client=client, hosts=tuple(hosts), zone=tuple(zone), control="control")


def demo_rules() -> tuple[Rule, ...]:
    """What the path does after the switch."""
    forged = Answer(addresses=(IMPOSTOR_ADDRESS,))
    return (
        Rule(
            id="forge-clubhouse-api",
            match=Match(stage=Stage.DNS, names=(API,), qtypes=("A",)),
            effect=ForgeDNS(answers=(forged,)),
            comment="8 February 2021: the API's name, not the website's",
        ),
        Rule(
            id="reset-instance",
            match=Match(stage=Stage.TLS, names=(RESET_INSTANCE,)),
            effect=Reset(),
            comment="Mastodon instances in 2022: reset after the ClientHello",
        ),
    )


def demo_script(switch: float) -> tuple[Phase, ...]:
    """Everything works until `switch` seconds, and from then on what `demo_rules` says, with one instance down."""
    return Phase(start=0.0), Phase(start=switch, rules=demo_rules(), down=(DOWN_INSTANCE,))


def demo_targets() -> TargetList:
    """The target list that goes with the world."""
    instances = (RESET_INSTANCE, DOWN_INSTANCE, *OPEN_INSTANCES)
    targets = (_clubhouse(), *(_instance(name) for name in instances), *(_reference(name) for name in REFERENCES))
    return TargetList(
        targets=targets, source="the demo's own list", sha256=hashlib.sha256(msgspec.json.encode(targets)).hexdigest()
    )


def _https_host(name: str) -> Host:
    routes = (CLUBHOUSE[name],) if name in CLUBHOUSE else _instance_routes(name)
    service = Service(port=443, kind=ServiceKind.HTTPS, sites=(Site(names=(name,), routes=routes),))
    return Host(name=name, addresses=HOSTS[name], services=(service,), country="US")


def _reference_host(name: str) -> Host:
    country, address, path, response = REFERENCES[name]
    site = Site(names=(name,), routes=(Route(path=path, response=response),))
    service = Service(port=80, kind=ServiceKind.HTTP, sites=(site,))
    return Host(name=name, addresses=(address,), services=(service,), country=country)


def _infrastructure() -> list[Host]:
    """Resolvers, the control proxy, the audio servers, the impostor, and an address that runs no resolver."""
    facebook = ("*.facebook.com", "facebook.com", "*.facebook.net", "*.fbcdn.net")
    strange = Site(names=facebook, certificate=CertificateSpec(names=facebook))
    impostor = Service(port=443, kind=ServiceKind.HTTPS, sites=(strange,))
    doh = Service(port=443, kind=ServiceKind.DOH, sites=(Site(names=("dns.google", "8.8.8.8")),))
    audio = tuple(Service(port=port, kind=ServiceKind.TCP) for port in (8000, 1080, 25000))
    return [
        Host(name="isp-resolver", addresses=(ISP_RESOLVER,), services=(_resolver(0.02),), country="CN", asn=4134),
        Host(name="foreign-resolver", addresses=(FOREIGN_RESOLVER,), services=(_resolver(0.04),)),
        Host(name="dns.google", addresses=("8.8.8.8",), services=(_resolver(0.04), doh)),
        Host(name="canary", addresses=(CANARY_ADDRESS,), services=(Service(port=53, kind=ServiceKind.SILENT),)),
        Host(name="ap1.agora.io", addresses=("52.76.10.20",), services=audio, country="SG"),
        Host(name="impostor", addresses=(IMPOSTOR_ADDRESS,), services=(impostor,)),
        Host(
            name="control", addresses=(CONTROL_ADDRESS,), services=(Service(port=CONTROL_PORT, kind=ServiceKind.SOCKS),)
        ),
    ]


def _resolver(delay: float) -> Service:
    return Service(port=53, kind=ServiceKind.NAMESERVER, delay=delay)


def _instance_routes(name: str) -> tuple[Route, ...]:
    """What a Mastodon server answers at the paths that prove it is itself."""
    documents = {
        "/api/v2/instance": {"domain": name, "title": name.partition(".")[0].title(), "version": "4.2.10"},
        "/.well-known/nodeinfo": {
            "links": [
                {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": f"https://{name}/nodeinfo/2.0"}
            ]
        },
        "/nodeinfo/2.0": {"version": "2.0", "software": {"name": "mastodon", "version": "4.2.10"}},
    }
    routes = [
        Route(path=path, response=Response(body=msgspec.json.encode(document), content_type=JSON))
        for path, document in documents.items()
    ]
    return (*routes, Route(path="/", response=Response(body=f"<title>{name}</title>".encode())))


def _clubhouse() -> Target:
    def endpoint(name: str, role: Role, url: str, expect: Expect, *, required: bool = False) -> Endpoint:
        return Endpoint(id=name, role=role, url=url, expect=expect, required=required, evidence="FACTS.md")

    check = f"https://{API}/api/check_for_update?is_testflight=0"
    return Target(
        id="clubhouse",
        kind=TargetKind.APP,
        name="Clubhouse",
        endpoints=(
            endpoint("api", Role.API, check, Expect(status=(200,), json_has=("success",)), required=True),
            endpoint("web", Role.WEB, "https://www.joinclubhouse.com/", Expect(contains="Clubhouse")),
            endpoint("status", Role.STATUS, "https://maintenance.joinclubhouse.com/", Expect()),
            endpoint("cdn", Role.CDN, "https://clubhouseprod.s3.amazonaws.com/", Expect(status=(200, 403))),
            endpoint("realtime", Role.REALTIME, "https://clubhouse.pubnub.com/time/0", Expect(json_type="array")),
            endpoint("audio", Role.REALTIME, "tcp://ap1.agora.io:8000", Expect()),
            endpoint("amplitude", Role.TELEMETRY, "https://api.amplitude.com/", Expect()),
        ),
        rollup=(RollupRule(role=Role.API), RollupRule(role=Role.WEB), RollupRule(role=Role.REALTIME, need=Need.ANY)),
        category="app",
        country="US",
    )


def _instance(name: str) -> Target:
    domain = Expect(status=(200,), json_equals={"domain": name})
    return Target(
        id=name,
        kind=TargetKind.INSTANCE,
        name=name.partition(".")[0].title(),
        endpoints=(
            Endpoint(id="api", role=Role.API, url=f"https://{name}/api/v2/instance", required=True, expect=domain),
            Endpoint(id="web", role=Role.WEB, url=f"https://{name}/", expect=Expect(contains=name)),
        ),
        category="mastodon",
    )


def _reference(name: str) -> Target:
    country, _, path, response = REFERENCES[name]
    expect = Expect(status=(response.status,), body=response.body.decode())
    endpoint = Endpoint(id="check", role=Role.REFERENCE, url=f"http://{name}{path}", required=True, expect=expect)
    return Target(id=name, kind=TargetKind.REFERENCE, name=name, endpoints=(endpoint,), country=country)
