"""The DNS stage: one question to one resolver, and everything that came back.

Knows how a question travels (getaddrinfo, UDP, TCP, HTTPS) and when to stop listening; what a message says is read in
`dnswire`, what HTTPS needs is in `doh`. Judges nothing: 127.0.0.1 is an answer here, and a bogon in `diagnose`.

A lookup over UDP keeps its socket open for `late_window` seconds after the first thing that came back, since the true
reply behind a forged one is the best proof of injection (Duan et al. 2012), and to the deadline while nothing that came
answers the question. It sends its question once, and once more into a second of silence; repeating is
the cycle's work, where each try is recorded.
"""

import asyncio
import ipaddress
import math
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from probe.model.failure import Failure, FailureKind, Operation
from probe.model.observation import DNSLookup, DNSReply, Resolver, ResolverKind
from probe.net.classify import failure_of
from probe.net.dnswire import MAX_RAW, Question, addresses_for, encode_query, parse_reply
from probe.net.doh import MEDIA_TYPE, DohClient
from probe.net.network import DatagramSocket, Stream
from probe.net.trace import Trace
from probe.net.url import a_labels

BOTH_FAMILIES = "A+AAAA"
"""The `qtype` of every SYSTEM lookup: getaddrinfo asks for both families in one call, and does not say which failed."""

RESEND_SECONDS = 1.0
"""Silence after which a UDP question is sent a second time."""
MAX_REPLIES = 16
"""Replies kept of one lookup; the one that answers is always among them."""
MAX_READ = 64
"""Datagrams (or TCP messages) read before a flood is left alone."""
MAX_NAME = 255
"""Characters of a name that cannot be asked which are kept."""

_RCODES = {
    "NXDOMAIN": FailureKind.DNS_NXDOMAIN,
    "SERVFAIL": FailureKind.DNS_SERVFAIL,
    "REFUSED": FailureKind.DNS_REFUSED,
}
_ADDRESS_TYPES = ("A", "AAAA")
_ADDRESS = re.compile(
    r"\[(?P<bracketed>[^]]+)\](:(?P<port>\d{1,5}))?|(?P<four>[^:]+)(:(?P<port4>\d{1,5}))?|[^[\]]+", re.ASCII
)


@dataclass(slots=True)
class _Asking:
    """One lookup under way.

    `answer` is the first reply that answers the question, `ending` what ended the listening, `over_tcp` that it goes on
    over TCP after a truncated reply.
    """

    trace: Trace
    resolver: Resolver
    question: Question
    timeout: float
    late_window: float
    doh: DohClient | None
    replies: list[DNSReply] = field(default_factory=list)
    answer: DNSReply | None = None
    ending: Failure | None = None
    sent: int = 1
    over_tcp: bool = False

    def take(self, data: bytes, ip_ttl: int | None = None) -> None:
        """Keep what came back; the first valid match becomes the answer. A flood never crowds the answer out."""
        t = self.trace.elapsed()
        reply = parse_reply(data, self.question, t, ip_ttl=ip_ttl, over_tcp=self.over_tcp)
        answers = self.answer is None and reply.failure is None
        if answers:
            self.answer = reply
        if answers or len(self.replies) < MAX_REPLIES - (self.answer is None):
            self.replies.append(reply)

    def deadline(self) -> float:
        """The deadline of a step that starts now."""
        return self.trace.network.monotonic() + self.timeout


