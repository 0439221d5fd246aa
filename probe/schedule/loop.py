"""The standing watch: run after run on the grid, for months. Knows when and what; how a run is made it is given.

The law of this file: nothing that goes wrong in one cycle ends the watch, and nothing goes wrong in silence. Runs never
overlap, because there is one task; they never drift, because `due` asks the wall clock each time. Time comes through
the seam: a month of it costs a test milliseconds.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from probe.measure.plan import Plan
from probe.model.clock import rfc3339
from probe.model.measurement import Measurement
from probe.net.network import Network
from probe.schedule.due import Due, Grid, Reading, Why, decide, jumped
from probe.schedule.lock import LockedError
from probe.schedule.once import Finished, NotMade
from probe.schedule.pace import Change, Chosen, Pace, for_cycle, for_look, next_look
from probe.schedule.state import MOST_JUMPS, Jump, State, forget_future, take
from probe.store.journal import JournalError

TICK = 15.0
"""Seconds of sleep after which the clocks are compared: so soon is a suspended machine back at work."""
LOCKED_PAUSE = 10.0
"""Seconds after which a locked folder is tried again."""


class Cycle(NamedTuple):
    """A run that is about to begin: of which slot, when it was due, why, how many slots were missed before it, what it
    measures (references not counted), what it leaves out, and why, and how many lines it will write."""

    slot: int
    due: float
    why: Why
    missed: int
    names: tuple[str, ...]
    left_out: tuple[NotMade, ...]
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Who wants to hear what. Plain callables; one that raises is noted and ends nothing.

    `on_wait(until, now)`: the loop sleeps, until (epoch seconds); it is called at each tick. `on_note`: something
    befell the watch, in a sentence.
    """

    on_cycle: Callable[[Cycle], None] = lambda _cycle: None
    on_measurement: Callable[[Measurement], None] = lambda _measurement: None
    on_change: Callable[[Change], None] = lambda _change: None
    on_run_finished: Callable[[Finished], None] = lambda _finished: None
    on_wait: Callable[[float, float], None] = lambda _until, _now: None
    on_note: Callable[[str], None] = lambda _note: None


Measure = Callable[[Plan, Callable[[Measurement], None]], Awaitable[Finished]]
"""One run of a plan, which tells of each measurement once it is on its way to disk."""


