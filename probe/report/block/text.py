"""A page as text for a terminal, 80 columns unless told otherwise, colour or none. Lays out, makes nothing.

Every string passes `page.clean` before it is placed. Whole transcripts are left to `probe explain`, which is named with
the measurement; everything else of the page is here.
"""

from collections.abc import Iterable, Iterator

from probe.report.block import signs
from probe.report.block.view import Alternative, Block, Onset, Rung, Standing
from probe.report.paper import Page, columns, fill, padded, painted

INDENT = "  "
DEEPER = "      "
NAME_WIDTH = 24
_STYLES = {
    Rung.NONE: "green", Rung.UNREACHABLE: "yellow", Rung.CONSISTENT: "yellow", Rung.LIKELY: "red",
    Rung.CONFIRMED: "red",
}  # fmt: skip
_MARKS = {Standing.RULED_OUT: "+", Standing.PARTLY: "~", Standing.NOT_RULED_OUT: "-"}


def render(block: Block, page: Page) -> str:
    """The whole page, ending in a newline."""
    sections = (_head, _facts, _figure, _grid, _wholes, _onsets, _shares, _alternatives, _beside, _exhibits, _missing,
                _limits, _proof)  # fmt: skip
    texts = ("\n".join(line.rstrip() for line in section(block, page)) for section in sections)
    return "\n".join(f"{text}\n" for text in texts if text)


def _head(block: Block, page: Page) -> Iterator[str]:
    head, style = block.headline, _STYLES[block.headline.rung]
    for line in _fill("", "", head.text, page):
        yield page.paint("bold", line)
    yield ""
    for line in _fill("", "", head.title, page):
        yield page.paint(style, line)
    yield from _fill(INDENT, INDENT, head.certainty, page)
    if head.intervals:
        yield from _fill(INDENT, INDENT, head.intervals, page)


def _facts(block: Block, page: Page) -> Iterator[str]:
    yield page.paint("bold", block.labels["facts"])
    wide = max((columns(fact.label) for fact in block.facts), default=0)
    for fact in block.facts:
        name = padded(INDENT + fact.label, wide + len(INDENT) + 2)
        yield from _fill(name, " " * columns(name), fact.value, page)


def _figure(block: Block, page: Page) -> Iterator[str]:
    figure = block.stripes
    yield page.paint("bold", figure.title)
    lines = signs.rows(figure, page.width - len(INDENT))
    for line in lines:
        yield f"{INDENT}{page.clean(line.label)} ▏{painted(line.signs.rstrip(), signs.STYLES, page.paint)}"
    for text in signs.legend(figure, lines, page.width - len(INDENT)):
        yield INDENT + text
    if figure.note:
        yield from _fill(INDENT, INDENT, figure.note, page)


def _grid(block: Block, page: Page) -> Iterator[str]:
    yield page.paint("bold", block.grid.title)
    wide = min(max((columns(page.clean(row.label)) for row in block.grid.rows), default=0), signs.LABEL)
    for row in block.grid.rows:
        name = padded(INDENT + page.clean(row.label), wide + len(INDENT) + 2)
        if columns(name) > wide + len(INDENT) + 2:
            yield from _fill(INDENT, DEEPER, row.label, page)
            name = " " * (wide + len(INDENT) + 2)
        for network, cell in zip(block.grid.networks, row.cells, strict=True):
            said = cell.text if cell else block.labels["not_measured"]
            yield from _fill(name, " " * columns(name) + INDENT, f"{network.label}: {said}", page)
            name = " " * columns(name)
    if block.grid.note:
        yield from _fill(INDENT, INDENT, block.grid.note, page)


def _wholes(block: Block, page: Page) -> Iterator[str]:
    if block.wholes.rows:
        yield page.paint("bold", block.wholes.title)
        yield from _each((row.text for row in block.wholes.rows), page)
        yield from _fill(INDENT, INDENT, block.wholes.note, page) if block.wholes.note else ()


def _onsets(block: Block, page: Page) -> Iterator[str]:
    if not block.onsets.rows:
        return
    yield page.paint("bold", block.onsets.title)
    for one in block.onsets.rows:
        yield from _onset(block, one, page)
    if block.onsets.note:
        yield from _fill(INDENT, INDENT, block.onsets.note, page)


