"""What a watch asks anew before each run: the target list, this machine's resolvers and addresses, its neighbours.

A watch lives for months. In that time lists are edited, laptops change networks, and other vantage points deliver
results. An edit that is a mistake is told, and what was good before stays in force.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from probe.cli import asking
from probe.cli.asking import Asked
from probe.cli.console import clean

if TYPE_CHECKING:
    from probe.measure.plan import Plan
    from probe.schedule.once import Job
    from probe.store.neighbours import Neighbours


class Fresh:
    """The target list and everything else of a run, as of now. `note` hears of what could not be renewed."""

    def __init__(self, asked: Asked, note: Callable[[str], None]) -> None:
        self._asked, self._note = asked, note
        self._stamp = (self._signature(), asking.today())

    def plan(self, _now: float) -> "Plan":
        """What is to be measured today, by the list as it lies there now."""
        stamp = (self._signature(), asking.today())
        if stamp != self._stamp:
            self._stamp = stamp
            self._reload()
        return self._asked.plan

    def job(self, plan: "Plan") -> "Job":
        """A run of `plan` with this machine's resolvers and addresses of now."""
        return replace(self._asked.job(), plan=plan, settings=asking.renewed(self._asked))

    def neighbours(self, now: float) -> "Neighbours":
        """Other vantage points' results, those that can be near in time."""
        from probe.store.neighbours import Neighbours, recent

        folders = self._asked.options.control_vantage
        if not folders:
            return self._asked.neighbours
        own = asking.own_recent(self._asked.options, now)
        return Neighbours(recent(folders, now), own=own, vantage=self._asked.vantage.name)

    def _signature(self) -> tuple[int, int, int] | None:
        """What changes when the list's file does; None if there is none."""
        try:
            stat = os.stat(self._asked.options.targets)
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def _reload(self) -> None:
        from probe.measure.plan import SelectionError
        from probe.targets.load import TargetListError, load_targets

        path = self._asked.options.targets
        try:
            listed = load_targets(path)
            plan = asking.plan_of(listed, self._asked.options)
        except TargetListError as error:
            more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            self._note(f"{clean(str(error.problems[0]))}{more}; the list of before stays in force")
            return
        except SelectionError as error:
            self._note(f"{clean(str(path))}: {clean(str(error))}; the list of before stays in force")
            return
        if listed.sha256 != self._asked.listed.sha256:
            self._note(f"{clean(str(path))} has changed: {plan.size} endpoints from now on")
        self._asked = self._asked._replace(listed=listed, plan=plan)
