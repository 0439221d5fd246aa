"""All scenarios of the ground truth that can be played in one sitting, 1 to 98, by number and by name.

Scenarios 99 to 111 are about apps and time: they are made of series of these and belong to the timeline's tests.
"""

from functools import cache

from probe.lab.scenarios import (
    dns,
    homes,
    http,
    innocent,
    oddities,
    quic,
    redirects,
    services,
    tcp,
    tls,
    variants,
    worlds,
)
from probe.lab.scenarios.scenario import Scenario


@cache
def catalogue() -> tuple[Scenario, ...]:
    """Every scenario, in the list's order. A number may have variants, each with a name of its own."""
    sections = (innocent, dns, tcp, tls, http, redirects, quic, variants, worlds, oddities, services, homes)
    every = (each for section in sections for each in section.scenarios())
    return tuple(sorted(every, key=lambda each: each.number))


def find(word: str) -> tuple[Scenario, ...]:
    """The scenarios of a number, a name, or a section's letter. Raises KeyError with what comes close."""
    found = tuple(
        each for each in catalogue() if word in (str(each.number), each.name) or word.upper() == each.section.value
    )
    if not found:
        near = [each.name for each in catalogue() if word.lower() in each.name]
        raise KeyError(f"no scenario {word!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
    return found
