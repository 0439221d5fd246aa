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
from probe.report import times, words
from probe.report.gather import VantageKey
from probe.report.transcript_steps import Step, numbered
from probe.report.transcript_words import CERTAINTIES, CONTROLS, NOT_SAID, VERDICTS

if TYPE_CHECKING:
    from probe.report.transcript import Cited

_NAMED = {"dns": "DNS", "tcp": "TCP", "tls": "TLS", "http": "HTTP", "quic": "QUIC", "speed": "its speed"}
_VERDICT = ("verdict", "certainty", "layer", "mechanism")


def headline(m: Measurement) -> str:
    """`clubhouse/api: blocked (confirmed)`."""
    return f"{m.target}/{m.endpoint}: {verdict_words(m)}"


def verdict_words(m: Measurement) -> str:
    """`blocked (confirmed)`, `down`."""
    return f"{m.verdict} ({m.certainty})" if m.certainty else str(m.verdict)


def summary(
    m: Measurement, steps: Sequence[Step], findings: Sequence["Cited"], zone: str, recorded: Measurement | None
) -> Iterator[tuple[str, str]]:
    """Names and sentences, in the order in which they are read. `recorded` is the line before it was judged anew."""
    yield "asked for", m.input
    where = words.place(VantageKey(m.vantage, m.country, m.asn))
    yield "measured", f"{_when(m.time, zone)}, from {where}" + (f", {m.network}" if m.network else "")
    yield "what happened", _happened(m)
    if m.certainty is not None:
        yield "how sure", CERTAINTIES[m.certainty]
    yield from _evidence(findings, "set aside" if m.verdict is Verdict.INSUFFICIENT else "also found")
    if m.verdict is not Verdict.OK or m.control != "none":
        asked = [step for step in steps if step.purpose is Purpose.CONTROL]
        yield "control", CONTROLS[m.control] + (f" ({numbered([step.number for step in asked])})" if asked else "")
    yield from _weighed(m.diagnosis.considered)
    if recorded is not None:
        yield "judged anew", _anew(recorded, m)
    yield "does not say", NOT_SAID


def _happened(m: Measurement) -> str:
    """`blocked: ...; forged DNS answer, seen at DNS, at redirect 1`."""
    parts = [words.MECHANISMS.get(m.mechanism, m.mechanism)] if m.mechanism is not None else []
    parts += [f"seen at {_NAMED.get(m.layer, m.layer)}"] if m.layer is not None else []
    parts += [f"after redirect {m.diagnosis.hop}"] if m.diagnosis.hop else []
    return VERDICTS[m.verdict] + (f" ({', '.join(parts)})" if parts else "")


def _evidence(findings: Sequence["Cited"], beside: str) -> Iterator[tuple[str, str]]:
    """The finding that decided, then the others as `beside`: found too, or set aside where nothing is concluded."""
    for one in sorted(findings, key=lambda finding: not finding.decided):
        resting = f"{numbered(one.steps)}, rule {one.rule}" if one.steps else f"rule {one.rule}"
        yield "evidence" if one.decided else beside, f"{(one.note or one.comment).rstrip('.')} ({resting})"


def _weighed(considered: Sequence[Considered]) -> Iterator[tuple[str, str]]:
    gone = [one.explanation for one in considered if one.ruled_out]
    standing = [f"{one.explanation} ({one.because})" for one in considered if not one.ruled_out]
    if gone:
        yield "ruled out", "; ".join(gone)
    if standing:
        yield "not ruled out", "; ".join(standing)


def _anew(old: Measurement, new: Measurement) -> str:
    """Both verdicts, where they differ in anything that is judged."""
    before, after = old.diagnosis.ruleset_version, new.diagnosis.ruleset_version
    if all(getattr(old, name) == getattr(new, name) for name in _VERDICT):
        return f"the line itself says the same, by rules {before}; today's are {after}"
    return f"the line itself says {_full(old)}, by rules {before}; today's rules {after} say {_full(new)}"


def _full(m: Measurement) -> str:
    return " · ".join(str(part) for part in (verdict_words(m), m.layer, m.mechanism) if part)


def _when(time: str, zone: str) -> str:
    """The time to the second in that zone; as it was written where it is no time."""
    try:
        at = datetime.fromisoformat(time)
        return times.moment(times.Times(ZoneInfo(zone), years=True), at.timestamp(), seconds=True)
    except (ValueError, OverflowError):
        return time