async def lookup(
    trace: Trace,
    resolver: Resolver,
    name: str,
    qtype: str,
    *,
    timeout: float,
    late_window: float = 0.0,
    doh: DohClient | None = None,
) -> DNSLookup:
    """Ask `resolver` for records of `qtype` (`A`, `AAAA`, any mnemonic) of `name` and return all that came back.

    Seconds: `timeout` until the first answer, `late_window` for more replies after it (UDP only). A truncated UDP reply
    is asked again over TCP within another `timeout`; what comes then is marked `over_tcp` and is the answer. `t` of the
    result is the end of listening, `t` of each reply its arrival.

    `resolver.address` is `1.1.1.1:53`, `[2606:4700::1111]:53`, the port 53 if left out, or a DoH URL, for which `doh`
    is needed. A SYSTEM lookup is always for `BOTH_FAMILIES`. `name` is recorded as asked: A-labels, lower case.

    Every fault of the network, the server or the name is in `failure`: the RCODE's kind, DNS_NO_ANSWER where NOERROR
    brings no record of the type at the end of the CNAMEs, DNS_MALFORMED or DNS_MISMATCH where nothing that came was an
    answer, or what ended the wait (timeout, refused by ICMP or RST, reset, EOF). getaddrinfo's EAI_NONAME is told as
    DNS_NXDOMAIN: some systems (not glibc) say it for no data, too. Where a DoH server could not be reached, `operation`
    is the step that failed: `connect` or `tls_handshake`.

    Raises ValueError for a resolver or a type that cannot be asked: the caller's mistake.
    """
    t0 = trace.elapsed()
    qtype = BOTH_FAMILIES if resolver.kind is ResolverKind.SYSTEM else qtype
    asked = a_labels(name)
    if asked is None:
        unasked = Failure(kind=FailureKind.UNKNOWN, operation=Operation.RESOLVE, detail="not a host name")
        return DNSLookup(**trace.shared(t0, unasked), resolver=resolver, name=name[:MAX_NAME], qtype=qtype)
    if resolver.kind is ResolverKind.SYSTEM:
        return await _ask_system(trace, t0, resolver, asked, timeout)
    identifier = 0 if resolver.kind is ResolverKind.DOH else secrets.randbelow(65536)  # 0: RFC 8484 section 4.1
    asking = _Asking(trace, resolver, Question(identifier, asked, qtype), timeout, late_window, doh)
    await _ASK[resolver.kind](asking, encode_query(asking.question))
    failure, addresses = _conclude(asking)
    return DNSLookup(
        **trace.shared(t0, failure),
        resolver=resolver,
        name=asked,
        qtype=qtype,
        addresses=addresses,
        replies=tuple(asking.replies),
        sent=asking.sent,
    )


async def resolve_all(
    open_trace: Callable[[], Trace],
    resolvers: Sequence[Resolver],
    name: str,
    *,
    timeout: float,
    late_window: float = 0.0,
    doh: DohClient | None = None,
    qtypes: Sequence[str] = _ADDRESS_TYPES,
) -> tuple[DNSLookup, ...]:
    """Ask every resolver for every type at once (SYSTEM: once, for both families).

    The lookups come in the order of `resolvers`, then of `qtypes`, and take their traces from `open_trace` in that
    order, so that each socket is a transaction of its own.
    """
    questions = [(r, q) for r in resolvers for q in (qtypes[:1] if r.kind is ResolverKind.SYSTEM else qtypes)]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                lookup(open_trace(), resolver, name, qtype, timeout=timeout, late_window=late_window, doh=doh)
            )
            for resolver, qtype in questions
        ]
    return tuple(task.result() for task in tasks)


