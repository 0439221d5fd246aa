"""DNS rules: what own resolvers said, against independent ones, the control, and what the addresses turned out to be.

Unlike answers alone never fire a rule: a CDN answers everybody differently. A denial or a bogon is held against the
word that the name has addresses (`_exists`); an address is false only if it also fails to be the endpoint
(`compare.false_address`) while the endpoint is found elsewhere.
"""

import ipaddress

from probe.diagnose.bogon import is_bogon
from probe.diagnose.compare import (
    address_works_there,
    beyond,
    control_pages,
    false_address,
    no_better_there,
)
from probe.diagnose.elsewhere import proves
from probe.diagnose.facts import Depth, Facts, Flow, Hop
from probe.diagnose.filters import bare, chosen_filter
from probe.diagnose.lookups import Lookup, answered, conflicting, word
from probe.diagnose.rule import Hit, Rule, When
from probe.diagnose.rules.pages import notice, strange
from probe.model.diagnosis import Certainty, Layer, Mechanism, Verdict
from probe.model.failure import FailureKind
from probe.model.observation import Purpose, ResolverKind

_CERTIFICATE = frozenset(
    {
        FailureKind.SSL_INVALID_HOSTNAME,
        FailureKind.SSL_UNKNOWN_AUTHORITY,
        FailureKind.SSL_SELF_SIGNED,
        FailureKind.SSL_INVALID_CERTIFICATE,
        FailureKind.SSL_EXPIRED,
        FailureKind.SSL_NOT_YET_VALID,
    }
)


_FILTERED = 17
_CENSORED = frozenset({15, 16, _FILTERED, 18})
_BENCHMARK = ipaddress.IPv4Network("198.18.0.0/15")
"""RFC 2544: never on the internet; what Clash and its kin answer with. No forger has been seen to use it."""


def _at(lookups: tuple[Lookup, ...]) -> tuple[int, ...]:
    return tuple(k.at for k in lookups)


def _exists(facts: Facts, hop: Hop) -> bool:
    """Whether the name is known to have public addresses: independent resolvers say so, or a control went there."""
    public = [a for a in hop.trusted_addresses if not is_bogon(a)]
    return bool(public) or beyond(facts, hop, Depth.NOTHING)


def _said(hop: Hop) -> tuple[Lookup, ...]:
    """The own resolvers' words that name their failure: our own messages where there are any, else getaddrinfo's.

    getaddrinfo tells silence, SERVFAIL and REFUSED alike.
    """
    asked = tuple(k for k in hop.own if k.dns.resolver.kind is not ResolverKind.SYSTEM)
    return asked or hop.own


def _all_failed_with(hop: Hop, *kinds: FailureKind) -> tuple[Lookup, ...]:
    """The own lookups, if none gave an address and the failures are of these kinds. A family without records aside."""
    said = _said(hop)
    if not said or hop.own_addresses:
        return ()
    failures = {k.dns.failure.kind for k in said if k.dns.failure is not None}
    telling = failures - {FailureKind.DNS_NO_ANSWER} or failures
    return said if telling and telling <= set(kinds) else ()


def _denied(kinds: tuple[FailureKind, ...], words: str) -> When:
    def when(facts: Facts, hop: Hop) -> Hit | None:
        said = _all_failed_with(hop, *kinds)
        if not said or not _exists(facts, hop):
            return None
        texts = {f"{e.code} {e.text}".strip() for k in said for r in k.dns.replies for e in r.extended_errors}
        told = f"; it says: extended error {', '.join(sorted(texts))}" if texts else ""
        late = tuple(k for k in hop.lookups if k.dns.purpose is Purpose.SECOND_TRY)
        if FailureKind.TIMEOUT in kinds and any(_replied(k) for k in late):
            return None  # not silent, only slower than we wait: what it found out, or could not, is no denial
        note = f"the vantage's resolver {words}, and the name exists{told}"
        return Hit(_at(said) + _at(late) + _at(hop.trusted), note, _weaker(said))

    return when


def _weaker(said: tuple[Lookup, ...]) -> Certainty | None:
    """Possible at most where the client itself asked for the filter.

    The resolver says so (RFC 8914 section 4.18), or every one that spoke is known for nothing else.
    """
    codes = {e.code for k in said for r in k.dns.replies for e in r.extended_errors} & _CENSORED
    chosen = bool(said) and all(chosen_filter(k.dns.resolver.address) for k in said)
    return Certainty.POSSIBLE if codes == {_FILTERED} or chosen else None


