"""Reads markup as a browser would, for tests: which elements and attributes stand in it, which text it shows."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser


class Read(HTMLParser):
    """Elements in order, attributes as (element, name, value), and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Read:
    """The markup, read."""
    found = Read()
    found.feed(markup)
    found.close()
    return found


def xml(text: str) -> ET.Element:
    """XML of ours, read by a parser that stops at the first thing that is not well-formed."""
    return ET.fromstring(text)  # noqa: S314 - made by the code under test, a moment ago
