"""The child process of a packet lab: makes the namespaces, then is the internet, with the forwarder as its own child.

Runs after a fork and never returns (`child` ends in os._exit). It makes user, network and mount namespaces, gives the
internet's one all addresses of the world, makes a second network and mount namespace for the client, sends descriptors
of the client's three to the parent, and serves until the parent's socket closes, an error comes or its lifetime ends.
"""

import asyncio
import gc
import os
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
from probe.lab.packet.censor import Censor, Setup
from probe.lab.packet.forwarder import Forwarder
from probe.lab.packet.internet import CLIENT_STANDIN, Internet
from probe.lab.packet.link import Link, open_link
from probe.lab.packet.netlink import Netlink
from probe.lab.packet.packets import packed
from probe.lab.rule import Rule
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
    client.close()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    forwarder = os.fork()
    if forwarder == 0:
        _forward(plan, client_link, server_link, theirs, [parent, ours])
    for each in (client_link, server_link, theirs):
        each.close()
    with ours:
        asyncio.run(_serve(plan, parent, ours))
    os.waitpid(forwarder, 0)


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


async def _serve(plan: Plan, parent: socket.socket, forwarder: socket.socket) -> None:
    """Serve, and obey the parent: `R` rules, `D` hosts that are down, `C` nothing; each is answered with the counts."""
    servers = Internet(plan.world, plan.certificates, plan.rules)
    await servers.start()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    requests: asyncio.Queue[bytes] = asyncio.Queue()

    def receive() -> None:
        try:
            request = parent.recv(1 << 20)
        except OSError:
            request = b""
        requests.put_nowait(request)
        if not request:
            loop.remove_reader(parent)
            over.set()

    parent.send(b"K")
    loop.add_reader(parent, receive)
    while request := await requests.get():
        if request[:1] == b"D":
            await servers.down(_decode_names.decode(request[1:]))
        if request[:1] == b"R":
            servers.change(_decode_rules.decode(request[1:]))
        forwarder.send(request)
        parent.send(b"A" + forwarder.recv(1 << 20))
