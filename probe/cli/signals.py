"""How a signal ends what measures: softly, at every moment, so that what is on disk is told and the exit code is 130.

Before and after the event loop SIGTERM does what Ctrl-C does; while the loop runs, both cancel its task. Which words
are said then is each command's own.
"""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

ENDING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def ended_softly() -> Iterator[None]:
    """Within this, SIGTERM raises KeyboardInterrupt as Ctrl-C does; by default it would end the process at once."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def until_signal(work: Coroutine[Any, Any, object]) -> bool:
    """Run `work` to its end, or cancel it when a signal comes and let it clean up: then False."""

    async def go() -> None:
        running = asyncio.ensure_future(work)
        for number in ENDING:
            with suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        await running

    try:
        asyncio.run(go())
    except (asyncio.CancelledError, KeyboardInterrupt):
        return False
    finally:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # the loop has left the system's own there
    return True
