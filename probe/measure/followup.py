"""Experiments after an anomaly, the innocent one first, each from a fresh source port.

Some censors drop everything to an address and port for minutes after a forbidden name (residual blocking), so the
innocent question comes before the forbidden one, and a pause before both. Nothing here judges: each experiment leaves
observations with its `purpose`, for rules to read. A healthy endpoint never comes here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from probe.diagnose.facts import Facts, Flow, Hop
from probe.measure import control, flow
from probe.measure.flow import Errand
from probe.measure.innocent import Innocents
from probe.measure.log import Log, Tools
from probe.measure.plan import Task
from probe.measure.suspicion import dns_suspicious, is_slow, led_astray, misnamed, page_unproven, partly_failed
from probe.model.failure import FailureKind
from probe.model.observation import Purpose, Resolver, ResolverKind
from probe.net.resolve import lookup
from probe.net.url import Where, parse

MOST_ADDRESSES = 2
"""Addresses that an experiment is made with."""
MOST_CANARIES = 2
HTTPS_PORT = 443
"""Where a reference speaks TLS."""
CANARY_SECONDS = 1.5
"""How long an answer is waited for that should never come; a forged one is quicker than any true one."""


class Lab(NamedTuple):
    """What every experiment gets: where to write, with what, about which hop of which endpoint."""

    log: Log
    tools: Tools
    task: Task
    hop: Hop
    where: Where
    innocents: Innocents


async def run(log: Log, tools: Tools, task: Task, innocents: Innocents, facts: Facts) -> None:
    """Run every experiment that the facts call for, in the order of the table, at the hop where the trouble is.

    That is where the chain ended; or where, in cleartext, it left the way that the controls took.
    """
    hop = led_astray(facts) or facts.last
    where = _where(task, hop)
    if where is None:
        return
    lab = Lab(log, tools, task, hop, where, innocents)
    called_for = [experiment for wanted, experiment in EXPERIMENTS if wanted(hop)]
    if called_for:
        await tools.network.sleep(tools.settings.cooldown)
    for experiment in called_for:
        await experiment(lab)


def _where(task: Task, hop: Hop) -> Where | None:
    """The URL of the hop: the task's own, or the redirect that led there."""
    if hop.number == 0:
        return task.where
    seen = next((f.http.url for f in hop.ours if f.http is not None), None)
    port = next((f.tcp.port for f in hop.flows), 443 if hop.scheme == "https" else 80)
    return parse(seen or f"{hop.scheme}://{hop.host}:{port}/")


def _failed(hop: Hop, stage: str) -> list[Flow]:
    return [f for f in hop.ends if f.stage == stage and f.failure is not None and f.tcp.failure is None]


def _broken_tls(hop: Hop) -> bool:
    return bool(_failed(hop, "tls"))


def _strange_clear(hop: Hop) -> bool:
    """An exchange in cleartext that failed, or whose page is unproven."""
    return hop.scheme == "http" and (bool(_failed(hop, "http")) or page_unproven(hop) or _redirects(hop))


def _redirects(hop: Hop) -> bool:
    return any(f.http is not None and f.http.location for f in hop.final)


def _unreached(hop: Hop) -> bool:
    return not hop.reached or dns_suspicious(hop)


def _relay_possible(hop: Hop) -> bool:
    """Reached at an address that only own resolvers gave."""
    return hop.disjoint and bool(hop.reached)


async def _canary(lab: Lab) -> None:
    """A question to an address that runs no resolver: first for an innocent name, then for this one."""
    innocent = lab.innocents.any_name()
    if innocent is None:
        return
    for address in (*lab.tools.settings.canaries, *lab.innocents.canaries())[:MOST_CANARIES]:
        resolver = Resolver(kind=ResolverKind.UDP, address=f"{address}:53")
        for name in (innocent.host, lab.hop.host):
            trace = lab.log.trace(lab.hop.number, Purpose.CANARY, 0)
            timeout = min(CANARY_SECONDS, lab.tools.settings.dns_timeout())
            async with lab.tools.resolving:
                asked = await lookup(trace, resolver, name, "A", timeout=timeout, late_window=0.0)
            lab.log.observations.append(asked)


async def _true_addresses(lab: Lab) -> None:
    """Addresses that only independent resolvers or late replies gave, walked to the last stage."""
    hop = lab.hop
    tried = {f.address for f in hop.flows} | {o.address for _, o in hop.quic}
    fresh = [a for a in sorted(hop.trusted_addresses | hop.late_addresses) if a not in tried][:MOST_ADDRESSES]
    expect = lab.task.endpoint.expect
    last = flow.last_stage(lab.where)
    if last == "dns":
        return
    errands = [Errand(lab.where, a, hop.number, 0, Purpose.TRUE_ADDRESS, last, expect=expect) for a in fresh]
    await asyncio.gather(*(flow.run(lab.log, lab.tools, errand) for errand in errands))


async def _from_there(lab: Lab) -> None:
    """The very addresses that this vantage was given, from the control."""
    tried = tuple(dict.fromkeys(f.address for f in lab.hop.final if f.failure is not None))
    await control.addresses_from_there(lab.log, lab.tools, lab.where, tried, lab.hop.number)


