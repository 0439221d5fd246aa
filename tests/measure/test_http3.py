"""HTTP/3: asked where it is offered and nowhere else; what is tried after silence, and in which order."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from probe.diagnose.engine import diagnose
from probe.diagnose.facts import Case, gather
from probe.measure import http3
from probe.measure.http3 import offer, offered
from probe.measure.innocent import Innocents
from probe.measure.log import Log, Tools
from probe.measure.plan import Plan, Task, make
from probe.measure.quicmemory import Place
from probe.measure.runner import Run
from probe.measure.settings import Settings, budget
from probe.model.diagnosis import Certainty, Diagnosis, Fitness, Verdict
from probe.model.failure import FailureKind as K
from probe.model.measurement import Measurement
from probe.model.observation import DNSLookup, Purpose, QUICHandshake, Resolver, ResolverKind
from probe.net.doh import DohClient
from probe.net.url import parse
from tests.diagnose.build import FIT, HOST, TRUE, TRUE_SIX, URL, Scene
from tests.measure.quicworld import Path, QuicNetwork
from tests.net import peers
from tests.net.peers import issue, root
from tests.net.quicpeers import Answer, served
from tests.world import DAY, VANTAGE, listed, target

SECOND, STRANGE, STRANGER, INNOCENT = "104.16.1.2", "142.250.66.99", "stranger.example", "r.example"
H3 = (("Alt-Svc", 'h3=":443"; ma=86400'),)
"""What a site says that offers HTTP/3."""


def a_server(*names: str) -> Callable[[], Answer]:
    papers = issue(f"quic of {names[0]}", root(), hosts=names)
    return lambda: served(papers)


SERVERS = {(TRUE, 443): a_server(HOST), (SECOND, 443): a_server(HOST), (STRANGE, 443): a_server(STRANGER),
           (TRUE_SIX, 443): a_server(HOST)}  # fmt: skip
"""Silent elsewhere."""
OPEN = Path()


class World:
    """One run's tools over a scripted network, and sites that are asked for in it."""

    def __init__(self, path: Path = OPEN, *, servers: Any = SERVERS, innocent: bool = True, **settings: Any) -> None:
        self.network = QuicNetwork(servers, path)
        plain = {"timeout": 4.0, "retry_pauses": (2.0, 4.0), "cooldown": 1.0, "quic": True, **settings}
        self.tools = Tools(
            self.network, peers.trust(), DohClient(self.network, peers.trust()), Settings(**plain), budget(8, 1, 200)
        )
        self.innocents = Innocents(self.network)
        if innocent:
            task = _task(f"http://{INNOCENT}/")
            seen = Scene().flow("34.107.221.82", scheme="http").observations
            self.innocents.learn(task, seen, foreign=True)

    def ask(self, scene: Scene | None = None, url: str = URL) -> tuple[list[QUICHandshake], Diagnosis]:
        """Ask for QUIC after this scene; what was seen over QUIC, and the diagnosis of all."""
        scene = scene or site()
        log = Log.begin(self.network)
        log.observations.extend(scene.observations)
        facts = gather(Case(url, tuple(scene.observations), Fitness.FIT, FIT))
        asyncio.run(self.network.run(http3.ask(log, self.tools, _task(url), facts, self.innocents)))
        judged = diagnose(Case(url, tuple(log.observations), Fitness.FIT, FIT))
        assert all(one.closed for one in self.network.open)
        return [o for o in log.observations[len(scene.observations) :] if isinstance(o, QUICHandshake)], judged

    def names(self) -> list[str]:
        """The names that were asked for, in order."""
        return [asked.sni for asked in self.network.asked]


def _task(url: str) -> Task:
    where = parse(url)
    assert where is not None
    listed_target = target(url)
    return Task(listed_target, listed_target.endpoints[0], where)


def site(*addresses: str, headers: tuple[tuple[str, str], ...] = H3) -> Scene:
    """A site that was reached at these addresses and answered with these headers."""
    scene = Scene().resolved(*(addresses or (TRUE,)))
    for address in addresses or (TRUE,):
        scene.flow(address, page={"headers": headers})
    return scene


