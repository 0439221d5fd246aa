"""Observations as numbered steps of a transcript: one a flow, and one for all lookups of a hop in a try. Pure.

Nothing recorded is judged here, and nothing is left out but the sizes and times of single reads and writes: what a step
has in common with an earlier one (a certificate, every answer) is said by naming that step.
"""

from collections.abc import Iterator, Sequence

import msgspec

from probe.model.failure import FailureKind
from probe.model.observation import (
    Certificate,
    DNSLookup,
    HTTPRoundTrip,
    Observation,
    Purpose,
    QUICHandshake,
    SpeedSample,
    TCPConnect,
    TLSHandshake,
)
from probe.report import transcript_dns as dns
from probe.report.transcript_dns import failed, ms, took
from probe.report.transcript_words import PURPOSES, alert

OURS = (Purpose.MAIN, Purpose.RETRY)
NAMES_SHOWN = 8
"""So many names of a certificate are listed; more are counted."""
HEADERS = ("server", "via", "content-type", "retry-after", "link")
"""Headers worth a line: who says it answered, and for 451 who asked for the block (RFC 7725)."""
TEXT_SHOWN = 240
"""So many characters of a page are shown where the page itself is the evidence."""
_NO_TLS = frozenset({FailureKind.TLS_NOT_TLS})
LONG = 0.5
"""Seconds that a body must take before its speed means anything."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step. `why` is the purpose of an experiment, empty for what a user would have met; `via` the control.

    `start` is in seconds since the start of the measurement; `observations` are indexes into the measurement's.
    `failed` says that the errand ended here: no own resolver gave an address, or a stage of the flow failed.
    """

    number: int
    title: str
    why: str = ""
    via: str = ""
    purpose: Purpose
    hop: int
    attempt: int
    start: float
    failed: bool = False
    lines: tuple[str, ...]
    observations: tuple[int, ...]


class _Told:
    """What earlier steps have said already: the number of the first step with these certificates, these answers."""

    def __init__(self) -> None:
        self._first: dict[object, int] = {}

    def before(self, what: object, number: int) -> int:
        """The earlier step that said this; 0 if there is none, and then this one is the first."""
        first = self._first.setdefault(what, number)
        return 0 if first == number else first


