"""DNS messages: a question as bytes, bytes as a `DNSReply`, and the addresses a reply gives for a name.

Knows the wire format (RFC 1035, EDNS of RFC 6891, extended errors of RFC 8914) through dnspython's codec, and nothing
of sockets, deadlines or failures of a whole lookup: `resolve` does. Nothing here raises for what a peer sent: any
bytes become a DNSReply.
"""

import struct
from collections.abc import Iterable
from typing import NamedTuple

import dns.edns
import dns.exception
import dns.message
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.wire

from probe.model.failure import FailureKind
from probe.model.observation import DNSAnswer, DNSReply, ExtendedError

EDNS_PAYLOAD = 1232
"""UDP payload we offer to take, bytes: what passes every path unfragmented (DNS flag day 2020)."""

MAX_ANSWERS = 64
MAX_RECORDS = 128
"""Records a message may announce to be read whole: 64 kB of long compressed names cost seconds of CPU to unpack. Of a
larger one the first `MAX_ANSWERS` answers are read and nothing after them."""
MAX_QUESTIONS = 4
"""Questions a message may repeat to be read at all; nobody sends more than one."""
MAX_EXTENDED_ERRORS = 8
MAX_TEXT = 255
"""Characters kept of any one text field of a reply."""
MAX_RAW = 512
"""Bytes kept of a malformed reply."""
MAX_CHAIN = 16
"""CNAMEs followed in one answer; real chains have fewer than ten."""

_HEADER = struct.Struct("!HHHHHH")
_RECURSION_DESIRED = 0x0100
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RECURSION_AVAILABLE, _OPCODE = 0x8000, 0x0400, 0x0200, 0x0080, 0x7800
_OPT = b"\x00" + struct.pack("!HHIH", dns.rdatatype.OPT, EDNS_PAYLOAD, 0, 0)
_ERRORS_WITHOUT_QUESTION = {dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED}
"""A server that did not read the question may leave it out of these (as dnspython and BIND accept it)."""


class _LenientEDE(dns.edns.EDEOption):
    """An extended error whose text may be anything: filtering boxes write it in their own code page, not in UTF-8."""

    @classmethod
    def from_wire_parser(cls, otype: dns.edns.OptionType | str, parser: dns.wire.Parser) -> dns.edns.Option:  # noqa: ARG003  (dnspython's signature)
        code = parser.get_uint16()
        text = parser.get_remaining().rstrip(b"\x00").decode("utf-8", errors="replace")
        return cls(dns.edns.EDECode.make(code), text)


dns.edns.register_type(_LenientEDE, dns.edns.OptionType.EDE)
# dnspython looks a record type's class up when it first meets it, and remembers: a reply with type A in class ANY would
# make every later A record of the process unreadable. Loaded beforehand, nothing a peer sends can change how we read.
dns.rdata.load_all_types()  # type: ignore[no-untyped-call]  # dnspython leaves it untyped


class Question(NamedTuple):
    """One question. `name` is lower-case A-labels without the final dot (see `url.a_labels`), `qtype` a mnemonic."""

    id: int
    name: str
    qtype: str


def encode_query(question: Question) -> bytes:
    """The query: recursion desired, class IN, EDNS with `EDNS_PAYLOAD` and no option. Raises ValueError on a bad qtype.

    By hand, since it is thirty bytes of framing and dnspython takes ten times longer for it.
    """
    labels = (label.encode("ascii") for label in question.name.split("."))
    name = b"".join(bytes((len(label),)) + label for label in labels) + b"\x00"
    qtype = rdatatype(question.qtype)
    header = _HEADER.pack(question.id, _RECURSION_DESIRED, 1, 0, 0, 1)
    return header + name + struct.pack("!HH", qtype, dns.rdataclass.IN) + _OPT


def rdatatype(mnemonic: str) -> int:
    """The number of a record type. Raises ValueError for what is none: the caller's mistake, never a peer's."""
    try:
        return int(dns.rdatatype.from_text(mnemonic))
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"{mnemonic!r} is no DNS record type") from error


