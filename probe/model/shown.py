"""Text from strangers, made harmless to show: the one place that says which characters may stand in a line of ours.

Knows no format: what is special in Markdown, CSV or HTML is escaped by those who write them, after this.
"""

import unicodedata

_SEPARATORS = "\u2028\u2029"
"""No control characters to Unicode, and line breaks all the same."""


def visible(text: str) -> str:
    """The text with every control, format (bidirectional marks too), private and surrogate character and every line
    separator shown as an escape: it stays on its line and reads in the order it is written."""
    if text.isprintable():  # none of these is, by the same categories; nearly every text is asked no further
        return text
    return "".join(c if stands(c) else f"\\u{ord(c):04x}" for c in text)


def stands(character: str) -> bool:
    """Whether a character can be shown as it is."""
    return unicodedata.category(character)[0] != "C" and character not in _SEPARATORS
