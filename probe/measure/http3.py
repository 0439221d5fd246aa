"""HTTP/3: whether a site that offers it can be had over QUIC as well, and, if it is met with silence, what the name has
to do with it.

Asked only where the site itself said so, inside proven TLS (Alt-Svc, RFC 7838): one handshake with its own name, and
nothing more if it works. After silence the same address is asked with an innocent name. Silence there too says nothing
of the site: the way carries no QUIC, the server's is down, or the first question has closed the way for a while. An
answer there says that the name is what matters; both are asked again, in turns. Where the address is silent to all, and
after it is not, an unrelated place is tried that spoke QUIC in this run, or a reference that may: innocent name first.
`quic://` endpoints, asked by `endpoint`, are taken up here after their failure. What it means is `diagnose`'s question.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from probe.diagnose.facts import OURS, Facts, Hop
from probe.measure.innocent import Innocent, Innocents
from probe.measure.log import Log, Tools
from probe.measure.plan import Task
from probe.measure.quicmemory import Place
from probe.model.failure import FailureKind
from probe.model.observation import Purpose, QUICHandshake
from probe.net.quic import quic_handshake
from probe.net.url import a_labels

MOST_SECONDS = 4.0
"""The deadline of a handshake, if the settings have no shorter one: five Initials are sent in its first three."""
MOST_ELSEWHERE = 3
"""Unrelated places that are asked whether they speak QUIC, before one that does is found."""
HTTPS_PORT = 443
"""Where a reference speaks QUIC, if it does."""
_OFFER = re.compile(r"""(?:^|,)\s*h3="([^"\\,]{0,300})"(?=\s*(?:[;,]|$))""", re.ASCII)
_NO_ANSWER = frozenset(
    {FailureKind.TIMEOUT, FailureKind.REFUSED, FailureKind.HOST_UNREACHABLE, FailureKind.NETWORK_UNREACHABLE,
     FailureKind.INTERRUPTED, FailureKind.UNKNOWN}
)  # fmt: skip


class _Turns(Enum):
    """What names in turns showed: silence for all, silence for one and answers for the other, or neither always."""

    MUTE = "mute"
    APART = "apart"
    MIXED = "mixed"


class _Asking(NamedTuple):
    log: Log
    tools: Tools
    hop: Hop
    innocents: Innocents
    target_sni: str


async def ask(log: Log, tools: Tools, task: Task, facts: Facts, innocents: Innocents) -> None:
    """Ask for QUIC where it was offered, or look into the silence that a `quic://` endpoint met, into the log.

    Costs nothing where nothing was offered. `facts` are those of the endpoint once it is measured.
    """
    hop = facts.last
    asking = _Asking(log, tools, hop, innocents, hop.host)
    if task.where.scheme == "quic":
        places = [Place(o.address, o.port) for _, o in hop.quic if o.purpose in OURS]
        if not places or any(o.failure is None or not _silent(o) for _, o in hop.quic):
            return
    else:
        places = offered(hop)
        if not places or tools.quic.hopeless or not _silent(await _target(asking, places[0], 0)):
            return
    if tools.settings.followup:
        await _compare(asking, list(dict.fromkeys(places)))


def offered(hop: Hop) -> list[Place]:
    """Where the hop's host offers HTTP/3: at the addresses whose proven answer said so, on the port that it said."""
    found: dict[str, Place] = {}
    for flow in hop.reached:
        if flow.http is not None and flow.authenticated:
            port = offer(flow.http.headers, hop.host)
            if port is not None:
                found.setdefault(flow.address, Place(flow.address, port))
    return list(found.values())


def offer(headers: Iterable[tuple[str, str]], host: str) -> int | None:
    """The UDP port at which an answer's Alt-Svc offers HTTP/3 on the very same host; None if it does not.

    `h3=":443"; ma=86400` is 443. Drafts (`h3-29`) and other hosts are no offer (RFC 7838 section 3, RFC 9114 3.1.1).
    """
    for name, value in headers:
        if name.lower() == "alt-svc":
            for found in _OFFER.finditer(value):
                port = _port(found[1], host)
                if port is not None:
                    return port
    return None


def _port(authority: str, host: str) -> int | None:
    """The port of an alt-authority, `:443` or `host:443`, if its host is this one."""
    where, _, digits = authority.rpartition(":")
    if where and a_labels(where.removeprefix("[").removesuffix("]")) != host:
        return None
    port = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
    return port if 0 < port < 65536 else None


def _silent(seen: QUICHandshake) -> bool:
    return seen.failure is not None and seen.failure.kind is FailureKind.TIMEOUT


