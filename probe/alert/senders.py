"""The ways out: a command of the user's, and the services that apprise knows. Each sends one message in bounded time.

No shell is ever involved: the command is split once, here, and the message goes in on standard input as JSON. URLs of
services hold secrets: they appear in no error, no note and no file; a sender is named by its scheme and a short hash.
"""

import hashlib
import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import warnings
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING

import msgspec

from probe.alert.alert import Kind, Message
from probe.alert.outbox import Sender, SendError
from probe.alert.words import TEXT_LIMIT, headline, within

if TYPE_CHECKING:
    from apprise import Apprise, NotifyBase

COMMAND_SECONDS = 30.0
SERVICE_SECONDS = 60.0
"""A service that drips its answer would never end by apprise's own limits, which count from byte to byte."""
PATIENCE = 15.0
"""Seconds in which a service must answer. apprise's own four are short where networks are slow, and a service that took
the message and answers late is told again."""
URLS_FROM = "PROBE_ALERT_TO"
"""The environment variable that may hold the URLs; the command does not inherit it."""
NEEDS_APPRISE = "--alert-to needs the package apprise; install it with: pip install 'probe[alerts]'"


class SenderError(Exception):
    """A way out that was asked for cannot be used; the message says why and what to do."""


class Command:
    """Runs a command of the user's for each message: JSON on its standard input, the main facts in its environment.

    Its standard output is dropped; what it says on standard error is seen where ours is.
    """

    def __init__(self, command: str, seconds: float = COMMAND_SECONDS) -> None:
        self._argv = _split(command)
        self._seconds = seconds
        self.name = f"command {os.path.basename(self._argv[0])} {_mark(command)}"

    def send(self, message: Message) -> None:
        """Run it. Anything but exit code 0 within the time is a failure."""
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, split without a shell
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env=_environment(message),
                start_new_session=True,
            )
        except OSError as error:
            raise SendError(f"cannot be run: {error.strerror or error}") from error
        with process:
            try:
                process.communicate(msgspec.json.encode(message) + b"\n", timeout=self._seconds)
            except subprocess.TimeoutExpired as error:
                _kill(process)
                raise SendError(f"took longer than {self._seconds:.0f} s and was ended") from error
        if process.returncode:
            raise SendError(f"ended with {process.returncode}")


class Service:
    """One service, by its apprise URL."""

    def __init__(self, url: str, seconds: float = SERVICE_SECONDS) -> None:
        scheme = url.partition("://")[0] if "://" in url else ""
        notifier = _notifier(url)
        if notifier is None:
            what = f"the {scheme}:// URL" if scheme else "what was given"
            raise SenderError(
                f"--alert-to: {what} is none that apprise can use (not shown, it may hold a secret); "
                "see https://github.com/caronc/apprise/wiki for how it is written"
            )
        self._to = notifier
        self._seconds = seconds
        self._busy: threading.Thread | None = None
        self.name = f"{scheme if scheme.isalnum() else 'service'} {_mark(url)}"

    def send(self, message: Message) -> None:
        """Notify, within the time. A try that is under way when it is over may succeed yet; none begins beside it."""
        if self._busy is not None and self._busy.is_alive():
            raise SendError("the try before is still under way")
        answer: list[str | None] = []
        self._busy = threading.Thread(target=lambda: answer.append(_notified(self._to, message)), daemon=True)
        self._busy.start()
        self._busy.join(self._seconds)
        if not answer:
            raise SendError(f"the service took longer than {self._seconds:.0f} s")
        if answer[0] is not None:
            raise SendError(answer[0])


def _notified(notifier: "Apprise", message: Message) -> str | None:
    """Why it did not go out; None if it did."""
    reasons = _Reasons()
    _HEARS.set(reasons)
    title = headline(message)
    room = min(service.body_maxlen for service in notifier) - len(title) - 2  # some put the title before the text
    log = logging.getLogger("apprise")
    log.addHandler(reasons)
    try:
        told = notifier.notify(
            body=within(message, room), title=title, notify_type=_SERIOUS[message.kind], body_format="text"
        )
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises; its words may hold a secret
        return type(error).__name__
    finally:
        log.removeHandler(reasons)
    return None if told else reasons.said()


