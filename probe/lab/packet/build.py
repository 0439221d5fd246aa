"""The child process of a packet lab: makes the namespaces, then is the internet, with the forwarder as its own child.

Runs after a fork and never returns (`child` ends in os._exit). It makes user, network and mount namespaces, gives the
internet's one all addresses of the world, makes a second network and mount namespace for the client, sends descriptors
of the client's three to the parent, and serves until the parent's socket closes, an error comes or its lifetime ends.
"""

import asyncio
import gc
import os
import shutil
import signal
import socket
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec

from probe.lab.certificates import Certificates
from probe.lab.packet import internet, namespaces
from probe.lab.packet.censor import Censor
from probe.lab.packet.forwarder import Forwarder
from probe.lab.packet.internet import CLIENT_STANDIN, Internet
from probe.lab.packet.link import Link, open_link
from probe.lab.packet.netlink import Netlink
from probe.lab.packet.packets import packed
from probe.lab.packet.setting import Setup
from probe.lab.rule import Phase, Rule
from probe.lab.world import World

DEVICE = "path0"
_FAMILIES = {4: socket.AF_INET, 16: socket.AF_INET6}
_SYSCTLS = {
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
}
"""Of the internet's namespace: every datagram to a closed port gets its ICMP error, and no route is second-guessed."""

_decode_rules = msgspec.msgpack.Decoder(tuple[Rule, ...])
_decode_script = msgspec.msgpack.Decoder(tuple[Phase, ...])
_decode_names = msgspec.msgpack.Decoder(tuple[str, ...])


class Plan(NamedTuple):
    """What a lab is made of. `link`: `tun`, `veth` or empty for the better one; `lifetime` seconds, 0 without end."""

    world: World
    rules: tuple[Rule, ...]
    certificates: Certificates
    seed: int
    latency: float
    link: str
    lifetime: int
    resolv_conf: str
    hosts_file: str
    folder: Path


def child(plan: Plan, parent: socket.socket) -> NoReturn:
    """Be the lab. Errors go to the parent as `E` and a text."""
    status = 1
    try:
        _shed_parent(parent, plan.lifetime)
        _run(plan, parent)
        status = 0
    except OSError as error:
        with suppress(OSError):
            parent.send(b"E" + str(error).encode())
    except BaseException:  # noqa: BLE001  the last frame of a forked process: nothing may unwind into the parent's code
        with suppress(OSError):
            parent.send(b"E" + traceback.format_exc().encode()[-4000:])
    finally:
        shutil.rmtree(plan.folder, ignore_errors=True)
        os._exit(status)


def _shed_parent(keep: socket.socket, lifetime: int) -> None:
    """Let go of everything inherited: descriptors, signal handlers, garbage whose finalizers could close our files."""
    gc.freeze()
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(lifetime)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.closerange(3, keep.fileno())
    os.closerange(keep.fileno() + 1, _highest_descriptor() + 1)


def _highest_descriptor() -> int:
    return max(int(name) for name in os.listdir("/proc/self/fd"))


def _run(plan: Plan, parent: socket.socket) -> None:
    namespaces.become_root()
    server_link = _make_internet(plan)
    client_link, client = _make_client(plan)
    socket.send_fds(parent, [b"N"], list(client))
    home = os.fstat(client.net).st_ino
    client.close()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    forwarder = os.fork()
    if forwarder == 0:
        _forward(plan, client_link, server_link, theirs, [parent, ours])
    for each in (client_link, server_link, theirs):
        each.close()
    try:
        with ours:
            asyncio.run(_serve(plan, parent, ours))
        os.waitpid(forwarder, 0)
    finally:
        _evict(home)


def _evict(home: int) -> None:
    """Kill what still lives in the client's network namespace: commands, and what they left running."""
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with suppress(OSError):  # gone meanwhile, or not ours to look at: then not ours either
                if os.stat(f"/proc/{entry.name}/ns/net").st_ino == home:
                    os.kill(int(entry.name), signal.SIGKILL)


def _make_internet(plan: Plan) -> Link:
    """The namespace we are in: every host's addresses on lo, the client behind the link."""
    for name, value in _SYSCTLS.items():
        with suppress(OSError):  # a container may show /proc/sys read-only: the defaults will do
            Path("/proc/sys", name).write_text(value, encoding="ascii")
    link = open_link(DEVICE, kind=plan.link)
    own = {address for host in plan.world.hosts for address in host.addresses}
    own |= {*internet.shadows(plan.world).values(), *CLIENT_STANDIN}
    with Netlink() as netlink:
        netlink.up("lo")
        for address in sorted(own):
            netlink.address("lo", packed(address))
        for address in _client_addresses(plan.world):
            netlink.route(DEVICE, _FAMILIES[len(packed(address))], packed(address))
    return link


