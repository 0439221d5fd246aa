"""Section A: nothing is blocked. None of these may ever be called `blocked`, and most are harder than a block."""

from functools import partial

import msgspec

from probe.lab.rule import Delay, Drop, Lose, Match, Rule, Stage
from probe.lab.scenarios import vantage
from probe.lab.scenarios.base import (
    HTTP,
    HTTPS,
    SITE,
    SITE_ADDRESS,
    base_world,
    http,
    https,
    page,
    site,
    web,
    with_site,
)
from probe.lab.scenarios.scenario import Scenario, Section
from probe.lab.world import (
    CertificateSpec,
    Fault,
    Host,
    Issuer,
    Record,
    Response,
    Route,
    Site,
    View,
    World,
    addresses,
    redirect,
)
from probe.model.diagnosis import Layer, Verdict

_make = partial(Scenario, section=Section.INNOCENT)
_IDN, _IDN_ADDRESS = "xn--bcher-kva.example", "104.18.30.8"
_BIG = Route(path="/big", response=Response(generated=32 << 20, content_type="application/octet-stream"))


def _certified(**spec: object) -> World:
    return with_site(site(SITE, certificate=CertificateSpec(**spec)))  # type: ignore[arg-type]  # a table's keywords


def _certificates() -> tuple[Scenario, ...]:
    """Something is wrong with the site's certificate, for everyone: the site's fault. The control sees it too."""
    common = partial(_make, url=HTTPS, verdict=Verdict.DOWN, layers=(Layer.TLS,))
    return (
        common(
            number=7,
            name="expired-certificate",
            title="genuine certificate expired for everyone",
            world=_certified(not_before=-90, not_after=-10),
        ),
        common(
            number=8,
            name="wrong-name-certificate",
            title="genuine certificate for the wrong name, for everyone",
            world=_certified(names=("shop.example", "*.shop.example")),
        ),
        common(
            number=9,
            name="unknown-authority",
            title="genuine certificate from an unknown authority, for everyone",
            world=_certified(issuer=Issuer.ROGUE),
            note="Only the control, which meets the same chain, tells this from interception.",
        ),
    )


def _plain() -> tuple[Scenario, ...]:
    big = with_site(site(SITE, _BIG))
    idn_routes = (
        Route(path="/start", response=redirect("/start/")),
        Route(path="/start/", response=Response(body=page("bücher.example"))),
        Route(path="/", response=redirect("/start")),
    )
    idn = base_world(
        Host(
            name="idn",
            addresses=(_IDN_ADDRESS,),
            services=(
                http(Site(names=(_IDN,), routes=(Route(response=redirect(f"https://{_IDN}/", 301)),))),
                https(Site(names=(_IDN,), routes=idn_routes)),
            ),
        ),
        zone=addresses(_IDN, (_IDN_ADDRESS,)),
    )
    fine = partial(_make, verdict=Verdict.OK)
    return (
        fine(number=1, name="http-ok", title="http ok", world=base_world(), url=HTTP),
        fine(number=2, name="https-ok", title="https ok", world=base_world(), url=HTTPS),
        fine(
            number=3,
            name="idn-redirects",
            title="internationalised name, three redirects from http to https",
            world=idn,
            url="http://bücher.example/",
        ),
        fine(
            number=4,
            name="idn-redirects-upper-case",
            title="the same with an upper-case first letter",
            world=idn,
            url="http://Bücher.example/",
        ),
        fine(number=5, name="big-body-http", title="32 MiB body over http", world=big, url=f"{HTTP}big"),
        fine(
            number=6,
            name="big-body-https",
            title="32 MiB body over https",
            world=big,
            url=f"{HTTPS}big",
            note="Our own body cap is no truncation and no throttling.",
        ),
    )


