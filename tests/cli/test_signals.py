"""Signals before, within and after the event loop: a real process each, for a signal is the whole process's."""

import signal
import subprocess
import sys
import textwrap

import pytest

from tests.cli.command import environment


def ends(program: str, number: signal.Signals) -> tuple[int, str, str]:
    """Run a program, send it a signal once it has said a line, and see how it ends."""
    with subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(program)], env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(number)
        out, err = running.communicate(timeout=20)
    return running.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_before_the_loop_a_signal_can_be_told_of(number: signal.Signals) -> None:
    program = """
        import time
        from probe.cli.signals import ended_softly
        with ended_softly():
            try:
                print("reading")
                time.sleep(20)
            except KeyboardInterrupt:
                print("told")
    """
    assert ends(program, number) == (0, "told\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_within_the_loop_the_work_is_cancelled_and_cleans_up_and_after_it_a_signal_can_be_told_of_too(
    number: signal.Signals,
) -> None:
    program = f"""
        import asyncio, os, time
        from probe.cli.signals import ended_softly, until_signal
        async def work():
            try:
                print("measuring")
                await asyncio.sleep(20)
            finally:
                await asyncio.sleep(0)
                print("kept")
        with ended_softly():
            print("whole", until_signal(work()))
            try:
                os.kill(os.getpid(), {int(number)})
                time.sleep(20)
            except KeyboardInterrupt:
                print("told")
    """
    assert ends(program, number) == (0, "kept\nwhole False\ntold\n", "")


def test_work_that_ends_by_itself_is_whole_and_the_system_has_its_signal_back() -> None:
    from probe.cli.signals import ended_softly, until_signal

    async def work() -> None:
        pass

    before = signal.getsignal(signal.SIGTERM)
    with ended_softly():
        assert until_signal(work())
    assert signal.getsignal(signal.SIGTERM) is before