def _onset(block: Block, one: Onset, page: Page) -> Iterator[str]:
    """An episode: its name, then a line a column of the table."""
    yield from _fill(INDENT, DEEPER, f"{one.label}   {one.place}   {one.state_name}   {one.method}", page)
    unknown = block.labels["certain_before"]
    values = (
        one.last_ok.text if one.last_ok else unknown,
        one.first_blocked.text,
        one.certain.text if one.certain else unknown,
        one.confirmed_text,
        one.recovered_text,
        f"{one.failed} / {one.failed + one.reached}",
    )
    names = [*block.onsets.columns[2:7], block.onsets.columns[8]]
    for name, value in zip(names, values, strict=True):
        head = padded(f"{DEEPER}{name}", NAME_WIDTH + len(DEEPER))
        yield from _fill(head, " " * columns(head), value, page)


def _shares(block: Block, page: Page) -> Iterator[str]:
    if block.shares is not None:
        yield from (page.paint("bold", line) for line in _fill("", "", block.shares.title, page))
        yield from (INDENT + page.clean(line) for line in signs.bars(block.shares))


def _alternatives(block: Block, page: Page) -> Iterator[str]:
    if not block.alternatives:
        return
    yield page.paint("bold", block.labels["alternatives"])
    for one in block.alternatives:
        yield from _alternative(one, page)


def _alternative(one: Alternative, page: Page) -> Iterator[str]:
    head = f"{_MARKS[one.standing]} {one.question}: {one.standing_name} ({one.ruled}/{one.of})"
    style = "green" if one.standing is Standing.RULED_OUT else "yellow"
    for line in _fill(INDENT, DEEPER, head, page):
        yield page.paint(style, line)
    yield from _fill(DEEPER, DEEPER, one.because, page)


def _beside(block: Block, page: Page) -> Iterator[str]:
    """Claims and notes."""
    if block.claims:
        yield page.paint("bold", block.labels["claims"])
    for one in block.claims:
        source = f" ({block.labels['source']}: {one.link})" if one.link else ""
        yield from _fill(INDENT, DEEPER, f"{one.by}: {one.about}, {one.says}, {one.when.text}{source}", page)
        yield from _fill(DEEPER, DEEPER, f"{one.agrees_name}: {one.relation} ({one.place})", page)
    if block.notes:
        yield page.paint("bold", block.labels["notes"])
    for note in block.notes:
        yield from _fill(INDENT, DEEPER, f"{note.by}: {note.about}, {note.vantage}, {note.when.text}", page)
        yield from _fill(DEEPER, DEEPER, note.text, page)


def _exhibits(block: Block, page: Page) -> Iterator[str]:
    if not block.exhibits:
        return
    yield page.paint("bold", block.labels["exhibits"])
    for one in block.exhibits:
        yield from _fill(INDENT, DEEPER, f"{one.title}, {one.when.text}", page)
        yield from _fill(DEEPER, DEEPER + INDENT, f"probe explain {one.id}", page)


def _missing(block: Block, page: Page) -> Iterator[str]:
    if block.missing:
        yield page.paint("bold", block.labels["missing"])
        yield from _each(block.missing, page)


def _each(sentences: Iterable[str], page: Page) -> Iterator[str]:
    for sentence in sentences:
        yield from _fill(INDENT, DEEPER, sentence, page)


def _limits(block: Block, page: Page) -> Iterator[str]:
    yield page.paint("bold", block.labels["limits"])
    yield from _fill(INDENT, INDENT, block.limits, page)


def _proof(block: Block, page: Page) -> Iterator[str]:
    proof = block.integrity
    yield page.paint("bold", proof.title)
    yield from _fill(INDENT, INDENT, proof.text, page)
    for file in proof.listed:
        yield from _fill(INDENT, DEEPER, f"{file.sha256}  {file.name}", page)
    if proof.digest_text:
        yield from _fill(INDENT, INDENT, proof.digest_text, page)
    yield from (f"{DEEPER}{page.clean(command)}" for command in proof.commands)


def _fill(first: str, rest: str, text: str, page: Page) -> Iterator[str]:
    """Text in lines, cleaned; line separators, which are no control characters to Unicode, included."""
    harmless = page.clean(text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
    return fill(first, rest, harmless, page.width)
