"""How each target of a page stood as a whole, by the rule of each time, in sentences. Pure.

What is said is `report.whole`'s; here it gets its words. A target whose records say no rule is not told of.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from probe.diagnose.rollup import State
from probe.model.target import Need, RollupRule, rollup_spelt
from probe.report import words as names
from probe.report.ladder import Rung
from probe.report.language.catalogue import Catalogue
from probe.report.view import TargetView
from probe.report.whole import Rule, Whole

if TYPE_CHECKING:  # the overview words targets by this file, and is no page
    from probe.report.block.draft import Draft
    from probe.report.block.view import WholeRow, Wholes

MOST_ROWS = 60
NAMED = 6
"""So many endpoints are named; more are counted."""


def wholes(draft: "Draft") -> "Wholes":
    """Every stretch of every target of the page, by target, place and time."""
    from probe.report.block.view import Wholes

    here = {(one.key.target, one.key.vantage, one.key.country, one.key.asn) for one in draft.chosen.series}
    told = [one for one in draft.view.targets if (one.target, *one.vantage) in here and one.wholes]
    told.sort(key=lambda one: (one.target, one.vantage))
    rows = [row for one in told for row in _rows(draft, one, _where(draft, one, told))]
    more = len(rows) - MOST_ROWS
    return Wholes(
        title=draft.words.say("whole.title"),
        rows=tuple(rows[:MOST_ROWS]),
        note=draft.words.counted("whole.more", more) if more > 0 else "",
    )


def _where(draft: "Draft", one: TargetView, told: Sequence[TargetView]) -> str:
    """The target and place that sentences begin with, as far as there are several."""
    several = len({other.target for other in told}) > 1, len({other.vantage for other in told}) > 1
    said = [text for text, needed in zip((one.target, names.place(one.vantage)), several, strict=True) if needed]
    return draft.words.say("whole.where", where=draft.words.texts["list.between"].join(said)) if said else ""


def _rows(draft: "Draft", target: TargetView, where: str) -> "Iterator[WholeRow]":
    from probe.report.block.view import Span, WholeRow

    words, rule = draft.words, None
    for one in target.wholes:
        first = one.since.earliest is None
        at = one.since.latest
        since = Span(at, at, *draft.dates.exact(at)) if first else draft.span(one.since)
        text = words.say("whole.first" if first else "whole.since", when=since.text, state=state_text(words, one))
        if one.rule != rule:
            text += words.texts["text.sentence_gap"] + rule_text(words, one.rule)
        rule = one.rule
        yield WholeRow(
            target=target.target,
            vantage=target.vantage.name,
            country=target.vantage.country,
            asn=target.vantage.asn,
            since=since,
            first=first,
            state=one.state,
            blocked=one.blocked,
            failing=one.failing,
            enough=one.enough,
            rollup=one.rule.rollup,
            required=one.rule.required,
            text=where + text,
        )


def state_text(words: Catalogue, one: Whole) -> str:
    """`partly blocked (api); what is left does not count as reached`; a full stop is the caller's."""
    blocked, failing = words.listed(one.blocked, NAMED), words.listed(one.failing, NAMED)
    key = _SURE.get((one.state, one.rung), f"whole.{one.state.name.lower()}")
    text = words.say(key, blocked=blocked, failing=failing)
    if one.state is State.PARTLY_BLOCKED and one.enough is not None:
        text += words.say("whole.enough" if one.enough else "whole.too_little")
    return text


_SURE: dict[tuple[State, Rung], str] = {
    (State.BLOCKED, Rung.CONSISTENT): "whole.consistent",
    (State.PARTLY_BLOCKED, Rung.CONSISTENT): "whole.partly_consistent",
    (State.UNKNOWN, Rung.UNREACHABLE): "whole.unreachable",
}
"""Where the state alone would claim more, or less, than is known."""


def rule_text(words: Catalogue, rule: Rule) -> str:
    """What the target's list asked for: `The target list asks for API: all, web: any.`"""
    clauses = rollup_spelt(rule.rollup)
    if clauses is None:
        return words.say("rule.none")
    said = words.texts["list.between"].join(_clause(words, one) for one in clauses)
    if rule.required:
        said += words.say("rule.required", endpoints=words.listed(rule.required, NAMED))
    return words.say("rule.takes", rule=said)


def _clause(words: Catalogue, one: RollupRule) -> str:
    need = words.say("rule.k_of_n" if one.need is Need.K_OF_N else f"rule.{one.need}", count=one.k)
    return need if one.role is None else words.say("rule.of_role", role=words.name("role", one.role), need=need)
