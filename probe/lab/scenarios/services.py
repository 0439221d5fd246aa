"""Worlds of a second search: services that answer a country, a region or a client otherwise, and name no block.

As in `worlds`, what is true was written down before it was first played. A path that does to one address, or to one
name at one address, what a server could do itself looks the same from here: there the mechanism is right, and the
certainty must leave the server's choice open.
"""

from functools import partial

import msgspec

from probe.lab.rule import Close, Drop, Reset
from probe.lab.scenarios.base import (
    DEFAULT_SERVER,
    HTTP,
    HTTPS,
    SITE,
    SITE_ADDRESS,
    at_host,
    at_sni,
    base_world,
    http,
    https,
    page,
    site,
    web,
    with_site,
)
from probe.lab.scenarios.scenario import Scenario, Section
from probe.lab.scenarios.worlds import beyond
from probe.lab.world import Fault, Host, Response, Route, Site, View, World, addresses, redirect
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict

_CONSENT, _CONSENT_ADDRESS = "consent.media.example", "151.101.65.10"
_COUNTRY_ADDRESS = "203.107.55.10"


def _to_us(response: Response) -> World:
    """The site gives this to clients of our country, and its page to others."""
    return with_site(site(SITE, Route(path="/", response=response, view=View.CLIENT)))


def _protocols() -> tuple[Scenario, ...]:
    """Servers that speak one protocol, or say nothing much."""
    empty = Site(names=(SITE,), routes=(Route(response=Response(body=b"", headers=(DEFAULT_SERVER,))),))
    hosts = {
        "h2": Host(name="site", addresses=(SITE_ADDRESS,), services=(https(site(SITE), alpn=("h2",)),)),
        "h1": Host(name="site", addresses=(SITE_ADDRESS,), services=(https(site(SITE), alpn=("http/1.1",)),)),
    }
    return (
        *(
            beyond(
                number=2, name=f"{slug}-only", title=f"a server that speaks {words} and nothing else",
                world=base_world(host), verdict=Verdict.OK,
            )
            for (slug, host), words in zip(hosts.items(), ("HTTP/2", "HTTP/1.1"), strict=True)
        ),
        *(
            beyond(
                number=1, name=f"empty-page-{scheme}", title=f"200 with an empty body, {scheme}", url=url,
                world=base_world(web("site", (SITE_ADDRESS,), empty)), verdict=Verdict.OK,
            )
            for scheme, url in (("http", HTTP), ("https", HTTPS))
        ),
        beyond(
            number=29, name="bad-gzip", title="a body that does not decode, for everyone", verdict=Verdict.DOWN,
            world=with_site(site(SITE, Route(path="/", response=Response(body=page(SITE), gzip=True,
                                                                         fault=Fault.BAD_GZIP)))),
        ),
    )  # fmt: skip


def _errors() -> tuple[Scenario, ...]:
    """Error pages of a front to clients of our country alone, in the clear."""
    clear = partial(
        beyond,
        url=HTTP,
        verdict=Verdict.ANOMALY,
        also=(Verdict.RESTRICTED, Verdict.DOWN),
        note="In the clear nothing proves whose page it is; nothing about it is a block page's.",
    )
    refused = Response(
        status=403, headers=(("Server", "cloudflare"), ("CF-RAY", "8f1c2d3e4f5a6b7c-HKG")),
        body=b"<!DOCTYPE html><html><head><title>Access denied | www.site.example used Cloudflare to restrict access"
        b"</title></head><body><h1>Error 1020</h1><p>You do not have access to www.site.example. The site owner may "
        b"have set restrictions that prevent you from accessing the site.</p></body></html>",
    )  # fmt: skip
    origin = Response(
        status=521, headers=(("Server", "cloudflare"), ("CF-RAY", "8f1c2d3e4f5a6b7c-HKG")),
        body=b"<!DOCTYPE html><html><head><title>www.site.example | 521: Web server is down</title></head></html>",
    )  # fmt: skip
    upkeep = Response(status=503, body=b"<html><head><title>Maintenance</title></head><body>Back soon.</body></html>")
    return (
        clear(
            number=27, name="error-1020-in-clear", title="'error 1020, access denied' from the site's front, to this "
            "country, over http", world=_to_us(refused),
            note="A firewall of the site's owner. Its words are those of block pages; at an unrelated server the same "
            "request draws none.",
        ),
        clear(number=29, name="error-521-in-clear", title="521 from the front of our region, over http",
              world=_to_us(origin)),
        clear(number=29, name="upkeep-in-clear", title="503 for upkeep in our region alone, over http",
              world=_to_us(upkeep)),
    )  # fmt: skip


