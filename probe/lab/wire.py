"""Writing what servers and censors say: DNS replies, TLS alerts, HTTP/1 responses with their faults. Pure.

Who says it, when, and what happens to the connection afterwards is decided elsewhere (`nameserver`, `web`, `censor`).
"""

import gzip
import random
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from itertools import chain, islice, repeat

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from probe.lab.world import Answer, Fault, Framing, Record, Response

MALFORMED = b"\x00\x01not a DNS message"
PIECE = 16384
FILLER = bytes(range(97, 123)) * (PIECE // 26 + 1)
FAMILY = {"A": False, "AAAA": True}


def dns_reply(query: bytes, answer: Answer, *, authoritative: bool = False) -> bytes | None:
    """A reply that says this to that query; None for silence. `query` must be one (see `dissect.question`)."""
    if answer.silent:
        return None
    if answer.malformed:
        return query[:2] + MALFORMED
    asked = dns.message.from_wire(query, ignore_trailing=True)
    name, qtype = asked.question[0].name.to_text(), dns.rdatatype.to_text(asked.question[0].rdtype)
    of_family = tuple(each for each in answer.addresses if (":" in each) is FAMILY.get(qtype))
    records = [Record(name=name, type="CNAME", values=(answer.alias,), ttl=answer.ttl)] if answer.alias else []
    if of_family:
        records.append(Record(name=answer.alias or name, type=qtype, values=of_family, ttl=answer.ttl))
    reply = reply_to(asked, records, answer.rcode, answer.extended_error)
    reply.flags |= (dns.flags.AA if authoritative else 0) | (dns.flags.TC if answer.truncated else 0)
    if answer.wrong_id:
        reply.id ^= 0x5555
    return reply.to_wire(want_shuffle=False)


def reply_to(
    asked: dns.message.Message,
    records: list[Record],
    rcode: str = "NOERROR",
    extended_error: tuple[int, str] | None = None,
) -> dns.message.Message:
    """A reply with these records, and an Extended DNS Error (RFC 8914) if the query speaks EDNS."""
    reply = dns.message.make_response(asked, recursion_available=True)
    reply.set_rcode(dns.rcode.from_text(rcode))
    for record in records:
        owner = record.name.rstrip(".") + "."
        values = [value.rstrip(".") + "." if record.type == "CNAME" else value for value in record.values]
        reply.answer.append(dns.rrset.from_text(owner, record.ttl, "IN", record.type, *values))
    if asked.edns >= 0:
        options: list[dns.edns.Option] = []
        if extended_error:
            options.append(dns.edns.EDEOption(dns.edns.EDECode.make(extended_error[0]), extended_error[1] or None))
        reply.use_edns(0, payload=1232, options=options)
    return reply


def cut_to_size(reply: dns.message.Message, limit: int) -> bytes:
    """The message on the wire, its records in order; when it does not fit, its question alone with TC set (RFC 2181
    section 9)."""
    try:
        return reply.to_wire(max_size=limit, want_shuffle=False)
    except dns.exception.TooBig:
        reply.answer.clear()
        reply.flags |= dns.flags.TC
        return reply.to_wire()


def tls_alert(number: int, level: int = 2) -> bytes:
    """One alert record (RFC 8446 section 6), in the clear."""
    return bytes([21, 3, 3, 0, 2, level, number])


def http_response(response: Response, method: str = "GET") -> Iterator[bytes]:
    """An HTTP/1.1 response in pieces, head first; its wire faults (chunking, gzip, head) included."""
    if response.fault is Fault.BAD_HEAD:
        yield b"HTTQ/one point one, two hundred\r\n\x00\x01\x02\r\n\r\n"
        return
    body, length = http_body(response)
    bare = method == "HEAD" or response.status in (204, 304) or response.status < 200
    yield _head(response, 0 if response.status == HTTPStatus.NO_CONTENT else length)
    if not bare:
        yield from _chunked(body, response.fault) if response.framing is Framing.CHUNKED else body


def http_body(response: Response) -> tuple[Iterator[bytes], int]:
    """The encoded body in pieces, and its length: own bytes, then filler."""
    if response.gzip or response.fault is Fault.BAD_GZIP:
        packed = gzip.compress(response.body + FILLER[: response.generated], mtime=0)
        if response.fault is Fault.BAD_GZIP:
            packed = packed[:10] + bytes(byte ^ 0xFF for byte in packed[10:])
        return iter([packed]), len(packed)
    whole, rest = divmod(response.generated, PIECE)
    filler = chain(islice(repeat(FILLER[:PIECE]), whole), [FILLER[:rest]] if rest else [])
    return chain([response.body] if response.body else [], filler), len(response.body) + response.generated


def headers_of(response: Response) -> list[tuple[str, str]]:
    """The response's headers, with Date and what the body needs, without the framing."""
    named = {name.lower() for name, _ in response.headers}
    extra = [("Date", formatdate(usegmt=True))] if "date" not in named else []
    if "content-type" not in named and (response.body or response.generated):
        extra.append(("Content-Type", response.content_type))
    if response.gzip or response.fault is Fault.BAD_GZIP:
        extra.append(("Content-Encoding", "gzip"))
    return [*extra, *response.headers]


def _head(response: Response, length: int) -> bytes:
    framing = {
        Framing.LENGTH: [("Content-Length", str(length))],
        Framing.CHUNKED: [("Transfer-Encoding", "chunked")],
        Framing.CLOSE: [("Connection", "close")],
    }[response.framing]
    known = {status.value: status.phrase for status in HTTPStatus}
    lines = [f"HTTP/1.1 {response.status} {known.get(response.status, '')}"]
    lines += [f"{name}: {value}" for name, value in [*headers_of(response), *framing]]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"


def _chunked(body: Iterator[bytes], fault: Fault) -> Iterator[bytes]:
    for piece in body:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
        if fault is Fault.BAD_CHUNK:
            yield b"this is no chunk size\r\n"
    yield b"0\r\n\r\n"


def pick(answers: tuple[Answer, ...]) -> Answer:
    """One of them, at random."""
    return random.choice(answers)  # noqa: S311  a censor's dice need not be safe from guessing