def _says_so(facts: Facts, hop: Hop) -> Hit | None:
    """An own resolver without a usable answer gives the reason in an Extended DNS Error."""
    told = tuple(k for k in hop.own if any(e.code in _CENSORED for r in k.dns.replies for e in r.extended_errors))
    if not told or hop.own_addresses & hop.proven or not _exists(facts, hop):
        return None
    errors = {f"{e.code} {e.text}".strip() for k in told for r in k.dns.replies for e in r.extended_errors}
    return Hit(_at(told), f"the resolver says so itself: extended error {', '.join(sorted(errors))}", _weaker(told))


def _canary(facts: Facts, hop: Hop) -> Hit | None:  # noqa: ARG001 - every rule has the same shape
    """An address that runs no resolver answered for this name, and not for an innocent one."""
    asked = [k for k in hop.lookups if k.dns.purpose is Purpose.CANARY]
    doh = [k.dns for k in hop.trusted if k.dns.resolver.kind is ResolverKind.DOH]
    genuine = {a for dns in doh for a in dns.addresses}  # a network may answer for everybody, and honestly
    about = [k for k in asked if k.dns.name == hop.host and _replied(k) and not set(k.dns.addresses) & genuine]
    innocent = [k for k in asked if k.dns.name != hop.host]
    if not about or not innocent or any(_replied(k) for k in innocent):
        return None
    return Hit(_at(tuple(about)), "an address that runs no resolver answered: the answer was made on the path")


def _replied(lookup: Lookup) -> bool:
    return any(reply.failure is None for reply in lookup.dns.replies)


def _two_answers(facts: Facts, hop: Hop) -> Hit | None:  # noqa: ARG001 - every rule has the same shape
    """Two different answers to one question on one socket, the first of them not what independent resolvers say."""
    genuine = hop.trusted_addresses | hop.proven
    for lookup in hop.asked:
        if not conflicting(lookup.dns) or lookup.dns.resolver.address in hop.dead:
            continue
        valid = [r for r in lookup.dns.replies if r.failure is None and not r.truncated]
        if set(word(valid[0])[1]) & genuine:
            continue
        ttls = f" (IP TTL {valid[0].ip_ttl}, then {valid[-1].ip_ttl})" if valid[0].ip_ttl is not None else ""
        true_came = any(set(word(r)[1]) & genuine for r in valid[1:])
        certainty = Certainty.CONFIRMED if true_came or not genuine else Certainty.LIKELY
        return Hit((lookup.at,), f"{len(valid)} answers to one question, the forged one first{ttls}", certainty)
    return None


def _bogon(facts: Facts, hop: Hop) -> Hit | None:
    if not hop.only_bogons or hop.own_addresses & hop.proven or not _exists(facts, hop):
        return None
    if all(_of_a_tunnel(a) for a in hop.own_addresses):
        return None
    shown = ", ".join(sorted(hop.own_addresses)[:3])
    note = f"the answer is {shown}: no public service can have that address"
    return Hit(_at(hop.own) + _at(hop.trusted), note, _of_a_filter(hop))


def _of_a_filter(hop: Hop) -> Certainty | None:
    """Less where the answer is that of filters which people choose: no address at all.

    Possible from a resolver in their own net, or from one that is known for nothing else; likely from any other.
    """
    if not all(ipaddress.ip_address(a).is_unspecified for a in hop.own_addresses):
        return _weaker(_said(hop))
    asked = [k.dns.resolver.address for k in hop.own if k.dns.resolver.address]
    chosen = all(is_bogon(bare(address)) or chosen_filter(address) for address in asked)
    return Certainty.POSSIBLE if chosen else Certainty.LIKELY


def _of_a_tunnel(address: str) -> bool:
    """Whether the address is of the range that tunnels on this very machine hand out for every name ("fake IP")."""
    return ":" not in address and ipaddress.IPv4Address(address) in _BENCHMARK


def _false_flows(facts: Facts, hop: Hop) -> tuple[Flow, ...]:
    return tuple(f for f in hop.final if f.depth is not Depth.DONE and false_address(facts, hop, f.address))


