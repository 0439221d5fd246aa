"""The simulated internet: places lead to loopback sockets, other places to nowhere, never to the real network."""

import asyncio
import socket

import dns.message
import dns.rcode
import pytest

from probe.model.observation import Resolver, ResolverKind
from probe.net.network import Network
from probe.net.real import RealNetwork
from probe.net.remap import RemapNetwork, Table, Unmapped, Where
from probe.net.resolve import lookup, parse_resolver_address
from probe.net.trace import Trace
from tests.net.nameserver import Reply, Sent, answer, nameserver, with_rcode

RESOLVER = "198.51.100.53"


def _soon(network: Network, seconds: float = 5.0) -> float:
    return network.monotonic() + seconds


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello")
    await reader.read()
    writer.close()


def test_tcp_place_leads_to_its_loopback_socket() -> None:
    async def scenario() -> bytes:
        server = await asyncio.start_server(_greet, "127.0.0.1", 0)
        async with server:
            place = server.sockets[0].getsockname()
            network = RemapNetwork(RealNetwork(), {("2001:db8::1", 443, "tcp"): place})
            stream = await network.connect("2001:DB8:0::1", 443, _soon(network))
            greeting = await stream.recv(99, _soon(network))
            stream.close()
            await asyncio.sleep(0.01)
            return greeting

    assert asyncio.run(scenario()) == b"hello"


def test_datagrams_come_from_the_simulated_address() -> None:
    async def scenario() -> None:
        async with nameserver(lambda query, _: [Sent(answer(query, "192.0.2.7"), ttl=57)]) as real:
            network = RemapNetwork(RealNetwork(), {(RESOLVER, 53, "udp"): parse_resolver_address(real)})
            opened = await network.udp(RESOLVER, 53)
            await opened.send(dns.message.make_query("site.example", "A").to_wire())
            datagram = await opened.recv(_soon(network))
            opened.close()
            assert (datagram.address, datagram.port, datagram.ttl) == (RESOLVER, 53, 57)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Unmapped.SILENCE, TimeoutError),
        (Unmapped.REFUSED, ConnectionRefusedError),
        (Unmapped.UNREACHABLE, OSError),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_other_places_behave_as_configured(behaviour: Unmapped, error: type[OSError], listed: bool) -> None:
    table: Table = {("192.0.2.1", 443, proto): behaviour for proto in ("tcp", "udp")} if listed else {}
    default = Unmapped.SILENCE if listed else behaviour

    async def ask_udp(network: RemapNetwork) -> None:
        opened = await network.udp("192.0.2.1", 443)
        try:
            await opened.send(b"?")
            await opened.recv(_soon(network, 0.02))
        finally:
            opened.close()

    async def scenario() -> None:
        network = RemapNetwork(RealNetwork(), table, unmapped=default)
        with pytest.raises(error) as tcp:
            await network.connect("192.0.2.1", 443, _soon(network, 0.02))
        with pytest.raises(error) as udp:
            await ask_udp(network)
        assert type(tcp.value) is type(udp.value) is error

    asyncio.run(scenario())


def test_a_table_that_leads_out_of_loopback_is_a_bug() -> None:
    def anywhere(address: str, port: int, _protocol: str) -> Where:
        return address, port

    async def scenario() -> None:
        network = RemapNetwork(RealNetwork(), anywhere)
        with pytest.raises(ValueError, match="not loopback"):
            await network.connect("192.0.2.1", 443, _soon(network))
        with pytest.raises(ValueError, match="not loopback"):
            await network.udp("192.0.2.1", 53)

    asyncio.run(scenario())


def test_loopback_addresses_of_the_simulated_internet_are_mapped_like_any_other() -> None:
    """A forged 127.0.0.1 must meet nothing, not a service that happens to run on this machine."""

    async def scenario() -> None:
        server = await asyncio.start_server(_greet, "127.0.0.1", 0)
        async with server:
            network = RemapNetwork(RealNetwork(), {}, unmapped=Unmapped.REFUSED)
            with pytest.raises(ConnectionRefusedError):
                await network.connect("127.0.0.1", server.sockets[0].getsockname()[1], _soon(network))

    asyncio.run(scenario())


def test_the_table_may_change_while_it_runs() -> None:
    table: dict[tuple[str, int, str], Where] = {}

    async def scenario() -> None:
        server = await asyncio.start_server(_greet, "127.0.0.1", 0)
        async with server:
            network = RemapNetwork(RealNetwork(), table, unmapped=Unmapped.REFUSED)
            with pytest.raises(ConnectionRefusedError):
                await network.connect("192.0.2.1", 80, _soon(network))
            table["192.0.2.1", 80, "tcp"] = server.sockets[0].getsockname()
            (await network.connect("192.0.2.1", 80, _soon(network))).close()
            await asyncio.sleep(0.01)

    asyncio.run(scenario())


