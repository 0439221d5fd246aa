"""The innocent explanations: each is weighed for every verdict that is not `ok`, and what rules it out is said."""

from probe.diagnose.compare import control_state
from probe.diagnose.facts import Facts
from probe.model.diagnosis import Considered, ControlState, Fitness


def considered(facts: Facts) -> tuple[Considered, ...]:
    """The innocent explanations, each with what rules it out or leaves it standing."""
    state, evidence, fitness = control_state(facts), facts.case.evidence, facts.case.fitness
    domestic, foreign = evidence.domestic, evidence.foreign
    references = f"references {domestic[0]}/{domestic[1]} domestic, {foreign[0]}/{foreign[1]} foreign"
    offset = evidence.clock_offset
    known = fitness is not Fitness.UNKNOWN
    counted = references if domestic[1] or foreign[1] else "no reference was measured"
    return (
        Considered(
            explanation="server fault or outage",
            ruled_out=state is ControlState.REACHED,
            because=f"control: {state}",
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
        Considered(
            explanation="a chance failure",
            ruled_out=facts.last.tries > 1,
            because=f"{facts.last.tries} spaced tries",
        ),
    )
