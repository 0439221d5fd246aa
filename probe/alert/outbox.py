"""What is to go out, kept until it has: bounded, tried again with growing pauses, never twice. Knows no way out itself.

The law of this file: a message is on disk before anybody tries to send it, and the try is on disk before it begins. A
try that was cut off by a kill may have reached people or not; it is not repeated, and said to be so. Measuring never
waits: sending happens on a thread of its own.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from probe.alert.alert import CALLED_OFF, Message
from probe.alert.words import listed
from probe.store.durable import reason, write_whole

OUTBOX = "alerts-outbox.json"
OUTBOX_SCHEMA = "probe-alert-outbox/1"
MOST_WAITING = 200
"""Messages that wait at most; the oldest goes when another comes."""
KNOWN_KEPT = 10_000
"""Ids of alerts that have been here, the latest so many."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0
GIVEN_UP_AFTER = 7 * 86400.0
"""Seconds after which a message is too old to be news."""


class SendError(Exception):
    """A message did not go out; the message of the error says why and holds no secret."""


class Sender(Protocol):
    """A way out. `name` tells it from others, in notes and over restarts, and holds no secret."""

    name: str

    def send(self, message: Message) -> None:
        """Deliver, within bounded time, or raise SendError."""


class Try(msgspec.Struct):
    """Where a message stands with one sender: tries that failed, and whether one has begun."""

    failed: int = 0
    begun: bool = False


class Waiting(msgspec.Struct):
    """A message, when it was put here (epoch seconds), and the senders that still owe it."""

    message: Message
    since: float
    owed: dict[str, Try]


class Box(msgspec.Struct):
    """The file."""

    schema: str = OUTBOX_SCHEMA
    known: list[str] = []
    waiting: list[Waiting] = []


