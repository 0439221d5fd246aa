"""A transcript as text for a terminal, 80 columns unless told otherwise. Pure: `render(transcript, page) -> str`.

Every string passes `page.clean` before it is placed, so that no title or certificate can write a line of its own.
"""

from collections.abc import Iterable, Iterator

from probe.model.diagnosis import Verdict
from probe.report.paper import Page, Paint, fill, plain
from probe.report.transcript import Cited, Fact, Transcript, Weighed
from probe.report.transcript_steps import OURS, Step, numbered

INDENT = "  "
DEEPER = "     "
CONTINUED = "   "
"""What continues a line stands at a depth where no line of ours begins, so no stranger's long text can pass for one."""
NAME_WIDTH = 14
"""A SHA-256 beside a name fills 80 columns."""

_COLOURS = {
    Verdict.OK: "green", Verdict.BLOCKED: "red", Verdict.INTERFERED: "red", Verdict.DOWN: "yellow",
    Verdict.RESTRICTED: "yellow", Verdict.ANOMALY: "yellow", Verdict.INSUFFICIENT: "yellow",
}  # fmt: skip


def render(told: Transcript, page: Page, paint: Paint = plain) -> str:
    """The whole transcript, ending in a newline."""
    head = [paint(_COLOURS[told.verdict], line) for line in _fill("", DEEPER + CONTINUED, told.headline, page)]
    sections = (
        ("", (*head, *_facts(told.summary, page))),
        ("Steps", (line for step in told.steps for line in _step(step, page, paint))),
        ("Findings", (line for finding in told.findings for line in _finding(finding, page))),
        ("Considered", (line for one in told.considered for line in _weighed(one, page))),
        ("The vantage", _facts(told.fitness, page)),
        ("Failures met, and what causes them", (line for fact in told.meanings for line in _meaning(fact, page))),
        ("Where this is from", _facts(told.origin, page)),
    )
    texts = []
    for title, lines in sections:
        body = list(lines)
        if body:
            texts.append("\n".join([paint("bold", title), *body] if title else body) + "\n")
    return "\n".join(texts)


def _step(step: Step, page: Page, paint: Paint) -> Iterator[str]:
    ours = step.purpose in OURS
    parts = [step.title, f"hop {step.hop}, try {step.attempt + 1}" if ours else f"hop {step.hop}" if step.hop else ""]
    parts += [f"+{step.start:.2f} s"]
    style = "red" if step.failed and ours else "bold"
    for line in _fill(f"{step.number:>3}  ", DEEPER + CONTINUED, "   ".join(part for part in parts if part), page):
        yield paint(style, line)
    if step.via:
        yield from _fill(DEEPER, DEEPER + CONTINUED, f"control: via {step.via}", page)
    if step.why:
        yield from _fill(DEEPER, DEEPER + CONTINUED, f"why: {step.why}", page)
    for line in step.lines:
        inner = DEEPER + INDENT + " " * (len(line) - len(line.lstrip(" ")))
        yield from _fill(inner, inner + CONTINUED, line.strip(" "), page)


def _finding(finding: Cited, page: Page) -> Iterator[str]:
    said = f"{finding.rule}: {finding.verdict}" + (f" ({finding.certainty})" if finding.certainty else "")
    said += f", at {finding.layer}" + (f", hop {finding.hop}" if finding.hop else "")
    if finding.decided:
        said += "; this one decided"
    yield from _fill(INDENT, DEEPER + CONTINUED, said, page)
    rows = (
        finding.note,
        f"rests on {numbered(finding.steps)}" if finding.steps else "",
        f"why it holds: {finding.comment}" if finding.comment else "",
        f"source: {finding.source}" if finding.source else "",
    )
    for line in rows:
        if line:
            yield from _fill(DEEPER, DEEPER + CONTINUED, line, page)


def _weighed(one: Weighed, page: Page) -> Iterator[str]:
    state = "ruled out" if one.ruled_out else "stands"
    yield from _fill(INDENT, DEEPER + CONTINUED, f"{one.explanation}: {state} ({one.because})", page)


def _meaning(fact: Fact, page: Page) -> Iterator[str]:
    yield from _fill(INDENT, DEEPER + CONTINUED, f"{fact.name}: {fact.value}", page)


def _facts(facts: Iterable[Fact], page: Page) -> Iterator[str]:
    for fact in facts:
        yield from _fill(INDENT, INDENT + " " * NAME_WIDTH, f"{fact.name:<{NAME_WIDTH - 1}} {fact.value}", page)


def _fill(first: str, rest: str, text: str, page: Page) -> Iterator[str]:
    return fill(first, rest, page.clean(_one_line(text)), page.width)


def _one_line(text: str) -> str:
    """Line and paragraph separators are no control characters to Unicode, and still begin lines."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
