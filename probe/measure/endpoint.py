"""One endpoint: hop by hop through its redirects, every address of every hop, and again when it fails.

Knows which addresses speak for the vantage (those its own resolvers give) and when a try has failed; what a single
connection does is `flow`, what the failure means is `diagnose`. A redirect opens a new hop, resolved and measured as
fully as the first.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple

from probe.measure import flow
from probe.measure.flow import Errand, Flow
from probe.measure.log import Log, Tools
from probe.model.failure import FailureKind
from probe.model.observation import DNSLookup, HTTPRoundTrip, Purpose
from probe.model.target import Expect
from probe.net import url
from probe.net.resolve import resolve_all
from probe.net.url import Where

_OWN_PURPOSE = (Purpose.MAIN, Purpose.RETRY, Purpose.RETRY)


class Outcome(NamedTuple):
    """How one try ended. `reached`: every hop by an address of the vantage's own resolvers, to the last stage.

    `fell_back`: some hop was only reached by an address of another resolver. `last` is where the chain ended.
    """

    reached: bool
    fell_back: bool
    last: Where


async def measure(
    log: Log,
    tools: Tools,
    where: Where,
    expected: Expect,
    *,
    dead_resolvers: frozenset[str] = frozenset(),
    pauses: tuple[float, ...] | None = None,
) -> int:
    """Measure one endpoint into `log`: a try, and up to two more after a failure, spaced. Returns the tries made.

    `dead_resolvers` answered nothing in this run: their failing is no reason to try again. `pauses` stand in for the
    settings' retries.
    """
    tries = 1
    outcome = await attempt(log, tools, where, expected, 0)
    for number, pause in enumerate(tools.settings.retry_pauses if pauses is None else pauses, start=1):
        if outcome.reached or (outcome.fell_back and _own_are_dead(tools, dead_resolvers)):
            break
        await tools.network.sleep(pause)
        outcome = await attempt(log, tools, where, expected, number)
        tries += 1
    return tries


def _own_are_dead(tools: Tools, dead: frozenset[str]) -> bool:
    return all(resolver.address in dead for resolver in tools.settings.resolvers if resolver.own)


async def attempt(log: Log, tools: Tools, where: Where, expected: Expect, number: int) -> Outcome:
    """One try: follow the chain of redirects until it ends, fails, repeats itself or grows too long."""
    visited = {where.url}
    fell_back = False
    for hop in range(tools.settings.max_hops + 1):
        flows, own = await _hop(log, tools, where, expected, hop, number)
        fell_back = fell_back or not own
        if where.scheme == "dns":
            return Outcome(own, fell_back, where)
        onward = _onward(log, flows, where, expected, visited, at_bound=hop == tools.settings.max_hops)
        if isinstance(onward, FailureKind):
            return Outcome(False, False, where)
        if onward is None:
            return Outcome(not fell_back, fell_back, where)
        visited.add(onward.url)
        where = onward
    raise AssertionError("the loop always returns at its last hop")


def _onward(
    log: Log, flows: Sequence[Flow], where: Where, expected: Expect, visited: Collection[str], *, at_bound: bool
) -> Where | FailureKind | None:
    """Where the chain goes from a hop, by the first address whose answer is no dead end; None: it ends there well.

    Every redirect that leads nowhere gets its failure: with several addresses none may pass for an answer. A failure:
    no address was reached, or all of them are dead ends.
    """
    found: Where | FailureKind | None = FailureKind.HTTP_INVALID_LOCATION
    for one in reversed(flows):
        if not one.reached:
            continue
        leads = _leads(one.response, where, expected, visited, at_bound=at_bound)
        if not isinstance(leads, FailureKind):
            found = leads
        elif one.response is not None:
            log.blame(one.response, leads)
    return found


def _leads(
    response: HTTPRoundTrip | None, where: Where, expected: Expect, visited: Collection[str], *, at_bound: bool
) -> Where | FailureKind | None:
    """Where one answer leads: to another URL, nowhere (the failure that this is), or None: it is the end."""
    if response is None or flow.is_final(response, expected):
        return None
    onward = url.follow(where, response.location)
    if onward is None:
        return FailureKind.HTTP_INVALID_LOCATION
    return FailureKind.HTTP_REDIRECT_LOOP if at_bound or onward.url in visited else onward


async def _hop(
    log: Log, tools: Tools, where: Where, expected: Expect, hop: int, number: int
) -> tuple[tuple[Flow, ...], bool]:
    """Resolve one hop and walk a flow to each address. The flag: the addresses are of the vantage's own resolvers."""
    if where.is_address:
        addresses: tuple[str, ...] = (where.host,)
        own = True
    else:
        lookups = await lookup_all(log, tools, where.host, hop, _OWN_PURPOSE[min(number, 2)], number)
        addresses = addresses_of(lookups, own=True, most=tools.settings.max_addresses)
        own = bool(addresses)
        if not own:
            addresses = addresses_of(lookups, own=False, most=tools.settings.max_addresses)
    if where.scheme == "dns":
        return (), own
    purpose = _OWN_PURPOSE[min(number, 2)] if own else Purpose.TRUE_ADDRESS
    errands = [Errand(where, a, hop, number, purpose, flow.last_stage(where), expect=expected) for a in addresses]
    if len(errands) == 1:  # most hops have one address, and a task costs more than a call
        return (await flow.run(log, tools, errands[0]),), own
    return tuple(await asyncio.gather(*(flow.run(log, tools, errand) for errand in errands))), own


async def lookup_all(
    log: Log, tools: Tools, host: str, hop: int, purpose: Purpose, number: int
) -> tuple[DNSLookup, ...]:
    """Ask every resolver for both families and keep the answers in the log."""
    async with tools.resolving:
        lookups = await resolve_all(
            lambda: log.trace(hop, purpose, number),
            tools.settings.resolvers,
            host,
            timeout=tools.settings.dns_timeout(),
            late_window=tools.settings.late_window,
            doh=tools.doh,
        )
    log.observations.extend(lookups)
    return lookups


def addresses_of(lookups: tuple[DNSLookup, ...], *, own: bool, most: int) -> tuple[str, ...]:
    """The distinct addresses that own (or other) resolvers gave, at most `most` of each family, in their order."""
    found = dict.fromkeys(a for one in lookups if one.resolver.own is own for a in one.addresses)
    four = [address for address in found if ":" not in address][:most]
    six = [address for address in found if ":" in address][:most]
    return tuple(address for address in found if address in four or address in six)
