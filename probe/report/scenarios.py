"""docs/scenarios.md: what the scenarios are, what is expected, and what the probe said. Renders; plays nothing."""

from collections.abc import Iterable
from typing import NamedTuple

HEAD = """# Scenarios

The ground truth, played. Each row is a small internet with a censor (or none), in network namespaces where packets
matter; *expected* is argued from what the path does, *got* is what the probe said, and *rules* are those that fired on
the way, the one that gave the verdict among them. Written by

    probe lab run --page docs/scenarios.md

| no. | scenario | expected | got | the field's reference tool | rules |
|---|---|---|---|---|---|
"""


class Row(NamedTuple):
    """One scenario as played. `wrong`: what is not as expected; `fired`: the ids of the rules that fired; `field`: what
    the field's reference tool says."""

    number: int
    title: str
    expected: str
    got: str
    wrong: tuple[str, ...]
    fired: tuple[str, ...]
    field: str


def render(rows: Iterable[Row]) -> str:
    """The page, one row per scenario, in their order."""
    return HEAD + "".join(_line(row) for row in rows)


def _line(row: Row) -> str:
    got = f"**{row.got}** ({'; '.join(row.wrong)})" if row.wrong else row.got
    rules = ", ".join(f"`{each}`" for each in row.fired)
    cells = (str(row.number), row.title, row.expected, got, row.field or "the same", rules)
    return f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in cells)} |\n"
