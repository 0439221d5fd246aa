"""PacketLab: a world and its censor in network namespaces, ready to run things in the client's place.

    with PacketLab(world, rules) as lab:
        lab.run(["curl", "-sS", "https://example.org/"])

Setting up takes some tens of milliseconds, needs no root where unprivileged user namespaces are allowed (`available`
tries it), and leaves nothing: all that was made goes when the processes end, and they end when this one does, whatever
happens to it. The caller's own process is never moved.

A client's wrong clock cannot be made here: Linux has no namespace for the wall clock (time namespaces shift the
monotonic and boot clocks only). `world.client.clock_offset` is for the caller, who gives the probe its clock through
the seam.
"""

import os
import pickle
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from probe.lab.certificates import Certificates
from probe.lab.packet import namespaces
from probe.lab.packet.ability import available
from probe.lab.packet.build import Plan, child
from probe.lab.packet.namespaces import Namespaces
from probe.lab.rule import Phase, Rule
from probe.lab.world import ServiceKind, World

__all__ = ["LabError", "PacketLab", "available"]

T = TypeVar("T")
LATENCY = 0.010
LIFETIME = 900
SETUP_LIMIT = 15.0
_CA_VARIABLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_decode_counts = msgspec.msgpack.Decoder(dict[str, int])


class LabError(OSError):
    """The lab could not be set up, or ended before its time. The text says why."""


