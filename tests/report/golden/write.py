"""Makes the kept reports from the recorded demo: `python -m tests.report.golden.write`, then read the diff."""

from pathlib import Path

from probe.cli.console import clean
from probe.report.block.build import build
from probe.report.block.choose import scope_event, scope_target
from probe.report.block.collect import collect
from probe.report.paper import Page
from probe.report.registry import FORMATS, PAGES
from probe.store.layout import Source
from tests.report.block.making import seen

HERE = Path(__file__).parent
RECORDED = HERE / "demo.jsonl.gz"
SOURCES = (Source("demo.jsonl.gz", RECORDED),)
PAGE = Page(80, clean)

KEPT: dict[str, tuple[str, str, str]] = {
    "clubhouse.md": ("clubhouse", "md", "en"),
    "clubhouse.zh.md": ("clubhouse", "md", "zh"),
    "clubhouse.txt": ("clubhouse", "text", "en"),
    "clubhouse.csv": ("clubhouse", "csv", "en"),
    "harbour.txt": ("harbour.example", "text", "en"),
    "wave.txt": ("wave-cn-20261121", "text", "en"),
}
"""File: what the page is about, format, language."""
OVERVIEW = "overview.txt"


def made() -> dict[str, str]:
    """Every kept report, made now."""
    view = seen(SOURCES)
    chosen = {
        name: scope_event(view, name) if name.startswith("wave") else scope_target(view, name)
        for name, _, _ in KEPT.values()
    }
    dossier = collect(SOURCES, view, chosen.values())
    texts = {OVERVIEW: FORMATS["text"](view, PAGE)}
    for file, (name, form, lang) in KEPT.items():
        texts[file] = PAGES[form](build(view, dossier, chosen[name], lang=lang), PAGE)
    return texts


if __name__ == "__main__":
    for file, text in made().items():
        (HERE / file).write_text(text, encoding="utf-8")