def _landings() -> tuple[Scenario, ...]:
    """Other pages for our country, which are the site's own."""
    own = partial(
        beyond,
        number=16,
        url=HTTP,
        verdict=Verdict.ANOMALY,
        also=(Verdict.OK, Verdict.RESTRICTED),
        note="In the clear nothing proves whose page it is; nothing about it is a block page's.",
    )
    landing = Response(body="<html><head><title>本站中国版</title></head><body>欢迎。</body></html>".encode())
    wall = Response(body=b"<html><head><title>Before you continue</title></head><body>We value your privacy."
                    b"</body></html>")  # fmt: skip
    consent = Site(names=(_CONSENT,), routes=(Route(response=wall),))
    away = _to_us(redirect(f"http://{_CONSENT}/?back=http://{SITE}/"))
    bare = _to_us(redirect(f"http://{_COUNTRY_ADDRESS}/"))
    return (
        own(name="country-page", title="another page, with another title, for clients of our country, http",
            world=_to_us(landing)),
        own(
            name="consent-wall", title="302 to a consent page of another host for clients of our region, http",
            world=_with(away, web("consent", (_CONSENT_ADDRESS,), consent)), hop=None,
            note="It looks like a redirect to a block page; but its words announce none.",
        ),
        own(
            name="country-server-by-address", title="302 to a bare address, the site's server for our country, http",
            hop=None, world=_with(bare, Host(name="country", addresses=(_COUNTRY_ADDRESS,), services=(
                http(Site(names=("*",), routes=(Route(response=landing),))),))),
        ),
    )  # fmt: skip


def _with(world: World, host: Host) -> World:
    zone = addresses(_CONSENT, (_CONSENT_ADDRESS,)) if host.name == "consent" else ()
    replaced = [each for each in world.hosts if each.name == "site"]
    return base_world(*replaced, host, zone=zone)


def _refusals() -> tuple[Scenario, ...]:
    """What a path does to one place alone, and what a server may do to one country."""
    blocked = partial(beyond, verdict=Verdict.BLOCKED, at_most=Certainty.POSSIBLE)
    clear = at_host(Reset())
    here = msgspec.structs.replace(clear.match, addresses=(SITE_ADDRESS,))
    effects = (("reset", Reset(), Mechanism.SNI_RESET), ("silence", Drop(), Mechanism.SNI_TIMEOUT),
               ("close", Close(), Mechanism.SNI_CLOSE))  # fmt: skip
    return (
        *(
            blocked(
                number=62, section=Section.TLS, name=f"sni-{slug}-at-one-address", layers=(Layer.TLS,),
                title=f"{slug} after ClientHello with this SNI, at the site's own address alone",
                rules=(at_sni(effect, addresses=(SITE_ADDRESS,)),), mechanisms=(mechanism,),
                note="The name passes at an unrelated server: a front that turns a country away from one of its "
                "customers, or that has lost one in one region (anycast), looks the same.",
            )
            for slug, effect, mechanism in effects
        ),
        blocked(
            number=75, section=Section.HTTP, name="host-reset-at-one-address", url=HTTP, layers=(Layer.HTTP,),
            title="reset after the request with this Host, at the site's own address alone",
            rules=(msgspec.structs.replace(clear, match=here),), mechanisms=(Mechanism.HTTP_RESET,),
            note="A server that turns a country away so looks the same.",
        ),
    )  # fmt: skip


def scenarios() -> tuple[Scenario, ...]:
    """The worlds of services, by number."""
    every = (*_protocols(), *_errors(), *_landings(), *_refusals())
    return tuple(sorted(every, key=lambda each: each.number))