def _impostor(facts: Facts, hop: Hop) -> Hit | None:
    """The forged address is another server: its certificate is for another name, or by nobody we trust."""
    flows = [f for f in _false_flows(facts, hop) if f.failure in _CERTIFICATE]
    if not flows or len(flows) < len([f for f in hop.final if f.failure in _CERTIFICATE]):
        return None
    seen = tuple(i for f in (*flows, *hop.true_reached) for i in f.indexes)
    names = next((f.tls.certificates[0].names[:1] for f in flows if f.tls and f.tls.certificates), ())
    whose = f" (a certificate for {names[0]})" if names else ""
    return Hit(_at(hop.own) + seen, f"the answer leads to another server{whose}; the endpoint is elsewhere")


def _notice_there(facts: Facts, hop: Hop) -> Hit | None:
    """The address that only own resolvers give serves a page that speaks of a block, and no control sees it."""
    page = strange(facts, hop)
    if page is None or not control_pages(facts) or not hop.suspected_false(page.flow.address):
        return None
    if address_works_there(hop, page.flow.address) or not notice(facts, page.http):
        return None
    note = "the answer leads to a server that tells of a block, and no independent resolver leads there"
    return Hit(_at(hop.own) + _at(hop.trusted) + page.flow.indexes, note)


def _false(facts: Facts, hop: Hop) -> Hit | None:
    """The forged address does not serve the endpoint at all."""
    flows = _false_flows(facts, hop)
    if not flows or any(f.depth is Depth.DONE for f in hop.final):
        return None
    seen = tuple(i for f in (*flows, *hop.true_reached) for i in f.indexes)
    nobody = all(f.depth is Depth.NOTHING for f in flows) and no_better_there(hop, flows)
    return Hit(
        _at(hop.own) + seen,
        "the answer leads where the endpoint is not, and independent resolvers or the control lead to where it is",
        Certainty.POSSIBLE if nobody else None,  # an old address, or one part of a server that is out of order
    )


def _relay(facts: Facts, hop: Hop) -> Hit | None:  # noqa: ARG001 - every rule has the same shape
    """The address that only own resolvers give answers, with proof, for every unrelated name that it was asked for.

    One name alone may be of the same operator: large ones answer for all that is theirs from any of their addresses.
    """
    suspects = {f.address for f in hop.final if f.address in hop.own_addresses - hop.trusted_addresses}
    asked = [f for f in hop.by(Purpose.CONTROL_SNI) if f.address in suspects and f.tcp.failure is None]
    relayed = [f for f in asked if f.depth is Depth.DONE and proves(f)]
    if not hop.disjoint or not relayed or len(relayed) < len(asked):
        return None
    note = f"the answer leads to a relay: the same address speaks for unrelated names too ({len(relayed)} asked)"
    weaker = Certainty.POSSIBLE if len(relayed) == 1 else None
    return Hit(_at(hop.own) + tuple(i for f in relayed for i in f.indexes), note, weaker)


def _invented(facts: Facts, hop: Hop) -> Hit | None:
    """An address for a name that every independent resolver denies: a ghost that only the path knows.

    Not where our resolver finds one for names that nobody ever had, too: it leads all of them to a page of its own.
    """
    denied = tuple(k for k in hop.trusted if answered(k.dns) and not k.dns.addresses)
    nxdomain = [k for k in denied if k.dns.failure and k.dns.failure.kind is FailureKind.DNS_NXDOMAIN]
    known = hop.trusted_addresses or hop.proven or beyond(facts, hop, Depth.NOTHING)
    if not hop.own_addresses or not nxdomain or known or hop.own_invents:
        return None
    return Hit(_at(hop.own) + _at(denied), "the name does not exist elsewhere, and here it has an address")