async def _other_names(lab: Lab) -> None:
    """The same address with an innocuous SNI, and with none."""
    innocent = lab.innocents.any_name()
    for suspect in _failed(lab.hop, "tls")[:MOST_ADDRESSES]:
        for purpose, sni in ((Purpose.CONTROL_SNI, innocent and innocent.host), (Purpose.NO_SNI, None)):
            if sni or purpose is Purpose.NO_SNI:
                await _handshake(lab, suspect.address, purpose, sni or None)


async def _handshake(
    lab: Lab, address: str, purpose: Purpose, sni: str | None, *, split: bool = False, port: int = 0
) -> flow.Flow:
    where = lab.where._replace(port=port or lab.where.port)
    errand = Errand(where, address, lab.hop.number, 0, purpose, "tls", sni, split=split)
    return await flow.run(lab.log, lab.tools, errand)


async def _name_elsewhere(lab: Lab) -> None:
    """This SNI at the address of an innocent, after the innocent's own has passed there."""
    innocent = lab.innocents.take(_family(lab.hop))
    if innocent is None:
        return
    there = partial(_handshake, lab, innocent.address, port=HTTPS_PORT)  # whatever the port of the target
    passed = await there(Purpose.CONTROL_SNI, innocent.host)
    if passed.observations[0].failure is None and _server_spoke(passed):
        await there(Purpose.SNI_ELSEWHERE, lab.where.host)


def _server_spoke(walked: flow.Flow) -> bool:
    last = walked.observations[-1]
    return last.failure is None or bool(getattr(last, "certificates", ()))


async def _split_hello(lab: Lab) -> None:
    """The ClientHello in two segments. For the record only: it tells how the path reads, not what users meet."""
    suspect = _failed(lab.hop, "tls")[0]
    await _handshake(lab, suspect.address, Purpose.SPLIT_HELLO, lab.where.host, split=True)


async def _host_elsewhere(lab: Lab) -> None:
    """This Host, in cleartext, at the address of an innocent."""
    innocent = lab.innocents.take(_family(lab.hop))
    if innocent is not None and innocent.task.where.scheme == "http":
        where = lab.where._replace(port=innocent.task.where.port)
        errand = Errand(where, innocent.address, lab.hop.number, 0, Purpose.SNI_ELSEWHERE)
        await flow.run(lab.log, lab.tools, errand)


async def _relay(lab: Lab) -> None:
    """Whether the address also speaks, with proof, for a name that has nothing to do with it."""
    innocent = lab.innocents.any_name()
    if innocent is None:
        return
    theirs = innocent.task.where
    for reached in lab.hop.reached[:1]:
        if lab.where.scheme == "https":
            where, until = Where(f"https://{theirs.host}/", "https", theirs.host, lab.where.port), "tls"
        else:
            where, until = theirs, "http"
        expect = innocent.task.endpoint.expect
        errand = Errand(where, reached.address, lab.hop.number, 0, Purpose.CONTROL_SNI, until, expect=expect)
        if where.port == lab.where.port and where.scheme == lab.where.scheme:
            await flow.run(lab.log, lab.tools, errand)


async def _again(lab: Lab) -> None:
    """Addresses that failed while others were reached, once more after a pause."""
    pauses: Sequence[float] = lab.tools.settings.retry_pauses or (0.0,)
    errands = [
        Errand(lab.where, f.address, lab.hop.number, 1, Purpose.SECOND_TRY, flow.last_stage(lab.where))
        for f in lab.hop.final
        if f.failure is not None and f.failure is not FailureKind.NETWORK_UNREACHABLE
    ]
    for pause in pauses:
        await lab.tools.network.sleep(pause)
        await asyncio.gather(*(flow.run(lab.log, lab.tools, errand) for errand in errands))


async def _speed_beside(lab: Lab) -> None:
    """The same content from the same address, with the SNI of an innocent: what the name alone costs."""
    innocent = lab.innocents.any_name()
    slow = next((f for f in lab.hop.final if is_slow(f)), None)
    if innocent is None or slow is None or lab.where.scheme != "https":
        return
    errand = Errand(
        lab.where, slow.address, lab.hop.number, 0, Purpose.CONTROL_SPEED, sni=innocent.host, regardless=True
    )
    await flow.run(lab.log, lab.tools, errand)


def _family(hop: Hop) -> str:
    return "6" if hop.final and all(":" in f.address for f in hop.final) else "4" if hop.final else ""


Wanted = Callable[[Hop], bool]
Experiment = Callable[[Lab], Awaitable[None]]
EXPERIMENTS: tuple[tuple[Wanted, Experiment], ...] = (
    (_unreached, _from_there),
    (partly_failed, _from_there),
    (lambda hop: dns_suspicious(hop) or misnamed(hop), _canary),
    (_relay_possible, _relay),
    (_broken_tls, _other_names),
    (_broken_tls, _name_elsewhere),
    (_strange_clear, _host_elsewhere),
    (lambda hop: any(is_slow(f) for f in hop.final), _speed_beside),
    (_unreached, _true_addresses),
    (partly_failed, _again),
    (_broken_tls, _split_hello),
)
"""What is tried, and when: innocent questions before forbidden ones."""
