"""The lab's resolvers: what a question is answered, from the true zone or by the resolver's own lies.

Pure but for the two handlers, which speak UDP and TCP (RFC 1035, RFC 7766). Forged answers of a censor are not made
here: they come from the path (`loopback`, `packet`).
"""

import asyncio
from fnmatch import fnmatchcase

import dns.message

from probe.lab.dissect import Question, question
from probe.lab.stream import Send, Stream
from probe.lab.wire import cut_to_size, dns_reply, reply_to
from probe.lab.world import Answer, Lie, Record, Service, View

PLAIN_LIMIT, STREAM_LIMIT = 512, 65535
MAX_ALIASES = 8


class Zone:
    """The true DNS of a world, by who asks."""

    def __init__(self, records: tuple[Record, ...]) -> None:
        self._records: dict[tuple[View, str, str], list[Record]] = {}
        self._names: set[tuple[View, str]] = set()
        for record in records:
            for view in (View.CLIENT, View.CONTROL):
                if record.view in (View.ALL, view):
                    self._records.setdefault((view, record.name, record.type), []).append(record)
                    self._names.add((view, record.name))

    def lookup(self, name: str, qtype: str, view: View) -> tuple[list[Record], str]:
        """The answer section, aliases first, and the rcode of the last name (RFC 2308 section 2.1)."""
        found: list[Record] = []
        for _ in range(MAX_ALIASES):
            exact = self._records.get((view, name, qtype))
            if exact is not None:
                return [*found, *exact], "NOERROR"
            alias = self._records.get((view, name, "CNAME"))
            if alias is None or qtype == "CNAME":
                return found, "NOERROR" if (view, name) in self._names else "NXDOMAIN"
            found += alias
            name = alias[0].values[0]
        return found, "SERVFAIL"

    def addresses(self, name: str, view: View) -> tuple[str, ...]:
        """The name's addresses, IPv4 first; empty if it has none."""
        records = [*self.lookup(name, "A", view)[0], *self.lookup(name, "AAAA", view)[0]]
        return tuple(value for record in records if record.type in ("A", "AAAA") for value in record.values)


class Nameserver:
    """A resolver: a zone and the lies it tells."""

    def __init__(self, zone: Zone, lies: tuple[Lie, ...] = (), delay: float = 0.0) -> None:
        self._zone, self._lies, self._delay = zone, lies, delay

    def reply(self, query: bytes, view: View, limit: int = STREAM_LIMIT) -> bytes | None:
        """The reply on the wire, cut to `limit` bytes; None for silence, also when this is no query."""
        asked = question(query)
        if asked is None:
            return None
        lie = self._lie(asked)
        if lie is not None and (not lie.truncated or limit < STREAM_LIMIT):
            return dns_reply(query, lie)
        message = dns.message.from_wire(query, ignore_trailing=True)
        records, rcode = self._zone.lookup(asked.name, asked.qtype, view)
        return cut_to_size(reply_to(message, records, rcode), limit)

    def _lie(self, asked: Question) -> Answer | None:
        for lie in self._lies:
            named = any(fnmatchcase(asked.name, glob) for glob in lie.names)
            if named and (not lie.qtypes or asked.qtype in lie.qtypes):
                return lie.answer
        return None

    def _pause(self, query: bytes) -> float:
        """Seconds before the answer: the resolver's own, and those of its lie."""
        asked = question(query)
        lie = None if asked is None else self._lie(asked)
        return self._delay + (lie.delay if lie is not None else 0.0)

    async def datagram(self, data: bytes, send: Send, view: View) -> None:
        """Answer one query over UDP, within the size the query allows."""
        reply = self.reply(data, view, udp_limit(data))
        await asyncio.sleep(self._pause(data))
        if reply is not None:
            send(reply)

    async def stream(self, stream: Stream, view: View) -> None:
        """Answer queries over one TCP connection until the peer ends it."""
        while (query := await read_message(stream)) is not None:
            reply = self.reply(query, view)
            await asyncio.sleep(self._pause(query))
            if reply is not None:
                await stream.send(len(reply).to_bytes(2, "big") + reply)


def nameserver(zone: Zone, service: Service) -> Nameserver:
    """The resolver that a service describes."""
    return Nameserver(zone, service.lies, service.delay)


def udp_limit(query: bytes) -> int:
    """How many bytes the asker takes over UDP: 512, or what its EDNS says (RFC 6891)."""
    if question(query) is None:
        return PLAIN_LIMIT
    message = dns.message.from_wire(query, ignore_trailing=True)
    return max(PLAIN_LIMIT, message.payload) if message.edns >= 0 else PLAIN_LIMIT


async def read_message(stream: Stream) -> bytes | None:
    """One message with its two-byte length (RFC 1035 section 4.2.2); None at the end."""
    data = b""
    while len(data) < 2 or len(data) < 2 + int.from_bytes(data[:2], "big"):
        more = await stream.recv()
        if not more:
            return None
        data += more
    size = 2 + int.from_bytes(data[:2], "big")
    if data[size:]:
        stream.unread(data[size:])
    return data[2:size]