def _client_addresses(world: World) -> list[str]:
    client = world.client
    return [each for each in client.addresses if (client.ipv6 if ":" in each else client.ipv4)]


def _make_client(plan: Plan) -> tuple[Link, namespaces.Namespaces]:
    """A second network and mount namespace: the link, the client's addresses and files. We come back from it."""
    home = (namespaces.current("net"), namespaces.current("mnt"))
    namespaces.unshare(namespaces.NEWNET | namespaces.NEWNS)
    link = open_link(DEVICE, kind=plan.link)
    with Netlink() as netlink:
        netlink.up("lo")
        for address in _client_addresses(plan.world):
            netlink.address(DEVICE, packed(address))
            with suppress(FileExistsError):
                netlink.route(DEVICE, _FAMILIES[len(packed(address))])
    files = {"resolv.conf": plan.resolv_conf, "hosts": plan.hosts_file, **namespaces.ETCETERA}
    namespaces.cover_etc(files)
    made = namespaces.Namespaces(*(namespaces.current(kind) for kind in ("user", "net", "mnt")))
    namespaces.enter(home[0], namespaces.NEWNET)
    namespaces.enter(home[1], namespaces.NEWNS)
    for descriptor in home:
        os.close(descriptor)
    return link, made


def setup(world: World) -> Setup:
    """What a censor on the path of this world knows of it."""
    control = world.host(world.control).addresses if world.control else ()
    return Setup(
        hops={packed(address): host.hops for host in world.hosts for address in host.addresses},
        hosts={host.name: tuple(packed(address) for address in host.addresses) for host in world.hosts},
        beside=frozenset(packed(address) for address in control),
        shadows={(packed(a), port): packed(where) for (a, port), where in internet.shadows(world).items()},
    )


def _forward(
    plan: Plan, client: Link, server: Link, control: socket.socket, others: Iterable[socket.socket]
) -> NoReturn:
    """The forwarder's process: dies with the internet's."""
    try:
        namespaces.die_with_parent(signal.SIGKILL)
        for each in others:
            each.close()
        censor = Censor(plan.rules, setup(plan.world), plan.seed)
        gc.disable()  # a packet makes no cycles, and a collection in mid-stream is a pause on the path
        Forwarder(client, server, censor, control, plan.latency).run()
    except BaseException:  # noqa: BLE001  as in `child`: this process ends here, and says why
        traceback.print_exc()
    finally:
        os._exit(0)


class _Office:
    """Takes the parent's requests in turn: `R` rules, `D` hosts that are down, `S` a script, `C` nothing.

    Each is answered with the counts of the rules that fired. A script's phases come in as requests of their own, when
    their time has come, and are answered to nobody.
    """

    def __init__(self, servers: Internet, parent: socket.socket, forwarder: socket.socket) -> None:
        self._servers, self._parent, self._forwarder = servers, parent, forwarder
        self._requests: asyncio.Queue[bytes | Phase] = asyncio.Queue()

    def receive(self) -> None:
        """The parent's socket is readable; nothing to read is its end."""
        try:
            request = self._parent.recv(1 << 20)
        except OSError:
            request = b""
        if not request:
            asyncio.get_running_loop().remove_reader(self._parent)
        self._requests.put_nowait(request)

    async def work(self) -> None:
        """Until the parent's socket closes."""
        while request := await self._requests.get():
            if isinstance(request, Phase):
                self._rule(msgspec.msgpack.encode(request.rules))
                await self._servers.down(request.down)
                continue
            kind, body = request[:1], request[1:]
            if kind == b"D":
                await self._servers.down(_decode_names.decode(body))
            if kind == b"S":
                self._schedule(_decode_script.decode(body))
            counts = self._rule(body) if kind == b"R" else self._tell(b"C")
            self._parent.send(b"A" + counts)

    def _schedule(self, script: tuple[Phase, ...]) -> None:
        loop = asyncio.get_running_loop()
        for phase in script:
            loop.call_later(phase.start, self._requests.put_nowait, phase)

    def _rule(self, encoded: bytes) -> bytes:
        self._servers.change(_decode_rules.decode(encoded))
        return self._tell(b"R" + encoded)

    def _tell(self, request: bytes) -> bytes:
        self._forwarder.send(request)
        return self._forwarder.recv(1 << 20)


async def _serve(plan: Plan, parent: socket.socket, forwarder: socket.socket) -> None:
    """Serve, and obey the parent, until its socket closes."""
    servers = Internet(plan.world, plan.certificates, plan.rules)
    await servers.start()
    office = _Office(servers, parent, forwarder)
    parent.send(b"K")
    asyncio.get_running_loop().add_reader(parent, office.receive)
    await office.work()
