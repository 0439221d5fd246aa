"""One scenario: what there is, what is probed, and what an ideal classifier says about it.

Knows the words of `probe.model.diagnosis` and no judge. `mismatches` compares a diagnosis, given as plain words, with
what was expected, so that every runner says "as expected" by the same rule.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from probe.lab.rule import Phase, Rule
from probe.lab.world import World
from probe.model.diagnosis import Certainty, ControlState, Diagnosis, Fitness, Layer, Mechanism, Verdict


class Substrate(StrEnum):
    """Where a scenario can be played: sockets on loopback, or packets in network namespaces."""

    LOOPBACK = "loopback"
    PACKET = "packet"


class Section(StrEnum):
    """The sections of the list."""

    INNOCENT = "A"
    DNS = "B"
    TCP = "C"
    TLS = "D"
    HTTP = "E"
    REDIRECTS = "F"
    QUIC = "G"


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding that must be among the findings: its layer, hop and one of these mechanisms (none given: any)."""

    layer: Layer
    mechanisms: tuple[Mechanism, ...] = ()
    hop: int = 0


class Scenario(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One scenario.

    `number` is that of the list; `name` a slug, unique. `url` is what is probed, `runs` how often in a row, each of
    which must give the expectation. The path does `rules`; with a `script` it changes instead (seconds since the run
    began). `declared_asn` is what the vantage's operator says (the world's client says what is true).

    Expected: `verdict` (`also`: others that a careful expert might defend, the reason in `note`); of the finding that
    decides `layers` and `mechanisms`, the first being the best and any of them right (empty: not asserted), and `hop`
    (None: not asserted); `claims` that must be among the findings; `never` layers about which nothing may be claimed;
    `fitness` (None: not asserted); `certainty` at least, `at_most` no more. `control`: whether a control proxy is
    given. `field`: what the field's reference tool says, where it is wrong or coarser. `substrates`: where it can be
    played.
    """

    number: int
    name: str
    section: Section
    title: str
    world: World
    url: str
    verdict: Verdict
    rules: tuple[Rule, ...] = ()
    script: tuple[Phase, ...] = ()
    runs: int = 1
    also: tuple[Verdict, ...] = ()
    layers: tuple[Layer, ...] = ()
    mechanisms: tuple[Mechanism, ...] = ()
    hop: int | None = 0
    claims: tuple[Claim, ...] = ()
    never: tuple[Layer, ...] = ()
    never_mechanisms: tuple[Mechanism, ...] = ()
    certainty: Certainty | None = None
    at_most: Certainty | None = None
    fitness: Fitness | None = Fitness.FIT
    control: bool = True
    control_state: ControlState | None = None
    declared_asn: int = 4134
    declared_country: str = "CN"
    substrates: tuple[Substrate, ...] = (Substrate.LOOPBACK, Substrate.PACKET)
    field: str = ""
    note: str = ""


_SURENESS = {None: 0, Certainty.POSSIBLE: 1, Certainty.LIKELY: 2, Certainty.CONFIRMED: 3}


def mismatches(scenario: Scenario, diagnosis: Diagnosis, fitness: Fitness) -> tuple[str, ...]:
    """In what a diagnosis is not what the scenario expects, in words; empty where it is."""
    found = {(finding.layer, finding.hop, finding.mechanism) for finding in diagnosis.findings}
    wrong = []
    if diagnosis.verdict not in (scenario.verdict, *scenario.also):
        wrong.append(f"verdict {diagnosis.verdict}, not {scenario.verdict}")
    if scenario.layers and diagnosis.layer not in scenario.layers:
        wrong.append(f"layer {diagnosis.layer}, not {_list(scenario.layers)}")
    if scenario.mechanisms and diagnosis.mechanism not in scenario.mechanisms:
        wrong.append(f"mechanism {diagnosis.mechanism}, not {_list(scenario.mechanisms)}")
    if scenario.hop is not None and scenario.layers and diagnosis.hop != scenario.hop:
        wrong.append(f"hop {diagnosis.hop}, not {scenario.hop}")
    if _SURENESS[diagnosis.certainty] < _SURENESS[scenario.certainty]:
        wrong.append(f"certainty {diagnosis.certainty}, not {scenario.certainty}")
    if scenario.at_most is not None and _SURENESS[diagnosis.certainty] > _SURENESS[scenario.at_most]:
        wrong.append(f"certainty {diagnosis.certainty}, more than {scenario.at_most}")
    if scenario.fitness is not None and fitness not in (scenario.fitness, Fitness.UNKNOWN):
        wrong.append(f"fitness {fitness}, not {scenario.fitness}")
    wrong += [f"no finding {claim.layer} at hop {claim.hop}" for claim in scenario.claims if not _made(claim, found)]
    claimed = sorted((layer, str(each)) for layer, _, each in found if each is not None)
    wrong += [f"{each} claimed on {layer}" for layer, each in claimed if layer in scenario.never]
    wrong += [f"mechanism {each}" for _, each in claimed if each in scenario.never_mechanisms]
    return tuple(wrong)


def _made(claim: Claim, found: Iterable[tuple[Layer, int, Mechanism | None]]) -> bool:
    return any(
        layer is claim.layer and hop == claim.hop and (not claim.mechanisms or mechanism in claim.mechanisms)
        for layer, hop, mechanism in found
    )


def _list(words: Iterable[str]) -> str:
    return " or ".join(str(word) for word in words)
