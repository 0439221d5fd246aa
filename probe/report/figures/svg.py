"""XML markup and nothing else: elements with escaped text and attributes, in the fewest bytes. Knows no figure.

Every string that reaches markup passes through here. Control, format and surrogate characters (bidi marks among them)
are shown as escapes: some are not allowed in XML at all, others would let a stranger's name reorder what stands beside.
"""

import unicodedata
from collections.abc import Iterable
from html import escape

from probe.model.shown import visible


def number(value: float) -> str:
    """A number of px with one decimal at most."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """One element; `content` is markup already. `class_` gives `class`, `aria_label` gives `aria-label`."""
    told = "".join(f' {_attribute(key)}="{_value(value)}"' for key, value in attributes.items() if value != "")
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def _attribute(key: str) -> str:
    return _CASED.get(key, key.rstrip("_").replace("_", "-"))


_CASED = {
    "xml_lang": "xml:lang",
    "view_box": "viewBox",
    "pattern_units": "patternUnits",
}
"""Names that are no words joined by hyphens; HTML parsers keep capitals only where they are written so."""


def _value(value: str | float) -> str:
    return escape(visible(value)) if isinstance(value, str) else number(value)


def text(said: str, x: float, y: float, class_: str = "") -> str:
    """One line of text, real and selectable."""
    return element("text", escape(visible(said)), x=x, y=y, class_=class_)


def group(parts: Iterable[str], class_: str = "") -> str:
    """Elements that belong together; empty markup if there are none."""
    content = "".join(parts)
    return element("g", content, class_=class_) if content else ""


def width_of(said: str, size: float = 12.0) -> float:
    """About how many px a line of text takes; East Asian wide characters take a whole em."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in said)
    return size * (0.56 * (len(said) - wide) + wide)


def cut(said: str, px: float, size: float = 12.0) -> str:
    """The text, or as much of its beginning as fits in `px`, and an ellipsis."""
    if len(said) < 500 and width_of(shown := visible(said), size) <= px:
        return shown
    shown = visible(said[:500])
    while shown and width_of(shown, size) > px - size:
        shown = shown[:-1]
    return shown + "…"
