"""A transcript as text for a terminal, 80 columns unless told otherwise. Pure: `render(transcript, page) -> str`.

Every string passes `page.clean` before it is placed, so that no title or certificate can write a line of its own.
Columns are counted as a terminal shows them: East Asian wide characters take two.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from probe.report.terminal import Page
from probe.report.transcript import Cited, Fact, Transcript, Weighed, verdict_words
from probe.report.transcript_steps import OURS, Step

INDENT = "  "
DEEPER = "     "
NAME_WIDTH = 14
"""A SHA-256 beside a name fills 80 columns."""


def render(told: Transcript, page: Page) -> str:
    """The whole transcript, ending in a newline."""
    sections = (
        ("", _fill("", "", told.headline, page)),
        ("Steps", (line for step in told.steps for line in _step(step, page))),
        ("Findings", (line for finding in told.findings for line in _finding(finding, page))),
        ("Considered", (line for one in told.considered for line in _weighed(one, page))),
        ("Fitness", _facts(told.fitness, page)),
        ("Failures met, and what causes them", (line for fact in told.meanings for line in _meaning(fact, page))),
        ("Where this is from", _facts(told.origin, page)),
    )
    texts = []
    for title, lines in sections:
        body = list(lines)
        if body:
            texts.append("\n".join([title, *body] if title else body) + "\n")
    return "\n".join(texts)


def _step(step: Step, page: Page) -> Iterator[str]:
    parts = [f"{step.title}"]
    if step.hop or step.attempt or step.purpose in OURS:
        parts.append(f"hop {step.hop}, try {step.attempt + 1}" if step.purpose in OURS else f"hop {step.hop}")
    parts.append(f"+{step.start:.2f} s")
    yield from _fill(f"{step.number:>3}  ", DEEPER, "   ".join(parts), page)
    if step.via:
        yield from _fill(DEEPER, DEEPER, f"control: via {step.via}", page)
    if step.why:
        yield from _fill(DEEPER, DEEPER, f"why: {step.why}", page)
    for line in step.lines:
        inner = DEEPER + INDENT * (1 + line.startswith(INDENT))
        yield from _fill(inner, inner + INDENT, line.strip(" "), page)


def _finding(finding: Cited, page: Page) -> Iterator[str]:
    said = f"{finding.rule}: {verdict_words(finding.verdict, finding.certainty)}, at {finding.layer}"
    if finding.decided:
        said += "; this one decided"
    yield from _fill(INDENT, DEEPER, said, page)
    resting = f"rests on step{'s' if len(finding.steps) != 1 else ''} {', '.join(map(str, finding.steps))}"
    for line in (finding.note, resting if finding.steps else "", finding.comment):
        if line:
            yield from _fill(DEEPER, DEEPER, line, page)
    if finding.source:
        yield from _fill(DEEPER, DEEPER, f"source: {finding.source}", page)


def _weighed(one: Weighed, page: Page) -> Iterator[str]:
    state = "ruled out" if one.ruled_out else "stands"
    yield from _fill(INDENT, DEEPER, f"{one.explanation}: {state} ({one.because})", page)


def _meaning(fact: Fact, page: Page) -> Iterator[str]:
    yield from _fill(INDENT, DEEPER, f"{fact.name}: {fact.value}", page)


def _facts(facts: Iterable[Fact], page: Page) -> Iterator[str]:
    for fact in facts:
        yield from _fill(INDENT, INDENT + " " * NAME_WIDTH, f"{fact.name:<{NAME_WIDTH - 1}} {fact.value}", page)


def _fill(first: str, rest: str, text: str, page: Page) -> Iterator[str]:
    """The text in lines of the page's width, broken at spaces, and within a word only where it is too long alone."""
    line, empty = first, True
    for word in page.clean(_one_line(text)).split(" "):
        glue = "" if empty else " "
        if not empty and _columns(line + glue + word) > page.width:
            yield line.rstrip(" ")
            line, glue = rest, ""
        line += glue + word
        empty = False
        while _columns(line) > page.width:
            cut = _cut(line, page.width)
            yield line[:cut]
            line = rest + line[cut:]
    yield line.rstrip(" ")


def _one_line(text: str) -> str:
    """Line and paragraph separators are no control characters to Unicode, and still begin lines."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _columns(text: str) -> int:
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cut(line: str, width: int) -> int:
    """How many characters of the line fit."""
    used = 0
    for at, character in enumerate(line):
        used += _width(character)
        if used > width:
            return at
    return len(line)
