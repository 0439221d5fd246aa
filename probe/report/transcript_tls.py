"""A handshake, over TCP or QUIC, as lines of a transcript: names, bytes, alerts and certificates. Pure."""

from collections.abc import Iterator

from probe.model.observation import Certificate, QUICHandshake, TLSHandshake
from probe.report.transcript_dns import ms
from probe.report.transcript_words import Words

NAMES_SHOWN = 8
"""So many names of a certificate are listed; more are counted."""


def sni(name: str | None, words: Words) -> str:
    """`SNI a.example`."""
    return words.say("tls.no_sni") if name is None else f"SNI {name}"


def lines(one: TLSHandshake, words: Words, ended: str) -> Iterator[str]:
    """A handshake over TCP; `ended` says how it ended."""
    split = words.say("tls.split") if one.split else ""
    most = words.say("tls.most", version=one.maximum_version) if one.maximum_version else ""
    named = f"{sni(one.sni, words)}{split}{most}"
    yield words.say("tls.line", sni=named, ended=ended, how=_how((one.version, one.cipher, one.alpn), words))
    first = words.say("tls.first", after=ms(one.first_byte - one.t0)) if one.first_byte is not None else ""
    yield words.say("tls.bytes", sent=one.client_hello_bytes, came=one.server_bytes, first=first)
    if one.alert is not None:
        yield words.say("tls.alert", alert=words.alert(one.alert))


def quic(one: QUICHandshake, words: Words, ended: str) -> Iterator[str]:
    """A handshake over UDP; `ended` says how it ended."""
    yield words.say("tls.line", sni=sni(one.sni, words), ended=ended, how=_how((one.version, one.alpn), words))
    yield words.say("quic.datagrams", sent=one.datagrams_sent, came=one.datagrams_received)
    if one.completed and one.failure is not None:
        yield words.say("quic.unanswered")
    if one.close_code is not None:
        yield words.say("quic.closed", code=f"{one.close_code:#x}")
    if one.alert is not None:
        yield words.say("tls.alert", alert=words.alert(one.alert))


def _how(agreed: tuple[str, ...], words: Words) -> str:
    known = " ".join(part for part in agreed if part)
    return words.say("tls.how", how=known) if known else ""


def certificate(leaf: Certificate, others: int, words: Words) -> Iterator[str]:
    """A certificate, whole."""
    more = len(leaf.names) - NAMES_SHOWN
    names = words.listed(leaf.names[:NAMES_SHOWN]) or words.say("certificate.none")
    named = words.say("certificate.more", names=names, count=more) if more > 0 else names
    yield words.say("certificate.shown", subject=leaf.subject, issuer=leaf.issuer)
    yield words.say("certificate.names", names=named, first=leaf.not_before, last=leaf.not_after)
    yield f"sha256 {leaf.sha256}"
    if others:
        yield words.say("certificate.chain", count=others)


def as_text(raw: str, words: Words) -> str:
    """Bytes in hexadecimal as text, dots for what is no printable ASCII."""
    try:
        data = bytes.fromhex(raw)
    except ValueError:
        return words.say("bytes.no_hex")
    return '"' + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data) + '"'