class _Reasons(logging.Handler):
    """Hears what apprise says of a failure while it sends for us, and keeps nothing of it that could be secret."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said = "the service did not take it"

    def emit(self, record: logging.LogRecord) -> None:
        if _HEARS.get() is not self:  # of another try, which was given up
            return
        text = record.getMessage()
        if status := _STATUS.search(text):
            self._said = f"the service answered {status[1]}"
        elif "onnection error" in text:
            self._said = "no connection to the service, or no answer in time"

    def said(self) -> str:
        """What is known of why."""
        return self._said


_HEARS: ContextVar[_Reasons | None] = ContextVar("hears", default=None)
"""apprise sends on threads of its own, and takes the context along."""
_STATUS = re.compile(r"\berror=([1-5][0-9]{2})\b")


_SERIOUS = {
    Kind.SUSPECTED: "warning",
    Kind.CONFIRMED: "failure",
    Kind.ENDED: "success",
    Kind.WITHDRAWN: "success",
    Kind.UNFIT: "warning",
    Kind.FIT: "success",
    Kind.OVERDUE: "failure",
    Kind.RESUMED: "success",
}


def senders(urls: Sequence[str], command: str | None) -> list[Sender]:
    """What was asked for. Raises SenderError for the first that cannot be used."""
    services: list[Sender] = [Service(url) for url in dict.fromkeys(urls)]
    return [*services, *([Command(command)] if command is not None else [])]


def _split(command: str) -> list[str]:
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise SenderError(f"--on-alert {command!r} cannot be read as a command: {error}") from error
    if not argv:
        raise SenderError("--on-alert names no command; write one such as --on-alert '/usr/local/bin/page-me --loud'")
    if shutil.which(argv[0]) is None:
        raise SenderError(f"--on-alert: {argv[0]!r} is no program that can be run; no shell is used, so no pipes or ;")
    return argv


def _environment(message: Message) -> dict[str, str]:
    """Ours without the secrets, and the message's main facts. The texts hold no control characters."""
    first = message.alerts[0]
    facts = {
        "ID": message.id,
        "KIND": message.kind,
        "TIME": message.time,
        "VANTAGE": message.vantage,
        "TITLE": message.title,
        "TEXT": message.text,
        "COUNT": str(len(message.alerts)),
        "TARGET": first.target,
        "ENDPOINT": first.endpoint,
        "EXPLAIN": first.proof.explain if first.proof else "",
    }
    kept = {name: value for name, value in os.environ.items() if name != URLS_FROM}
    return kept | {f"ALERT_{name}": str(value).replace("\0", "")[:TEXT_LIMIT] for name, value in facts.items()}


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the command and what it has begun."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _mark(secret: str) -> str:
    """Tells two ways out apart and gives none away."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()[:6]


def _patient(service: "NotifyBase") -> None:
    """Waits longer than apprise would, unless the URL says how long (`cto`, `rto`)."""
    if service.socket_read_timeout == type(service).socket_read_timeout:
        service.socket_read_timeout = PATIENCE
    if service.socket_connect_timeout == type(service).socket_connect_timeout:
        service.socket_connect_timeout = PATIENCE


def _notifier(url: str) -> "Apprise | None":
    """A notifier for that URL, None if it is none. apprise is kept quiet: its log may hold URLs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of modules it uses that Python will drop
            import apprise

            log = logging.getLogger("apprise")
            log.addHandler(logging.NullHandler())
            log.propagate = False
            # no pictures from apprise's own site: the reader's client would fetch them
            asset = apprise.AppriseAsset(app_id="probe", app_desc="probe", app_url="", image_url_mask="")
            notifier = apprise.Apprise(asset=asset)
            if not notifier.add(url):
                return None
            for service in notifier:
                _patient(service)
            return notifier
    except ImportError as error:
        raise SenderError(NEEDS_APPRISE) from error