def _gone() -> tuple[Scenario, ...]:
    alias = (Record(name="alias.example", type="CNAME", values=("nowhere.example",)),)
    empty = (Record(name="nowhere.example", type="TXT", values=('"no address"',)),)
    down = partial(_make, verdict=Verdict.DOWN)
    loop = tuple(Route(path=f"/{step}", response=redirect(f"/{(step + 1) % 15}")) for step in range(15))
    return (
        down(
            number=10,
            name="no-such-name",
            title="name does not exist anywhere",
            world=base_world(),
            url="https://never-registered.example/",
            layers=(Layer.DNS,),
        ),
        down(
            number=11,
            name="alias-without-address",
            title="name has only a CNAME and no address",
            world=base_world(zone=alias + empty),
            url="https://alias.example/",
            layers=(Layer.DNS,),
            note="dns_no_answer, never NXDOMAIN: the name exists.",
        ),
        down(
            number=12,
            name="port-closed",
            title="port closed for everyone",
            world=base_world(Host(name="site", addresses=(SITE_ADDRESS,), services=(http(site(SITE)),))),
            url=HTTPS,
            layers=(Layer.TCP,),
        ),
        down(
            number=13,
            name="site-says-localhost",
            title="the site's own DNS says 127.0.0.1",
            world=base_world(zone=addresses(SITE, ("127.0.0.1",))),
            url=HTTPS,
            layers=(Layer.DNS,),
            note="A bogon that the control sees as well is the site's fault.",
        ),
        down(
            number=14,
            name="redirect-loop",
            title="redirect loop of 15 hops for everyone",
            world=with_site(site(SITE, *loop)),
            url=f"{HTTPS}0",
            layers=(Layer.HTTP,),
            hop=None,
            note="Which hop is named depends on the prober's bound; that every hop answered is what matters.",
        ),
        down(
            number=15,
            name="broken-location-in-tls",
            title="broken Location sent inside valid TLS",
            world=with_site(site(SITE, Route(path="/", response=redirect("https://[broken/")))),
            url=HTTPS,
            layers=(Layer.HTTP,),
            field="an unparsable redirect is reported as an http failure, that is as blocking",
            note="Nobody on the path can write inside valid TLS: server side.",
        ),
        _make(
            number=16,
            name="broken-location-in-clear",
            title="broken Location over cleartext, only at the vantage",
            world=with_site(
                site(SITE, Route(path="/", response=redirect("http://[broken/"), view=View.CLIENT)),
            ),
            url=HTTP,
            verdict=Verdict.ANOMALY,
            layers=(Layer.HTTP,),
            note="Server by country or middlebox? Cleartext does not tell. Never blocked.",
        ),
    )


def _turned_away() -> tuple[Scenario, ...]:
    challenge = Response(
        status=403,
        headers=(("Server", "cloudflare"), ("cf-mitigated", "challenge")),
        body=b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Enable JavaScript</body></html>",
    )
    geoblock = Response(status=403, body=b"<html><title>Not available in your region</title><body>Sorry.</body></html>")
    login = (
        Route(path="/", response=redirect("/login?next=/"), view=View.CLIENT),
        Route(path="/login*", response=Response(body=b"<html><title>Sign in</title><form>Password</form></html>")),
    )

    def to_client(response: Response) -> World:
        return with_site(site(SITE, Route(path="/", response=response, view=View.CLIENT)))

    restricted = partial(_make, verdict=Verdict.RESTRICTED, layers=(Layer.HTTP,))
    return (
        restricted(
            number=17,
            name="challenge-http",
            title="bot challenge to the client only, over http",
            world=to_client(challenge),
            url=HTTP,
            also=(Verdict.ANOMALY,),
            field="http-diff: blocked",
            note="Cleartext could be forged, but nobody forges Cloudflare's challenge to block: restricted, or "
            "undecided.",
        ),
        restricted(
            number=18,
            name="challenge-https",
            title="bot challenge to the client only, over https",
            world=to_client(challenge),
            url=HTTPS,
        ),
        restricted(
            number=27,
            name="geoblock",
            title="server geoblock inside valid TLS, control gets 200",
            world=to_client(geoblock),
            url=HTTPS,
        ),
        restricted(
            number=28,
            name="login-redirect",
            title="redirect to a login page",
            world=with_site(site(SITE, *login)),
            url=HTTPS,
            also=(Verdict.OK,),
            hop=None,
            note="The control is let in without: the server asks this client to log in. An endpoint without an "
            "`expect` "
            "is reached all the same, so `ok` can be defended.",
        ),
    )


