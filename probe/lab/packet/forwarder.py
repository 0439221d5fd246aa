"""The loop between two links: reads packets, asks the censor, waits where time must pass, writes packets.

Knows no rule and no protocol. What a server sends travels `latency` seconds before it reaches the censor, so a censor's
words always come first. One thread, one epoll; a packet costs some tens of microseconds. Rules are changed and counts
read over a control socket, one msgpack message each way; when that socket closes, the loop ends.
"""

import heapq
import select
import socket
import time
from collections import deque

import msgspec

from probe.lab.packet.censor import Censor
from probe.lab.packet.link import Link
from probe.lab.packet.setting import Emit, Event, Side
from probe.lab.rule import Rule

BATCH = 64
"""Packets read from one side before the other has its turn."""

_decode_rules = msgspec.msgpack.Decoder(tuple[Rule, ...])


class Forwarder:
    """One running path. `latency` is the seconds from any server to the censor; the way up takes no time."""

    def __init__(self, client: Link, server: Link, censor: Censor, control: socket.socket, latency: float) -> None:
        self._links = {Side.CLIENT: client, Side.SERVER: server}
        self._censor, self._control, self._latency = censor, control, latency
        self._travelling: deque[tuple[float, bytes]] = deque()
        self._waiting: list[tuple[float, int, Event]] = []
        self._number = 0

    def run(self) -> None:
        """Forward until the control socket closes."""
        client, server = self._links[Side.CLIENT], self._links[Side.SERVER]
        poll = select.epoll()
        for descriptor in (client.fileno(), server.fileno(), self._control.fileno()):
            poll.register(descriptor, select.EPOLLIN)
        while True:
            for descriptor, _ in poll.poll(self._patience()):
                if descriptor == self._control.fileno():
                    if not self._obey():
                        return
                elif descriptor == client.fileno():
                    self._read_client(client)
                else:
                    self._read_server(server)
            self._catch_up()

    def _patience(self) -> float:
        """Seconds until something falls due; -1 for ever."""
        due = min(
            self._travelling[0][0] if self._travelling else float("inf"),
            self._waiting[0][0] if self._waiting else float("inf"),
        )
        return -1 if due == float("inf") else max(0.0, due - time.monotonic())

    def _read_client(self, link: Link) -> None:
        for _ in range(BATCH):
            raw = link.read()
            if raw is None:
                return
            now = time.monotonic()
            self._do(self._censor.up(raw, now), now)

    def _read_server(self, link: Link) -> None:
        due = time.monotonic() + self._latency
        for _ in range(BATCH):
            raw = link.read()
            if raw is None:
                return
            self._travelling.append((due, raw))

    def _catch_up(self) -> None:
        """Everything that is due by now."""
        now = time.monotonic()
        while self._travelling and self._travelling[0][0] <= now:
            self._do(self._censor.down(self._travelling.popleft()[1], now), now)
        while self._waiting and self._waiting[0][0] <= now:
            event = heapq.heappop(self._waiting)[2]
            if isinstance(event, Emit):
                self._links[event.side].write(event.raw)
            else:
                self._do(event.act(now), now)

    def _do(self, events: list[Event], now: float) -> None:
        for event in events:
            if isinstance(event, Emit) and event.at <= now:
                self._links[event.side].write(event.raw)
            else:
                self._number += 1
                heapq.heappush(self._waiting, (event.at, self._number, event))

    def _obey(self) -> bool:
        """One request: new rules, or nothing but a look; the answer is the counts so far. False at the end."""
        request = self._control.recv(1 << 20)
        if not request:
            return False
        rules = _decode_rules.decode(request[1:]) if request[:1] == b"R" else None
        if rules is not None:
            self._censor.change(rules)
        self._control.send(msgspec.msgpack.encode(dict(self._censor.counts)))
        return True
