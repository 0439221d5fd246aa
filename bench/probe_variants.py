"""What `probe_bench` times: the probe itself, and others doing the same work or less of it. Prints nothing.

Every variant fetches the same names from the same server with the same concurrency, each connection fresh and each
certificate verified. The probe does more: it resolves the name, keeps and judges the chain, diagnoses, and writes a
line. Its code path is that of `probe run` (`run_once`); only the bench world's one address leads to loopback.
"""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
from probe_world import ADDRESS, World

from probe.measure.plan import Plan, make
from probe.measure.settings import Settings, resolver_from
from probe.model.diagnosis import Verdict
from probe.model.measurement import Measurement
from probe.model.target import Endpoint, Role, Target, TargetKind, TargetList
from probe.model.vantage import Vantage
from probe.net.certificate import TrustStore
from probe.net.real import RealNetwork, RealStream
from probe.schedule.once import Job, Progress, run_once
from probe.store.neighbours import Neighbours

PATH = "/.well-known/bench"
DEFAULTS = Settings()
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


class BenchNetwork(RealNetwork):
    """The real network, but for the bench world's one address, which is on loopback."""

    def __init__(self, tls_port: int) -> None:
        super().__init__()
        self._tls_port = tls_port

    async def connect(self, address: str, port: int, deadline: float) -> RealStream:
        """As RealNetwork."""
        if address == ADDRESS:
            return await super().connect("127.0.0.1", self._tls_port, deadline)
        return await super().connect(address, port, deadline)


class Probe:
    """The probe with what it builds once per process: network, trust store, settings. Retries are off."""

    def __init__(self, world: World, settings: Settings = DEFAULTS) -> None:
        self._network = BenchNetwork(world.tls_port)
        self._trust = _trust_store(world.ca_pem)
        ours = msgspec.structs.replace(resolver_from(f"127.0.0.1:{world.dns_port}"), own=True)
        self._settings = replace(settings, retry_pauses=(), resolvers=(ours,))

    def run(self, urls: Sequence[str]) -> Counter[Verdict]:
        """One whole run over `urls` into a folder of its own. How often each verdict came."""
        return self.run_plan(plan_of(urls))

    def run_plan(self, plan: Plan) -> Counter[Verdict]:
        """As `run`, the plan already made."""
        verdicts: Counter[Verdict] = Counter()

        def count(one: Measurement) -> None:
            verdicts[one.verdict] += 1

        vantage = Vantage(name="bench", country="CN", asn=4134, network="loopback")
        with tempfile.TemporaryDirectory() as folder:
            job = Job(plan, vantage, self._settings, Path(folder), "0" * 64)
            asyncio.run(run_once(job, self._network, self._trust, Neighbours(()), Progress(on_measurement=count)))
        return verdicts


def _trust_store(ca_pem: str) -> TrustStore:
    """certifi's bundle, as every run has it, and the bench's root."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "root.pem")
        path.write_text(ca_pem, encoding="ascii")
        return TrustStore(path)


def plan_of(urls: Sequence[str]) -> Plan:
    """A plan of one endpoint a URL."""
    endpoints = tuple(Endpoint(id=f"e{n}", role=Role.API, url=url) for n, url in enumerate(urls))
    target = Target(id="bench", kind=TargetKind.APP, name="Bench", endpoints=endpoints)
    return make(TargetList(targets=(target,), source="bench", sha256="0" * 64), datetime.now(UTC).date())


def url_of(name: str) -> str:
    """What is fetched from `name`."""
    return f"https://{name}{PATH}"


def verifying(world: World) -> ssl.SSLContext:
    """An ordinary client context that trusts the bench's root alone: the cheapest verification there is."""
    return ssl.create_default_context(cadata=world.ca_pem)


def streams(world: World, context: ssl.SSLContext, names: Sequence[str], concurrency: int) -> int:
    """Raw asyncio: open_connection(ssl=...), write, read to the end, close. No DNS. How many answered 200."""

    async def everything() -> int:
        slots = asyncio.Semaphore(concurrency)
        return sum(await asyncio.gather(*(_stream(world.tls_port, context, name, slots) for name in names)))

    return asyncio.run(everything())


async def _stream(port: int, context: ssl.SSLContext, name: str, slots: asyncio.Semaphore) -> bool:
    async with slots:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read(-1)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return answer.startswith(b"HTTP/1.1 200")


def shared_httpx(world: World, context: ssl.SSLContext, names: Sequence[str], concurrency: int) -> int:
    """One httpx client for all, nothing kept alive, told the address: it only fetches. How many answered 200."""
    url = f"https://127.0.0.1:{world.tls_port}{PATH}"

    async def one(client: httpx.AsyncClient, name: str, slots: asyncio.Semaphore) -> bool:
        async with slots:
            answer = await client.get(url, headers={"host": name}, extensions={"sni_hostname": name})
            return answer.status_code == 200

    async def everything() -> int:
        slots = asyncio.Semaphore(concurrency)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(verify=context, limits=limits, trust_env=False) as client:
            return sum(await asyncio.gather(*(one(client, name, slots) for name in names)))

    return asyncio.run(everything())


def curl_program() -> str | None:
    """The curl on this machine, if there is one."""
    return shutil.which("curl")


def system_bundle() -> Path | None:
    """The system's CA bundle, if it is where systems have it."""
    return next((Path(name) for name in _BUNDLES if Path(name).is_file()), None)


def curl(world: World, bundle: Path, names: Sequence[str], concurrency: int) -> int:
    """`curl -Z`, one process for all. `bundle`: the system's with the bench's root behind it. How many answered 200."""
    program = curl_program()
    assert program is not None
    config = "\n".join(f'url = "{url_of(name)}"\noutput = "/dev/null"' for name in names)
    flags = ["-q", "-sS", "-Z", "--parallel-max", str(min(300, concurrency)), "--http1.1", "--cacert", str(bundle),
             "--connect-to", f"::127.0.0.1:{world.tls_port}", "-w", "%{http_code}\n", "-K", "-"]  # fmt: skip
    done = subprocess.run([program, *flags], input=config.encode(), capture_output=True, check=False)
    return done.stdout.count(b"200\n")


def pending_connects(places: Sequence[tuple[str, int]], deadline: float) -> float:
    """Plain asyncio: one sock_connect a place, all at once, each with the deadline. Wall seconds."""

    async def one(place: tuple[str, int]) -> None:
        with socket.socket() as opened, contextlib.suppress(TimeoutError):
            opened.setblocking(False)
            async with asyncio.timeout(deadline):
                await asyncio.get_running_loop().sock_connect(opened, place)

    async def everything() -> None:
        await asyncio.gather(*(one(place) for place in places))

    began = time.monotonic()
    asyncio.run(everything())
    return time.monotonic() - began


def stalled_streams(context: ssl.SSLContext, port: int, count: int, deadline: float) -> None:
    """Plain asyncio streams whose server never answers the ClientHello: for their memory."""

    async def one() -> None:
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(deadline):
                await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="bench.test")

    async def everything() -> None:
        await asyncio.gather(*(one() for _ in range(count)))

    asyncio.run(everything())
