"""`probe demo`: the whole tool on the embedded lab, in under a minute, without root and without the internet.

A small internet on loopback holds Clubhouse and some Mastodon instances. They are probed every second or so through
the very code of `probe run`; half-way a censor wakes up and a server dies; at the end the report must tell which is
which. The probe does not know that it is in the lab: only the network under it is another.
"""

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.console import Exit, clean, fail
from probe.model.clock import compact, rfc3339

if TYPE_CHECKING:
    from probe.cli.live import Bar
    from probe.lab.loopback import LoopbackLab
    from probe.net.certificate import TrustStore
    from probe.net.network import Network
    from probe.schedule.once import Job

ROUNDS = 24
EVERY = 1.0
"""Seconds from the start of one round to the start of the next, if the round is over by then."""


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where results go; each demo makes a new folder in it.")] = (
        Path("results/demo")
    ),
    rounds: Annotated[int, typer.Option(metavar="N", help="How many runs to make.", min=8, max=60)] = ROUNDS,
    tz: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Time zone of the report.")] = "Asia/Shanghai",
) -> None:
    """Watch a block begin: probe a lab internet on this machine while a censor switches on, then read the report."""
    import asyncio

    from probe.cli.asking import folder_mistake
    from probe.cli.live import Bar, say
    from probe.cli.reading import zone_or_fail
    from probe.cli.report import report
    from probe.lab.demo import demo_world
    from probe.lab.loopback import LoopbackLab
    from probe.store.journal import JournalError

    zone_or_fail(tz)  # now, and not after all the work
    if mistake := folder_mistake(out):
        fail(mistake)
    say("A small internet on 127.0.0.1: Clubhouse, four Mastodon instances, references,")
    say("resolvers, a control proxy. It is probed again and again, about once a second;")
    say("half-way a censor wakes up and a server dies.")
    folder = out / compact(time.time())
    bar = Bar(rounds, "runs")
    try:
        with LoopbackLab(demo_world()) as lab:
            switched = asyncio.run(_play(lab, folder, rounds, bar))
    except KeyboardInterrupt:
        bar.close()
        fail(f"interrupted; what was measured is in {clean(str(folder))}", Exit.INTERRUPTED)
    except JournalError as error:
        bar.close()
        fail(clean(str(error)), Exit.INTERNAL)
    finally:
        bar.close()
    say(
        f"The truth: at {rfc3339(switched)} the API's name was forged away, one instance reset by SNI, one went down.\n"
    )
    report([str(folder)], tz=tz)
    shown = clean(str(folder))
    say(f"\nThe measurements are in {shown}; try: probe report {shown} --json")


async def _play(lab: "LoopbackLab", folder: Path, rounds: int, bar: "Bar") -> float:
    """Make the runs, waking the censor half-way. The epoch time at which it woke."""
    from probe.lab.demo import demo_script
    from probe.net.real import RealNetwork
    from probe.net.remap import RemapNetwork, Unmapped
    from probe.schedule.once import Progress, run_once
    from probe.store.neighbours import Neighbours

    network = RemapNetwork(
        RealNetwork(),
        lab.client_table,
        resolvers=lab.world.client.resolvers,
        unmapped=Unmapped.UNREACHABLE,
    )
    job, trust, nobody = _job(network, folder), _trust(lab), Neighbours(())
    progress = Progress(on_measurement=bar.count)
    switched = 0.0
    for number in range(rounds):
        began = network.monotonic()
        if number == rounds // 2:
            _calm, storm = demo_script(0.0)
            switched = network.now()
            lab.apply(storm.rules, storm.down)
        await run_once(job, network, trust, nobody, progress)
        bar.advance()
        await network.sleep(max(0.0, EVERY - (network.monotonic() - began)))
    return switched


def _trust(lab: "LoopbackLab") -> "TrustStore":
    from probe.net.certificate import TrustStore

    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "lab-root.pem"
        pem.write_text(lab.ca_pem, encoding="ascii")
        return TrustStore(pem)


def _job(network: "Network", folder: Path) -> "Job":
    """The run as a user in the lab would ask for it: the system's resolver, two others, a control proxy."""
    from datetime import UTC, datetime

    from probe.lab.demo import CONTROL_PROXY, DOH_URL, FOREIGN_RESOLVER, demo_targets
    from probe.measure.plan import make
    from probe.measure.settings import Settings, default_resolvers, resolver_from
    from probe.model.vantage import Vantage
    from probe.net.tunnel import parse_proxy
    from probe.schedule.once import Job

    listed = demo_targets()
    own = default_resolvers(network.system_resolvers())
    settings = Settings(
        timeout=2.0,
        late_window=0.1,
        retry_pauses=(0.1, 0.2),
        cooldown=0.05,
        recheck_seconds=0.0,
        resolvers=(*own, resolver_from(FOREIGN_RESOLVER), resolver_from(DOH_URL)),
        proxies=(parse_proxy(CONTROL_PROXY),),
    )
    vantage = Vantage(name="lab", country="CN", asn=4134, network="a lab on loopback")
    plan = make(listed, datetime.now(UTC).date())
    return Job(plan, vantage, settings, folder, listed.sha256)