def test_hosts_by_mapping_and_by_function() -> None:
    async def by_function(host: str, _deadline: float) -> tuple[str, ...]:
        if host == "again.example":
            raise socket.gaierror(socket.EAI_AGAIN, "later")
        return ("192.0.2.2",)

    async def scenario() -> None:
        mapped = RemapNetwork(RealNetwork(), {}, hosts={"site.example": ("192.0.2.1", "2001:db8::1")})
        assert await mapped.getaddrinfo("site.example", _soon(mapped)) == ("192.0.2.1", "2001:db8::1")
        with pytest.raises(socket.gaierror) as noname:
            await mapped.getaddrinfo("other.example", _soon(mapped))
        assert noname.value.errno == socket.EAI_NONAME
        called = RemapNetwork(RealNetwork(), {}, hosts=by_function, resolvers=lambda: [RESOLVER])
        assert await called.getaddrinfo("site.example", _soon(called)) == ("192.0.2.2",)
        with pytest.raises(socket.gaierror) as again:
            await called.getaddrinfo("again.example", _soon(called))
        assert again.value.errno == socket.EAI_AGAIN
        assert called.system_resolvers() == (RESOLVER,)

    asyncio.run(scenario())


def _system(query: dns.message.Message, _tcp: bool) -> Reply:
    name, qtype = str(query.question[0].name), query.question[0].rdtype.name
    match name, qtype:
        case "both.example.", "A":
            return answer(query, "192.0.2.1")
        case "both.example.", "AAAA":
            return answer(query, "2001:db8::1")
        case "four.example.", "A":
            return answer(query, "192.0.2.4")
        case "gone.example.", _:
            return with_rcode(query, dns.rcode.NXDOMAIN)
        case "fail.example.", _:
            return with_rcode(query, dns.rcode.SERVFAIL)
        case "mute.example.", _:
            return None
    return answer(query)


async def _simulated_getaddrinfo(host: str) -> tuple[str, ...]:
    async with nameserver(_system) as real:
        table = {(RESOLVER, 53, "udp"): parse_resolver_address(real)}
        network = RemapNetwork(RealNetwork(), table, resolvers=[RESOLVER])
        return await network.getaddrinfo(host, _soon(network, 0.1 if host == "mute.example" else 5))


def test_getaddrinfo_asks_the_simulated_nameserver_for_both_families() -> None:
    assert asyncio.run(_simulated_getaddrinfo("both.example")) == ("192.0.2.1", "2001:db8::1")


def test_getaddrinfo_takes_the_family_that_exists() -> None:
    assert asyncio.run(_simulated_getaddrinfo("four.example")) == ("192.0.2.4",)


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("gone.example", socket.EAI_NONAME),
        ("nodata.example", getattr(socket, "EAI_NODATA", socket.EAI_NONAME)),
        ("fail.example", socket.EAI_AGAIN),
    ],
)
def test_getaddrinfo_speaks_as_glibc(host: str, code: int) -> None:
    with pytest.raises(socket.gaierror) as error:
        asyncio.run(_simulated_getaddrinfo(host))
    assert error.value.errno == code


def test_getaddrinfo_waits_for_a_mute_nameserver_until_the_deadline() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(_simulated_getaddrinfo("mute.example"))


def test_getaddrinfo_without_a_nameserver_is_temporary() -> None:
    async def scenario() -> None:
        network = RemapNetwork(RealNetwork(), {})
        with pytest.raises(socket.gaierror) as error:
            await network.getaddrinfo("site.example", _soon(network))
        assert error.value.errno == socket.EAI_AGAIN

    asyncio.run(scenario())


def test_the_stage_meets_the_simulated_resolver_under_its_own_address() -> None:
    async def scenario() -> None:
        async with nameserver(_system) as real:
            table = {(RESOLVER, 53, "udp"): parse_resolver_address(real)}
            network = RemapNetwork(RealNetwork(), table)
            resolver = Resolver(kind=ResolverKind.UDP, address=RESOLVER)
            trace = Trace(network, network.monotonic(), 1)
            seen = await lookup(trace, resolver, "both.example", "A", timeout=5)
            assert seen.failure is None
            assert seen.addresses == ("192.0.2.1",)
            assert seen.resolver.address == RESOLVER

    asyncio.run(scenario())


def test_the_clock_is_the_inner_one() -> None:
    inner = RealNetwork()
    network = RemapNetwork(inner, {})
    before, seen, after = inner.monotonic(), network.monotonic(), inner.monotonic()
    assert before <= seen <= after
    before, seen, after = inner.now(), network.now(), inner.now()
    assert before <= seen <= after
