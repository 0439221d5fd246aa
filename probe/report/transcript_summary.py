"""The head of a transcript: what happened, how sure that is, by what, and what it does not say. Pure.

For a reader who reads nothing else. Each sentence names the steps and the rule it rests on, so that it can be checked;
nothing is said here that the record does not hold, and nobody is accused.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from probe.model.diagnosis import Considered, Verdict
from probe.model.measurement import Measurement
from probe.model.observation import Purpose
from probe.report import times
from probe.report.gather import VantageKey
from probe.report.language.dates import Dates
from probe.report.transcript_recorded import ENGLISH
from probe.report.transcript_steps import Step
from probe.report.transcript_words import Words
from probe.report.words import place

if TYPE_CHECKING:
    from probe.report.transcript import Cited

_VERDICT = ("verdict", "certainty", "layer", "mechanism")
Named = tuple[str, str]


def headline(m: Measurement, words: Words) -> str:
    """`clubhouse/api: blocked (confirmed)`."""
    return words.say("headline", label=f"{m.target}/{m.endpoint}", verdict=words.sure(m.verdict, m.certainty))


def summary(
    m: Measurement, steps: Sequence[Step], findings: Sequence["Cited"], dates: Dates, recorded: Measurement | None
) -> Iterator[Named]:
    """Names and sentences, in the order in which they are read. `recorded` is the line before it was judged anew."""
    words = Words(dates.words)
    yield words.say("summary.asked"), m.input
    yield words.say("summary.measured"), _measured(m, dates, words)
    yield words.say("summary.happened"), _happened(m, words)
    if m.certainty is not None:
        yield words.say("summary.sure"), words.name("certain", m.certainty)
    yield from _evidence(findings, "set_aside" if m.verdict is Verdict.INSUFFICIENT else "also", words)
    if m.verdict is not Verdict.OK or m.control != "none":
        asked = [step.number for step in steps if step.purpose is Purpose.CONTROL]
        said = words.name("control", m.control)
        yield (
            words.say("summary.control"),
            words.say("because", what=said, why=words.numbered(asked)) if asked else said,
        )
    yield from _weighed(m.diagnosis.considered, words)
    if recorded is not None:
        yield words.say("summary.anew"), _anew(recorded, m, words)
    yield words.say("summary.not_said"), words.say("not_said")


def _measured(m: Measurement, dates: Dates, words: Words) -> str:
    where = place(VantageKey(m.vantage, m.country, m.asn))
    said = words.say("measured", when=_when(m.time, dates), where=where)
    return words.clauses([said, m.network] if m.network else [said])


def _happened(m: Measurement, words: Words) -> str:
    """`blocked: ...; forged DNS answer, seen at DNS, at redirect 1`."""
    parts = [words.mechanism(m.mechanism)] if m.mechanism is not None else []
    parts += [words.say("seen_at", layer=words.layer(m.layer))] if m.layer is not None else []
    parts += [words.say("after_redirect", hop=m.diagnosis.hop)] if m.diagnosis.hop else []
    said = words.name("happened", m.verdict)
    return words.say("because", what=said, why=words.clauses(parts)) if parts else said


def _evidence(findings: Sequence["Cited"], beside: str, words: Words) -> Iterator[Named]:
    """The finding that decided, then the others as `beside`: found too, or set aside where nothing is concluded."""
    for one in sorted(findings, key=lambda finding: not finding.decided):
        rule = words.say("by_rule", rule=one.rule)
        resting = words.clauses([words.numbered(one.steps), rule]) if one.steps else rule
        why = (one.note or one.comment).rstrip(".。")
        yield (
            words.say("summary.evidence" if one.decided else f"summary.{beside}"),
            words.say("because", what=why, why=resting),
        )


def _weighed(considered: Sequence[Considered], words: Words) -> Iterator[Named]:
    gone = [words.recorded(one.explanation) for one in considered if one.ruled_out]
    standing = [
        words.say("because", what=words.recorded(one.explanation), why=words.recorded(one.because))
        for one in considered
        if not one.ruled_out
    ]
    gap = words.catalogue.texts["text.clause_gap"]
    if gone:
        yield words.say("summary.gone"), gap.join(gone)
    if standing:
        yield words.say("summary.standing"), gap.join(standing)


def _anew(old: Measurement, new: Measurement, words: Words) -> str:
    """Both verdicts, where they differ in anything that is judged."""
    before, after = old.diagnosis.ruleset_version, new.diagnosis.ruleset_version
    if all(getattr(old, name) == getattr(new, name) for name in _VERDICT):
        return words.say("anew.same", before=before, after=after)
    return words.say("anew.other", old=_full(old, words), before=before, after=after, new=_full(new, words))


def _full(m: Measurement, words: Words) -> str:
    return " · ".join(str(part) for part in (words.sure(m.verdict, m.certainty), m.layer, m.mechanism) if part)


def _when(time: str, dates: Dates) -> str:
    """The time to the second in that zone, in English as short as a terminal has it; as it was written where it is no
    time."""
    try:
        at = datetime.fromisoformat(time).timestamp()
        if dates.words.lang != ENGLISH:
            return dates.exact(at).text
        return times.moment(times.Times(ZoneInfo(dates.zone), years=True), at, seconds=True)
    except (ValueError, OverflowError):
        return time