@lru_cache(maxsize=256)
def parse_resolver_address(text: str) -> tuple[str, int]:
    """`1.1.1.1`, `1.1.1.1:53`, `2606:4700::1111`, `[2606:4700::1111]:53` as address and port (53 if left out).

    Raises ValueError for anything else: a resolver is named by its address.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no address of a resolver; write 1.1.1.1, 1.1.1.1:53 or [2606:4700::1111]:53")
    host, port = match["bracketed"] or match["four"] or text, int(match["port"] or match["port4"] or 53)
    ipaddress.ip_address(host)
    if not 0 < port < 65536:
        raise ValueError(f"{text!r} has no port between 1 and 65535")
    return host, port


def _conclude(asking: _Asking) -> tuple[Failure | None, tuple[str, ...]]:
    """The failure and the addresses: of the answer; else of the first reply that was none; else of what ended it."""
    answer, question = asking.answer, asking.question
    if answer is None:
        return _unanswered(asking), ()
    if answer.rcode != "NOERROR":
        kind = _RCODES.get(answer.rcode, FailureKind.DNS_MISBEHAVING)
        return Failure(kind=kind, operation=Operation.RESOLVE, detail=answer.rcode), ()
    found = addresses_for(answer.answers, question.name, question.qtype)
    if not found:
        return Failure(kind=FailureKind.DNS_NO_ANSWER, operation=Operation.RESOLVE), ()
    return None, found if question.qtype in _ADDRESS_TYPES else ()


def _unanswered(asking: _Asking) -> Failure | None:
    wrong = [reply.failure for reply in asking.replies if reply.failure and reply.over_tcp is asking.over_tcp]
    if wrong and not (asking.ending and asking.ending.kind is wrong[0]):
        return Failure(kind=wrong[0], operation=Operation.RESOLVE)
    return asking.ending


async def _ask_system(trace: Trace, t0: float, resolver: Resolver, name: str, timeout: float) -> DNSLookup:
    failure: Failure | None = None
    addresses: tuple[str, ...] = ()
    try:
        addresses = await trace.network.getaddrinfo(name, trace.network.monotonic() + timeout)
    except OSError as error:
        failure = failure_of(error, Operation.RESOLVE)
    else:
        if not addresses:
            failure = Failure(kind=FailureKind.DNS_NO_ANSWER, operation=Operation.RESOLVE)
    shared = trace.shared(t0, failure)
    return DNSLookup(**shared, resolver=resolver, name=name, qtype=BOTH_FAMILIES, addresses=addresses)


async def _ask_udp(asking: _Asking, query: bytes) -> None:
    address, port = parse_resolver_address(asking.resolver.address)
    try:
        socket = await asking.trace.network.udp(address, port)
    except OSError as error:
        asking.ending = failure_of(error, Operation.RESOLVE)
        return
    try:
        await socket.send(query)
        await _listen(asking, socket, query)
    except OSError as error:
        asking.ending = failure_of(error, Operation.RESOLVE)
    finally:
        socket.close()
    if asking.answer is not None and asking.answer.truncated:
        asking.answer, asking.over_tcp = None, True
        await _ask_tcp(asking, query)


async def _listen(asking: _Asking, socket: DatagramSocket, query: bytes) -> None:
    """Read until the deadline, or until the late window after the first answer (or ICMP error) is over.

    A question that met only silence is sent once more, as every stub resolver does: datagrams are lost.
    """
    network = asking.trace.network
    end = asking.deadline()
    again = network.monotonic() + RESEND_SECONDS
    settled = False
    for _ in range(MAX_READ):
        try:
            try:
                datagram = await socket.recv(min(end, again))
            except TimeoutError:
                if again >= end:
                    raise
                again = math.inf
                if not asking.replies:
                    asking.sent += 1
                    await socket.send(query)
                continue
            asking.take(datagram.data, datagram.ttl)
        except TimeoutError as error:
            asking.ending = asking.ending or failure_of(error, Operation.RESOLVE)
            return
        except OSError as error:
            asking.ending = asking.ending or failure_of(error, Operation.RESOLVE)
        if not settled and (asking.answer or asking.ending):
            settled, end = True, network.monotonic() + asking.late_window
        if network.monotonic() >= end or (asking.answer and len(asking.replies) >= MAX_REPLIES):
            return


async def _ask_tcp(asking: _Asking, query: bytes) -> None:
    """RFC 7766: each message behind its length. Reads on until one answers, or the peer or the deadline ends it."""
    address, port = parse_resolver_address(asking.resolver.address)
    deadline = asking.deadline()
    try:
        stream = await asking.trace.network.connect(address, port, deadline)
    except OSError as error:
        asking.ending = failure_of(error, Operation.RESOLVE)
        return
    try:
        await stream.send(len(query).to_bytes(2, "big") + query, deadline)
        for _ in range(MAX_READ):
            size = int.from_bytes(await _exactly(stream, 2, deadline), "big")
            asking.take(await _exactly(stream, size, deadline))
            if asking.answer is not None:
                return
    except EOFError:
        asking.ending = Failure(kind=FailureKind.EOF, operation=Operation.RESOLVE)
    except OSError as error:
        asking.ending = failure_of(error, Operation.RESOLVE)
    finally:
        stream.close()


async def _exactly(stream: Stream, size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = await stream.recv(size - len(data), deadline)
        if not part:
            raise EOFError
        data += part
    return bytes(data)


async def _ask_doh(asking: _Asking, query: bytes) -> None:
    if asking.doh is None:
        raise ValueError("a DoH resolver needs a DohClient")
    answer = await asking.doh.post(asking.resolver.address, query, asking.timeout)
    if isinstance(answer, Failure):
        asking.ending = answer
    elif answer.status == 200 and answer.content_type == MEDIA_TYPE:
        asking.take(answer.body)
    else:
        detail = f"HTTP {answer.status}, {answer.content_type[:64] or 'no content type'}"
        asking.ending = Failure(kind=FailureKind.DNS_MISBEHAVING, operation=Operation.RESOLVE, detail=detail)
        head = answer.body[:MAX_RAW].hex()
        asking.replies.append(
            DNSReply(t=asking.trace.elapsed(), size=len(answer.body), failure=FailureKind.DNS_MISBEHAVING, raw_hex=head)
        )


_ASK = {ResolverKind.UDP: _ask_udp, ResolverKind.TCP: _ask_tcp, ResolverKind.DOH: _ask_doh}
