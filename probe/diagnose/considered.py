"""The innocent explanations: each is weighed for every verdict that is not `ok`, and what rules it out is said."""

from probe.diagnose.compare import control_state, no_better_there
from probe.diagnose.facts import Facts
from probe.diagnose.told import only_earlier, passes_at_home
from probe.model.diagnosis import Certainty, Considered, ControlState, Finding, Fitness, Layer


def considered(facts: Facts, findings: tuple[Finding, ...]) -> tuple[Considered, ...]:
    """The innocent explanations, each with what rules it out or leaves it standing in the light of the findings."""
    state, evidence, fitness = control_state(facts), facts.case.evidence, facts.case.fitness
    domestic, foreign = evidence.domestic, evidence.foreign
    references = f"references {domestic[0]}/{domestic[1]} domestic, {foreign[0]}/{foreign[1]} foreign"
    offset = evidence.clock_offset
    known = fitness is not Fitness.UNKNOWN
    counted = references if domestic[1] or foreign[1] else "no reference was measured"
    return (
        Considered(
            explanation="server fault or outage",
            ruled_out=state is ControlState.REACHED and not _dead_here(facts, findings),
            because="others reached it only before we failed"
            if only_earlier(facts) and not known_now(state)
            else f"control: {state}",
        ),
        Considered(
            explanation="vantage offline or captive portal",
            ruled_out=known and fitness not in (Fitness.OFFLINE, Fitness.CAPTIVE_PORTAL, Fitness.INTERNATIONAL_OUTAGE),
            because=counted,
        ),
        Considered(
            explanation="wrong clock",
            ruled_out=offset is not None and fitness is not Fitness.CLOCK_WRONG,
            because="no Date seen" if offset is None else f"clock {offset:+.1f} s",
        ),
        Considered(
            explanation="dead resolver",
            ruled_out=bool(facts.last.own) or not facts.last.asked,
            because="its answers to other names" if facts.last.own else "it answered no name in this run",
        ),
        _chance(facts, findings),
        *_refusal(facts, findings),
    )


def known_now(state: ControlState) -> bool:
    """Whether some control spoke of the time of our failure."""
    return state in (ControlState.REACHED, ControlState.FAILED)


def _dead_here(facts: Facts, findings: tuple[Finding, ...]) -> bool:
    """Whether the control met the endpoint elsewhere alone, and nothing else explains why our addresses fail."""
    hop = facts.last
    dead = bool(hop.final) and not hop.reached and no_better_there(hop, hop.final)
    return dead and not any(f.mechanism for f in findings)


def _chance(facts: Facts, findings: tuple[Finding, ...]) -> Considered:
    """Ruled out by tries that all ended alike, or by an artefact that chance does not make."""
    tries = facts.last.tries
    settled = next((f for f in findings if f.certainty is Certainty.CONFIRMED), None)
    if tries > 1:
        because = f"{tries} spaced tries"
    else:
        because = f"{settled.rule} does not happen by chance" if settled else "tried once"
    return Considered(explanation="a chance failure", ruled_out=tries > 1 or settled is not None, because=because)


def _refusal(facts: Facts, findings: tuple[Finding, ...]) -> tuple[Considered, ...]:
    """That the server itself turns this client away, by country say, without a word. Only asked of a finding."""
    deciding = [f for f in findings if f.mechanism is not None]
    if not deciding:
        return ()
    settled = next((f for f in deciding if f.certainty is Certainty.CONFIRMED or f.layer is Layer.DNS), None)
    if settled is not None:
        because, ruled_out = f"{settled.rule} is not the server's doing", True
    elif passes_at_home(facts, facts.last.final):
        because, ruled_out = "another vantage in this country reached it at the same address", True
    else:
        because, ruled_out = "nothing here that a server could not do", False
    return (Considered(explanation="the server turns this client away", ruled_out=ruled_out, because=because),)
