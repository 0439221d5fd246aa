"""The same question asked where no censor is expected: through a proxy.

Name resolution, TLS and HTTP happen inside the tunnel. A proxy hides causes (a reset becomes an end of file, NXDOMAIN
"host unreachable"), so what counts of a control is how far it came. Its own health is measured on the run's references:
a control that reaches none of them proves nothing. Results of another vantage are `store`'s to find.
"""

import asyncio
from collections.abc import Sequence

from probe.measure import flow
from probe.measure.flow import Errand
from probe.measure.log import Log, Tools
from probe.model.failure import FailureKind
from probe.model.measurement import ControlHealth
from probe.model.observation import Purpose
from probe.model.target import Expect
from probe.net import url
from probe.net.tunnel import Proxy
from probe.net.url import Where


def label(number: int) -> str:
    """How a control is named in records: by its number, since its address is nobody's business."""
    return f"proxy-{number}"


async def through_all(log: Log, tools: Tools, where: Where, expected: Expect) -> bool:
    """Ask the same through every control proxy, at once. Whether one of them reached the endpoint.

    A proxy resolves names for itself and tells nobody what it found, so it cannot be asked for a name alone; and it
    carries no UDP.
    """
    if where.scheme in ("dns", "quic"):
        return False
    proxies = enumerate(tools.settings.proxies, start=1)
    reached = await asyncio.gather(*(through(log, tools, where, expected, p, label(n)) for n, p in proxies))
    return any(reached)


async def through(log: Log, tools: Tools, where: Where, expected: Expect, proxy: Proxy, via: str) -> bool:
    """Follow the chain of redirects through one proxy, as `endpoint.attempt` does without. Whether it was reached."""
    visited = {where.url}
    for hop in range(tools.settings.max_hops + 1):
        errand = Errand(
            where, where.host, hop, 0, Purpose.CONTROL, flow.last_stage(where), expect=expected, proxy=proxy, via=via
        )
        walked = await flow.run(log, tools, errand)
        if not walked.reached or walked.response is None or flow.is_final(walked.response, expected):
            return walked.reached
        onward = url.follow(where, walked.response.location)
        if onward is None:
            log.blame(walked.response, FailureKind.HTTP_INVALID_LOCATION)
            return False
        if onward.url in visited or hop == tools.settings.max_hops:
            log.blame(walked.response, FailureKind.HTTP_REDIRECT_LOOP)
            return False
        visited.add(onward.url)
        where = onward
    raise AssertionError("the loop always returns at its last hop")


async def addresses_from_there(log: Log, tools: Tools, where: Where, addresses: Sequence[str], hop: int) -> None:
    """Try the very addresses that the vantage was given from the first control: are they the endpoint's at all?"""
    if not tools.settings.proxies or not addresses or where.scheme in ("dns", "quic"):
        return
    until = {"https": "tls", "http": "http"}.get(where.scheme, "tcp")
    errands = [
        Errand(where, a, hop, 0, Purpose.CONTROL_ADDRESS, until, proxy=tools.settings.proxies[0], via=label(1))
        for a in addresses
    ]
    await asyncio.gather(*(flow.run(log, tools, errand) for errand in errands))


async def health(tools: Tools, references: Sequence[tuple[Where, Expect]]) -> tuple[ControlHealth, ...]:
    """Measure every reference through every control. The observations are not kept, only how many were reached."""
    found = []
    references = [(where, expected) for where, expected in references if where.scheme not in ("dns", "quic")]
    for number, proxy in enumerate(tools.settings.proxies, start=1):
        log = Log.begin(tools.network)
        asked = (through(log, tools, where, expected, proxy, label(number)) for where, expected in references)
        reached = await asyncio.gather(*asked)
        found.append(ControlHealth(label(number), sum(reached), len(references)))
    return tuple(found)
