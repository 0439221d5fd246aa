"""The lookups of one step as lines: who was asked, what each said, and whether they agree. Pure.

Lookups that say the same share a line that names every resolver; whatever differs, fails or comes twice has its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from probe.model.failure import Failure, FailureKind
from probe.model.observation import DNSLookup, DNSReply, Observation, Purpose, Resolver, ResolverKind


def lines(lookups: Sequence[DNSLookup], before: int = 0) -> Iterator[str]:
    """One line for each thing that was said, with everyone who said it; then what needs a line of its own.

    `before` is the number of an earlier step in which the same was said in every respect but time, if there is one:
    then only what failed or differs is repeated here.
    """
    said: dict[tuple[str, str], list[DNSLookup]] = {}
    for one in lookups:
        said.setdefault((one.qtype, _answer(one)), []).append(one)
    disagree = any(len(set(_of_family(lookups, six))) > 1 for six in (False, True))
    if before and not disagree and not any(_fails(one) for one in lookups):
        yield f"the same answers as in step {before} ({span(one.t - one.t0 for one in lookups)})"
        return
    if disagree:
        yield "the resolvers do not say the same:"
    for (qtype, answer), group in said.items():
        who = ", ".join(_resolver(one.resolver) for one in group)
        yield f"{qtype} from {who}: {answer} ({span(one.t - one.t0 for one in group)})"
        if not before:
            yield from _peculiar(group)
    arrived = [reply.t - one.t0 for one in lookups if _odd(one) for reply in one.replies]
    if before and arrived:
        yield f"each reply says what it said in step {before}, after {span(arrived)}"


_UNCOUNTED: dict[str, Any] = {"transaction_id": 0, "hop": 0, "attempt": 0, "t0": 0.0, "t": 0.0}


def timeless(lookups: Iterable[DNSLookup]) -> tuple[DNSLookup, ...]:
    """The lookups without times, hops and the counting of tries: equal where the same was asked and said."""
    plain = [
        msgspec.structs.replace(one, **_UNCOUNTED, purpose=_alike(one.purpose), replies=_untimed(one.replies))
        for one in lookups
    ]
    return tuple(sorted(plain, key=lambda one: (one.qtype, one.resolver.kind, one.resolver.address)))


def _alike(purpose: Purpose) -> Purpose:
    return Purpose.MAIN if purpose is Purpose.RETRY else purpose


def _untimed(replies: Iterable[DNSReply]) -> tuple[DNSReply, ...]:
    return tuple(msgspec.structs.replace(reply, t=0.0) for reply in replies)


def ms(seconds: float) -> str:
    """`0.3 ms`, `82 ms`, `5.00 s`."""
    if seconds >= 2:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if 0 < seconds < 0.001 else f"{seconds * 1000:.0f} ms"


def span(seconds: Iterable[float]) -> str:
    """The shortest and the longest, once where they read alike."""
    known = sorted(seconds)
    first, last = ms(known[0]), ms(known[-1])
    return first if first == last else f"{first} to {last}"


def took(one: Observation) -> str:
    """How long an observation took."""
    return ms(one.t - one.t0)


def failed(failure: Failure) -> str:
    """`connection_reset (ECONNRESET)`."""
    return f"{failure.kind} ({failure.detail})" if failure.detail else str(failure.kind)


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
        return f"failed: {failed(one.failure)}" + (f", addresses {shown}" if shown else "")
    return shown or "no address"


def _resolver(resolver: Resolver) -> str:
    name = f"{resolver.kind} {resolver.address}".strip()
    return f"{name} (own)" if resolver.own and resolver.address else name


def _fails(one: DNSLookup) -> bool:
    """Whether it is a failure to be told again: that a name has no address of a family is an answer."""
    return one.failure is not None and one.failure.kind is not FailureKind.DNS_NO_ANSWER


def _odd(one: DNSLookup) -> bool:
    """Whether its replies need lines: several, something wrong with one, an extended error."""
    return len(one.replies) > 1 or any(reply.failure or reply.extended_errors for reply in one.replies)


def _peculiar(group: Iterable[DNSLookup]) -> Iterator[str]:
    """What sets lookups apart from a question with one answer, once for all who met the very same."""
    alike: dict[tuple[object, ...], list[DNSLookup]] = {}
    for one in group:
        if one.sent > 1 or _odd(one):
            alike.setdefault((one.sent, _odd(one), _untimed(one.replies)), []).append(one)
    for (_, odd, _), met in alike.items():
        first = met[0]
        again = f", the question sent {first.sent} times" if first.sent > 1 else ""
        yield f"  {', '.join(_resolver(one.resolver) for one in met)}{again}{':' if odd else ''}"
        for at in range(len(first.replies) if odd else 0):
            times = span(one.replies[at].t - one.t0 for one in met)
            yield f"    reply {at + 1} {_reply(first.replies[at], times)}{_later(first, at)}"


def _later(one: DNSLookup, at: int) -> str:
    """What it means that this is not the first reply. To a question sent twice two answers are due."""
    if not at or one.replies[at].over_tcp:
        return ""
    return " (a late further answer to one question)" if one.sent == 1 else " (the question had been sent again)"


def _reply(reply: DNSReply, after: str) -> str:
    parts = [f"after {after}, {reply.size} bytes"]
    parts += [f"IP TTL {reply.ip_ttl}"] if reply.ip_ttl is not None else []
    parts += ["over TCP"] if reply.over_tcp else []
    parts += ["truncated"] if reply.truncated else []
    parts += [reply.rcode] if reply.rcode else []
    parts += [f"wrong: {reply.failure}"] if reply.failure is not None else []
    parts += [f"{answer.type} {answer.value} (TTL {answer.ttl})" for answer in reply.answers]
    parts += [f"extended error {error.code} {error.text}".rstrip() for error in reply.extended_errors]
    parts += [f"raw {reply.raw_hex}"] if reply.raw_hex else []
    return ", ".join(parts)