R = Rule
_B, _D = Verdict.BLOCKED, Layer.DNS
RULES: tuple[Rule, ...] = (
    R("dns.injected.canary", _D, Mechanism.DNS_INJECTION, _B, Certainty.CONFIRMED, _canary,
      "Nothing but the path can answer for an address that runs no resolver; an innocent name first, because some"
      " networks answer every question themselves.",
      "Anonymous 2012, The Collateral Damage of Internet Censorship by DNS Injection"),
    R("dns.injected.two_answers", _D, Mechanism.DNS_INJECTION, _B, Certainty.CONFIRMED, _two_answers,
      "A resolver answers once. Injectors cannot keep the true reply from arriving later.",
      "Duan et al. 2012, Hold-On; Hoang et al. 2021, How Great is the Great Firewall? (GFWatch)"),
    R("dns.bogon", _D, Mechanism.DNS_BOGON, _B, Certainty.CONFIRMED, _bogon,
      "A public name with public addresses does not live at 127.0.0.1. Only likely for 0.0.0.0, the answer of filters"
      " that people choose; possible from a resolver in our own net, or one that is known as such a filter.",
      "RFC 6890; OONI df-007 (dns_bogon_error); Pi-hole, Blocking mode (NULL); Cloudflare, 1.1.1.1 for Families"),
    R("dns.impostor", _D, Mechanism.DNS_IMPOSTOR, _B, Certainty.LIKELY, _impostor,
      "Clubhouse, 8 February 2021: the forged answer led to a server with a certificate for another name. Only likely:"
      " an answer that a resolver kept too long, of a site that has moved, looks the same.",
      "Pearce et al. 2017, Global Measurement of DNS Manipulation; Hoang et al. 2021 (GFWatch), on the addresses"
      " of other companies in forged answers"),
    R("dns.impostor.notice", _D, Mechanism.DNS_IMPOSTOR, _B, Certainty.LIKELY, _notice_there,
      "Resolvers told to block often answer with the address of a server that says so.",
      "RFC 9505 section 5.1.1; Pearce et al. 2017"),
    R("dns.nxdomain", _D, Mechanism.DNS_NXDOMAIN, _B, Certainty.LIKELY,
      _denied((FailureKind.DNS_NXDOMAIN,), "says that the name does not exist"),
      "A denial that independent resolvers do not share.", "JOSA blog 78 (AS9038, March 2021)"),
    R("dns.no_answer", _D, Mechanism.DNS_NO_ANSWER, _B, Certainty.LIKELY,
      _denied((FailureKind.DNS_NO_ANSWER,), "says that the name has no address"),
      "An empty answer that independent resolvers do not share: the name is denied its addresses.", "RFC 2308"),
    R("dns.says_so", _D, Mechanism.DNS_REFUSED, _B, Certainty.LIKELY, _says_so,
      "The resolver says itself that the name is blocked (15), censored (16), filtered (17) or prohibited (18).",
      "RFC 8914 sections 4.16-4.19"),
    R("dns.refused", _D, Mechanism.DNS_REFUSED, _B, Certainty.LIKELY,
      _denied((FailureKind.DNS_REFUSED,), "refuses to answer for this name"),
      "A resolver that answers other names and refuses this one. A SERVFAIL alone is as often its own fault, and"
      " settles nothing.", "RFC 9505 section 5.1.1"),
    R("dns.timeout", _D, Mechanism.DNS_TIMEOUT, _B, Certainty.LIKELY,
      _denied((FailureKind.TIMEOUT, FailureKind.REFUSED, FailureKind.DNS_MALFORMED, FailureKind.DNS_MISMATCH),
              "gives no answer for this name, in every try"),
      "Silence for one name from a resolver that answers others, also to a question that waits much longer: one that"
      " cannot reach the name's own servers says so in the end.", "RFC 9505 section 5.1.1"),
    R("dns.false_address", _D, Mechanism.DNS_INJECTION, _B, Certainty.LIKELY, _false,
      "The answer is false if the endpoint is not there and is where others say it is; what the false address does"
      " (refuse, reset, stay silent) says nothing of the true one.",
      "Pearce et al. 2017; RFC 9505 section 5.1.1"),
    R("dns.relay", _D, Mechanism.DNS_IMPOSTOR, _B, Certainty.LIKELY, _relay,
      "A relay passes everything on to whom it was meant for, and reads along; it speaks for any name. A front of a"
      " large operator speaks for all names of its own, and for no others.",
      "Kührer et al. 2015, Going Wild: Large-Scale Classification of Open DNS Resolvers"),
    R("dns.invented", _D, Mechanism.DNS_INJECTION, _B, Certainty.LIKELY, _invented,
      "Block lists outlive the names on them: the path still forges answers for a name that is gone.",
      "Hoang et al. 2021 (GFWatch): the path answers by patterns of names, whether they exist or not"),
)  # fmt: skip