def _answered(seen: QUICHandshake) -> bool:
    """Whether a server spoke to us and heard us: a wrong certificate or a refusal in QUIC is an answer too."""
    return seen.datagrams_received > 0 and (seen.failure is None or seen.failure.kind not in _NO_ANSWER)


async def _target(asking: _Asking, place: Place, attempt: int, purpose: Purpose = Purpose.QUIC) -> QUICHandshake:
    """The site's own name at this place."""
    seen = await _shake(asking, place, asking.target_sni, purpose, attempt)
    if _answered(seen):
        asking.tools.quic.spoke(place, asking.target_sni if seen.failure is None else "")
    return seen


async def _control(asking: _Asking, place: Place, attempt: int, innocent: Innocent | None = None) -> bool:
    """An innocent name, this one or any (or, if none is known, no name), at this place. Whether it was answered."""
    innocent = innocent or asking.innocents.any_name()
    seen = await _shake(asking, place, innocent and innocent.host, Purpose.CONTROL_QUIC, attempt)
    memory = asking.tools.quic
    note = memory.spoke if _answered(seen) else memory.mute if _silent(seen) else memory.closed
    note(place)
    return _answered(seen)


async def _shake(asking: _Asking, place: Place, sni: str | None, purpose: Purpose, attempt: int) -> QUICHandshake:
    return await shake(asking.log, asking.tools, place, sni, purpose, asking.hop.number, attempt)


async def shake(
    log: Log, tools: Tools, place: Place, sni: str | None, purpose: Purpose, hop: int, attempt: int
) -> QUICHandshake:
    """One handshake within the run's limits, into the log."""
    async with tools.sockets, tools.talking:
        seen = await quic_handshake(
            log.trace(hop, purpose, attempt),
            place.address,
            place.port,
            sni=sni,
            trust=tools.trust,
            timeout=min(tools.settings.timeout, MOST_SECONDS),
        )
    log.observations.append(seen)
    return seen


async def _compare(asking: _Asking, places: Sequence[Place]) -> None:
    """The comparisons, after silence at the first of the places."""
    tools, first = asking.tools, places[0]
    await tools.network.sleep(tools.settings.cooldown)
    async with tools.quic.lock(first):
        turns = await _in_turns(asking, first)
    if turns is _Turns.MIXED:
        return
    fresh = [place for place in places[1:] if place.address != first.address and turns is _Turns.MUTE]
    for place in fresh[:1]:
        async with tools.quic.lock(place):
            await _innocent_first(asking, place, Purpose.QUIC)
    references = [Place(address, HTTPS_PORT) for address in asking.innocents.canaries()]
    for _ in range(MOST_ELSEWHERE):
        elsewhere = tools.quic.take(places, references, tools.network.monotonic())
        if elsewhere is None:
            return
        async with tools.quic.lock(elsewhere):
            if await _innocent_first(asking, elsewhere, Purpose.SNI_ELSEWHERE):
                return


async def _in_turns(asking: _Asking, place: Place) -> _Turns:
    """Innocent name and own name in turns, spaced, until one of them behaves otherwise.

    The innocent name comes last: it shows that the place was there all along.
    """
    if not await _control(asking, place, 0):
        return _Turns.MUTE
    for number, pause in enumerate(_pauses(asking), start=1):
        await asking.tools.network.sleep(pause)
        if not _silent(await _target(asking, place, number)) or not await _control(asking, place, number):
            return _Turns.MIXED
    return _Turns.APART


async def _innocent_first(asking: _Asking, place: Place, purpose: Purpose) -> bool:
    """At a place that nothing has poisoned yet: the innocent name, then, if it was answered, the own one, twice.

    Whether the innocent was answered: a place that speaks no QUIC tells nothing, nor does an unrelated one that is
    silent to every name but its own; there a second innocent name is asked for, and one of the two is a stranger.
    Where residual blocking follows a forbidden name, this is the only order that tells anything.
    """
    if not await _control(asking, place, 0):
        return False
    first = asking.innocents.any_name()
    stranger = asking.innocents.stranger(first) if first is not None and purpose is Purpose.SNI_ELSEWHERE else None
    if stranger is not None and not await _control(asking, place, 1, stranger):
        return False
    for number, pause in enumerate((0.0, *_pauses(asking)[:1])):
        await asking.tools.network.sleep(pause)
        if not _silent(await _target(asking, place, number, purpose)):
            break
    return True


def _pauses(asking: _Asking) -> tuple[float, ...]:
    settings = asking.tools.settings
    return settings.retry_pauses or (settings.cooldown,)
