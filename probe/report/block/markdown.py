"""A page as Markdown (CommonMark with tables): what a journalist pastes and a wiki keeps. Lays out, makes nothing.

Every string passes `escape.markdown`, whole or as a cell, and what is drawn or told line by line stands in a code block
that nothing in it can end. The stripe chart is drawn in signs, as the terminal draws it.
"""

from collections.abc import Iterable, Iterator, Sequence

from probe.model.shown import visible
from probe.report.block import signs
from probe.report.block.view import Block, Exhibit, Rung, Standing
from probe.report.escape import fenced
from probe.report.escape import markdown as plain
from probe.report.paper import Page
from probe.report.transcript_text import render as render_transcript

WIDTH = 96
_MARKS = {Standing.RULED_OUT: "✓", Standing.PARTLY: "~", Standing.NOT_RULED_OUT: "✗"}


def render(block: Block, page: Page) -> str:
    """The whole page, ending in a newline. Its width is its own, so `page` is not asked."""
    del page
    sections = (_head, _facts, _figure, _grid, _wholes, _onsets, _shares, _alternatives, _claims, _notes, _exhibits,
                _missing, _limits, _proof)  # fmt: skip
    return "\n".join("\n".join(lines) + "\n" for section in sections if (lines := list(section(block))))


def _head(block: Block) -> Iterator[str]:
    head = block.headline
    yield f"# {plain(head.text)}"
    yield ""
    yield f"**{plain(head.title)}** {plain(head.certainty)}"
    if head.rung is Rung.NONE:
        return
    yield ""
    rungs = (f"**{plain(name)}**" if rung == head.rung else plain(name) for rung, name in head.ladder)
    yield " → ".join(rungs)
    if head.intervals:
        yield ""
        yield plain(head.intervals)


def _facts(block: Block) -> Iterator[str]:
    yield from _title(block.labels["facts"])
    yield from _table(("", ""), ((fact.label, fact.value) for fact in block.facts))


def _figure(block: Block) -> Iterator[str]:
    figure = block.stripes
    yield from _title(figure.title)
    yield fenced("\n".join(map(visible, signs.draw(figure, WIDTH)))).rstrip("\n")
    if figure.note:
        yield ""
        yield plain(figure.note)


def _grid(block: Block) -> Iterator[str]:
    grid = block.grid
    yield from _title(grid.title)
    heads = (" ".join(part for part in (one.label, one.country) if part) for one in grid.networks)
    rows = (
        (f"{row.label} ({row.role_name})", *(cell.text if cell else block.labels["not_measured"] for cell in row.cells))
        for row in grid.rows
    )
    yield from _table((grid.head, *heads), rows)
    yield from _note(grid.note)


def _wholes(block: Block) -> Iterator[str]:
    if block.wholes.rows:
        yield from _title(block.wholes.title)
        yield from (f"- {plain(row.text)}" for row in block.wholes.rows)
        yield from _note(block.wholes.note)


def _onsets(block: Block) -> Iterator[str]:
    table = block.onsets
    if not table.rows:
        return
    yield from _title(table.title)
    rows = (
        (
            one.label,
            one.place,
            one.last_ok.text if one.last_ok else block.labels["certain_before"],
            one.first_blocked.text,
            one.certain.text if one.certain else block.labels["certain_before"],
            one.confirmed_text,
            one.recovered_text,
            one.method,
            f"{one.failed} / {one.failed + one.reached}",
        )
        for one in table.rows
    )
    yield from _table(table.columns, rows)
    yield from _note(table.note)


def _shares(block: Block) -> Iterator[str]:
    if block.shares is None:
        return
    yield from _title(block.shares.title)
    yield fenced("\n".join(map(visible, signs.bars(block.shares)))).rstrip("\n")


def _alternatives(block: Block) -> Iterator[str]:
    if not block.alternatives:
        return
    yield from _title(block.labels["alternatives"])
    heads = tuple(block.labels[name] for name in ("explanation", "finding", "counted"))
    rows = (
        (one.question, f"{_MARKS[one.standing]} {one.standing_name} ({one.ruled}/{one.of})", one.because)
        for one in block.alternatives
    )
    yield from _table(heads, rows)


def _claims(block: Block) -> Iterator[str]:
    if not block.claims:
        return
    yield from _title(block.labels["claims"])
    heads = tuple(block.labels[name] for name in ("who", "about", "says", "when", "compared", "source"))
    rows = (
        (one.by, f"{one.about}, {one.place}", one.says, one.when.text, f"{one.agrees_name}: {one.relation}",
         one.link or one.evidence)
        for one in block.claims
    )  # fmt: skip
    yield from _table(heads, rows)


def _notes(block: Block) -> Iterator[str]:
    if not block.notes:
        return
    yield from _title(block.labels["notes"])
    heads = tuple(block.labels[name] for name in ("who", "about", "when", "says"))
    yield from _table(heads, ((one.by, f"{one.about}, {one.vantage}", one.when.text, one.text) for one in block.notes))


def _exhibits(block: Block) -> Iterator[str]:
    if not block.exhibits:
        return
    yield from _title(block.labels["exhibits"])
    yield plain(block.labels["transcript_language"])
    for one in block.exhibits:
        yield from _exhibit(block, one)


def _exhibit(block: Block, one: Exhibit) -> Iterator[str]:
    yield ""
    yield f"### {plain(one.title)}"
    yield ""
    yield f"{plain(one.when.text)}, {plain(one.id)}"
    yield ""
    yield fenced(render_transcript(one.transcript, Page(WIDTH, visible))).rstrip("\n")
    yield ""
    yield f"{plain(block.labels['line_sha256'])} ({plain(one.where)}): {one.sha256}"


def _missing(block: Block) -> Iterator[str]:
    if block.missing:
        yield from _title(block.labels["missing"])
        yield from (f"- {plain(sentence)}" for sentence in block.missing)


def _limits(block: Block) -> Iterator[str]:
    yield from _title(block.labels["limits"])
    yield plain(block.limits)


def _proof(block: Block) -> Iterator[str]:
    proof = block.integrity
    yield from _title(proof.title)
    yield plain(proof.text)
    if proof.listed:
        yield ""
        heads = (block.labels["file"], block.labels["sha256"], block.labels["cited"])
        yield from _table(heads, ((one.name, one.sha256, str(one.measurements)) for one in proof.listed))
        yield ""
        yield plain(proof.digest_text)
        yield ""
        yield fenced("\n".join(map(visible, proof.commands))).rstrip("\n")


def _title(text: str) -> Iterator[str]:
    yield f"## {plain(text)}"
    yield ""


def _note(text: str) -> Iterator[str]:
    if text:
        yield ""
        yield plain(text)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(heads)
    yield "|" + " --- |" * len(heads)
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(plain, cells)) + " |"
