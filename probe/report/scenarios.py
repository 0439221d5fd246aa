"""docs/scenarios.md: what the lab's scenarios are, what is expected, and what the probe said. Renders; plays nothing."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe.cli.play import Played

_HEAD = """# Scenarios

The ground truth, played. Each row is a small internet with a censor (or none), in network namespaces where packets
matter; *expected* is argued from what the path does, *got* is what the probe said. Written by

    probe lab run --page docs/scenarios.md

| no. | scenario | expected | got | the field's reference tool |
|---|---|---|---|---|
"""


def render(rows: "Iterable[Played]") -> str:
    """The page, one row per scenario, in their order."""
    return _HEAD + "".join(_row(played) for played in rows)


def _row(played: "Played") -> str:
    scenario = played.scenario
    also = f" (or {', '.join(scenario.also)})" if scenario.also else ""
    hop = f" at hop {scenario.hop}" if scenario.hop else ""
    layer = f", {scenario.layers[0]}{hop}" if scenario.layers else ""
    mechanism = f": {' or '.join(scenario.mechanisms)}" if scenario.mechanisms else ""
    got = played.got if not played.wrong else f"**{played.got}** ({'; '.join(played.wrong)})"
    cells = (str(scenario.number), scenario.title, f"{scenario.verdict}{also}{layer}{mechanism}", got, scenario.field)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or "as expected"
