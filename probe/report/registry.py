"""The report formats by name. A new format is one `render(view, page) -> str` and one line here."""

from collections.abc import Callable

from probe.report import jsonout, terminal
from probe.report.terminal import Page
from probe.report.view import View

Renderer = Callable[[View, Page], str]

FORMATS: dict[str, Renderer] = {
    "text": terminal.render,
    "json": jsonout.render,
}
