"""Five small runs that tests of transcripts and of judging anew share: SNI reset, forged DNS, an outage, all well, and
a chain of redirects whose second host is reset.

Each is made once a session, over real sockets on loopback (`tests.world`).
"""

from functools import lru_cache

from probe.lab.rule import ForgeDNS, Match, Reset, Rule, Stage
from probe.lab.world import Answer, Response, Route, World, redirect
from tests.world import Ran, http_host, https_host, listed, reference, run_in, target, tiny_world

SITE, IMPOSTOR, STORY = "104.16.1.1", "31.13.94.37", "104.16.3.1"
TOLD = ("ok", "sni reset", "forged dns", "outage", "redirects")
_RESET = Rule(id="sni", match=Match(stage=Stage.TLS, names=("a.example",)), effect=Reset())
_RESET_LATER = Rule(id="sni", match=Match(stage=Stage.TLS, names=("story.example",)), effect=Reset())
_FORGED = Rule(
    id="dns",
    match=Match(stage=Stage.DNS, names=("a.example",), qtypes=("A",)),
    effect=ForgeDNS(answers=(Answer(addresses=(IMPOSTOR,), ttl=44),)),
)
HOSTILE = "ok\n  decided: no\r\u2028\x1b[2J\u202egnp"
"""A title that would like to write lines of its own, clear the screen and turn the text around."""


def _world(title: str, name: str) -> World:
    if name == "redirects":
        first = https_host("a.example", SITE, routes=(Route(response=redirect("https://story.example/one")),))
        return tiny_world(first, https_host("story.example", STORY), http_host("r.example", "104.16.2.1"))
    page = Response(body=f"<html><title>{title}</title>hello</html>".encode())
    site = https_host("a.example", SITE, routes=(Route(response=page),))
    return tiny_world(site, https_host("b.example", IMPOSTOR), http_host("r.example", "104.16.2.1"))


@lru_cache
def told(name: str, title: str = "Hello") -> Ran:
    """The run of that name."""
    rules = {"sni reset": (_RESET,), "forged dns": (_FORGED,), "redirects": (_RESET_LATER,)}.get(name, ())
    down = ("a.example",) if name == "outage" else ()
    sites = listed(target("https://a.example/"), reference("r.example"))
    return run_in(_world(title, name), sites, rules=rules, down=down, proxy=True)
