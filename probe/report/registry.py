"""The report formats by name. A new format is one `render(what, page) -> str` and one line here.

`FORMATS` show a whole report, `PAGES` one page of it. What is heavy to load is loaded when it is asked for.
"""

from collections.abc import Callable

from probe.report import jsonout, terminal
from probe.report.block import csvout, jsonblock, markdown, text
from probe.report.block.view import Block
from probe.report.paper import Page
from probe.report.view import View

Renderer = Callable[[View, Page], str]
PageRenderer = Callable[[Block, Page], str]


def _html(block: Block, page: Page) -> str:
    from probe.report.html.page import render

    del page  # a browser has its own width
    return render(block)


def _svg(block: Block, page: Page) -> str:
    from probe.report.figures.stripe_chart import render

    del page
    return render(block, alone=True)


FORMATS: dict[str, Renderer] = {
    "text": terminal.render,
    "json": jsonout.render,
    "csv": csvout.overview,
}

PAGES: dict[str, PageRenderer] = {
    "text": text.render,
    "json": jsonblock.render,
    "md": markdown.render,
    "html": _html,
    "csv": csvout.render,
    "svg": _svg,
}