def _slow_and_noisy() -> tuple[Scenario, ...]:
    slow = Route(path="/", response=Response(body=page(SITE), delay=3.0))
    lossy = Rule(id="loss", match=Match(stage=Stage.IP), effect=Lose(probability=0.05))
    jitter = Rule(id="jitter", match=Match(stage=Stage.IP), effect=Delay(seconds=0.02, jitter=0.02))
    once = Rule(id="once", match=Match(stage=Stage.TCP, addresses=(SITE_ADDRESS,), nth=(0,)), effect=Drop())

    def cdn(other_asn: int) -> World:
        here = msgspec.structs.replace(web("cdn-here", ("104.16.50.1",), site("cdn.example")), asn=13335)
        there = msgspec.structs.replace(web("cdn-there", ("151.101.1.69",), site("cdn.example")), asn=other_asn)
        views = (
            *addresses("cdn.example", ("104.16.50.1",), view=View.CLIENT),
            *addresses("cdn.example", ("151.101.1.69",), view=View.CONTROL),
        )
        return base_world(here, there, zone=views)

    fine = partial(_make, verdict=Verdict.OK)
    return (
        fine(
            number=19,
            name="slow-site",
            title="slow but genuine: 3 s to the first byte",
            world=with_site(site(SITE, slow)),
            url=HTTPS,
        ),
        fine(number=20, name="cdn-same-asn", title="CDN: control sees other addresses, same ASN", world=cdn(13335),
             url="https://cdn.example/"),
        fine(
            number=21,
            name="cdn-other-asn",
            title="CDN: other addresses, other ASN, valid certificate",
            world=cdn(54113),
            url="https://cdn.example/",
            field="dns inconsistent, sometimes dns blocking",
            note="A certificate valid for the name proves the endpoint genuine, whatever DNS said.",
        ),
        fine(
            number=22,
            name="packet-loss",
            title="5 % packet loss on the path, 20 runs",
            world=base_world(),
            url=HTTPS,
            rules=(lossy, jitter),
            runs=20,
            note="On loopback only datagrams and whole connections are lost: there the packets say more.",
        ),
        fine(
            number=23,
            name="lone-timeout",
            title="one lone timeout, then fine",
            world=base_world(),
            url=HTTPS,
            rules=(once,),
            note="The retry within the cycle is what decides.",
        ),
    )  # fmt: skip


def _faults_for_everyone() -> tuple[Scenario, ...]:
    broken = Route(path="*", response=Response(status=503, body=b"<html><title>503</title>backend down</html>"))
    resets = Site(names=(SITE,), fault=Fault.RESET_HELLO)
    down = partial(_make, url=HTTPS, verdict=Verdict.DOWN)
    return (
        down(
            number=29,
            name="server-error",
            title="5xx for everyone",
            world=with_site(site(SITE, broken)),
            layers=(Layer.HTTP,),
        ),
        down(
            number=30,
            name="server-resets-everyone",
            title="the server itself resets everyone",
            world=with_site(resets),
            layers=(Layer.TLS,),
        ),
    )


def scenarios() -> tuple[Scenario, ...]:
    """Section A, in the list's order."""
    every = (
        *_plain(), *_certificates(), *_gone(), *_turned_away(), *_slow_and_noisy(),
        *_faults_for_everyone(), *vantage.scenarios(),
    )  # fmt: skip
    return tuple(sorted(every, key=lambda each: each.number))
