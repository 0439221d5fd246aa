"""The ways out: a command of the user's, and the services that apprise knows. Each sends one message in bounded time.

No shell is ever involved: the command is split once, here, and the message goes in on standard input as JSON. URLs of
services hold secrets: they appear in no error, no note and no file; a sender is named by its scheme and a short hash.
"""

import hashlib
import logging
import os
import shlex
import shutil
import signal
import subprocess
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from probe.alert.alert import Kind, Message
from probe.alert.outbox import Sender, SendError
from probe.alert.words import TEXT_LIMIT

if TYPE_CHECKING:
    from apprise import Apprise

COMMAND_SECONDS = 30.0
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

    def __init__(self, url: str) -> None:
        scheme = url.partition("://")[0] if "://" in url else ""
        notifier = _notifier(url)
        if notifier is None:
            what = f"the {scheme}:// URL" if scheme else "what was given"
            raise SenderError(
                f"--alert-to: {what} is none that apprise can use (not shown, it may hold a secret); "
                "see https://github.com/caronc/apprise/wiki for how it is written"
            )
        self._to = notifier
        self.name = f"{scheme if scheme.isalnum() else 'service'} {_mark(url)}"

    def send(self, message: Message) -> None:
        """Notify. apprise bounds its own requests."""
        if not self._to.notify(body=message.text, title=f"probe: {message.kind}", notify_type=_SERIOUS[message.kind]):
            raise SendError("the service did not take it")


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


def _notifier(url: str) -> "Apprise | None":
    """A notifier for that URL, None if it is none. apprise is kept quiet: its log may hold URLs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of modules it uses that Python will drop
            import apprise

            logging.getLogger("apprise").addHandler(logging.NullHandler())
            notifier = apprise.Apprise()
            return notifier if notifier.add(url) else None
    except ImportError as error:
        raise SenderError(NEEDS_APPRISE) from error
