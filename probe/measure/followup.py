"""Experiments after an anomaly, the innocent one first, each from a fresh source port.

Some censors drop everything to an address and port for minutes after a forbidden name (residual blocking), so the
innocent question comes before the forbidden one, and a pause before both. Nothing here judges: each experiment leaves
observations with its `purpose`, for rules to read. A healthy endpoint never comes here.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from probe.diagnose.compare import beyond
from probe.diagnose.facts import Depth, Facts, Flow, Hop
from probe.diagnose.lookups import answered
from probe.measure import control, flow
from probe.measure.flow import Errand
from probe.measure.innocent import Innocent, Innocents
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
MOST_PLACES = 2
"""Unrelated servers that are asked, before one that answers strangers is found."""
PATIENCE = 3
"""How many times longer than usual a resolver is given that was silent on this name alone."""
_HOPELESS = (FailureKind.NETWORK_UNREACHABLE, FailureKind.HTTP_INVALID_LOCATION, FailureKind.HTTP_REDIRECT_LOOP)
"""Failures that another try would not change: no route at all, and answers that lead nowhere."""
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
    if _all_failed(hop) and _others_are_well(facts, hop):
        await _once_more(lab)


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


def _all_failed(hop: Hop) -> bool:
    return bool(hop.final) and not hop.reached


def _others_are_well(facts: Facts, hop: Hop) -> bool:
    """Whether a control came further than we did."""
    return beyond(facts, hop, max((f.depth for f in hop.ours), default=Depth.NOTHING))


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
    """This SNI at the address of an innocent, after the innocent's own has passed there, and a stranger's.

    Many servers turn down every name that is not theirs: such a place tells nothing of ours, and another is looked for.
    """
    for _ in range(MOST_PLACES):
        innocent = lab.innocents.take(_family(lab.hop))
        if innocent is None:
            return
        there = partial(_handshake, lab, innocent.address, port=HTTPS_PORT)  # whatever the port of the target
        stranger = lab.innocents.stranger(innocent)
        if not _server_spoke(await there(Purpose.CONTROL_SNI, innocent.host)):
            continue
        if stranger is None or _server_spoke(await there(Purpose.CONTROL_SNI, stranger.host)):
            await there(Purpose.SNI_ELSEWHERE, lab.where.host)
            return


def _server_spoke(walked: flow.Flow) -> bool:
    last = walked.observations[-1]
    return last.failure is None or bool(getattr(last, "certificates", ())) or bool(getattr(last, "status", 0))


async def _split_hello(lab: Lab) -> None:
    """The ClientHello in two segments. For the record only: it tells how the path reads, not what users meet."""
    suspect = _failed(lab.hop, "tls")[0]
    await _handshake(lab, suspect.address, Purpose.SPLIT_HELLO, lab.where.host, split=True)


async def _host_elsewhere(lab: Lab) -> None:
    """This Host, in cleartext, at the address of an innocent, after a stranger's was answered there."""
    for _ in range(MOST_PLACES):
        innocent = lab.innocents.take(_family(lab.hop))
        if innocent is None:
            return
        if innocent.task.where.scheme == "http" and await _stranger_answered(lab, innocent):
            where = lab.where._replace(port=innocent.task.where.port)
            errand = Errand(where, innocent.address, lab.hop.number, 0, Purpose.SNI_ELSEWHERE)
            await flow.run(lab.log, lab.tools, errand)
            return


async def _stranger_answered(lab: Lab, innocent: Innocent) -> bool:
    """Whether a name that does not belong there was answered at this address; also where none is known to ask for."""
    stranger = lab.innocents.stranger(innocent)
    if stranger is None or stranger.task.where.scheme != "http":
        return True
    where = stranger.task.where._replace(port=innocent.task.where.port)
    expect = stranger.task.endpoint.expect
    errand = Errand(where, innocent.address, lab.hop.number, 0, Purpose.CONTROL_SNI, expect=expect)
    return _server_spoke(await flow.run(lab.log, lab.tools, errand))


async def _relay(lab: Lab) -> None:
    """Whether the address also speaks, with proof, for names that have nothing to do with it, nor with each other."""
    for innocent in lab.innocents.unrelated():
        theirs = innocent.task.where
        if lab.where.scheme == "https":
            where, until = Where(f"https://{theirs.host}/", "https", theirs.host, lab.where.port), "tls"
        else:
            where, until = theirs, "http"
        expect, address = innocent.task.endpoint.expect, lab.hop.reached[0].address
        errand = Errand(where, address, lab.hop.number, 0, Purpose.CONTROL_SNI, until, expect=expect)
        if where.port == lab.where.port and where.scheme == lab.where.scheme:
            await flow.run(lab.log, lab.tools, errand)


async def _again(lab: Lab) -> None:
    """Addresses that failed while others were reached, once more after each pause."""
    await _try_failed(lab, lab.tools.settings.retry_pauses or (0.0,))


async def _once_more(lab: Lab) -> None:
    """Addresses that all failed, once more at the very end: who was well in between says nothing of the time before."""
    await _try_failed(lab, lab.tools.settings.retry_pauses[-1:] or (0.0,))


async def _try_failed(lab: Lab, pauses: Sequence[float]) -> None:
    last, expect = flow.last_stage(lab.where), lab.task.endpoint.expect
    errands = [
        Errand(lab.where, f.address, lab.hop.number, 1, Purpose.SECOND_TRY, last, expect=expect)
        for f in lab.hop.final
        if f.failure is not None and f.failure not in _HOPELESS
    ]
    for pause in pauses:
        await lab.tools.network.sleep(pause)
        await asyncio.gather(*(flow.run(lab.log, lab.tools, errand) for errand in errands))


def _known_here_alone(hop: Hop) -> bool:
    """Whether own resolvers have addresses for a name that independent ones deny."""
    return bool(hop.own_addresses) and not hop.trusted_addresses and any(answered(k.dns) for k in hop.trusted)


async def _made_up(lab: Lab) -> None:
    """The own resolver, asked for a name below an innocent's that nobody ever had: does it find addresses for those?"""
    if (innocent := lab.innocents.any_name()) is not None:
        await _ask_own(lab, f"nx-{secrets.token_hex(6)}.{innocent.host}", Purpose.RESOLVER_HEALTH)


def _silent_name(hop: Hop) -> bool:
    """Whether own resolvers that answer other names were silent on this one."""
    silent = [k.dns for k in hop.own if k.dns.failure is not None and k.dns.failure.kind is FailureKind.TIMEOUT]
    return bool(silent) and not hop.own_addresses


async def _patiently(lab: Lab) -> None:
    """The own resolver once more, with much more time: one that cannot find out says so only then."""
    await _ask_own(lab, lab.hop.host, Purpose.SECOND_TRY, PATIENCE)


async def _ask_own(lab: Lab, name: str, purpose: Purpose, patience: int = 1) -> None:
    timeout = patience * lab.tools.settings.dns_timeout()
    for resolver in [r for r in lab.tools.settings.resolvers if r.own and r.kind is not ResolverKind.SYSTEM][:1]:
        trace = lab.log.trace(lab.hop.number, purpose, 0)
        async with lab.tools.resolving:
            lab.log.observations.append(await lookup(trace, resolver, name, "A", timeout=timeout))


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
    (_silent_name, _patiently),
    (_known_here_alone, _made_up),
)
"""What is tried, and when: innocent questions before forbidden ones."""
