"""Whether packet labs can be made on this machine: tried, not guessed, because kernels, containers and distributions
differ in what they allow and say nothing of it beforehand.
"""

import os
import sys
from functools import cache

from probe.lab.packet import namespaces
from probe.lab.packet.build import DEVICE
from probe.lab.packet.link import open_link
from probe.lab.packet.netlink import Netlink


@cache
def available() -> tuple[bool, str]:
    """Whether packet labs can be made here, and if not, why: it tries, in a child process, and remembers."""
    if sys.platform != "linux":
        return False, "network namespaces are Linux's"
    receiving, sending = os.pipe()
    pid = os.fork()
    if pid == 0:
        _try(sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as answer:
        reason = answer.read().decode("utf-8", "replace")
    os.waitpid(pid, 0)
    return not reason, reason


def _try(answer: int) -> None:
    """In a forked child: make what a lab needs, write what went wrong, end."""
    step = "a user namespace"
    try:
        namespaces.become_root()
        step = "an interface in a network namespace"
        with Netlink() as netlink:
            netlink.up("lo")
        step = "a TUN device or a veth pair"
        open_link(DEVICE)
        step = "a mount over /etc/resolv.conf"
        namespaces.cover_etc({"resolv.conf": ""})
    except OSError as error:
        os.write(answer, f"no {step}: {error}".encode())
    except BaseException as error:  # noqa: BLE001  the last frame of a forked process
        os.write(answer, f"no {step}: {error!r}".encode())
    finally:
        os._exit(0)
