"""`probe run --dry-run`: everything that a run would touch, touching nothing. Only redirects are not known before."""

import sys
from typing import TYPE_CHECKING

import msgspec

from probe.cli.console import clean

if TYPE_CHECKING:
    from probe.measure.plan import Plan, Task
    from probe.measure.settings import Settings


def show(plan: "Plan", settings: "Settings", *, json: bool) -> None:
    """Print resolvers, controls and every endpoint with host, port and checks; `json`: the same as one object."""
    from probe.measure.plan import checks

    resolvers = [f"{r.kind}{' ' + r.address if r.address else ''}" for r in settings.resolvers]
    proxies = [f"{p.scheme}://{p.host}:{p.port}" for p in settings.proxies]
    rows = [(task, checks(task)) for task in (*plan.references, *plan.tasks)]
    if json:
        endpoints = [
            {"endpoint": t.name, "url": t.endpoint.url, "host": t.where.host, "port": t.where.port, "checks": stages}
            for t, stages in rows
        ]
        document = {"resolvers": resolvers, "controls": proxies, "endpoints": endpoints}
        sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
        return
    for label, names in (("resolver", resolvers), ("control", proxies)):
        for name in names:
            print(f"{label}\t{name}")  # noqa: T201 - this is the room that prints
    for task, stages in rows:
        print(_line(task, stages))  # noqa: T201 - this is the room that prints


def _line(task: "Task", stages: tuple[str, ...]) -> str:
    return clean(f"{task.name}  {task.where.host}:{task.where.port}  {','.join(stages)}  {task.endpoint.url}")