@dataclass(slots=True)
class Watch:
    """A standing watch. `plan` gives what is to be measured now (the list may change), `save` keeps the state; both may
    fail, and the watch goes on. `cycles`: how many runs on the grid to make, None: for ever."""

    network: Network
    grid: Grid
    pace: Pace
    state: State
    plan: Callable[[float], Plan]
    measure: Measure
    save: Callable[[State], None]
    hooks: tuple[Hooks, ...] = ()
    cycles: int | None = None
    tick: float = TICK
    _clock: Reading = field(init=False)
    _tried: float = 0.0

    def __post_init__(self) -> None:
        self._clock = self._read()

    async def go(self) -> None:
        """Watch until cancelled, or until `cycles` are done."""
        done = 0
        while self.cycles is None or done < self.cycles:
            self._compare_clocks()
            due = self._next()
            now = self.network.now()
            if due.at > now:
                self._waits(due.at, now)
                await self.network.sleep(min(self.tick, due.at - now))
                continue
            if await self._run(due) and due.why is not Why.LOOK:
                done += 1

    def _waits(self, until: float, now: float) -> None:
        self._tell(lambda hooks: hooks.on_wait(until, now))

    def _next(self) -> Due:
        """The next run: that of the grid, or a look at something that has just changed, if there is time before."""
        now = self.network.now()
        due = decide(self.grid, now, self.state.slot_at)
        gap = self.pace.gap
        look = next_look(self.plan(now), self.state.endpoints, self.pace)
        if look is None or gap is None:
            return due
        look = max(look, self._tried + gap)  # also after a run that came to nothing
        if due.at - max(look, now) < gap:
            return due
        return Due(look, self.grid.slot(look), Why.LOOK, 0)

    async def _run(self, due: Due) -> bool:
        """One run, whatever comes of it. False: the folder was locked, and the slot is still to be measured."""
        now = self.network.now()
        plan, cycle = self._cycle(due, now)
        self._tell(lambda hooks: hooks.on_cycle(cycle))
        before = self.state.slot_at
        self._tried = now
        if due.why is not Why.LOOK:  # before the run, and on disk: a probe that crashes in it does not hammer anybody
            self.state.slot_at = self.grid.begin(due.slot)
            self._save()
        try:
            finished = await self.measure(plan, self._heard)
        except LockedError as error:
            self.state.slot_at = before
            self._note(f"{error}; trying again")
            pause = min(LOCKED_PAUSE, self.grid.every / 4)
            self._waits(self.network.now() + pause, self.network.now())
            await self.network.sleep(pause)
            return False
        except JournalError as error:
            self._note(f"this run could not be kept: {error}; the watch goes on")
        except Exception as bug:  # noqa: BLE001 - a bug in one run must not end a watch of months; it is told
            self._note(f"this run failed: an error in probe itself: {bug!r}; the watch goes on")
        else:
            self._keep(finished)
        if due.why is not Why.LOOK:
            self.state.cycles, self.state.missed = self.state.cycles + 1, self.state.missed + due.missed
        self._save()
        return True

    def _cycle(self, due: Due, now: float) -> tuple[Plan, Cycle]:
        plan = self.plan(now)
        if due.why is Why.LOOK:
            chosen = Chosen(for_look(plan, self.state.endpoints, now, self.pace), ())
        else:
            chosen = for_cycle(plan, self.state.endpoints, now, self.pace)
        names = tuple(task.name for task in chosen.plan.tasks)
        told = tuple(NotMade(name, why) for name, why in chosen.left_out)
        return chosen.plan, Cycle(due.slot, due.at, due.why, due.missed, names, told, chosen.plan.size)

    def _heard(self, one: Measurement) -> None:
        self._tell(lambda hooks: hooks.on_measurement(one))
        change = take(self.state, one, self.pace)
        if change is not None:
            self._tell(lambda hooks: hooks.on_change(change))

    def _keep(self, finished: Finished) -> None:
        state = self.state
        state.run_id, state.ended, state.fitness = finished.run_id, finished.ended, finished.fitness
        state.measured, state.planned = finished.measured, finished.planned
        self._tell(lambda hooks: hooks.on_run_finished(finished))

    def _save(self) -> None:
        try:
            self.save(self.state)
        except OSError as error:
            self._note(f"the watch's own state could not be saved: {error}; it will be rebuilt from the results")

    def _compare_clocks(self) -> None:
        """Note a jump of the wall clock. What is due is asked anew each time, so nothing else has to be done."""
        before, self._clock = self._clock, self._read()
        seconds = jumped(before, self._clock)
        if not seconds:
            return
        forget_future(self.state, self._clock.wall)
        self._tried = min(self._tried, self._clock.wall)
        self.state.jumps = [*self.state.jumps, Jump(self._clock.wall, round(seconds, 3))][-MOST_JUMPS:]
        how = "ahead, or this machine slept" if seconds > 0 else "back"
        self._note(f"the clock jumped {abs(seconds):.0f} s {how}; it is {rfc3339(self._clock.wall)} now")

    def _read(self) -> Reading:
        return Reading(self.network.now(), self.network.monotonic())

    def _note(self, text: str) -> None:
        for hooks in self.hooks:
            with suppress(Exception):  # whoever cannot even take a note cannot be told of it
                hooks.on_note(text)

    def _tell(self, call: Callable[[Hooks], None]) -> None:
        """Call everybody's hook. One that raises is noted and ends nothing."""
        for hooks in self.hooks:
            try:
                call(hooks)
            except Exception as error:  # noqa: BLE001 - somebody else's code, and it is told
                self._note(f"a listener of the watch failed: {error!r}")
