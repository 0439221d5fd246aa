"""The report formats by name. A new format is one `render(what, page) -> str` and one line here.

`FORMATS` show a whole report, `PAGES` one page of it. Each is loaded when it is asked for: the overview needs none of
what pages are made of.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe.report.block.view import Block
    from probe.report.paper import Page
    from probe.report.view import View

Renderer = Callable[["View", "Page"], str]
PageRenderer = Callable[["Block", "Page"], str]


def _text(view: "View", page: "Page") -> str:
    from probe.report.terminal import render

    return render(view, page)


def _json(view: "View", page: "Page") -> str:
    from probe.report.jsonout import render

    return render(view, page)


def _csv(view: "View", page: "Page") -> str:
    from probe.report.block.csvout import overview

    return overview(view, page)


def _text_page(block: "Block", page: "Page") -> str:
    from probe.report.block.text import render

    return render(block, page)


def _json_page(block: "Block", page: "Page") -> str:
    from probe.report.block.jsonblock import render

    return render(block, page)


def _markdown_page(block: "Block", page: "Page") -> str:
    from probe.report.block.markdown import render

    return render(block, page)


def _csv_page(block: "Block", page: "Page") -> str:
    from probe.report.block.csvout import render

    return render(block, page)


def _html_page(block: "Block", page: "Page") -> str:
    from probe.report.html.page import render

    del page  # a browser has its own width
    return render(block)


def _svg_page(block: "Block", page: "Page") -> str:
    from probe.report.figures.stripe_chart import render

    del page
    return render(block, alone=True)


FORMATS: dict[str, Renderer] = {"text": _text, "json": _json, "csv": _csv}

PAGES: dict[str, PageRenderer] = {
    "text": _text_page,
    "json": _json_page,
    "md": _markdown_page,
    "html": _html_page,
    "csv": _csv_page,
    "svg": _svg_page,
}
