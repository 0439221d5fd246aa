"""Observations as numbered steps of a transcript: one a flow, and one for all lookups of a hop in a try. Pure.

What each stage says is told by `transcript_dns`, `transcript_tls` and `transcript_http`.
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
from probe.report import transcript_http as http
from probe.report import transcript_tls as tls
from probe.report.paper import padded
from probe.report.transcript_dns import failed, took
from probe.report.transcript_words import Words

OURS = (Purpose.MAIN, Purpose.RETRY)
STAGE_WIDTH = 5
"""Columns of the name of a stage."""
_NO_TLS = frozenset({FailureKind.TLS_NOT_TLS})


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
    """The words, and what earlier steps have said already: the number of the first step with these certificates, these
    answers."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._first: dict[object, int] = {}

    def before(self, what: object, number: int) -> int:
        """The earlier step that said this; 0 if there is none, and then this one is the first."""
        first = self._first.setdefault(what, number)
        return 0 if first == number else first


def steps_of(observations: Sequence[Observation], words: Words) -> tuple[Step, ...]:
    """All observations as steps, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[tuple[int, Observation]]] = {}
    for at, one in enumerate(observations):
        groups.setdefault(_key(one), []).append((at, one))
    told = _Told(words)
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
        title=_title(first, stages, told.words),
        why=told.words.name("purpose", first.purpose) if first.purpose not in OURS else "",
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
    return dns.lines(lookups, told.words, told.before(dns.timeless(lookups), number))


def _title(first: Observation, stages: list[Observation], words: Words) -> str:
    """`DNS a.example`, `https://a.example/ at 104.16.1.1:443`; the stages where no URL was asked for."""
    if isinstance(first, DNSLookup):
        return f"DNS {first.name}"
    where = f"[{first.address}]:{first.port}" if ":" in first.address else f"{first.address}:{first.port}"
    asked = next((one.url for one in stages if isinstance(one, HTTPRoundTrip)), "")
    names = words.listed(dict.fromkeys(words.name("stage", _NAMES[type(one)]) for one in stages))
    return words.say("title.url", url=asked, where=where) if asked else words.say("title.to", stages=names, where=where)


_NAMES: dict[type, str] = {
    DNSLookup: "dns", TCPConnect: "tcp", TLSHandshake: "tls", HTTPRoundTrip: "http", QUICHandshake: "quic",
    SpeedSample: "speed",
}  # fmt: skip


def _ended(one: Observation, key: str, words: Words) -> str:
    """How a stage ended and how long that took; `key` is that of its good end."""
    if one.failure is None:
        return words.say("ended.well", how=words.say(key), took=took(one))
    return words.say("ended.ill", took=took(one), failure=failed(one.failure))


def _stage(one: Observation, number: int, told: _Told) -> Iterator[str]:
    name = padded(told.words.name("stage", _NAMES[type(one)]), STAGE_WIDTH)
    for at, line in enumerate(_said(one, number, told)):
        yield f"  {line}" if at else f"{name} {line}"


def _said(one: Observation, number: int, told: _Told) -> Iterator[str]:
    """The lines of a stage; those after the first say more of it."""
    words = told.words
    if isinstance(one, TCPConnect):
        port = words.say("tcp.port", port=one.source_port) if one.source_port is not None else ""
        yield words.say("tcp.line", ended=_ended(one, "tcp.connected", words), port=port)
    elif isinstance(one, TLSHandshake):
        yield from tls.lines(one, words, _ended(one, "tls.shook", words))
        yield from _bytes(one, number, told)
        yield from _shown(one.certificates, one.problems, number, told)
    elif isinstance(one, HTTPRoundTrip):
        yield from http.lines(one, words, _ended(one, "http.came", words))
    elif isinstance(one, QUICHandshake):
        yield from tls.quic(one, words, _ended(one, "tls.shook", words))
        yield from _shown(one.certificates, one.problems, number, told)
    elif isinstance(one, SpeedSample):
        rate = http.rate(one.bytes, one.seconds, words)
        seconds = f"{one.seconds:.1f}"
        yield words.say("speed.line", sni=tls.sni(one.sni, words), bytes=one.bytes, seconds=seconds, rate=rate)
        if one.failure is not None:
            yield _ended(one, "http.came", words)


def _shown(chain: Sequence[Certificate], problems: Sequence[str], number: int, told: _Told) -> Iterator[str]:
    """The certificates that were shown, whole the first time, and what is wrong with them."""
    if chain:
        before = told.before(tuple(one.sha256 for one in chain), number)
        if before:
            yield told.words.say("certificate.again", subject=chain[0].subject, step=before)
        else:
            yield from tls.certificate(chain[0], len(chain) - 1, told.words)
    if problems:
        yield told.words.say("certificate.wrong", problems=told.words.listed(problems))


def _bytes(one: TLSHandshake, number: int, told: _Told) -> Iterator[str]:
    """The first bytes that came where they were kept: in hexadecimal and as text, whole the first time."""
    if not one.server_hex:
        return
    no_tls = one.failure is not None and one.failure.kind in _NO_TLS
    what = told.words.say("bytes.no_tls" if no_tls else "bytes.came")
    before = told.before(("bytes", one.server_hex), number)
    if before:
        yield told.words.say("bytes.again", what=what, step=before)
        return
    yield told.words.say("bytes.hex", what=what, hex=one.server_hex)
    yield told.words.say("bytes.text", text=tls.as_text(one.server_hex, told.words))
