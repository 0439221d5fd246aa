"""The lookups of one step as lines: who was asked, what each said, and whether they agree. Pure.

Lookups that say the same share a line that names every resolver; whatever differs, fails or comes twice has its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from probe.model.failure import Failure, FailureKind
from probe.model.observation import DNSLookup, DNSReply, Observation, Purpose, Resolver, ResolverKind
from probe.report.transcript_words import Words


def lines(lookups: Sequence[DNSLookup], words: Words, before: int = 0) -> Iterator[str]:
    """One line for each thing that was said, with everyone who said it; then what needs a line of its own.

    `before` is the number of an earlier step in which the same was said in every respect but time, if there is one:
    then only what failed or differs is repeated here.
    """
    said: dict[tuple[str, str], list[DNSLookup]] = {}
    for one in lookups:
        said.setdefault((one.qtype, _answer(one, words)), []).append(one)
    disagree = any(len(set(_of_family(lookups, six))) > 1 for six in (False, True))
    if before and not disagree and not any(_fails(one) for one in lookups):
        yield words.say("dns.alike", step=before, span=span((one.t - one.t0 for one in lookups), words))
        return
    if disagree:
        yield words.say("dns.differ")
    for (qtype, answer), group in said.items():
        times = span((one.t - one.t0 for one in group), words)
        yield words.say("dns.said", qtype=qtype, who=_all_of(group, words), answer=answer, span=times)
        if not before:
            yield from _peculiar(group, words)
    arrived = [reply.t - one.t0 for one in lookups if _odd(one) for reply in one.replies]
    if before and arrived:
        yield words.say("dns.replies_alike", step=before, span=span(arrived, words))


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


def span(seconds: Iterable[float], words: Words) -> str:
    """The shortest and the longest, once where they read alike."""
    known = sorted(seconds)
    first, last = ms(known[0]), ms(known[-1])
    return first if first == last else words.say("dns.span", first=first, last=last)


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


def _answer(one: DNSLookup, words: Words) -> str:
    """What a lookup came to, the same for all orders of the same addresses."""
    shown = words.listed(sorted(one.addresses))
    if one.failure is None:
        return shown or words.say("dns.none")
    key = "dns.failed_with" if shown else "dns.failed"
    return words.say(key, failure=failed(one.failure), **({"addresses": shown} if shown else {}))


def _all_of(group: Iterable[DNSLookup], words: Words) -> str:
    """Who was asked."""
    return words.listed(_resolver(one.resolver, words) for one in group)


def _resolver(resolver: Resolver, words: Words) -> str:
    name = f"{resolver.kind} {resolver.address}".strip()
    return words.say("dns.own", resolver=name) if resolver.own and resolver.address else name


def _fails(one: DNSLookup) -> bool:
    """Whether it is a failure to be told again: that a name has no address of a family is an answer."""
    return one.failure is not None and one.failure.kind is not FailureKind.DNS_NO_ANSWER


def _odd(one: DNSLookup) -> bool:
    """Whether its replies need lines: several, something wrong with one, an extended error."""
    return len(one.replies) > 1 or any(reply.failure or reply.extended_errors for reply in one.replies)


def _peculiar(group: Iterable[DNSLookup], words: Words) -> Iterator[str]:
    """What sets lookups apart from a question with one answer, once for all who met the very same."""
    alike: dict[tuple[object, ...], list[DNSLookup]] = {}
    for one in group:
        if one.sent > 1 or _odd(one):
            alike.setdefault((one.sent, _odd(one), _untimed(one.replies)), []).append(one)
    for (_, odd, _), met in alike.items():
        first, who = met[0], _all_of(met, words)
        told = words.say("dns.sent", who=who, count=first.sent) if first.sent > 1 else who
        yield f"  {words.say('dns.replies', who=told) if odd else told}"
        for at in range(len(first.replies) if odd else 0):
            times = span((one.replies[at].t - one.t0 for one in met), words)
            reply = _reply(first.replies[at], times, words)
            yield f"    {words.say('dns.reply', number=at + 1, facts=reply, later=_later(first, at, words))}"


def _later(one: DNSLookup, at: int, words: Words) -> str:
    """What it means that this is not the first reply. To a question sent twice two answers are due."""
    if not at or one.replies[at].over_tcp:
        return ""
    return words.say("dns.late" if one.sent == 1 else "dns.sent_again")


def _reply(reply: DNSReply, after: str, words: Words) -> str:
    parts = [words.say("dns.after", span=after, size=reply.size)]
    parts += [f"IP TTL {reply.ip_ttl}"] if reply.ip_ttl is not None else []
    parts += [words.say("dns.over_tcp")] if reply.over_tcp else []
    parts += [words.say("dns.truncated")] if reply.truncated else []
    parts += [reply.rcode] if reply.rcode else []
    parts += [words.say("dns.wrong", failure=reply.failure)] if reply.failure is not None else []
    parts += [f"{answer.type} {answer.value} (TTL {answer.ttl})" for answer in reply.answers]
    parts += [words.say("dns.extended", code=e.code, text=e.text).rstrip() for e in reply.extended_errors]
    parts += [words.say("dns.raw", hex=reply.raw_hex)] if reply.raw_hex else []
    return words.clauses(parts)