def parse_reply(
    data: bytes, question: Question, t: float, *, ip_ttl: int | None = None, over_tcp: bool = False
) -> DNSReply:
    """Any bytes as a DNSReply.

    `failure` is DNS_MALFORMED for what does not parse (then nothing but the bytes is kept), DNS_MISMATCH for a message
    that does not answer `question` (RFC 5452 section 9: id, question, and that it is a response at all). A message that
    says it is truncated may end in the middle of a record.
    """
    message = _message(data)
    if message is None:
        return DNSReply(
            t=t, size=len(data), ip_ttl=ip_ttl, over_tcp=over_tcp,
            failure=FailureKind.DNS_MALFORMED, raw_hex=data[:MAX_RAW].hex(),
        )  # fmt: skip
    flags = int(message.flags)
    return DNSReply(
        t=t,
        size=len(data),
        ip_ttl=ip_ttl,
        over_tcp=over_tcp,
        rcode=dns.rcode.to_text(message.rcode()),
        authoritative=bool(flags & _AUTHORITATIVE),
        recursion_available=bool(flags & _RECURSION_AVAILABLE),
        truncated=bool(flags & _TRUNCATED),
        answers=tuple(_answer(record) for record in message.answer[:MAX_ANSWERS]),
        extended_errors=_extended_errors(message),
        failure=None if _answers_question(message, question) else FailureKind.DNS_MISMATCH,
    )


def _message(data: bytes) -> dns.message.Message | None:
    """The message, or None if it does not parse. dnspython collects the errors of the records, whatever their type."""
    bounded_data = _bounded_records(data)
    if bounded_data is None:
        return None
    try:
        message = dns.message.from_wire(
            bounded_data, one_rr_per_rrset=True, ignore_trailing=True, continue_on_error=True
        )
    except (dns.exception.DNSException, ValueError):
        return None
    cut_short = bool(message.question) and bool(int(message.flags) & _TRUNCATED)
    return None if message.errors and not cut_short else message


def _bounded_records(data: bytes) -> bytes | None:
    """`data` with a header that announces no more records than we care to read; None for what is not worth reading."""
    if len(data) < _HEADER.size:
        return None
    identifier, flags, questions, answers, authority, additional = _HEADER.unpack_from(data)
    if questions > MAX_QUESTIONS:
        return None
    if answers + authority + additional <= MAX_RECORDS:
        return data
    return _HEADER.pack(identifier, flags, questions, min(answers, MAX_ANSWERS), 0, 0) + data[_HEADER.size :]


def _answers_question(message: dns.message.Message, question: Question) -> bool:
    flags = int(message.flags)
    if message.id != question.id or not flags & _RESPONSE or flags & _OPCODE:
        return False
    if not message.question:
        return message.rcode() in _ERRORS_WITHOUT_QUESTION
    asked = message.question[0]
    return (
        len(message.question) == 1
        and asked.rdclass == dns.rdataclass.IN
        and asked.rdtype == rdatatype(question.qtype)
        and asked.name.to_text(omit_final_dot=True).lower() == question.name
    )


def _answer(record: dns.rrset.RRset) -> DNSAnswer:
    """One record; a class other than IN stands before the type (`CH A`), so that it is never taken for an address."""
    kind = dns.rdatatype.to_text(record.rdtype)
    if record.rdclass != dns.rdataclass.IN:
        kind = f"{dns.rdataclass.to_text(record.rdclass)} {kind}"
    value = record[0].to_text() if len(record) else ""
    value = value.removesuffix(".") if kind == "CNAME" else value
    return DNSAnswer(_bounded(record.name.to_text(omit_final_dot=True)), kind, _bounded(value), record.ttl)


def _extended_errors(message: dns.message.Message) -> tuple[ExtendedError, ...]:
    found = [option for option in message.options if isinstance(option, dns.edns.EDEOption)]
    return tuple(ExtendedError(int(e.code), _bounded(e.text or "")) for e in found[:MAX_EXTENDED_ERRORS])


def _bounded(text: str) -> str:
    """At most MAX_TEXT printable characters; others as `\\xNN` or `\\uNNNN` escapes."""
    cut = text[:MAX_TEXT]
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)[:MAX_TEXT]
    return cut


def addresses_for(answers: Iterable[DNSAnswer], name: str, qtype: str) -> tuple[str, ...]:
    """The addresses of type `qtype` at the end of the CNAME chain that starts at `name`, in order, each once.

    Records of other owners are no answer to the question. A loop of CNAMEs ends in no address.
    """
    records = tuple(answers)
    owner, seen = name, set[str]()
    while owner not in seen and len(seen) <= MAX_CHAIN:
        seen.add(owner)
        own = [record for record in records if record.name.lower() == owner]
        values = tuple(dict.fromkeys(record.value for record in own if record.type == qtype))
        if values:
            return values
        owner = next((record.value.lower() for record in own if record.type == "CNAME"), owner)
    return ()
