"""Observations as numbered steps of a transcript: one a flow, and one for all lookups of a hop in a try. Pure.

Lookups that say the same share a line which names every resolver; whatever differs, fails, or comes twice has its own.
Nothing recorded is judged here, and nothing is left out but the sizes and times of single reads and writes.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from probe.model.failure import Failure
from probe.model.observation import (
    DNSLookup,
    DNSReply,
    HTTPRoundTrip,
    Observation,
    Purpose,
    QUICHandshake,
    Resolver,
    ResolverKind,
    SpeedSample,
    TCPConnect,
    TLSHandshake,
)
from probe.report.transcript_words import PURPOSES

OURS = (Purpose.MAIN, Purpose.RETRY)
NAMES_SHOWN = 8
"""So many names of a certificate are listed; more are counted."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step. `why` is the purpose of an experiment, empty for what a user would have met; `via` the control.

    `start` is in seconds since the start of the measurement; `observations` are indexes into the measurement's.
    """

    number: int
    title: str
    why: str = ""
    via: str = ""
    purpose: Purpose
    hop: int
    attempt: int
    start: float
    lines: tuple[str, ...]
    observations: tuple[int, ...]


Group = list[tuple[int, Observation]]


def steps_of(observations: Sequence[Observation]) -> tuple[Step, ...]:
    """All observations as steps, in the order of the first of each."""
    groups: dict[tuple[object, ...], Group] = {}
    for at, one in enumerate(observations):
        groups.setdefault(_key(one), []).append((at, one))
    return tuple(_step(number, group) for number, group in enumerate(groups.values(), start=1))


def _key(one: Observation) -> tuple[object, ...]:
    if isinstance(one, DNSLookup):
        return ("dns", one.hop, one.purpose, one.attempt, one.via, one.name)
    return ("flow", one.transaction_id, one.hop, one.purpose, one.via)


def _step(number: int, group: Group) -> Step:
    first = group[0][1]
    title = _title(first, [one for _, one in group])
    lookups = [one for _, one in group if isinstance(one, DNSLookup)]
    lines = _lookups(lookups) if lookups else (line for _, one in group for line in _stage(one))
    return Step(
        number=number,
        title=title,
        why=PURPOSES[first.purpose],
        via=first.via,
        purpose=first.purpose,
        hop=first.hop,
        attempt=first.attempt,
        start=first.t0,
        lines=tuple(lines),
        observations=tuple(at for at, _ in group),
    )


def _title(first: Observation, stages: list[Observation]) -> str:
    """`DNS a.example`, `https://a.example/ at 104.16.1.1:443`; the stages where no URL was asked for."""
    if isinstance(first, DNSLookup):
        return f"DNS {first.name}"
    where = f"[{first.address}]:{first.port}" if ":" in first.address else f"{first.address}:{first.port}"
    asked = next((one.url for one in stages if isinstance(one, HTTPRoundTrip)), "")
    stage_names = ", ".join(dict.fromkeys(_WORDS[type(one)] for one in stages))
    return f"{asked} at {where}" if asked else f"{stage_names} to {where}"


_WORDS: dict[type, str] = {
    DNSLookup: "DNS", TCPConnect: "TCP", TLSHandshake: "TLS", HTTPRoundTrip: "HTTP", QUICHandshake: "QUIC",
    SpeedSample: "speed",
}  # fmt: skip


def _took(one: Observation) -> str:
    return _ms(one.t - one.t0)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def _failed(failure: Failure) -> str:
    return f"{failure.kind} ({failure.detail})" if failure.detail else str(failure.kind)


def _ended(one: Observation, well: str) -> str:
    """How a stage ended and how long that took."""
    return f"{well} in {_took(one)}" if one.failure is None else f"failed after {_took(one)}: {_failed(one.failure)}"


# DNS


def _lookups(lookups: Iterable[DNSLookup]) -> Iterator[str]:
    """One line for each thing that was said, with everyone who said it; then what needs a line of its own."""
    said: dict[tuple[str, str], list[DNSLookup]] = {}
    for one in lookups:
        said.setdefault((one.qtype, _answer(one)), []).append(one)
    asked = [one for group in said.values() for one in group]
    if any(len(set(_of_family(asked, colon))) > 1 for colon in (False, True)):
        yield "the resolvers do not say the same:"
    for (qtype, answer), group in said.items():
        yield f"{qtype} from {', '.join(_resolver(one.resolver) for one in group)}: {answer} ({_span(group)})"
        for one in group:
            yield from _peculiar(one)


def _of_family(lookups: Iterable[DNSLookup], six: bool) -> Iterator[object]:
    """What each lookup of this family came to: its addresses, or its failure.

    getaddrinfo asks for both families at once and names its failures otherwise: it speaks where it has addresses, and
    for IPv4 where it has none at all.
    """
    for one in lookups:
        found = frozenset(address for address in one.addresses if (":" in address) is six)
        if found:
            yield found
        elif one.qtype == ("AAAA" if six else "A"):
            yield one.failure.kind if one.failure is not None else ""
        elif one.resolver.kind is ResolverKind.SYSTEM and not one.addresses and not six:
            yield "nothing"


def _answer(one: DNSLookup) -> str:
    """What a lookup came to, the same for all orders of the same addresses."""
    shown = ", ".join(sorted(one.addresses))
    if one.failure is not None:
        return f"failed: {_failed(one.failure)}" + (f", addresses {shown}" if shown else "")
    return shown or "no address"


def _span(group: list[DNSLookup]) -> str:
    took = sorted({_took(one) for one in group}, key=lambda text: (len(text), text))
    return took[0] if len(took) == 1 else f"{took[0]} to {took[-1]}"


def _resolver(resolver: Resolver) -> str:
    name = f"{resolver.kind} {resolver.address}".strip()
    return f"{name} (own)" if resolver.own and resolver.address else name


def _peculiar(one: DNSLookup) -> Iterator[str]:
    """What sets a lookup apart: sent twice, several replies, a reply with something wrong, an extended error."""
    who = _resolver(one.resolver)
    if one.sent > 1:
        yield f"  {who}: the question was sent {one.sent} times"
    odd = len(one.replies) > 1 or any(reply.failure or reply.extended_errors for reply in one.replies)
    if odd:
        for number, reply in enumerate(one.replies, start=1):
            late = " (a late second answer)" if number > 1 and not reply.over_tcp else ""
            yield f"  {who}: reply {number} {_reply(reply, one.t0)}{late}"


def _reply(reply: DNSReply, asked: float) -> str:
    parts = [f"after {_ms(reply.t - asked)}"]
    parts += [f"IP TTL {reply.ip_ttl}"] if reply.ip_ttl is not None else []
    parts += ["over TCP"] if reply.over_tcp else []
    parts += [reply.rcode] if reply.rcode else []
    parts += [f"wrong: {reply.failure}"] if reply.failure is not None else []
    parts += [f"{answer.type} {answer.value} (TTL {answer.ttl})" for answer in reply.answers]
    parts += [f"extended error {error.code} {error.text}".rstrip() for error in reply.extended_errors]
    parts += [f"bytes {reply.raw_hex}"] if reply.raw_hex else []
    return ", ".join(parts)


# The stages of a flow


def _stage(one: Observation) -> Iterator[str]:
    if isinstance(one, TCPConnect):
        yield f"TCP   {_ended(one, 'connected')}"
    elif isinstance(one, TLSHandshake):
        yield from _tls(one)
    elif isinstance(one, HTTPRoundTrip):
        yield from _http(one)
    elif isinstance(one, QUICHandshake):
        yield f"QUIC  {_sni(one.sni)}: {_ended(one, 'shook hands')}; {one.datagrams_received} datagrams came back"
        yield from _problems(one.problems)
    elif isinstance(one, SpeedSample):
        yield f"speed {_sni(one.sni)}: {one.bytes} bytes in {one.seconds:.1f} s"
        if one.failure is not None:
            yield f"  {_ended(one, '')}"


def _sni(sni: str | None) -> str:
    return "no SNI" if sni is None else f"SNI {sni}"


def _problems(problems: Sequence[str]) -> Iterator[str]:
    if problems:
        yield f"  wrong with the certificate: {', '.join(problems)}"


def _tls(one: TLSHandshake) -> Iterator[str]:
    split = ", ClientHello in two segments" if one.split else ""
    how = " ".join(part for part in (one.version, one.alpn) if part)
    yield f"TLS   {_sni(one.sni)}{split}: {_ended(one, 'shook hands')}" + (f"; {how}" if how else "")
    if one.certificates:
        leaf = one.certificates[0]
        more = len(leaf.names) - NAMES_SHOWN
        yield f"  certificate {leaf.subject}, issued by {leaf.issuer}"
        names = ", ".join(leaf.names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
        yield f"  names {names or 'none'}; valid {leaf.not_before} to {leaf.not_after}"
        yield f"  sha256 {leaf.sha256}"
        if len(one.certificates) > 1:
            yield f"  with {len(one.certificates) - 1} more in the chain"
    yield from _problems(one.problems)
    if one.alert is not None:
        yield f"  fatal alert {one.alert}"
    if one.failure is not None:
        yield f"  {one.client_hello_bytes} bytes sent, {one.server_bytes} came back"
    if one.server_hex:
        yield f"  what came is no TLS: {one.server_hex} = {_text(one.server_hex)}"


def _text(raw: str) -> str:
    """Bytes in hexadecimal as text, dots for what is no printable ASCII."""
    try:
        data = bytes.fromhex(raw)
    except ValueError:
        return "(not hexadecimal)"
    return '"' + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data) + '"'


def _http(one: HTTPRoundTrip) -> Iterator[str]:
    status = f"{one.status} " if one.status else "no status "
    proof = "" if one.authenticated else ", not proven by TLS"
    yield f"HTTP  {one.method}: {status}{_ended(one, 'came')}; {one.protocol}{proof}"
    if one.title:
        yield f"  title {one.title}"
    if one.location:
        yield f"  redirects to {one.location}"
    if one.body_bytes or one.body_wire_bytes:
        capped = ", reading stopped at our own bound" if one.body_capped else ""
        yield f"  body {one.body_bytes} bytes ({one.body_wire_bytes} on the wire{capped})"
        yield f"  sha256 {one.body_sha256}"
    if one.first_byte is not None:
        yield f"  first byte after {_ms(one.first_byte - one.t0)}"
    for clause in one.expectations:
        got = f"; got {clause.got}" if clause.got and not clause.held else ""
        yield f"  expected {clause.clause}: {'held' if clause.held else 'did not hold'}{got}"
