"""`probe run --dry-run`: everything that a run would touch, touching nothing. Only redirects are not known before.

Of a watch also where its alerts would go, without what is secret of that.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from probe.cli.console import clean

if TYPE_CHECKING:
    from probe.measure.plan import Plan
    from probe.measure.settings import Settings

_SINGULAR = {"resolvers": "resolver", "controls": "control", "canaries": "canary", "egress": "egress"}


def show(plan: "Plan", settings: "Settings", *, json: bool, told: Mapping[str, Sequence[str]] | None = None) -> None:
    """Print resolvers, controls and every endpoint with host, port and checks, and where alerts would go, if it is a
    watch (`told`, by option); `json`: the same as one object."""
    from probe.measure.plan import checks

    tools = _tools(settings)
    rows = [(task, checks(task)) for task in (*plan.references, *plan.tasks)]
    if json:
        endpoints = [
            {"endpoint": t.name, "url": t.endpoint.url, "host": t.where.host, "port": t.where.port, "checks": stages}
            for t, stages in rows
        ]
        alerts = {} if told is None else {"alerts": {name.replace("-", "_"): names for name, names in told.items()}}
        sys.stdout.buffer.write(msgspec.json.encode({**tools, "endpoints": endpoints, **alerts}) + b"\n")
        return
    for kind, names in tools.items():
        for name in names:
            _print(_SINGULAR[kind], name)
    for task, stages in rows:
        host = f"[{task.where.host}]" if ":" in task.where.host else task.where.host
        _print(task.name, f"{host}:{task.where.port}", ",".join(stages), task.endpoint.url)
    for option, ways in (told or {}).items():
        for way in ways:
            _print(option, way)


def _tools(settings: "Settings") -> dict[str, list[str]]:
    """Whatever a run talks to besides the endpoints. A proxy's password is not shown."""
    return {
        "resolvers": [f"{r.kind}{' ' + r.address if r.address else ''}" for r in settings.resolvers],
        "controls": [f"{p.scheme}://{p.host}:{p.port}" for p in settings.proxies],
        "canaries": [f"{address}:53" for address in settings.canaries],
        "egress": [settings.egress.url] if settings.egress is not None else [],
    }


def _print(*cells: str) -> None:
    print("\t".join(map(clean, cells)))  # noqa: T201 - this is the room that prints
