"""Experiments after an anomaly, the innocent one first, each from a fresh source port.

Some censors drop everything to an address and port for minutes after a forbidden name (residual blocking), so the
innocent question comes before the forbidden one is asked again, and a pause before that. Nothing here judges: each
experiment leaves observations with its `purpose`, for rules to read. A healthy endpoint never comes here.
"""

import asyncio
from collections.abc import Sequence

from probe.diagnose.facts import Facts, Flow, Hop
from probe.measure import control, flow
from probe.measure.flow import Errand
from probe.measure.log import Log, Tools
from probe.measure.plan import Task
from probe.model.observation import Purpose
from probe.net.url import Where, parse

MOST_ADDRESSES = 2
"""Addresses that an experiment is made with."""


async def run(log: Log, tools: Tools, task: Task, innocents: Sequence[Task], facts: Facts) -> None:
    """Run every experiment that the facts call for at the hop where the chain ended."""
    hop = facts.last
    where = _where(task, hop)
    if where is None or where.scheme == "dns":
        return
    await control.addresses_from_there(log, tools, where, _tried(hop), hop.number)
    innocent = next((one.where for one in innocents if not one.where.is_address), None)
    suspects = [f for f in hop.final if f.stage == "tls" and f.failure is not None and f.tcp.failure is None]
    if suspects and innocent is not None:
        await tools.network.sleep(tools.settings.cooldown)
        await _other_names(log, tools, where, suspects, hop.number, innocent)
    await _true_addresses(log, tools, where, hop)


def _where(task: Task, hop: Hop) -> Where | None:
    """The URL of the hop: the task's own, or the redirect that led there."""
    if hop.number == 0:
        return task.where
    seen = next((f.http.url for f in hop.ours if f.http is not None), None)
    return parse(seen or f"{hop.scheme}://{hop.host}/")


def _tried(hop: Hop) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.address for f in hop.final))


async def _other_names(
    log: Log, tools: Tools, where: Where, suspects: Sequence[Flow], number: int, innocent: Where
) -> None:
    """The same addresses with an innocuous SNI, and with none."""
    for suspect in suspects[:MOST_ADDRESSES]:
        for purpose, sni in ((Purpose.CONTROL_SNI, innocent.host), (Purpose.NO_SNI, None)):
            await flow.run(log, tools, Errand(where, suspect.address, number, 0, purpose, "tls", sni))


async def _true_addresses(log: Log, tools: Tools, where: Where, hop: Hop) -> None:
    """The addresses that only independent resolvers gave, walked to the last stage."""
    tried = {f.address for f in hop.flows}
    fresh = [a for a in sorted(hop.trusted_addresses) if a not in tried][:MOST_ADDRESSES]
    errands = [Errand(where, a, hop.number, 0, Purpose.TRUE_ADDRESS, flow.last_stage(where)) for a in fresh]
    await asyncio.gather(*(flow.run(log, tools, errand) for errand in errands))