@pytest.mark.parametrize(
    ("value", "port"),
    [
        ('h3=":443"; ma=86400', 443),
        ('h3=":8443"', 8443),
        ('h3-29=":443"; ma=3600, h3=":443"; ma=3600; persist=1', 443),
        ('h2="alt.example:443", h3=":444"', 444),
        (f'h3="{HOST}:443"', 443),
        (f'h3="{HOST.upper()}:443"', 443),
        ('h3="other.example:443", h3=":445"', 445),
        ('  h3=":443"  ;ma=1', 443),
        ("clear", None),
        ("", None),
        ('h3-29=":443"', None),
        ('H3=":443"', None),
        ('xh3=":443"', None),
        ('h3="other.example:443"', None),
        ('h3=":0"', None),
        ('h3=":65536"', None),
        ('h3=":４４３"', None),
        ('h3=":-1"', None),
        ('h3=""', None),
        ('h3=":"', None),
        ("h3=:443", None),
        ('h3=":443', None),
        ('h3=":443"x', None),
        ('h3="' + "9" * 5000 + '"', None),
    ],
)
def test_what_an_alt_svc_offers(value: str, port: int | None) -> None:
    assert offer([("Server", "x"), ("alt-svc", value)], HOST) == port


def test_an_offer_is_believed_only_inside_proven_tls_and_at_the_end_of_the_chain() -> None:
    def places(scene: Scene) -> list[Place]:
        return offered(scene.facts().last)

    assert places(site(TRUE, SECOND)) == [Place(TRUE, 443), Place(SECOND, 443)]
    assert places(site(headers=(("Server", "x"),))) == []
    assert places(Scene().resolved(TRUE).flow(scheme="http", page={"headers": H3})) == []
    assert places(Scene().resolved(TRUE).flow(tls=K.SSL_INVALID_HOSTNAME)) == []
    away = Scene().resolved(TRUE).flow(page={"status": 302, "location": "https://next.example/", "headers": H3})
    assert places(away.resolved(SECOND, hop=1, name="next.example").flow(SECOND, hop=1)) == []


def test_a_site_that_offers_nothing_costs_nothing() -> None:
    """SCENARIOS 98."""
    world = World()
    seen, judged = world.ask(site(headers=()))
    assert (seen, world.network.open, world.network.monotonic()) == ([], [], 0.0)
    assert judged.verdict is Verdict.OK
    assert world.tools.quic.state == ""


def test_a_site_that_keeps_its_word_costs_one_handshake() -> None:
    world = World()
    seen, judged = world.ask(site(TRUE, SECOND))
    assert [(o.purpose, o.address, o.failure, o.alpn) for o in seen] == [(Purpose.QUIC, TRUE, None, "h3")]
    assert (len(world.network.open), judged.verdict) == (1, Verdict.OK)
    assert world.tools.quic.state == "ok"


def test_the_port_is_the_one_that_the_site_says() -> None:
    world = World(servers={(TRUE, 8443): a_server(HOST)})
    [seen], _ = world.ask(site(headers=(("Alt-Svc", 'h3=":8443"'),)))
    assert (seen.port, seen.failure) == (8443, None)


def test_sni_dropped_names_in_turns_the_innocent_last() -> None:
    """SCENARIOS 96."""
    world = World(Path(names=frozenset({HOST})))
    seen, judged = world.ask()
    assert world.names()[:6] == [HOST, INNOCENT] * 3
    assert [o.failure is not None and o.failure.kind is K.TIMEOUT for o in seen[:6]] == [True, False] * 3
    assert [o.attempt for o in seen[:6]] == [0, 0, 1, 1, 2, 2]
    starts = [asked.t for asked in world.network.asked if asked.sni == HOST]
    assert starts[1] - starts[0] >= 4.0 + 1.0 + 2.0
    assert starts[2] - starts[1] >= 4.0 + 4.0
    assert (judged.verdict, judged.certainty) == (Verdict.INTERFERED, Certainty.POSSIBLE)
    assert judged.rule == "quic.timeout.other_sni_passes"


def test_all_of_udp_443_dropped_says_nothing_of_the_site() -> None:
    """SCENARIOS 97: the vantage's matter."""
    world = World(Path(everything=True))
    seen, judged = world.ask()
    assert [(o.purpose, o.address) for o in seen][:2] == [(Purpose.QUIC, TRUE), (Purpose.CONTROL_QUIC, TRUE)]
    assert HOST not in world.names()[1:]
    assert (judged.verdict, judged.findings) == (Verdict.OK, ())
    assert world.tools.quic.state == "silent"


