"""What a run would touch, decided before anything is touched. Pure: a target list and a day in, tasks out.

`--dry-run` prints exactly this, so whatever a run contacts must be derivable from here: the target list's hosts, their
redirects (unknown before), the resolvers and the controls.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from probe.model.target import Endpoint, Risk, Target, TargetKind, TargetList
from probe.net.url import Where, parse

STAGES: dict[str, tuple[str, ...]] = {
    "https": ("dns", "tcp", "tls", "http"),
    "http": ("dns", "tcp", "http"),
    "tcp": ("dns", "tcp"),
    "dns": ("dns",),
    "quic": ("dns", "quic"),
}


class Task(NamedTuple):
    """One endpoint to measure. `where` is its URL taken apart."""

    target: Target
    endpoint: Endpoint
    where: Where

    @property
    def name(self) -> str:
        """`clubhouse/api`."""
        return f"{self.target.id}/{self.endpoint.id}"


class Plan(NamedTuple):
    """The tasks of a run: references first, and what was left out with the reason."""

    references: tuple[Task, ...]
    tasks: tuple[Task, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """How many lines the run will write."""
        return len(self.references) + len(self.tasks)


class SelectionError(ValueError):
    """`--only` names what is not in the list. The message says for each, one a line, what was near."""


def make(
    targets: TargetList, day: date, *, only: Sequence[str] = (), risk: Risk = Risk.MEDIUM, with_quic: bool = False
) -> Plan:
    """The plan for `day`. `only` are target ids or `target/endpoint`; references are always measured.

    Targets above `risk` are left out unless `risk` is raised. Raises SelectionError for an id that is not there.
    """
    _check_selection(targets, only)
    references: list[Task] = []
    tasks: list[Task] = []
    left_out: list[tuple[str, str]] = []
    for target in targets.targets:
        for endpoint in target.endpoints:
            reason = _reason_to_leave_out(target, endpoint, day, only, risk, with_quic)
            where = parse(endpoint.url)
            if reason is None and where is not None:
                chosen = references if target.kind is TargetKind.REFERENCE else tasks
                chosen.append(Task(target, endpoint, where))
            elif reason != "":
                left_out.append((f"{target.id}/{endpoint.id}", reason or "its URL cannot be used"))
    return Plan(tuple(references), tuple(tasks), tuple(left_out))


def _check_selection(targets: TargetList, only: Sequence[str]) -> None:
    known = {t.id for t in targets.targets} | {f"{t.id}/{e.id}" for t in targets.targets for e in t.endpoints}
    unknown = [wanted for wanted in dict.fromkeys(only) if wanted not in known]
    if unknown:
        told = (f"--only {wanted}: no such target or endpoint{_nearest(wanted, sorted(known))}" for wanted in unknown)
        raise SelectionError("\n".join(told))


def _nearest(wanted: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(wanted, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else "; `probe targets list` prints them"


def _reason_to_leave_out(
    target: Target, endpoint: Endpoint, day: date, only: Sequence[str], risk: Risk, with_quic: bool
) -> str | None:
    """None: measure it. Empty: not selected, nothing to say. Otherwise the reason, for the user."""
    is_reference = target.kind is TargetKind.REFERENCE
    selected = not only or target.id in only or f"{target.id}/{endpoint.id}" in only
    if not selected and not is_reference:
        return ""
    if endpoint.valid_from is not None and day < date.fromisoformat(endpoint.valid_from):
        return f"not before {endpoint.valid_from}"
    if endpoint.valid_to is not None and day >= date.fromisoformat(endpoint.valid_to):
        return f"not since {endpoint.valid_to}"
    if list(Risk).index(target.risk) > list(Risk).index(risk):
        return f"risk {target.risk}: measured only with --accept-risk {target.risk}"
    if endpoint.url.startswith("quic:") and not with_quic:
        return "QUIC needs the extra probe[quic]"
    return None


def checks(task: Task) -> tuple[str, ...]:
    """The stages that will be measured at this endpoint, in order."""
    stages = STAGES[task.where.scheme]
    return stages[1:] if task.where.is_address else stages
