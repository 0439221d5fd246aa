"""Makes text from strangers harmless in each format a report is written in. Knows the formats, no report; what is
harmful in any line of text is `model.shown`'s.

Titles, headers, certificate names, resolver texts and claims reach a report as they were recorded. Whoever lays them
out passes them through the one function of its format here; HTML and SVG have theirs in their templates (autoescape).
"""

import re

import msgspec

from probe.model.shown import stands, visible

FORMULA = tuple("=+-@\t\r\n|%＝＋－＠")
"""What makes a spreadsheet take a cell for a formula (OWASP CSV injection), full-width forms included."""
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>|~&$#@!]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What acts inside a line of CommonMark or of GitHub's dialect: emphasis, code, links, tables, HTML, mentions, maths,
and what would make a bare address a link."""
_LINE_START = re.compile(r"^(\s*\d{0,9})([-+=:>.)])")
"""What begins a list, a heading or a quotation at the start of a line."""
_BACKTICKS = re.compile(r"`+")


def markdown(text: str) -> str:
    """The text as plain words in Markdown, in a paragraph, a heading or a table's cell."""
    plain = _MARKDOWN.sub(lambda found: "\\" + found[0], visible(text))
    return _LINE_START.sub(lambda found: f"{found[1]}\\{found[2]}", plain)


def fenced(text: str) -> str:
    """Lines as a code block that nothing in them can end. Each line must be `visible` already."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip(chr(10))}\n{fence}\n"


def csv_cell(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it: a quote before whatever would begin a formula.

    Quoting for commas and quotes is the csv writer's work.
    """
    plain = visible(text)
    return f"'{plain}" if text.lstrip(" '\"\u00a0\ufeff").startswith(FORMULA) else plain


def json_text(document: object) -> str:
    """The document as indented JSON in which no character can act on a terminal: the same data, with escapes for what
    JSON lets stand. Ends in a newline."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return "".join(c if c == "\n" or stands(c) else _escaped(c) for c in text) + "\n"


def _escaped(character: str) -> str:
    """As JSON writes it (RFC 8259 section 7): UTF-16 units, two beyond the first plane."""
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