def test_where_nothing_ever_answers_it_is_not_asked_for_ever() -> None:
    world = World(Path(everything=True))
    for address in (TRUE, SECOND, STRANGE, "104.16.9.9"):
        world.ask(site(address))
    count = len(world.network.open)
    seen, _ = world.ask(site("104.16.9.10"))
    assert (seen, len(world.network.open)) == ([], count)
    assert world.tools.quic.state == "silent"


def test_a_server_whose_quic_is_down_is_no_censor() -> None:
    world = World(Path(addresses=frozenset({TRUE})))
    world.ask(site(STRANGE))
    seen, judged = world.ask()
    assert judged.verdict is Verdict.OK
    assert next(o for o in seen if o.purpose is Purpose.CONTROL_QUIC).failure is not None
    assert world.tools.quic.state == "ok"


def test_residual_blocking_is_told_apart_at_a_place_that_spoke_before() -> None:
    """The first question closes the way to its address for minutes (as the GFW does): only a fresh place tells."""
    world = World(Path(names=frozenset({HOST}), residual=180.0))
    stranger = Scene().asked(Resolver(kind=ResolverKind.SYSTEM, own=True), STRANGE, name=STRANGER)
    stranger.flow(STRANGE, page={"headers": H3})
    world.ask(stranger, f"https://{STRANGER}/")
    seen, judged = world.ask()
    assert [(o.purpose, o.address) for o in seen] == [
        (Purpose.QUIC, TRUE), (Purpose.CONTROL_QUIC, TRUE),
        (Purpose.CONTROL_QUIC, STRANGE), (Purpose.SNI_ELSEWHERE, STRANGE), (Purpose.SNI_ELSEWHERE, STRANGE),
    ]  # fmt: skip
    assert (judged.verdict, judged.certainty) == (Verdict.INTERFERED, Certainty.CONFIRMED)
    assert judged.rule == "quic.timeout.fails_elsewhere"


def test_a_place_that_may_be_poisoned_rests() -> None:
    world = World(Path(names=frozenset({HOST}), residual=180.0))
    stranger = Scene().asked(Resolver(kind=ResolverKind.SYSTEM, own=True), STRANGE, name=STRANGER)
    world.ask(stranger.flow(STRANGE, page={"headers": H3}), f"https://{STRANGER}/")
    world.ask()
    before = len([a for a in world.network.asked if a.address == STRANGE])
    world.ask(site(SECOND))
    assert len([a for a in world.network.asked if a.address == STRANGE]) == before


def test_residual_blocking_is_told_apart_at_the_site_s_other_address() -> None:
    world = World(Path(names=frozenset({HOST}), residual=180.0))
    seen, judged = world.ask(site(TRUE, SECOND))
    assert [(o.purpose, o.address) for o in seen][2:5] == [
        (Purpose.CONTROL_QUIC, SECOND), (Purpose.QUIC, SECOND), (Purpose.QUIC, SECOND),
    ]  # fmt: skip
    assert (judged.verdict, judged.certainty) == (Verdict.INTERFERED, Certainty.POSSIBLE)


def test_a_reference_that_speaks_quic_serves_as_a_strange_place() -> None:
    servers = {**SERVERS, ("34.107.221.82", 443): a_server(INNOCENT)}
    world = World(Path(names=frozenset({HOST}), residual=180.0), servers=servers)
    seen, judged = world.ask()
    assert {o.address for o in seen if o.purpose is Purpose.SNI_ELSEWHERE} == {"34.107.221.82"}
    assert judged.certainty is Certainty.LIKELY  # it was asked for its own name alone: it may mind every other


def test_a_strange_place_is_of_the_same_family() -> None:
    world = World(Path(names=frozenset({HOST})))
    stranger = Scene().asked(Resolver(kind=ResolverKind.SYSTEM, own=True), STRANGE, name=STRANGER)
    world.ask(stranger.flow(STRANGE, page={"headers": H3}), f"https://{STRANGER}/")
    seen, _ = world.ask(site(TRUE_SIX))
    assert {o.address for o in seen} == {TRUE_SIX}


def test_a_lone_silence_that_passes_is_chance() -> None:
    world = World(Path(names=frozenset({HOST}), until=5.5))
    _, judged = world.ask()
    assert world.names() == [HOST, INNOCENT, HOST]
    assert (judged.verdict, judged.findings) == (Verdict.OK, ())


def test_without_an_innocent_no_name_is_the_comparison() -> None:
    world = World(Path(names=frozenset({HOST})), innocent=False)
    _, judged = world.ask()
    assert world.names() == [HOST, ""] * 3
    assert judged.verdict is Verdict.INTERFERED