class Outbox:
    """Safe to use from several threads. `note` hears of everything that fails; `now` is the wall clock."""

    def __init__(
        self,
        path: Path | None,
        senders: Sequence[Sender],
        note: Callable[[str], None],
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._note, self._now, self._monotonic = path, note, now, monotonic
        self._senders = {one.name: one for one in senders}
        self._pauses: dict[str, tuple[int, float]] = {}
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._closing = False
        self._thread: threading.Thread | None = None
        self._box = self._load()
        self._known = dict.fromkeys(self._box.known)

    def __len__(self) -> int:
        with self._lock:
            return len(self._box.waiting)

    def put(self, messages: Sequence[Message]) -> None:
        """Keep what is new of these, to be sent. Alerts that have been here are left out, in whatever message."""
        if not messages:
            return
        with self._changed:
            for message in messages:
                self._put(message)
            self._save()
            self._changed.notify_all()

    def step(self) -> float | None:
        """Try what is due, one message after another. Seconds until the next try is due; None: nothing waits."""
        for name in self._senders:
            while (waiting := self._next(name)) is not None:
                if not self._deliver(name, waiting):
                    break
        return self._due_in()

    def start(self) -> None:
        """Send from a thread of its own until `close`."""
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Stop: what is under way has `timeout` seconds, the rest waits on disk."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._closing:
            due = self.step()
            with self._changed:
                if not self._closing and (due is None or due > 0):
                    self._changed.wait(due)

    def _put(self, message: Message) -> None:
        fresh = tuple(alert for alert in message.alerts if alert.id not in self._known)
        if not fresh:
            return
        self._known |= dict.fromkeys(alert.id for alert in fresh)
        while len(self._known) > KNOWN_KEPT:
            del self._known[next(iter(self._known))]
        if not self._senders:
            return
        if len(fresh) < len(message.alerts):
            texts = [alert.text for alert in fresh]
            text = listed(texts[0], texts[1:], len(texts) - 1)
            message = msgspec.structs.replace(message, id=fresh[0].id, alerts=fresh, title=texts[0], text=text)
        self._call_off(message)
        self._box.waiting.append(Waiting(message, self._now(), {name: Try() for name in self._senders}))
        if len(self._box.waiting) > MOST_WAITING:
            lost = self._box.waiting.pop(0)
            self._note(f"alert dropped, {MOST_WAITING} others wait: {lost.message.title}")

    def _call_off(self, message: Message) -> None:
        """Take back what this message makes needless, if nobody has heard of it yet."""
        before = CALLED_OFF.get(message.kind)
        about = {(alert.target, alert.endpoint) for alert in message.alerts}
        kept = []
        for one in self._box.waiting:
            same = one.message.kind == before and one.message.vantage == message.vantage
            covered = same and {(alert.target, alert.endpoint) for alert in one.message.alerts} <= about
            untouched = len(one.owed) == len(self._senders) and not any(each.begun for each in one.owed.values())
            if not (covered and untouched):
                kept.append(one)
        self._box.waiting = kept

    def _next(self, name: str) -> Waiting | None:
        """The oldest message this sender owes, unless it is pausing; its try is marked as begun, on disk."""
        with self._lock:
            if self._closing or self._monotonic() < self._pauses.get(name, (0, 0.0))[1]:
                return None
            self._give_up()
            one = next((one for one in self._box.waiting if name in one.owed), None)
            if one is not None:
                one.owed[name].begun = True
                self._save()
            return one

    def _deliver(self, name: str, one: Waiting) -> bool:
        failure = _attempt(self._senders[name], one.message)
        with self._lock:
            if failure is None:
                del one.owed[name]
                self._pauses.pop(name, None)
            else:
                one.owed[name] = Try(one.owed[name].failed + 1)
                self._pause(name, failure)
            self._box.waiting = [each for each in self._box.waiting if each.owed]
            self._save()
        return failure is None

    def _pause(self, name: str, failure: str) -> None:
        tries = self._pauses.get(name, (0, 0.0))[0]
        pause = min(FIRST_PAUSE * 2.0**tries, LONGEST_PAUSE)
        self._pauses[name] = (tries + 1, self._monotonic() + pause)
        self._note(f"alert not sent by {name}: {failure}; next try in {pause:.0f} s, {len(self._box.waiting)} waiting")

    def _give_up(self) -> None:
        old = [one for one in self._box.waiting if self._now() - one.since > GIVEN_UP_AFTER]
        for one in old:
            self._note(f"alert given up, it could not be sent for a week: {one.message.title}")
        self._box.waiting = [one for one in self._box.waiting if one not in old]

    def _due_in(self) -> float | None:
        with self._lock:
            owing = {name for one in self._box.waiting for name in one.owed}
            if not owing:
                return None
            return max(0.0, min(self._pauses.get(name, (0, 0.0))[1] for name in owing) - self._monotonic())

    def _load(self) -> Box:
        box = self._read()
        for one in box.waiting:
            for name in [name for name, each in one.owed.items() if each.begun]:
                del one.owed[name]
                self._note(f"alert perhaps not sent by {name}, the watch was killed meanwhile: {one.message.title}")
            one.owed = {name: each for name, each in one.owed.items() if name in self._senders}
        box.waiting = [one for one in box.waiting if one.owed]
        return box

    def _read(self) -> Box:
        if self._path is None:
            return Box()
        try:
            box = msgspec.json.decode(self._path.read_bytes(), type=Box)
        except FileNotFoundError:
            return Box()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._note(f"{self._path}: cannot be used, alerts begin anew: {error}")
            return Box()
        if box.schema != OUTBOX_SCHEMA:
            self._note(f"{self._path}: {box.schema!r} is not {OUTBOX_SCHEMA!r}, alerts begin anew")
            return Box()
        return box

    def _save(self) -> None:
        """Should the disk refuse, people hear of it all the same: an alert lost is worse than one that comes again."""
        if self._path is None:
            return
        self._box.known = list(self._known)
        try:
            write_whole(self._path, msgspec.json.encode(self._box) + b"\n")
        except OSError as error:
            self._note(f"{self._path}: cannot be kept: {reason(error)}")


def _attempt(sender: Sender, message: Message) -> str | None:
    """Why it did not go out; None if it did. A sender that breaks has failed, and ends nothing."""
    try:
        sender.send(message)
    except SendError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever a plugin of apprise raises, the watch goes on
        return type(error).__name__
    return None
