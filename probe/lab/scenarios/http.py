"""Section E: requests and content, and what is done to a transfer once it runs."""

from functools import partial

from probe.lab.rule import Blockpage, Close, Cut, Drop, Match, Reset, Rule, Stage, Throttle
from probe.lab.scenarios.base import (
    BLOCK_RESPONSE,
    BLOCK_TEXT,
    BLOCKPAGE,
    DEFAULT_SERVER,
    FORWARDER_ADDRESS,
    HTTP,
    HTTPS,
    LEGAL_RESPONSE,
    SITE,
    SITE_ADDRESS,
    at_host,
    at_sni,
    base_world,
    forge,
    page,
    site,
    with_site,
)
from probe.lab.scenarios.scenario import Claim, Scenario, Section
from probe.lab.world import Answer, Response, Route, View, redirect
from probe.model.diagnosis import Layer, Mechanism, Verdict

_make = partial(
    Scenario,
    section=Section.HTTP,
    world=base_world(),
    url=HTTP,
    verdict=Verdict.BLOCKED,
    layers=(Layer.HTTP,),
)
KEYWORD = b"forbidden-word"
RATE = 1_000
CUT_AFTER = 2.0


def _requests() -> tuple[Scenario, ...]:
    return (
        _make(
            number=75,
            name="host-reset",
            title="reset after the request with this Host",
            rules=(at_host(Reset()),),
            mechanisms=(Mechanism.HTTP_RESET,),
        ),
        _make(
            number=76,
            name="host-close",
            title="FIN after the request",
            rules=(at_host(Close()),),
            mechanisms=(Mechanism.HTTP_CLOSE,),
        ),
        _make(
            number=77,
            name="host-silence",
            title="silence after the request",
            rules=(at_host(Drop()),),
            mechanisms=(Mechanism.HTTP_TIMEOUT,),
        ),
    )


def _pages() -> tuple[Scenario, ...]:
    alike = Response(status=200, headers=(DEFAULT_SERVER,), body=BLOCK_TEXT)
    law = site(SITE, Route(path="/", response=LEGAL_RESPONSE, view=View.CLIENT))
    return (
        _make(
            number=78,
            name="blockpage",
            title="blockpage injected (200)",
            rules=(at_host(Blockpage(response=BLOCK_RESPONSE)),),
            mechanisms=(Mechanism.BLOCKPAGE,),
        ),
        _make(
            number=79,
            name="blockpage-alike",
            title="blockpage with the site's status and one header equal",
            rules=(at_host(Blockpage(response=alike)),),
            mechanisms=(Mechanism.BLOCKPAGE,),
            field="accessible: status and headers match",
        ),
        _make(
            number=80,
            name="forged-to-forwarder-and-blockpage",
            title="forged DNS to a proxy and a blockpage there (two layers)",
            rules=(forge(Answer(addresses=(FORWARDER_ADDRESS,))), at_host(Blockpage(response=BLOCK_RESPONSE))),
            layers=(Layer.HTTP, Layer.DNS),
            claims=(Claim(layer=Layer.DNS), Claim(layer=Layer.HTTP, mechanisms=(Mechanism.BLOCKPAGE,))),
            field="dns or http-diff, one of the two",
            note="The page is what blocks, the forged answer leads to whom shows it: both must stand, either may "
            "decide.",
        ),
        _make(
            number=81,
            name="blockpage-redirect",
            title="302 to a blockpage host",
            rules=(at_host(Blockpage(response=redirect(f"http://{BLOCKPAGE}/?u={SITE}"))),),
            mechanisms=(Mechanism.BLOCKPAGE_REDIRECT,),
            note="The fault is the redirect itself, hop 0; the page that follows is only its reading.",
        ),
        _make(
            number=82,
            name="legal-notice-in-tls",
            title="451 page naming a law, inside valid TLS of the site",
            world=with_site(law),
            url=HTTPS,
            verdict=Verdict.RESTRICTED,
            field="http-diff: blocked",
            note="The server's own choice, whoever made it choose.",
        ),
        _make(
            number=82,
            name="legal-notice-in-clear",
            title="451 page naming a law, over plain HTTP and unlike the control's answer",
            rules=(at_host(Blockpage(response=LEGAL_RESPONSE)),),
            mechanisms=(Mechanism.LEGAL_NOTICE, Mechanism.BLOCKPAGE),
            note="legal_notice is the better word: the page says why.",
        ),
        _make(
            number=83,
            name="keyword-in-body",
            title="reset in the middle of the body by keyword",
            world=with_site(
                site(SITE, Route(path="/", response=Response(body=page(SITE, 9000) + KEYWORD + page(SITE))))
            ),
            rules=(Rule(id="keyword", match=Match(stage=Stage.BODY, keyword=KEYWORD), effect=Reset()),),
            mechanisms=(Mechanism.BODY_CUT,),
        ),
    )


def _speed() -> tuple[Scenario, ...]:
    large = Route(path="/large", response=Response(generated=512 << 10, content_type="application/octet-stream"))
    slow = Route(path="/slow", response=Response(body=page(SITE), delay=2 * CUT_AFTER))
    by_address = Rule(
        id="slow", match=Match(stage=Stage.TCP, addresses=(SITE_ADDRESS,)), effect=Throttle(bytes_per_second=RATE)
    )
    cut = Rule(id="cut", match=Match(stage=Stage.TCP, addresses=(SITE_ADDRESS,)), effect=Cut(seconds=CUT_AFTER))
    throttled = partial(
        _make,
        url=f"https://{SITE}/large",
        world=with_site(site(SITE, large)),
        verdict=Verdict.INTERFERED,
        layers=(Layer.SPEED,),
        mechanisms=(Mechanism.THROTTLING,),
    )
    return (
        throttled(
            number=84,
            name="throttled-by-sni",
            title="throttled to 1 kB/s by SNI; other SNI fast",
            rules=(at_sni(Throttle(bytes_per_second=RATE)),),
            field="http failure: generic timeout",
        ),
        throttled(
            number=85,
            name="throttled-by-address",
            title="throttled to 1 kB/s by address",
            rules=(by_address,),
            also=(Verdict.ANOMALY,),
            field="http failure: generic timeout",
            note="Another SNI on the same address is as slow; the references and the control's own path are not. The "
            "site "
            "may be slow to this country by itself, so a careful judge may leave it at an anomaly.",
        ),
        _make(
            number=86,
            name="cut-after-two-seconds",
            title="connection cut after N seconds, always N",
            world=with_site(site(SITE, slow)),
            url=f"https://{SITE}/slow",
            rules=(cut,),
            mechanisms=(Mechanism.CONNECTION_CUT, Mechanism.HTTP_RESET),
            layers=(Layer.HTTP, Layer.SPEED, Layer.TCP),
            note="Reset 2 s after the SYN, in every try; the control waits 4 s and gets the page. Only the equal "
            "times tell "
            "it from a reset by request, which inside TLS nobody could aim.",
        ),
    )


def scenarios() -> tuple[Scenario, ...]:
    """Section E, in the list's order."""
    return (*_requests(), *_pages(), *_speed())
