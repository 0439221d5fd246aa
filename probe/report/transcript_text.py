"""A transcript as text for a terminal, 80 columns unless told otherwise. Pure: `render(transcript, page) -> str`.

Every string passes `page.clean` before it is placed, so that no title or certificate can write a line of its own.
"""

from collections.abc import Iterable, Iterator

from probe.model.diagnosis import Verdict
from probe.report.paper import Page, Paint, fill, padded, plain
from probe.report.transcript import Cited, Fact, Transcript, Weighed, backed, found, weighed
from probe.report.transcript_steps import OURS, Step
from probe.report.transcript_words import Words, words_of

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
    words = words_of(told.lang)
    head = [paint(_COLOURS[told.verdict], line) for line in _fill("", DEEPER + CONTINUED, told.headline, page)]
    sections = (
        ("", (*head, *_facts(told.summary, page))),
        ("steps", (line for step in told.steps for line in _step(step, words, page, paint))),
        ("findings", (line for finding in told.findings for line in _finding(finding, words, page))),
        ("considered", (line for one in told.considered for line in _weighed(one, words, page))),
        ("vantage", _facts(told.fitness, page)),
        ("failures", (line for fact in told.meanings for line in _meaning(fact, words, page))),
        ("origin", _facts(told.origin, page)),
    )
    texts = []
    for section, lines in sections:
        body = list(lines)
        if body:
            title = [paint("bold", words.name("section", section))] if section else []
            texts.append("\n".join([*title, *body]) + "\n")
    return "\n".join(texts)


def _step(step: Step, words: Words, page: Page, paint: Paint) -> Iterator[str]:
    ours = step.purpose in OURS
    parts = [step.title, f"+{step.start:.2f} s"]
    if ours:
        parts.insert(1, words.say("hop_try", hop=step.hop, number=step.attempt + 1))
    elif step.hop:
        parts.insert(1, words.say("hop", hop=step.hop))
    style = "red" if step.failed and ours else "bold"
    for line in _fill(f"{step.number:>3}  ", DEEPER + CONTINUED, "   ".join(parts), page):
        yield paint(style, line)
    if step.via:
        yield from _fill(DEEPER, DEEPER + CONTINUED, words.say("via", via=step.via), page)
    if step.why:
        yield from _fill(DEEPER, DEEPER + CONTINUED, words.say("why", why=step.why), page)
    for line in step.lines:
        inner = DEEPER + INDENT + " " * (len(line) - len(line.lstrip(" ")))
        yield from _fill(inner, inner + CONTINUED, line.strip(" "), page)


def _finding(finding: Cited, words: Words, page: Page) -> Iterator[str]:
    yield from _fill(INDENT, DEEPER + CONTINUED, found(finding, words), page)
    for line in backed(finding, words):
        yield from _fill(DEEPER, DEEPER + CONTINUED, line, page)


def _weighed(one: Weighed, words: Words, page: Page) -> Iterator[str]:
    yield from _fill(INDENT, DEEPER + CONTINUED, weighed(one, words), page)


def _meaning(fact: Fact, words: Words, page: Page) -> Iterator[str]:
    said = words.say("meaning", failure=fact.name, cause=fact.value)
    yield from _fill(INDENT, DEEPER + CONTINUED, said, page)


def _facts(facts: Iterable[Fact], page: Page) -> Iterator[str]:
    for fact in facts:
        name = padded(page.clean(fact.name), NAME_WIDTH - 1)
        yield from _fill(INDENT, INDENT + " " * NAME_WIDTH, f"{name} {fact.value}", page)


def _fill(first: str, rest: str, text: str, page: Page) -> Iterator[str]:
    return fill(first, rest, page.clean(text), page.width)