def steps_of(observations: Sequence[Observation]) -> tuple[Step, ...]:
    """All observations as steps, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[tuple[int, Observation]]] = {}
    for at, one in enumerate(observations):
        groups.setdefault(_key(one), []).append((at, one))
    told = _Told()
    return tuple(_step(number, group, told) for number, group in enumerate(groups.values(), start=1))


def _key(one: Observation) -> tuple[object, ...]:
    if isinstance(one, DNSLookup):
        return ("dns", one.hop, one.purpose, one.attempt, one.via, one.name)
    return ("flow", one.transaction_id, one.hop, one.purpose, one.via)


def _step(number: int, group: Sequence[tuple[int, Observation]], told: _Told) -> Step:
    stages = [one for _, one in group]
    first = stages[0]
    lookups = [one for one in stages if isinstance(one, DNSLookup)]
    lines = _asked(lookups, number, told) if lookups else (line for one in stages for line in _stage(one, number, told))
    own = [one for one in lookups if one.resolver.own]
    fails = not any(one.addresses for one in own) if own else any(one.failure is not None for one in stages)
    return Step(
        number=number,
        title=_title(first, stages),
        why=PURPOSES[first.purpose],
        via=first.via,
        purpose=first.purpose,
        hop=first.hop,
        attempt=first.attempt,
        start=first.t0,
        failed=fails,
        lines=tuple(lines),
        observations=tuple(at for at, _ in group),
    )


def _asked(lookups: Sequence[DNSLookup], number: int, told: _Told) -> Iterator[str]:
    return dns.lines(lookups, told.before(dns.timeless(lookups), number))


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


def _ended(one: Observation, well: str) -> str:
    """How a stage ended and how long that took."""
    return f"{well} in {took(one)}" if one.failure is None else f"failed after {took(one)}: {failed(one.failure)}"


def _stage(one: Observation, number: int, told: _Told) -> Iterator[str]:
    if isinstance(one, TCPConnect):
        port = f", from port {one.source_port}" if one.source_port is not None else ""
        yield f"TCP   {_ended(one, 'connected')}{port}"
    elif isinstance(one, TLSHandshake):
        yield from _tls(one)
        yield from _bytes(one, number, told)
        yield from _shown(one.certificates, one.problems, number, told)
    elif isinstance(one, HTTPRoundTrip):
        yield from _http(one)
    elif isinstance(one, QUICHandshake):
        yield from _quic(one)
        yield from _shown(one.certificates, one.problems, number, told)
    elif isinstance(one, SpeedSample):
        yield f"speed {_sni(one.sni)}: {one.bytes} bytes in {one.seconds:.1f} s{_rate(one.bytes, one.seconds)}"
        if one.failure is not None:
            yield f"  {_ended(one, '')}"


def _sni(sni: str | None) -> str:
    return "no SNI" if sni is None else f"SNI {sni}"


def _rate(size: int, seconds: float) -> str:
    return f", {size / seconds / 1000:.1f} kB/s" if seconds > 0 else ""


def _shown(chain: Sequence[Certificate], problems: Sequence[str], number: int, told: _Told) -> Iterator[str]:
    """The certificates that were shown, whole the first time, and what is wrong with them."""
    if chain:
        leaf = chain[0]
        before = told.before(tuple(one.sha256 for one in chain), number)
        if before:
            yield f"  certificate {leaf.subject}, the same as in step {before}"
        else:
            yield from _certificate(leaf, len(chain) - 1)
    if problems:
        yield f"  wrong with the certificate: {', '.join(problems)}"


def _certificate(leaf: Certificate, others: int) -> Iterator[str]:
    more = len(leaf.names) - NAMES_SHOWN
    names = ", ".join(leaf.names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    yield f"  certificate {leaf.subject}, issued by {leaf.issuer}"
    yield f"  names {names or 'none'}; valid {leaf.not_before} to {leaf.not_after}"
    yield f"  sha256 {leaf.sha256}"
    if others:
        yield f"  with {others} more in the chain"


def _tls(one: TLSHandshake) -> Iterator[str]:
    split = ", ClientHello in two segments" if one.split else ""
    most = f", offering at most {one.maximum_version}" if one.maximum_version else ""
    how = " ".join(part for part in (one.version, one.cipher, one.alpn) if part)
    yield f"TLS   {_sni(one.sni)}{split}{most}: {_ended(one, 'shook hands')}" + (f"; {how}" if how else "")
    first = f", the first after {ms(one.first_byte - one.t0)}" if one.first_byte is not None else ""
    yield f"  {one.client_hello_bytes} bytes sent, {one.server_bytes} came back{first}"
    if one.alert is not None:
        yield f"  fatal alert {alert(one.alert)}"


def _bytes(one: TLSHandshake, number: int, told: _Told) -> Iterator[str]:
    """The first bytes that came where they were kept: in hexadecimal and as text, whole the first time."""
    if not one.server_hex:
        return
    what = "what came is no TLS" if one.failure is not None and one.failure.kind in _NO_TLS else "what came"
    before = told.before(("bytes", one.server_hex), number)
    if before:
        yield f"  {what}: the same bytes as in step {before}"
        return
    yield f"  {what}: {one.server_hex}"
    yield f"  as text: {_text(one.server_hex)}"


def _quic(one: QUICHandshake) -> Iterator[str]:
    how = " ".join(part for part in (one.version, one.alpn) if part)
    yield f"QUIC  {_sni(one.sni)}: {_ended(one, 'shook hands')}" + (f"; {how}" if how else "")
    yield f"  {one.datagrams_sent} datagrams sent, {one.datagrams_received} came back"
    if one.completed and one.failure is not None:
        yield "  TLS inside it was done on our side; what we sent after that was not answered"
    if one.close_code is not None:
        yield f"  closed by the server with code {one.close_code:#x}"
    if one.alert is not None:
        yield f"  fatal alert {alert(one.alert)}"


def _text(raw: str) -> str:
    """Bytes in hexadecimal as text, dots for what is no printable ASCII."""
    try:
        data = bytes.fromhex(raw)
    except ValueError:
        return "(not hexadecimal)"
    return '"' + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data) + '"'


def _http(one: HTTPRoundTrip) -> Iterator[str]:
    well, ill = (f"{one.status} ", f"{one.status}, then ") if one.status else ("", "no status, ")
    proof = "" if one.authenticated else ", not proven by TLS"
    yield f"HTTP  {one.method}: {well if one.failure is None else ill}{_ended(one, 'came')}; {one.protocol}{proof}"
    if one.first_byte is not None:
        yield f"  first byte after {ms(one.first_byte - one.t0)}"
    if one.location:
        yield f"  redirects to {one.location}"
    told = [f"{name}: {value}" for name, value in one.headers if name.lower() in HEADERS]
    if told:
        yield f"  headers {'; '.join(told)}"
    if one.title:
        yield f"  title {one.title}"
    yield from _body(one)
    for clause in one.expectations:
        got = f"; got {clause.got}" if clause.got and not clause.held else ""
        yield f"  expected {clause.clause}: {'held' if clause.held else 'did not hold'}{got}"


def _body(one: HTTPRoundTrip) -> Iterator[str]:
    """How much came and how fast; the text itself where nothing proves who wrote it, or where it is no page."""
    if not (one.body_bytes or one.body_wire_bytes):
        return
    capped = ", reading stopped at our own bound" if one.body_capped else ""
    lasted = one.t - one.first_byte if one.first_byte is not None else 0.0
    speed = f", {_rate(one.body_wire_bytes, lasted)[2:]} from first byte to last" if lasted >= LONG else ""
    yield f"  body {one.body_bytes} bytes ({one.body_wire_bytes} on the wire{capped}{speed})"
    if one.body_sha256:
        yield f"  sha256 {one.body_sha256}"
    text = " ".join(one.body_text.split()) if _readable(one) else ""
    if text and (not one.authenticated or one.failure is not None or one.status >= 400):
        yield f'  text "{text[:TEXT_SHOWN]}"' + (" and so on" if len(text) > TEXT_SHOWN else "")


def _readable(one: HTTPRoundTrip) -> bool:
    """Whether the body says that it is text, or does not say what it is."""
    kind = next((value.lower() for name, value in one.headers if name.lower() == "content-type"), "text/")
    return kind.startswith("text/") or "json" in kind or "xml" in kind


def numbered(steps: Sequence[int]) -> str:
    """`step 3`, `steps 1, 4, 6`."""
    return f"step{'s' if len(steps) != 1 else ''} {', '.join(map(str, steps))}"