def test_without_follow_up_silence_is_only_noted() -> None:
    world = World(Path(names=frozenset({HOST})), followup=False)
    seen, judged = world.ask()
    assert [o.purpose for o in seen] == [Purpose.QUIC]
    assert judged.verdict is Verdict.OK


@pytest.mark.parametrize("server", [lambda: served(alpn=("hq",)), lambda: served(close=2), a_server("other.example")])
def test_a_server_that_speaks_and_refuses_is_left_alone(server: Callable[[], Answer]) -> None:
    world = World(servers={(TRUE, 443): server})
    seen, judged = world.ask()
    assert len(seen) == 1
    assert seen[0].failure is not None
    assert judged.verdict is Verdict.OK


def test_two_sites_at_one_address_are_not_compared_at_the_same_time() -> None:
    """Each other's forbidden name would poison the other's comparison."""
    world = World(Path(names=frozenset({HOST, "twin.example"})))
    logs = []

    async def one(scene: Scene, url: str) -> None:
        log = Log.begin(world.network)
        log.observations.extend(scene.observations)
        logs.append(log)
        facts = gather(Case(url, tuple(scene.observations), Fitness.FIT, FIT))
        await http3.ask(log, world.tools, _task(url), facts, world.innocents)

    twin = Scene().asked(Resolver(kind=ResolverKind.SYSTEM, own=True), TRUE, name="twin.example")
    twin.flow(page={"headers": H3})

    async def both() -> None:
        await asyncio.gather(one(site(), URL), one(twin, "https://twin.example/"))

    asyncio.run(world.network.run(both()))
    compared = [name for name in world.names()[2:] if name != INNOCENT]
    assert compared in ([HOST] * 2 + ["twin.example"] * 2, ["twin.example"] * 2 + [HOST] * 2)


# A whole run


def run_of(url: str, path: Path = OPEN, **settings: Any) -> tuple[Measurement, QuicNetwork]:
    """One run of one endpoint, with a reference that does not answer."""
    network = QuicNetwork(SERVERS, path, hosts={HOST: (TRUE,)})
    own = (Resolver(kind=ResolverKind.SYSTEM, own=True),)
    chosen = Settings(timeout=4.0, retry_pauses=(2.0, 4.0), resolvers=own, quic=True, **settings)
    lines: list[Measurement] = []

    async def scenario() -> None:
        async with DohClient(network, peers.trust()) as doh:
            tools = Tools(network, peers.trust(), doh, chosen, budget(8, 1, 200))
            plan: Plan = make(listed(target(url)), DAY, with_quic=True)
            await Run("20261121T000000Z-lab-0000", VANTAGE, plan, tools, lines.append, "0" * 64).go()

    asyncio.run(network.run(scenario()))
    [line] = lines
    return line, network


def test_a_quic_endpoint_is_resolved_and_shaken_hands_with() -> None:
    line, network = run_of(f"quic://{HOST}:443")
    assert (line.verdict, line.failure, line.tries) == (Verdict.OK, None, 1)
    assert [type(o) for o in line.observations] == [DNSLookup, QUICHandshake]
    assert [a.sni for a in network.asked] == [HOST]


def test_a_quic_endpoint_by_address_sends_no_name() -> None:
    line, network = run_of(f"quic://{TRUE}:443")
    assert (line.verdict, line.failure) == (Verdict.ANOMALY, K.SSL_INVALID_HOSTNAME)
    assert {a.sni for a in network.asked} == {""}


def test_a_quic_endpoint_whose_name_is_dropped_is_blocked() -> None:
    line, network = run_of(f"quic://{HOST}:443", Path(names=frozenset({HOST})))
    assert (line.verdict, line.mechanism, line.failure, line.tries) == (
        Verdict.BLOCKED, "quic_timeout", K.TIMEOUT, 3,
    )  # fmt: skip
    assert [a.sni for a in network.asked] == [HOST] * 3 + ["", HOST, "", HOST, ""]


def test_a_quic_endpoint_where_nothing_at_all_passes_says_nothing() -> None:
    line, _ = run_of(f"quic://{HOST}:443", Path(everything=True))
    assert (line.verdict, line.layer, line.failure) == (Verdict.INSUFFICIENT, "quic", K.TIMEOUT)
    assert line.diagnosis.rule == "vantage.nothing_answers"  # no reference either: we may have been offline
    assert line.fitness_evidence.quic == "silent"