class PacketLab:
    """A running world behind a censor. `start` and `stop`, or `with`.

    `latency` is the seconds between any server and the censor; `seed` fixes the censor's dice; `link` forces `tun` or
    `veth`; after `lifetime` seconds (0: never) the lab ends by itself, whatever became of us.
    """

    def __init__(
        self,
        world: World,
        rules: Iterable[Rule] = (),
        *,
        latency: float = LATENCY,
        seed: int = 0,
        link: str = "",
        lifetime: int = LIFETIME,
        certificates: Certificates | None = None,
        hosts_file: str = "127.0.0.1 localhost\n::1 localhost\n",
    ) -> None:
        self.world = world
        self._rules, self._latency, self._seed = tuple(rules), latency, seed
        self._link, self._lifetime, self._hosts_file = link, lifetime, hosts_file
        self._certificates = certificates or Certificates()
        self._pid = 0
        self._socket: socket.socket | None = None
        self._client: Namespaces | None = None
        self._folder: Path | None = None

    @property
    def ca_pem(self) -> str:
        """The public root, for the probe's trust store."""
        return self._certificates.public_pem

    @property
    def ca_file(self) -> Path:
        """The same in a file, while the lab runs."""
        if self._folder is None:
            raise LabError("the lab is not running")
        return self._folder / "ca.pem"

    @property
    def control_proxy(self) -> str:
        """The control proxy's URL as the client reaches it; empty if the world has none."""
        if not self.world.control:
            return ""
        host = self.world.host(self.world.control)
        service = next(each for each in host.services if each.kind in (ServiceKind.SOCKS, ServiceKind.HTTP_PROXY))
        scheme = "socks5" if service.kind is ServiceKind.SOCKS else "http"
        four = [address for address in host.addresses if ":" not in address]
        return f"{scheme}://{four[0]}:{service.port}" if four else f"{scheme}://[{host.addresses[0]}]:{service.port}"

    def start(self) -> "PacketLab":
        """Set everything up. Raises LabError."""
        possible, reason = available()
        if not possible:
            raise LabError(reason)
        self._folder = Path(tempfile.mkdtemp(prefix="probe-lab-"))
        try:
            self.ca_file.write_text(self.ca_pem, encoding="ascii")
            self._launch(self._folder)
        except BaseException:
            self.stop()
            raise
        return self

    def _launch(self, folder: Path) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        plan = Plan(
            self.world, self._rules, self._certificates, self._seed, self._latency, self._link, self._lifetime,
            self._resolv_conf(), self._hosts_file, folder,
        )  # fmt: skip
        self._socket = ours
        ours.settimeout(SETUP_LIMIT)
        with theirs:
            self._pid = os.fork()
            if self._pid == 0:
                child(plan, theirs)
        message, descriptors, _flags, _address = socket.recv_fds(ours, 65536, 3)
        if message != b"N" or len(descriptors) != 3:
            raise LabError(message[1:].decode("utf-8", "replace") or "the lab's process ended while setting up")
        self._client = Namespaces(*descriptors)
        message = ours.recv(65536)
        if message != b"K":
            raise LabError(message[1:].decode("utf-8", "replace") or "the lab's process ended while setting up")

    def _resolv_conf(self) -> str:
        lines = [f"nameserver {address}" for address in self.world.client.resolvers[:3]]
        return "\n".join([*lines, "options timeout:1 attempts:3", ""])

    def stop(self) -> None:
        """End the processes and let go of everything. Safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._pid:
            _reap(self._pid)
            self._pid = 0
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> "PacketLab":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # -- while it runs

    def _ask(self, request: bytes) -> dict[str, int]:
        if self._socket is None:
            raise LabError("the lab is not running")
        self._socket.send(request)
        answer = self._socket.recv(1 << 20)
        if answer[:1] != b"A":
            raise LabError(answer[1:].decode("utf-8", "replace") or "the lab's process has ended")
        return _decode_counts.decode(answer[1:])

    def apply(self, rules: Iterable[Rule] = (), down: Collection[str] = ()) -> None:
        """From now on these rules hold, and these hosts (by name) are down for everyone: their ports refuse.

        What has befallen a flow stays its fate, and rules about its beginning come too late for it; a Drop at stage
        `ip` silences open flows too, while it holds. Residual blocks are forgotten. Raises KeyError for a host that
        the world has not.
        """
        names = tuple(self.world.host(name).name for name in down)
        self._ask(b"R" + msgspec.msgpack.encode(tuple(rules)))
        self._ask(b"D" + msgspec.msgpack.encode(names))

    def play(self, script: Iterable[Phase]) -> None:
        """Let a script begin now: each phase's rules and downs hold from its start, in seconds, on."""
        self._ask(b"S" + msgspec.msgpack.encode(tuple(script)))

    def fired(self) -> dict[str, int]:
        """How often each rule has fired, by its id."""
        return self._ask(b"C")

    def enter(self) -> None:
        """Move the calling process into the client's namespaces: for `preexec_fn`, in a child that has one thread.

        With `environment` this starts a command in any other way than `run`, say from asyncio.
        """
        if self._client is None:
            raise LabError("the lab is not running")
        self._client.enter()

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Our environment for a command in the client's place: it trusts the lab's root and uses no proxy."""
        kept = {name: value for name, value in os.environ.items() if name.lower() not in _PROXY_VARIABLES}
        return {**kept, **dict.fromkeys(_CA_VARIABLES, str(self.ca_file)), **(extra or {})}

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 60.0,
        environment: Mapping[str, str] | None = None,
        text: str | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the client's place, with `text` on its stdin; its output comes back, its errors too.

        After `timeout` seconds it and its children are killed and subprocess.TimeoutExpired is raised.
        """
        process = subprocess.Popen(  # noqa: S603  running the caller's command is what this is for
            list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment(environment), cwd=cwd, start_new_session=True, preexec_fn=self._enter_and_die,
        )  # fmt: skip
        with process:
            try:
                out, err = process.communicate(text, timeout)
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
        return subprocess.CompletedProcess(list(argv), process.returncode, out, err)

    def _enter_and_die(self) -> None:
        self.enter()
        namespaces.die_with_parent(signal.SIGKILL)

    def shell(self, argv: Sequence[str] = ()) -> int:
        """An interactive shell (or command) in the client's place, on our terminal; gives its exit code."""
        command = list(argv) or [os.environ.get("SHELL", "/bin/sh")]
        hints = {"PS1": "lab$ ", "PROBE_LAB_CONTROL": self.control_proxy}
        with _deaf_to_interrupts():
            done = subprocess.run(  # noqa: S603  the user's own shell
                command, env=self.environment(hints), preexec_fn=self._enter_and_listen, check=False
            )
        return done.returncode

    def _enter_and_listen(self) -> None:
        self.enter()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def call(self, function: Callable[..., T], *arguments: Any, timeout: float = 60.0) -> T:
        """Call a function in the client's place, in a forked child, and give what it returns (picklable).

        An exception in it is raised here; after `timeout` seconds the child is killed and TimeoutError is raised.
        """
        receiving, sending = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(receiving)
            self._answer(sending, function, arguments)
        os.close(sending)
        try:
            succeeded, value = pickle.loads(_read_all(receiving, time.monotonic() + timeout))  # noqa: S301  our own child's words
        finally:
            os.close(receiving)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if succeeded:
            result: T = value
            return result
        raise value

    def _answer(self, sending: int, function: Callable[..., T], arguments: tuple[Any, ...]) -> None:
        try:
            signal.set_wakeup_fd(-1)
            self._enter_and_die()
            os.environ.update(self.environment())
            answer = pickle.dumps((True, function(*arguments)))
        except BaseException as error:  # noqa: BLE001  carried to the parent, which raises it
            answer = pickle.dumps((False, error))
        try:
            with os.fdopen(sending, "wb") as out:
                out.write(answer)
        finally:
            os._exit(0)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C is for the shell in the foreground, not for us. Only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read_all(descriptor: int, deadline: float) -> bytes:
    pieces: list[bytes] = []
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError("the function did not return in time")
        piece = os.read(descriptor, 65536)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def _reap(pid: int) -> None:
    """Wait for the lab's process, which ends when our socket closes; kill it if it does not within two seconds."""
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.002)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
